"""`make bench-menus`: how long a caller who lets go of a key waits for the next prompt. Ends with 1 if it is too long.

python -m bench.menus                          240 keys, then 300 calls at once: about six minutes
python -m bench.menus --calls 2 --no-files     a try

A real caller by SIP and RTP, a real Asterisk, the plane as an operator runs it. Two menus lead to each other, and their
prompts are recorded: one is a tone of 440 Hz, the other of 880, so that the very first packet of 20 ms tells which of
them it belongs to. Measured is, for each key pressed in the middle of a prompt, from the moment at which the first
RFC 4733 packet that tells the key's end leaves, to the arrival (by the kernel's clock) of the first packet of the
other prompt. Nothing is left out: a prompt that never came counts as missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import struct
import sys
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import uvloop

from bench.menu_crowd import crowd, rows
from bench.switching.__main__ import alone, positive
from bench.switching.measure import machine, milliseconds, revision
from bench.switching.plane import Plane
from ccplane.asterisk.node import HOME
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE, Audio, expand, share, tone
from ccplane.testing.siplab import Call, Lab, open_lab

LIMIT_MS: Final = 50.0
KEYS_A_CALL: Final = 20
"""Fewer than a menu's 25 rounds."""
WITHIN: Final = 3.0
PAGE: Final = HOME / "docs" / "performance.md"
BEGIN, END = "<!-- bench:menus:begin -->", "<!-- bench:menus:end -->"

MENU: Final = (
    'prompt = "{own}"\nno_input = "0"\n[keys]\n1 = {{ menu = "{other}" }}\n0 = {{ queue = "support" }}\n'
    '2 = {{ queue = "support" }}\n'
)
PROMPTS: Final = {"low": CALLER_TONE, "high": AGENT_TONE}
SITE: Final = {
    "acd/queues.toml": "[support]\nskills = {}\n",
    "acd/agents.toml": "[demo]\nfrom = 1001\ncount = 2\n",
    "ivr/numbers.toml": 'default = "tones"\n[4001]\nprogram = "tones"\n[4002]\nprogram = "round"\n',
    "ivr/prompts.toml": '[low]\nen = "Low."\n[high]\nen = "High."\n',
    "ivr/low.toml": MENU.format(own="low", other="high"),
    "ivr/high.toml": MENU.format(own="high", other="low"),
    "ari_apps/round.py": 'async def main(call):\n    for _ in range(500):\n        await call.menu("low")\n',
    "ari_apps/tones.py": 'async def main(call):\n    await call.menu("low")\n    await call.hang_up()\n',
}


def a_site(directory: Path) -> Path:
    """Two menus that lead to each other, with tones for prompts."""
    for path, text in SITE.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    for name, hz in PROMPTS.items():
        written_tone(directory / "ivr" / "sounds" / "en" / f"{name}.wav", hz, 20)
    return directory


def written_tone(sound: Path, hz: int, seconds: int) -> None:
    """A recorded prompt that is this tone."""
    sound.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes(struct.pack("<8000h", *expand(b"".join(tone(hz)))) * seconds)


class MenuPlane(Plane):
    """The plane over these menus."""

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"CCPLANE_SITE": str(a_site(self._directory / "tones"))}


@dataclass
class Ear:
    """Listens to one call: when a tone began that was not heard in the packet before."""

    audio: Audio
    hz: int = 0
    began: dict[int, float] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.audio.listen(self._heard)

    def _heard(self, payload: bytes) -> None:
        samples = expand(payload)
        hz = next((each for each in PROMPTS.values() if share(samples, each) > 0.5), 0)
        if hz and hz != self.hz:
            self.hz = hz
            self.began[hz] = self.audio.arrived
            self.changed.set()

    async def hears(self, hz: int) -> float:
        """When this tone began."""
        async with asyncio.timeout(WITHIN):
            while self.hz != hz:
                self.changed.clear()
                await self.changed.wait()
        return self.began[hz]


async def one_call(call: Call, keys: int, found: list[float | None]) -> None:
    """Presses keys in the middle of prompts; adds what each waited, None where the other prompt never came."""
    await call.up()
    assert call.audio is not None
    ear, hz = Ear(call.audio), CALLER_TONE
    await ear.hears(hz)
    for _ in range(keys):
        await asyncio.sleep(random.uniform(0.3, 0.7))
        hz = AGENT_TONE if hz == CALLER_TONE else CALLER_TONE
        await call.audio.press("1")
        try:
            began = await ear.hears(hz)
        except TimeoutError:
            found.append(None)
            return
        found.append(began - call.audio.let_go[-1])


