"""The line between a plane and its successor: words with what they tell, and once the open port itself."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ccplane.errors import CcplaneError

VARIABLE: Final = "CCPLANE_HANDOVER"
"""In the successor's environment: which of its descriptors is its end of the line."""
LONGEST: Final = 64 * 1024
FAILED: Final = "failed"
"""May be said instead of any other word; it tells `why`."""


class Word(msgspec.Struct):
    """What was said. `told` may hold more than one knows of: the two may be of different versions."""

    word: str
    told: dict[str, Any] = {}
    descriptors: list[int] = []


class Line:
    """One end; both processes are on this machine, and nobody else has the other end."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        end.setblocking(False)

    @classmethod
    def pair(cls) -> tuple[Line, socket.socket]:
        """Our end, and the successor's."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(ours), theirs

    @classmethod
    def given(cls) -> Line | None:
        """The end that our environment names; a process of our own does not inherit it."""
        number = os.environ.pop(VARIABLE, "")
        if not number:
            return None
        end = socket.socket(fileno=int(number))
        end.set_inheritable(False)
        return cls(end)

    def say(self, word: str, *, descriptors: Sequence[int] = (), **told: Any) -> None:
        """CcplaneError "hung-up" if nobody is there to hear it."""
        said = msgspec.json.encode({"word": word, "told": told})
        try:
            socket.send_fds(self._end, [said], list(descriptors))
        except OSError as error:
            raise _hung_up() from error

    async def hear(self, wanted: str, within: float) -> Word:
        """The next word, which must be this one. CcplaneError "hung-up", "unheard-of", "too-late", "other-failed"."""
        try:
            async with asyncio.timeout(within):
                word = await self._next()
        except TimeoutError:
            raise CcplaneError("too-late", f"The other process has not said {wanted!r} within {within:g} s.") from None
        if word.word == FAILED:
            raise CcplaneError("other-failed", str(word.told.get("why", "The other process has failed.")))
        if word.word != wanted:
            raise CcplaneError("unheard-of", f"The other process said {word.word!r} where {wanted!r} was due.")
        return word

    def close(self) -> None:
        self._end.close()

    async def _next(self) -> Word:
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._end, LONGEST, 1)
            except BlockingIOError:
                await self._readable()
                continue
            except OSError as error:
                raise _hung_up() from error
            if not data:
                raise _hung_up()
            try:
                word = msgspec.json.decode(data, type=Word)
            except msgspec.DecodeError as error:
                raise CcplaneError("unheard-of", f"The other process said what is no word: {error}.") from error
            word.descriptors = list(descriptors)
            return word

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        there = asyncio.Event()
        loop.add_reader(self._end, there.set)
        try:
            await there.wait()
        finally:
            loop.remove_reader(self._end)


def _hung_up() -> CcplaneError:
    return CcplaneError("hung-up", "The other process has ended.")
