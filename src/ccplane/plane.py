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

from ccplane.alarm import Alarm
from ccplane.callflow.runner import Runner
from ccplane.core import Decision, State, decide
from ccplane.core.commands import Command, HangUpLeg, RingAgent, RingBack
from ccplane.core.inputs import Input, Tick
from ccplane.errors import CcplaneError, RequestError, StoreError
from ccplane.kpi.board import Board
from ccplane.kpi.board import evolve as folded
from ccplane.laws import Fact

log = structlog.get_logger()

CHECKPOINT_FACTS: Final = 5_000
CHECKPOINT_S: Final = 5.0
UNDECIDED: Final = "not-decided"
"""The code of what is no fault of who asked, and concerns this one input alone."""
ACKNOWLEDGE_S: Final = 3.0
URGENT: Final = (RingAgent, RingBack, HangUpLeg)
"""What rings or frees a phone goes first: people wait for it."""

TRY_AGAIN_MS: Final = 1_000
"""After a fault of ours a deadline that is due is looked at again, but not at once: it may well fail again."""


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
        """Send it, in order; what the switch refuses comes back as an input."""

    def flush(self) -> None:
        """What was sent leaves now."""


class Snapshot(msgspec.Struct, frozen=True):
    """What is published: the state and the numbers after fact `seq`, as of `at` (ms)."""

    state: State
    board: Board
    seq: int
    at: int


