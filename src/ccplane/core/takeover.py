"""Calls that are at the switch and not in our memory: it was lost, or another host's plane had them (law 10).

What the ids, the room, its journal and the leg's arguments say is enough to go on: two who talk go on talking, and
who waits keeps the place. Of the program only its first step can be found again; beyond that the contact goes on
without one, and its runner ends the call properly once the stay in the queue is over.
"""

from __future__ import annotations

from typing import Final

from ccplane.agents import facts as a
from ccplane.agents.agent import Agent, Work
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import Trace, Withdrawal
from ccplane.contacts.verbs import Connect, EnterQueue
from ccplane.core import inputs as i
from ccplane.core import journal, own_calls
from ccplane.core.callers import opened
from ccplane.core.catching_up import reaches_back, retell
from ccplane.core.commands import AddCaller, AnswerCaller, StartMusic, StopMusic
from ccplane.core.offers import answered, find, picked_up, withdraw
from ccplane.core.recordings import start_recording
from ccplane.core.talks import drop_leg
from ccplane.core.turn import Turn
from ccplane.ids import (
    AgentId,
    ChannelId,
    OfferId,
    QueueName,
    contact_id,
    contact_of_offer,
    is_call_back,
    offer_of_leg,
    place_of_offer,
)

SLACK_MS: Final = 5_000
"""How much before the last fact that we have somebody may have come of whom we know nothing."""
LONGEST_MS: Final = 4 * 3_600_000
"""What we believe the switch's clock of a caller's wait, where nothing else says since when nobody watched."""
AT_REST: Final = frozenset({Work.IDLE, Work.WRAP_UP})
"""Work from which a talk that is seen may begin: the end of a wrap-up may have been lost with the facts."""
ADOPTED: Final = "adopted"
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
    if _adopt_own_call(turn, survey, leg, offer, caller):
        return
    agent = turn.state.agents.get(leg.agent) if leg.agent else None
    if agent is None:
        return
    contact = turn.state.contacts.get(of)
    if leg.id in agent.clearing:
        _adopt_dropped(turn, survey, leg, agent, contact, caller)
        return
    if contact is None:
        queue, step = _queue_of(turn, survey, caller), place_of_offer(offer)[0]
        seen, note = _caller(turn, survey, caller), journal.of(survey.journals, of)
        if queue is None or seen is None or agent.work not in AT_REST:
            return
        turn.repaired("talk nobody knew", of, f"{leg.id} is beside the caller")
        _queued_again(turn, survey, seen, note, queue, None, step)
    elif contact.phase is Phase.WAITING and _may_be_with(agent, contact):
        turn.repaired("talk nobody saw begin", of, f"{leg.id} is beside the caller")
        if contact.offer:
            withdraw(turn, contact, Withdrawal.SWITCH_LOST)
        turn.do(StopMusic(of, caller))
    else:
        if contact.phase is Phase.IN_PROGRAM and place_of_offer(offer)[0] <= contact.step:
            turn.repaired("leg left over from a talk", leg.id, "that talk is over, and the program has gone on")
            drop_leg(turn, of, agent.id, leg.id, "normal")
        return
    _talks(turn, turn.state.contacts[of], leg, agent)


def _adopt_dropped(
    turn: Turn, survey: i.SwitchSurveyed, leg: i.ChannelSeen, agent: Agent, contact: Contact | None, caller: ChannelId
) -> None:
    """A leg that we had dropped, and that the gap has kept beside its caller. If they wait for an agent they have one:
    nobody has parted them. Else it was to go, and `clearing` tells it so again."""
    if not survey.after_gap:
        return
    if contact is None or contact.phase is not Phase.WAITING or contact.offer or agent.work not in AT_REST:
        return
    turn.repaired("talk that was to be parted", contact.id, f"{leg.id} is still beside the caller")
    turn.happened(a.LegCleared(at=turn.now, agent=agent.id, leg=leg.id, told=False))
    turn.do(StopMusic(contact.id, caller))
    _talks(turn, contact, leg, turn.state.agents[agent.id])


