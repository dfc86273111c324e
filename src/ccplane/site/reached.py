"""What nobody comes to, and what leads round: of programs as a whole. (Menus: menus.py.)"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ccplane.ids import ProgramName
from ccplane.routing.rules import Number
from ccplane.site.faults import Findings
from ccplane.site.names import Reference
from ccplane.site.programs import AS_THE_NUMBERS, computes, fault_at
from ccplane.site.site import Program


def judge_programs(
    programs: Mapping[ProgramName, Program],
    named: Collection[Reference],
    within: Mapping[ProgramName, Collection[Reference]],
    findings: Findings,
) -> None:
    """Warnings: a program that nothing leads to is perhaps a name that was mistyped; programs that run each other round
    fail once they are eight deep. `named`: what files name; `within`: what each program does."""
    runs = {name: _runs(references) for name, references in within.items()}
    if not any(computes(program.source, "run") for program in programs.values()):
        reached, found = set[str](), [each.name for each in named if each.kind == "program" and not each.by_program]
        while found:
            name = found.pop()
            if name not in reached:
                reached.add(name)
                found += runs.get(ProgramName(name), ())
        for name, program in programs.items():
            if name not in reached:
                sentence = "no number, no key of a menu and no other program leads to this program"
                findings.warnings.append(fault_at(program.path, "not-reached", sentence))
    told = set[frozenset[str]]()
    for name in programs:
        way = _round(runs, name)
        if way and frozenset(way) not in told:
            told.add(frozenset(way))
            sentence = f"programs run each other round: {' → '.join([*way, way[0]])}; that fails once it is eight deep"
            findings.warnings.append(fault_at(programs[name].path, "runs-round", sentence))


def judge_transfers(
    numbers: Iterable[Number],
    within: Mapping[ProgramName, Collection[Reference]],
    default_queue: str | None,
) -> None:
    """A warning for each transfer to an agent that would fail, as neither it, nor the number dialled, nor the site
    names the queue as whose talk it counts."""
    if default_queue is not None:
        return
    told = set[ProgramName]()
    for number in (each for each in numbers if each.queue is None):
        ways = [each for each in (number.program, number.withheld, number.closed) if each is not None]
        while ways:
            name = ways.pop()
            if name in told:
                continue
            told.add(name)
            references = within.get(name, ())
            ways += [ProgramName(each) for each in _runs(references)]
            for each in (each for each in references if each.kind == AS_THE_NUMBERS):
                sentence = (
                    f"names no queue as whose talk it counts, and calls to {number.number} have none: they fail here"
                )
                each.blame("no-queue", f"{sentence}; give `queue`, here, there, or as `default_queue` in acd/site.toml")


def _runs(references: Collection[Reference]) -> list[str]:
    return [each.name for each in references if each.kind == "program"]


def _round(runs: Mapping[ProgramName, list[str]], start: str) -> list[str]:
    """The shortest way by which a program runs itself again; nothing if it never does."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop(0)
        for following in runs.get(ProgramName(way[-1]), ()):
            if following == start:
                return way
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []
