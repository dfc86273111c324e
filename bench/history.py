"""`make bench-history`: figures of a month, counted and made again from its log; and a day's and a month's read.

python -m bench.history                        a month of 1,000,000 contacts: about 25 minutes, and 40 GB of disk
python -m bench.history --contacts 20000 --days 3 --no-files

The log is synthetic: the facts of one real call (`a_call.jsonl`), with other times, numbers, queues and agents, and one
call in nine abandoned, as often as wanted, in a Postgres of our own that syncs its disk. Rows and figures are made of
them as everywhere. Measured: how long it takes to count all figures from the rows, and, as `ccplane report rebuild`
does, to make all again from the log, to compare them and to count anew; the most memory that the process and its
Postgres took (shared buffers included); and how long it takes to read a day's and the month's figures of every group.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg

from bench.made import Made, checked, on_machine, promises, verdict
from bench.switching.__main__ import positive
from bench.switching.measure import machine, revision
from ccplane.kpi.slices import By, Grain
from ccplane.postgres import remaking
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.postgres.history import SliceStore
from ccplane.postgres.migrate import migrate
from ccplane.postgres.pool import Database
from ccplane.postgres.rebuild import rebuild
from ccplane.postgres.store import COLUMNS, DAY_MS, as_rows, make_partition, partition

FIRST: Final = date(2026, 10, 1)
EPOCH: Final = 1
AGENTS: Final = 400
QUEUES: Final = tuple(f"queue-{n}" for n in range(10))
NUMBERS: Final = tuple(f"40{n}" for n in range(10, 40))
OPENS_MS, OPEN_MS = 8 * 3_600_000, 12 * 3_600_000
CALL: Final = [json.loads(line) for line in (Path(__file__).parent / "a_call.jsonl").read_text().splitlines()]
SAMPLE: Final = CALL[0]["contact"]
MADE: Final = Made("history", "Figures of the past")
REBUILD_S, MEMORY_MB, DAY_S, MONTH_S = 480.0, 1024.0, 0.5, 2.0
RULES: Final = {
    "type": "RulesLoaded",
    "site": "bench",
    "rules": {
        "timezone": "UTC",
        "ring_cycle_ms": 5_000,
        "queues": {name: {"name": name, "within_ms": 20_000, "steps": [{"skills": {name: 1}}]} for name in QUEUES},
    },
}


def templates() -> list[tuple[str, str]]:
    """Of each fact of the call: its type, and its JSON with places for what is other in each call."""
    found = []
    for fact in CALL:
        changed = {"at": "@AT@", "agent": "@AGENT@", "queue": "@QUEUE@", "number_dialled": "@NUMBER@"}
        if fact["type"] == "TalkStarted":
            changed |= {"waited_ms": "@WAIT@"}
        if fact["type"] == "TalkEnded":
            changed |= {"talk_ms": "@TALK@"}
        text = json.dumps({key: changed.get(key, value) for key, value in fact.items()}, separators=(",", ":"))
        for number in ("AT", "WAIT", "TALK"):
            text = text.replace(f'"@{number}@"', f"@{number}@")
        found.append((fact["type"], text))
    return found


TEMPLATES: Final = templates()
BEFORE: Final = {"ContactArrived", "ProgramStarted", "StepStarted", "ContactQueued"}
IN_TALK: Final = {"TalkStarted", "RecordingAsked", "RecordingStarted"}
AFTER: Final = {"OfferMade", "CallerAnswered", "CallerEnteredRoom", "OfferRinging", "OfferAnswered"}
LEFT: Final = (
    '{"type":"ContactUnqueued","at":@AT@,"contact":"%s","queue":"@QUEUE@","segment":1,"outcome":"abandoned",'
    '"waited_ms":@WAIT@}'
)


def a_call(n: int, at: int, chance: random.Random) -> Iterator[tuple[int, str]]:
    """When, and the JSON of each fact."""
    contact = f"c-ast1-{at // 1000}.{n}"
    wait, talk = int(chance.expovariate(1 / 15_000)), 5_000 + int(chance.expovariate(1 / 60_000)) % 100_000
    place = {
        SAMPLE: contact, "@AGENT@": str(1001 + n % AGENTS), "@QUEUE@": QUEUES[n % 10], "@NUMBER@": NUMBERS[n % 30],
        "@WAIT@": str(wait), "@TALK@": str(talk),
    }  # fmt: skip
    abandoned = n % 9 == 0
    for kind, text in TEMPLATES:
        if abandoned and kind not in BEFORE and kind not in ("CallerAnswered", "CallerEnteredRoom", "ContactEnded"):
            if kind == "TalkStarted":
                yield at + wait, _filled(LEFT % contact, place, at + wait)
            continue
        ends = at + wait + (0 if abandoned else talk)
        when = at if kind in BEFORE else at + wait if kind in IN_TALK or kind in AFTER else ends
        yield when, _filled(text, place, when)


def _filled(text: str, place: dict[str, str], at: int) -> str:
    for key, value in place.items():
        if key in text:
            text = text.replace(key, value)
    return text.replace("@AT@", str(at))


def facts_of(day: int, contacts: int, first: int) -> list[tuple[int, str]]:
    """The facts of a day's calls, in the order in which they happened; calls begin at `first`."""
    chance = random.Random(first)
    began = (FIRST - date(1970, 1, 1)).days * DAY_MS + day * DAY_MS
    each = OPEN_MS / contacts
    found = [fact for n in range(contacts) for fact in a_call(first + n, began + OPENS_MS + int(n * each), chance)]
    found.sort(key=lambda fact: fact[0])
    if day == 0:
        found.insert(0, (began, json.dumps(RULES | {"at": began})))
    return found


