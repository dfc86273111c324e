"""Conferences as programs ask for them, and what comes of it. (A contact's stay in one: conferring.py.)"""

from __future__ import annotations

import msgspec


class Confer(msgspec.Struct, frozen=True, tag=True):
    """Bring the caller into the conference of this name at their node, with all who are in it; for so long."""

    name: str
    most: int = 10
    """So many may be in it, with them."""
    ms: int = 4 * 3_600_000
    music: str = "default"
    """The class that is heard by who is alone."""
    ends_with: str = ""
    """Each of these keys leads out of it."""
    leads: bool = False
    """When the last who leads it has left, it is over for all."""
    consent: bool | None = None
    """To being recorded; None if they were not told of it."""


class Met(msgspec.Struct, frozen=True, tag=True):
    """They were in it for so long, and are still on the line. `why`: key, time, or leader (it is over for all)."""

    ms: int
    why: str


class NotMet(msgspec.Struct, frozen=True, tag=True):
    """They did not come into it. `why`: full, not-joined, or wrong-pin."""

    why: str
