"""What came of one try to send a notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sent:
    """Whoever was to get it has taken it."""


@dataclass(frozen=True)
class NotNow:
    """It was not taken, or nobody knows: it is tried again. `why`: for people."""

    why: str


@dataclass(frozen=True)
class Refused:
    """It was refused for good: trying again changes nothing. `why`: for people; `too_large`: something smaller might be
    taken."""

    why: str
    too_large: bool = False


Outcome = Sent | NotNow | Refused
