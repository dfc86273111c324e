"""`make bench-announcing`: an agent who becomes free while an announcement is said is there as soon as without one.

python -m bench.announcing                  100 calls, about seven minutes
python -m bench.announcing --calls 6 --no-files

One caller at a time waits in one of two queues, in turn: `support` tells them something nearly all of the time, `sales`
is music alone. Then the agent becomes ready. Measured is, for each queue, from the asking for `ready` to the INVITE at
the agent's phone, and from the 200 that the phone sends to the first packet of the agent's voice at the caller, by the
kernel's clock. Ends with 1 if announcements make either p50 more than 5 ms, or either p99 more than 20 ms longer.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import uvloop

from bench.made import Made, checked, on_machine, promises, usual_arguments, verdict
from bench.menus import Ear, written_tone
from bench.switching.__main__ import alone, positive
from bench.switching.measure import machine, milliseconds, revision
from bench.switching.plane import Plane
from ccplane.testing.rtp import AGENT_TONE
from ccplane.testing.siplab import Lab, open_lab, rings_for_ever

SAID: Final = 2_600
"""Hz: the announcement."""
AGENT: Final = "1001"
P50_MS, P99_MS = 5.0, 20.0
QUEUES: Final = {"said": ("4001", "support"), "music": ("4002", "sales")}
WAITING: Final = '[support.waiting]\nfirst = "1s"\nevery = "10s"\nmessages = ["said"]\n'
SITE: Final = {
    "acd/queues.toml": f"[support]\nskills = {{}}\n{WAITING}[sales]\nskills = {{}}\n",
    "acd/agents.toml": "[demo]\nfrom = 1001\ncount = 2\n",
    "ivr/numbers.toml": 'default = "wait"\n'
    + "".join(f'[{number}]\nprogram = "wait"\nqueue = "{queue}"\n' for number, queue in QUEUES.values()),
    "ivr/prompts.toml": '[said]\nen = "Said."\n',
    "ari_apps/wait.py": "async def main(call):\n    await call.queue(call.number.queue)\n",
}
MADE: Final = Made("announcing", "An agent during an announcement")


class WaitingPlane(Plane):
    """The plane over these two queues."""

    def _environment(self) -> dict[str, str]:
        directory = self._directory / "waits"
        for path, text in SITE.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text)
        written_tone(directory / "ivr" / "sounds" / "en" / "said.wav", SAID, 9)
        return super()._environment() | {"CCPLANE_SITE": str(directory)}

    async def state(self, state: str) -> None:
        await self._json("PUT", f"/api/v1/agents/{AGENT}/state", {"state": state})

    async def waits(self, queue: str) -> None:
        """Returns once the caller waits there."""
        while True:
            board = await self._json("GET", "/api/v1/wallboard")
            if any(each["name"] == queue and each["waiting"] == 1 for each in board["queues"]):
                return
            await asyncio.sleep(0.05)


async def one(plane: WaitingPlane, lab: Lab, kind: str) -> tuple[float, float]:
    """Seconds: ready → INVITE, 200 → the agent's voice at the caller."""
    number, queue = QUEUES[kind]
    call = lab.callers.dial(number)
    await call.up()
    assert call.audio is not None
    await plane.waits(queue)
    if kind == "said":
        await call.audio.hears(SAID)
    await asyncio.sleep(random.uniform(0.3, 2.0))
    ear = Ear(call.audio)
    phone = lab.phones.phone(AGENT)
    asked = time.monotonic()
    await plane.state("ready")
    ring = await phone.next_ring()
    await asyncio.sleep(random.uniform(0.2, 0.5))
    assert ring.audio is not None
    ring.audio.play(AGENT_TONE)
    ring.answer()
    answered = time.monotonic()
    heard = await ear.hears(AGENT_TONE)
    await plane.state("paused")
    call.hang_up()
    await ring.over()
    return ring.at - asked, heard - answered


async def measure(plane: WaitingPlane, calls: int) -> dict[str, Any]:
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in QUEUES}
    async with open_lab((plane.node.bind, plane.node.sip_port), audio=True) as lab:
        await lab.phones.register(await plane.secrets([AGENT]))
        lab.phones.behave(rings_for_ever(), [AGENT])
        await plane.state("paused")
        for kind in QUEUES:
            await one(plane, lab, kind)  # the first of a plane, not counted
        for number in range(calls):
            kind = list(QUEUES)[number % 2]
            found[kind].append(await one(plane, lab, kind))
    return {
        f"{kind}_{what}_ms": milliseconds([each[place] for each in spans])
        for kind, spans in found.items()
        for place, what in enumerate(("ring", "joined"))
    }


async def run(options: argparse.Namespace) -> dict[str, Any]:
    plane = WaitingPlane(options.root, options.work / "announcing", [AGENT, "1002"])
    try:
        await plane.start()
        figures = await measure(plane, options.calls)
    finally:
        await plane.stop()
    asked = [
        (f"{words} longer with announcements, {share}, ms", most, _longer(figures, what, share))
        for what, words in (("ring", "ready → ring"), ("joined", "picked up → heard"))
        for share, most in (("p50", P50_MS), ("p99", P99_MS))
    ]
    checks = checked(asked)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine(),
        "calls": options.calls,
        **figures,
        "checks": checks,
    }


def _longer(figures: dict[str, Any], what: str, share: str) -> float:
    said, music = (float(figures[f"{kind}_{what}_ms"][share]) for kind in QUEUES)
    return round(said - music, 2)


def table(made: dict[str, Any]) -> str:
    """Markdown, for people."""
    rows = ["| p50 / p99 / highest, ms | while something is said | music alone |", "|---|---|---|"]
    for what, words in (("ring", "agent ready → their phone rings"), ("joined", "picked up → the caller hears them")):
        cells = ("{p50} / {p99} / {max}".format(**made[f"{kind}_{what}_ms"]) for kind in QUEUES)
        rows.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join((*rows, "", *promises(made["checks"])))


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.announcing", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--calls", type=positive, default=100)
    usual_arguments(parser, "bench", "where nodes and logs lie")
    return parser.parse_args(given)


def main() -> int:
    options = arguments()
    try:
        with alone(options.work):
            made = uvloop.run(run(options))
    except KeyboardInterrupt:
        print("Interrupted: what was started is stopped, nothing is written.", file=sys.stderr)
        return 130
    print(table(made))
    if not options.no_files:
        MADE.write(made, on_machine(made) + f"{made['calls']} calls, one at a time, one agent.", table(made))
    return verdict(made["checks"])


if __name__ == "__main__":
    sys.exit(main())
