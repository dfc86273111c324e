"""What the wallboard shows now: the board's counters as people read them, and who is doing what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from operator import attrgetter, itemgetter
from typing import Final, Protocol

import msgspec
from immutables import Map
from msgspec.structs import replace

from ccplane.agents.agent import Agent, Shown
from ccplane.contacts.emergency import Emergency
from ccplane.contacts.facts.surges import SurgeBegan
from ccplane.contacts.owed import Owed
from ccplane.ids import AgentId, MessageId, QueueName
from ccplane.kpi.board import Board, Gap, Stay
from ccplane.kpi.brought import AttributionView, by_attribution
from ccplane.kpi.counters import NOTHING, NOTHING_YET, Counters
from ccplane.routing.groups import Opening
from ccplane.routing.rules import Rules

ATTRIBUTIONS_MOST: Final = 50
Waits = Mapping[QueueName, int | None]


class Floor(Protocol):
    """What the wallboard needs of the core's state."""

    @property
    def rules(self) -> Rules: ...
    @property
    def agents(self) -> Mapping[AgentId, Agent]: ...
    @property
    def groups(self) -> Mapping[tuple[QueueName, str], Opening]: ...
    @property
    def unserved(self) -> Collection[QueueName]: ...
    @property
    def emergencies(self) -> Mapping[str, Emergency]: ...
    @property
    def surges(self) -> Mapping[str, SurgeBegan]: ...
    @property
    def owed(self) -> Mapping[MessageId, Owed]: ...


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """A further group of agents, who serve the queue while it is open; it has been open or closed for `for_s`.
    `measure`: by what that changed last, and the `value` measured then: ms, or of a service level a fraction 0 to 1."""

    name: str
    open: bool
    for_s: float
    measure: str | None
    value: float | None


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """A queue now and since the site's midnight. The rates are fractions 0 to 1, None without data."""

    name: QueueName
    waiting: int
    longest_wait_s: float
    offered: int
    answered: int
    abandoned: int
    service_level: float | None
    three_rings: float | None
    estimated_wait_s: float | None = None
    estimate_error_p50_s: float | None = None
    estimate_error_p90_s: float | None = None
    groups: tuple[GroupView, ...] = ()
    unserved: bool = False
    """None of all agents could ever serve it."""
    callbacks: int = 0
    """Promised, and not over."""
    messages: int = 0
    """In boxes whose messages its agents answer, and without an answer."""
    messages_overdue: int = 0
    """Those of them whose promised time is over."""
    surveys_asked: int = 0
    surveys_rated: int = 0
    response_rate: float | None = None
    satisfaction: float | None = None
    nps: float | None = None
    """-100 to 100."""
    answered_within: int = 0
    """From here on: what the rates are made of, so that those of several queues together can be had."""
    overdue: int = 0
    """Of those who wait, those who do so for longer than the threshold."""
    rang: int = 0
    rang_in_time: int = 0
    satisfaction_rated: int = 0
    satisfaction_top: int = 0


class AgentView(msgspec.Struct, frozen=True, kw_only=True):
    """An agent now. `since`: ms UTC; `until`: when the time of their wrap-up ends, None if only they end it."""

    id: AgentId
    state: Shown
    since: int
    until: int | None = None


class WallboardView(msgspec.Struct, frozen=True, kw_only=True):
    """The wallboard. `at`: when; `began_at`: the midnight from which is counted; both ms UTC.

    `gaps`: when nobody watched the calls today. If there is one, the numbers are `provisional`.
    """

    at: int
    began_at: int
    queues: tuple[QueueView, ...]
    agents: tuple[AgentView, ...]
    provisional: bool = False
    gaps: tuple[Gap, ...] = ()
    emergencies: tuple[Emergency, ...] = ()
    surges: tuple[SurgeBegan, ...] = ()
    """Those that hold."""
    attributions: tuple[AttributionView, ...] = ()
    """What each advertisement brought today, the ATTRIBUTIONS_MOST that brought most."""


NO_WAITS: Final[Waits] = {}


def wallboard(board: Board, floor: Floor, now: int, waits: Waits = NO_WAITS) -> WallboardView:
    """The wallboard at `now`, the agents by their ids. `waits`: how long who comes now will wait, by queue."""
    gaps = board.gaps(now)
    return WallboardView(
        at=now,
        began_at=board.on_day(now).today.began_at,
        queues=queues(board, floor.rules, now, waits, floor.groups, floor.owed.values()),
        agents=tuple(_agent(id_, agent) for id_, agent in _by_id(floor.agents)),
        provisional=bool(gaps),
        gaps=gaps,
        emergencies=tuple(floor.emergencies.values()),
        surges=tuple(floor.surges[each] for each in sorted(floor.surges)),
        attributions=by_attribution(board.on_day(now).today.lines.values())[:ATTRIBUTIONS_MOST],
    )


