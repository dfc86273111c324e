"""An hour without Postgres, caught up on: how long that takes, and what calls that come meanwhile notice of it.

python -m bench.catch_up                  36,000 calls of backlog: about five minutes
python -m bench.catch_up --calls 3000 --no-files

The backlog is synthetic, since nobody waits an hour: the facts of one real call (`a_call.jsonl`) as often as wanted, in
an outbox as ten calls a second leave it, and a Postgres of our own that syncs its disk. While it is shipped, new facts
come at that rate. Measured beside each other: how late the loop of all calls is, and how long a commit of the outbox
takes, without shipping, while catching up, and afterwards; and what a call takes on disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import uvloop

from bench.switching.__main__ import positive
from bench.switching.measure import machine, milliseconds, revision
from ccplane.app import GIVE_WAY_S
from ccplane.asterisk.node import HOME
from ccplane.facts import AnyFact, decode
from ccplane.log.backlog import MB, Backlog
from ccplane.log.outbox import GATHER_S, Outbox
from ccplane.log.outbox_file import Commit, OutboxFile
from ccplane.log.shipping import Shipper
from ccplane.log.writer import Facts, as_commit
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.postgres.migrate import migrate
from ccplane.postgres.pool import Database
from ccplane.postgres.store import PostgresFacts

RATE: Final = 10
AGENTS: Final = 60
TICK_S: Final = 0.005
RESULTS: Final = HOME / "bench" / "results" / "catch_up.json"
CALL: Final = [json.loads(line) for line in (Path(__file__).parent / "a_call.jsonl").read_text().splitlines()]
BEGAN: Final = CALL[0]["at"]
SAMPLE: Final = CALL[0]["contact"]


def a_call(number: int, at: int) -> Iterator[AnyFact]:
    """The facts of call `number`, which arrives at `at` ms."""
    agent, contact = str(1001 + number % AGENTS), f"c-ast1-{at // 1000}.{number}"
    for fact in CALL:
        text = json.dumps(fact | {"at": at + fact["at"] - BEGAN})
        yield decode(text.replace(SAMPLE, contact).replace('"1003"', f'"{agent}"'))


def backlog(calls: int, ends: int) -> list[AnyFact]:
    """What so many calls left, the last of them at `ends` ms, in the order in which it happened."""
    facts = [fact for n in range(calls) for fact in a_call(n, ends - (calls - n) * 1000 // RATE)]
    return sorted(facts, key=lambda fact: fact.at)


def left_in(path: Path, facts: Sequence[AnyFact]) -> None:
    """An outbox as it stands after that time: what came within ten milliseconds lies in one row."""
    file = OutboxFile(path)
    file.open()
    file._db.execute("PRAGMA synchronous = OFF")
    seq, items = 1, []
    for _, together in groupby(facts, key=lambda fact: fact.at // int(GATHER_S * 1000)):
        group = tuple(together)
        items.append(Facts(seq, 1, group))
        seq += len(group)
    for first in range(0, len(items), 2_000):
        groups = [group for item in items[first : first + 2_000] for group in as_commit([item]).groups]
        file.write(Commit(groups=groups, epoch=1), 0, 0)
    file.write(Commit(checkpoint=(seq - 1, b"")), 0, 0)
    file.close()


class Watch:
    """How late the loop is, and how long what is appended takes to be on disk, while somebody looks."""

    def __init__(self, box: Outbox) -> None:
        self._box, self._number = box, 0
        self.late: list[float] = []
        self.commits: list[float] = []

    async def looks(self, until: asyncio.Future[Any]) -> dict[str, Any]:
        """Until that is done; calls come meanwhile."""
        self.late, self.commits = [], []
        ticking, calling = asyncio.create_task(self._ticks()), asyncio.create_task(self._calls())
        await until
        for task in (ticking, calling):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        return {"loop_late_ms": milliseconds(self.late), "commit_ms": milliseconds(self.commits)}

    async def _ticks(self) -> None:
        while True:
            due = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            self.late.append(max(time.perf_counter() - due, 0.0))

    async def _calls(self) -> None:
        """Each call's facts come one after the other, as its events do."""
        pause = 1 / RATE / len(CALL)
        while True:
            self._number += 1
            for fact in a_call(1_000_000 + self._number, time.time_ns() // 1_000_000):
                committed = self._box.committed(self._box.append([fact]))
                committed.add_done_callback(partial(self._committed, time.perf_counter()))
                await asyncio.sleep(pause)

    def _committed(self, began: float, _: asyncio.Future[None]) -> None:
        self.commits.append(time.perf_counter() - began)


async def run(options: argparse.Namespace) -> dict[str, Any]:
    sys.setswitchinterval(GIVE_WAY_S)
    with tempfile.TemporaryDirectory(prefix="ccplane-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            await migrate(await server.start())
            return await measured(options, server, Path(folder) / "outbox.sqlite")
        finally:
            await server.stop()


async def measured(options: argparse.Namespace, server: EmbeddedPostgres, path: Path) -> dict[str, Any]:
    facts = backlog(options.calls, time.time_ns() // 1_000_000)
    count = len(facts)
    left_in(path, facts)
    del facts
    box, database = Outbox(path), Database(server.url())
    box.open()
    await database.open()
    box.begin(2)
    size = box.bytes_on_disk
    room = Backlog(box, 2048 * MB)
    shipper = Shipper(box, PostgresFacts(database), lambda: time.time_ns() // 1_000_000)
    watch, looking = Watch(box), asyncio.create_task(room.run())
    before = await watch.looks(asyncio.ensure_future(asyncio.sleep(options.seconds)))
    began = time.monotonic()
    shipping = asyncio.create_task(shipper.run())
    estimates = asyncio.create_task(estimated(room, began))
    during = await watch.looks(asyncio.ensure_future(shipper.shipped(count)))
    took = time.monotonic() - began
    estimates.cancel()
    lag = shipper.stats.lag
    afterwards = await watch.looks(asyncio.ensure_future(asyncio.sleep(options.seconds)))
    for task in (shipping, looking):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    connection = await database.connect()
    stored = await connection.fetchval("SELECT count(*) FROM fact")
    doubled = stored - await connection.fetchval("SELECT count(*) FROM (SELECT DISTINCT epoch, seq FROM fact) AS each")
    contacts = await connection.fetchval("SELECT count(*) FROM contact WHERE id NOT LIKE '%.1______'")
    await connection.close()
    await database.close()
    found = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine(),
        "calls": options.calls,
        "facts": count,
        "outbox_bytes": size,
        "bytes_per_call": round(size / options.calls),
        "hours_of_2_gb_at_10_calls_a_second": round(2048 * MB / (size / options.calls) / RATE / 3600, 1),
        "caught_up_s": round(took, 1),
        "facts_per_s": round(count / took),
        "stored": stored,
        "doubled": doubled,
        "contacts": contacts,
        "lag_s_mean": round(lag.sum / max(lag.count, 1), 1),
        "without_shipping": before,
        "catching_up": during,
        "afterwards": afterwards,
        "outbox_bytes_afterwards": box.bytes_on_disk,
    }
    await box.close()
    return found


async def estimated(room: Backlog, began: float) -> None:
    """What an operator would read, now and then."""
    while True:
        await asyncio.sleep(20)
        print(f"  after {time.monotonic() - began:.0f} s: {room.progress()}", file=sys.stderr)


def table(made: dict[str, Any]) -> str:
    """Markdown, for people."""

    def row(name: str, key: str) -> str:
        loop, commit = made[key]["loop_late_ms"], made[key]["commit_ms"]
        return (
            f"| {name} | {loop['p50']} / {loop['p99']} / {loop['max']} ms "
            f"| {commit['p50']} / {commit['p99']} / {commit['max']} ms |"
        )

    return "\n".join(
        (
            "| 10 calls a second, p50 / p99 / highest | the loop is late by | a fact is on disk after |",
            "|---|---|---|",
            row("without shipping", "without_shipping"),
            row(f"catching up on {made['calls']} calls, {made['caught_up_s']} s", "catching_up"),
            row("afterwards", "afterwards"),
        )
    )


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.catch_up", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--calls", type=positive, default=36_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to look without a backlog")
    parser.add_argument("--no-files", action="store_true", help="print only")
    return parser.parse_args(given)


def main() -> int:
    options = arguments()
    made = uvloop.run(run(options))
    print(table(made))
    if not options.no_files:
        RESULTS.write_text(json.dumps(made, indent=1) + "\n")
    return 0 if made["doubled"] == 0 and made["contacts"] == made["calls"] else 1


if __name__ == "__main__":
    sys.exit(main())
