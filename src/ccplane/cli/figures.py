"""`figures`: what is asked of whole contacts and days, and figures from outside."""

from __future__ import annotations

import asyncio
import time
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import click

from ccplane.cli.figure_files import DAY, export, given_days, import_, imports
from ccplane.cli.given import given_database, given_settings, given_site
from ccplane.cli.listing import Listing

if TYPE_CHECKING:
    from ccplane.kpi.workforce import Resolved

HOURS: Final = click.IntRange(1, 90 * 24)
HOUR_MS: Final = 3_600_000


@click.group(cls=Listing)
def figures() -> None:
    """Figures that are made of whole contacts, and those that come from outside."""


@figures.command()
@click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="The first day, like 2026-11-01.")
@click.option("--to", "last", type=DAY, required=True, metavar="DAY", help="The last one.")
@click.option("--before", type=HOURS, help="Hours without a call: the next is a first. Else as acd/site.toml says.")
@click.option("--after", type=HOURS, help="Hours in which they must not call again. Else as acd/site.toml says.")
@click.option(
    "--by", type=click.Choice(["site", "queue", "number"]), default="site", show_default=True, help="Of what."
)
def fcr(first: datetime, last: datetime, before: int | None, after: int | None, by: str) -> None:
    """First contact resolution: of those who called for the first time, who did not have to call again.

    Days are the site's own. Callers are told apart by their number; who withholds it is in neither number. By queue:
    the one that a first call entered last; whoever calls again, wherever, was not helped.

    \b
    Examples:
      ccplane figures fcr --from 2026-11-01 --to 2026-11-07
      ccplane figures fcr --from 2026-11-01 --to 2026-11-07 --before 72 --after 24
      ccplane figures fcr --from 2026-11-01 --to 2026-11-07 --by queue
    """
    if last < first:
        raise click.UsageError(f"--to {last:%Y-%m-%d} comes before --from {first:%Y-%m-%d}")
    terms = given_site(given_settings()).terms
    before_ms = terms.before_ms if before is None else before * HOUR_MS
    after_ms = terms.after_ms if after is None else after * HOUR_MS
    with given_database(given_settings()) as url:
        found = asyncio.run(_asked(url, first, last, before_ms, after_ms, by))
    for name, each in sorted(found.items()):
        group = "" if by == "site" else f"{name or '(none)'}: "
        click.echo(group + worded(each, after_ms // HOUR_MS))


async def _asked(
    url: str, first: datetime, last: datetime, before_ms: int, after_ms: int, by: str
) -> dict[str, Resolved]:
    from ccplane.kpi.slices import By
    from ccplane.postgres.figures import FigureStore
    from ccplane.postgres.history import SliceStore
    from ccplane.postgres.pool import Database

    async with Database(url) as database:
        since, until = (await SliceStore(database).calendar()).dates(first.date(), last.date())
        windows = {"before_ms": before_ms, "after_ms": after_ms}
        now = time.time_ns() // 1_000_000
        return await FigureStore(database).resolved_by(since, until, By(by), **windows, now=now)


def worded(found: Resolved, after: int) -> str:
    """As one line."""
    from ccplane.kpi.workforce import fcr as share

    rate = share(found)
    shown = "–" if rate is None else f"{100 * rate:.1f} %"
    mark = f"; provisional: some may still call again within {after} hours" if found.provisional else ""
    return f"{shown}: {found.resolved:,} of {found.first:,} first contacts{mark}"


@figures.command()
@click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="The first day, like 2026-11-01.")
@click.option("--to", "last", type=DAY, required=True, metavar="DAY", help="The last one.")
@click.option("--by", type=click.Choice(["site", "team", "agent"]), default="site", show_default=True, help="Of whom.")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True)
@click.option("--lang", type=click.Choice(["en", "zh-CN"]), default="en", show_default=True, help="Of headings.")
def show(first: datetime, last: datetime, by: str, form: str, lang: str) -> None:
    """Agents' time, how schedules were kept, cost and first contacts: what was counted, by what was imported.

    Where a figure is missing there is no number, but "–". What each means: docs/workforce.md.

    \b
    Examples:
      ccplane figures show --from 2026-11-01 --to 2026-11-30
      ccplane figures show --from 2026-11-23 --to 2026-11-23 --by agent --lang zh-CN
      ccplane figures show --from 2026-11-01 --to 2026-11-30 --by team --format csv
    """
    days = given_days(first, last)
    assert days is not None
    with given_database(given_settings()) as url:
        text = asyncio.run(_shown(url, days, by, form, lang))
    click.echo(text, nl=False)


async def _shown(url: str, days: tuple[date, date], by: str, form: str, lang: str) -> str:
    from ccplane.kpi.slices import By
    from ccplane.postgres.pool import Database
    from ccplane.workforce import written
    from ccplane.workforce.asked import figures

    site = given_site(given_settings())
    async with Database(url) as database:
        now = time.time_ns() // 1_000_000
        found = await figures(database, *days, By(by), now, site.terms, site.rules.timezone)
    write = {"text": written.as_text, "csv": written.as_csv, "json": written.as_json}[form]
    return write(found, lang)


for _each in (import_, imports, export):
    figures.add_command(_each)
