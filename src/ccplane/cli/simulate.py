"""`simulate`: what would happen if. The numbers are made in `ccplane.simulate`; here they are asked for and shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ccplane.simulate.day import Day
    from ccplane.simulate.outcome import Outcome
    from ccplane.simulate.scenario import Scenario

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
RULES = click.Path(exists=True, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("scenario", type=FILE)
@click.option("--days", default=20, show_default=True, type=click.IntRange(1, 100_000), help="How many days to run.")
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed is the same days.")
@click.option("--site", type=FOLDER, help="Queues and agents of this site, instead of the one that the file names.")
@click.option("--rules", type=RULES, help="Changed rules to compare with: a file, or another site's folders.")
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), help="Draw the day into this file, as SVG.")
@click.option("--confidence", default=95.0, show_default=True, type=click.FloatRange(50, 99.9), help="Of intervals, %.")
@click.option("--json", "as_json", is_flag=True, help="All figures as JSON.")
def simulate(
    scenario: Path,
    days: int,
    seed: int,
    site: Path | None,
    rules: Path | None,
    picture: Path | None,
    confidence: float,
    as_json: bool,
) -> None:
    """Run days of a contact centre that is written in a file, on the routing that takes the real calls.

    Each day begins empty and is a replication of its own; a figure is that of all days, ± says how far chance may have
    led it astray. With --rules the same customers come once more under changed rules, and a * marks what is no chance.

    \b
    Examples:
      ccplane simulate docs/scenarios/two-queues.toml
      ccplane simulate docs/scenarios/two-queues.toml --days 100 --rules docs/scenarios/sales-first.toml
      ccplane simulate monday.toml --site /srv/callcentre --picture monday.svg --json
    """
    from ccplane.simulate.changes import Changes, read_changes
    from ccplane.simulate.reading import read_scenario

    reading = read_scenario(scenario, site)
    _warn(reading.warnings)
    model = reading.scenario
    changes = read_changes(rules, model.queues, model.open_ms, model.opens_at) if rules else None
    share = confidence / 100
    runs = [_run(model, days, seed, Changes(), "days")]
    if changes is not None:
        runs.append(_run(model, days, seed, changes, "under changed rules"))
    if picture is not None:
        names = ["as it is"] if len(runs) == 1 else ["before", "after"]
        draw(picture, model.name, list(zip(names, runs, strict=True)), model.slot_ms, model.opens_at)
    if as_json:
        head = {"scenario": model.name, "seed": seed, "days": days, "confidence": share}
        click.echo(json.dumps(head | told(runs, share), indent=1))
        return
    click.echo(f"{model.name}: {days} {'day' if days == 1 else 'days'}, each from empty, seed {seed}")
    show(runs, share)


def _run(model: Scenario, days: int, seed: int, changes: Any, label: str) -> list[Outcome]:
    return list(ran((changes.to(model.day(seed, number)) for number in range(days)), days, label))


def ran(days: Iterator[Day], count: int, label: str) -> Iterator[Outcome]:
    """What came of each day; how far it is can be seen where somebody looks."""
    from ccplane.simulate.run import simulate as run

    with _progress(count, label) as step:
        for day in days:
            yield run(day, partial(_part, step, max(1, len(day.arrivals))))
            step(1.0)


def _part(step: Callable[[float], None], of: int, arrived: int) -> None:
    step(arrived / of)


@contextmanager
def _progress(count: int, label: str) -> Iterator[Callable[[float], None]]:
    """A bar on the terminal, with the time that is left; nothing where there is none. A step of 1 is a whole day."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=count * 1000, label=label, file=sys.stderr) as bar:
        done = [0, 0]

        def step(part: float) -> None:
            at = min(1000, int(part * 1000))
            bar.update(at - done[1])
            done[1] = 0 if at == 1000 else at

        yield step


def draw(path: Path, title: str, runs: list[tuple[str, list[Outcome]]], slot_ms: int, opens_at: int) -> None:
    from ccplane.simulate.picture import picture

    path.write_text(picture(title, runs, slot_ms, opens_at), encoding="utf-8")
    click.echo(f"drawn: {path}", err=True)


def show(runs: list[list[Outcome]], share: float) -> None:
    """The tables of one run, or of two beside each other."""
    from ccplane.simulate import report

    click.echo()
    if len(runs) == 2:
        lines = report.lined_up(report.compared_table(runs[0], runs[1], share), 2)
    else:
        tables = report.queues_table(runs[0], share), report.groups_table(runs[0], share)
        lines = [*report.lined_up(tables[0]), "", *report.lined_up(tables[1])]
    for line in lines:
        click.echo(line)
    click.echo()
    for line in legend(runs, share):
        click.echo(line)


def legend(runs: list[list[Outcome]], share: float) -> Iterator[str]:
    """What the tables mean."""
    days, waiting = len(runs[-1]), sum(day.still_waiting for run in runs for day in run)
    if days > 1:
        yield f"±: {share * 100:g} % confidence over {days} days (Student t)" + (
            "; *: more than chance" if len(runs) == 2 else ""
        )
    yield "in time: answered within the queue's time ÷ (answered + abandoned); counts are for each day"
    if waiting:
        yield f"{waiting} still waited when nobody was left to serve them"


def told(runs: list[list[Outcome]], share: float) -> dict[str, Any]:
    """As JSON."""
    from ccplane.simulate import report

    if len(runs) == 1:
        return report.as_json(runs[0], share)
    return {
        "before": report.as_json(runs[0], share),
        "after": report.as_json(runs[1], share),
        "difference": report.compared_json(runs[0], runs[1], share),
    }


def _warn(warnings: Any) -> None:
    for each in warnings:
        where = f"{each.path}:{each.line}" if each.line else each.path
        click.echo(f"{where}: {each.key}: warning: {each.sentence}", err=True)
