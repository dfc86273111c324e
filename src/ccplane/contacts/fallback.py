"""Contacts that the fallback had, remembered so that none of them is counted twice, whoever tells of it first.

Two tell: the dialplan's files, at once, and the switch's queue_log, which the guard ships at least once.
"""

from __future__ import annotations

from typing import Final

import msgspec
from immutables import Map

from ccplane.ids import ContactId

GENERATION: Final = 10_000
"""Contacts. One that is told of again after so many others may be counted anew: one to two generations are kept."""
SEGMENT: Final = 101
"""The stay in the fallback's queue; above all that a contact had with us before it was carried there."""


class Carried(msgspec.Struct, frozen=True):
    """When we last heard of it, and whether its stay in a queue is counted."""

    at: int
    counted: bool = False


class Remembered(msgspec.Struct, frozen=True):
    """The last of them, in two generations: the older one is forgotten as a whole, which takes no time (law 13)."""

    young: Map[ContactId, Carried] = Map()
    old: Map[ContactId, Carried] = Map()

    def get(self, contact: ContactId) -> Carried | None:
        return self.young.get(contact) or self.old.get(contact)

    def __contains__(self, contact: ContactId) -> bool:
        return contact in self.young or contact in self.old

    def told(self, contact: ContactId, at: int, *, counted: bool) -> Remembered:
        """With this one, as it was last heard of."""
        before = self.get(contact)
        young = self.young.set(contact, Carried(at, counted or (before is not None and before.counted)))
        return Remembered(Map(), young) if len(young) >= GENERATION else Remembered(young, self.old)
