"""Whether a queue takes a caller now, and which other one does where it does not."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from ccplane.contacts.facts import QueueOutcome
from ccplane.contacts.verbs import Closed, Failed, HoursResult, NoAgents, Overflowed, QueueResult
from ccplane.core.route import anyone_for
from ccplane.core.state import State
from ccplane.ids import QueueName
from ccplane.routing.asking import Candidate, whoever
from ccplane.routing.rules import FINISH, PROGRAM, Queue

RESULTS: dict[QueueOutcome, QueueResult] = {
    QueueOutcome.CLOSED: Closed(),
    QueueOutcome.NO_AGENTS: NoAgents(),
    QueueOutcome.OVERFLOWED: Overflowed(),
}
"""What the program is told where no other queue takes them: by the reason for which the first one did not."""


def refused(state: State, queue: Queue, now: int, waiting: Candidate) -> QueueOutcome | None:
    """Why the queue does not take this contact if it comes anew; None: it does."""
    if closed(state, queue, now):
        return QueueOutcome.CLOSED
    if not anyone_for(state, replace(waiting, queue=queue.name)):
        return QueueOutcome.NO_AGENTS
    return QueueOutcome.OVERFLOWED if full(state, queue) else None


def closed(state: State, queue: Queue, now: int) -> bool:
    hours = state.rules.hours.get(queue.hours) if queue.hours else None
    return hours is not None and not hours.open_at(now)


def as_told(state: State, queue: QueueName, result: QueueResult, now: int) -> QueueResult:
    """What the program is told: of a queue that is closed also why, and until when."""
    known = state.rules.queues.get(queue)
    hours = state.rules.hours.get(known.hours) if known and known.hours else None
    said = hours.now(now) if hours is not None and isinstance(result, Closed) else result
    return said if isinstance(said, Closed) else result


def looked_up(state: State, hours: str, now: int) -> HoursResult | Failed:
    """Whether it is open; Failed if the hours were taken out of the file since the call began."""
    known = state.rules.hours.get(hours)
    return known.now(now) if known is not None else Failed(f"there are no hours `{hours}` any more")


def full(state: State, queue: Queue) -> bool:
    """Whether one more would be too many: of those who wait in all, or for each agent who could come."""
    waiting = len(state.stays.get(queue.name, ()))
    if queue.most_waiting is not None and waiting >= queue.most_waiting:
        return True
    if queue.waiting_per_agent is None:
        return False
    roster = state.engine.roster
    agents = (whoever(roster, queue) & roster.signed_in).bit_count()
    return waiting + 1 > queue.waiting_per_agent * agents


def way_on(
    state: State, queue: Queue, why: QueueOutcome, now: int, passed: Collection[QueueName], waiting: Candidate
) -> QueueName | None:
    """The first queue along the overflows that takes who is refused by `queue`; None: the program decides. Never one
    out of which an overflow has taken them."""
    seen = {*passed, queue.name}
    at: Queue | None = queue
    cause: QueueOutcome | None = why
    while at is not None and cause is not None:
        to = _leads_to(at, cause)
        if to is None or to in seen:
            return None
        seen.add(to)
        at = state.rules.queues.get(to)
        cause = refused(state, at, now, waiting) if at else None
    return at.name if at else None


def instead(
    state: State, gone: QueueName, now: int, passed: Collection[QueueName], waiting: Candidate
) -> QueueName | None:
    """The queue that takes who waits in one that is no more: that which stands for it, or the first along
    the overflows of that. None: the program decides."""
    name = state.rules.queue_for(gone)
    if name is None:
        return None
    queue = state.rules.queues[name]
    why = refused(state, queue, now, waiting)
    return way_on(state, queue, why, now, passed, waiting) if why else name


def _leads_to(queue: Queue, why: QueueOutcome) -> QueueName | None:
    """Where the file sends whom the queue does not take, or keeps no longer, for this reason."""
    match why:
        case QueueOutcome.CLOSED:
            return None if queue.at_closing in (FINISH, PROGRAM) else QueueName(queue.at_closing)
        case QueueOutcome.NO_AGENTS:
            return queue.no_agents
        case _:
            return queue.overflow
