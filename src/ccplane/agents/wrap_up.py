"""Work after a call: for how long, and until when at the most. What decides when it ends by itself is here."""

from __future__ import annotations

import msgspec


class WrapUp(msgspec.Struct, frozen=True):
    """How long an agent is left alone after a talk. Of a queue, or an agent's own, which then holds in every queue."""

    time_ms: int | None = 0
    """0: none. None: until they say that they are done."""
    extend_ms: int = 0
    """So much longer each time they ask for it; 0: it can't be extended."""
    most_ms: int | None = None
    """All in all not longer; None: however often they ask."""

    @property
    def is_none(self) -> bool:
        return self.time_ms == 0

    def ends_at(self, began: int) -> int | None:
        """When time alone ends it; None if nothing but the agent does."""
        longest = self.most_at(began)
        if self.time_ms is None or longest is None:
            return longest if self.time_ms is None else began + self.time_ms
        return min(began + self.time_ms, longest)

    def most_at(self, began: int) -> int | None:
        """Until when it may be extended; None: without end."""
        return None if self.most_ms is None else began + self.most_ms


def extended(until: int | None, by_ms: int, most: int | None, now: int) -> int | None:
    """Until when it lasts once it is extended at `now`; None if that makes it no longer."""
    if until is None or not by_ms:
        return None
    later = max(until, now) + by_ms
    later = later if most is None else min(later, most)
    return later if later > until else None
