"""`make bench-pop`: how soon a call is on an agent's screen, `OfferMade` decided → message read by the screen.

python -m bench.pop                       200 screens, 400 calls at 10 a second: about two minutes, as root
python -m bench.pop --calls 50 --no-files

Plane, Asterisk, phones and all screens share this machine, and its clock: the fact bears whole milliseconds of it, so a
figure may be up to 1 ms too high. Ends with 1 if the promise is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, Final

import uvloop

from bench.made import Made, on_machine, usual_arguments
from bench.switching.__main__ import alone, positive
from bench.switching.measure import machine, milliseconds, revision
from bench.switching.peers import NUMBER
from bench.switching.plane import Plane, at_rest
from ccplane.testing.screen import Screen, open_screen
from ccplane.testing.siplab import answers, open_lab

PROMISED_MS: Final = 200.0
AGENTS: Final = 20
MADE: Final = Made("pop", "The screen pop")


class Watched:
    """When each offer came before the eyes of its agent."""

    def __init__(self) -> None:
        self.pops: list[float] = []
        """Seconds from the fact's own time."""

    def follow(self, screen: Screen) -> None:
        screen.on_message = self._seen

    def _seen(self, message: dict[str, Any]) -> None:
        now = time.time()
        if message.get("type") == "offered":
            self.pops.append(now - datetime.fromisoformat(message["at"]).timestamp())


async def measure(plane: Plane, screens: int, calls: int, rate: float, rest_s: float) -> dict[str, Any]:
    """The figures of one run; the plane is up, with as many agents as screens."""
    everyone = [str(1001 + number) for number in range(screens)]
    working = everyone[:AGENTS]
    alone_at_rest = await at_rest(plane, rest_s)
    watched = Watched()
    async with AsyncExitStack() as stack:
        lab = await stack.enter_async_context(open_lab(("127.0.0.1", plane.node.sip_port)))
        await lab.phones.register(await plane.secrets(working))
        for agent in everyone:
            token = await plane.session(agent, "ready" if agent in working else "paused")
            watched.follow(await stack.enter_async_context(open_screen(plane.url, token)))
        watched_at_rest = await at_rest(plane, rest_s)
        lab.phones.behave(answers(0.05), working)
        await _call(lab.callers.dial, calls, rate)
        stuck = await lab.drained(20.0)
    return {
        "screens": screens,
        "pop_ms": milliseconds(watched.pops),
        "dialled": calls,
        "talked": lab.record.outcomes["talked"],
        "stuck": stuck,
        "rest_cpu_percent": round(alone_at_rest.levels["cpu_percent"], 2),
        "rest_cpu_percent_with_screens": round(watched_at_rest.levels["cpu_percent"], 2),
    }


async def _call(dial: Any, calls: int, rate: float) -> None:
    """Calls at fixed moments: somebody is always idle."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number in range(calls):
        await asyncio.sleep(begun + number / rate - loop.time())
        dial(NUMBER, talk=0.5)


async def run(options: argparse.Namespace) -> dict[str, Any]:
    plane = Plane(options.root, options.work / "ccplane", [str(1001 + n) for n in range(options.screens)])
    try:
        await plane.start()
        asterisk = (await plane.node.cli("core show version")).partition(" built")[0]
        found = await measure(plane, options.screens, options.calls, options.rate, options.rest_seconds)
    finally:
        await plane.stop()
    highest = found["pop_ms"]["max"]
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine(),
        "asterisk": asterisk,
        **found,
        "promised_ms": PROMISED_MS,
        "kept": found["pop_ms"]["n"] >= found["dialled"] and highest is not None and highest <= PROMISED_MS,
    }


def table(made: dict[str, Any]) -> str:
    """Markdown, for people."""
    kept = "kept" if made["kept"] else "**missed**"
    pop = "{p50} / {p99} / {max} ms (n={n})".format(**made["pop_ms"])
    quiet, watched = made["rest_cpu_percent"], made["rest_cpu_percent_with_screens"]
    return "\n".join(
        (
            "| | | promised, for each | |",
            "|---|---|---|---|",
            f"| offer made → on the screen, p50 / p99 / highest | {pop} | {made['promised_ms']:.0f} ms | {kept} |",
            f"| at rest, without screens and with {made['screens']} | {quiet} and {watched} % of a core | | |",
        )
    )


def write(made: dict[str, Any]) -> None:
    said = f"{made['dialled']} calls, 10 a second, {AGENTS} agents at phones, {made['screens']} screens."
    MADE.write(made, on_machine(made) + said, table(made))


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.pop", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--screens", type=positive, default=200)
    parser.add_argument("--calls", type=positive, default=400)
    parser.add_argument("--rate", type=float, default=10.0, help="calls per second")
    parser.add_argument("--rest-seconds", type=float, default=20.0)
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
