"""What came of a day: counters and sums only, by queue and slot, of the same code as the live ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from ccplane.ids import QueueName
from ccplane.kpi.counters import Counters


class Staff(msgspec.Struct, frozen=True):
    """A group's time, ms, summed over its agents: within opening hours, and later too while they were still at it."""

    busy_ms: int = 0
    """Talk and wrap-up."""
    signed_in_ms: int = 0

    def plus(self, other: Staff) -> Staff:
        return Staff(self.busy_ms + other.busy_ms, self.signed_in_ms + other.signed_in_ms)


class Slot(msgspec.Struct, frozen=True):
    """A queue's contacts that came in one slot of the day."""

    queue: QueueName
    begins: int
    counters: Counters


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A day, or days together. Every contact is in the slot in which it came."""

    slots: tuple[Slot, ...]
    staff: dict[str, Staff]
    handle_ms: int = 0
    """Σ talk and wrap-up of those who were answered."""
    abandoned_wait_ms: int = 0
    still_waiting: int = 0
    """Who waited when nothing more could happen: nobody was left to serve them."""
    again: int = 0
    """Contacts that were another try of somebody who had hung up."""
    longest_ms: int = 0
    """The longest wait of anybody."""
    kinds: dict[str, Counters] = {}
    """By what the log called them."""

    def of(self, *queues: QueueName) -> Counters:
        """The counters of these queues, or of all."""
        return added(each.counters for each in self.slots if not queues or each.queue in queues)

    @property
    def queues(self) -> tuple[QueueName, ...]:
        return tuple(dict.fromkeys(each.queue for each in self.slots))


_FIELDS: Final = tuple(Counters.__struct_fields__)


def added(every: Iterable[Counters]) -> Counters:
    """One counter of many: sums."""
    sums = dict.fromkeys(_FIELDS, 0)
    for each in every:
        for name in _FIELDS:
            sums[name] += getattr(each, name)
    return Counters(**sums)


def together(days: Iterable[Outcome]) -> Outcome:
    """Several days as one."""
    slots: dict[tuple[QueueName, int], list[Counters]] = {}
    staff: dict[str, Staff] = {}
    kinds: dict[str, list[Counters]] = {}
    handle = abandoned = waiting = again = longest = 0
    for day in days:
        for slot in day.slots:
            slots.setdefault((slot.queue, slot.begins), []).append(slot.counters)
        for group, time in day.staff.items():
            staff[group] = staff.get(group, Staff()).plus(time)
        for kind, counters in day.kinds.items():
            kinds.setdefault(kind, []).append(counters)
        handle += day.handle_ms
        abandoned += day.abandoned_wait_ms
        waiting += day.still_waiting
        again += day.again
        longest = max(longest, day.longest_ms)
    return Outcome(
        slots=tuple(Slot(*key, added(each)) for key, each in sorted(slots.items())),
        staff=staff,
        handle_ms=handle,
        abandoned_wait_ms=abandoned,
        still_waiting=waiting,
        again=again,
        longest_ms=longest,
        kinds={kind: added(each) for kind, each in kinds.items()},
    )


class Rate(msgspec.Struct, frozen=True):
    """A KPI as it is stored: its two sums. `over` 0: no data."""

    sum: float
    over: float

    @property
    def value(self) -> float | None:
        return self.sum / self.over if self.over else None


def service_level(c: Counters) -> Rate:
    """Answered in time ÷ (answered + abandoned); the default."""
    return Rate(c.answered_within, c.answered + c.abandoned)


def answered_only(c: Counters) -> Rate:
    return Rate(c.answered_within, c.answered)


def excluding(c: Counters) -> Rate:
    """Those who hung up in time do not count."""
    return Rate(c.answered_within, c.answered + c.abandoned - c.abandoned_within)


def crediting(c: Counters) -> Rate:
    """Those who hung up in time count as served in time."""
    return Rate(c.answered_within + c.abandoned_within, c.answered + c.abandoned)


def net_of_short(c: Counters) -> Rate:
    return Rate(c.answered_within, c.answered + c.abandoned - c.abandoned_short)


def asa_s(c: Counters) -> Rate:
    """Seconds that those who were answered waited, on average."""
    return Rate(c.answered_wait_ms / 1000, c.answered)


def abandonment(c: Counters) -> Rate:
    return Rate(c.abandoned, c.answered + c.abandoned)


def abandonment_net(c: Counters) -> Rate:
    return Rate(c.abandoned - c.abandoned_short, c.answered + c.abandoned - c.abandoned_short)


def occupancy(staff: Mapping[str, Staff], *groups: str) -> Rate:
    """Busy ÷ signed in, of these groups, or of all."""
    chosen = [time for group, time in staff.items() if not groups or group in groups]
    return Rate(sum(each.busy_ms for each in chosen), sum(each.signed_in_ms for each in chosen))
