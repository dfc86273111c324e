"""`make bench-recording`: what it costs to record every talk, with a real switch, real SIP, RTP with a tone each way.

10 calls/s of 3 s for a minute. Promised: no call lost, every talk recorded and whole, at most 60 % of a core for
ccplane; what converts runs beside it at the lowest priority, may lag, and catches up. Ends with 1 if one is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import time
import wave
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg
import uvloop

from bench.made import Check, Made, checked, on_machine, promises, usual_arguments, verdict
from bench.switching.measure import machine, percentile, revision, usage
from bench.switching.peers import NUMBER, channels_left
from bench.switching.plane import Plane
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE, loudness, share
from ccplane.testing.siplab import Lab, answers, open_lab
from ccplane.testing.siplab.call import Call

MADE: Final = Made("recording", "Recording every talk")
POLICY: Final = "record = true\nleast_free = 0\n"
MOST_CPU: Final = 60.0
CATCH_UP_S: Final = 300.0
LISTENED: Final = 40
"""Recordings whose sound is measured, spread over all of them."""
WINDOW: Final = 1_600
PERCENTILES: Final = {"p50": 0.5, "p99": 0.99}
KINDS: Final = ("TalkStarted", "RecordingStarted", "RecordingFailed", "RecordingIncomplete", "RecordingStored")


class RecordingPlane(Plane):
    """ccplane with AMI, and a site that records all."""

    def _environment(self) -> dict[str, str]:
        environment = super()._environment()
        policy = Path(environment["CCPLANE_SITE"]) / "recordings"
        policy.mkdir(exist_ok=True)
        (policy / "policy.toml").write_text(POLICY)
        self.store = Path(environment["CCPLANE_RUNTIME"]) / "recordings"
        return environment | {
            "CCPLANE_SPOOL": str(self.node.spool_dir),
            "CCPLANE_AMI_PORT": str(self.node.ami_port),
            "CCPLANE_AMI_USERNAME": self.node.ami_username,
            "CCPLANE_AMI_PASSWORD": self.node.ami_password,
        }


def converter_of(pid: int) -> int | None:
    """The process that converts, if it has been begun."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if b"ccplane.recordings.convert" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    return None


def converting_s(pid: int) -> float:
    """CPU seconds of the converter and of every encoder that it has waited for."""
    converter = converter_of(pid)
    if converter is None:
        return 0.0
    times = Path(f"/proc/{converter}/stat").read_text().rpartition(") ")[2].split()
    return sum(int(each) for each in times[11:15]) / os.sysconf("SC_CLK_TCK")


def own_s(pid: int) -> float:
    """CPU seconds of ccplane and its children but the converter."""
    converter = converter_of(pid)
    return usage(pid).cpu_s - (usage(converter).cpu_s if converter else 0.0)


async def offer(lab: Lab, rate: float, calls: int, talk: float) -> None:
    """Calls at fixed moments, whatever becomes of them; each side sends its tone once they are connected."""
    loop = asyncio.get_running_loop()
    begun = loop.time()

    def connected(call: Call, by: asyncio.Future[str]) -> None:
        if by.cancelled():
            return
        ring = lab.phones.phone(by.result()).calls[-1]
        for leg, hz in ((call, CALLER_TONE), (ring, AGENT_TONE)):
            if leg.audio:
                leg.audio.play(hz)

    for number in range(calls):
        await asyncio.sleep(begun + number / rate - loop.time())
        call = lab.callers.dial(NUMBER, talk=talk)
        call.connected.add_done_callback(partial(connected, call))


async def counts(connection: asyncpg.Connection) -> dict[str, int]:
    rows = await connection.fetch("SELECT kind, count(*) FROM fact WHERE kind = ANY($1) GROUP BY kind", list(KINDS))
    return dict.fromkeys(KINDS, 0) | {row["kind"]: row["count"] for row in rows}


def raws(spool: Path) -> int:
    """How many wait to be converted."""
    return len(list(spool.rglob("*.raw")))


async def caught_up(connection: asyncpg.Connection, spool: Path) -> float:
    """Waits until nothing waits in the spool and all that began is in the store; seconds it took."""
    since = time.monotonic()
    while time.monotonic() - since < CATCH_UP_S:
        found = await counts(connection)
        if found["RecordingStored"] >= found["RecordingStarted"] and not raws(spool):
            break
        await asyncio.sleep(0.2)
    return time.monotonic() - since


def sides(path: Path) -> tuple[list[int], list[int]]:
    with wave.open(str(path)) as file:
        raw = memoryview(file.readframes(file.getnframes())).cast("h")
    return list(raw[::2]), list(raw[1::2])


def apart(path: Path) -> bool:
    """Most of it is the caller's tone on the left and the agent's on the right, and none of it the other's.

    Most, since a phone that is late by a packet makes a jump in its tone.
    """
    left, right = sides(path)
    own = (*windows(left, CALLER_TONE), *windows(right, AGENT_TONE))
    others = (*windows(left, AGENT_TONE), *windows(right, CALLER_TONE))
    return sum(each > 0.5 for each in own) > 0.7 * len(own) and max(others, default=1.0) < 0.05


def windows(samples: Sequence[int], hz: int) -> list[float]:
    """How much of each 200 ms lies at this frequency; 0 where nothing is audible."""
    parts = (samples[at : at + WINDOW] for at in range(0, len(samples) - WINDOW + 1, WINDOW))
    return [share(part, hz) if loudness(part) > 200 else 0.0 for part in parts]


