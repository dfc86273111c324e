"""One leader: a row in Postgres says who may command the switch, and until when, by the database's clock.

The switch fences nothing, so the sender asks `may_send` before each command. It says no once the lease was last
confirmed longer ago than its term less a margin: by then another may have taken it. The one exception: a confirmation
begun as it grew too old, or later, failed, whatever kept Postgres from answering it; while it is down for all, nobody
can take a lease, and calls come first (law 10). Either proof is good for the same time only, so a process that was
paused says no until it has asked again.

It may be so for us alone (the network between, a password that was changed, a standby that was the primary), and
others may take the lease meanwhile. Where it can still be read we look: a row that names another outvotes us at once,
on a standby as soon as it is replayed. A row that still names us proves no less than a Postgres that can't be reached;
either way it is the switch that ends it, by telling a leader that it was replaced before its successor has sent its
first command.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import asyncpg
import structlog

from ccplane.errors import StoreError
from ccplane.postgres.pool import DATABASE_ERRORS, Database, as_store_error
from ccplane.postgres.queries import query

log = structlog.get_logger()

ASK_WITHIN: Final = 2.0
"""A confirmation that takes longer has failed, in seconds."""
CONNECT_WITHIN: Final = 1.5
JUST_AFTER: Final = 0.005
AHEAD: Final = ASK_WITHIN + 0.25
"""So long before a lease grows too old to go by, a failure to confirm it counts already: a Postgres that hangs fails
us only after `ASK_WITHIN`, and until then commands would be refused."""
PAUSED: Final = ASK_WITHIN + 0.5
"""A confirmation that took even longer says more about us, who were paused, than about Postgres."""
MAY_BE_READ: Final = frozenset({"postgres-read-only", "postgres-refuses-us", "postgres-refused"})
"""The codes of a Postgres that has answered us, though it confirmed nothing."""


def boottime() -> float:
    """Monotonic seconds that go on while the machine sleeps: the database's clock does, too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def ignore(reason: str) -> None:
    """Nobody listens."""


