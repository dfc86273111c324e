"""What a benchmark has made: JSON in bench/results/, its part of docs/performance.md, and its exit code."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ccplane.asterisk.node import HOME

PAGE: Final = HOME / "docs" / "performance.md"
Check = dict[str, Any]
"""`what` is at `most` so much, was `measured`, and is `kept` or not."""


class Made:
    """Of the benchmark of this name. `title`: of its part of the page, if the page has none yet."""

    def __init__(self, name: str, title: str) -> None:
        self._name, self._title = name, title
        self.results = HOME / "bench" / "results" / f"{name}.json"
        self._begin, self._end = f"<!-- bench:{name}:begin -->", f"<!-- bench:{name}:end -->"

    def write(self, made: dict[str, Any], said: str, table: str) -> None:
        self.results.write_text(json.dumps(made, indent=1) + "\n")
        page = PAGE.read_text()
        if self._begin not in page:
            page += f"\n## {self._title}\n\nFrom `make bench-{self._name}`.\n\n{self._begin}\n{self._end}\n"
        before, _, rest = page.partition(self._begin)
        whole = f"{said} {self._all_figures()}"
        PAGE.write_text(f"{before}{self._begin}\n{whole}\n\n{table}\n{self._end}{rest.partition(self._end)[2]}")

    def _all_figures(self) -> str:
        path = self.results.relative_to(HOME)
        return f"All figures: [`{path}`](../{path})."


def on_machine(made: dict[str, Any]) -> str:
    """When, of what, where: how each part of the page begins."""
    computer = made["machine"]
    return f"{made['at'][:10]}, revision `{made['revision'] or '?'}`, {computer['cores']} cores of {computer['cpu']}; "


def checked(asked: Iterable[tuple[str, float, float]]) -> list[Check]:
    """Each is: what, the most that is promised, and what was measured."""
    return [{"what": what, "most": most, "measured": was, "kept": was <= most} for what, most, was in asked]


def promises(checks: Sequence[Check]) -> list[str]:
    """Lines of a table."""
    return ["| promised | at most | measured | |", "|---|---|---|---|"] + [
        f"| {each['what']} | {each['most']:g} | {each['measured']} | {'kept' if each['kept'] else '**missed**'} |"
        for each in checks
    ]


def verdict(checks: Sequence[Check]) -> int:
    """The exit code; what was missed is said."""
    missed = [each["what"] for each in checks if not each["kept"]]
    if missed:
        print("missed: " + "; ".join(missed), file=sys.stderr)
    return 1 if missed else 0


def usual_arguments(parser: argparse.ArgumentParser, folder: str, holds: str | None = None) -> None:
    """Of every benchmark with an Asterisk of its own; its `folder` is under .runtime."""
    root, work = HOME / ".runtime" / "asterisk-root", HOME / ".runtime" / folder
    parser.add_argument("--root", type=Path, default=root, help="the private Asterisk")
    parser.add_argument("--work", type=Path, default=work, help=holds)
    parser.add_argument("--no-files", action="store_true", help="print only")