Follower = Callable[[Snapshot, Sequence[Fact], int], None]
"""Told what was just published: the snapshot, the facts that led to it, and the sequence number of the first."""


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
        unread: Callable[[], object] = lambda: False,
    ) -> None:
        """`unread`: true while events of the switch wait to be posted."""
        self._clock, self._log, self._hands, self._runner, self._meter = clock, log, hands, runner, meter
        self._encode = encode
        self.faults = 0
        """Inputs that could not be decided: a fault of ours each."""
        self._inbox: deque[Input] = deque()
        self._commands: list[Command] = []
        self._deciding = False
        self._frozen = False
        self.look: Callable[[], object] = lambda: None
        """Asked before anything is decided: whoever sees that we stood still posts it, so that it is decided first."""
        self._alarm = Alarm(clock.now, lambda: self.post(Tick()), unread, lambda: self.look())
        self._changed = asyncio.Event()
        self._followers: list[Follower] = []
        self._checkpointed = (seq, clock.now())
        self.snapshot = Snapshot(state, board, seq, clock.now())

    @property
    def state(self) -> State:
        return self.snapshot.state

    def post(self, what: Input) -> None:
        """Decide an input, and all that follows from it, now; in order even if called from within. Never raises.
        Nothing is decided any more while it is frozen."""
        if self._frozen:
            return
        if self._deciding:
            self._inbox.append(what)
            return
        self.look()
        self._inbox.append(what)
        self._deciding = True
        began = perf_counter()
        try:
            while self._inbox:
                self._decide(self._inbox.popleft())
        finally:
            self._deciding = False
            self._act()
            self._meter.observe_step(perf_counter() - began)

    async def ask(self, what: Input) -> Snapshot:
        """Decide an input; return when its facts are on disk: acknowledged (law 5).

        StoreError "outbox-not-written" if the disk does not take them in time (they are kept, and will be written);
        CcplaneError "not-decided" for a fault of ours, which changed nothing; RequestError "handing-over": ask again.
        """
        if self._frozen:
            raise RequestError("handing-over", "Another process of ccplane is just taking over: ask again in a moment.")
        self.look()  # what it posts is none of `what`
        faults = self.faults
        self.post(what)
        if self.faults != faults:
            raise CcplaneError(UNDECIDED, f"{type(what).__name__} could not be decided; nothing was changed.")
        return await self.written()

    async def written(self) -> Snapshot:
        """Return when all that has been decided is on disk. StoreError "outbox-not-written" if that takes too long."""
        snapshot = self.snapshot
        try:
            async with asyncio.timeout(ACKNOWLEDGE_S):
                await self._log.committed(snapshot.seq)
        except TimeoutError:
            raise StoreError("outbox-not-written", "It is done, but the disk does not take it; see /readyz.") from None
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

    def follow(self, follower: Follower) -> None:
        """Tell it every fact from now on, once and in order. It must be quick; what it raises harms nobody else."""
        self._followers.append(follower)

    @property
    def frozen(self) -> bool:
        """Whether it is being handed over: what there was to decide is decided."""
        return self._frozen

    def freeze(self) -> None:
        """Decide nothing from here on: the log ends with what was decided before."""
        self._frozen = True
        self._alarm.stop()

    def thaw(self) -> None:
        """Go on as if it had not been frozen."""
        self._frozen = False
        self.post(Tick())

    def close(self) -> None:
        """Stop deciding; calls that are up stay up."""
        self._alarm.stop()
        self._runner.close()
        if not self._frozen:  # else the log is another's
            self.save()

    def save(self) -> None:
        """Checkpoint now."""
        snapshot = self.snapshot
        self._checkpointed = (snapshot.seq, snapshot.at)
        board = snapshot.board.for_later()
        self._log.checkpoint(snapshot.seq, lambda: self._encode(snapshot.state, board))

    def _decide(self, what: Input) -> None:
        now, before = self._clock.now(), self.snapshot
        try:
            decision = decide(before.state, what, now)
            seq = self._log.append(decision.facts) if decision.facts else before.seq
        except Exception:
            self._fault("an input could not be decided or kept; nothing was changed", what)
            self._wake(before.state, now, not_before=now + TRY_AGAIN_MS)
            return
        self.snapshot = Snapshot(decision.state, self._folded(before.board, decision.facts), seq, now)
        self._commands.extend(decision.commands)
        if decision.facts:
            self._resume(what, decision)
            self._publish()
            self._tell(decision.facts)
        self._wake(decision.state, now)

    def _wake(self, state: State, now: int, not_before: int = 0) -> None:
        """When its next deadline is; and who is behind reads first, until a tick says that it has. `not_before`: after
        a fault, when that is tried again."""
        at = not_before if state.behind and not_before else state.wake_at
        self._alarm.set(None if at is None else max(at, not_before), now)
        if state.behind and not not_before:
            self._alarm.read_first(now)

    def _folded(self, board: Board, facts: Sequence[Fact]) -> Board:
        try:
            for fact in facts:
                board = folded(board, fact)
        except Exception:
            self._fault("the numbers could not take a fact", facts)
        return board

    def _resume(self, what: Input, decision: Decision) -> None:
        try:
            self._inbox.extendleft(reversed(self._runner.follow(decision.state, decision.facts)))
        except Exception:
            self._fault("programs could not be resumed", what)

    def _fault(self, sentence: str, what: object) -> None:
        """A fault of ours: said and counted, and no other call is harmed by it."""
        self.faults += 1
        log.exception(sentence, what=type(what).__name__)

    def _act(self) -> None:
        """Send what was decided: what is urgent at once, then the others together; each in order."""
        commands, self._commands = self._commands, []
        if urgent := [command for command in commands if isinstance(command, URGENT)]:
            self._send(urgent)
        if others := [command for command in commands if not isinstance(command, URGENT)]:
            self._send(others)

    def _send(self, commands: Sequence[Command]) -> None:
        for command in commands:
            try:
                self._hands.execute(command)
            except Exception:
                self._fault("a command could not be sent", command)
        try:
            self._hands.flush()
        except Exception:
            self._fault("what was sent could not be flushed", self._hands)

    def _publish(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        seq, at = self._checkpointed
        if self.snapshot.seq - seq >= CHECKPOINT_FACTS or self.snapshot.at - at >= CHECKPOINT_S * 1000:
            self.save()

    def _tell(self, facts: Sequence[Fact]) -> None:
        for follower in self._followers:
            try:
                follower(self.snapshot, facts, self.snapshot.seq - len(facts) + 1)
            except Exception:
                self._fault("a follower could not take what happened", follower)