async def fill(dsn: str, contacts: int, days: int) -> int:
    connection = await asyncpg.connect(dsn)
    seq, per_day = 0, contacts // days
    for day in range(days):
        found = facts_of(day, per_day, day * per_day)
        numbered = ((seq + n, text.encode()) for n, (_, text) in enumerate(found, 1))
        on = FIRST + timedelta(days=day)
        await make_partition(connection, on)
        await connection.copy_records_to_table(
            partition(on), records=list(as_rows(EPOCH, list(numbered))), columns=COLUMNS, timeout=3_600
        )
        seq += len(found)
        print(f"  {on}: {seq:,} facts", file=sys.stderr)
    await connection.execute("INSERT INTO watermark (epoch, outbox, seq) VALUES ($1, 'bench', $2)", EPOCH, seq)
    await connection.execute("ANALYZE fact")
    await connection.close()
    return seq


def filling(dsn: str, contacts: int, days: int) -> None:
    """In a process of its own, whose memory is not measured."""
    asyncio.run(fill(dsn, contacts, days))


async def run(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="ccplane-bench-", dir=options.work) as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            await migrate(await server.start())
            child = multiprocessing.get_context("fork").Process(
                target=filling, args=(server.url(), options.contacts, options.days)
            )
            child.start()
            await asyncio.to_thread(child.join)
            if child.exitcode:
                raise SystemExit("the log could not be made")
            return await measured(options, server.url())
        finally:
            await server.stop()


