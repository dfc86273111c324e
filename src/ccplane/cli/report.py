"""`report`: figures of the past."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ccplane.cli.given import given_database, given_settings
from ccplane.cli.listing import Listing

if TYPE_CHECKING:
    from ccplane.postgres.pool import Database
    from ccplane.postgres.remaking import Progress, Remade
    from ccplane.postgres.remaking_agents import RemadeAgents

DAY = click.DateTime(formats=["%Y-%m-%d"])
TABLES = ("traffic", "service", "agents", "numbers", "faults", "brief")
GROUPS = ("site", "queue", "skill", "number", "team", "agent")
INTERVALS = ("quarter", "hour", "day", "week", "month", "whole")
KINDS = ("text", "csv", "json", "xlsx")
LANGUAGES = ("en", "zh-CN")
T = TypeVar("T")
Remake = Callable[["Database", int, int, int, "_Telling", bool], Awaitable[T]]
Days = tuple[date, date]
"""The first and the last."""


@click.group(cls=Listing)
def report() -> None:
    """Figures of the past."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """What all reports may be told."""
    for option in (
        click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Into this file."),
        click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of headings."),
        click.option("--format", "kind", type=click.Choice(KINDS), default="text", show_default=True, help="How."),
        click.option("--interval", type=click.Choice(INTERVALS), help="How long a row is."),
        click.option("--by", type=click.Choice(GROUPS), help="A row for each of these."),
        click.option("--table", type=click.Choice(TABLES), default="traffic", show_default=True, help="Which."),
    ):
        command = option(command)
    return command


DATE = click.option(
    "--date", "day", type=DAY, metavar="DAY", help="A day in it; yesterday by the site's clock unless given."
)


@report.command()
@DATE
@_options
def daily(day: datetime | None, interval: str | None, **told: Any) -> None:
    """A day, by the hour unless told.

    \b
    Examples:
      ccplane report daily
      ccplane report daily --date 2026-11-22 --by queue --interval whole
      ccplane report daily --table agents --interval whole --lang zh-CN
      ccplane report daily --table service --format csv --out monday.csv
      ccplane report daily --table faults
    """
    _write(lambda yesterday: _span(day, yesterday), interval or "hour", **told)


@report.command()
@DATE
@_options
def weekly(day: datetime | None, interval: str | None, **told: Any) -> None:
    """The week of a day, from Monday, by the day unless told.

    \b
    Examples:
      ccplane report weekly
      ccplane report weekly --date 2026-11-18 --table agents --by team --interval whole
      ccplane report weekly --table brief --lang zh-CN
    """
    _write(lambda yesterday: _week(*_span(day, yesterday)), interval or "day", **told)


@report.command()
@DATE
@_options
def monthly(day: datetime | None, interval: str | None, **told: Any) -> None:
    """The month of a day, by the day unless told.

    \b
    Examples:
      ccplane report monthly --date 2026-10-01
      ccplane report monthly --date 2026-10-01 --by number --interval whole --format csv
      ccplane report monthly --table agents --format xlsx --out agents.xlsx
    """
    _write(lambda yesterday: _month(*_span(day, yesterday)), interval or "day", **told)


@report.command("range")
@click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="The first day.")
@click.option("--to", "last", type=DAY, required=True, metavar="DAY", help="The last one.")
@_options
def of_range(first: datetime, last: datetime, interval: str | None, **told: Any) -> None:
    """Any days, by the day unless told.

    \b
    Examples:
      ccplane report range --from 2026-10-01 --to 2026-11-22 --interval week
      ccplane report range --from 2026-01-01 --to 2026-11-22 --interval month --by queue --format json
    """
    _write(lambda _: (first.date(), last.date()), interval or "day", **told)


def _span(given: datetime | None, yesterday: date) -> Days:
    day = yesterday if given is None else given.date()
    return day, day


def _week(day: date, _: date) -> Days:
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def _month(day: date, _: date) -> Days:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _write(
    days: Callable[[date], Days], interval: str, *, table: str, by: str | None, kind: str, lang: str, out: Path | None
) -> None:
    """`days`: the first and the last, once it is known which was yesterday where the site is."""
    if kind == "xlsx" and out is None:
        raise click.UsageError("an XLSX goes into a file: give --out FILE.xlsx")
    with given_database(given_settings()) as url:
        text = asyncio.run(_made(url, days, table, interval, by, kind, lang))
    if isinstance(text, bytes):
        assert out is not None, "refused above"
        out.write_bytes(text)
        return
    if out is None:
        click.echo(text, nl=False)
        return
    # The mark at its beginning tells spreadsheets that it is UTF-8.
    out.write_text(text, encoding="utf-8-sig" if kind == "csv" else "utf-8", newline="")


async def _made(
    url: str, days: Callable[[date], Days], table: str, interval: str, by: str | None, kind: str, lang: str
) -> str | bytes:
    from ccplane.kpi.slices import By
    from ccplane.postgres.faults import FaultStore
    from ccplane.postgres.history import SliceStore
    from ccplane.postgres.pool import Database
    from ccplane.reports.asked import Asked, paper, report
    from ccplane.reports.paper import PAPERS
    from ccplane.reports.report import Interval
    from ccplane.workforce.process import PRINTED, WRITTEN

    now = time.time_ns() // 1_000_000
    async with Database(url) as database:
        kept = SliceStore(database)
        first, last = days((await kept.calendar()).date_of(now) - timedelta(days=1))
        asked = Asked(table=table, first=first, last=last, interval=Interval(interval), by=By(by) if by else None)
        if table in PAPERS:
            return PRINTED[kind][1](await paper(kept, FaultStore(database), asked, now), lang)
        return WRITTEN[kind][1](await report(kept, asked, now), lang)


@report.command()
@click.argument("figure")
@click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="The first day.")
@click.option("--to", "last", type=DAY, metavar="DAY", help="The last one; the same unless given.")
@click.option("--at", metavar="TIME", help="Of that one day: the row from then on, like 09:15, or as CSV has it.")
@click.option("--interval", type=click.Choice(("quarter", "hour")), default="hour", show_default=True, help="How long.")
@click.option("--by", type=click.Choice(GROUPS), default="site", show_default=True, help="Of one of these,")
@click.option("--name", default="", help="which has this name; none is who is in no team.")
@click.option("--kind", help="Of which kind of things, where a rate is made of several.")
@click.option("--after", help="The page after this one, as the page before says.")
@click.option("--limit", default=100, show_default=True, help="How many at most.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of headings.")
@click.option("--format", "form", type=click.Choice(("text", "csv", "json")), default="text", show_default=True)
def behind(first: datetime, last: datetime | None, at: str | None, interval: str, **told: Any) -> None:
    """What a figure was counted from: each contact, and what it adds.

    FIGURE is a column of a report as its JSON and CSV name it, like abandoned, service_level_past or three_rings.

    \b
    Examples:
      ccplane report behind abandoned --from 2026-11-22 --by queue --name support
      ccplane report behind service_level_past --from 2026-11-22 --at 09:00
      ccplane report behind three_rings --from 2026-11-01 --to 2026-11-22 --by agent --name 1001 --format csv
    """
    if at is not None and last is not None:
        raise click.UsageError("--at is a time of one day: give --from alone")
    try:
        begins = datetime.fromisoformat(at if "T" in at else f"{first:%Y-%m-%d}T{at}") if at is not None else None
    except ValueError:
        raise click.UsageError(f"--at {at} is no time like 09:15, nor like 2026-11-22T09:15:00+08:00") from None
    with given_database(given_settings()) as url:
        click.echo(asyncio.run(_behind(url, first.date(), (last or first).date(), begins, interval, **told)), nl=False)


async def _behind(
    url: str, first: date, last: date, begins: datetime | None, interval: str, *, lang: str, form: str, **told: Any
) -> str:
    from ccplane.days import zone
    from ccplane.kpi.behind import Kind
    from ccplane.kpi.slices import QUARTER_MS, By
    from ccplane.postgres.behind import BehindStore
    from ccplane.postgres.history import SliceStore
    from ccplane.postgres.pool import Database
    from ccplane.reports import behind as reports

    told["kind"] = Kind(told["kind"]) if told["kind"] else None
    async with Database(url) as database:
        store = SliceStore(database)
        calendar = await store.calendar()
        since, until = calendar.dates(first, last)
        if begins is not None:
            there = begins if begins.tzinfo else begins.replace(tzinfo=zone(calendar.timezone(since)))
            since = round(there.timestamp() * 1000)
            until = since + QUARTER_MS if interval == "quarter" else calendar.hour(since)[1]
        wanted = reports.Wanted(since=since, until=until, **{**told, "by": By(told["by"])})
        made = await reports.behind(store, BehindStore(database), wanted, time.time_ns() // 1_000_000)
    return {"text": reports.as_text, "csv": reports.as_csv, "json": reports.as_json}[form](made, lang)


@report.command()
@click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="The first day, like 2026-11-01.")
@click.option("--to", "last", type=DAY, required=True, metavar="DAY", help="The last one; it must be over.")
@click.option("--trial", is_flag=True, help="Only compare: say what would change, and change nothing.")
@click.option("--agents", is_flag=True, help="Agents' states, too; the facts of the month before are read for them.")
def rebuild(first: datetime, last: datetime, trial: bool, agents: bool) -> None:
    """Make the figures of some days again from the log of facts, and put right what differs.

    Calls go on meanwhile. If it is interrupted, the same command goes on where it was. Days are the site's own; those
    whose facts the log has no longer keep their figures. Agents' times are counted from their states as these are kept,
    unless --agents has them made again as well.

    \b
    Examples:
      ccplane report rebuild --from 2026-11-01 --to 2026-11-22 --trial
      ccplane report rebuild --from 2026-11-22 --to 2026-11-22
      ccplane report rebuild --from 2026-11-22 --to 2026-11-22 --agents
    """
    if last < first:
        raise click.UsageError(f"--to {last:%Y-%m-%d} comes before --from {first:%Y-%m-%d}")
    from ccplane.postgres.remaking import remake
    from ccplane.postgres.remaking_agents import remake_agents

    with given_database(given_settings()) as url:
        if agents:  # first, as figures are counted from them
            click.echo(_told_of_agents(asyncio.run(_over_days(url, first, last, trial, remake_agents)), trial))
        made = asyncio.run(_over_days(url, first, last, trial, remake))
    click.echo(_told(made, trial))


async def _over_days(url: str, first: datetime, last: datetime, trial: bool, remake: Remake[T]) -> T:
    """Of the site's days from `first` to `last`."""
    from ccplane.postgres.history import SliceStore
    from ccplane.postgres.pool import Database

    async with Database(url) as database:
        began_at, ends_at = (await SliceStore(database).calendar()).dates(first.date(), last.date())
        return await remake(database, began_at, ends_at, time.time_ns() // 1_000_000, _Telling(), trial)


def _told_of_agents(made: RemadeAgents, trial: bool) -> str:
    said = [f"{made.facts:,} facts, the states of {made.agents:,} agents compared"]
    if made.differ:
        right = f"differed and were put right, {made.figures:,} figures changed"
        said.append(f"{_some(made.differ)} {'differ; nothing was changed' if trial else right}")
    if made.left:
        said.append(f"of {_some(made.left)} the state at first does not follow from the month before: left as kept")
    return "; ".join(said) + ("." if made.differ or made.left else ": all are as the facts say.")


def _some(agents: Sequence[str]) -> str:
    return f"{len(agents):,} ({', '.join(agents[:10])}{', …' if len(agents) > 10 else ''})"


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
