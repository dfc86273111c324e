"""The people at the fake switch's lines: callers, and phones with a script. Names and shapes are the SIP lab's."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ccplane.testing.fake_lines import Line
from ccplane.testing.fake_switchboard import Switchboard

State = Literal["calling", "ringing", "up", "ended"]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A script for every call that rings. Times in seconds; made by the functions below."""

    answer_after: float | None = None
    reject: int | None = None
    hang_up_after: float | None = None
    silent: bool = False


def answers(after: float = 0.05, hang_up_after: float | None = None) -> Behaviour:
    """Rings, answers, and hangs up itself if told so."""
    return Behaviour(answer_after=after, hang_up_after=hang_up_after)


def rejects(code: int = 486, after: float = 0.0) -> Behaviour:
    """486 busy, 603 decline, 480 unavailable."""
    return Behaviour(answer_after=after, reject=code)


def rings_for_ever() -> Behaviour:
    """180 and nothing more; also for tests that act by hand on the `Ring`."""
    return Behaviour()


def says_nothing() -> Behaviour:
    """Registered, and without power."""
    return Behaviour(silent=True)


@dataclass(frozen=True, slots=True)
class End:
    """How a call ended for this side: Asterisk's cause, and the SIP code if it was refused."""

    cause: int
    sip: int


class Talker:
    """One side of a call. `heard` is what was played to it, in order: sounds, and `music:default`."""

    def __init__(self, board: Switchboard) -> None:
        loop = asyncio.get_running_loop()
        self._board = board
        self.line: Line | None = None
        self.state: State = "calling"
        self.heard: list[str] = []
        self.news: Callable[[], None] = lambda: None
        """Told whenever something happens to it."""
        self._typed_until = 0.0
        self.up: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[End] = loop.create_future()

    @property
    def talks_with(self) -> set[str]:
        """The phones or numbers in the same room."""
        if self.line is None or self.line.room is None:
            return set()
        return {_name(other) for other in self.line.room.lines if other is not self.line}

    @property
    def music(self) -> str:
        """The music it hears now, or nothing."""
        return self.line.music if self.line else ""

    def hang_up(self) -> None:
        """End it, whatever state it is in."""
        if self.line is not None and self.state != "ended":
            self._board.gave_up(self.line)

    def press(self, digits: str) -> None:
        """Keys, one event each."""
        for digit in digits:
            if self.line is not None:
                self._board.press(self.line, digit)

    def types(self, digits: str, apart_s: float = 0.2) -> None:
        """Keys as a finger presses them, the first now: the same one twice at the same moment is one key that was told
        twice, as Asterisk does."""
        loop = asyncio.get_running_loop()
        begin = max(self._typed_until, loop.time())
        for number, digit in enumerate(digits):
            at = begin + number * apart_s
            if at <= loop.time():
                self.press(digit)
            else:
                loop.call_at(at, self.press, digit)
            self._typed_until = at + apart_s

    def falls_silent(self) -> None:
        """Say nothing more; until then they speak all the time."""
        if self.line is not None:
            self._board.fell_silent(self.line)

    async def over(self, within: float = 20.0) -> End:
        """Wait for the end."""
        async with asyncio.timeout(within):
            return await asyncio.shield(self.ended)

    # the switch's side: fake_lines.Party

    def answered(self) -> None:
        self.state = "up"
        if not self.up.done():
            self.up.set_result(None)
        self.news()

    def over_now(self, cause: int, sip: int) -> None:
        self.state = "ended"
        if not self.ended.done():
            self.ended.set_result(End(cause, sip))
        self.up.cancel()
        self.news()

    def hears(self, sound: str) -> None:
        self.heard.append(sound)
        self.news()


class FakeCall(Talker):
    """A call from outside, made by `FakeAsterisk.call`. `sends`, `takes`: what its fax machine does, if it is one."""

    sends: object = None
    takes: object = None


class Ring(Talker):
    """A call that rings at a phone."""

    def __init__(self, board: Switchboard, phone: FakePhone) -> None:
        super().__init__(board)
        self.phone = phone

    @property
    def caller(self) -> str:
        """The number shown."""
        return self.line.caller.number if self.line else ""

    def ring(self) -> None:
        if self.line is not None and self.state == "calling":
            self.state = "ringing"
            self._board.rings(self.line)

    def answer(self) -> None:
        if self.line is not None and self.state == "ringing":
            self._board.picked_up(self.line)

    def reject(self, code: int = 486) -> None:
        if self.line is not None and self.state in ("calling", "ringing"):
            self._board.refused(self.line, code)

    def hang_up(self) -> None:
        """BYE, or before the answer 603."""
        if self.state == "up":
            super().hang_up()
        else:
            self.reject(603)

    def over_now(self, cause: int, sip: int) -> None:
        super().over_now(cause, sip)
        self.phone.ended(self)


class FakePhone:
    """A phone account with its device. `registered` is what Asterisk knows of it."""

    def __init__(self, board: Switchboard, user: str, behaviour: Behaviour) -> None:
        self._board = board
        self.user = user
        self.behaviour = behaviour
        self.registered = True
        self.calls: list[Ring] = []
        self._rings: deque[Ring] = deque()
        self._news = asyncio.Event()

    @property
    def idle(self) -> bool:
        return not self.calls

    def unregister(self) -> None:
        """Also what qualify finds of a phone that doesn't answer any more."""
        self.registered = False
        self._board.endpoint_changed(self.user)

    def register(self) -> None:
        self.registered = True
        self._board.endpoint_changed(self.user)

    def forget_rings(self) -> None:
        """The next `next_ring` waits for a new one."""
        self._rings.clear()

    async def next_ring(self, within: float = 20.0) -> Ring:
        """The next call that rang here and that nobody has asked for yet."""
        async with asyncio.timeout(within):
            while not self._rings:
                self._news.clear()
                await self._news.wait()
        return self._rings.popleft()

    # the switch's side

    def invited(self, ring: Ring) -> None:
        self.calls.append(ring)
        self._rings.append(ring)
        self._news.set()
        behaviour = self.behaviour
        if behaviour.silent:
            return
        ring.ring()
        if behaviour.reject is not None:
            code = behaviour.reject
            self._board.after(behaviour.answer_after or 0.0, lambda: ring.reject(code))
        elif behaviour.answer_after is not None:
            self._board.after(behaviour.answer_after, lambda: self._answer(ring, behaviour))

    def ended(self, ring: Ring) -> None:
        self.calls.remove(ring)

    def _answer(self, ring: Ring, behaviour: Behaviour) -> None:
        ring.answer()
        if behaviour.hang_up_after is not None:
            self._board.after(behaviour.hang_up_after, ring.hang_up)


def _name(line: Line) -> str:
    return line.caller.number if line.endpoint == "trunk" else line.endpoint.removesuffix("@trunk")
