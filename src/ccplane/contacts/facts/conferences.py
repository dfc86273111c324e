"""Conferences: rooms with a name, in which callers meet."""

from __future__ import annotations

from enum import StrEnum

from ccplane.contacts.facts.life import ContactFact
from ccplane.ids import ConferenceId


class ConferenceEnd(StrEnum):
    """Why somebody is in a conference no longer."""

    KEY = "key"
    """They pressed the key that leads out."""
    TIME = "time"
    LEADER = "leader"
    """The last who led it has left."""
    HUNG_UP = "hung-up"
    SWITCH = "switch"
    NOT_JOINED = "not-joined"
    """They were never seen in it."""


class ConferenceAsked(ContactFact, frozen=True, kw_only=True):
    """Somebody is to be brought into a conference; by `deadline` at the latest. Asked for again where a gap has left it
    open whether they were."""

    conference: ConferenceId
    name: str
    deadline: int


class ConferenceEntered(ContactFact, frozen=True, kw_only=True):
    """They are in it, the `members`-th: stay `segment` began. Until `ends_at` at the latest."""

    conference: ConferenceId
    segment: int
    members: int
    ends_at: int
    started_at: int | None = None
    """When, if that is older than this fact."""


class ConferenceLeft(ContactFact, frozen=True, kw_only=True):
    """They are in it no longer. `ms`: how long they were; `ended_at`: when that was over, if not now."""

    conference: ConferenceId
    segment: int
    by: ConferenceEnd
    ms: int
    ended_at: int | None = None


AnyConferenceFact = ConferenceAsked | ConferenceEntered | ConferenceLeft
