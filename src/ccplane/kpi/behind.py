"""What a figure is made of: which counters, and what kind of thing each of them counts.

Whoever doubts a figure is shown those things; their counts, added up, are the counters, and these make it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from ccplane.kpi.brought import Brought
from ccplane.kpi.counters import Counters
from ccplane.kpi.measures import MEASURES, Sums
from ccplane.kpi.times import SUMS, Times


class Kind(StrEnum):
    """What is counted."""

    STAY = "stay"
    """A stay in a queue, with its talk and wrap-up."""
    OFFER = "offer"
    CALLBACK = "callback"
    SURVEY = "survey"
    CONTACT = "contact"
    """A contact from outside, once, whatever queues it went through."""
    TIME = "time"
    """An agent in one state."""


OF_OFFERS: Final = frozenset(
    ("rang", "rang_in_time", "auto_answered", "missed_no_answer", "missed_rejected", "missed_busy",
     "missed_unreachable", "answered_ring_ms")
)  # fmt: skip
OF_SURVEYS: Final = ("surveys_", "satisfaction_", "nps_")
CONTACTS: Final = "contacts_"
TIMES: Final = "time_"


def kind_of(counter: str) -> Kind:
    """Of a column of `slice`."""
    if counter.startswith(CONTACTS):
        return Kind.CONTACT
    if counter.startswith(TIMES):
        return Kind.TIME
    if counter in OF_OFFERS:
        return Kind.OFFER
    if counter == "callbacks" or counter.startswith("callbacks_"):
        return Kind.CALLBACK
    return Kind.SURVEY if counter.startswith(OF_SURVEYS) else Kind.STAY


@cache
def made_of(figure: str) -> Mapping[Kind, tuple[str, ...]]:
    """The counters of a key of `measures`, by kind, as columns of `slice`. KeyError for any other key.

    The measure itself is asked: a counter belongs to it if it says something else when that one is another. So nobody
    has to keep a list beside the formulas.
    """
    measure, sums = MEASURES[figure], _probe()
    found: dict[Kind, list[str]] = {}
    for name, part, field in _fields():
        whole = getattr(sums, part)
        other = replace(sums, **{part: replace(whole, **{field: getattr(whole, field) + 1})})
        if measure(other) != measure(sums):
            found.setdefault(kind_of(name), []).append(name)
    return {kind: tuple(names) for kind, names in found.items()}


def sums_of(counts: Mapping[str, int]) -> Sums:
    """Counts by column of `slice` as what measures take; those that are not named are 0."""
    parts: dict[str, dict[str, int]] = {"counters": {}, "brought": {}, "times": {}}
    for name, part, field in _fields():
        parts[part][field] = counts.get(name, 0)
    counters, brought = Counters(**parts["counters"]), Brought(**parts["brought"])
    return Sums(counters=counters, brought=brought, times=msgspec.convert(parts["times"], Times))


def counts_of(sums: Sums, names: tuple[str, ...]) -> dict[str, int]:
    """The other way round, of these."""
    return {name: getattr(getattr(sums, part), field) for name, part, field in _fields() if name in names}


@cache
def _fields() -> tuple[tuple[str, str, str], ...]:
    """Each column of `slice`, of which part of `Sums` it is, and that part's field."""
    return (
        *((field, "counters", field) for field in Counters.__struct_fields__),
        *((CONTACTS + field, "brought", field) for field in Brought.__struct_fields__),
        *((TIMES + field, "times", field) for field in SUMS),
    )


def _probe() -> Sums:
    """All different, none 0, and parts smaller than what they are parts of, which come before them: each formula is in
    the middle of what it is for."""

    def falling(kind: Any, names: tuple[str, ...]) -> Any:
        return kind(**{name: 1_000_000 - 997 * at for at, name in enumerate(names)})

    return Sums(
        counters=falling(Counters, Counters.__struct_fields__),
        brought=falling(Brought, Brought.__struct_fields__),
        times=falling(Times, SUMS),
    )


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """One that was counted. `at`: when it counts, ms UTC. `outcome`: what became of it; of a `time`: the state.
    `counts`: what it adds, by counter."""

    kind: Kind
    id: str
    at: int
    contact: str | None = None
    segment: int | None = None
    queue: str | None = None
    number_dialled: str | None = None
    caller: str | None = None
    agent: str | None = None
    outcome: str | None = None
    counts: dict[str, int]
