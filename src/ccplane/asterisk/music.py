"""Music that is over. Told to stop while it makes a packet of it, Asterisk goes on with it: so it is told twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ccplane.asterisk.orders import operation_of
from ccplane.asterisk.switch import Switch
from ccplane.core import commands as do
from ccplane.ids import ChannelId

AGAIN_S: Final = 0.05
"""It makes a packet each 20 ms: what came in the midst of one comes between two of them the next time."""


class MusicOver:
    """Says it the second time, unless there is to be something else on that channel by then."""

    def __init__(self, switch: Callable[[], Switch | None]) -> None:
        """`switch`: the one that may be commanded now; None if none may."""
        self._switch = switch
        self._again: dict[ChannelId, asyncio.TimerHandle] = {}

    def said(self, command: do.Command) -> None:
        """This was just told to the switch."""
        match command:
            case do.StopMusic():
                self._forget(command.channel)
                self._again[command.channel] = asyncio.get_running_loop().call_later(AGAIN_S, self._stop, command)
            case do.StartMusic() | do.LetRing() | do.GiveBack():
                self._forget(command.channel)  # ringing would be stopped with the music, and takes its place

    def _stop(self, command: do.StopMusic) -> None:
        """What is said to it is of no interest: the caller may be gone by now."""
        del self._again[command.channel]
        if (switch := self._switch()) is not None:
            switch.send(operation_of(command), command.contact)

    def _forget(self, channel: ChannelId) -> None:
        if (again := self._again.pop(channel, None)) is not None:
            again.cancel()
