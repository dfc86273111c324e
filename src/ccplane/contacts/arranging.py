"""How a callback is arranged with a caller: what a program may look up and undo before it asks for one. All at once."""

from __future__ import annotations

import msgspec

from ccplane.ids import CallbackId, QueueName


class FindCallback(msgspec.Struct, frozen=True, tag=True):
    """Whether a callback to this number is promised already."""

    number: str


class JudgeNumber(msgspec.Struct, frozen=True, tag=True):
    """Whether the site's files let this number be called back. The do-not-call list is asked when it is promised."""

    number: str
    queue: QueueName


class FindWindows(msgspec.Struct, frozen=True, tag=True):
    """The next stretches of time in which customers of this queue may be called back, each `length_ms` at most."""

    queue: QueueName
    length_ms: int
    count: int


class DropCallback(msgspec.Struct, frozen=True, tag=True):
    """They need not be called back any more."""

    callback: CallbackId


class Awaited(msgspec.Struct, frozen=True, tag=True):
    """They are promised a callback, with the clock `since`. `not_before`: they chose a time, until `until`. ms UTC."""

    callback: CallbackId
    queue: QueueName
    since: int
    until: int
    not_before: int | None = None


class Windows(msgspec.Struct, frozen=True, tag=True):
    """Stretches of time, [from, until) in ms UTC, in order."""

    times: tuple[tuple[int, int], ...]


ArrangingVerb = FindCallback | JudgeNumber | FindWindows | DropCallback
ArrangingResult = Awaited | Windows
