"""Every fault of a site at once: nobody should have to mend one typo to be told of the next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from ccplane.errors import SiteError


class SiteFaults(SiteError):
    """All that is wrong with a site, in the order of its files. Printed one fault a line."""

    def __init__(self, faults: Iterable[SiteError]) -> None:
        self.faults: tuple[SiteError, ...] = in_order(faults)
        first = self.faults[0]
        super().__init__("site-faults", first.sentence, path=first.path, line=first.line, key=first.key)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class Findings:
    """Collects what is wrong (faults) and what is odd but works (warnings)."""

    def __init__(self) -> None:
        self.faults: list[SiteError] = []
        self.warnings: list[SiteError] = []


def in_order(findings: Iterable[SiteError]) -> tuple[SiteError, ...]:
    """By file and line, the order in which they are mended."""
    return tuple(sorted(findings, key=lambda fault: (fault.path, fault.line)))


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`; did you mean \\`strategy\\`?`, or what there is when nothing is near, or nothing when there is nothing."""
    names = sorted(known)
    by_lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(wrong.lower(), by_lower, n=1, cutoff=0.6)
    if near:
        return f"; did you mean `{by_lower[near[0]]}`?"
    return f"; there is {listed(names)}" if names else ""


def listed(names: Sequence[str], most: int = 8) -> str:
    """Some names for a sentence: `a`, `b` and 3 more."""
    shown = [f"`{name}`" for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