def adopt_ring(turn: Turn, survey: i.SwitchSurveyed, leg: i.ChannelSeen, agent_id: AgentId | None) -> bool:
    """A phone that was called for somebody who waits, and nobody knows of it: rings on, or, picked up, is joined.

    False if it is not for this contact any more, or not for this agent now.
    """
    offer = offer_of_leg(leg.id)
    contact = turn.state.contacts.get(contact_of_offer(offer)) if offer else None
    agent = turn.state.agents.get(agent_id) if agent_id else None
    if offer is None or contact is None or agent is None or is_call_back(leg.id):
        return False
    (step, attempt), waiting = place_of_offer(offer), contact.waiting
    wanted = contact.phase is Phase.WAITING and contact.offer is None and contact.step == step
    if waiting is None or not wanted or attempt <= waiting.offers or not agent.free:
        return False
    queue = turn.state.rules.queues.get(waiting.queue)
    if queue is None:
        return False
    turn.repaired("offer nobody knew", contact.id, f"{leg.id} is at the switch")
    rung_at = came_at(turn, survey, leg)
    ends = (turn.now if rung_at is None else rung_at) + queue.ring_ms
    _offered(turn, contact, leg.id, offer, agent, max(turn.now + 1, ends))
    if leg.at_door and (rung := find(turn, offer)):
        picked_up(turn, *rung, None, at_door=True)
    elif leg.up:
        answered(turn, i.LegUp(offer, leg.id, agent.id))
    return True


def own_call_nobody_knows(turn: Turn, arrival: i.CallerArrived) -> bool:
    """Whether a channel that is up is of an own call: begun afresh, its program would call the other party again."""
    return arrival.device is not None and arrival.answered and arrival.number_dialled not in turn.state.rules.numbers


def _adopt_own_call(
    turn: Turn, survey: i.SwitchSurveyed, leg: i.ChannelSeen, offer: OfferId, caller: ChannelId
) -> bool:
    """Two who talk because one of ours called the other: both are on that call. False if it is no such call."""
    of, (step, _) = contact_of_offer(offer), place_of_offer(offer)
    seen, known = _caller(turn, survey, caller), turn.state.contacts.get(of)
    if seen is None or seen.arrival is None or (known is None and not own_call_nobody_knows(turn, seen.arrival)):
        return False
    arrival = seen.arrival
    if known is not None and not _came_to_connect(known, arrival, step):
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


def _came_to_connect(contact: Contact, arrival: i.CallerArrived, step: int) -> bool:
    """Whether the one thing that we don't know of this own call is that it had come to its other party."""
    if contact.phase is not Phase.IN_PROGRAM or arrival.device is None or not contact.program:
        return False
    return contact.step == step - 1 if contact.verb is None else contact.step == step and _connects(contact)


def _connects(contact: Contact) -> bool:
    return isinstance(contact.verb, Connect)


def _may_be_with(agent: Agent, contact: Contact) -> bool:
    """Not if they were to be joined just now and it failed: their leg is being hung up."""
    return agent.rest_until is None and (
        agent.work in AT_REST or (agent.work is Work.OFFERED and agent.contact == contact.id)
    )


def _talks(turn: Turn, contact: Contact, leg: i.ChannelSeen, agent: Agent) -> None:
    """What led to the talk, as the tables ask for it. It counts from now: since when they talk nobody knows."""
    offer, waiting = offer_of_leg(leg.id), contact.waiting
    assert offer is not None
    assert waiting is not None
    if not contact.in_room:
        turn.happened(c.CallerEnteredRoom(at=turn.now, contact=contact.id))
    if agent.work is Work.WRAP_UP:
        turn.happened(a.WrapUpDone(at=turn.now, agent=agent.id))  # its end nobody told
    _offered(turn, contact, leg.id, offer, agent, turn.now)
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


def _offered(turn: Turn, contact: Contact, leg: ChannelId, offer: OfferId, agent: Agent, deadline: int) -> None:
    """The offer that the switch shows, as if we had just made it."""
    waiting = contact.waiting
    assert waiting is not None
    turn.happened(
        c.OfferMade(
            at=turn.now,
            contact=contact.id,
            offer=offer,
            agent=agent.id,
            queue=waiting.queue,
            segment=waiting.segment,
            attempt=place_of_offer(offer)[1],
            leg=leg,
            deadline=deadline,
            trace=Trace(strategy=ADOPTED, winner_score_s=0),
        )
    )


