"""`make bench`: all peers by turns, each on an Asterisk of its own, then the table. Ends with 1 if a promise is missed.

python -m bench.switching                                       all of it, about nine minutes
python -m bench.switching --scenarios idle,refill --peers ccplane,floor --calls 300 --name try
"""

from __future__ import annotations

import argparse
import fcntl
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import uvloop

from bench.switching import pool, report
from bench.switching.contest import Contest
from bench.switching.measure import machine, revision
from bench.switching.peers import AppQueue, BareLoop, Peer
from bench.switching.plane import Plane
from bench.switching.scenarios import Size
from bench.switching.turns import SCENARIOS
from ccplane.asterisk.node import HOME

MakePeer = Callable[[Path, Path, Sequence[str]], Peer]
PEERS: Final[dict[str, MakePeer]] = {"floor": BareLoop, "app_queue": AppQueue, "ccplane": Plane}


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.switching", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--peers", type=some_of(PEERS), default=",".join(PEERS), help=f"of {', '.join(PEERS)}")
    parser.add_argument(
        "--scenarios", type=some_of(SCENARIOS), default=",".join(SCENARIOS), help=f"of {', '.join(SCENARIOS)}"
    )
    parser.add_argument(
        "--calls", type=positive, default=Size.calls, help="calls of idle, refills of refill: of a peer in all"
    )
    parser.add_argument(
        "--rounds", type=positive, default=Size.rounds, help="in which the peers have these calls by turns"
    )
    parser.add_argument("--seconds", type=float, default=Size.load_seconds, help="how long the load lasts")
    parser.add_argument("--rate", type=float, default=Size.load_rate, help="calls per second of the load")
    parser.add_argument("--rest-seconds", type=float, default=Size.rest_seconds)
    parser.add_argument("--name", default="switching", help="of the file in bench/results/")
    parser.add_argument("--root", type=Path, default=HOME / ".runtime" / "asterisk-root", help="the private Asterisk")
    parser.add_argument("--work", type=Path, default=HOME / ".runtime" / "bench", help="where nodes and logs lie")
    parser.add_argument("--no-files", action="store_true", help="print only")
    return parser.parse_args(given)


def some_of(known: Collection[str]) -> Callable[[str], list[str]]:
    """A list with commas, each name once."""

    def names(text: str) -> list[str]:
        for name in (found := list(dict.fromkeys(text.split(",")))):
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return found

    return names


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


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
    size = Size(calls=options.calls, refills=options.calls, rounds=min(options.rounds, options.calls),
                load_rate=options.rate, load_seconds=options.seconds, rest_seconds=options.rest_seconds)  # fmt: skip
    agents = size.extensions("load" if "load" in options.scenarios else "idle")
    contest = Contest(size, [scenario for scenario in SCENARIOS if scenario in options.scenarios])
    await contest.run({name: partial(PEERS[name], options.root, options.work / name, agents) for name in options.peers})
    found = {
        scenario: {name: pool.figures(each[name]) for name in options.peers if name in each}
        for scenario, each in contest.seen.items()
    }
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine(),
        "asterisk": contest.asterisk,
        "size": asdict(size),
        "scenarios": found,
        "failed": contest.failed,
        "checks": report.as_json(report.checks(found)),
    }


def main() -> int:
    options = arguments()
    try:
        with alone(options.work):
            made = uvloop.run(run(options))
    except KeyboardInterrupt:
        print("Interrupted: what was started is stopped, nothing is written.", file=sys.stderr)
        return 130
    print(report.table(made))
    if not options.no_files:
        print(f"\nwritten: {report.write(made, options.name)}")
    missed = [f"{peer} failed" for peer in made["failed"]]
    missed += [check["what"] for check in made["checks"] if not check["kept"]]
    if missed:
        print("missed: " + "; ".join(missed), file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
