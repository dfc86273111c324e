"""Further groups of agents, who serve a queue while it does badly: opened by a measured value, closed with hysteresis.

A group opens the moment that one of its measures is bad, and closes once all of them have been good for a while without
a break: good is better than not bad, so that it does not open and close by turns. Every moment at which time alone does
either is known beforehand, so that nothing is polled.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice
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
    estimate_ms: int | None = None
    """The estimated wait of who comes now, as it was when it was last looked at."""
    measure: Measure | None = None
    value: float | None = None


Values = dict[Measure, float | None]


def measured(group: Group, seen: Seen, at: int) -> Values:
    """What this group looks at, at this moment, if nothing happens until then; None: no data."""
    return next(_timeline(group, seen, at))[1]


def bad(group: Group, values: Values) -> tuple[Measure, float] | None:
    """The first measure that opens it, with its value."""
    for measure, limit in group.opens.items():
        value = values[measure]
        if value is not None and (value < limit if measure is Measure.SERVICE_LEVEL else value >= limit):
            return measure, value
    return None


def good(group: Group, values: Values) -> bool:
    """Whether all measures are as they must be for it to close. Without data nothing is wrong."""
    for measure, limit in group.closes.items():
        value = values[measure]
        if value is not None and (value < limit if measure is Measure.SERVICE_LEVEL else value > limit):
            return False
    return True


def looked(opening: Opening, group: Group, seen: Seen, at: int) -> Opening:
    """The group at `at`, if nothing has happened since it was looked at, with what was `seen` then."""
    since = opening.good_since if opening.open else None
    if opening.open:
        for moment, values in _timeline(group, seen, opening.looked_at, at):
            since = (moment if since is None else since) if good(group, values) else None
    return replace(opening, good_since=since, looked_at=at)


def changes_at(opening: Opening, group: Group, seen: Seen) -> int | None:
    """When it opens or closes if nothing happens from when it was looked at (`looked`); None: not by time alone."""
    at, since = opening.looked_at, opening.good_since
    for moment, values in _timeline(group, seen, at):
        if not opening.open:
            if bad(group, values):
                return moment
            continue
        if since is not None and since + group.after_ms <= moment and moment > at:
            break
        since = (moment if since is None else since) if good(group, values) else None
    return None if since is None or not opening.open else max(at, since + group.after_ms)


def and_also(decided: tuple[Decided, ...], at: int, good: bool, longest_ms: int) -> tuple[Decided, ...]:
    """With one more stay that came to something at `at`, and without those that nobody asks for any more."""
    minute = at // MINUTE
    kept = tuple(each for each in decided if each.minute != minute and _out_at(each, longest_ms) > at)
    now = next((each for each in decided if each.minute == minute), Decided(minute))
    return (*kept, Decided(minute, now.good + good, now.all + 1))


def _out_at(decided: Decided, window_ms: int) -> int:
    """When this minute leaves the window."""
    return (decided.minute + 1) * MINUTE + window_ms


def _timeline(group: Group, seen: Seen, after: int, until: int | None = None) -> Iterator[tuple[int, Values]]:
    """The moments in [after, until] at which time alone may change what is bad or good, in order, with what is measured
    then. The first is `after`."""
    looks_at = {*group.opens, *group.closes}
    leaving: list[tuple[int, int, int]] = []
    crossing: list[int] = []
    overdue = 0
    if Measure.SERVICE_LEVEL in looks_at:
        leaving = sorted((_out_at(each, group.window_ms), each.good, each.all) for each in seen.decided)
        overdue = seen.stays.before((after - seen.within_ms, ""))
        waiting = islice(seen.stays, overdue, overdue + CROSSINGS)
        crossing = [since + seen.within_ms + 1 for since, _ in waiting]
    fine, whole = sum(each[1] for each in leaving), sum(each[2] for each in leaving)
    oldest = seen.stays.first[0] if seen.stays else None
    edges = [] if oldest is None else sorted(_edges(group, oldest))
    ends = [] if until is None else [until]
    gone = crossed = 0
    last = None
    for moment in merge([after], edges, [each[0] for each in leaving], crossing, ends):
        if moment < after or moment == last:
            continue
        if until is not None and moment > until:
            return
        last = moment
        while gone < len(leaving) and leaving[gone][0] <= moment:
            fine, whole, gone = fine - leaving[gone][1], whole - leaving[gone][2], gone + 1
        while crossed < len(crossing) and crossing[crossed] <= moment:
            crossed += 1
        values: Values = {}
        for measure in looks_at:
            match measure:
                case Measure.LONGEST_WAIT:
                    values[measure] = 0.0 if oldest is None else float(max(0, moment - oldest))
                case Measure.ESTIMATED_WAIT:
                    values[measure] = None if seen.estimate_ms is None else float(seen.estimate_ms)
                case Measure.SERVICE_LEVEL:
                    counted = whole + overdue + crossed
                    values[measure] = fine / counted if counted else None
        yield moment, values


def _edges(group: Group, oldest: int) -> Iterator[int]:
    """When the longest wait is what opens the group, and when it is more than what lets it close."""
    if (high := group.opens.get(Measure.LONGEST_WAIT)) is not None:
        yield oldest + round(high)
    if (low := group.closes.get(Measure.LONGEST_WAIT)) is not None:
        yield oldest + round(low) + 1
