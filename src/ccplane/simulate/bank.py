"""The call log of "Anonymous Bank" (Technion, 1999): real calls, read with care, to be run again.

One row per call, tab-separated. A row that cannot be read is counted and left out; one that cannot be is counted and
kept, since it still says when somebody came and what became of them.
"""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

from ccplane.agents.facts import Membership, Profile
from ccplane.contacts.facts import QueueOutcome
from ccplane.errors import SiteError
from ccplane.ids import AgentId, QueueName
from ccplane.kpi.counters import Counters, for_answered, for_ended
from ccplane.routing.rules import Queue, Step
from ccplane.simulate.day import Shift
from ccplane.simulate.recorded import RecordedDay, Stay, at_work

COLUMNS: Final = 16
PRIORITY: Final = 2
CREDIT_S: Final = 90
"""Callers of that priority were served as if they had waited so much longer."""
NOBODY: Final = "NO_SERVER"
BREAK_MS: Final = 15 * 60_000
"""A longer time without a call was a break: the log does not say when agents were there."""
WITHIN_MS: Final = 20_000
FEW: Final = 0.03
"""Of an agent's calls of the day: of a type with fewer they are no agent."""


class BankCall(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row. Times in s from midnight, 0 where there was none. `outcome`: AGENT, HANG or PHANTOM."""

    call: str
    priority: int
    kind: str
    date: str
    left_menu: int
    queued: int
    unqueued: int
    waited: int
    outcome: str
    served: int
    ended: int
    talked: int
    server: str

    @property
    def offered(self) -> bool:
        """Asked for a person: was served, or waited for it. Who hung up in the menu did not."""
        return self.outcome == "AGENT" or (self.outcome == "HANG" and self.waited > 0)


class BankLog(msgspec.Struct, frozen=True):
    """`rows`: all that there were; `unreadable`, `impossible`: how often what was wrong with them."""

    calls: tuple[BankCall, ...]
    rows: int
    unreadable: Mapping[str, int]
    impossible: Mapping[str, int]


def read_bank(path: Path) -> BankLog:
    """All calls of a month's file, packed by gzip or not."""
    try:
        packed = path.read_bytes()
        lines = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode().splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise SiteError("unreadable", f"cannot be read: {error}", path=path) from error
    if not lines or lines[0].split("\t")[:2] != ["vru+line", "call_id"]:
        sentence = "is no log of the bank: its first row would name the columns, vru+line, call_id …"
        raise SiteError("no-bank-log", sentence, path=path)
    calls: list[BankCall] = []
    unreadable: Counter[str] = Counter()
    impossible: Counter[str] = Counter()
    for line in lines[1:]:
        cells = line.split("\t")
        if len(cells) != COLUMNS:
            unreadable["number of columns"] += 1
            continue
        try:
            call = _call(cells)
        except ValueError:
            unreadable["a number or a time"] += 1
            continue
        impossible.update(_impossible(call, cells))
        calls.append(call)
    return BankLog(tuple(calls), len(lines) - 1, dict(unreadable), dict(impossible))


def _call(cells: list[str]) -> BankCall:
    return BankCall(
        call=f"{cells[0]}/{cells[1]}/{cells[4]}",
        priority=int(cells[2]),
        kind=cells[3].strip(),
        date=f"19{cells[4][:2]}-{cells[4][2:4]}-{cells[4][4:6]}",
        left_menu=_seconds(cells[6]),
        queued=_seconds(cells[8]),
        unqueued=_seconds(cells[9]),
        waited=int(cells[10]),
        outcome=cells[11].strip(),
        served=_seconds(cells[12]),
        ended=_seconds(cells[13]),
        talked=int(cells[14]),
        server=cells[15].strip(),
    )


def _seconds(text: str) -> int:
    hours, minutes, seconds = map(int, text.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _impossible(call: BankCall, cells: list[str]) -> Iterable[str]:
    if int(cells[7]) < 0 or call.waited < 0 or call.talked < 0:
        yield "a negative time"
    if call.waited > 0 and call.unqueued - call.queued != call.waited:
        yield "a wait that is not from its begin to its end"
    if call.outcome == "AGENT" and call.ended - call.served != call.talked:
        yield "a talk that is not from its begin to its end"


def counted(calls: Iterable[BankCall], within_ms: int = WITHIN_MS) -> Counters:
    """The KPIs' counters of all who asked for a person, by the code that counts live calls."""
    sums = dict.fromkeys(Counters.__struct_fields__, 0)
    for call in calls:
        if call.offered:
            waited = call.waited * 1000
            answered = call.outcome == "AGENT"
            more = for_answered(waited, within_ms) if answered else for_ended(QueueOutcome.ABANDONED, waited, within_ms)
            for name, count in {"entered": 1, **more}.items():
                sums[name] += count
    return Counters(**sums)


# --------------------------------------------------------------------------------------------------- to be run again


def recorded_days(log: BankLog) -> list[RecordedDay]:
    """Each day. A queue for each type of call; callers of priority 2 have the bank's credit.
    Agents serve the types of which they served more than a few that day, from their first talk to their last, but for
    breaks."""
    by_day: dict[str, list[BankCall]] = defaultdict(list)
    for call in log.calls:
        if call.offered:
            by_day[call.date].append(call)
    kinds = sorted({call.kind for call in log.calls if call.offered})
    queues = {QueueName(kind): Queue(name=QueueName(kind), steps=(Step(),), within_ms=WITHIN_MS) for kind in kinds}
    return [_day(name, calls, queues) for name, calls in sorted(by_day.items())]


def _day(name: str, calls: list[BankCall], queues: Mapping[QueueName, Queue]) -> RecordedDay:
    served = [call for call in calls if _talk(call)]
    people = {
        server: Profile(
            id=AgentId(server),
            name=server,
            skills={},
            endpoint=f"PJSIP/{server}",
            queues={QueueName(kind): Membership() for kind in kinds},
        )
        for server, kinds in _types(served).items()
    }
    after = _between(calls)
    talks = ((call.server, call.served * 1000, call.ended * 1000) for call in served)
    return RecordedDay(
        name=name,
        queues=queues,
        stays=tuple(_stay(call, after.get(call.call)) for call in calls),
        shifts=tuple(Shift(people[who], begins, ends, "agents") for who, begins, ends in at_work(talks, BREAK_MS)),
        closes=max([*(call.ended * 1000 for call in calls), *(call.unqueued * 1000 for call in calls), 1]),
    )


def _between(calls: list[BankCall]) -> dict[str, int]:
    """By call: for how long its agent took no other although somebody waited whom they might have, ms. This is what the
    log has of wrap-up, short breaks and all else; of talks after which nobody waited it says nothing."""
    served = sorted((call for call in calls if _talk(call)), key=lambda call: (call.server, call.served))
    kinds = _types(served)
    waits: dict[str, list[BankCall]] = defaultdict(list)
    for call in calls:
        if call.waited > 0:
            waits[call.kind].append(call)
    gaps = {}
    for before, after in pairwise(served):
        gap, now = (after.served - before.ended) * 1000, before.ended
        if before.server == after.server and 0 <= gap <= BREAK_MS:
            waiting = (each for kind in kinds[before.server] for each in waits[kind])
            if any(each.queued <= now < each.unqueued for each in waiting):
                gaps[before.call] = gap
    return gaps


def _types(served: Iterable[BankCall]) -> dict[str, list[str]]:
    """By agent: the types of which they served more than a few. What they took now and then they were not there for."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for call in served:
        counts[call.server][call.kind] += 1
    kinds = {
        server: sorted(kind for kind, count in each.items() if count >= FEW * each.total())
        for server, each in counts.items()
    }
    nobodys = {kind for each in counts.values() for kind in each} - {kind for each in kinds.values() for kind in each}
    return {server: [*each, *(kind for kind in counts[server] if kind in nobodys)] for server, each in kinds.items()}


def _talk(call: BankCall) -> bool:
    return call.outcome == "AGENT" and call.server != NOBODY


def _stay(call: BankCall, wrap_up_ms: int | None) -> Stay:
    answered = call.outcome == "AGENT"
    came = call.queued if call.waited > 0 else call.served if answered else call.left_menu
    return Stay(
        contact=call.call,
        at=came * 1000,
        queue=QueueName(call.kind),
        waited_ms=call.waited * 1000,
        outcome=QueueOutcome.ANSWERED if answered else QueueOutcome.ABANDONED,
        talk_ms=max(0, call.talked) * 1000,
        wrap_up_ms=wrap_up_ms,
        credit_s=CREDIT_S if call.priority == PRIORITY else 0,
        kind=f"priority-{call.priority}",
    )
