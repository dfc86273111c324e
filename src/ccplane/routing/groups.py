"""Further groups of agents, who serve a queue while it does badly: opened by a measured value, closed with hysteresis.

A group opens the moment that one of its measures is bad, and closes once all of them have been good for a while without
a break: good is better than not bad, so that it does not open and close by turns. Every moment at which time alone does
either is known beforehand, so that nothing is polled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final

import msgspec
from msgspec.structs import replace

from ccplane.ids import QueueName
from ccplane.laws import Fact
from ccplane.routing.ordered import Ordered
from ccplane.routing.rules import Group, Measure

MINUTE: Final = 60_000
CROSSINGS: Final = 500
"""Of those who wait, so many are looked at for the moment from which they wait too long for the service level."""

Stays = Ordered[tuple[int, str]]
"""Those who wait in a queue: since when they are in it (ms), and who."""


class GroupFact(Fact, frozen=True, kw_only=True):
    """A fact about a queue's further group. `value`: what was measured: ms, or of a service level a fraction."""

    queue: QueueName
    group: str
    measure: Measure
    value: float | None
    """None: there was nothing to measure any more."""


class GroupOpened(GroupFact, frozen=True, kw_only=True):
    """From here on its agents serve the queue, too: those who wait at once."""


class GroupClosed(GroupFact, frozen=True, kw_only=True):
    """They do so no longer. Who talks, or is rung, is not disturbed."""


class Decided(msgspec.Struct, frozen=True, array_like=True):
    """What came of stays in one minute: those that count for the service level, and those answered in time."""

    minute: int
    good: int = 0
    all: int = 0


class Seen(msgspec.Struct, frozen=True):
    """What a queue's measures are made of."""

    stays: Stays = Ordered()
    decided: tuple[Decided, ...] = ()
    within_ms: int = 20_000
    estimate_ms: int | None = None
    """The estimated wait of who comes now; None without data."""


class Opening(msgspec.Struct, frozen=True):
    """A group now. `since`: when it opened, or closed; `measure` and `value`: what it opened or closed by."""

    open: bool = False
    since: int = 0
    good_since: int | None = None
    """While it is open: since when all its measures are good, without a break."""
    looked_at: int = 0
    """Up to when that is known."""
    measure: Measure | None = None
    value: float | None = None


def measured(measure: Measure, seen: Seen, window_ms: int, at: int) -> float | None:
    """The value at this moment, if nothing happens until then; None: no data."""
    match measure:
        case Measure.LONGEST_WAIT:
            return float(max(0, at - seen.stays.first[0])) if seen.stays else 0.0
        case Measure.ESTIMATED_WAIT:
            return None if seen.estimate_ms is None else float(seen.estimate_ms)
        case Measure.SERVICE_LEVEL:
            young = [each for each in seen.decided if _out_at(each, window_ms) > at]
            overdue = seen.stays.before((at - seen.within_ms, ""))
            whole = sum(each.all for each in young) + overdue
            return sum(each.good for each in young) / whole if whole else None


def bad(group: Group, seen: Seen, at: int) -> tuple[Measure, float] | None:
    """The first measure that opens it at this moment, with its value."""
    for measure, limit in group.opens.items():
        value = measured(measure, seen, group.window_ms, at)
        if value is not None and (value < limit if measure is Measure.SERVICE_LEVEL else value >= limit):
            return measure, value
    return None


def good(group: Group, seen: Seen, at: int) -> bool:
    """Whether all measures are as they must be for it to close. Without data nothing is wrong."""
    for measure, limit in group.closes.items():
        value = measured(measure, seen, group.window_ms, at)
        if value is not None and (value < limit if measure is Measure.SERVICE_LEVEL else value > limit):
            return False
    return True


def looked(opening: Opening, group: Group, seen: Seen, at: int) -> Opening:
    """The group at `at`, if nothing has happened since it was looked at, with what was `seen` then."""
    since = opening.good_since if opening.open else None
    if opening.open:
        for moment in _moments(group, seen, opening.looked_at, at):
            since = (moment if since is None else since) if good(group, seen, moment) else None
    return replace(opening, good_since=since, looked_at=at)


def changes_at(opening: Opening, group: Group, seen: Seen) -> int | None:
    """When it opens or closes if nothing happens from when it was looked at (`looked`); None: not by time alone."""
    at, since = opening.looked_at, opening.good_since
    if not opening.open:
        return next((moment for moment in _moments(group, seen, at, None) if bad(group, seen, moment)), None)
    since = (at if since is None else since) if good(group, seen, at) else None
    for moment in _moments(group, seen, at, None):
        if since is not None and since + group.after_ms <= moment:
            break
        since = (moment if since is None else since) if good(group, seen, moment) else None
    return None if since is None else max(at, since + group.after_ms)


def and_also(decided: tuple[Decided, ...], at: int, good: bool, longest_ms: int) -> tuple[Decided, ...]:
    """With one more stay that came to something at `at`, and without those that nobody asks for any more."""
    minute = at // MINUTE
    kept = tuple(each for each in decided if each.minute != minute and _out_at(each, longest_ms) > at)
    now = next((each for each in decided if each.minute == minute), Decided(minute))
    return (*kept, Decided(minute, now.good + good, now.all + 1))


def _out_at(decided: Decided, window_ms: int) -> int:
    """When this minute leaves the window."""
    return (decided.minute + 1) * MINUTE + window_ms


def _moments(group: Group, seen: Seen, after: int, until: int | None) -> Iterator[int]:
    """The moments in [after, until] at which time alone may change what is bad or good, in order."""
    moments = {after, *(() if until is None else (until,))}
    for measure in {*group.opens, *group.closes}:
        moments |= set(_of(measure, group, seen, after))
    return iter(sorted(each for each in moments if each >= after and (until is None or each <= until)))


def _of(measure: Measure, group: Group, seen: Seen, after: int) -> Iterable[int]:
    match measure:
        case Measure.LONGEST_WAIT:
            if seen.stays:
                oldest = seen.stays.first[0]
                yield from (
                    oldest + round(group.opens.get(measure, 0)),
                    oldest + round(group.closes.get(measure, 0)) + 1,
                )
        case Measure.ESTIMATED_WAIT:
            return
        case Measure.SERVICE_LEVEL:
            yield from (_out_at(each, group.window_ms) for each in seen.decided)
            waiting = (since + seen.within_ms + 1 for since, _ in seen.stays)
            later = (each for each in waiting if each >= after)
            yield from (each for _, each in takewhile(lambda pair: pair[0] < CROSSINGS, enumerate(later)))
