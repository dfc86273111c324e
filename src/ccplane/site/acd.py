"""acd/: who answers. Queues, agents and the rules of the whole site, as their files say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from pydantic import TypeAdapter

from ccplane.agents.facts import Membership
from ccplane.agents.wrap_up import WrapUp
from ccplane.ids import AgentId, QueueName, SeatId
from ccplane.routing.rules import MOST_AT_ONCE, Queue, Step
from ccplane.site.announcements import announce_of, judge_waiting
from ccplane.site.document import Document
from ccplane.site.faults import listed
from ccplane.site.groups import groups_of, judge_groups
from ccplane.site.limits import judge_limits, limits_of
from ccplane.site.names import Reference
from ccplane.site.shapes import AbilityTable, AgentTable, Name, QueueTable, RangeTable, RulesTable, SeatTable
from ccplane.site.site import AgentEntry, SeatEntry
from ccplane.site.steps import judge_steps, meets, step_of
from ccplane.site.wrap_up import wrap_up_in

NAME: Final = TypeAdapter(Name)
QUEUE: Final = TypeAdapter(QueueTable)
AGENT: Final = TypeAdapter(AgentTable)
RANGE: Final = TypeAdapter(RangeTable)
SEAT: Final = TypeAdapter(SeatTable)
RULES: Final = TypeAdapter(RulesTable)

DEMO: Final = "demo"
"""The range of agents whose `count` CCPLANE_DEMO_AGENTS overrides."""


def queues_in(document: Document) -> dict[QueueName, Queue]:
    """The queues of acd/queues.toml that are without fault."""
    return {queue.name: queue for name, table in document.tables() if (queue := _queue(document, name, table))}


def _queue(document: Document, name: str, raw: object) -> Queue | None:
    document.validated(NAME, name, name)
    table = document.validated(QUEUE, raw, name)
    if table is None:
        return None
    if (table.skills is None) == (table.steps is None):
        sentence = "needs `skills` or `steps`: who may answer? `skills = {}` is anyone"
        document.fault(
            "skills-or-steps", sentence if table.steps is None else "has `skills` and `steps`; keep one", name
        )
        return None
    if table.steps:
        judge_steps(document, name, table.steps)
    _judge_times(document, name, table)
    judge_limits(document, name, table)
    judge_groups(document, name, table)
    if table.waiting is not None:
        judge_waiting(document, name, table.waiting)
    after = wrap_up_in(document, table.wrap_up, name) or WrapUp()
    steps = tuple(step_of(step) for step in table.steps or ()) or (Step(table.skills or {}),)
    return Queue(
        name=QueueName(name),
        steps=steps,
        strategy=table.strategy,
        ring_ms=table.ring,
        ring_at_once=table.ring_at_once,
        wrap_up_ms=after.time_ms,
        wrap_up_extend_ms=after.extend_ms,
        wrap_up_most_ms=after.most_ms,
        max_wait_ms=table.max_wait,
        weight_s=table.weight // 1000,
        strict=table.strict,
        percent=table.answer.percent,
        within_ms=table.answer.within,
        music=table.music,
        announce=announce_of(table),
        whisper_all=table.whisper_to == "all",
        **limits_of(table),
        groups=groups_of(table),
    )


def _judge_times(document: Document, name: str, table: QueueTable) -> None:
    if table.weight % 1000:
        document.fault("out-of-range", "is in whole seconds", name, "weight")
    relaxed = sum(step.hold or 0 for step in table.steps or ())
    if table.max_wait is not None and table.steps and relaxed >= table.max_wait:
        document.warning("step-never-reached", "ends before the last step begins", name, "max_wait")


def judge_strict(document: Document, queues: Mapping[QueueName, Queue]) -> None:
    """A queue that always comes first is the operator's right, and a danger to the others."""
    for name, queue in queues.items():
        after = sorted(each.name for each in queues.values() if each.strict < queue.strict)
        if after:
            sentence = f"its contacts come before all of {listed(after)}, however long those wait: they may starve"
            document.warning("others-may-starve", sentence, name, "strict")


def judge_at_once(document: Document, queues: Mapping[QueueName, Queue], agents: tuple[AgentEntry, ...]) -> None:
    """Warns where "all" is more than can be rung for one caller."""
    for name, queue in queues.items():
        able = sum(meets(agent, name, queue.widest) for agent in agents)
        if queue.ring_at_once is None and able > MOST_AT_ONCE:
            sentence = (
                f"{able} agents could answer: {MOST_AT_ONCE} of them ring at once, the others as those do not answer"
            )
            document.warning("rings-not-all", sentence, name, "ring_at_once")


