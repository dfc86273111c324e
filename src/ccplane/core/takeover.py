"""Calls that are at the switch and not in our memory: it was lost, or another host's plane had them (law 10).

What the ids, the room, its journal and the leg's arguments say is enough to go on: two who talk go on talking, and
who waits keeps the place. Of the program only its first step can be found again; beyond that the contact goes on
without one, and its runner ends the call properly once the stay in the queue is over.
"""

from __future__ import annotations

from ccplane.agents.agent import Agent, Work
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import Trace, Withdrawal
from ccplane.contacts.verbs import Connect, EnterQueue
from ccplane.core import inputs as i
from ccplane.core import journal, own_calls
from ccplane.core.callers import opened
from ccplane.core.commands import AddCaller, AnswerCaller, StartMusic, StopMusic
from ccplane.core.offers import withdraw
from ccplane.core.recordings import start_recording
from ccplane.core.turn import Turn
from ccplane.facts import RepairMade
from ccplane.ids import (
    ChannelId,
    ContactId,
    OfferId,
    QueueName,
    contact_id,
    contact_of_offer,
    offer_of_leg,
    place_of_offer,
)

ADOPTED = "adopted"
"""The strategy in the trace of an offer that we did not make: the switch showed it, answered."""


def caller_beside(survey: i.SwitchSurveyed, leg: i.ChannelSeen) -> ChannelId | None:
    """The caller with whom this leg, which is up, is in their room."""
    offer = offer_of_leg(leg.id)
    if offer is None or not leg.up:
        return None
    contact = contact_of_offer(offer)
    members = survey.rooms.get(contact, ())
    callers = (each for each in members if offer_of_leg(each) is None and contact_id(survey.node, each) == contact)
    return next(callers, None) if leg.id in members else None


def in_talk(survey: i.SwitchSurveyed, caller: ChannelId) -> bool:
    """Whether an agent's leg that is up is in the room with this caller."""
    members = survey.rooms.get(contact_id(survey.node, caller), ())
    seen = (survey.channels.get(each) for each in members)
    return any(each is not None and caller_beside(survey, each) == caller for each in seen)


def adopt(turn: Turn, survey: i.SwitchSurveyed, leg: i.ChannelSeen, caller: ChannelId) -> None:
    """Two who talk become a talk of ours. If they cannot, they are left alone until one of them goes."""
    offer = offer_of_leg(leg.id)
    assert offer is not None
    of = contact_of_offer(offer)
    if of not in turn.state.contacts and _adopt_own_call(turn, survey, leg, offer, caller):
        return
    agent = turn.state.agents.get(leg.agent) if leg.agent else None
    if agent is None or leg.id in agent.clearing:
        return
    contact = turn.state.contacts.get(of)
    if contact is None:
        queue, step = _queue_of(turn, survey, caller), place_of_offer(offer)[0]
        arrival = _arrival(turn, survey, caller)
        if queue is None or arrival is None or agent.work is not Work.IDLE:
            return
        _repaired(turn, "talk nobody knew", of)
        _queued_again(turn, arrival, step, queue, None)
    elif contact.phase is Phase.WAITING and _may_be_with(agent, contact):
        _repaired(turn, "talk nobody saw begin", of)
        if contact.offer:
            withdraw(turn, contact, Withdrawal.SWITCH_LOST)
        turn.do(StopMusic(of, caller))
    else:
        return
    _talks(turn, turn.state.contacts[of], leg, agent)


def own_call_nobody_knows(turn: Turn, arrival: i.CallerArrived) -> bool:
    """Whether a channel that is up is of an own call: begun afresh, its program would call the other party again."""
    return arrival.device is not None and arrival.answered and arrival.number_dialled not in turn.state.rules.numbers


def _adopt_own_call(
    turn: Turn, survey: i.SwitchSurveyed, leg: i.ChannelSeen, offer: OfferId, caller: ChannelId
) -> bool:
    """Two who talk because one of ours called the other: both are on that call. False if it is no such call."""
    arrival = _arrival(turn, survey, caller)
    if arrival is None or not own_call_nobody_knows(turn, arrival):
        return False
    of, (step, _) = contact_of_offer(offer), place_of_offer(offer)
    _repaired(turn, "own call nobody knew", of)
    number = opened(turn, arrival)
    own_calls.take(turn, of)
    if step == 1:
        turn.happened(c.ProgramStarted(at=turn.now, contact=of, program=number.program))
    verb = Connect(arrival.number_dialled)
    turn.happened(c.StepStarted(at=turn.now, contact=of, step=step, attempt=1, verb=verb, deadline=None))
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


