"""Limits of queues and where they lead: what acd/queues.toml says of them, and whether it makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ccplane.ids import QueueName
from ccplane.routing.rules import FINISH, PROGRAM, Queue
from ccplane.site.document import Document
from ccplane.site.ivr import blame
from ccplane.site.names import Reference
from ccplane.site.shapes import QueueTable

WAYS = ("overflow", "no_agents", "at_closing")
"""Keys that may name a queue which takes over."""


def limits_of(table: QueueTable) -> dict[str, Any]:
    """The fields of a Queue that say when it takes nobody, or keeps nobody, and what then."""
    return {
        "most_waiting": table.most_waiting,
        "waiting_per_agent": table.waiting_per_agent,
        "longest_wait_ms": table.longest_wait,
        "overflow": table.overflow,
        "no_agents": table.no_agents,
        "hours": table.hours,
        "at_closing": table.at_closing or FINISH,
        "repeat_ms": table.repeat.within if table.repeat else None,
        "repeat_credit_s": table.repeat.credit // 1000 if table.repeat else 0,
    }


def judge_limits(document: Document, name: str, table: QueueTable) -> None:
    """What of one queue's limits can never come to pass."""
    limited = (table.most_waiting, table.waiting_per_agent, table.longest_wait)
    if table.overflow and limited == (None, None, None):
        sentence = "nothing leads there: no `most_waiting`, `waiting_per_agent` or `longest_wait` is set"
        document.warning("limit-missing", sentence, name, "overflow")
    if table.at_closing and not table.hours:
        document.fault("hours-missing", "it never closes: say when, with `hours`", name, "at_closing")
    if table.longest_wait and table.max_wait and table.longest_wait >= table.max_wait:
        sentence = "never comes: `max_wait` is over before, and then the program decides"
        document.warning("limit-never-reached", sentence, name, "longest_wait")
    if table.longest_wait and table.steps:
        relaxed = sum(step.hold or 0 for step in table.steps)
        if relaxed >= table.longest_wait:
            document.warning("step-never-reached", "ends before the last step begins", name, "longest_wait")


def references_of(document: Document, queues: Mapping[QueueName, Queue], references: list[Reference]) -> None:
    """The queues and hours that queues name."""
    for name, queue in queues.items():
        for way, to in _ways(queue):
            references.append(Reference("queue", to, blame(document, name, way)))
        if queue.hours:
            references.append(Reference("hours", queue.hours, blame(document, name, "hours")))
        if queue.at_closing in (FINISH, PROGRAM) and queue.at_closing in queues:
            sentence = f"`{queue.at_closing}` says what becomes of those who wait, and is a queue too: rename that"
            document.fault("name-taken", sentence, name, "at_closing")


def judge_cycles(document: Document, queues: Mapping[QueueName, Queue]) -> None:
    """Overflows that lead round and round: nobody would ever be sent on to the program."""
    told: set[QueueName] = set()
    for name in queues:
        path = _cycle(queues, name)
        if path and not told & set(path):
            told |= set(path)
            way = next(way for way, to in _ways(queues[name]) if to == path[1])
            document.fault("overflow-cycle", f"leads round: {' → '.join(path)}", name, way)


def _cycle(queues: Mapping[QueueName, Queue], begin: QueueName) -> tuple[QueueName, ...]:
    """The shortest way from a queue back to itself; () if there is none."""
    paths: list[tuple[QueueName, ...]] = [(begin,)]
    seen: set[QueueName] = set()
    for path in paths:
        for _, to in _ways(queues[path[-1]]):
            if to == begin:
                return (*path, to)
            if to in queues and to not in seen:
                seen.add(to)
                paths.append((*path, to))
    return ()


def _ways(queue: Queue) -> list[tuple[str, QueueName]]:
    """Where it leads, by the key that says so."""
    closing = None if queue.at_closing in (FINISH, PROGRAM) else QueueName(queue.at_closing)
    named = zip(WAYS, (queue.overflow, queue.no_agents, closing), strict=True)
    return [(way, to) for way, to in named if to is not None]
