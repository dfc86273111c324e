"""Agents' PINs, from the digits somebody gives to yes or no. Digits and hashes stay here: neither the core, a fact, a
log nor a program ever sees one.

Hashed with argon2id. Six digits can be guessed offline whatever the hash costs (a million times 80 ms is a day), so it
only makes a stolen database tedious; what protects a PIN is that five wrong ones lock it (`core/pins.py`).
One thread hashes, so that a storm of tries takes one processor at most; argon2 lets go of the interpreter meanwhile.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Protocol, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec.structs import replace

from ccplane.agents.facts import PinWay
from ccplane.core.inputs import Input, PinChanged, PinTried, PinUnlockAsked
from ccplane.core.pins import LOCK_MS, WRONG_PINS, locked
from ccplane.errors import RequestError
from ccplane.ids import AgentId
from ccplane.plane import Snapshot
from ccplane.postgres.people import Person, encode_people, put_pin_hash
from ccplane.postgres.pool import Database

PIN: Final = re.compile(r"[0-9]{6}")
MOST_WAITING: Final = 50
"""More tries at once are turned away: the thread would be busy for longer than anybody waits."""
STRANGERS_WAITING: Final = 5
"""So many of ids that are no agent's, which anybody can make up: they never keep an agent from signing in."""
STRANGERS: Final = 1_000
"""So many ids that are no agent's are remembered, to answer for them as for any other."""


Answer = TypeVar("Answer")


class Plane(Protocol):
    """Where tries are counted."""

    @property
    def snapshot(self) -> Snapshot: ...

    async def ask(self, what: Input) -> Snapshot: ...


class Notes(Protocol):
    """Where the people are kept for a start without Postgres."""

    def put_note(self, key: str, data: bytes) -> None: ...


class Pins:
    """Checks and sets PINs. `hold` says whose; `now` is ccplane's clock, ms."""

    def __init__(
        self, persons: Iterable[Person], plane: Plane, database: Database, notes: Notes, now: Callable[[], int]
    ) -> None:
        self._plane, self._database, self._notes, self._now = plane, database, notes, now
        # memory in KiB; measured at 80 ms (2 cores, shared), above what OWASP asks of a password (19 MiB, 2 passes)
        self._hasher = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
        self._thread = ThreadPoolExecutor(1, "pins")
        self._nobodys = ""
        self._turns, self._strangers_turns = Turns(MOST_WAITING), Turns(STRANGERS_WAITING)
        self._strangers: OrderedDict[AgentId, tuple[int, int]] = OrderedDict()
        """Wrong PINs in a row, and until when that locks: of ids that are no agent's."""
        self.hold(persons)

    def hold(self, persons: Iterable[Person]) -> None:
        """These are the agents from now on."""
        self._persons = {person.id: person for person in persons}

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def check(self, agent: AgentId, pin: str, *, way: PinWay = PinWay.API, whence: str = "") -> None:
        """Returns if this is the agent's PIN. Every try is counted, and is a fact with `way` and `whence`.

        RequestError "wrong-pin", also for an id that is nobody's; "pin-locked" after five wrong ones in a row, for
        15 minutes; "too-many-tries" if too many are being checked. One agent's are checked one after the other, so
        that no burst gets more tries than five.
        """
        async with self._turn(agent):
            known = self._plane.snapshot.state.agents.get(agent)
            if known is None:
                await self._stranger(agent, pin)
                return
            if locked(known, self._now()):
                raise _locked(agent)
            right = await self._right(agent, pin)
            after = await self._plane.ask(PinTried(agent=agent, right=right, way=way, whence=whence))
            known = after.state.agents.get(agent)
            if known is not None and locked(known, after.at):
                raise _locked(agent)
            if known is None or not right:
                raise _wrong(agent)

    async def put(self, agent: AgentId, pin: str | None, *, by: str) -> str:
        """Give an agent this PIN, or (None) one made by chance; the PIN, which nobody can read again later.

        RequestError "no-such-agent", "bad-pin"; StoreError while Postgres is away.
        """
        if agent not in self._persons:
            raise RequestError("no-such-agent", "There is no agent with this id.", agent=agent)
        new = f"{secrets.randbelow(1_000_000):06}" if pin is None else pin
        if not PIN.fullmatch(new):
            raise RequestError("bad-pin", "A PIN has six digits.")
        async with self._turn(agent):
            made = await self._in_thread(self._hasher.hash, new)
            await put_pin_hash(self._database, agent, made)
            self._persons[agent] = replace(self._persons[agent], pin_hash=made)
            self._notes.put_note("people", encode_people(self._persons.values()))
            await self._plane.ask(PinChanged(agent, by))
        return new

    async def unlock(self, agent: AgentId, *, by: str) -> None:
        """Let the PIN count again before its time."""
        await self._plane.ask(PinUnlockAsked(agent, by))

    def _turn(self, agent: AgentId) -> AbstractAsyncContextManager[None]:
        ours = agent in self._persons or agent in self._plane.snapshot.state.agents
        return (self._turns if ours else self._strangers_turns).of(agent)

    async def _right(self, agent: AgentId, pin: str) -> bool:
        """Takes as long whether there is such a PIN or not."""
        if not self._nobodys:
            self._nobodys = await self._in_thread(self._hasher.hash, secrets.token_hex())
        person = self._persons.get(agent)
        return await self._in_thread(self._same, (person and person.pin_hash) or self._nobodys, pin)

    def _same(self, pin_hash: str, pin: str) -> bool:
        try:
            return self._hasher.verify(pin_hash, pin.encode("utf-8", "replace"))
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, do: Callable[..., Answer], *args: str) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, do, *args)

    async def _stranger(self, agent: AgentId, pin: str) -> None:
        """An id that is nobody's is answered as an agent's would be: also locked after so many."""
        wrong, until = self._strangers.get(agent, (0, 0))
        if self._now() < until:
            raise _locked(agent)
        await self._right(agent, pin)
        wrong += 1
        self._strangers[agent] = (0, self._now() + LOCK_MS) if wrong >= WRONG_PINS else (wrong, 0)
        self._strangers.move_to_end(agent)
        if len(self._strangers) > STRANGERS:
            self._strangers.popitem(last=False)
        raise _locked(agent) if wrong >= WRONG_PINS else _wrong(agent)


class Turns:
    """One of each agent after the other, and `most` of all at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: Counter[AgentId] = Counter()
        self._locks: dict[AgentId, asyncio.Lock] = {}

    def __len__(self) -> int:
        """How many agents somebody waits for."""
        return len(self._locks)

    @asynccontextmanager
    async def of(self, agent: AgentId) -> AsyncIterator[None]:
        """RequestError "too-many-tries"."""
        if self._waiting.total() >= self._most:
            raise RequestError("too-many-tries", "Too many PINs are being checked; try again in a moment.")
        self._waiting[agent] += 1
        try:
            async with self._locks.setdefault(agent, asyncio.Lock()):
                yield
        finally:
            self._waiting[agent] -= 1
            if not self._waiting[agent]:
                del self._waiting[agent], self._locks[agent]


def _wrong(agent: AgentId) -> RequestError:
    return RequestError("wrong-pin", "Id or PIN is wrong.", agent=agent)


def _locked(agent: AgentId) -> RequestError:
    sentence = "Too many wrong PINs in a row: locked for 15 minutes, or until an administrator unlocks it."
    return RequestError("pin-locked", sentence, agent=agent)
