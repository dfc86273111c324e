"""`make bench-recovery`: how soon ccplane routes again after kill -9, with 500 live contacts on a real switch.

Callers who talk, who wait and who are in a menu; the plane is killed; while it is away one agent hangs up. Measured is
from the start of the new process to the ring of that agent's phone, for whoever waits longest: routing again. All
imports, the outbox, the lease and the survey are in it. Several times; promised is the slowest. Ends with 1 if missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import uvloop

from bench.made import Check, Made, checked, on_machine, promises, usual_arguments, verdict
from bench.switching.__main__ import positive
from bench.switching.measure import machine, revision, usage
from bench.switching.peers import until
from bench.switching.plane import Plane
from ccplane.testing.siplab import Call, Lab, answers, open_lab

MADE: Final = Made("recovery", "Routing again after kill -9")
MOST_S: Final = 2.0
MENU: Final = "4001"
STRAIGHT: Final = "4002"
A_SECOND: Final = 25
"""Calls that are dialled in a second."""


class MortalPlane(Plane):
    """ccplane, to be killed and started again over what it left."""

    async def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        await self._child.wait()

    def begin_again(self) -> None:
        self._child.start([sys.executable, "-m", "ccplane", "run"], log=self._log, environment=self._environment())

    async def whole(self) -> None:
        await until(self._is_ready, self._child)

    async def all_are(self, agents: Sequence[str], state: str) -> None:
        for agent in agents:
            await self._json("PUT", f"/api/v1/agents/{agent}/state", {"state": state})

    async def so_many_talk(self, count: int) -> None:
        async def talk() -> bool:
            return (await counted(self))["talking"] >= count

        await until(talk, self._child)

    async def board(self) -> dict[str, Any]:
        board: dict[str, Any] = await self._json("GET", "/api/v1/wallboard")
        return board


async def dialled(lab: Lab, number: str, count: int) -> list[Call]:
    """So many callers, at a pace that no queue of ours is measured by; returns once all are answered."""
    calls = []
    for _ in range(count):
        calls.append(lab.callers.dial(number))
        await asyncio.sleep(1 / A_SECOND)
    for call in calls:
        await call.up(20)
    return calls


async def counted(plane: MortalPlane) -> dict[str, int]:
    """Who talks and who waits, as the wallboard has it."""
    board = await plane.board()
    talking = sum(each["state"] == "talking" for each in board["agents"])
    return {"talking": talking, "waiting": sum(each["waiting"] for each in board["queues"])}


async def one_round(
    plane: MortalPlane, lab: Lab, agents: Sequence[str], number: int, options: argparse.Namespace
) -> dict[str, Any]:
    """All wait, then the agents take theirs; kill, one agent hangs up, start, and wait for the ring.

    The talks are young, since silent phones are given up after half a minute.
    """
    menu = options.menu
    await plane.all_are(agents, "paused")
    calls = await dialled(lab, STRAIGHT, options.talking + options.waiting)
    in_menu = await dialled(lab, MENU, menu)
    await plane.all_are(agents, "ready")
    await plane.so_many_talk(options.talking)
    before = await counted(plane)
    await plane.kill()
    phone = lab.phones.phone(agents[number])
    for leg in list(phone.calls):
        leg.hang_up()
    await asyncio.sleep(0.5)
    phone.forget_rings()
    loop = asyncio.get_running_loop()
    began = loop.time()
    plane.begin_again()
    await phone.next_ring(60.0)
    rang_s, cpu_s = loop.time() - began, usage(plane.pid).cpu_s
    await plane.whole()
    ready_s = loop.time() - began
    await asyncio.sleep(2.0)
    after = await counted(plane)
    over = sum(call.ended.done() for call in (*calls, *in_menu)) - 1  # the one whose agent hung up
    for call in (*calls, *in_menu):
        call.hang_up()
    await lab.drained(20.0)
    found = {
        "rang_s": round(rang_s, 3),
        "cpu_s": round(cpu_s, 3),
        "ready_s": round(ready_s, 3),
        "before": before,
        "after": after,
    }
    return found | {"menu": menu, "contacts": len(calls) + menu, "lost": over}


async def measured(options: argparse.Namespace) -> dict[str, Any]:
    agents = [str(1001 + number) for number in range(options.talking)]
    plane = MortalPlane(options.root, options.work, agents)
    try:
        await plane.start()
        async with open_lab(("127.0.0.1", plane.node.sip_port)) as lab:
            await lab.phones.register(await plane.secrets(agents))
            await plane.sign_in(agents)
            lab.phones.behave(answers(0.05), agents)
            rounds = [await one_round(plane, lab, agents, number, options) for number in range(options.rounds)]
            return {"rounds": rounds, "peak_mb": usage(plane.pid).peak_mb}
    finally:
        await plane.stop()


def checks(found: dict[str, Any]) -> list[Check]:
    slowest = max(each["rang_s"] for each in found["rounds"])
    lost = sum(each["lost"] for each in found["rounds"])
    asked = (("start → the first ring, slowest, s", MOST_S, slowest), ("callers lost", 0, lost))
    return checked(asked)


def table(made: dict[str, Any]) -> str:
    lines = ["| round | live contacts | talking, waiting, in a menu | start → first ring | of it CPU | start → API |"]
    lines += ["|---|---|---|---|---|---|"]
    for number, each in enumerate(made["found"]["rounds"], 1):
        mix = f"{each['before']['talking']}, {each['before']['waiting']}, {each['menu']}"
        took = " | ".join(f"{each[name]:.2f} s" for name in ("rang_s", "cpu_s", "ready_s"))
        lines.append(f"| {number} | {each['contacts']} | {mix} | {took} |")
    lines += ["", *promises(made["checks"])]
    return "\n".join(lines)


def write(made: dict[str, Any]) -> None:
    said = f"all on this one machine, whose load before was {made['machine']['load_before']:.1f}."
    MADE.write(made, on_machine(made) + said, table(made))


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.recovery", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--talking", type=positive, default=100, help="callers who talk; as many agents")
    parser.add_argument("--waiting", type=positive, default=300)
    parser.add_argument("--menu", type=positive, default=100)
    parser.add_argument("--rounds", type=positive, default=3)
    usual_arguments(parser, "bench-recovery")
    return parser.parse_args(given)


def main() -> int:
    options = arguments()
    shutil.rmtree(options.work, ignore_errors=True)
    load = os.getloadavg()[0]
    found = uvloop.run(measured(options))
    made: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine() | {"load_before": load},
        "size": {name: getattr(options, name) for name in ("talking", "waiting", "menu", "rounds")},
        "found": found,
        "checks": checks(found),
    }
    print(json.dumps(made, indent=1))
    if not options.no_files:
        write(made)
    return verdict(made["checks"])


if __name__ == "__main__":
    sys.exit(main())
