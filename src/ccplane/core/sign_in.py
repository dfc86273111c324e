"""Verbs by which programs serve our own phones: look who sits where a call comes from, and set what an agent wants.

They take no time and nothing at the switch: each ends in the decision in which it began.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.agents.agent import Agent, Work
from ccplane.agents.facts import Intent
from ccplane.contacts.contact import Contact
from ccplane.contacts.verbs import Done, Failed, Here, LookHere, Refused, Result, SetIntent
from ccplane.core import inputs as i
from ccplane.core import own_calls, steps
from ccplane.core.floor import intent_asked
from ccplane.core.seats import why_not
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.ids import DeviceName, SeatId, device_at, is_web, seat_of

BY: Final = "phone"


def asked(turn: Turn, what: i.VerbAsked) -> None:
    """As any verb; of these the result is known at once."""
    steps.asked(turn, what)
    contact = turn.state.contacts.get(what.contact)
    if contact is None or contact.step != what.step:
        return
    match contact.verb:
        case LookHere():
            steps.end_step(turn, contact.id, here(turn.state, contact))
        case SetIntent():
            steps.end_step(turn, contact.id, _set(turn, contact, contact.verb))


def here(state: State, contact: Contact) -> Here | Failed:
    """Where a contact comes from; Failed if not from a phone of ours."""
    if contact.device is None:
        return Failed("the call does not come from a phone of ours")
    seat = seat_of(contact.device)
    known = state.seats.get(seat)
    sits = (state.sitting.get(device_at(seat, web=web)) for web in (False, True))
    agent = next((each for each in sits if each is not None), None)
    return Here(
        seat=seat,
        shared=known is not None and known.shared,
        owner=state.homes.get(seat),
        agent=agent,
        state=state.agents[agent].intent.value if agent else Intent.OFFLINE.value,
    )


def _set(turn: Turn, contact: Contact, verb: SetIntent) -> Result:
    agent = turn.state.agents.get(verb.agent)
    if agent is None:
        return Refused("no-such-agent")
    if not verb.sit:
        return _want(turn, agent, verb)
    if contact.device is None:
        return Refused("no-such-seat")
    moves = agent.work is Work.OWN_CALL and agent.contact == contact.id and agent.device != contact.device
    if moves:  # this call, by which they come, keeps nobody at the phone where they sat
        own_calls.release(turn, agent.id, contact.id)
    result = _sit(turn, turn.state.agents[agent.id], contact.device, verb)
    if moves:
        own_calls.take(turn, contact.id)
    return result


def _sit(turn: Turn, agent: Agent, device: DeviceName, verb: SetIntent) -> Result:
    seat, web = seat_of(device), is_web(device)
    refused = why_not(turn.state, agent, seat, web=web)
    return Refused(refused) if refused else _want(turn, agent, verb, seat, web)


def _want(turn: Turn, agent: Agent, verb: SetIntent, seat: SeatId | None = None, web: bool = False) -> Result:
    intent = Intent(verb.state)
    intent_asked(turn, i.IntentAsked(agent=agent.id, intent=intent, reason=verb.reason, by=BY, seat=seat, web=web))
    return Done()


SIGN_IN_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.VerbAsked: asked}
