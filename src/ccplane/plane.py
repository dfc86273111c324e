"""Law 5's loop, on ports: translate, decide and evolve, append, execute, publish.

All inputs of a site pass through here, one after the other (law 4). Deciding is synchronous: an event that arrives is
decided, stored in memory and turned into commands before the next one is looked at, without a task switch between.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from time import perf_counter
from typing import Final, Protocol

import msgspec
import structlog

from ccplane.callflow.runner import Runner
from ccplane.core import State, decide
from ccplane.core.commands import Command
from ccplane.core.inputs import Input, Tick
from ccplane.kpi.board import Board
from ccplane.kpi.board import evolve as folded
from ccplane.laws import Fact

log = structlog.get_logger()

CHECKPOINT_FACTS: Final = 5_000
CHECKPOINT_S: Final = 5.0


class Clock(Protocol):
    """ccplane's UTC, law 12."""

    def now(self) -> int:
        """Integer ms, never decreasing."""


class FactLog(Protocol):
    """Where facts go: the outbox."""

    def append(self, facts: Sequence[Fact]) -> int:
        """Take facts in order; no I/O here. The sequence number of the last."""

    def committed(self, seq: int) -> Awaitable[None]:
        """Done once everything up to `seq` is on disk."""

    def checkpoint(self, seq: int, make: Callable[[], bytes]) -> None:
        """Keep what `make` gives as the state after `seq`; it is called on another thread."""


class Hands(Protocol):
    """What carries commands to the switch."""

    def execute(self, command: Command) -> None:
        """Send it, at once and in order; what the switch refuses comes back as an input."""


class Snapshot(msgspec.Struct, frozen=True):
    """What is published: the state and the numbers after fact `seq`, as of `at` (ms)."""

    state: State
    board: Board
    seq: int
    at: int


class Meter(Protocol):
    """What is measured of the loop itself."""

    def observe_step(self, seconds: float) -> None:
        """One input took this long, all told (law 13)."""


class Plane:
    """The control plane of one site. Construct with what was recovered, then `post` inputs."""

    def __init__(
        self,
        *,
        state: State,
        board: Board,
        seq: int,
        clock: Clock,
        log: FactLog,
        hands: Hands,
        runner: Runner,
        meter: Meter,
        encode: Callable[[State, Board], bytes],
    ) -> None:
        self._clock, self._log, self._hands, self._runner, self._meter = clock, log, hands, runner, meter
        self._encode = encode
        self.faults = 0
        """Inputs that could not be decided: a fault of ours each."""
        self._inbox: deque[Input] = deque()
        self._deciding = False
        self._timer: asyncio.TimerHandle | None = None
        self._wake_at: int | None = None
        self._changed = asyncio.Event()
        self._checkpointed = (seq, clock.now())
        self.snapshot = Snapshot(state, board, seq, clock.now())

    @property
    def state(self) -> State:
        return self.snapshot.state

    def post(self, what: Input) -> None:
        """Decide an input, and all that follows from it, now; in order even if called from within."""
        self._inbox.append(what)
        if self._deciding:
            return
        self._deciding = True
        try:
            while self._inbox:
                self._decide(self._inbox.popleft())
        finally:
            self._deciding = False

    async def ask(self, what: Input) -> Snapshot:
        """Decide an input; return when its facts are on disk: acknowledged (law 5)."""
        self.post(what)
        snapshot = self.snapshot
        await self._log.committed(snapshot.seq)
        return snapshot

    async def subscribe(self) -> AsyncIterator[Snapshot]:
        """Every published snapshot, the latest wins: a slow reader misses some, never delays anyone."""
        seen: Snapshot | None = None
        while True:
            if seen is not self.snapshot:
                seen = self.snapshot
                yield seen
                continue  # more may have been published while its reader was busy
            await self._changed.wait()

    def close(self) -> None:
        """Stop deciding; calls that are up stay up."""
        if self._timer:
            self._timer.cancel()
        self._runner.close()
        self.save()

    def save(self) -> None:
        """Checkpoint now."""
        snapshot = self.snapshot
        self._checkpointed = (snapshot.seq, snapshot.at)
        self._log.checkpoint(snapshot.seq, lambda: self._encode(snapshot.state, snapshot.board))

    def _decide(self, what: Input) -> None:
        began = perf_counter()
        now = self._clock.now()
        before = self.snapshot
        try:
            decision = decide(before.state, what, now)
        except Exception:
            log.exception("an input could not be decided; nothing was changed", input=type(what).__name__)
            self.faults += 1
            return
        board, seq = before.board, before.seq
        if decision.facts:
            seq = self._log.append(decision.facts)
            for fact in decision.facts:
                board = folded(board, fact)
        self.snapshot = Snapshot(decision.state, board, seq, now)
        for command in decision.commands:
            self._hands.execute(command)
        if decision.facts:
            self._inbox.extendleft(reversed(self._runner.follow(decision.state, decision.facts)))
            self._publish()
        self._wake(decision.wake_at, now)
        self._meter.observe_step(perf_counter() - began)

    def _publish(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        seq, at = self._checkpointed
        if self.snapshot.seq - seq >= CHECKPOINT_FACTS or self.snapshot.at - at >= CHECKPOINT_S * 1000:
            self.save()

    def _wake(self, wake_at: int | None, now: int) -> None:
        if wake_at == self._wake_at:
            return
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._wake_at = wake_at
        if wake_at is not None:
            self._timer = asyncio.get_running_loop().call_later(max(0, wake_at - now) / 1000, self._tick)

    def _tick(self) -> None:
        self._timer, self._wake_at = None, None
        self.post(Tick())
