"""Contacts that the fallback had, remembered so that none of them is counted twice, whoever tells of it first.

Two tell: the dialplan's files, at once, and the switch's queue_log, which the guard ships at least once.
"""

from __future__ import annotations

from typing import Final

import msgspec
from immutables import Map

from ccplane.ids import ContactId

REMEMBERED: Final = 20_000
"""Contacts. One that is told of again after so many others is counted anew."""
SEGMENT: Final = 101
"""The stay in the fallback's queue; above all that a contact had with us before it was carried there."""


class Carried(msgspec.Struct, frozen=True):
    """When we last heard of it, and whether its stay in a queue is counted."""

    at: int
    counted: bool = False


def remembered(
    known: Map[ContactId, Carried], contact: ContactId, at: int, *, counted: bool
) -> Map[ContactId, Carried]:
    """With this one; the older half is forgotten when there are too many."""
    before = known.get(contact)
    known = known.set(contact, Carried(at, counted or (before is not None and before.counted)))
    if len(known) <= REMEMBERED:
        return known
    latest = sorted(known.items(), key=lambda each: (each[1].at, each[0]))
    return Map(latest[len(latest) // 2 :])