def _marked(queue: QueueView, unserved: Collection[QueueName]) -> QueueView:
    return replace(queue, unserved=True) if queue.name in unserved else queue


def _agent(id_: AgentId, agent: Agent) -> AgentView:
    return AgentView(id=id_, state=agent.shown, since=agent.since, until=agent.wrap_up_until)


def _by_id(agents: Mapping[AgentId, Agent]) -> Iterable[tuple[AgentId, Agent]]:
    return sorted(agents.items(), key=itemgetter(0))


Groups = Mapping[tuple[QueueName, str], Opening]
NO_GROUPS: Final[Groups] = Map()


def queues(
    board: Board,
    rules: Rules,
    now: int,
    waits: Waits = NO_WAITS,
    groups: Groups = NO_GROUPS,
    messages: Iterable[Owed] = (),
    only: Collection[QueueName] | None = None,
) -> tuple[QueueView, ...]:
    """The queues at `now`: as the site's files have them, and then any that are no more but still count. `only`: these
    of them."""
    board = board.on_day(now)
    waiting: dict[QueueName, list[Stay]] = {}
    for stay in board.stays.values():
        waiting.setdefault(stay.queue, []).append(stay)
    names = dict.fromkeys((*rules.queues, *sorted(waiting), *sorted(board.today.queues)))
    left = Counter((each.queue, each.overdue) for each in messages)
    of_queue: dict[QueueName, list[GroupView]] = {}
    for (queue, name), opening in groups.items():
        of_queue.setdefault(queue, []).append(_group(name, opening, now))
    return tuple(
        _queue(
            board,
            name,
            waiting.get(name, []),
            now,
            waits.get(name),
            sorted(of_queue.get(name, []), key=attrgetter("name")),
            (left[name, False], left[name, True]),
        )
        for name in names
        if only is None or name in only
    )


def _group(name: str, opening: Opening, now: int) -> GroupView:
    for_s = max(0, now - opening.since) / 1000
    return GroupView(name=name, open=opening.open, for_s=for_s, measure=opening.measure, value=opening.value)


def _queue(
    board: Board,
    name: QueueName,
    waiting: list[Stay],
    now: int,
    wait_ms: int | None,
    groups: list[GroupView],
    messages: tuple[int, int],
) -> QueueView:
    """`messages`: that wait for an answer, those in time and those overdue."""
    counters, off = board.today.queues.get(name, NOTHING), board.today.off.get(name, NOTHING_YET)
    oldest = min((stay.queued_at for stay in waiting), default=now)
    late = overdue(board, name, waiting, now)
    return QueueView(
        name=name,
        waiting=len(waiting),
        longest_wait_s=max(0, now - oldest) / 1000,
        offered=counters.entered,
        answered=counters.answered,
        abandoned=counters.abandoned,
        service_level=service_level(counters, late),
        three_rings=rate(counters.rang_in_time, counters.rang),
        groups=tuple(groups),
        estimated_wait_s=_seconds(wait_ms),
        estimate_error_p50_s=_seconds(off.quantile(0.5)),
        estimate_error_p90_s=_seconds(off.quantile(0.9)),
        callbacks=sum(each.queue == name for each in board.callbacks.values()),
        messages=sum(messages),
        messages_overdue=messages[1],
        surveys_asked=counters.surveys_asked,
        surveys_rated=counters.surveys_rated,
        response_rate=rate(counters.surveys_rated, counters.surveys_asked),
        satisfaction=rate(counters.satisfaction_top, counters.satisfaction_rated),
        nps=nps(counters.nps_promoters, counters.nps_detractors, counters.nps_rated),
        answered_within=counters.answered_within,
        overdue=late,
        rang=counters.rang,
        rang_in_time=counters.rang_in_time,
        satisfaction_rated=counters.satisfaction_rated,
        satisfaction_top=counters.satisfaction_top,
    )


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def overdue(board: Board, name: QueueName, waiting: Iterable[Stay], now: int) -> int:
    """Those of today who wait longer than the threshold: whatever comes, they were not answered within it."""
    came_by, today = now - board.within(name), board.today
    return sum(stay.queued_at < came_by and stay.queued_at in today for stay in waiting)


def service_level(counters: Counters, overdue: int = 0) -> float | None:
    """A_T ÷ (A + B), with the overdue of those who still wait below the line."""
    return rate(counters.answered_within, counters.answered + counters.abandoned + overdue)


def nps(promoters: int, detractors: int, rated: int) -> float | None:
    """-100 to 100."""
    return 100 * (promoters - detractors) / rated if rated else None


def rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None
