"""Whom a queue asks for, step by step: whether the steps relax, and whether there is anybody who meets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ccplane.agents.facts import Membership
from ccplane.ids import AgentId, QueueName
from ccplane.routing.rules import Queue, Step
from ccplane.site.document import Document
from ccplane.site.faults import did_you_mean
from ccplane.site.shapes import StepTable
from ccplane.site.site import AgentEntry

USUAL: Final = Membership()
"""How an agent who names no queues belongs to each."""


def step_of(table: StepTable) -> Step:
    """The step that a table of the file says."""
    return Step(
        skills=table.skills or {},
        for_ms=table.hold,
        any_of=tuple(table.any_of or ()),
        language=bool(table.language),
        level=table.level or 0,
        agents=tuple(AgentId(each) for each in table.agents or ()),
        last_agent_ms=table.last_agent,
    )


def judge_steps(document: Document, name: str, tables: list[StepTable]) -> None:
    """Steps relax: each holds for a time, but the last, and none asks for more than those before it.

    Steps that ask for certain agents come first and are not compared: they are passed over where nobody can come.
    """
    for number, table in enumerate(tables):
        if not table.model_fields_set - {"hold"}:
            sentence = "says nothing of who may answer; `skills = {}` is anyone"
            document.fault("step-without-skills", sentence, name, "steps", number)
        if number < len(tables) - 1 and table.hold is None:
            document.fault("step-without-end", "only the last step may do without `for`", name, "steps", number)
    if tables[-1].hold is not None:
        document.fault(
            "step-ends", "the last step holds for good; leave its `for` out", name, "steps", len(tables) - 1, "for"
        )
    before: Step | None = None
    for number, table in enumerate(tables):
        step = step_of(table)
        if step.agents or step.last_agent_ms is not None:
            if before is not None:
                key = "agents" if step.agents else "last_agent"
                sentence = "asks for certain agents after a step that does not; steps only relax"
                document.fault("step-tightens", sentence, name, "steps", number, key)
            continue
        if before is not None:
            for sentence, *at in tighter(before, step):
                document.fault("step-tightens", f"{sentence}; steps only relax", name, "steps", number, *at)
        before = step


def tighter(before: Step, after: Step) -> Iterator[tuple[str, *tuple[str, ...]]]:
    """In what a step asks for more than the one before it, and at which of its keys."""
    had = list(_alternatives(before))
    for skill, level in after.skills.items():
        if any(each.get(skill, 0) < level for each in had):
            yield f"asks for more than the step before it: {skill} {level}", "skills", skill
    if after.any_of and not all(any(_enough(each, wanted) for wanted in after.any_of) for each in had):
        yield "who met the step before it may have none of these", "any"
    if after.level > before.level:
        yield f"asks for more than the step before it: level {after.level}", "level"
    if after.language and not before.language:
        yield "asks for the caller's language, and the step before it did not", "language"


def _alternatives(step: Step) -> Iterator[dict[str, int]]:
    """The sets of skills, each of which is enough."""
    for each in step.any_of or ({},):
        yield {name: max(step.skills.get(name, 0), each.get(name, 0)) for name in step.skills.keys() | each.keys()}


def _enough(skills: Mapping[str, int], wanted: Mapping[str, int]) -> bool:
    return all(skills.get(name, 0) >= level for name, level in wanted.items())


def meets(agent: AgentEntry, queue: QueueName, step: Step) -> bool:
    """Whether they could be given a contact by this step, in some language. A step that asks for the last agent asks
    nothing here: that may be anybody."""
    membership = agent.queues.get(queue) if agent.queues else USUAL
    if membership is None or membership.level < step.level or not agent.capacity.get("voice"):
        return False
    if (step.agents and agent.id not in step.agents) or (step.language and not agent.languages):
        return False
    return any(_enough(agent.skills, each) for each in _alternatives(step))


def judge_whether_met(
    document: Document, queues: Mapping[QueueName, Queue], agents: tuple[AgentEntry, ...], languages: Mapping[str, str]
) -> None:
    """Warns of what nobody could ever answer: legal while agents are still to come, but mostly a typo.

    `languages`: those that callers are spoken to in, and who says so.
    """
    had = {skill for agent in agents for skill in agent.skills}
    ids = {str(agent.id) for agent in agents}
    for name, queue in queues.items():
        one = "steps" not in document.data[name]
        unknown = _judge_names(document, name, queue, had, ids if agents else None)
        if unknown or not agents:
            continue
        for number, step in enumerate(queue.steps):
            able = [agent for agent in agents if meets(agent, name, step)]
            last = number == len(queue.steps) - 1
            if last and not able:
                document.warning("queue-nobody-serves", "no agent meets its last step; nobody could answer", name)
            elif not able:
                sentence = "no agent meets this step: whoever comes waits its time for nothing"
                document.warning("step-nobody-meets", sentence, name, "steps", number)
            elif last and step.language and not one:
                for language in sorted(languages.keys() - {each for agent in able for each in agent.languages}):
                    sentence = f"nobody who meets it speaks `{language}`, {languages[language]}"
                    document.warning("language-nobody-speaks", sentence, name, "steps", number, "language")
            if last and step.last_agent_ms is not None:
                sentence = "who calls for the first time, or whose agent is not there, could be answered by nobody"
                document.warning("queue-nobody-serves", sentence, name, "steps", number, "last_agent")


def _judge_names(document: Document, name: QueueName, queue: Queue, had: set[str], ids: set[str] | None) -> bool:
    """Whether a step names skills or agents that there are none of."""
    unknown = False
    one = "steps" not in document.data[name]
    places: list[tuple[tuple[str | int, ...], Step]] = [
        (() if one else ("steps", number), step) for number, step in enumerate(queue.steps)
    ]
    places += [(("groups", number), group.step) for number, group in enumerate(queue.groups)]
    for at, step in places:
        named = [(skill, (*at, "skills", skill)) for skill in step.skills]
        named += [(skill, (*at, "any", index, skill)) for index, each in enumerate(step.any_of) for skill in each]
        for skill, where in sorted(each for each in named if each[0] not in had):
            unknown = True
            document.warning(
                "skill-nobody-has", f"no agent has the skill `{skill}`{did_you_mean(skill, had)}", name, *where
            )
        for index, agent in enumerate(step.agents):
            if ids is not None and agent not in ids:
                unknown = True
                document.warning("no-such-agent", f"there is no agent {agent}", name, *at, "agents", index)
    return unknown
