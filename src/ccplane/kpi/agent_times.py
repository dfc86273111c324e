"""What agents did with their time, live: the same word for an agent at every moment as Postgres derives from the facts
(queries/apply_agents.sql), so that the figures of both are the same.

Of each agent (in a team, with a reason for a pause) the sum of all intervals that are over is kept, and of each minute
of the last hour the first interval that ended in it, with the sum up to there: the time in a window that begins with a
minute is the difference of two sums, however many minutes an interval went through.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec

from ccplane.agents import facts as a
from ccplane.agents.agent import AT_REST, AT_THE_SWITCH, WORK, Shown, Work
from ccplane.agents.facts import Intent, Phone
from ccplane.facts import PlaneStarted, SwitchAway, SwitchFound
from ccplane.ids import AgentId, NodeName
from ccplane.kpi.lanes import TIMES
from ccplane.kpi.rows import from_bytes, to_bytes
from ccplane.kpi.spans import KEPT_MS, minute_of
from ccplane.laws import Fact

TRIMMED_AT: Final = 80
_LANES: Final = {
    Shown.READY: "ready_ms",
    Shown.OFFERED: "ringing_ms",
    Shown.CONNECTING: "connecting_ms",
    Shown.TALKING: "talking_ms",
    Shown.REJOINING: "talking_ms",
    Shown.WRAP_UP: "wrap_up_ms",
    Shown.OWN_CALL: "own_call_ms",
    Shown.UNREACHABLE: "unreachable_ms",
    Shown.PAUSED: "paused_ms",
}
UNITS: Final = {shown: TIMES.one[lane] for shown, lane in _LANES.items()} | {Shown.OFFLINE: 0}
"""A millisecond of each state."""
TAKEN: Final = TIMES.one["ringing_ms"] + TIMES.one["ringing_answered_ms"]
AT_WORK: Final = {work: Shown(work.value) for work in Work if work is not Work.IDLE}
WORKS: Final[dict[type[Fact], Work]] = {fact: to for row in WORK.values() for fact, to in row.items()}
"""What each fact leads to, from whatever it leads away."""
WORKS.pop(a.WrapUpExtended)


class Axes(msgspec.Struct, frozen=True, array_like=True):
    """An agent, as far as their times go by it. `shown`: None of nobody's agent; since `since`."""

    intent: Intent = Intent.OFFLINE
    reason: str = ""
    work: Work = Work.IDLE
    phone: Phone = Phone.GONE
    team: str = ""
    present: bool = False
    shown: Shown | None = None
    shown_reason: str = ""
    since: int = 0


class Interval(NamedTuple):
    """[began_at, ended_at), of which each ms is `unit`, the first that ended in its minute; `sum`: up to its end."""

    ended_at: int
    began_at: int
    unit: int
    sum: int


Closed = Callable[[str, int, int, int], None]
"""Told of each interval that is over: whose (a key), from, to, and what each ms of it is."""
_ended_at: Final = itemgetter(0)


def key_of(agent: str, team: str, reason: str) -> str:
    """The key of these times; `parts` takes it apart."""
    return f"{agent}\0{team}\0{reason}"


def parts(key: str) -> tuple[str, str, str]:
    """Agent, team, and why they paused ("" for all else)."""
    agent, team, reason = key.split("\0", 2)
    return agent, team, reason


