"""Callers at the switch of whom we know nothing: it was lost, or another host's plane had them (law 10).

Their room's journal says where they were: who waits keeps place and clock, and a program goes on where it was. Where it
says too little of what led there, the contact goes on without a program, and is ended properly once its stay is over.
"""

from __future__ import annotations

from typing import Final

from ccplane.contacts import facts as c
from ccplane.contacts.verbs import EnterQueue
from ccplane.core import faxes, journal, own_calls
from ccplane.core import inputs as i
from ccplane.core.callers import opened
from ccplane.core.catching_up import go_on, reaches_back, retell
from ccplane.core.commands import AddCaller, AnswerCaller, StartMusic
from ccplane.core.turn import Turn
from ccplane.ids import ChannelId, QueueName, contact_id

SLACK_MS: Final = 5_000
"""How much before the last fact that we have somebody may have come of whom we know nothing."""
LONGEST_MS: Final = 4 * 3_600_000
"""What we believe the switch's clock of a caller's wait, where nothing else says since when nobody watched."""


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
    queued_again(turn, survey, seen, note, note.queueing, min(note.at, turn.now))
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
    if note is None or seen.arrival is None:
        return False
    told = _whole(note) and (note.step != note.first or note.message is not None)
    if not told and note.message is None:
        return False
    turn.repaired("caller nobody knew", contact, f"their room says step {note.step}, {note.verb}")
    opened(turn, seen.arrival, came_at(turn, survey, seen), _served_until(turn, survey, note))
    own_calls.take(turn, contact)
    if told:
        retell(turn, contact, note)
    else:
        go_on(turn, contact, note)
    if seen.id in survey.rooms.get(contact, ()):
        turn.happened(c.CallerEnteredRoom(at=turn.now, contact=contact))
    faxes.compare(turn, survey, turn.state.contacts[contact])
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


def queued_again(
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
    known = queue in turn.state.rules.queues  # else the program would go on without it, and the talk be nobody's
    if known and note is not None and note.queueing == queue and _whole(note):
        return retell(turn, of, note)
    step = note.step if note is not None and not step else step
    if step == 1:
        turn.happened(c.ProgramStarted(at=turn.now, contact=of, program=number.program))
    moved = note if note is not None and note.queueing == queue else None
    wanted = moved.direct if moved else None
    verb = EnterQueue(queue, credit_s=moved.credit_s if moved else 0, direct=wanted)
    turn.happened(c.StepStarted(at=turn.now, contact=of, step=step, attempt=1, verb=verb, deadline=None))
    last = turn.state.served.get(turn.state.contacts[of].caller)
    return turn.happened(
        c.ContactQueued(
            at=turn.now,
            contact=of,
            queue=queue,
            segment=1,
            since=since,
            credit_s=verb.credit_s,
            last_agent=last.agent if last else None,
            last_served_at=last.at if last else None,
            entered_at=moved.entered_at if moved else None,
            passed=moved.passed if moved else (),
            direct=wanted,
        )
    )


def caller_seen(turn: Turn, survey: i.SwitchSurveyed, caller: ChannelId) -> i.ChannelSeen | None:
    """The caller, if we may begin them anew: the channel is surely there and not one that just ended."""
    seen = survey.channels.get(caller)
    ended = contact_id(survey.node, caller) in turn.state.ended
    return seen if seen is not None and seen.arrival is not None and seen.sure and not ended else None


def queue_of(turn: Turn, survey: i.SwitchSurveyed, caller: ChannelId) -> QueueName | None:
    """By the room's journal; else the queue of the number dialled."""
    note = journal.of(survey.journals, contact_id(survey.node, caller))
    if note is not None and note.queueing is not None:
        return note.queueing
    seen = survey.channels.get(caller)
    number = turn.state.rules.number(seen.arrival.number_dialled) if seen and seen.arrival else None
    return number.queue if number else None