class Lease:
    """The lease of one site, for the plane over one outbox. Runs as one task."""

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
        """`term` in seconds; `margin` is for clocks that run apart, and for a command's own way."""
        self.epoch = 0
        self.held = False
        self.on_lost: Callable[[str], None] = ignore
        self.last_error = ""
        self.away = ""
        """Why it could not be confirmed; empty while it is, and when another has it."""
        self._database = database
        self._site, self._outbox = site, outbox
        self._term, self._good_for = timedelta(seconds=term), term - margin
        self._clock = clock
        self._confirmed: float | None = None
        """When the last confirmation that came back was begun."""
        self._unreachable: float | None = None
        """When the last one was begun that found Postgres away, the lease being (almost) too old to go by."""
        self._connection: asyncpg.Connection | None = None
        self._one_at_a_time = asyncio.Lock()

    # --- what others ask --------------------------------------------------------------------------------------------

    def may_send(self) -> bool:
        """Whether a command may go to the switch now. Cheap: asked at the socket before each."""
        return self.held and (self._fresh(self._confirmed) or self._fresh(self._unreachable))

    def confirmed_ago(self) -> float | None:
        """Seconds since the last confirmation was begun; None if there was none."""
        return None if self._confirmed is None else self._clock() - self._confirmed

    # --- taking and giving ------------------------------------------------------------------------------------------

    async def take(self, outbox_epoch: int) -> int:
        """Become the leader and return the epoch, above every one before and above the outbox's.

        StoreError `lease-held` if another leads (try again later), one of `AWAY` if that can't be known.
        """
        began = self._clock()
        try:
            epoch = await self._ask("take_lease", self._site, self._outbox, outbox_epoch, self._term)
        except StoreError as error:
            if error.code in MAY_BE_READ and await self._runs_for_another():
                raise await self._held_by_another() from error
            raise
        if epoch is None:
            raise await self._held_by_another()
        self.epoch, self.held, self.last_error, self.away = epoch, True, "", ""
        self._confirmed, self._unreachable = began, None
        return epoch

    def go_on(self, epoch: int) -> None:
        """Postgres was found away a moment ago, and nothing is known of before: go on under the outbox's last epoch."""
        self.epoch, self.held = epoch, True
        self._confirmed, self._unreachable = None, self._clock()

    def leave(self) -> None:
        """Lead no more, and leave the lease as it stands: whoever has our outbox next takes it up at once."""
        self.held = False
        self._hang_up()

    def goes_over(self, connection: asyncpg.Connection) -> None:
        """One that is open already: the first question need not wait for it."""
        self._connection = connection

    async def release(self) -> None:
        """Let another take it at once. No harm if Postgres is away: it runs out by itself."""
        if self.held:
            self.held = False
            try:
                await self._ask("release_lease", self._site, self._outbox, self.epoch)
            except StoreError as error:
                log.info("the lease could not be given back; it runs out by itself", error=error.sentence)
        self._hang_up()

    async def run(self) -> None:
        """Confirms until it is cancelled or the lease is lost; then `on_lost` has been called."""
        try:
            await self.renew()
            while self.held:
                await asyncio.sleep(self._pause())
                await self.renew()
        finally:
            self._hang_up()

    async def renew(self) -> None:
        """One confirmation, whatever comes of it."""
        if not self.held:
            return
        began = self._clock()
        try:
            epoch = await self._ask("renew_lease", self._site, self._outbox, self.epoch, self._term)
        except StoreError as error:
            if error.code in MAY_BE_READ and await self._is_anothers():
                await self._lost()
            else:
                self._not_confirmed(error, began)
            return
        if epoch is None:
            await self._lost()
        else:
            self._confirmed, self._unreachable, self.last_error, self.away = began, None, "", ""

    # --- its parts --------------------------------------------------------------------------------------------------

    def _fresh(self, began: float | None) -> bool:
        return began is not None and self._clock() - began < self._good_for

    def _pause(self) -> float:
        """A quarter of the term; but ask as soon as a failure counts, so that it is known before it is needed."""
        usual = self._term.total_seconds() / 4
        if not self.last_error:
            return usual
        if self._confirmed is not None:
            left = self._confirmed + self._good_for - AHEAD - self._clock()
            if left > 0:  # a question in between might still be open then
                return left + JUST_AFTER if left < usual / 2 + ASK_WITHIN else usual / 2
        return usual / 2

    def _not_confirmed(self, error: StoreError, began: float) -> None:
        if not self.last_error:
            log.warning("the lease is not confirmed", code=error.code, error=error.sentence)
        self.last_error = self.away = error.sentence
        counts = self._confirmed is None or began - self._confirmed >= self._good_for - AHEAD
        if counts and self._clock() - began <= PAUSED:
            self._unreachable = began

    async def _runs_for_another(self) -> bool:
        """Whether a row that we can read but not change has a lease of another's, which has not run out."""
        try:
            row = await self._row("who_leads", self._site)
        except StoreError:
            return False
        return row is not None and row["holder"] != self._outbox and row["expires_in"] > 0

    async def _is_anothers(self) -> bool:
        """Whether a row that we can read but not change names another. (One plane an outbox: our name is ours.)"""
        try:
            row = await self._row("who_leads", self._site)
        except StoreError:
            return False
        return row is not None and row["holder"] != self._outbox

    async def _lost(self) -> None:
        self.held = False
        self._confirmed = self._unreachable = None
        try:
            reason = (await self._held_by_another()).sentence
        except StoreError:
            reason = f"The lease of site {self._site} is another's."
        self.last_error, self.away = reason, ""
        log.error("the lease is lost: no more commands", reason=reason)
        self.on_lost(reason)

    async def _held_by_another(self) -> StoreError:
        row = await self._row("who_leads", self._site)
        holder, expires_in = (row["holder"], row["expires_in"]) if row else ("nobody", 0.0)
        return StoreError(
            "lease-held",
            f"Site {self._site} is led by the plane over outbox {holder}; its lease runs out in {expires_in:.1f} s "
            "unless it is confirmed. A second plane may wait for it.",
            holder=holder,
            expires_in=expires_in,
        )

    async def _ask(self, name: str, *arguments: object) -> int | None:
        row = await self._row(name, *arguments)
        return None if row is None else int(row[0])

    async def _row(self, name: str, *arguments: object) -> asyncpg.Record | None:
        """One statement on a connection of our own, made anew after every failure."""
        try:
            async with self._one_at_a_time, asyncio.timeout(ASK_WITHIN):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await self._database.connect(CONNECT_WITHIN)
                return await self._connection.fetchrow(query(name), *arguments)
        except DATABASE_ERRORS as error:
            self._hang_up()
            raise as_store_error(error, self._database.dsn) from error

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
