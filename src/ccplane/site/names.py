"""What the operator's files call by name, and whether there is such a thing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from ccplane.site.faults import did_you_mean

Blame = Callable[[str, str], None]
"""Tells a fault (code, sentence) at the place where the name stands."""


@dataclass(frozen=True)
class Reference:
    """Somewhere in the files a queue, program, menu or prompt is named."""

    kind: str
    name: str
    blame: Blame
    by_program: bool = False


def judge_references(references: Collection[Reference], known: Mapping[str, Collection[str] | None]) -> None:
    """A fault for each name that stands for nothing. None: the file that would say is broken, so nothing is judged."""
    for reference in references:
        names = known[reference.kind]
        if names is not None and reference.name not in names:
            sentence = f"there is no {reference.kind} `{reference.name}`{did_you_mean(reference.name, names)}"
            reference.blame(f"no-such-{reference.kind}", sentence)
