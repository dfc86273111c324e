"""One leader (DESIGN §4). A row in Postgres says who may command the switch; this object says whether that is us, now.

The switch fences nothing: an old plane's commands would still be obeyed. So every command asks `may_send` first, at
the socket. It says no once the lease was last confirmed longer ago than its term less a margin, by a clock that goes
on while we are paused; unless a confirmation begun after that moment failed because Postgres can't be reached: then
nobody else can take the lease either, and calls come first (law 10).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import asyncpg

from ccplane.errors import StoreError
from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query


def boottime() -> float:
    """Seconds since boot; unlike the monotonic clock it counts a suspended machine's time too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Lease:
    """The lease of one site, wanted by one outbox. `term` and `margin` in seconds."""

    def __init__(
        self,
        database: Database,
        site: str,
        outbox: str,
        *,
        term: float = 10.0,
        margin: float = 2.0,
        clock: Callable[[], float] = boottime,
    ) -> None:
        self._database, self._site, self._outbox = database, site, outbox
        self._term, self._margin, self._clock = term, margin, clock
        self._confirmed: float | None = None
        self._unreachable_at: float | None = None
        """When a confirmation began that failed because Postgres can't be reached; None if it can."""
        self.epoch = 0
        self.held = False
        self.on_lost: Callable[[str], None] = lambda reason: None

    async def take(self, outbox_epoch: int) -> int:
        """Our own lease at once, another's once it has expired by the database's clock. The new epoch.

        StoreError "lease-held" says who has it and for how long; "postgres-unreachable" if nobody can say.
        """
        began = self._clock()
        async with self._database.connection() as connection:
            epoch = await connection.fetchval(query("take_lease"), self._site, self._outbox, outbox_epoch, self._term)
            if epoch is None:
                raise self._held_by(await connection.fetchrow(query("lease"), self._site))
        self.epoch, self.held = epoch, True
        self._confirmed, self._unreachable_at = began, None
        return self.epoch

    def go_on(self, epoch: int) -> None:
        """Postgres was away when we asked: go on under the outbox's last epoch."""
        self.epoch, self.held = epoch, True
        self._unreachable_at = self._clock()

    async def run(self) -> None:
        """Confirm it again and again, until it is lost. Cancel to stop."""
        while self.held:
            await asyncio.sleep(self._pause())
            await self.confirm()

    async def confirm(self) -> bool:
        """Ask once; whether it is still ours, as far as anyone can say."""
        began = self._clock()
        try:
            async with self._database.connection() as connection:
                kept = await connection.fetchval(query("renew_lease"), self._site, self._outbox, self.epoch, self._term)
        except StoreError:
            self._unreachable_at = began
            return self.held
        if kept is None:
            self._lose("another plane has taken the lease")
            return False
        self._confirmed, self._unreachable_at = began, None
        return True

    def may_send(self) -> bool:
        """Whether a command may go to the switch now."""
        if not self.held:
            return False
        if self._confirmed is not None and self._clock() - self._confirmed <= self._term - self._margin:
            return True
        ran_out = (self._confirmed or 0.0) + self._term - self._margin
        return self._unreachable_at is not None and (self._confirmed is None or self._unreachable_at >= ran_out)

    def confirmed_ago(self) -> float | None:
        """Seconds since Postgres last confirmed it; None if it never did."""
        return None if self._confirmed is None else self._clock() - self._confirmed

    async def release(self) -> None:
        """Let it go, so that another need not wait for the term to end."""
        if not self.held:
            return
        self.held = False
        async with self._database.connection() as connection:
            await connection.execute(query("release_lease"), self._site, self._outbox, self.epoch)

    def _held_by(self, lease: asyncpg.Record | None) -> StoreError:
        holder, left = (lease["holder"], lease["expires_in"]) if lease else ("unknown", 0.0)
        sentence = f"Another plane (outbox {holder}) leads this site, for {left:.0f} s more."
        return StoreError("lease-held", sentence, holder=holder, expires_in=left)

    def _pause(self) -> float:
        """A third of the term; when Postgres just failed us sooner, so that the answer is fresh when the term ends."""
        return self._term / 12 if self._unreachable_at is not None else self._term / 3

    def _lose(self, reason: str) -> None:
        self.held = False
        self.on_lost(reason)
