"""How who waits is told their place in the line and how long it will take.

Announced waits are honest: always rounded up, said as "less than N minutes", and one that has grown since the last time
is said to have done so. Nothing here delays an offer: whoever says it stops as soon as an agent picks up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from ccplane.contacts.announce import Announce, Told

POSITIONS: Final = 20
"""Places in the line that are said; who stands further back does not hear theirs."""
MINUTES: Final = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60)
"""Waits that are said: "less than N minutes". Beyond the last one it is "more than"."""
MINUTE_MS: Final = 60_000


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """The sounds of one language by which places and waits are said."""

    positions: tuple[str, ...]
    """Of place 1, 2, … POSITIONS."""
    minutes: tuple[str, ...]
    """Of "less than N minutes", for each of MINUTES."""
    more: str
    """More than the last of them."""
    longer: str
    """It has become longer than was said."""


MORE: Final = MINUTES[-1] + 1


class Announcement(msgspec.Struct, frozen=True):
    """One announcement: the sounds in order, and what they say."""

    sounds: tuple[str, ...]
    position: int | None = None
    minutes: int | None = None
    longer: bool = False


def rounded(wait_ms: int) -> int:
    """The wait as it is said, in minutes: the least of MINUTES that it does not exceed; MORE beyond them."""
    return next((each for each in MINUTES if wait_ms <= each * MINUTE_MS), MORE)


def announcement(
    plan: Announce,
    sayings: Mapping[str, Saying],
    language: str,
    told: Told,
    position: int | None,
    wait_ms: int | None,
) -> Announcement:
    """What is said now. What is not known is left out, and a language without sounds for it hears messages alone."""
    saying = sayings.get(language)
    sounds: list[str] = []
    place = position if saying and plan.position and position and position <= len(saying.positions) else None
    minutes = rounded(wait_ms) if saying and plan.estimate and wait_ms is not None else None
    longer = minutes is not None and told.minutes is not None and minutes > told.minutes
    if saying and place:
        sounds.append(saying.positions[place - 1])
    if saying and minutes is not None:
        sounds += [saying.longer] if longer else []
        sounds.append(saying.more if minutes == MORE else saying.minutes[MINUTES.index(minutes)])
    if plan.messages:
        message = plan.messages[told.times % len(plan.messages)]
        sounds.append(message.get(language) or next(iter(message.values())))
    return Announcement(tuple(sounds), place, minutes, longer)
