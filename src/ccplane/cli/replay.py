"""`replay`: what would have been, had other rules held. Days of our own log, or of the bank's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ccplane.cli.given import given_database, given_settings
from ccplane.cli.simulate import FILE, RULES, draw, legend, ran
from ccplane.errors import RequestError

if TYPE_CHECKING:
    from ccplane.simulate.recorded import RecordedDay
    from ccplane.simulate.replay import Replayed


@click.command()
@click.argument("first", metavar="[DAY", required=False, default="")
@click.argument("last", metavar="[UNTIL]]", required=False, default="")
@click.option("--bank", type=FILE, help="Not our own log: a month of that of Anonymous Bank (.tsv or .tsv.gz).")
@click.option("--rules", type=RULES, help="Changed rules to compare with: a file, or a site's folders.")
@click.option("--seed", default=1, show_default=True, type=int, help="Of what no log can know: see the manual.")
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), help="Draw the day into this file, as SVG.")
@click.option("--confidence", default=95.0, show_default=True, type=click.FloatRange(50, 99.9), help="Of intervals, %.")
@click.option("--json", "as_json", is_flag=True, help="All figures as JSON.")
def replay(
    first: str,
    last: str,
    bank: Path | None,
    rules: Path | None,
    seed: int,
    picture: Path | None,
    confidence: float,
    as_json: bool,
) -> None:
    """Run days of a log again, on the routing that takes the real calls: the same callers, under other rules.

    Beside each other stand what the log says, what the simulation makes of those days under the log's own rules (how
    near it comes tells how far to trust it), and what it makes of them under changed ones. A * marks what is no chance.

    Our own log is read from Postgres: its calls, its agents' times and the rules that held on each DAY.

    \b
    Examples:
      ccplane replay 2026-11-23
      ccplane replay 2026-11-16 2026-11-22 --rules sales-first.toml --picture week.svg
      ccplane replay --bank march.tsv.gz --rules docs/scenarios/first-come.toml
      ccplane replay 1999-03-01 --bank march.tsv.gz --picture monday.svg
    """
    from ccplane.simulate.changes import read_changes
    from ccplane.simulate.replay import replay as replayed

    days = _bank_days(bank, first, last) if bank is not None else _own_days(first, last)
    day = days[0]
    kinds = {stay.kind for each in days for stay in each.stays}
    changes = read_changes(rules, day.queues, day.closes, day.opens_at, kinds) if rules else None
    made = replayed(days, changes, seed, ran)
    title = f"{bank.name}: {_span(days)}" if bank is not None else _span(days)
    _show(title, days, made, confidence / 100, seed, picture, as_json)


def _bank_days(bank: Path, first: str, last: str) -> list[RecordedDay]:
    from ccplane.simulate.bank import read_bank, recorded_days

    log = read_bank(bank)
    until = last or first or "9"  # dates compare as they are written
    days = [each for each in recorded_days(log) if first <= each.name <= until]
    if not days:
        raise RequestError("no-such-day", f"{bank} has no calls of {_wanted(first, last) or 'any day'}.")
    _tell_odd(bank, log.unreadable, log.impossible)
    return days


def _own_days(first: str, last: str) -> list[RecordedDay]:
    from ccplane.simulate.log_in_postgres import as_date, days_in_postgres

    if not first:
        raise RequestError("no-day", "Which day? Write it like 2026-11-23, or name a log with --bank.")
    begins, ends = as_date(first), as_date(last or first)
    with given_database(given_settings()) as url:
        days = days_in_postgres(url, begins, ends)
    if not days:
        sentence = f"The log has nothing of {_wanted(first, last)}: nobody queued, or those days are dropped already."
        raise RequestError("no-such-day", sentence)
    return days


def _wanted(first: str, last: str) -> str:
    return f"{first} to {last}" if last else first


def _show(
    title: str,
    days: list[RecordedDay],
    made: Replayed,
    share: float,
    seed: int,
    picture: Path | None,
    as_json: bool,
) -> None:
    from ccplane.simulate import report

    runs = [("the log", made.was), ("simulated", made.before)]
    if made.after is not None:
        runs = [("the log", made.was), ("before", made.before), ("after", made.after)]
    if picture is not None:
        from ccplane.simulate.day import SLOT_MS

        draw(picture, title, runs, SLOT_MS, days[0].opens_at)
    if as_json:
        click.echo(json.dumps({"days": [each.name for each in days], "seed": seed} | told(made, share), indent=1))
        return
    click.echo(f"{title}, seed {seed}\n")
    table = (
        report.beside_table(made.was, made.before)
        if made.after is None
        else report.compared_table(made.before, made.after, share, made.was)
    )
    for line in (*report.lined_up(table, 2), ""):
        click.echo(line)
    for line in legend([made.before] if made.after is None else [made.before, made.after], share):
        click.echo(line)
    if made.order_before.served:
        click.echo(_order("the rules before", made.order_before))
    if made.order_after is not None and made.order_after != made.order_before:
        click.echo(_order("the rules after", made.order_after))


def _order(rules: str, found: Any) -> str:
    return (
        f"order: {rules} explain {found.share:.1%} of whom the log says was served first "
        f"({found.first} of {found.served} times that others waited in the same queue)"
    )


def told(made: Replayed, share: float) -> dict[str, Any]:
    """As JSON."""
    from ccplane.simulate import report

    found: dict[str, Any] = {
        "log": report.as_json(made.was, share),
        "before": report.as_json(made.before, share),
        "order_explained_before": made.order_before.share,
    }
    if made.after is not None:
        found["after"] = report.as_json(made.after, share)
        found["difference"] = report.compared_json(made.before, made.after, share)
        found["order_explained_after"] = made.order_after.share if made.order_after else None
    return found


def _span(days: list[RecordedDay]) -> str:
    return days[0].name if len(days) == 1 else f"{len(days)} days, {days[0].name} to {days[-1].name}"


def _tell_odd(path: Path, unreadable: Any, impossible: Any) -> None:
    for what, count in unreadable.items():
        click.echo(f"{path}: {count} rows left out: {what}", err=True)
    for what, count in impossible.items():
        click.echo(f"{path}: {count} rows kept that have {what}", err=True)
