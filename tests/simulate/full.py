"""`make sim-full`: the simulator against published numbers, long enough to judge: its part of docs/simulation.md.

python -m tests.simulate.full [--days N] [--no-files]     1,000 by default, as published: about a quarter of an hour
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from bench.switching.measure import revision
from ccplane.kpi.erlang import expected
from ccplane.simulate import outcome as o
from ccplane.simulate.chance import FOREVER
from ccplane.simulate.outcome import Outcome, Rate
from ccplane.simulate.run import simulate
from ccplane.simulate.scenario import Scenario
from ccplane.simulate.student import Interval, interval
from tests.simulate.models import HOUR, MINUTE, ONE, one_queue, simple_msk, with_skills

PAGE: Final = Path(__file__).parents[2] / "docs" / "simulation.md"
FIGURE: Final = PAGE.parent / "two-skills.svg"
BEGIN, END = "<!-- sim-full:begin -->", "<!-- sim-full:end -->"


class Checked(NamedTuple):
    """A figure of ours beside a published one: `low` to `high`. Kept if the two intervals meet."""

    model: str
    what: str
    ours: Interval
    low: float
    high: float

    @property
    def kept(self) -> bool:
        assert self.ours.low is not None
        assert self.ours.high is not None
        return self.ours.low <= self.high and self.low <= self.ours.high


def days(scenario: Scenario, count: int, seed: int = 1, last_one_out: bool = False) -> list[Outcome]:
    """`last_one_out`: agents' time counts until the last contact has gone, and not only within opening hours."""
    ran, began = [], time.monotonic()
    for number in range(count):
        day = scenario.day(seed, number)
        ran.append(simulate(replace(day, closes=FOREVER) if last_one_out else day))
        if (number + 1) % 100 == 0:
            print(f"  {scenario.name}: {number + 1} of {count} days, {time.monotonic() - began:.0f} s", file=sys.stderr)
    return ran


def of(ran: Sequence[Outcome], rate: Callable[[Outcome], Rate]) -> Interval:
    return interval([rate(day) for day in ran])


def erlang(count: int) -> Iterator[Checked]:
    """100 calls in half an hour, 180 s each, 14 agents: days of 72 hours, so that the empty morning does not count."""
    scenario = one_queue(14, 100 / 30, 180_000, 72 * HOUR)
    ran, said = days(scenario, count), expected(14, 100 / 1800, 180, 20)
    yield Checked(
        "Erlang C", "service level", of(ran, lambda day: o.service_level(day.of())), *2 * (said.service_level,)
    )
    yield Checked("Erlang C", "ASA, s", of(ran, lambda day: o.asa_s(day.of())), *2 * (said.asa_s,))
    yield Checked("Erlang C", "occupancy", of(ran, lambda day: o.occupancy(day.staff)), *2 * (said.occupancy,))
    at_once = replace(scenario, queues={ONE: replace(scenario.queues[ONE], within_ms=0)})
    waits = of(days(at_once, count), lambda day: Rate(day.of().answered - day.of().answered_within, day.of().answered))
    yield Checked("Erlang C", "share who wait", waits, *2 * (said.waits,))


def twelve(count: int) -> Iterator[Checked]:
    """M/M/12, 4.2 calls a minute of 2 minutes, 8 h from empty."""
    ran = days(one_queue(12, 4.2, 2 * MINUTE, 8 * HOUR), count)
    yield Checked("M/M/12", "service level of answered", of(ran, lambda day: o.answered_only(day.of())), 0.900, 0.904)
    minutes = of(ran, lambda day: Rate(o.asa_s(day.of()).sum / 60, day.of().answered))
    yield Checked("M/M/12", "ASA, min", minutes, 0.097, 0.102)
    yield Checked("M/M/12", "occupancy", of(ran, lambda day: o.occupancy(day.staff)), 0.694, 0.697)


def montreal(count: int) -> Iterator[Checked]:
    """SimpleMSK. Its occupancy is that until the last one has gone."""
    ran = days(simple_msk(), count, last_one_out=True)
    yield Checked("SimpleMSK", "served, a day", of(ran, lambda day: Rate(day.of().answered, 1)), 4270, 4324)
    yield Checked("SimpleMSK", "abandoned, a day", of(ran, lambda day: Rate(day.of().abandoned, 1)), 876, 945)
    yield Checked("SimpleMSK", "service level, excluding", of(ran, lambda day: o.excluding(day.of())), 0.494, 0.509)
    busy = of(ran, lambda day: o.occupancy(day.staff, "group-0"))
    yield Checked("SimpleMSK", "occupancy of group 0", busy, 0.877, 0.884)


