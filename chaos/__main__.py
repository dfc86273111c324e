"""`make chaos`: faults under load, judged by the phones' own log. Ends with 1 if anything was not as promised.

python -m chaos                                    40 faults, 10 calls a second, 60 agents; as root, about ten minutes
python -m chaos --seed 7 --faults 40 --only kill-plane,cut-ari
python -m chaos --check .runtime/chaos/run.json    judge a run's log again; with --keep, in the results too
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import uvloop

from bench.switching.__main__ import alone, positive, some_of
from ccplane.asterisk.node import HOME
from chaos import results
from chaos.checker import check
from chaos.conductor import Conductor, Load
from chaos.logs import Run, load, save
from chaos.people import Habits
from chaos.plan import QUICK, WEIGHTS, plan


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 100_000))
    parser.add_argument("--faults", type=positive, default=40, help="how many")
    parser.add_argument("--only", type=some_of(WEIGHTS), default=[], help=f"of {', '.join(WEIGHTS)}")
    parser.add_argument("--rate", type=float, default=Load.rate, help="calls a second")
    parser.add_argument("--agents", type=positive, default=Load.agents)
    parser.add_argument("--browsers", type=positive, default=Load.browsers, help="agents whose phone may vanish")
    parser.add_argument("--short", action="store_true", help="one of each quick fault, few agents and calls")
    parser.add_argument("--check", type=Path, help="judge this log of a run; nothing is started")
    parser.add_argument("--keep", action="store_true", help="with --check: the results of that run by the rules of now")
    parser.add_argument("--root", type=Path, default=HOME / ".runtime" / "asterisk-root", help="the private Asterisk")
    parser.add_argument("--work", type=Path, default=HOME / ".runtime" / "chaos", help="where all of it lies")
    parser.add_argument("--no-files", action="store_true", help="write neither results nor the page")
    return parser.parse_args(given)


def played(options: argparse.Namespace) -> Run:
    """The log of a new run."""
    if options.short:
        load_ = Load(rate=2.5, agents=12, browsers=2, habits=Habits(misses=0.0, patience=(10.0, 40.0)), warm_up=3.0)
        planned = [
            replace(each, pause=each.pause / 2) for each in plan(options.seed, len(QUICK), QUICK, each_once=True)
        ]
    else:
        load_ = Load(options.rate, options.agents, options.browsers)
        planned = plan(options.seed, options.faults, options.only)
    print(f"seed {options.seed}: " + " ".join(each.kind for each in planned), flush=True)
    return uvloop.run(Conductor(options.root, options.work / "stage", options.seed, load_).run(planned))


def in_own_mounts(options: argparse.Namespace) -> None:
    """What is mounted for a run is seen by it alone, and is gone with it, however it ends."""
    if os.environ.get("CHAOS_MOUNTS") != "own" and not options.check:
        os.environ["CHAOS_MOUNTS"] = "own"
        command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", "chaos", *sys.argv[1:]]
        os.execvp(command[0], command)


def main() -> int:
    options = arguments()
    in_own_mounts(options)
    if options.check:
        run = load(options.check)
    else:
        with alone(options.work):
            run = played(options)
            print(f"the log of this run: {save(run, options.work)}")
    verdict = check(run)
    print(results.told(run, verdict))
    if options.check and options.keep:
        results.judge_again(run, verdict)
    if not (options.no_files or options.short or options.check):
        results.add(run, verdict, rate=options.rate)
    return 0 if verdict.kept else 1


if __name__ == "__main__":
    sys.exit(main())
