"""Numbers of agents' time, and those that need figures from outside: each from sums, never from other numbers.

Times are whole ms. What there is no figure for is None, as is what would be divided by nothing: it is shown as "–".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction
from typing import Final

import msgspec

from ccplane.kpi.times import Times

HOUR_MS: Final = 3_600_000
CENTS: Final = 100
"""Money is kept in hundredths."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """How a schedule was kept, in ms; leave is in none of it. `scheduled_ms`: all of the schedule that is over,
    `work_ms` that of work; `right_ms`: in the state that it asks for; `attended_ms`: signed in; `worked_ms`: in a state
    of work, also outside of the schedule. `provisional`: some of the days asked for is still to come."""

    scheduled_ms: int = 0
    work_ms: int = 0
    right_ms: int = 0
    attended_ms: int = 0
    worked_ms: int = 0
    provisional: bool = False

    def plus(self, more: Kept) -> Kept:
        """Both together."""
        return Kept(
            scheduled_ms=self.scheduled_ms + more.scheduled_ms,
            work_ms=self.work_ms + more.work_ms,
            right_ms=self.right_ms + more.right_ms,
            attended_ms=self.attended_ms + more.attended_ms,
            worked_ms=self.worked_ms + more.worked_ms,
            provisional=self.provisional or more.provisional,
        )


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """First contacts, and those of them after which nobody called again. `provisional`: some may still do so."""

    first: int = 0
    resolved: int = 0
    provisional: bool = False


def occupancy(times: Times) -> float | None:
    """Of the time in which they could have had a contact, the share in which they had one."""
    return share(times.busy_ms, times.busy_ms + times.free_ms)


def at_work_ms(times: Times, off: Collection[str]) -> int:
    """Signed in, without the pauses whose reason is one of `off`: breaks and meals."""
    return times.signed_in_ms - sum(ms for reason, ms in times.paused_by.items() if reason in off)


def utilisation(times: Times, off: Collection[str], paid_ms: int | None) -> float | None:
    """`times` and `paid_ms` of the same agents and days."""
    return None if paid_ms is None else share(at_work_ms(times, off), paid_ms)


def utilised(agents: Iterable[tuple[Times, int | None]], off: Collection[str]) -> float | None:
    """Of several agents: those alone of whom it is known what they are paid for."""
    known = [(at_work_ms(times, off), paid_ms) for times, paid_ms in agents if paid_ms is not None]
    return share(sum(ms for ms, _ in known), sum(ms for _, ms in known))


def productivity(handled: int, times: Times) -> float | None:
    """Contacts an hour."""
    return share(handled * HOUR_MS, times.signed_in_ms)


def seat_utilisation(times: Times, open_ms: int | None) -> float | None:
    """`times`: of all who sat there; who is signed in has a seat."""
    return None if open_ms is None else share(times.signed_in_ms, open_ms)


def attendance(kept: Kept | None) -> float | None:
    return None if kept is None else share(kept.attended_ms, kept.scheduled_ms)


def adherence(kept: Kept | None) -> float | None:
    return None if kept is None else share(kept.right_ms, kept.scheduled_ms)


def conformance(kept: Kept | None) -> float | None:
    """Above 1: more was worked than scheduled."""
    return None if kept is None else share(kept.worked_ms, kept.work_ms)


def attrition(leavers: int | None, at_start: int | None, at_end: int | None) -> float | None:
    """By a month's first and last headcount."""
    if leavers is None or at_start is None or at_end is None:
        return None
    return share(2 * leavers, at_start + at_end)


def cost_per_contact(cents: int | None, handled: int) -> float | None:
    """In the currency's unit."""
    return None if cents is None else share(cents, CENTS * handled)


def fcr(found: Resolved | None) -> float | None:
    return None if found is None else share(found.resolved, found.first)


def share(part: int, whole: int) -> float | None:
    """None of nothing, or of less: an import that says so says nothing."""
    return float(Fraction(part, whole)) if whole > 0 else None
