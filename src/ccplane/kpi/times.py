"""What agents did with their time: whole milliseconds by shown state, clipped at the edges of an interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """State times of an agent, or of all agents of a team or site, over some time. Offline is not counted."""

    ready_ms: int = 0
    ringing_ms: int = 0
    """An offer was on their phone, whatever came of it."""
    ringing_answered_ms: int = 0
    """That part of it that they answered: it is work, and the rest was being ready (occupancy)."""
    connecting_ms: int = 0
    talking_ms: int = 0
    """Hold and a phone that is rejoining included."""
    wrap_up_ms: int = 0
    own_call_ms: int = 0
    unreachable_ms: int = 0
    """Signed in, and their phone could not be reached."""
    paused_ms: int = 0
    """For whatever reason."""
    paused_by: dict[str, int] = {}
    """The same by reason; "" is none."""

    @property
    def signed_in_ms(self) -> int:
        """All of it: from signing in to signing out."""
        return self.free_ms + self.busy_ms + self.own_call_ms + self.unreachable_ms + self.paused_ms

    @property
    def busy_ms(self) -> int:
        """Work with contacts: (talk + hold + wrap-up), and rings that were answered."""
        return self.ringing_answered_ms + self.connecting_ms + self.talking_ms + self.wrap_up_ms

    @property
    def free_ms(self) -> int:
        """Ready, and rings that were missed."""
        return self.ready_ms + self.ringing_ms - self.ringing_answered_ms

    def plus(self, more: Times) -> Times:
        """Both together."""
        sums = {each: getattr(self, each) + getattr(more, each) for each in SUMS}
        return Times(**sums, paused_by=added(self.paused_by, more.paused_by))


def total(those: Sequence[Times]) -> Times:
    """All of them together."""
    if len(those) == 1:
        return those[0]
    sums = {name: sum(getattr(each, name) for each in those) for name in SUMS}
    paused: Counter[str] = Counter()
    for each in those:
        paused.update(each.paused_by)
    return Times(**sums, paused_by=dict(sorted(paused.items())))


def added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """The sums by key."""
    return {key: one.get(key, 0) + other.get(key, 0) for key in sorted(one.keys() | other.keys())}


SUMS = tuple(each for each in Times.__struct_fields__ if each != "paused_by")
NO_TIME = Times()