async def measured(options: argparse.Namespace, dsn: str) -> dict[str, Any]:
    database = Database(dsn)
    await database.open()
    store = SliceStore(database)
    began_at = (FIRST - date(1970, 1, 1)).days * DAY_MS
    ends_at = began_at + options.days * DAY_MS
    now = ends_at + DAY_MS
    rows_s, _ = await timed(rebuild(database))
    connection = await database.connect()
    await connection.execute("ANALYZE", timeout=600)  # as Postgres does by itself, some time after
    await connection.close()
    count_s, quarters = await timed(store.count(now))
    print(f"  rows made in {rows_s:.0f} s, {quarters:,} quarters counted in {count_s:.0f} s", file=sys.stderr)
    highest, watching = Highest(), asyncio.Event()
    watch = asyncio.create_task(highest.watch(watching))
    remade_s, remade = await timed(remaking.remake(database, began_at, ends_at, now, tell))
    watching.set()
    await watch
    day_s = [(await timed(read(store, began_at + DAY_MS, began_at + 2 * DAY_MS, Grain.QUARTER)))[0] for _ in range(5)]
    month_s = [(await timed(read(store, began_at, ends_at, Grain.DAY)))[0] for _ in range(5)]
    connection = await database.connect()
    facts = await connection.fetchval("SELECT count(*) FROM fact", timeout=600)
    entered = await connection.fetchval("SELECT sum(entered) FROM slice WHERE grain = 'day' AND by = 'site'")
    await connection.close()
    await database.close()
    share = options.contacts / 1_000_000
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine(),
        "contacts": options.contacts,
        "days": options.days,
        "facts": facts,
        "entered": int(entered),
        "rows_s": round(rows_s, 1),
        "count_s": round(count_s, 1),
        "rebuild_s": round(remade_s, 1),
        "facts_per_s": round(facts / remade_s),
        "memory_mb": round(highest.mb),
        "day_s": round(sorted(day_s)[2], 3),
        "month_s": round(sorted(month_s)[2], 3),
        "checks": checked(
            [
                ("contacts that are in no figure", 0, options.contacts // options.days * options.days - int(entered)),
                ("contacts whose rows differ from their facts", 0, remade.differ),
                ("figures that changed by being made again", 0, remade.figures),
                (
                    f"rebuild, s (480 s a million contacts; {options.contacts:,} here)",
                    REBUILD_S * share,
                    round(remade_s, 1),
                ),
                ("memory of the rebuild, MB", MEMORY_MB, round(highest.mb)),
                ("a day's figures by quarter of an hour, s", DAY_S, round(sorted(day_s)[2], 3)),
                ("all days' figures by day, s", MONTH_S, round(sorted(month_s)[2], 3)),
            ]
        ),
    }


async def timed(work: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    found = await work
    return time.perf_counter() - began, found


async def read(store: SliceStore, since: int, until: int, grain: Grain) -> int:
    """The figures of every group, as all tables of a report together read them."""
    return sum([len(await store.slices(since, until, grain, by)) for by in By])


class Highest:
    """The most memory that this process and the backends of its Postgres have taken together, MB."""

    def __init__(self) -> None:
        self.mb = 0.0

    async def watch(self, until: asyncio.Event) -> None:
        while not until.is_set():
            own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            self.mb = max(self.mb, own + max((_mb(each) for each in _backends()), default=0.0))
            await asyncio.sleep(0.5)


def _backends() -> list[Path]:
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                if b"ccplane" in (each / "cmdline").read_bytes() and b"postgres:" in (each / "cmdline").read_bytes():
                    found.append(each)
            except OSError:
                continue
    return found


def _mb(process: Path) -> float:
    try:
        for line in (process / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def tell(progress: remaking.Progress) -> None:
    if progress.what == "comparing" or progress.done % 1_000_000 < remaking.AT_ONCE:
        print(f"  {progress.what}: {progress.done:,} of {progress.of:,}", file=sys.stderr)


def said(made: dict[str, Any]) -> str:
    return f"{on_machine(made)}{made['contacts']:,} contacts in {made['days']} days, {made['facts']:,} facts."


def table(made: dict[str, Any]) -> str:
    """Markdown, for people."""
    lines = [
        "| | |",
        "|---|---|",
        f"| rows made from the facts, in place | {made['rows_s']} s |",
        f"| all figures counted from the rows | {made['count_s']} s |",
        f"| rebuild: read again, compared, counted | {made['rebuild_s']} s, {made['facts_per_s']:,} facts a second |",
        "",
        *promises(made["checks"]),
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__.splitlines()[0])
    parser.add_argument("--contacts", type=positive, default=1_000_000)
    parser.add_argument("--days", type=positive, default=30)
    parser.add_argument("--work", type=Path, default=None, help="a folder with room for the database")
    parser.add_argument("--no-files", action="store_true", help="print only")
    options = parser.parse_args(arguments)
    made = asyncio.run(run(options))
    print(f"{said(made)}\n\n{table(made)}")
    if not options.no_files:
        MADE.write(made, said(made), table(made))
    return verdict(made["checks"])


if __name__ == "__main__":
    sys.exit(main())