def _may_be_with(agent: Agent, contact: Contact) -> bool:
    """Not if they were to be joined just now and it failed: their leg is being hung up."""
    return agent.rest_until is None and (
        agent.work is Work.IDLE or (agent.work is Work.OFFERED and agent.contact == contact.id)
    )


def _talks(turn: Turn, contact: Contact, leg: i.ChannelSeen, agent: Agent) -> None:
    """What led to the talk, as the tables ask for it. It counts from now: since when they talk nobody knows."""
    offer, waiting = offer_of_leg(leg.id), contact.waiting
    assert offer is not None
    assert waiting is not None
    if not contact.in_room:
        turn.happened(c.CallerEnteredRoom(at=turn.now, contact=contact.id))
    turn.happened(
        c.OfferMade(
            at=turn.now,
            contact=contact.id,
            offer=offer,
            agent=agent.id,
            queue=waiting.queue,
            segment=waiting.segment,
            attempt=place_of_offer(offer)[1],
            leg=leg.id,
            deadline=turn.now,
            trace=Trace(strategy=ADOPTED, winner_score_s=0),
        )
    )
    turn.happened(
        c.OfferAnswered(at=turn.now, contact=contact.id, offer=offer, agent=agent.id, deadline=turn.now, ring_ms=0)
    )
    turn.happened(
        c.TalkStarted(
            at=turn.now,
            contact=contact.id,
            offer=offer,
            agent=agent.id,
            segment=contact.segments + 1,
            queue=waiting.queue,
            queue_segment=waiting.segment,
            waited_ms=turn.now - waiting.queued_at,
        )
    )
    start_recording(turn, contact.id, attempt=2)


def take_up_waiting(turn: Turn, survey: i.SwitchSurveyed, seen: i.ChannelSeen) -> bool:
    """A caller whose room says that they wait goes on waiting at the place they had. False if it says otherwise."""
    contact = contact_id(survey.node, seen.id)
    note = _journal(survey, contact)
    if note is None or note.queueing is None or seen.arrival is None:
        return False
    rules = turn.state.rules.queues.get(note.queueing)
    if rules is None:
        return False
    _repaired(turn, "waiting caller nobody knew", contact)
    _queued_again(turn, seen.arrival, note.step, note.queueing, min(note.at, turn.now))
    if not seen.up:
        turn.do(AnswerCaller(contact, seen.id))
    if seen.id in survey.rooms.get(contact, ()):
        turn.happened(c.CallerEnteredRoom(at=turn.now, contact=contact))
    else:
        turn.do(AddCaller(contact, seen.id))
    turn.do(StartMusic(contact, seen.id, rules.music))
    return True


def _queued_again(turn: Turn, arrival: i.CallerArrived, step: int, queue: QueueName, since: int | None) -> None:
    """The contact up to its place in the queue. What stood before that step is not known, nor what the verbs gave."""
    number = opened(turn, arrival)
    of = contact_id(arrival.node, arrival.channel)
    if step == 1:
        turn.happened(c.ProgramStarted(at=turn.now, contact=of, program=number.program))
    turn.happened(c.StepStarted(at=turn.now, contact=of, step=step, attempt=1, verb=EnterQueue(queue), deadline=None))
    turn.happened(c.ContactQueued(at=turn.now, contact=of, queue=queue, segment=1, since=since))


def _arrival(turn: Turn, survey: i.SwitchSurveyed, caller: ChannelId) -> i.CallerArrived | None:
    """How the caller came, if we may begin them anew: the channel is surely there and not one that just ended."""
    seen = survey.channels.get(caller)
    ended = contact_id(survey.node, caller) in turn.state.ended
    return seen.arrival if seen is not None and seen.sure and not ended else None


def _queue_of(turn: Turn, survey: i.SwitchSurveyed, caller: ChannelId) -> QueueName | None:
    """By the room's journal; else the queue of the number dialled."""
    note = _journal(survey, contact_id(survey.node, caller))
    if note is not None and note.queueing is not None:
        return note.queueing
    seen = survey.channels.get(caller)
    number = turn.state.rules.numbers.get(seen.arrival.number_dialled) if seen and seen.arrival else None
    return number.queue if number else None


def _journal(survey: i.SwitchSurveyed, contact: ContactId) -> journal.Journal | None:
    text = survey.journals.get(contact)
    return journal.read(text) if text else None


def _repaired(turn: Turn, what: str, subject: str) -> None:
    turn.happened(RepairMade(at=turn.now, what=what, subject=subject))
