"""Whether the plane is away: its heartbeat, as we could read it ourselves, has not moved for the whole term.

All by our own monotonic clock. Whatever kept us from reading (a pause of ours, a lost AMI) proves nothing about the
plane, so that the count begins afresh: callers who are carried too late have waited, callers who are carried too early
have lost their place.
"""

from __future__ import annotations

from typing import Final

EVERY_S: Final = 2.0
"""How often the heartbeat is read."""
UNREAD_S: Final = 8.0
"""Two readings that lie further apart, or one that takes longer, leave a gap in which anything may have happened."""


class Watch:
    """Readings in, `away` out."""

    def __init__(self, term: float) -> None:
        self._term = term
        self.value = ""
        """As last read; empty if it was never set."""
        self._since: float | None = None
        """When it was first read as it is; None before the first reading."""
        self._asked_at = 0.0

    def read(self, value: str, asked_at: float, told_at: float) -> None:
        """The heartbeat is this. It was so at some moment between the question and the answer."""
        gap = max(asked_at - self._asked_at, told_at - asked_at) > UNREAD_S
        self._asked_at = asked_at
        if gap or self._since is None or value != self.value:
            self._since, self.value = told_at, value

    def unread(self) -> None:
        """It could not be read."""
        self._since = None

    @property
    def still_for(self) -> float:
        """Seconds for which it surely has not moved."""
        return 0.0 if self._since is None else max(0.0, self._asked_at - self._since)

    @property
    def away(self) -> bool:
        return self.still_for >= self._term