async def measured(lab: Lab, calls: int, at_once: int) -> list[float | None]:
    """What each key waited, in seconds."""
    found: list[float | None] = []
    left = list(range(calls))

    async def caller() -> None:
        while left:
            left.pop()
            call = lab.callers.dial("4001")
            await one_call(call, KEYS_A_CALL, found)
            call.hang_up()
            await call.over()

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(caller())
    return found


async def run(options: argparse.Namespace) -> dict[str, Any]:
    peer = MenuPlane(options.root, options.work / "menus", ["1001", "1002"])
    try:
        await peer.start()
        async with open_lab((peer.node.bind, peer.node.sip_port), audio=True) as lab:
            await measured(lab, 1, 1)  # the first call of a plane, not counted: programs are compiled, files are read
            found = await measured(lab, options.calls, options.at_once)
        async with open_lab((peer.node.bind, peer.node.sip_port)) as lab:
            many = await crowd(peer, lab, options.crowd, options.crowd_seconds)
    finally:
        await peer.stop()
    figures = milliseconds([each for each in found if each is not None])
    lowest, p99 = round(1000 * min((each for each in found if each is not None), default=0.0), 2), figures["p99"]
    keys_kept = p99 is not None and p99 <= LIMIT_MS and lowest > 0 and None not in found
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine(),
        "calls": options.calls,
        "at_once": options.at_once,
        "key_to_prompt_ms": figures | {"min": lowest},
        "never_came": found.count(None),
        "limit_ms": LIMIT_MS,
        "keys_kept": keys_kept,
        "kept": keys_kept and many["kept"],
        "crowd": many,
        "all_ms": [None if each is None else round(each * 1000, 2) for each in found],
    }


def table(made: dict[str, Any]) -> str:
    """Markdown: what was measured, what was promised."""
    figures, cpu = made["key_to_prompt_ms"], made["machine"]
    kept = "kept" if made["keys_kept"] else "**missed**"
    return "\n".join(
        (
            f"{made['at'][:10]}, revision `{made['revision'] or '?'}`, {cpu['cores']} cores of {cpu['cpu']}; "
            f"{made['calls']} calls, {made['at_once']} at once, {KEYS_A_CALL} keys each.",
            "",
            "| end of a key → first RTP of the next prompt | |",
            "|---|---|",
            "| p50 / p95 / p99 / highest | {p50} / {p95} / {p99} / {max} ms (n={n}) |".format(**figures),
            f"| lowest | {figures['min']} ms |",
            f"| prompts that never came | {made['never_came']} |",
            f"| promised: p99 at most {made['limit_ms']:.0f} ms, none that never came | {kept} |",
            "",
            *rows(made["crowd"]),
        )
    )


def write(made: dict[str, Any]) -> Path:
    """JSON into bench/results/, the table into docs/performance.md between its markers."""
    path = HOME / "bench" / "results" / "menus.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made) + "\n")
    page = PAGE.read_text()
    before, begin, rest = page.partition(BEGIN)
    after = rest.partition(END)[2] if begin else "\n"
    PAGE.write_text(f"{before}{BEGIN}\n{table(made)}\n{END}{after}")
    return path


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.menus", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--calls", type=positive, default=12, help=f"with {KEYS_A_CALL} keys each")
    parser.add_argument("--at-once", type=positive, default=1, help="callers")
    parser.add_argument("--crowd", type=positive, default=300, help="calls in menus at once, without sound")
    parser.add_argument("--crowd-seconds", type=positive, default=120, help="for how long")
    parser.add_argument("--root", type=Path, default=HOME / ".runtime" / "asterisk-root", help="the private Asterisk")
    parser.add_argument("--work", type=Path, default=HOME / ".runtime" / "bench", help="where the node and logs lie")
    parser.add_argument("--no-files", action="store_true", help="print only")
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
        print(f"\nwritten: {write(made)}")
    return 0 if made["kept"] else 1


if __name__ == "__main__":
    sys.exit(main())
