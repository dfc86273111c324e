"""Who sits where, and what the phones there can do. Everything that decides which phone is an agent's lives here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.agents import facts as a
from ccplane.agents.agent import Agent, Work
from ccplane.agents.facts import Phone
from ccplane.contacts.facts import MissCause, Withdrawal
from ccplane.contacts.offer import OfferState
from ccplane.core import inputs as i
from ccplane.core import own_calls
from ccplane.core.misses import miss
from ccplane.core.offers import withdraw_one
from ccplane.core.rejoin import phone_changed
from ccplane.core.slowness import judge
from ccplane.core.state import State
from ccplane.core.talks import drop_leg
from ccplane.core.turn import Turn
from ccplane.ids import AgentId, DeviceName, SeatId, device_at, seat_of

YOUNG_MS: Final = 500
"""Of a call to a phone: what is heard of the phone meanwhile may be older than the call."""


def why_not(state: State, agent: Agent, seat: SeatId, *, web: bool) -> str | None:
    """Why the agent can't sit there now, as the code of an error; None if they can.

    `no-such-seat`, `seat-not-yours` (another's own), `seat-taken`, `agent-busy` (with a call, at another phone).
    """
    known = state.seats.get(seat)
    owner = state.homes.get(seat)
    shared = known is not None and known.shared and owner is None  # who has a seat of their own has it for themselves
    if owner is None and not shared:
        return "no-such-seat"
    if owner not in (None, agent.id) and not shared:
        return "seat-not-yours"
    if any(state.sitting.get(device_at(seat, web=each)) not in (None, agent.id) for each in (False, True)):
        return "seat-taken"
    if agent.device != device_at(seat, web=web) and (agent.own_calls or agent.work not in (Work.IDLE, Work.WRAP_UP)):
        return "agent-busy"
    return None


def sit(turn: Turn, agent: Agent, seat: SeatId, *, web: bool) -> None:
    """Sit down at a seat that may be taken: offers ring there from now on."""
    device = device_at(seat, web=web)
    if agent.device != device:
        turn.happened(a.SeatTaken(at=turn.now, agent=agent.id, seat=seat, device=device))
        _look_at_phone(turn, agent.id)
        own_calls.bind(turn, agent.id, device)


def leave_seats(turn: Turn) -> None:
    """Who is offline and has no work left gets up from the seat that they had taken."""
    for agent_id in turn.leaving:
        agent = turn.state.agents.get(agent_id)
        if agent is not None and agent.may_leave:
            turn.happened(a.SeatLeft(at=turn.now, agent=agent.id, seat=agent.seat))
            _look_at_phone(turn, agent.id)


def phone_seen(turn: Turn, what: i.PhoneSeen) -> None:
    """A phone's state is a fact only where it changes, and only of a phone at a seat that we know."""
    state = turn.state
    whose = state.sitting.get(what.device)
    if what.latency_ms is not None and (whose is not None or _known(state, what.device)):
        judge(turn, what.device, what.latency_ms)
    if whose is not None:
        _changed(turn, whose, what.device, what.phone)
    elif _known(state, what.device) and state.devices.get(what.device, Phone.GONE) is not what.phone:
        turn.happened(a.DeviceChanged(at=turn.now, device=what.device, phone=what.phone))


def _look_at_phone(turn: Turn, agent: AgentId) -> None:
    """The phone at which they sit now is another one."""
    device = turn.state.agents[agent].device
    _changed(turn, agent, device, turn.state.devices.get(device, Phone.GONE))


def _changed(turn: Turn, agent: AgentId, device: DeviceName, phone: Phone) -> None:
    if turn.state.agents[agent].phone is not phone:
        turn.happened(a.PhoneChanged(at=turn.now, agent=agent, phone=phone, device=device))
        phone_changed(turn, turn.state.agents[agent])
        if phone is not Phone.REACHABLE:
            _rings_in_vain(turn, turn.state.agents[agent])


def _rings_in_vain(turn: Turn, agent: Agent) -> None:
    """Another call came to their phone while ours rings there, or they make one, or it is there no more: the caller is
    offered to somebody else at once. Who has answered ours already goes on with it; what becomes of one that is to come
    through an open line that line tells. Of a switch that is away, or has begun anew, the calls tell themselves; and
    that a phone is gone may have been said before our call set out to it (who registers anew is gone for a moment):
    a call so young that has not rung tells its end itself, too."""
    contact = turn.state.contacts.get(agent.contact) if agent.contact else None
    offer = contact.offer_to(agent.id) if contact else None
    if contact is None or offer is None or agent.work is not Work.OFFERED:
        return
    if agent.phone is Phone.IN_USE:
        withdraw_one(turn, contact, offer, Withdrawal.OTHER_CALL)
    elif offer.state is OfferState.MADE and turn.now - offer.made_at < YOUNG_MS:
        return
    elif agent.open_line is None and turn.state.nodes.get(contact.node, False) and not turn.begun_anew:
        drop_leg(turn, contact.id, agent.id, offer.leg, "normal")
        miss(turn, contact, offer, MissCause.UNREACHABLE)


def _known(state: State, device: DeviceName) -> bool:
    seat = seat_of(device)
    return seat in state.homes or seat in state.seats


SEAT_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.PhoneSeen: phone_seen}
