"""What agents were to do, and how they kept to it: pure, over the intervals of what they did.

Work is a state of work, whenever it was: ready, with a contact or after it, or on a call of one's own. A break or a
meal is kept by a pause of such a reason, or signed out; training and meetings by any pause, or a call of one's own.
Leave counts nowhere. Who is signed in is there, whatever their phone does.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

import msgspec

from ccplane.agents.agent import Shown
from ccplane.days import Span
from ccplane.kpi.workforce import Kept


class Activity(StrEnum):
    """What somebody is scheduled for. Leave is approved, and counts nowhere."""

    WORK = "work"
    BREAK = "break"
    MEAL = "meal"
    LEAVE = "leave"
    TRAINING = "training"
    MEETING = "meeting"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a site calls what, and how long it waits for a second call. Of pauses: their reasons."""

    breaks: frozenset[str] = frozenset({"break"})
    meals: frozenset[str] = frozenset({"meal", "lunch"})
    before_ms: int = 7 * 86_400_000
    after_ms: int = 7 * 86_400_000
    """Of first contacts (FCR)."""

    @property
    def off(self) -> frozenset[str]:
        return self.breaks | self.meals


class Planned(NamedTuple):
    """[began_at, ends_at), ms UTC."""

    began_at: int
    ends_at: int
    activity: Activity


class Did(NamedTuple):
    """[began_at, ends_at), ms UTC, in a state as it is shown; `reason` of a pause."""

    began_at: int
    ends_at: int
    state: Shown
    reason: str = ""


Each = TypeVar("Each", Planned, Did)
AT_WORK: Final = frozenset(
    {
        Shown.READY,
        Shown.OFFERED,
        Shown.CONNECTING,
        Shown.TALKING,
        Shown.REJOINING,
        Shown.WRAP_UP,
        Shown.OWN_CALL,
    }
)


def right(activity: Activity, state: Shown, reason: str, terms: Terms) -> bool:
    """Whether that is what they were to do then."""
    match activity:
        case Activity.WORK:
            return state in AT_WORK
        case Activity.BREAK | Activity.MEAL:
            reasons = terms.breaks if activity is Activity.BREAK else terms.meals
            return state is Shown.OFFLINE or (state is Shown.PAUSED and reason in reasons)
        case Activity.TRAINING | Activity.MEETING:
            return state in (Shown.PAUSED, Shown.OWN_CALL)
        case Activity.LEAVE:
            return True


def kept(plan: Sequence[Planned], did: Sequence[Did], span: Span, now: int, terms: Terms) -> Kept:
    """How one agent kept to `plan` in [from, to), as far as it is over by `now`. Both are in order and don't overlap;
    where nothing is said of what they did they were signed out."""
    since, until = span[0], max(span[0], min(span[1], now))
    plan, did = _reaching(plan, since, until), _reaching(did, since, until)
    scheduled = work = right_ms = attended = at = 0
    for each in plan:
        length = overlap(each, (since, until))
        if not length or each.activity is Activity.LEAVE:
            continue
        scheduled += length
        work += length if each.activity is Activity.WORK else 0
        part = max(each.began_at, since), min(each.ends_at, until)
        while at < len(did) and did[at].ends_at <= part[0]:
            at += 1
        known, one_at = 0, at
        while one_at < len(did) and did[one_at].began_at < part[1]:
            one, one_at = did[one_at], one_at + 1
            took = overlap(one, part)
            known += took
            attended += 0 if one.state is Shown.OFFLINE else took
            right_ms += took if right(each.activity, one.state, one.reason, terms) else 0
        right_ms += length - known if right(each.activity, Shown.OFFLINE, "", terms) else 0
    return Kept(
        scheduled_ms=scheduled,
        work_ms=work,
        right_ms=right_ms,
        attended_ms=attended,
        worked_ms=sum(overlap(one, (since, until)) for one in did if one.state in AT_WORK),
        provisional=span[1] > now,
    )


def _reaching(spans: Sequence[Each], since: int, until: int) -> Sequence[Each]:
    first = bisect_right(spans, since, key=lambda each: each.ends_at)
    return spans[first : bisect_left(spans, until, lo=first, key=lambda each: each.began_at)]


def overlap(each: Planned | Did | tuple[int, int], span: Span) -> int:
    """How long they have in common, in ms."""
    return max(0, min(each[1], span[1]) - max(each[0], span[0]))
