"""Tells of messages: claims the notices that are due, sends them, and marks what came of each. Only the leader does.

Each way of telling has its own worker, so that a mail server that hangs holds up no service, and the other way round.
What was claimed by a plane that died is due again after `LEASE_MS`.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

import structlog

from ccplane.contacts.facts import MessageStored
from ccplane.contacts.notice import Notice, NoticeKind, NoticeState, next_try
from ccplane.errors import StoreError
from ccplane.laws import Fact
from ccplane.notices.outcome import NotNow, Outcome, Refused, Sent
from ccplane.plane import Plane, Snapshot

log = structlog.get_logger()

AT_ONCE: Final = 8
"""So many of one kind are under way at the same time."""
LEASE_MS: Final = 300_000
"""Longer than any try takes: a mail is tried with its sound, and without."""
IDLE_S: Final = 30.0
"""So often it is looked all the same: another plane may have made or left some."""
AGAIN_S: Final = 2.0
"""After Postgres could not be asked."""
OLD_S: Final = 600
"""One that is due for so long is worth a word."""
LOST_S: Final = 86_400.0
"""For so long it is said that some were given up."""
KEPT_MS: Final = 90 * 86_400_000
"""What became of a notice is known for so long."""
CLEAR_EVERY_S: Final = 3_600.0


class Standing(Protocol):
    """All that are due. ms; None: none is."""

    @property
    def next_at(self) -> int | None: ...
    @property
    def oldest(self) -> int | None: ...
    @property
    def due(self) -> int: ...


class Ledger(Protocol):
    """Where notices stand. StoreError if it can't be asked."""

    async def claim(self, kind: NoticeKind, now: int, most: int, lease_ms: int, /) -> list[Notice]: ...

    async def sent(self, notice: Notice, now: int, /) -> None: ...

    async def not_sent(self, notice: Notice, state: NoticeState, next_at: int | None, why: str, /) -> None: ...

    async def standing(self, kind: NoticeKind, /) -> Standing:
        """`next_at` is of this kind alone."""

    async def forget(self, before: int, /) -> None: ...


class Way(Protocol):
    """One way of telling."""

    async def send(self, notice: Notice, /) -> Outcome:
        """In less than `LEASE_MS`."""


