"""`report`: figures of the past."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING

import click

from ccplane.cli.given import given_database, given_settings
from ccplane.cli.listing import Listing

if TYPE_CHECKING:
    from ccplane.postgres.remaking import Progress, Remade

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(cls=Listing)
def report() -> None:
    """Figures of the past."""


@report.command()
@click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="The first day, like 2026-11-01.")
@click.option("--to", "last", type=DAY, required=True, metavar="DAY", help="The last one; it must be over.")
@click.option("--trial", is_flag=True, help="Only compare: say what would change, and change nothing.")
def rebuild(first: datetime, last: datetime, trial: bool) -> None:
    """Make the figures of some days again from the log of facts, and put right what differs.

    Calls go on meanwhile. If it is interrupted, the same command goes on where it was. Days are the site's own; those
    whose facts the log has no longer keep their figures.

    \b
    Examples:
      ccplane report rebuild --from 2026-11-01 --to 2026-11-22 --trial
      ccplane report rebuild --from 2026-11-22 --to 2026-11-22
    """
    if last < first:
        raise click.UsageError(f"--to {last:%Y-%m-%d} comes before --from {first:%Y-%m-%d}")
    with given_database(given_settings()) as url:
        made = asyncio.run(_remake(url, first, last, trial))
    click.echo(_told(made, trial))


async def _remake(url: str, first: datetime, last: datetime, trial: bool) -> Remade:
    from ccplane.postgres.history import SliceStore
    from ccplane.postgres.pool import Database
    from ccplane.postgres.remaking import remake

    database = Database(url)
    await database.open()
    try:
        began_at, ends_at = (await SliceStore(database).calendar()).dates(first.date(), last.date())
        return await remake(database, began_at, ends_at, time.time_ns() // 1_000_000, _Telling(), trial)
    finally:
        await database.close()


class _Telling:
    """How far it is, on one line per tenth."""

    def __init__(self) -> None:
        self._said: tuple[str, int] | None = None

    def __call__(self, progress: Progress) -> None:
        tenth = 10 * progress.done // max(1, progress.of)
        if (progress.what, tenth) != self._said:
            self._said = progress.what, tenth
            unit = "facts" if progress.what == "reading" else "days"
            click.echo(f"{progress.what}: {progress.done:,} of {progress.of:,} {unit}", err=True)


def _told(made: Remade, trial: bool) -> str:
    read = f"{made.facts:,} facts, {made.contacts:,} contacts compared"
    if not made.differ and not made.figures:
        return f"{read}: all is as the facts say."
    some = f" ({', '.join(made.examples)}{', …' if made.differ > len(made.examples) else ''})" if made.examples else ""
    if trial:
        return f"{read}: {made.differ:,} differ{some}. Nothing was changed; without --trial they are put right."
    return f"{read}: {made.differ:,} differed{some} and were put right; {made.figures:,} figures changed."
