"""Numbers that stand for many: `0215550X` for ten, `02155*` for all that begin so."""

from __future__ import annotations

from typing import Final

from ccplane.contacts.served import is_shown

ANY: Final = "X"
"""Any one digit."""
REST: Final = "*"
"""At the end: whatever follows, or nothing."""
LEAST: Final = 2
"""Digits with which a pattern begins, so that none takes all there is."""


def is_pattern(number: str) -> bool:
    return ANY in number or (len(number) > 1 and number.endswith(REST))


def matches(pattern: str, dialled: str) -> bool:
    """Whether `dialled` is one of those that the pattern stands for."""
    stem = pattern.removesuffix(REST)
    if len(dialled) < len(stem) or (stem == pattern and len(dialled) != len(stem)):
        return False
    return all(
        there == said or (there == ANY and said.isascii() and said.isdigit())
        for there, said in zip(stem, dialled, strict=False)
    )


def exactness(pattern: str) -> tuple[int, int, str]:
    """The most exact comes first: by how many digits are given before the first that is not, then by how many there are
    in all."""
    stem = pattern.removesuffix(REST)
    return -len(stem.partition(ANY)[0]), -len(stem), pattern


def is_withheld(caller: str) -> bool:
    """Whether a caller shows no number: nothing, or a word ("anonymous", "Restricted") where one belongs."""
    return not is_shown(caller)
