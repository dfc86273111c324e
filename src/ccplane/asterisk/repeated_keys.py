"""Asterisk tells of some keys twice: of one that ends while it still lengthens or spaces the one before it.

It tells of such a key, puts it back into the channel's queue, and tells of it once more when it takes it out (its
channel.c: `__ast_read`, `queue_dtmf_readq`). So it goes with a dialler that presses a key every 100 ms, and where a
network brings keys late and all at once. Who presses in real time can't press a key twice in the time that this takes.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

import msgspec
from msgspec.structs import replace

from ccplane.asterisk.events import ChannelDestroyed, ChannelDtmfReceived, Event, StasisEnd

SHORTEST_MS: Final = 80
"""A shorter key is lengthened to this."""
SPACED_MS: Final = 45 + 40
"""Asterisk's pause between two keys, and two packets by which it may see the end of one late."""


class _Told(msgspec.Struct, frozen=True):
    """A key that may be told of once more, and until when (the switch's ms)."""

    digit: str
    duration_ms: int
    until: int


class _Keys(msgspec.Struct, frozen=True):
    """Of one channel. `at`: when the last was told; `busy`: until when it may hold up the next."""

    at: int = 0
    busy: int = 0
    told: tuple[_Told, ...] = ()


class RepeatedKeys:
    """What was told of keys, as far as some of it may come again; also after a connection was lost in between."""

    def __init__(self) -> None:
        self._of: dict[str, _Keys] = {}

    def has(self, event: Event) -> bool:
        """Whether this is a key that was told of already."""
        if isinstance(event, StasisEnd | ChannelDestroyed):
            self._of.pop(event.channel.id, None)
        return isinstance(event, ChannelDtmfReceived) and self._is_known(event)

    def only(self, channels: Container[str]) -> None:
        """Forget those of whose end nobody has told."""
        self._of = {channel: keys for channel, keys in self._of.items() if channel in channels}

    def _is_known(self, event: ChannelDtmfReceived) -> bool:
        at, before = event.at_switch, self._of.get(event.channel.id, _Keys())
        if at < before.at:
            before = _Keys()  # its clock was set back
        told = [each for each in before.told if each.until >= at]
        known = [each for each in told if (each.digit, each.duration_ms) == (event.digit, event.duration_ms)]
        held_up = at <= before.busy
        busy = at + SPACED_MS + (max(event.duration_ms, SHORTEST_MS) if held_up else SHORTEST_MS)
        if known:
            told.remove(known[0])
            told = [replace(each, until=max(each.until, busy)) for each in told]  # those behind it come later still
        elif held_up:
            told.append(_Told(event.digit, event.duration_ms, before.busy))
        self._of[event.channel.id] = _Keys(at, busy, tuple(told))
        return bool(known)
