"""A contact's stay in a conference."""

from __future__ import annotations

from typing import assert_never

import msgspec
from msgspec.structs import replace

from ccplane.contacts import facts as f
from ccplane.errors import IllegalMove
from ccplane.ids import ConferenceId


class Conferring(msgspec.Struct, frozen=True):
    """A contact's stay in a conference. Built from facts by `evolve` alone."""

    id: ConferenceId
    name: str
    since: int
    """When they were to be brought into it, or came."""
    inside: bool = False


def evolve(stay: Conferring | None, fact: f.AnyConferenceFact) -> Conferring | None:
    """The stay after `fact`; IllegalMove if that is about another, or cannot happen now."""
    known = stay.id if stay else None
    match fact:
        case f.ConferenceAsked():
            if stay is not None and (stay.inside or stay.id != fact.conference):
                raise IllegalMove("conference", known, fact)
            return Conferring(fact.conference, fact.name, fact.at)
        case f.ConferenceEntered():
            if stay is None or stay.inside or stay.id != fact.conference:
                raise IllegalMove("conference", known, fact)
            return replace(stay, inside=True, since=fact.at if fact.started_at is None else fact.started_at)
        case f.ConferenceLeft():
            if stay is None or stay.id != fact.conference:
                raise IllegalMove("conference", known, fact)
            return None
        case _:
            assert_never(fact)
