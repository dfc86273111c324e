"""Agents' own calls at the switch of which we know nothing: two who talk go on talking, a phone that was called rings
on, and nobody is called twice."""

from __future__ import annotations

from ccplane.agents.agent import Work
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.verbs import Connect
from ccplane.core import inputs as i
from ccplane.core import own_calls, parties
from ccplane.core.callers import opened
from ccplane.core.recordings import start_recording
from ccplane.core.turn import Turn
from ccplane.core.unknown_callers import caller_seen, came_at
from ccplane.ids import AgentId, ChannelId, OfferId, contact_of_offer, offer_of_leg, place_of_offer
from ccplane.routing.dialling import plain


def own_call_nobody_knows(turn: Turn, arrival: i.CallerArrived) -> bool:
    """Whether a channel that is up is of an own call: begun afresh, its program would call the other party again."""
    return arrival.device is not None and arrival.answered and turn.state.rules.number(arrival.number_dialled) is None


def adopt_own_call(turn: Turn, survey: i.SwitchSurveyed, leg: i.ChannelSeen, offer: OfferId, caller: ChannelId) -> bool:
    """Two who talk because one of ours called the other: both are on that call. False if it is no such call."""
    of, (step, _) = contact_of_offer(offer), place_of_offer(offer)
    seen, known = caller_seen(turn, survey, caller), turn.state.contacts.get(of)
    if seen is None or seen.arrival is None or (known is None and not own_call_nobody_knows(turn, seen.arrival)):
        return False
    arrival = seen.arrival
    if known is not None and not _came_to_connect(known, step):
        return False
    turn.repaired("own call nobody knew", of, f"{leg.id} is beside the caller")
    if known is None:
        number = opened(turn, arrival, came_at(turn, survey, seen))
        own_calls.take(turn, of)
        if step == 1:
            turn.happened(c.ProgramStarted(at=turn.now, contact=of, program=number.program))
    if known is None or known.verb is None:
        verb = Connect(arrival.number_dialled)
        turn.happened(c.StepStarted(at=turn.now, contact=of, step=step, attempt=1, verb=verb, deadline=None))
    if known is None or not known.in_room:
        turn.happened(c.CallerEnteredRoom(at=turn.now, contact=of))
    turn.happened(
        c.PartyCalled(
            at=turn.now,
            contact=of,
            call=offer,
            leg=leg.id,
            number=arrival.number_dialled,
            agent=leg.agent if leg.agent in turn.state.agents else None,
            deadline=turn.now,
        )
    )
    own_calls.engage(turn, leg.agent, of)
    turn.happened(c.PartyAnswered(at=turn.now, contact=of, call=offer, deadline=turn.now, ring_ms=0))
    segment, owner = turn.state.contacts[of].segments + 1, turn.state.contacts[of].agent
    turn.happened(c.CallConnected(at=turn.now, contact=of, call=offer, segment=segment, agent=owner))
    start_recording(turn, of, attempt=2)
    return True


def adopt_own_ring(turn: Turn, survey: i.SwitchSurveyed, leg: i.ChannelSeen, agent_id: AgentId | None) -> bool:
    """A phone that was called for an own call of which no more is known than who makes it. False if it is no such call,
    or whose phone it is does something else."""
    call = offer_of_leg(leg.id)
    contact = turn.state.contacts.get(contact_of_offer(call)) if call else None
    if call is None or contact is None or turn.state.rules.number(contact.number_dialled) is not None:
        return False
    agent, (step, _) = turn.state.agents.get(agent_id) if agent_id else None, place_of_offer(call)
    if not _came_to_connect(contact, step) or (agent and (agent.work is not Work.IDLE or agent.clearing)):
        return False
    turn.repaired("own call nobody knew", contact.id, f"{leg.id} is at the switch")
    if contact.verb is None:
        verb = Connect(contact.number_dialled)
        turn.happened(c.StepStarted(at=turn.now, contact=contact.id, step=step, attempt=1, verb=verb, deadline=None))
    if not contact.in_room and contact.channel in survey.rooms.get(contact.id, ()):
        turn.happened(c.CallerEnteredRoom(at=turn.now, contact=contact.id))
    own_calls.engage(turn, agent_id, contact.id)
    dialling, rung_at = turn.state.rules.dialling, came_at(turn, survey, leg)
    turn.happened(
        c.PartyCalled(
            at=turn.now,
            contact=contact.id,
            call=call,
            leg=leg.id,
            number=plain(dialling, contact.number_dialled),
            agent=agent_id if agent else None,
            device=leg.device if agent else None,
            deadline=max(turn.now + 1, (turn.now if rung_at is None else rung_at) + dialling.ring_ms),
        )
    )
    if own := parties.of_own_call(turn, call, leg.id):
        (parties.answered if leg.up else parties.ringing)(turn, *own)
    return True


def _came_to_connect(contact: Contact, step: int) -> bool:
    """Whether the one thing that we don't know of this own call is that it had come to its other party."""
    if contact.phase is not Phase.IN_PROGRAM or contact.device is None or not contact.program:
        return False
    return contact.step == step - 1 if contact.verb is None else contact.step == step and _connects(contact)


def _connects(contact: Contact) -> bool:
    return isinstance(contact.verb, Connect)
