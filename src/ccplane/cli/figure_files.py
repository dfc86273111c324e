"""`figures import`, `imports` and `export`: figures from outside, in files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import click

from ccplane.cli.given import given_database, given_settings, given_site
from ccplane.errors import RequestError

if TYPE_CHECKING:
    from ccplane.days import Calendar
    from ccplane.imports.load import Loaded
    from ccplane.postgres.outside import OutsideStore

DAY: Final = click.DateTime(formats=["%Y-%m-%d"])
KINDS: Final = ("schedules", "paid_hours", "headcount", "cost", "seats")


def given_days(first: datetime | None, last: datetime | None) -> tuple[date, date] | None:
    """As they were given, or None."""
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise click.UsageError("give both --from and --to, or neither")
    if last < first:
        raise click.UsageError(f"--to {last:%Y-%m-%d} comes before --from {first:%Y-%m-%d}")
    return first.date(), last.date()


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What is in it.")
@click.option("--dry-run", is_flag=True, help="Only say what is wrong with it, and what it would change.")
@click.option("--from", "first", type=DAY, metavar="DAY", help="Replace from this day on; else from its first row's.")
@click.option("--to", "last", type=DAY, metavar="DAY", help="Up to this day; else to its last row's.")
@click.option("--only-named", is_flag=True, help="Replace only what is of agents, or teams, who are in it.")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), help="As its name ends, unless told.")
@click.option("--by", default="", help="Who says so, for the record.")
def import_(
    file: IO[bytes],
    kind: str,
    dry_run: bool,
    first: datetime | None,
    last: datetime | None,
    only_named: bool,
    form: str | None,
    by: str,
) -> None:
    """Take figures over from FILE, in place of those of the same days.

    CSV in UTF-8 or GB18030, separated by comma, semicolon or tab; its first row names the columns, in English or
    Chinese (docs/workforce.md). The whole file is judged first: with a fault nothing is loaded, and each is told by row
    and column.

    \b
    Examples:
      ccplane figures import november.csv --kind schedules --dry-run
      ccplane figures import november.csv --kind schedules --by Lea
      ccplane figures import sales.csv --kind paid_hours --only-named
    """
    days = given_days(first, last)
    given = form or ("json" if Path(file.name).suffix.lower() == ".json" else "csv")
    with given_database(given_settings()) as url:
        try:
            done = asyncio.run(_load(url, file.read(), kind, given, by, days, only_named, dry_run))
        except RequestError as error:
            if error.code != "bad-figures":
                raise
            raise RequestError(error.code, _with_faults(file.name, error), **error.facts) from None
    click.echo(loaded_worded(done))


def _with_faults(name: str, error: RequestError) -> str:
    lines = [f"{name}: {error.sentence}", *(str(each) for each in error.facts["faults"])]
    if error.facts["more"]:
        lines.append(f"and {error.facts['more']:,} more")
    return "\n  ".join(lines)


async def _load(
    url: str,
    data: bytes,
    kind: str,
    form: str,
    by: str,
    days: tuple[date, date] | None,
    only_named: bool,
    trial: bool,
) -> Loaded:
    from ccplane.imports.load import load

    async with _outside(url) as (store, calendar):
        return await load(
            store, calendar, kind, data, form=form, by=by or "cli", days=days, only_named=only_named, trial=trial
        )


@asynccontextmanager
async def _outside(url: str) -> AsyncIterator[tuple[OutsideStore, Calendar]]:
    from ccplane.postgres.history import SliceStore
    from ccplane.postgres.outside import OutsideStore
    from ccplane.postgres.pool import Database

    timezone = given_site(given_settings()).rules.timezone
    async with Database(url) as database:
        yield OutsideStore(database), await SliceStore(database).calendar(timezone)


def loaded_worded(done: Loaded) -> str:
    """What an import did, or would do."""
    days = f"{done.first}" if done.first == done.last else f"{done.first} to {done.last}"
    counts = f"{done.added:,} new, {done.changed:,} changed, {done.removed:,} removed, {done.same:,} as before"
    trial = " No fault; nothing was loaded, without --dry-run it is." if done.trial else ""
    return f"{done.kind}, {days}: {done.rows:,} rows: {counts}.{trial}"


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
def imports(limit: int) -> None:
    """Who imported what, the latest first.

    \b
    Examples:
      ccplane figures imports
      ccplane figures imports --limit 100
    """
    with given_database(given_settings()) as url:
        for line in asyncio.run(_imports(url, limit)):
            click.echo(line)


async def _imports(url: str, limit: int) -> list[str]:
    from ccplane.imports.cells import moment_told

    async with _outside(url) as (store, calendar):
        return [
            f"{moment_told(each.at, calendar)} {each.by}: {each.kind}, {each.first} to {each.last}: "
            f"{each.added:,} new, {each.changed:,} changed, {each.removed:,} removed, {each.same:,} as before"
            for each in await store.imports(limit)
        ]


@click.command()
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What of it.")
@click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="The first day, like 2026-11-01.")
@click.option("--to", "last", type=DAY, required=True, metavar="DAY", help="The last one.")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True, help="How.")
@click.option("--lang", type=click.Choice(["en", "zh-CN"]), default="en", show_default=True, help="Of the header.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Into this file.")
def export(kind: str, first: datetime, last: datetime, form: str, lang: str, out: Path | None) -> None:
    """Write what was imported, as `import` takes it.

    \b
    Examples:
      ccplane figures export --kind schedules --from 2026-11-01 --to 2026-11-30 --out november.csv
      ccplane figures export --kind cost --from 2026-01-01 --to 2026-12-31 --format json
    """
    days = given_days(first, last)
    assert days is not None
    with given_database(given_settings()) as url:
        text = asyncio.run(_kept(url, kind, days, form, lang))
    if out is None:
        click.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8-sig" if form == "csv" else "utf-8", newline="")


async def _kept(url: str, kind: str, days: tuple[date, date], form: str, lang: str) -> str:
    from ccplane.imports.load import as_csv, as_json, kept

    async with _outside(url) as (store, calendar):
        rows = await kept(store, calendar, kind, *days)
    return as_json(kind, rows) if form == "json" else as_csv(kind, rows, lang)
