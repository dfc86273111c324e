"""Who works when, as the groups of a scenario's file say it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from pydantic import TypeAdapter

from ccplane.agents.facts import Membership, Profile
from ccplane.errors import SiteError
from ccplane.ids import AgentId, QueueName
from ccplane.simulate.day import Shift
from ccplane.simulate.shapes import GroupTable, ShiftTable
from ccplane.site.document import Document
from ccplane.site.faults import did_you_mean

GROUP: Final = TypeAdapter(GroupTable)


class Part(Document):
    """One table of a file, judged as if it were a file of its own; faults name the line in the whole."""

    def __init__(self, whole: Document, name: str) -> None:
        self.path, self.text, self.broken = whole.path, whole.text, whole.broken
        self._findings = whole._findings
        self._name = name
        given = whole.data.get(name, {})
        if not isinstance(given, dict):
            whole.fault("wrong-type", f"is a table: [{name}.…] on a line of its own", name)
            given = {}
        self.data = given

    def _error(self, code: str, sentence: str, at: tuple[str | int, ...]) -> SiteError:
        return super()._error(code, sentence, (self._name, *at))


class Staffing:
    """`[agents.…]` of a file. `hours`: how long the doors are open, ms; `opens`: when, ms from midnight."""

    def __init__(
        self,
        part: Part,
        queues: Collection[QueueName],
        people: Mapping[AgentId, Profile],
        hours: int,
        opens: int,
    ) -> None:
        self._part, self._queues, self._people, self._hours, self._opens = part, queues, people, hours, opens

    def shifts(self) -> Iterator[Shift]:
        """Every agent's times; all of the site's agents all day where no group is named."""
        part = self._part
        if not part.data:
            yield from (Shift(each, group="site") for each in self._people.values())
            return
        seen: set[AgentId] = set()
        for name, raw in part.tables():
            table = part.validated(GROUP, raw, name)
            if table is None:
                continue
            if (table.count is None) == (table.ids is None):
                part.fault("count-or-ids", "needs `count`, how many, or `ids`, who of the site", name)
                continue
            for queue in table.queues:
                if queue not in self._queues:
                    sentence = f"there is no queue `{queue}`{did_you_mean(queue, self._queues)}"
                    part.fault("no-such-queue", sentence, name, "queues", queue)
            for profile, there in self._members(part, name, table):
                if profile.id in seen:
                    part.fault("agent-twice", f"agent {profile.id} is in two groups", name)
                seen.add(profile.id)
                yield from self._times(part, name, table, profile, there)

    def _members(self, part: Part, name: str, table: GroupTable) -> Iterator[tuple[Profile, list[bool] | None]]:
        """Each agent of a group, and in which slots they are there; None: by `shifts`, or all day."""
        for each in table.ids or ():
            known = self._people.get(AgentId(each))
            if known is None:
                part.fault(
                    "no-such-agent", f"the site has no agent `{each}`{did_you_mean(each, self._people)}", name, "ids"
                )
            else:
                yield known, None
        counts = table.count or []
        queues = {QueueName(queue): Membership(each.level, each.priority) for queue, each in table.queues.items()}
        for number in range(max(counts, default=0)):
            agent = AgentId(f"{name}-{number + 1:03}")
            profile = Profile(
                id=agent,
                name=str(agent),
                skills=table.skills,
                endpoint=f"PJSIP/{agent}",
                languages=tuple(table.languages),
                queues=queues,
            )
            yield profile, [count > number for count in counts] if len(counts) > 1 else None

    def _times(
        self, part: Part, name: str, table: GroupTable, profile: Profile, there: list[bool] | None
    ) -> Iterator[Shift]:
        if there is not None:
            if table.shifts:
                part.fault("count-or-shifts", "has a count for each slot and `shifts`; keep one", name, "shifts")
            slot = table.slot or self._hours // len(there)
            yield from (
                Shift(
                    profile,
                    begins * slot,
                    None if ends == len(there) or ends * slot >= self._hours else ends * slot,
                    name,
                )
                for begins, ends in stretches(there)
                if begins * slot < self._hours
            )
        elif table.shifts:
            yield from (self._shift(part, name, number, each, profile) for number, each in enumerate(table.shifts))
        else:
            yield Shift(profile, group=name)

    def _shift(self, part: Part, name: str, number: int, table: ShiftTable, profile: Profile) -> Shift:
        begins, ends = table.begins - self._opens, table.ends - self._opens
        if begins >= ends:
            part.fault("shift-ends-first", "ends before it begins", name, "shifts", number)
        if begins >= self._hours:
            part.fault("out-of-hours", "begins after closing: `opens` plus `hours`", name, "shifts", number)
        return Shift(profile, max(0, begins), None if ends >= self._hours else ends, name)


def stretches(there: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """[from, to) of those that are true and next to each other."""
    begins: int | None = None
    for at, here in enumerate([*there, False]):
        if here and begins is None:
            begins = at
        elif not here and begins is not None:
            yield begins, at
            begins = None
