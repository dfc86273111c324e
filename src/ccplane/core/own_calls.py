"""Calls that agents make themselves: to each other, to numbers outside, from their phone or by a click; and those by
which a program puts a caller through to somebody outside.

They are contacts like any other. Who is on one is offered nothing, and what no list allows is never dialled.
"""

from __future__ import annotations

from typing import Final

from ccplane.agents import facts as a
from ccplane.agents.agent import Agent, Work
from ccplane.agents.facts import Phone
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import CallMiss, Direction
from ccplane.contacts.own_call import OwnCall
from ccplane.contacts.verbs import Connect, NotAllowed, NotReached, Result
from ccplane.core import inputs as i
from ccplane.core.commands import (
    AddCaller,
    AnswerCaller,
    CallOwner,
    CallParty,
    LetRing,
    OpenRoom,
    StartMusic,
    StopMusic,
    StopRinging,
)
from ccplane.core.reach import auto_answers, endpoint_of
from ccplane.core.recordings import note_consent
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.ids import (
    AgentId,
    ContactId,
    DeviceName,
    NodeName,
    SeatId,
    contact_id,
    device_at,
    dialled_channel,
    leg_of,
    offer_id,
    seat_of,
)
from ccplane.routing.dialling import Rule, bare, plain, refusal, transfer_refusal

FEATURE: Final = "*"
"""How a feature code begins: what phones of ours dial to be served, `*45`."""
PICK_UP_MS: Final = 30_000
"""How long the phone of an agent who asked for a call rings before it is given up."""
SWITCH_LATER_MS: Final = 2_000
"""The switch's own time-outs come this much after ours."""


def owner_of(state: State, device: DeviceName | None) -> AgentId | None:
    """Whose call one from this phone is: theirs who sits there, else theirs whose seat it is."""
    if device is None:
        return None
    return state.sitting.get(device) or state.homes.get(seat_of(device))


def direction_of(state: State, device: DeviceName | None, number: str) -> Direction:
    """A call from a phone of ours goes to us (a number of the site's, a colleague) or outside."""
    if device is None:
        return Direction.INBOUND
    if number.startswith(FEATURE) or _colleague(state, number):
        return Direction.INTERNAL
    return Direction.INBOUND if state.rules.number(number) is not None else Direction.OUTBOUND


def begin(turn: Turn, contact: Contact, verb: Connect) -> Result | None:
    """Call the other party; a result where that can't be done at all."""
    if verb.outside:
        return _put_through(turn, contact, verb)
    colleague = _colleague(turn.state, verb.number)
    if colleague is not None:
        return _call_colleague(turn, contact, verb.number, *colleague)
    rule = why_not(turn.state, contact.agent, verb.number)
    if rule is not None:
        if contact.agent is not None:
            _refused(turn, contact.agent, verb.number, rule, contact)
        return NotAllowed(rule.value)
    _call_outside(turn, contact, verb)
    return None


def _put_through(turn: Turn, contact: Contact, verb: Connect) -> Result | None:
    """A caller is connected with somebody outside. They are told at once that something goes on: a trunk may take long
    to ring."""
    note_consent(turn, contact, verb.consent)
    rule = transfer_refusal(turn.state.rules.dialling, verb.number)
    if rule is not None:
        return NotAllowed(rule.value)
    _call_outside(turn, contact, verb)
    if verb.music:
        if not contact.answered:
            turn.do(AnswerCaller(contact.id, contact.channel))
        turn.do(StartMusic(contact.id, contact.channel, verb.music))
    else:
        turn.do(LetRing(contact.id, contact.channel))
    return None


def _call_outside(turn: Turn, contact: Contact, verb: Connect) -> None:
    dialling, digits = turn.state.rules.dialling, bare(verb.number)
    endpoint = f"PJSIP/{digits}@{dialling.trunk}"
    _call(turn, contact, digits, None, endpoint, dialling.caller_id, "", ring_ms=verb.ring_ms)


def stop_waiting(turn: Turn, contact: Contact) -> None:
    """Whoever waits for the other party hears no more that it rings, or the music in place of that."""
    if isinstance(contact.verb, Connect) and contact.verb.music:
        turn.do(StopMusic(contact.id, contact.channel))
    else:
        turn.do(StopRinging(contact.id, contact.channel))


