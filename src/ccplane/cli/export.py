"""`export`: open data, for other tools to work with."""

from __future__ import annotations

import asyncio
import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccplane.cli.given import given_database, given_settings

if TYPE_CHECKING:
    from ccplane.export import Exported

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--day", type=DAY, metavar="DAY", help="One day, like 2026-11-22; it must be over.")
@click.option("--from", "first", type=DAY, metavar="DAY", help="The first of several.")
@click.option("--to", "last", type=DAY, metavar="DAY", help="The last of them.")
@click.option("--missing", is_flag=True, help="Only what is not there yet: to go on after an interruption.")
def export(folder: Path, day: datetime | None, first: datetime | None, last: datetime | None, missing: bool) -> None:
    """Write days of contacts, stays, talks, offers, agents' states, figures and more as Parquet.

    Each goes into a folder of its own, DIR/stays/day=2026-11-22/data.parquet, with the columns that docs/open-data.md
    lists; callers' numbers are not in it. Days are the site's own. A day that is written again changes only where facts
    came late, and what changed is told.

    \b
    Examples:
      ccplane export --day 2026-11-22 /srv/data
      ccplane export --from 2026-11-01 --to 2026-11-22 --missing /srv/data
    """
    if day is not None and (first or last):
        raise click.UsageError("give --day, or --from and --to")
    begins, ends = (day, day) if day is not None else (first, last)
    if begins is None or ends is None:
        raise click.UsageError("which days? Give --day 2026-11-22, or --from and --to")
    if ends < begins:
        raise click.UsageError(f"--to {ends:%Y-%m-%d} comes before --from {begins:%Y-%m-%d}")
    with given_database(given_settings()) as url:
        asyncio.run(_export(url, begins.date(), ends.date(), folder, missing))


async def _export(url: str, first: date, last: date, folder: Path, missing: bool) -> None:
    from ccplane.export import export
    from ccplane.postgres.pool import Database

    async with Database(url) as database:
        await export(database, first, last, folder, time.time_ns() // 1_000_000, tell, missing=missing)


def tell(made: Exported) -> None:
    """A line for each file."""
    news = {None: "", 0: ", as before"}.get(made.changed, f", {made.changed:,} of them new or other than before")
    click.echo(f"{made.day} {made.view}: {made.rows:,} rows{news}")
