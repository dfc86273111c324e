"""`make bench-handover`: what callers notice of an upgrade: caller's INVITE → agent's phone rings, under load.

python -m bench.handover                       20 calls/s, 5 hand-overs: about three minutes, as root
python -m bench.handover --rounds 1 --seconds 8 --no-files

Each round has calls without a hand-over, then calls around one; an agent is always idle. Asked is by how much the
slowest offer near a hand-over is slower than the usual one. Plane, successor, Asterisk, Postgres and phones share this
machine. Ends with 1 if the promise is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

import httpx
import uvloop

from bench.made import Made, on_machine, usual_arguments
from bench.switching.__main__ import alone, positive
from bench.switching.measure import machine, milliseconds, percentile, revision
from bench.switching.peers import NUMBER
from bench.switching.plane import Plane
from ccplane.child import ended
from ccplane.errors import SetupError
from ccplane.testing.siplab import Lab, answers, open_lab
from ccplane.testing.siplab.ring import Ring

PROMISED_MS: Final = 200.0
AGENTS: Final = 60
TALK_S: Final = 0.5
NEAR_S: Final = 0.5
"""An offer is near a hand-over if its caller dialled so long before it began, or after it was over."""
MADE: Final = Made("handover", "A hand-over to a new process")


class Offers:
    """When each caller dialled, and when a phone rang for them first."""

    def __init__(self, lab: Lab) -> None:
        self.seen: list[tuple[float, float]] = []
        self._record, self._rang = lab.record, lab.record.rang
        lab.record.rang = self._ring  # type: ignore[method-assign]

    def _ring(self, ring: Ring) -> None:
        call = self._record.waiting.get(ring.caller)
        if call is not None:
            self.seen.append((call.started, ring.at))
        self._rang(ring)

    def delays(self, since: float, until: float) -> list[float]:
        """Of those who dialled within this time."""
        return [rang - dialled for dialled, rang in self.seen if since <= dialled <= until]


async def hand_over(plane: Plane) -> dict[str, Any]:
    """What the successor says of it, and when (monotonic) it was known to be over."""
    before = (await plane.http.post("/api/v1/handover")).json()
    async with asyncio.timeout(60):
        while True:
            with suppress(httpx.TransportError):
                told: dict[str, Any] = (await plane.http.get("/api/v1/handover")).json()
                if told["stage"] == "failed":
                    raise SetupError("bench-handover", told["why"])
                if told["pid"] != before["pid"] and told["stage"] == "done":
                    return told | {"known_at": time.monotonic()}
            await asyncio.sleep(0.02)


async def calls(lab: Lab, rate: float) -> None:
    """At fixed moments, until cancelled."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number in count():
        await asyncio.sleep(begun + number / rate - loop.time())
        lab.callers.dial(NUMBER, talk=TALK_S)


@asynccontextmanager
async def under_load(lab: Lab, rate: float) -> AsyncIterator[None]:
    """Calls go on while inside; leaving waits for the last of them."""
    calling = asyncio.create_task(calls(lab, rate))
    try:
        yield
    finally:
        calling.cancel()
        await lab.drained(10.0)


async def measure(plane: Plane, rounds: int, rate: float, seconds: float) -> dict[str, Any]:
    """The figures of one run; the plane is up."""
    agents = [str(1001 + number) for number in range(AGENTS)]
    usual: list[float] = []
    during: list[float] = []
    slowest: list[float] = []
    took: list[dict[str, float]] = []
    async with open_lab(("127.0.0.1", plane.node.sip_port)) as lab:
        await lab.phones.register(await plane.secrets(agents))
        await plane.sign_in(agents)
        lab.phones.behave(answers(0.05), agents)
        offers = Offers(lab)
        successor = 0
        for _ in range(rounds):
            began = time.monotonic()
            async with under_load(lab, rate):
                await asyncio.sleep(seconds)
            usual += offers.delays(began, time.monotonic())
            async with under_load(lab, rate):
                await asyncio.sleep(seconds / 4)
                told = await hand_over(plane)
                await asyncio.sleep(seconds / 4)
            successor = told["pid"]
            over = told["known_at"]
            near = offers.delays(over - told["took_ms"]["total"] / 1000 - NEAR_S, over + NEAR_S)
            during += near
            slowest.append(max(near, default=float("inf")))
            took.append(told["took_ms"])
        stuck = await lab.drained(10.0)
        lost, dialled, talked = lab.record.lost, lab.record.dials, lab.record.outcomes["talked"]
        left = await plane.not_ready()
    os.kill(successor, signal.SIGTERM)
    await ended(successor)
    p50 = percentile(usual, 0.5) or 0.0
    return {
        "rate": rate,
        "usual_ms": milliseconds(usual),
        "near_ms": milliseconds(during),
        "extra_ms": [round((each - p50) * 1000, 1) for each in slowest],
        "took_ms": took,
        "dialled": dialled,
        "talked": talked,
        "lost": lost,
        "stuck": stuck,
        "agents_not_ready": len(left),
    }


async def run(options: argparse.Namespace) -> dict[str, Any]:
    plane = Plane(options.root, options.work / "handover", [str(1001 + n) for n in range(AGENTS)])
    try:
        await plane.start()
        asterisk = (await plane.node.cli("core show version")).partition(" built")[0]
        found = await measure(plane, options.rounds, options.rate, options.seconds)
    finally:
        await plane.stop()
    whole = not (found["lost"] or found["stuck"] or found["agents_not_ready"])
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine(),
        "asterisk": asterisk,
        **found,
        "promised_ms": PROMISED_MS,
        "kept": whole and max(found["extra_ms"]) <= PROMISED_MS,
    }


def table(made: dict[str, Any]) -> str:
    """Markdown, for people."""
    kept = "kept" if made["kept"] else "**missed**"
    shown = "{p50} / {p99} / {max} ms (n={n})"
    totals = sorted(each["total"] for each in made["took_ms"])
    return "\n".join(
        (
            "| | | promised | |",
            "|---|---|---|---|",
            f"| idle agent → ring, p50 / p99 / highest: usually | {shown.format(**made['usual_ms'])} | | |",
            f"| the same of those who dialled near a hand-over | {shown.format(**made['near_ms'])} | | |",
            f"| the slowest of each hand-over, above the usual p50 | {', '.join(map(str, made['extra_ms']))} ms "
            f"| at most {made['promised_ms']:.0f} ms, each | {kept} |",
            f"| events waited for the successor | {totals[0]} to {totals[-1]} ms | | |",
            f"| calls talked | {made['talked']} of {made['dialled']}, {made['lost']} lost, {made['stuck']} stuck "
            "| all | |",
        )
    )


def write(made: dict[str, Any]) -> None:
    said = f"{made['rate']:g} calls a second, {AGENTS} agents, {len(made['took_ms'])} hand-overs."
    MADE.write(made, on_machine(made) + said, table(made))


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.handover", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rounds", type=positive, default=5)
    parser.add_argument("--rate", type=float, default=20.0, help="calls per second")
    parser.add_argument("--seconds", type=float, default=15.0, help="of calls without, half around each")
    usual_arguments(parser, "bench", "where nodes and logs lie")
    return parser.parse_args(given)


def main() -> int:
    options = arguments()
    with alone(options.work):
        made = uvloop.run(run(options))
    print(table(made))
    if not options.no_files:
        write(made)
    return 0 if made["kept"] else 1


if __name__ == "__main__":
    sys.exit(main())