def why_not(state: State, agent: AgentId | None, number: str) -> Rule | None:
    """Why this agent may not call this number outside; None if they may."""
    known = state.agents.get(agent) if agent else None
    return refusal(state.rules.dialling, known.profile.role if known else None, number)


def asked(turn: Turn, what: i.CallAsked) -> None:
    """Call the agent's own phone; once they pick up, their program goes on as if they had dialled the number."""
    state = turn.state
    agent, node = state.agents.get(what.agent), any_node(state)
    channel = dialled_channel(what.agent, what.claim)
    if agent is None or node is None or state.draining:
        return None
    if call_of(state, agent.id, what.claim) is not None:
        return None  # asked again
    contact = contact_id(node, channel)
    rule = None if _colleague(state, what.number) else why_not(state, agent.id, what.number)
    if rule is not None:
        return _refused(turn, agent.id, what.number, rule, None)
    if not can_call(agent):
        return None
    turn.happened(
        c.ContactArrived(
            at=turn.now,
            contact=contact,
            node=node,
            channel=channel,
            number_dialled=what.number,
            caller=agent.id,
            caller_name=agent.profile.name,
            language=state.rules.language,
            attribution="",
            switch_at=turn.now,
            site=state.site,
            device=agent.device,
            direction=direction_of(state, agent.device, what.number),
            agent=agent.id,
            pick_up_by=turn.now + PICK_UP_MS,
        )
    )
    take(turn, contact)
    turn.do(OpenRoom(contact))
    return turn.do(
        CallOwner(
            contact,
            channel,
            endpoint_of(agent),
            what.number,
            PICK_UP_MS + SWITCH_LATER_MS,
            auto_answer=agent.open_line is None and auto_answers(state, agent),
        )
    )


def call_of(state: State, agent: AgentId, claim: str) -> ContactId | None:
    """The call that this agent has asked for with this claim, be it over; None if there was none, or none of late."""
    channel = dialled_channel(agent, claim)
    wanted = (contact_id(node, channel) for node in state.nodes)
    return next((each for each in wanted if each in state.contacts or each in state.ended), None)


def why_not_call(state: State, agent: Agent, number: str) -> str | None:
    """Why we can't make this call for the agent now, as the code of an error; None if we can."""
    if any_node(state) is None:
        return "no-node"
    if state.draining:
        return "draining"
    if agent.phone is Phone.GONE:
        return "agent-unreachable"
    if not can_call(agent):
        return "agent-busy"
    if not _colleague(state, number) and why_not(state, agent.id, number) is not None:
        return "number-not-allowed"
    return None


def can_call(agent: Agent) -> bool:
    """Whether their phone may be called to make a call for them: it is there, and they are not with a contact.

    Who has an open line calls through it, and not beside a wrap-up, whose end would let an offer into the call.
    """
    works = (Work.IDLE,) if agent.always_on or agent.open_line else (Work.IDLE, Work.WRAP_UP)
    return agent.reach is Phone.REACHABLE and agent.work in works and not (agent.clearing or agent.own_calls)


def take(turn: Turn, contact: ContactId) -> None:
    """The agent whose call it is, is offered nothing for as long as it lasts; other work goes on beside it."""
    engage(turn, turn.state.contacts[contact].agent, contact)


def engage(turn: Turn, agent_id: AgentId | None, contact: ContactId) -> None:
    """This agent is on this call."""
    agent = turn.state.agents.get(agent_id) if agent_id else None
    if agent is None or contact in agent.own_calls:
        return
    kind = a.OwnCallStarted if agent.work is Work.IDLE else a.BesideCallStarted
    turn.happened(kind(at=turn.now, agent=agent.id, contact=contact))


def release(turn: Turn, agent_id: AgentId | None, contact: ContactId) -> None:
    """They are done with this call, if they were on it."""
    agent = turn.state.agents.get(agent_id) if agent_id else None
    if agent is None or contact not in agent.own_calls:
        return
    last = agent.work is Work.OWN_CALL and len(agent.own_calls) == 1
    kind = a.OwnCallEnded if last else a.BesideCallEnded
    turn.happened(kind(at=turn.now, agent=agent.id, contact=contact))


def release_all(turn: Turn, contact: Contact) -> None:
    """Nobody is on this call any more; mostly the one whose it was, and whoever sat down at its phones meanwhile."""
    if contact.device is not None:
        for agent in list(turn.state.agents.values()):
            release(turn, agent.id, contact.id)


