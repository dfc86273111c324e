"""`python -m ccplane.demo`, which is `make demo`: everything on this machine, and people who use it."""

from __future__ import annotations

import asyncio
import signal

import click

from ccplane.demo.play import Plan, play
from ccplane.local import supervise
from ccplane.local.terminal import in_one_sentence
from ccplane.settings import load

POSITIVE = click.FloatRange(min=0, min_open=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--minutes", default=10.0, show_default=True, type=POSITIVE, help="How long a day from 8 to 20 takes.")
@click.option("--peak", default=1.0, show_default=True, type=POSITIVE, help="Calls at the busiest; 1 keeps all busy.")
@click.option("--days", default=0, show_default=True, type=click.IntRange(min=0), help="End after so many; 0: never.")
@click.option(
    "--agents", default=None, type=click.IntRange(min=1), help="How many are played; all but five, unless set."
)
@click.option("--seed", default="1", show_default=True, help="The same seed, the same people.")
@click.option("--attach", is_flag=True, help="Play at a ccplane that runs here already; start nothing.")
def main(minutes: float, peak: float, days: int, agents: int | None, seed: str, attach: bool) -> None:
    """Bring everything up and play a contact centre's day: callers and agents with real SIP and sound.

    \b
    Examples:
      make demo
      make demo ARGS="--minutes 5 --peak 1.5"
      make demo ARGS="--attach --days 1"        beside a `make run`
    """
    plan = Plan(minutes, peak, seed, days, agents)
    raise SystemExit(in_one_sentence(_attached(plan) if attach else _everything(plan)))


async def _everything(plan: Plan) -> int:
    settings = load()
    return await supervise.run(settings, beside=lambda: play(plan, settings))


async def _attached(plan: Plan) -> int:
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await supervise.unless(told, play(plan, load()))
    return 0


if __name__ == "__main__":
    main()
