"""What a fact is (law 2) and what a state table is (law 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from ccplane.errors import IllegalMove


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something that was decided to have happened, in the past tense. Never changed once made.

    `at` is ccplane's UTC in integer milliseconds (law 12). Facts are what is stored, folded into KPIs, pushed to
    screens and replayed, so a field may be added with a default, but never renamed or removed.
    """

    at: int


S = TypeVar("S")
Transitions = Mapping[S, Mapping[type[Fact], S]]
"""A state machine as data: state -> {fact that may happen in it -> the state it leads to}."""


def move(machine: str, table: Transitions[S], state: S, fact: Fact) -> S:
    """The state that `fact` leads to from `state`; IllegalMove if the table has no such transition."""
    try:
        return table[state][type(fact)]
    except KeyError:
        raise IllegalMove(machine, state, fact) from None