def release_party(turn: Turn, contact: Contact, call: OwnCall) -> None:
    """The other party is done with it, and whoever sat down at their phone meanwhile."""
    sits_there = turn.state.sitting.get(call.device) if call.device else None
    for agent in dict.fromkeys((call.agent, sits_there)):
        release(turn, agent, contact.id)


def bind(turn: Turn, agent: AgentId, device: DeviceName) -> None:
    """Who sits down at a phone that is in a call of ours is on that call."""
    for contact in turn.state.contacts.values():
        if device == contact.device or (contact.call is not None and device == contact.call.device):
            engage(turn, agent, contact.id)


def go_on(turn: Turn) -> None:
    """Whose other work is over while they are on an own call are on that, and on nothing else."""
    for agent_id in dict.fromkeys(fact.agent for fact in turn.facts if isinstance(fact, a.AgentFact | c.OfferFact)):
        agent = turn.state.agents.get(agent_id)
        if agent is not None and agent.own_calls and agent.work is Work.IDLE:
            turn.happened(a.OwnCallStarted(at=turn.now, agent=agent.id, contact=agent.own_calls[0]))


def _colleague(state: State, number: str) -> tuple[DeviceName, AgentId | None] | None:
    """The phone and the agent that a number inside stands for: an agent's id, or a seat's; no emergency number."""
    if plain(state.rules.dialling, number) in state.rules.dialling.emergency:
        return None
    agent = state.agents.get(AgentId(number))
    if agent is not None:
        return agent.device, agent.id
    if SeatId(number) in state.seats or SeatId(number) in state.homes:
        device = device_at(SeatId(number), web=False)
        return device, state.sitting.get(device)
    return None


def _call_colleague(
    turn: Turn, contact: Contact, number: str, device: DeviceName, agent_id: AgentId | None
) -> Result | None:
    agent = turn.state.agents.get(agent_id) if agent_id else None
    phone = agent.reach if agent else turn.state.devices.get(device, Phone.GONE)
    if agent_id == contact.agent and agent_id is not None:
        return NotReached(CallMiss.BUSY.value)
    if phone is Phone.GONE:
        return NotReached(CallMiss.UNREACHABLE.value)
    if phone is Phone.IN_USE or (
        agent is not None and (agent.work is not Work.IDLE or agent.clearing or agent.own_calls)
    ):
        return NotReached(CallMiss.BUSY.value)
    if agent is not None:
        engage(turn, agent.id, contact.id)
    caller = turn.state.agents.get(contact.agent) if contact.agent else None
    name = caller.profile.name if caller else ""
    endpoint = endpoint_of(agent) if agent and agent.open_line else f"PJSIP/{device}"
    _call(turn, contact, number, agent_id, endpoint, contact.agent or contact.caller, name, device)
    return None


def _call(
    turn: Turn,
    contact: Contact,
    number: str,
    agent: AgentId | None,
    endpoint: str,
    caller: str,
    name: str,
    device: DeviceName | None = None,
    ring_ms: int | None = None,
) -> None:
    contact = turn.state.contacts[contact.id]
    call = offer_id(contact.id, contact.step, contact.attempt)
    leg = leg_of(call, turn.state.epoch)
    ring_ms = turn.state.rules.dialling.ring_ms if ring_ms is None else ring_ms
    turn.happened(
        c.PartyCalled(
            at=turn.now,
            contact=contact.id,
            call=call,
            leg=leg,
            number=plain(turn.state.rules.dialling, number),
            agent=agent,
            device=device,
            deadline=turn.now + ring_ms,
        )
    )
    if not contact.in_room:
        turn.do(AddCaller(contact.id, contact.channel))
    turn.do(CallParty(contact.id, call, leg, agent, endpoint, caller, name, ring_ms + SWITCH_LATER_MS))


def _refused(turn: Turn, agent: AgentId, number: str, rule: Rule, contact: Contact | None) -> None:
    turn.happened(
        a.DiallingRefused(
            at=turn.now, agent=agent, number=number, rule=rule.value, contact=contact.id if contact else None
        )
    )


def any_node(state: State) -> NodeName | None:
    """Where a call that we begin is made: a node that is connected."""
    return next((name for name in sorted(state.nodes) if state.nodes[name]), None)