class AgentTimes:
    """All agents' times. One writer; `copy` for whoever else reads."""

    def __init__(self) -> None:
        self.axes: dict[AgentId, Axes] = {}
        self.away: frozenset[NodeName] = frozenset()
        self.sums: dict[str, int] = {}
        self.firsts: dict[str, list[Interval]] = {}
        self._own: set[str] = set()
        """Whose lists no copy has."""
        self._kept: dict[str, tuple[Interval, bytes]] = {}
        """What was encoded of them, up to the last."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AgentTimes):
            return NotImplemented
        mine, theirs = (self.axes, self.away, self.sums), (other.axes, other.away, other.sums)
        return mine == theirs and self.firsts == other.firsts

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> AgentTimes:
        """As it is now, whatever is folded later."""
        copy = AgentTimes()
        copy.axes, copy.away, copy.sums, copy.firsts = self.axes.copy(), self.away, self.sums.copy(), self.firsts.copy()
        copy._kept = self._kept
        self._own = set()
        return copy

    def plain(self) -> dict[str, Any]:
        """For a checkpoint; of a copy, for whatever is not encoded yet takes a while."""
        sums = {key: to_bytes(row) for key, row in self.sums.items()}
        firsts = {key: self._encoded(key, intervals) for key, intervals in self.firsts.items()}
        return {"axes": self.axes, "away": sorted(self.away), "sums": sums, "firsts": firsts}

    @staticmethod
    def again(plain: Any) -> AgentTimes:
        """From `plain`."""
        times = AgentTimes()
        times.axes = msgspec.convert(plain["axes"], dict[AgentId, Axes])
        times.away = frozenset(plain["away"])
        times.sums = {key: from_bytes(row) for key, row in plain["sums"].items()}
        for key, data in plain["firsts"].items():
            several = msgspec.msgpack.decode(data, type=list[tuple[int, int, bytes, bytes]])
            times.firsts[key] = [Interval(to, at, from_bytes(unit), from_bytes(sum_)) for to, at, unit, sum_ in several]
        return times

    def _encoded(self, key: str, intervals: list[Interval]) -> bytes:
        known = self._kept.get(key)
        if known is None or known[0] is not intervals[-1]:
            plain = [(each.ended_at, each.began_at, to_bytes(each.unit), to_bytes(each.sum)) for each in intervals]
            known = self._kept[key] = intervals[-1], msgspec.msgpack.encode(plain)
        return known[1]

    def team(self, agent: AgentId) -> str:
        """Theirs now; "" is none."""
        axes = self.axes.get(agent)
        return axes.team if axes else ""

    def fold(self, fact: Fact, closed: Closed) -> None:
        """With `fact`."""
        kind = type(fact)
        work = WORKS.get(kind)
        if work is not None:
            self._turned(fact.agent, fact.at, closed, work=work)  # type: ignore[attr-defined]
            return
        other = OTHERS.get(kind)
        if other is not None:
            other(self, fact, closed)

    def in_window(self, key: str, since: int) -> int:
        """What was over since `since`, which is when a minute began, if that is no longer ago than is kept."""
        intervals = self.firsts.get(key, [])
        at = bisect_right(intervals, since, key=_ended_at)
        if at == len(intervals):
            return 0
        first = intervals[at]
        before = first.sum - (first.ended_at - first.began_at) * first.unit
        return self.sums[key] - before - max(0, since - first.began_at) * first.unit

    def running(self, since: int, now: int) -> Iterator[tuple[str, int]]:
        """What of [since, now) is in intervals that are not over."""
        for agent, axes in self.axes.items():
            if axes.shown is not None and axes.shown is not Shown.OFFLINE:
                took = now - max(since, axes.since)
                if took > 0:
                    yield _key(agent, axes), took * UNITS[axes.shown]

    def forget(self, before: int) -> None:
        """Those of whom nothing was heard since."""
        for key in [key for key, intervals in self.firsts.items() if intervals[-1].ended_at < before]:
            del self.firsts[key], self.sums[key]
            self._own.discard(key)
            self._kept.pop(key, None)

    def _end(self, key: str, began_at: int, ended_at: int, unit: int) -> None:
        sum_ = self.sums[key] = self.sums.get(key, 0) + (ended_at - began_at) * unit
        intervals = self.firsts.get(key)
        if intervals and minute_of(intervals[-1].ended_at - 1) == minute_of(ended_at - 1):
            return
        if intervals is None or key not in self._own:
            intervals = self.firsts[key] = list(intervals or ())
            self._own.add(key)
        intervals.append(Interval(ended_at, began_at, unit, sum_))
        if len(intervals) > TRIMMED_AT and intervals[TRIMMED_AT // 4].ended_at < ended_at - KEPT_MS:
            del intervals[: TRIMMED_AT // 4]

    def _turned(
        self,
        agent: AgentId,
        at: int,
        closed: Closed,
        *,
        intent: Intent | None = None,
        reason: str | None = None,
        work: Work | None = None,
        phone: Phone | None = None,
        team: str | None = None,
        present: bool = True,
    ) -> None:
        was = self.axes.get(agent) or Axes(since=at)
        intent = was.intent if intent is None else intent
        reason = was.reason if reason is None else reason
        work = was.work if work is None else work
        phone = was.phone if phone is None else phone
        team = was.team if team is None else team
        shown, shown_reason = self._words(intent, reason, work, phone) if present else (None, "")
        same = shown is was.shown and shown_reason == was.shown_reason and team == was.team
        if not same and was.shown is not None and was.shown is not Shown.OFFLINE and at > was.since:
            taken = was.shown is Shown.OFFERED and shown in (Shown.CONNECTING, Shown.TALKING)
            unit, key = TAKEN if taken else UNITS[was.shown], _key(agent, was)
            self._end(key, was.since, at, unit)
            closed(key, was.since, at, unit)
        since = was.since if same else max(at, was.since)
        self.axes[agent] = Axes(intent, reason, work, phone, team, present, shown, shown_reason, since)

    def _words(self, intent: Intent, reason: str, work: Work, phone: Phone) -> tuple[Shown, str]:
        if self.away and work in AT_THE_SWITCH:
            return Shown.UNREACHABLE, ""
        if work is not Work.IDLE:
            return AT_WORK[work], ""
        return AT_REST[intent, Phone.GONE if self.away else phone], "" if intent is Intent.READY else reason

    def _intent(self, fact: a.IntentChanged, closed: Closed) -> None:
        self._turned(fact.agent, fact.at, closed, intent=fact.intent, reason=fact.reason)

    def _phone(self, fact: a.PhoneChanged, closed: Closed) -> None:
        self._turned(fact.agent, fact.at, closed, phone=fact.phone)

    def _edited(self, fact: a.AgentEdited, closed: Closed) -> None:
        if fact.agent in self.axes and fact.profile.team != self.team(fact.agent):
            self._turned(fact.agent, fact.at, closed, team=fact.profile.team, present=self.axes[fact.agent].present)

    def _people(self, fact: a.PeopleLoaded, closed: Closed) -> None:
        listed = {each.id for each in fact.agents}
        for each in fact.agents:
            self._turned(each.id, fact.at, closed, team=each.team)
        for agent in [agent for agent in self.axes if agent not in listed]:
            was = self.axes[agent]
            if was.work is not Work.IDLE:
                self._turned(agent, fact.at, closed, intent=Intent.OFFLINE, present=was.present)
            elif was.present:
                self._turned(agent, fact.at, closed, intent=Intent.OFFLINE, reason="", phone=Phone.GONE, present=False)

    def _node(self, fact: SwitchAway | SwitchFound | PlaneStarted, closed: Closed) -> None:
        if isinstance(fact, PlaneStarted):
            away: frozenset[NodeName] = frozenset()
        elif isinstance(fact, SwitchAway):
            away = self.away | {fact.node}
        else:
            away = self.away - {fact.node}
        changed = bool(away) is not bool(self.away)
        self.away = away
        for agent in list(self.axes) if changed else ():
            self._turned(agent, fact.at, closed, present=self.axes[agent].present)


def _key(agent: AgentId, axes: Axes) -> str:
    return key_of(agent, axes.team, axes.shown_reason if axes.shown is Shown.PAUSED else "")


OTHERS: Final[dict[type[Fact], Callable[[AgentTimes, Any, Closed], None]]] = {
    a.IntentChanged: AgentTimes._intent,
    a.PhoneChanged: AgentTimes._phone,
    a.AgentEdited: AgentTimes._edited,
    a.PeopleLoaded: AgentTimes._people,
    SwitchAway: AgentTimes._node,
    SwitchFound: AgentTimes._node,
    PlaneStarted: AgentTimes._node,
}