SKILLS: Final = (1, 2, 3, 6)


def skilled(count: int) -> list[tuple[int, Interval, Interval]]:
    """After Wallace and Whitt: agents with 1, 2, 3 or all 6 skills: (skills, service level, ASA)."""
    found = []
    for skills in SKILLS:
        ran = days(with_skills(skills), count)
        level = of(ran, lambda day: o.service_level(day.of()))
        found.append((skills, level, of(ran, lambda day: o.asa_s(day.of()))))
    return found


def number(value: float | None) -> str:
    assert value is not None
    return f"{value:.0f}" if value >= 100 else f"{value:.4g}"


def table(checks: Sequence[Checked]) -> str:
    rows = ["| model | figure | ours, 95 % | published | |", "|---|---|---|---|---|"]
    for each in checks:
        published = number(each.low) if each.low == each.high else f"{number(each.low)} to {number(each.high)}"
        rows.append(
            f"| {each.model} | {each.what} | {number(each.ours.value)} ({number(each.ours.low)} to "
            f"{number(each.ours.high)}) | {published} | {'meets' if each.kept else '**misses**'} |"
        )
    return "\n".join(rows)


def skills_table(found: Sequence[tuple[int, Interval, Interval]]) -> str:
    rows = ["| skills of each agent | answered within 20 s | ASA |", "|---|---|---|"]
    for skills, level, asa in found:
        assert level.value is not None
        assert level.margin is not None
        assert asa.margin is not None
        rows.append(
            f"| {skills} | {level.value:.1%} ±{level.margin * 100:.1f} | {number(asa.value)} s ±{number(asa.margin)} |"
        )
    return "\n".join(rows)


def figure(found: Sequence[tuple[int, Interval, Interval]]) -> str:
    """Bars of the service level, by the number of skills."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 260" font-family="sans-serif" font-size="13" '
        'role="img" aria-label="Answered within 20 s, by the number of skills each agent has">',
        '<rect width="520" height="260" fill="#ffffff"/>',
        '<text x="20" y="24" font-weight="bold">Answered within 20 s, by the skills each agent has</text>',
    ]
    for row, (skills, level, _) in enumerate(found):
        assert level.value is not None
        y, wide = 46 + row * 50, 330 * level.value
        parts.append(f'<text x="20" y="{y + 20}">{skills} of 6</text>')
        parts.append(f'<rect x="80" y="{y}" width="{wide:.1f}" height="30" fill="#1d6fb8"/>')
        parts.append(f'<text x="{88 + wide:.1f}" y="{y + 20}">{level.value:.1%}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.simulate.full", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--days", type=int, default=1000, help="of M/M/12 and SimpleMSK; a tenth for the others")
    parser.add_argument("--no-files", action="store_true", help="print only")
    options = parser.parse_args(given)
    tenth = max(3, options.days // 10)
    checks = [*erlang(tenth), *twelve(options.days), *montreal(options.days)]
    found = skilled(max(3, tenth // 5))
    print(table(checks))
    print(skills_table(found))
    if not options.no_files:
        head, _, rest = PAGE.read_text().partition(BEGIN)
        _, _, tail = rest.partition(END)
        said = f"{datetime.now(UTC):%Y-%m-%d}, revision `{revision() or '?'}`, {options.days} days of M/M/12 and "
        said += f"SimpleMSK, {tenth} of 72 h for Erlang, {max(3, tenth // 5)} of 20 h for the skills; seed 1."
        two = "\n".join(("![By the number of skills](two-skills.svg)", "", skills_table(found)))
        PAGE.write_text(f"{head}{BEGIN}\n{said}\n\n{table(checks)}\n\n{two}\n{END}{tail}")
        FIGURE.write_text(figure(found))
    missed = [f"{each.model}: {each.what}" for each in checks if not each.kept]
    if missed:
        print("missed: " + "; ".join(missed), file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