class Notifier:
    """`shipped`: returns once the facts up to this one are in Postgres. `now`: the site's clock."""

    def __init__(
        self,
        plane: Plane,
        ledger: Ledger,
        ways: Mapping[NoticeKind, Way],
        now: Callable[[], int],
        shipped: Callable[[int], Awaitable[None]],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._ledger, self._ways, self._now, self._shipped, self._chance = ledger, ways, now, shipped, chance
        self._woken = {kind: asyncio.Event() for kind in ways}
        self._news, self._upto = asyncio.Event(), 0
        self._under_way: dict[NoticeKind, set[asyncio.Task[None]]] = {kind: set() for kind in ways}
        self._lost: deque[float] = deque(maxlen=10_000)
        self.sent: Counter[NoticeKind] = Counter()
        self.failed: Counter[NoticeKind] = Counter()
        """Tries that failed, by kind; and notices that are tried no more."""
        self.lost: Counter[NoticeKind] = Counter()
        self.due = 0
        self.last_error = ""
        self._oldest: int | None = None
        plane.follow(self._follow)

    async def run(self) -> None:
        """For ever, until cancelled; nothing that goes wrong ends it."""
        works = [self._watch_news(), self._look_after(), *(self._tell(kind) for kind in self._ways)]
        tasks = [asyncio.create_task(each, name="notices") for each in works]
        try:
            await asyncio.gather(*tasks)
        finally:
            tasks += [each for under_way in self._under_way.values() for each in under_way]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def look(self) -> None:
        """Look now: somebody has made one due."""
        for woken in self._woken.values():
            woken.set()

    def trouble(self) -> str:
        """For people; "" if everybody was told of everything in time."""
        while self._lost and asyncio.get_running_loop().time() - self._lost[0] > LOST_S:
            self._lost.popleft()
        words, late = [], self.oldest_s()
        if late > OLD_S:
            words.append(f"{self.due} wait, the oldest for {late // 60:.0f} min: {self.last_error}")
        if self._lost:
            words.append(f"{len(self._lost)} were refused or given up within a day: ccplane notices")
        return "; ".join(words)

    def oldest_s(self) -> float:
        """For how long the oldest of those that are due has been."""
        return 0.0 if self._oldest is None else max(self._now() - self._oldest, 0) / 1000

    def _follow(self, _: Snapshot, facts: Sequence[Fact], first: int) -> None:
        for seq, fact in enumerate(facts, first):
            if isinstance(fact, MessageStored) and fact.tell:
                self._upto = seq
                self._news.set()

    async def _watch_news(self) -> None:
        """Notices are there as soon as their message is in Postgres."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self._shipped(self._upto)
            self.look()

    async def _tell(self, kind: NoticeKind) -> None:
        woken, under_way, said = self._woken[kind], self._under_way[kind], False
        while True:
            woken.clear()
            try:
                pause, said = await self._begin(kind), False
            except StoreError as error:
                if not said:
                    log.warning("notices can't be claimed; trying again", kind=kind, error=error.sentence)
                pause, said = AGAIN_S, True
            except Exception as fault:  # a fault of ours is no reason to end a plane
                log.exception("notices could not be looked at", exc_info=fault)
                pause = IDLE_S
            if len(under_way) >= AT_ONCE:
                await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            else:
                await _woken_within(woken, pause)

    async def _begin(self, kind: NoticeKind) -> float:
        """Send what is due; how long there is nothing more to do, s."""
        under_way = self._under_way[kind]
        while room := AT_ONCE - len(under_way):
            claimed = await self._ledger.claim(kind, self._now(), room, LEASE_MS)
            for notice in claimed:
                task = asyncio.create_task(self._one(kind, notice), name="notice")
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            if len(claimed) < room:
                break
        next_at = await self._stand(kind)
        return IDLE_S if next_at is None else min(max((next_at - self._now()) / 1000, 0.05), IDLE_S)

    async def _stand(self, kind: NoticeKind) -> int | None:
        standing = await self._ledger.standing(kind)
        self.due, self._oldest = standing.due, standing.oldest
        return standing.next_at

    async def _one(self, kind: NoticeKind, notice: Notice) -> None:
        try:
            outcome = await self._ways[kind].send(notice)
        except Exception as fault:  # a fault of ours: tried again like any other
            log.exception("a notice could not be made", notice=notice.id, exc_info=fault)
            outcome = NotNow(f"a fault of ccplane's own: {type(fault).__name__}; see its log")
        try:
            await self._mark(kind, notice, outcome)
        except StoreError as error:  # due again once its lease is over; who gets it twice can see that it is the same
            log.warning("what became of a notice can't be kept", notice=notice.id, error=error.sentence)

    async def _mark(self, kind: NoticeKind, notice: Notice, outcome: Outcome) -> None:
        now = self._now()
        match outcome:
            case Sent():
                self.sent[kind] += 1
                await self._kept(lambda: self._ledger.sent(notice, now))
                await self._stand(kind)
            case NotNow(why=why):
                at = next_try(notice.tries, notice.since, now, self._chance())
                await self._failed(kind, notice, NoticeState.DUE if at else NoticeState.GIVEN_UP, at, why)
            case Refused(why=why):
                await self._failed(kind, notice, NoticeState.FAILED, None, why)

    async def _failed(self, kind: NoticeKind, notice: Notice, state: NoticeState, at: int | None, why: str) -> None:
        self.failed[kind] += 1
        self.last_error = why
        told = log.warning if state is NoticeState.DUE else log.error
        told("a notice was not sent", notice=notice.id, kind=kind, state=state, tries=notice.tries, why=why)
        if state is not NoticeState.DUE:
            self.lost[kind] += 1
            self._lost.append(asyncio.get_running_loop().time())
        await self._kept(lambda: self._ledger.not_sent(notice, state, at, why))
        await self._stand(kind)
        self._woken[kind].set()  # it may be due before what is waited for

    async def _kept(self, keep: Callable[[], Awaitable[None]]) -> None:
        """Tried for most of the lease: a Postgres that is away for a moment makes nobody told twice."""
        until = asyncio.get_running_loop().time() + LEASE_MS / 4_000
        while True:
            try:
                return await keep()
            except StoreError:
                if asyncio.get_running_loop().time() > until:
                    raise
                await asyncio.sleep(AGAIN_S)

    async def _look_after(self) -> None:
        """Forgets what is long over."""
        while True:
            try:
                await self._ledger.forget(self._now() - KEPT_MS)
            except StoreError as error:
                log.warning("old notices can't be forgotten; trying again", error=error.sentence)
            await asyncio.sleep(CLEAR_EVERY_S)


async def _woken_within(woken: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        pass
