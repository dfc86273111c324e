"""What an agent has done today: how many contacts, and how long they were at work for them."""

from __future__ import annotations

import msgspec


class Tally(msgspec.Struct, frozen=True):
    """Of one day of the site, which began at `day` (ms UTC); of an earlier day it says nothing about today."""

    day: int = 0
    contacts: int = 0
    """Talks that began."""
    busy_ms: int = 0
    """Talk and wrap-up that are over."""

    def on(self, day: int) -> Tally:
        """As it stands on the day that began then: a new day begins from nothing."""
        return self if self.day == day else Tally(day)

    def worked(self, ms: int) -> Tally:
        return Tally(self.day, self.contacts, self.busy_ms + ms)

    def began(self) -> Tally:
        return Tally(self.day, self.contacts + 1, self.busy_ms)
