"""What the numbers that callers dial bring: each contact once, where and when it arrived, whatever becomes of it.

Answered: an agent ever did. Abandoned: nobody did, and it was left while waiting. Self-served: a program served it, and
it never came into a queue. Postgres counts the same for longer times (queries/brought.sql).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from immutables import Map
from msgspec.structs import replace

from ccplane.contacts import facts as c
from ccplane.contacts.facts import EndedBy, QueueOutcome
from ccplane.ids import ContactId
from ccplane.laws import Fact

MOST: Final = 500
"""Numbers that are counted apart in a day; what further ones bring counts for their advertisement alone. Somebody may
dial every number there is."""
OTHERS: Final = ""


class Brought(msgspec.Struct, frozen=True):
    """How many contacts."""

    arrived: int = 0
    queued: int = 0
    answered: int = 0
    abandoned: int = 0
    self_served: int = 0

    def plus(self, more: Mapping[str, int]) -> Brought:
        return replace(self, **{name: getattr(self, name) + count for name, count in more.items()})


class Line(msgspec.Struct, frozen=True):
    """What one number brought, while it stood for this advertisement ("" is none). `number`: "" is all others."""

    number: str
    attribution: str
    brought: Brought = Brought()


class Came(msgspec.Struct, frozen=True):
    """A contact that came from outside, and what was counted of it so far. `at`: when it arrived, ms UTC."""

    at: int
    number: str
    attribution: str
    queued: bool = False
    answered: bool = False
    abandoned: bool = False
    ended: bool = False
    """It was carried to the fallback, or found there; what became of it may still be told."""


Cames = Map[ContactId, Came]
Lines = Map[str, Line]
News = tuple[Cames, Came | None, dict[str, int]]
"""Those that are followed; whose counts change, and by how much."""


FOLLOWED: Final = frozenset(
    (c.ContactArrived, c.ContactQueued, c.TalkStarted, c.ContactUnqueued, c.FallbackServed, c.ContactEnded)
)
"""No other fact changes anything here."""


def follow(came: Cames, fact: Fact) -> News:
    """What a fact says of contacts that came from outside."""
    if isinstance(fact, c.ContactArrived):
        return _arrived(came, fact)
    known = came.get(fact.contact) if isinstance(fact, c.ContactFact | c.FallbackServed) else None
    if known is None:
        return came, None, {}
    match fact:
        case c.ContactQueued() if not known.queued:
            return came.set(fact.contact, replace(known, queued=True)), known, {"queued": 1}
        case c.TalkStarted():
            now, more = _came_to(known, QueueOutcome.ANSWERED)
            return came.set(fact.contact, now), known, more
        case c.ContactUnqueued():
            now, more = _came_to(known, fact.outcome)
            return came.set(fact.contact, now), known, more
        case c.FallbackServed():
            now, more = _came_to(known, fact.outcome)
            more = more if known.queued else {**more, "queued": 1}
            return came.delete(fact.contact) if known.ended else came.set(fact.contact, now), known, more
        case c.ContactEnded(by=EndedBy.FALLBACK):
            return came.set(fact.contact, replace(known, ended=True)), known, {}
        case c.ContactEnded():
            return came.delete(fact.contact), known, {"self_served": int(fact.self_served)}
        case _:
            return came, None, {}


def _arrived(came: Cames, fact: c.ContactArrived) -> News:
    if fact.direction is not c.Direction.INBOUND or fact.callback is not None:
        return came, None, {}
    at = fact.at if fact.arrived_at is None else fact.arrived_at
    known = Came(at, fact.number_dialled, fact.attribution)
    return came.set(fact.contact, known), known, {"arrived": 1}


def _came_to(known: Came, outcome: QueueOutcome) -> tuple[Came, dict[str, int]]:
    """How a stay ended. Once answered a contact is not abandoned any more."""
    if outcome is QueueOutcome.ANSWERED and not known.answered:
        more = {"answered": 1, "abandoned": -1} if known.abandoned else {"answered": 1}
        return replace(known, queued=True, answered=True, abandoned=False), more
    if outcome is QueueOutcome.ABANDONED and not known.answered and not known.abandoned:
        return replace(known, queued=True, abandoned=True), {"abandoned": 1}
    return known, {}


def added(lines: Lines, of: Came, more: Mapping[str, int]) -> Lines:
    """One day's lines with this."""
    key = f"{of.number} {of.attribution}"
    number = of.number if key in lines or len(lines) < MOST else OTHERS
    key = f"{number} {of.attribution}"
    line = lines.get(key) or Line(number, of.attribution)
    return lines.set(key, replace(line, brought=line.brought.plus(more)))


def recent(came: Cames, since: int) -> Cames:
    """Without those that ended and arrived before: what is told of them later counts nowhere here."""
    gone = [contact for contact, each in came.items() if each.ended and each.at < since]
    for contact in gone:
        came = came.delete(contact)
    return came


class AttributionView(msgspec.Struct, frozen=True, kw_only=True):
    """What an advertisement brought; "" is none."""

    attribution: str
    arrived: int
    queued: int
    answered: int
    abandoned: int
    self_served: int


class NumberView(AttributionView, frozen=True, kw_only=True):
    """What a number brought; "" is all that are not counted apart."""

    number_dialled: str


def by_number(lines: Iterable[Line]) -> tuple[NumberView, ...]:
    """The most first."""
    views = [
        NumberView(number_dialled=each.number, attribution=each.attribution, **msgspec.structs.asdict(each.brought))
        for each in lines
    ]
    return tuple(sorted(views, key=lambda view: (-view.arrived, view.number_dialled, view.attribution)))


def by_attribution(lines: Iterable[Line]) -> tuple[AttributionView, ...]:
    """The most first."""
    sums: dict[str, Counter[str]] = {}
    for each in lines:
        sums.setdefault(each.attribution, Counter()).update(msgspec.structs.asdict(each.brought))
    views = [AttributionView(attribution=name, **count) for name, count in sums.items()]
    return tuple(sorted(views, key=lambda view: (-view.arrived, view.attribution)))
