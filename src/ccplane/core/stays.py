"""How a stay in a queue ends without a talk, and how another queue takes it over."""

from __future__ import annotations

from msgspec.structs import replace

from ccplane.contacts import facts as c
from ccplane.contacts.facts import QueueOutcome
from ccplane.contacts.verbs import EnterQueue
from ccplane.core import journal
from ccplane.core.commands import StopSounds, WriteJournal
from ccplane.core.estimates import at_entry
from ccplane.core.follows import as_candidate
from ccplane.core.turn import Turn
from ccplane.ids import ContactId, QueueName, hold_id


def leave_queue(turn: Turn, contact_id: ContactId, outcome: QueueOutcome, until: int | None = None) -> None:
    """The stay in the queue ends without a talk of which we could tell; `until`: if it was over before now."""
    contact = turn.state.contacts[contact_id]
    waiting = contact.waiting
    assert waiting is not None
    if contact.is_spoken_to:
        turn.do(StopSounds(contact_id, hold_id(contact_id)))
    with turn.as_of(turn.when if until is None else until):
        waited_ms, ended_at = turn.over(waiting.here_since)
    turn.happened(
        c.ContactUnqueued(
            at=turn.now,
            contact=contact_id,
            queue=waiting.queue,
            segment=waiting.segment,
            outcome=outcome,
            waited_ms=waited_ms,
            ended_at=ended_at,
            contact_waited_ms=waiting.by_clock(waited_ms),
        )
    )


def change_queue(turn: Turn, of: ContactId, to: QueueName, outcome: QueueOutcome) -> None:
    """Another queue takes their stay over: with its clock, place and priority, as of now. An overflow never takes them
    back into the one that they leave, unless somebody moves them, or they themselves by a key."""
    contact = turn.state.contacts[of]
    waiting = contact.waiting
    assert waiting is not None
    chosen = outcome in (QueueOutcome.MOVED, QueueOutcome.LEFT_BY_KEY)
    passed = waiting.passed if chosen else (*waiting.passed, waiting.queue)
    leave_queue(turn, contact.id, outcome)
    turn.happened(
        c.ContactQueued(
            at=turn.now,
            contact=contact.id,
            queue=to,
            segment=contact.segments + 1,
            since=waiting.queued_at,
            place=waiting.place,
            offers=waiting.offers,
            credit_s=waiting.credit_s,
            last_agent=waiting.last_agent,
            last_served_at=waiting.last_served_at,
            entered_at=turn.now,
            passed=passed,
            estimate_ms=at_entry(turn.state, replace(as_candidate(contact), queue=to), turn.now),
            callback=contact.callback,
        )
    )
    if isinstance(contact.verb, EnterQueue):  # for a plane that knows less
        verb = replace(contact.verb, queue=to, credit_s=waiting.credit_s, direct=None)
        clock = waiting.queued_at
        told = journal.write(contact.step, verb, clock, contact, contact.attempt, entered_at=turn.now, passed=passed)
        turn.do(WriteJournal(contact.id, told))
