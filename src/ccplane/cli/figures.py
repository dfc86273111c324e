"""`figures`: what is asked of whole contacts and days."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

from ccplane.cli.given import given_database, given_settings
from ccplane.cli.listing import Listing

if TYPE_CHECKING:
    from ccplane.kpi.workforce import Resolved

DAY: Final = click.DateTime(formats=["%Y-%m-%d"])
HOURS: Final = click.IntRange(1, 90 * 24)
HOUR_MS: Final = 3_600_000


@click.group(cls=Listing)
def figures() -> None:
    """Figures that are made of whole contacts."""


@figures.command()
@click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="The first day, like 2026-11-01.")
@click.option("--to", "last", type=DAY, required=True, metavar="DAY", help="The last one.")
@click.option("--before", type=HOURS, default=168, show_default=True, help="Hours without a call: the next is a first.")
@click.option("--after", type=HOURS, default=168, show_default=True, help="Hours in which they must not call again.")
def fcr(first: datetime, last: datetime, before: int, after: int) -> None:
    """First contact resolution: of those who called for the first time, who did not have to call again.

    Days are the site's own. Callers are told apart by their number; who withholds it is in neither number.

    \b
    Examples:
      ccplane figures fcr --from 2026-11-01 --to 2026-11-07
      ccplane figures fcr --from 2026-11-01 --to 2026-11-07 --before 72 --after 24
    """
    if last < first:
        raise click.UsageError(f"--to {last:%Y-%m-%d} comes before --from {first:%Y-%m-%d}")
    with given_database(given_settings()) as url:
        found = asyncio.run(_asked(url, first, last, before, after))
    click.echo(worded(found, after))


async def _asked(url: str, first: datetime, last: datetime, before: int, after: int) -> Resolved:
    from ccplane.postgres.figures import FigureStore
    from ccplane.postgres.history import SliceStore
    from ccplane.postgres.pool import Database

    database = Database(url)
    await database.open()
    try:
        since, until = (await SliceStore(database).calendar()).dates(first.date(), last.date())
        windows = {"before_ms": before * HOUR_MS, "after_ms": after * HOUR_MS}
        return await FigureStore(database).resolved(since, until, **windows, now=time.time_ns() // 1_000_000)
    finally:
        await database.close()


def worded(found: Resolved, after: int) -> str:
    """As one line."""
    from ccplane.kpi.workforce import fcr as share

    rate = share(found)
    shown = "–" if rate is None else f"{100 * rate:.1f} %"
    mark = f"; provisional: some may still call again within {after} hours" if found.provisional else ""
    return f"{shown}: {found.resolved:,} of {found.first:,} first contacts{mark}"
