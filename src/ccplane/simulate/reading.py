"""A scenario's file, judged like a site's: every fault at once, with file, line and key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from ccplane import site as sites
from ccplane.agents.facts import Profile
from ccplane.errors import SiteError
from ccplane.ids import AgentId, QueueName
from ccplane.routing.asking import could_serve
from ccplane.routing.rules import Queue
from ccplane.simulate.arrivals import Curve, Redial, Stream
from ccplane.simulate.chance import Never
from ccplane.simulate.day import Shift
from ccplane.simulate.scenario import Scenario
from ccplane.simulate.shapes import CustomersTable, ScenarioTable
from ccplane.simulate.staffing import Part, Staffing
from ccplane.site.acd import queues_in
from ccplane.site.document import Document
from ccplane.site.faults import Findings, SiteFaults, did_you_mean

SCENARIO: Final = TypeAdapter(ScenarioTable)
CUSTOMERS: Final = TypeAdapter(CustomersTable)
TABLES: Final = ("queues", "customers", "agents")
NOT_SIMULATED: Final = frozenset({"hours", "at_closing", "ring_at_once", "groups", "repeat"})
"""Keys of a queue that hold for real calls alone."""


class Reading:
    """What a scenario's file says, and what is odd about it."""

    def __init__(self, scenario: Scenario, warnings: Sequence[SiteError]) -> None:
        self.scenario = scenario
        self.warnings = tuple(warnings)


def read_scenario(path: Path, site: Path | None = None) -> Reading:
    """The scenario in this file; SiteFaults with all that is wrong. `site`: folders to take queues and agents from,
    instead of those that the file names."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError("unreadable", f"cannot be read: {error}", path=path) from error
    findings = Findings()
    document = Document(str(path), text, findings)
    if document.broken:
        raise SiteFaults(findings.faults)
    scenario = _Judging(document, path.parent, site).scenario()
    if findings.faults or scenario is None:
        raise SiteFaults(findings.faults)
    return Reading(scenario, findings.warnings)


class _Judging:
    def __init__(self, document: Document, folder: Path, site: Path | None) -> None:
        self._document = document
        plain = {key: value for key, value in document.data.items() if key not in TABLES}
        self._table = document.validated(SCENARIO, plain)
        self._queues: dict[QueueName, Queue] = {}
        self._people: dict[AgentId, Profile] = {}
        where = site or (folder / self._table.site if self._table and self._table.site else None)
        if where is not None:
            known = sites.parse(sites.read(where))
            self._queues.update(known.rules.queues)
            self._people = {each.id: each.profile(f"PJSIP/{each.id}") for each in known.agents}
        self._own = Part(document, "queues")
        self._queues.update(queues_in(self._own))
        self._known = {*self._queues, *map(QueueName, self._own.data)}
        """By name, also those with a fault of their own."""

    def scenario(self) -> Scenario | None:
        """None where faults were found."""
        table = self._table
        streams = tuple(self._streams())
        shifts: tuple[Shift, ...] = ()
        if table is not None:
            staffing = Staffing(Part(self._document, "agents"), self._known, self._people, table.hours, table.opens)
            shifts = tuple(staffing.shifts())
        if not self._queues and not self._own.data:
            self._document.fault("no-queues", "is missing: [queues.NAME], with keys as in acd/queues.toml", "queues")
        if not streams and not self._document.data.get("customers"):
            self._document.fault("no-customers", "is missing: [customers.NAME] says who comes, and when", "customers")
        if table is not None and not shifts and not self._document.data.get("agents"):
            self._document.fault("no-agents", "is missing: [agents.NAME] says who works, and when", "agents")
        self._judge_queues()
        self._judge_served(streams, shifts)
        if table is None:
            return None
        return Scenario(
            name=table.name or Path(self._document.path).stem,
            queues=self._queues,
            streams=streams,
            shifts=shifts,
            open_ms=table.hours,
            opens_at=table.opens,
            slot_ms=table.slot,
            pickup_ms=table.pickup,
            busyness=table.busyness,
            wait_without_agents=table.without_agents == "wait",
        )

    # --- who comes -------------------------------------------------------------------------------------------------

    def _streams(self) -> Iterator[Stream]:
        part = Part(self._document, "customers")
        for name, raw in part.tables():
            table = part.validated(CUSTOMERS, raw, name)
            if table is None or self._table is None:
                continue
            queue = QueueName(table.queue or name)
            if queue not in self._known:
                hint = did_you_mean(queue, self._known)
                part.fault(
                    "no-such-queue", f"there is no queue `{queue}`{hint}", name, *(["queue"] * bool(table.queue))
                )
                continue
            rates = table.per_minute
            slot = table.slot or self._table.hours // len(rates)
            if len(rates) * slot > self._table.hours:
                sentence = (
                    f"{len(rates)} rates of {slot // 1000} s each reach beyond `hours`: nobody comes after closing"
                )
                part.warning("beyond-hours", sentence, name, "per_minute")
            yield Stream(
                name=name,
                queue=queue,
                curve=Curve(tuple(rates), slot).until(self._table.hours),
                service=table.service.shape_of(),
                patience=table.patience.shape_of() if table.patience is not None else Never(),
                credit_s=table.credit // 1000,
                language=table.language or "",
                redial=Redial(table.redial.share, table.redial.after.shape_of()) if table.redial else None,
                wrap_up=table.wrap_up.shape_of() if table.wrap_up is not None else None,
            )

    # --- whether it makes sense ------------------------------------------------------------------------------------

    def _judge_queues(self) -> None:
        for name, table in self._own.data.items():
            for key in ("overflow", "no_agents"):
                to = table.get(key) if isinstance(table, dict) else None
                if isinstance(to, str) and to not in self._known:
                    sentence = f"there is no queue `{to}`{did_you_mean(to, self._known)}"
                    self._own.fault("no-such-queue", sentence, name, key)
            for key in NOT_SIMULATED & set(table if isinstance(table, dict) else ()):
                self._own.warning("not-simulated", "is not simulated", name, key)

    def _judge_served(self, streams: Sequence[Stream], shifts: Sequence[Shift]) -> None:
        for stream in streams:
            queue = self._queues.get(stream.queue)
            if queue and shifts and not any(could_serve(shift.agent, queue) for shift in shifts):
                sentence = f"nobody who works could serve `{queue.name}`: skills or membership are missing"
                self._document.warning("nobody-serves", sentence, "customers", stream.name)
