"""What Postgres is asked before a callback is promised, and before it is dialled (law 5). It follows the facts.

The core says that it wants a promise kept or a turn claimed; here it is asked for, and what was committed is told back.
Nothing is asked twice at once; what was under way in a process that died is asked anew, and Postgres knows the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

import structlog

from ccplane.contacts.callback import Callback, CallbackState
from ccplane.contacts.facts.callbacks import CallbackAsked, CallbackClaiming
from ccplane.core import State
from ccplane.core.inputs import CallbackClaimed, CallbackKept, Input, LedgerSeen, PromiseFound
from ccplane.core.promises import AWAY, TWICE
from ccplane.errors import StoreError
from ccplane.facts import SwitchFound
from ccplane.ids import CallbackId, QueueName
from ccplane.laws import Fact
from ccplane.plane import Plane, Snapshot
from ccplane.postgres.callbacks import Claim, PromiseRow

log = structlog.get_logger()

LOOK_S: Final = 1.0
"""So often it is looked at whether anybody has met with trouble at Postgres, which costs it nothing."""
ASK_EVERY: Final = 5
"""So many looks apart it is asked all the same, while there are callbacks: of a Postgres that takes no writes those who
only read do not notice."""


class Ledger(Protocol):
    """Where promises stand. StoreError if it can't be asked."""

    async def keep(self, callback: Callback, /) -> str:
        """Why it is not kept; "" once it is committed."""

    async def release(self, number: str, over: Sequence[CallbackId], /) -> bool:
        """Whether the number was promised by one of these, which are over: it can be promised anew."""

    async def claim(self, callback: CallbackId, turn: int, now: int, most: int, /) -> Claim: ...

    async def live(self) -> list[PromiseRow]: ...

    async def check(self) -> None:
        """StoreError if nothing could be kept or claimed now."""

    @property
    def troubles(self) -> int:
        """How often Postgres was away for anybody who asked it, ever."""


class Promises:
    """Asks for what the core wants kept or claimed, as long as the plane may command the switch (`may_work`)."""

    def __init__(
        self, plane: Plane, ledger: Ledger, now: Callable[[], int], may_work: Callable[[], bool] = lambda: True
    ) -> None:
        self._plane, self._ledger, self._now, self._may_work = plane, ledger, now, may_work
        self._asking: dict[tuple[CallbackId, int], asyncio.Task[None]] = {}
        self._troubles, self._looks = ledger.troubles, 0
        self._doubt, self._looked = True, False
        """Whether Postgres is to be asked before it is trusted; and whether promises were looked for."""
        plane.follow(self.follow)

    def follow(self, snapshot: Snapshot, facts: Sequence[Fact], _: int) -> None:
        """Ask for what these facts want; after a switch was found for all that is wanted."""
        for fact in facts:
            match fact:
                case CallbackAsked(callback=which) | CallbackClaiming(callback=which):
                    self._look(snapshot.state, which)
                case SwitchFound():
                    for each in snapshot.state.callbacks:
                        self._look(snapshot.state, each)

    def close(self) -> None:
        for task in self._asking.values():
            task.cancel()

    async def run(self) -> None:
        """Tell the core whether Postgres can be asked, and once it can take over promises that stand in it and that we
        know nothing of; goes on for ever, as all duties do."""
        while True:
            away = await self._away()
            if away is not self._plane.state.ledger_away:
                self._plane.post(LedgerSeen(away))
            if not away and not self._looked:
                await self._take_over()
            await asyncio.sleep(LOOK_S)

    async def _away(self) -> bool:
        """Asked where somebody has met with trouble, we or whoever else asks for anything; and now and then."""
        troubles, self._troubles = self._troubles, self._ledger.troubles
        self._looks += 1
        due = bool(self._plane.state.callbacks) and self._looks % ASK_EVERY == 0
        if troubles == self._troubles and not self._doubt and not due:
            return False
        self._doubt = True
        try:
            await self._ledger.check()
        except StoreError as error:
            if not self._plane.state.ledger_away:
                log.warning("nobody is called back: Postgres is away", error=error.sentence)
            return True
        self._doubt = False
        return False

    async def _take_over(self) -> None:
        try:
            for row in await self._ledger.live():
                if CallbackId(row.id) not in self._plane.state.callbacks:
                    self._plane.post(_found(row))
                    await asyncio.sleep(0)  # of thousands the loop would be held for long (law 13)
            self._looked = True
        except StoreError as error:
            self._doubt = True
            log.warning("promises to call back can't be looked for; trying again", error=error.sentence)

    def _look(self, state: State, which: CallbackId) -> None:
        callback = state.callbacks.get(which)
        if callback is None or callback.state not in (CallbackState.ASKED, CallbackState.CLAIMING):
            return
        key = which, callback.turn if callback.state is CallbackState.CLAIMING else 0
        if key not in self._asking:
            asking = self._claim(state, callback) if key[1] else self._keep(callback)
            self._asking[key] = task = asyncio.get_running_loop().create_task(self._told(asking), name="promising")
            task.add_done_callback(lambda _: self._asking.pop(key, None))

    async def _told(self, asking: Coroutine[Any, Any, Input]) -> None:
        self._plane.post(await asking)

    async def _keep(self, callback: Callback) -> Input:
        try:
            why = await self._ledger.keep(callback)
            if why == TWICE and self._plane.state.callbacks_ended:
                await self._let_go_of_one_before(callback)
                why = await self._ledger.keep(callback)
            return CallbackKept(callback.id, why)
        except StoreError as error:
            self._doubt = True
            log.warning("a callback is not promised: Postgres is away", error=error.sentence)
            return CallbackKept(callback.id, AWAY)

    async def _let_go_of_one_before(self, callback: Callback) -> None:
        """Perhaps Postgres has only not been told yet: who changes what they were promised ends that one in the same
        moment. What a crash may forget is not said to Postgres before it is on disk; by then it may have been told."""
        over = self._plane.state.callbacks_ended
        await self._plane.written()
        await self._ledger.release(callback.number, over)

    async def _claim(self, state: State, callback: Callback) -> Input:
        """StoreError may also mean that it was committed, and the answer was lost: this turn is not claimed again."""
        if not self._may_work():
            return CallbackClaimed(callback=callback.id, turn=callback.turn, why=AWAY)
        try:
            await self._plane.written()  # that an agent was there is known before anybody is called for them
            most = state.rules.callbacks.tries
            claim = await self._ledger.claim(callback.id, callback.turn, self._now(), most)
        except StoreError as error:
            self._doubt = True
            log.warning("a callback is not dialled: Postgres is away", error=error.sentence)
            return CallbackClaimed(callback=callback.id, turn=callback.turn, why=AWAY)
        return CallbackClaimed(callback=callback.id, turn=callback.turn, tries=claim.tries, why=claim.why)


def _found(row: PromiseRow) -> Input:
    return PromiseFound(
        callback=CallbackId(row.id),
        number=row.number,
        queue=QueueName(row.queue),
        since=row.since,
        expires_at=row.expires_at,
        caller_name=row.caller_name,
        number_dialled=row.number_dialled,
        language=row.language,
        turn=row.turn,
        tries=row.tries,
        not_before=row.not_before,
    )
