"""Changed rules: a file that says only what is to be otherwise, or a site's folders whose queues hold instead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from pydantic import TypeAdapter

from ccplane import site as sites
from ccplane.agents.facts import Profile
from ccplane.errors import SiteError
from ccplane.ids import AgentId, QueueName
from ccplane.routing.rules import Queue
from ccplane.simulate.day import Arrival, Day, Shift
from ccplane.simulate.shapes import ChangesTable
from ccplane.simulate.staffing import Part, Staffing
from ccplane.site.acd import queues_in
from ccplane.site.document import Document
from ccplane.site.faults import Findings, SiteFaults, did_you_mean

CHANGES: Final = TypeAdapter(ChangesTable)
TABLES: Final = ("queues", "agents")
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "strategy": ("strategy",),
    "answer": ("percent", "within_ms"),
    "ring": ("ring_ms",),
    "wrap_up": ("wrap_up_ms", "wrap_up_extend_ms", "wrap_up_most_ms"),
    "max_wait": ("max_wait_ms",),
    "weight": ("weight_s",),
    "strict": ("strict",),
    "skills": ("steps",),
    "steps": ("steps",),
    "most_waiting": ("most_waiting",),
    "waiting_per_agent": ("waiting_per_agent",),
    "longest_wait": ("longest_wait_ms",),
    "overflow": ("overflow",),
    "no_agents": ("no_agents",),
}
"""What a key of a queue says, of those that the simulator follows."""


class Changes(msgspec.Struct, frozen=True):
    """What is otherwise. `credit`: seconds, by what the log calls a contact; the others keep theirs."""

    queues: Mapping[QueueName, Queue] = {}
    """Whole, as they are then."""
    shifts: tuple[Shift, ...] = ()
    """More agents."""
    credit: Mapping[str, int] = {}
    pickup_ms: int | None = None

    def to(self, day: Day) -> Day:
        """The same day under the changed rules: the same customers come."""
        arrivals = day.arrivals
        if self.credit:
            arrivals = tuple(self._credited(arrival) for arrival in arrivals)
        return replace(
            day,
            queues={**day.queues, **self.queues},
            arrivals=arrivals,
            shifts=(*day.shifts, *self.shifts),
            pickup_ms=day.pickup_ms if self.pickup_ms is None else self.pickup_ms,
        )

    def _credited(self, arrival: Arrival) -> Arrival:
        seconds = self.credit.get(arrival.kind)
        return arrival if seconds is None else replace(arrival, credit_s=seconds)


def read_changes(
    path: Path, queues: Mapping[QueueName, Queue], hours: int, opens: int, kinds: Collection[str] = ()
) -> Changes:
    """What the file or the site changes in these queues; SiteFaults with all that is wrong.

    `hours`, `opens`: of the day, ms, for the shifts of further agents. `kinds`: what a log calls its contacts.
    """
    if path.is_dir():
        known = sites.parse(sites.read(path)).rules.queues
        return Changes({name: queue for name, queue in known.items() if name in queues})
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError("unreadable", f"cannot be read: {error}", path=path) from error
    findings = Findings()
    document = Document(str(path), text, findings)
    table = document.validated(CHANGES, {key: each for key, each in document.data.items() if key not in TABLES})
    part = Part(document, "queues")
    changed = _queues(part, queues)
    people: dict[AgentId, Profile] = {}
    extra = Part(document, "agents")
    shifts = tuple(Staffing(extra, queues, people, hours, opens).shifts()) if extra.data else ()
    for kind in table.credit if table else ():
        if kind not in kinds:
            there = f"; there is {', '.join(sorted(kinds))}" if kinds else ": nothing here tells contacts apart"
            document.fault("no-such-kind", f"no contact is called `{kind}`{there}", "credit", kind)
    if findings.faults or table is None:
        raise SiteFaults(findings.faults)
    credit = {kind: ms // 1000 for kind, ms in table.credit.items()}
    return Changes(changed, shifts, credit, table.pickup)


def _queues(part: Part, queues: Mapping[QueueName, Queue]) -> dict[QueueName, Queue]:
    """Each as it was, but for the keys that are given."""
    given: dict[str, dict[str, Any]] = dict(part.tables())
    for name, table in given.items():
        if QueueName(name) not in queues:
            part.fault("no-such-queue", f"there is no queue `{name}`{did_you_mean(name, queues)}", name)
        for key in table:
            if key in ("overflow", "no_agents") and table[key] not in queues:
                sentence = f"there is no queue `{table[key]}`{did_you_mean(str(table[key]), queues)}"
                part.fault("no-such-queue", sentence, name, key)
            if key not in FIELDS:
                sentence = f"the simulator does not follow this key{did_you_mean(key, FIELDS)}"
                part.fault("not-simulated", sentence, name, key)
    # A queue must say who may answer; one that says nothing of it here keeps what it asks.
    part.data = {
        name: table if {"skills", "steps"} & table.keys() else table | {"skills": {}} for name, table in given.items()
    }
    return {
        name: replace(queues[name], **_said(queue, given[name]))
        for name, queue in queues_in(part).items()
        if name in queues
    }


def _said(queue: Queue, table: Mapping[str, Any]) -> dict[str, Any]:
    return {field: getattr(queue, field) for key in table for field in FIELDS.get(key, ())}
