"""`make bench`: every peer after another on an Asterisk of its own, then the table. Ends with 1 if a promise is missed.

python -m bench.switching                                       all of it, about eight minutes
python -m bench.switching --scenarios idle,refill --peers ccplane,floor --calls 300 --name try
"""

from __future__ import annotations

import argparse
import fcntl
import gc
import json
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import uvloop

from bench.siplab import Lab, open_lab
from bench.switching import plane, report, scenarios
from bench.switching.measure import machine, revision, usage
from bench.switching.peers import AppQueue, BareLoop, Peer, channels_left
from bench.switching.plane import Plane
from bench.switching.scenarios import Size
from ccplane.asterisk.node import HOME

MakePeer = Callable[[Path, Path, Sequence[str]], Peer]
PEERS: Final[dict[str, MakePeer]] = {"floor": BareLoop, "app_queue": AppQueue, "ccplane": Plane}
SCENARIOS: Final = ("rest", "idle", "refill", "load")
Result = tuple[str, dict[str, Any]]  # scenario, figures


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.switching", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--peers", default="floor,app_queue,ccplane", help="of floor, app_queue, ccplane")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS), help="of rest, idle, refill, load")
    parser.add_argument("--calls", type=int, default=Size.calls, help="calls of idle, refills of refill")
    parser.add_argument("--seconds", type=float, default=Size.load_seconds, help="how long the load lasts")
    parser.add_argument("--rate", type=float, default=Size.load_rate, help="calls per second of the load")
    parser.add_argument("--rest-seconds", type=float, default=Size.rest_seconds)
    parser.add_argument("--name", default="switching", help="of the file in bench/results/")
    parser.add_argument("--root", type=Path, default=HOME / ".runtime" / "asterisk-root", help="the private Asterisk")
    parser.add_argument("--work", type=Path, default=HOME / ".runtime" / "bench", help="where nodes and logs lie")
    parser.add_argument("--no-files", action="store_true", help="print only")
    return parser.parse_args(given)


async def measure(peer: Peer, agents: list[str], wanted: Sequence[str], size: Size) -> AsyncIterator[Result]:
    """All scenarios of one peer, with the same lab."""
    async with open_lab(("127.0.0.1", peer.node.sip_port)) as lab:
        for scenario in wanted:
            few = agents if scenario == "load" else agents[: size.agents]
            missing = [agent for agent in few if agent not in lab.phones.phones]
            await lab.phones.register(await peer.secrets(missing))
            await peer.sign_in(few)
            gc.collect()
            gc.freeze()  # a long collection of our own would show in what we measure
            result = await _one(peer, lab, scenario, few, size)
            if result is not None:
                print(f"{peer.name} {scenario}: {json.dumps(result)}", flush=True)
                yield scenario, result


async def _one(peer: Peer, lab: Lab, scenario: str, agents: Sequence[str], size: Size) -> dict[str, Any] | None:
    if scenario == "rest":
        return await plane.at_rest(peer, size.rest_seconds) if isinstance(peer, Plane) else None
    offer = {"idle": scenarios.idle, "refill": scenarios.refill, "load": scenarios.load}[scenario]
    before = usage(peer.node.pid or 0)
    if isinstance(peer, Plane):
        found = await plane.with_its_costs(peer, agents, lambda: offer(lab, agents, size))
    else:
        found = await offer(lab, agents, size)
    spent = usage(peer.node.pid or 0).cpu_s - before.cpu_s
    return found | {"channels_left": await channels_left(peer.node), "asterisk_cpu_s": round(spent, 2)}


@contextmanager
def alone(work: Path) -> Iterator[None]:
    """No second bench over the same folder: each clears away what it finds there."""
    work.mkdir(parents=True, exist_ok=True)
    with (work / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"Another bench is running in {work}: wait for its end, or choose another folder with --work.")
        yield


async def run(options: argparse.Namespace) -> dict[str, Any]:
    size = Size(calls=options.calls, refills=options.calls, load_rate=options.rate, load_seconds=options.seconds,
                rest_seconds=options.rest_seconds)  # fmt: skip
    wanted = [scenario for scenario in SCENARIOS if scenario in options.scenarios.split(",")]
    agents = [str(1001 + number) for number in range(size.load_agents if "load" in wanted else size.agents)]
    found: report.Found = {scenario: {} for scenario in wanted}
    asterisk, failed = "", {}
    for name in options.peers.split(","):
        peer: Peer = PEERS[name](options.root, options.work / name, agents)
        try:
            await peer.start()
            asterisk = (await peer.node.cli("core show version")).partition(" built")[0]
            async for scenario, figures in measure(peer, agents, wanted, size):
                found[scenario][name] = figures
        except Exception as error:  # the others are measured all the same
            traceback.print_exc()
            failed[name] = repr(error)
        finally:
            await peer.stop()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine(),
        "asterisk": asterisk,
        "size": asdict(size),
        "scenarios": found,
        "failed": failed,
        "checks": report.as_json(report.checks(found)),
    }


def main() -> int:
    options = arguments()
    with alone(options.work):
        made = uvloop.run(run(options))
    print(report.table(made))
    if not options.no_files:
        print(f"\nwritten: {report.write(made, options.name)}, {report.PAGE}")
    missed = [f"{peer} failed" for peer in made["failed"]]
    missed += [check["what"] for check in made["checks"] if not check["kept"]]
    if missed:
        print("missed: " + "; ".join(missed), file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