def take_up_waiting(turn: Turn, survey: i.SwitchSurveyed, seen: i.ChannelSeen) -> bool:
    """A caller whose room says that they wait goes on waiting at the place they had. False if it says otherwise."""
    contact = contact_id(survey.node, seen.id)
    note = journal.of(survey.journals, contact)
    if note is None or note.queueing is None or seen.arrival is None:
        return False
    rules = turn.state.rules.queues.get(note.queueing)
    if rules is None:
        return False
    turn.repaired("waiting caller nobody knew", contact, "their room says that they wait")
    _queued_again(turn, survey, seen, note, note.queueing, min(note.at, turn.now))
    if not seen.up:
        turn.do(AnswerCaller(contact, seen.id))
    if seen.id in survey.rooms.get(contact, ()):
        turn.happened(c.CallerEnteredRoom(at=turn.now, contact=contact))
    else:
        turn.do(AddCaller(contact, seen.id))
    turn.do(StartMusic(contact, seen.id, rules.music))
    return True


def take_up_program(turn: Turn, survey: i.SwitchSurveyed, seen: i.ChannelSeen) -> bool:
    """A caller whose room says what their program has done so far goes on there. False if it does not."""
    contact = contact_id(survey.node, seen.id)
    note = journal.of(survey.journals, contact)
    if note is None or seen.arrival is None or note.step == note.first or not _whole(note):
        return False
    turn.repaired("caller nobody knew", contact, f"their room says step {note.step}, {note.verb}")
    opened(turn, seen.arrival, came_at(turn, survey, seen), _served_until(turn, survey, note))
    own_calls.take(turn, contact)
    retell(turn, contact, note)
    if seen.id in survey.rooms.get(contact, ()):
        turn.happened(c.CallerEnteredRoom(at=turn.now, contact=contact))
    return True


def came_at(turn: Turn, survey: i.SwitchSurveyed, seen: i.ChannelSeen | None) -> int | None:
    """When a caller came of whom we hear only now, by the switch's clock: they keep what they have waited. Never later
    than now, nor, where we know since when nobody watched, much earlier than that: then its clock is wrong."""
    if seen is None or seen.created_at is None:
        return None
    since = turn.now - (survey.gap_ms + SLACK_MS if survey.gap_ms else LONGEST_MS)
    return min(max(seen.created_at, since), turn.now)


def _served_until(turn: Turn, survey: i.SwitchSurveyed, note: journal.Journal) -> int:
    """Until when a program ran of which only its room tells: what a caller spends with it is no wait. To the beginning
    of its open verb at least, and to that of the gap, where it is known."""
    watched_until = turn.now - survey.gap_ms if survey.gap_ms else 0
    return min(max(note.at, watched_until), turn.now)


def _whole(note: journal.Journal) -> bool:
    """Whether it tells all that its program has done."""
    return bool(note.program) and reaches_back(note, None)


def _queued_again(
    turn: Turn,
    survey: i.SwitchSurveyed,
    seen: i.ChannelSeen,
    note: journal.Journal | None,
    queue: QueueName,
    since: int | None,
    step: int = 0,
) -> None:
    """The contact up to its place in the queue. What stood before that step its room may tell; else it is not known,
    nor what the verbs gave."""
    assert seen.arrival is not None
    number = opened(turn, seen.arrival, came_at(turn, survey, seen))
    of = contact_id(survey.node, seen.id)
    if note is not None and note.queueing == queue and _whole(note):
        return retell(turn, of, note)
    step = note.step if note is not None and not step else step
    if step == 1:
        turn.happened(c.ProgramStarted(at=turn.now, contact=of, program=number.program))
    turn.happened(c.StepStarted(at=turn.now, contact=of, step=step, attempt=1, verb=EnterQueue(queue), deadline=None))
    return turn.happened(c.ContactQueued(at=turn.now, contact=of, queue=queue, segment=1, since=since))


def _caller(turn: Turn, survey: i.SwitchSurveyed, caller: ChannelId) -> i.ChannelSeen | None:
    """The caller, if we may begin them anew: the channel is surely there and not one that just ended."""
    seen = survey.channels.get(caller)
    ended = contact_id(survey.node, caller) in turn.state.ended
    return seen if seen is not None and seen.arrival is not None and seen.sure and not ended else None


def _queue_of(turn: Turn, survey: i.SwitchSurveyed, caller: ChannelId) -> QueueName | None:
    """By the room's journal; else the queue of the number dialled."""
    note = journal.of(survey.journals, contact_id(survey.node, caller))
    if note is not None and note.queueing is not None:
        return note.queueing
    seen = survey.channels.get(caller)
    number = turn.state.rules.numbers.get(seen.arrival.number_dialled) if seen and seen.arrival else None
    return number.queue if number else None