def agents_in(document: Document, demo_agents: int | None, references: list[Reference]) -> tuple[AgentEntry, ...]:
    """The agents of acd/agents.toml, by id; the queues they name are given back, to be looked up once all is read.

    `demo_agents`: how many the range `[demo]` has, whatever it says.
    """
    agents: dict[AgentId, AgentEntry] = {}
    for name, raw in document.tables():
        if isinstance(queues := raw.get("queues"), dict):
            references.extend(
                Reference("queue", each, partial(_blame, document, (name, "queues", each))) for each in queues
            )
        for agent in _range(document, name, raw, demo_agents) if _is_range(raw) else _agent(document, name, raw):
            if agent.id in agents:
                document.fault("agent-twice", f"agent {agent.id} stands in this file twice", name)
            agents[agent.id] = agent
    return tuple(sorted(agents.values(), key=lambda agent: (len(agent.id), agent.id)))


def _is_range(raw: Mapping[str, object]) -> bool:
    return "from" in raw or "count" in raw


def _range(document: Document, name: str, raw: object, demo_agents: int | None) -> Iterator[AgentEntry]:
    table = document.validated(RANGE, raw, name)
    if table is not None:
        count = demo_agents if name == DEMO and demo_agents is not None else table.count
        after = wrap_up_in(document, table.wrap_up, name)
        for number in range(table.first, table.first + count):
            yield _entry(AgentId(str(number)), f"Agent {number}", table, after)


def _agent(document: Document, name: str, raw: object) -> Iterator[AgentEntry]:
    _judge_id(document, "agent", name)
    table = document.validated(AGENT, raw, name)
    if table is not None:
        yield _entry(AgentId(name), table.name or f"Agent {name}", table, wrap_up_in(document, table.wrap_up, name))


def _entry(agent: AgentId, name: str, table: AbilityTable, wrap_up: WrapUp | None) -> AgentEntry:
    queues = {QueueName(queue): Membership(each.level, each.priority) for queue, each in table.queues.items()}
    capacity = {"voice": 1} if table.capacity is None else table.capacity
    languages = tuple(table.languages)
    return AgentEntry(agent, name, table.skills, table.role, languages, queues, capacity, wrap_up, table.team)


def _blame(document: Document, at: tuple[str, ...], code: str, sentence: str) -> None:
    document.fault(code, sentence, *at)


def seats_in(document: Document, agents: tuple[AgentEntry, ...]) -> tuple[SeatEntry, ...]:
    """The seats of acd/seats.toml, by id: those that are shared, and agents' own that are not as by default."""
    owned = {agent.id for agent in agents}
    seats = []
    for name, raw in document.tables():
        _judge_id(document, "seat", name)
        table = document.validated(SEAT, raw, name)
        if table is not None:
            seats.append(SeatEntry(SeatId(name), table.shared, table.auto_answer, table.always_on))
            if table.shared and name in owned:
                document.fault(
                    "own-seat-shared", "is an agent's own; a shared seat has an id of its own", name, "shared"
                )
            if not table.shared and agents and name not in owned:
                document.warning("seat-of-nobody", "is not `shared`, and no agent has this id: nobody sits here", name)
    return tuple(sorted(seats, key=lambda seat: (len(seat.id), seat.id)))


def _judge_id(document: Document, what: str, name: str) -> None:
    if not (name.isascii() and name.isdigit() and 2 <= len(name) <= 10):
        many = "; many at once: `from`, `count`" if what == "agent" else ""
        sentence = f"{'an' if what == 'agent' else 'a'} {what}'s id is 2 to 10 digits, as a phone sends it{many}"
        document.fault(f"bad-{what}-id", sentence, name)


def rules_in(document: Document, references: list[Reference]) -> RulesTable:
    """acd/site.toml; the defaults where it says nothing. The queues it names are given back."""
    table = document.validated(RULES, document.data) or RulesTable()
    if table.default_queue:
        references.append(Reference("queue", table.default_queue, partial(_blame, document, ("default_queue",))))
    for removed, to in table.removed_queues.items():
        references.append(Reference("queue", to, partial(_blame, document, ("removed_queues", removed))))
    for both in sorted({*table.breaks} & {*table.meals}):
        document.fault("break-or-meal", f"`{both}` is a break already: a pause is one or the other", "meals")
    return table


def judge_removed(document: Document, table: RulesTable, queues: Mapping[QueueName, Queue]) -> None:
    """Who waits in a queue that is still there is not sent anywhere."""
    for name in sorted(table.removed_queues.keys() & queues.keys()):
        document.warning("queue-not-removed", "is still a queue: nobody is sent on", "removed_queues", name)
