"""Further groups of agents, `[[support.groups]]` in acd/queues.toml, and whether they can open and close."""

from __future__ import annotations

from typing import Final

from ccplane.ids import AgentId
from ccplane.routing.rules import Group, Measure, Step
from ccplane.site.document import Document
from ccplane.site.durations import written
from ccplane.site.shapes import GroupTable, OpenTable, QueueTable

WHO: Final = ("skills", "any_of", "level", "agents")


def groups_of(table: QueueTable) -> tuple[Group, ...]:
    """A queue's further groups; one that has no name is called by its place, from 1."""
    return tuple(_group(group, group.name or str(number)) for number, group in enumerate(table.groups, 1))


def _group(table: GroupTable, name: str) -> Group:
    return Group(
        name=name,
        step=Step(
            skills=table.skills or {},
            any_of=tuple(table.any_of or ()),
            level=table.level or 0,
            agents=tuple(AgentId(each) for each in table.agents or ()),
        ),
        opens=_bounds(table.opens),
        closes=_bounds(table.closes),
        after_ms=table.closes.after,
        window_ms=table.window,
    )


def _bounds(table: OpenTable) -> dict[Measure, float]:
    bounds: dict[Measure, float] = {}
    if table.longest_wait is not None:
        bounds[Measure.LONGEST_WAIT] = float(table.longest_wait)
    if table.estimated_wait is not None:
        bounds[Measure.ESTIMATED_WAIT] = float(table.estimated_wait)
    if table.service_level is not None:
        bounds[Measure.SERVICE_LEVEL] = table.service_level / 100
    return bounds


def judge_groups(document: Document, name: str, table: QueueTable) -> None:
    """Each is somebody, opens by something, and closes by the same once that is better."""
    names: set[str] = set()
    for number, (group, made) in enumerate(zip(table.groups, groups_of(table), strict=True)):
        at = (name, "groups", number)
        if made.name in names:
            document.fault("group-twice", f"there is another group `{made.name}` of this queue", *at, "name")
        names.add(made.name)
        if not group.model_fields_set & set(WHO):
            sentence = "says nothing of who they are: `skills`, `any`, `level` or `agents`; `skills = {}` is anyone"
            document.fault("group-of-nobody", sentence, *at)
        if not made.opens:
            sentence = "names nothing by which it opens: `longest_wait`, `estimated_wait`, `service_level`"
            document.fault("group-never-opens", sentence, *at, "open")
        _judge_hysteresis(document, at, group)


def _judge_hysteresis(document: Document, at: tuple[str | int, ...], group: GroupTable) -> None:
    """What opens it must be better by some way before it closes: else it would open and close by turns."""
    opens, closes = group.opens, group.closes
    for key in ("longest_wait", "estimated_wait", "service_level"):
        high, low = getattr(opens, key), getattr(closes, key)
        if (high is None) != (low is None):
            there, lacks = ("open", "close") if low is None else ("close", "open")
            document.fault("group-one-sided", f"`{key}` stands in `{there}`, and not in `{lacks}`", *at, lacks)
        elif high is not None and key != "service_level" and low >= high:
            sentence = f"is {written(low)}, and it opens from {written(high)} on: less is needed, or it would flap"
            document.fault("group-flaps", sentence, *at, "close", key)
        elif high is not None and key == "service_level" and low <= high:
            sentence = f"is {low} %, and it opens below {high} %: more is needed, or it would flap"
            document.fault("group-flaps", sentence, *at, "close", key)