def listened(store: Path) -> dict[str, int]:
    every = sorted(store.rglob("*.wav"))
    some = every[:: max(1, len(every) // LISTENED)]
    return {"files": len(every), "measured": len(some), "sides_apart": sum(apart(each) for each in some)}


async def measured(options: argparse.Namespace) -> dict[str, Any]:
    agents = [str(1001 + number) for number in range(options.agents)]
    work = options.work
    plane = RecordingPlane(options.root, work, agents)
    try:
        await plane.start()
        async with open_lab(("127.0.0.1", plane.node.sip_port), audio=True) as lab:
            await lab.phones.register(await plane.secrets(agents))
            await plane.sign_in(agents)
            await plane.not_ready(10.0)
            lab.phones.behave(answers(0.05), agents)
            return await under_load(options, plane, lab, agents)
    finally:
        await plane.stop()


async def under_load(
    options: argparse.Namespace, plane: RecordingPlane, lab: Lab, agents: Sequence[str]
) -> dict[str, Any]:
    connection = await asyncpg.connect(plane.postgres.url())
    try:
        lab.record.clear()
        lab.record.serving = set(agents)
        began, own, converting = time.monotonic(), own_s(plane.pid), converting_s(plane.pid)
        switch = usage(plane.node.pid or 0).cpu_s
        await offer(lab, options.rate, round(options.rate * options.seconds), options.talk)
        stuck = await lab.drained(20.0)
        took = time.monotonic() - began
        own, switch = own_s(plane.pid) - own, usage(plane.node.pid or 0).cpu_s - switch
        in_time = converting_s(plane.pid) - converting
        behind = raws(plane.node.spool_dir)
        lag_s = await caught_up(connection, plane.node.spool_dir)
        late = await connection.fetch(
            "SELECT (body->>'late_ms')::float8 AS ms FROM fact WHERE kind = 'RecordingStarted'"
        )
        begun_s = [row["ms"] / 1000 for row in late]
        found = await counts(connection)
        record = lab.record
        return {
            "calls": record.dials,
            "talked": record.outcomes["talked"],
            "lost": record.lost,
            "stuck": stuck,
            "channels_left": await channels_left(plane.node),
            "outcomes": dict(record.outcomes),
            "trouble": dict(record.trouble),
            "facts": found,
            "seconds": round(took, 1),
            "cpu": {
                "ccplane_percent": round(100 * own / took, 1),
                "asterisk_percent": round(100 * switch / took, 1),
                "converting_while_calls_percent": round(100 * in_time / took, 1),
                "converting_s": round(converting_s(plane.pid) - converting, 1),
            },
            "begun_ms": {
                name: round(1000 * (percentile(begun_s, at) or 0)) for name, at in (("p50", 0.5), ("p99", 0.99))
            },
            "behind_when_the_last_call_ended": behind,
            "caught_up_s": round(lag_s, 1),
            "sound": await asyncio.to_thread(listened, plane.store),
            "peak_mb": usage(plane.pid).peak_mb,
        }
    finally:
        await connection.close()


def checks(found: dict[str, Any]) -> list[Check]:
    facts, sound = found["facts"], found["sound"]
    asked = (
        ("calls lost", 0, found["lost"]),
        ("calls stuck", 0, found["stuck"]),
        ("talks less recordings in the store", 0, abs(facts["TalkStarted"] - facts["RecordingStored"])),
        ("talks at the phones less talks recorded", 0, abs(found["talked"] - facts["RecordingStarted"])),
        ("recordings that failed", 0, facts["RecordingFailed"]),
        ("recordings that are incomplete", 0, facts["RecordingIncomplete"]),
        ("recordings measured whose sides are not apart", 0, sound["measured"] - sound["sides_apart"]),
        ("CPU of ccplane, % of a core", MOST_CPU, found["cpu"]["ccplane_percent"]),
    )
    return checked(asked)


def table(made: dict[str, Any]) -> str:
    found, options = made["found"], made["size"]
    rows = [
        ("offered", f"{options['rate']:g} calls/s of {options['talk']:g} s with RTP, {found['calls']} in all"),
        ("CPU of ccplane", f"{found['cpu']['ccplane_percent']} % of a core, {found['peak_mb']} MB at its peak"),
        ("CPU of Asterisk, recording", f"{found['cpu']['asterisk_percent']} % of a core"),
        ("CPU of the conversions while calls ran", f"{found['cpu']['converting_while_calls_percent']} % of a core"),
        ("CPU of all conversions", f"{found['cpu']['converting_s']} s"),
        ("talk → recording proven, p50 / p99", f"{found['begun_ms']['p50']} / {found['begun_ms']['p99']} ms"),
        ("unconverted when the last call ended", f"{found['behind_when_the_last_call_ended']}"),
        ("caught up after", f"{found['caught_up_s']} s"),
    ]
    lines = ["| | ccplane |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows), ""]
    lines += promises(made["checks"])
    return "\n".join(lines)


def write(made: dict[str, Any]) -> None:
    said = "everything, the phones and their sound too, on this one machine."
    MADE.write(made, on_machine(made) + said, table(made))


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.recording", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rate", type=float, default=10.0, help="calls per second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--talk", type=float, default=3.0, help="seconds of a talk")
    parser.add_argument("--agents", type=int, default=60)
    usual_arguments(parser, "bench-recording")
    return parser.parse_args(given)


def main() -> int:
    options = arguments()
    shutil.rmtree(options.work, ignore_errors=True)
    found = uvloop.run(measured(options))
    made: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine() | {"load_before": os.getloadavg()[2]},
        "size": {name: getattr(options, name) for name in ("rate", "seconds", "talk", "agents")},
        "found": found,
        "checks": checks(found),
    }
    print(json.dumps(made, indent=1))
    if not options.no_files:
        write(made)
    return verdict(made["checks"])


if __name__ == "__main__":
    sys.exit(main())
