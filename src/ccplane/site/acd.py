"""acd/: who answers. Queues, agents and the rules of the whole site, as their files say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from pydantic import TypeAdapter

from ccplane.ids import AgentId, QueueName, SeatId
from ccplane.routing.rules import Queue, Step
from ccplane.site.document import Document
from ccplane.site.faults import did_you_mean
from ccplane.site.shapes import AgentTable, Name, QueueTable, RangeTable, RulesTable, SeatTable, StepTable
from ccplane.site.site import AgentEntry, SeatEntry

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
        _judge_steps(document, name, table.steps)
    _judge_times(document, name, table)
    steps = tuple(Step(step.skills, step.hold) for step in table.steps or ()) or (Step(table.skills or {}),)
    return Queue(
        name=QueueName(name),
        steps=steps,
        strategy=table.strategy,
        ring_ms=table.ring,
        ring_at_once=table.ring_at_once,
        wrap_up_ms=table.wrap_up,
        max_wait_ms=table.max_wait,
        weight_s=table.weight // 1000,
        percent=table.answer.percent,
        within_ms=table.answer.within,
        music=table.music,
    )


def _judge_steps(document: Document, name: str, steps: list[StepTable]) -> None:
    """Steps relax: each holds for a time, but the last, and none asks for more than the one before it."""
    for number, step in enumerate(steps[:-1]):
        if step.hold is None:
            document.fault("step-without-end", "only the last step may do without `for`", name, "steps", number)
    if steps[-1].hold is not None:
        document.fault(
            "step-ends", "the last step holds for good; leave its `for` out", name, "steps", len(steps) - 1, "for"
        )
    for number, (before, after) in enumerate(pairwise(steps), start=1):
        for skill, level in after.skills.items():
            if before.skills.get(skill, 0) < level:
                sentence = f"asks for more than the step before it: {skill} {level}; steps only relax"
                document.fault("step-tightens", sentence, name, "steps", number, "skills", skill)


def _judge_times(document: Document, name: str, table: QueueTable) -> None:
    if table.weight % 1000:
        document.fault("out-of-range", "is in whole seconds", name, "weight")
    relaxed = sum(step.hold or 0 for step in table.steps or ())
    if table.max_wait is not None and table.steps and relaxed >= table.max_wait:
        document.warning("step-never-reached", "ends before the last step begins", name, "max_wait")


def agents_in(document: Document, demo_agents: int | None) -> tuple[AgentEntry, ...]:
    """The agents of acd/agents.toml, by id. `demo_agents`: how many the range `[demo]` has, whatever it says."""
    agents: dict[AgentId, AgentEntry] = {}
    for name, raw in document.tables():
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
        for number in range(table.first, table.first + count):
            yield AgentEntry(AgentId(str(number)), f"Agent {number}", table.skills, table.role)


def _agent(document: Document, name: str, raw: object) -> Iterator[AgentEntry]:
    _judge_id(document, "agent", name)
    table = document.validated(AGENT, raw, name)
    if table is not None:
        yield AgentEntry(AgentId(name), table.name or f"Agent {name}", table.skills, table.role)


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


def rules_in(document: Document) -> RulesTable:
    """acd/site.toml; the defaults where it says nothing."""
    return document.validated(RULES, document.data) or RulesTable()


def judge_skills(document: Document, queues: Mapping[QueueName, Queue], agents: tuple[AgentEntry, ...]) -> None:
    """Warns of queues that nobody could ever answer: legal while agents are still to come, but mostly a typo."""
    had = {skill for agent in agents for skill in agent.skills}
    for name, queue in queues.items():
        unknown = False
        for number, step in enumerate(queue.steps):
            at = ("steps", number, "skills") if "steps" in document.data[name] else ("skills",)
            for skill in sorted(step.skills.keys() - had):
                unknown = True
                sentence = f"no agent has the skill `{skill}`{did_you_mean(skill, had)}"
                document.warning("skill-nobody-has", sentence, name, *at, skill)
        if not unknown and agents and not any(queue.widest.met_by(agent.skills) for agent in agents):
            document.warning("queue-nobody-serves", "no agent meets its last step; nobody could answer", name)
