"""The switch's queue_log, read: lines make calls, and a call is told once it is over.

The dialplan's fallback writes CCPLANEBEGIN (number dialled, caller's digits) and CCPLANEEND around what app_queue
writes of a call, and only calls between these two are ours. Times are whole seconds. Nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

BEGIN: Final = "CCPLANEBEGIN"
END: Final = "CCPLANEEND"
STARTED: Final = "QUEUESTART"
"""Asterisk has (re)started: what was open is over."""
FORGOTTEN_AFTER_S: Final = 86_400
"""A call of which nothing more is written for so long is over."""
MOST_OPEN: Final = 20_000
SETTLED_S: Final = 5
"""app_queue writes the end of a talk in a thread of its own, before or after the dialplan's CCPLANEEND: so long it is
waited for."""

ENDED: Final = {
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timed-out",
    "EXITWITHKEY": "timed-out",
    "EXITEMPTY": "no-agents",
}
"""How a stay ended without a talk: the third datum is the wait."""
TALKED: Final = {
    "COMPLETECALLER": ("caller", 1),
    "COMPLETEAGENT": ("agent", 1),
    "BLINDTRANSFER": ("agent", 3),
    "ATTENDEDTRANSFER": ("agent", 3),
}
"""Who ended the talk, and which datum (from 0) says how many seconds it took."""


class Entry(NamedTuple):
    """A line. `at`: Unix seconds."""

    at: int
    call: str
    queue: str
    agent: str
    verb: str
    data: tuple[str, ...]


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """A stay in a queue, and the talk that it led to. `outcome` is empty while it waits."""

    queue: str
    queued_at: int
    outcome: str = ""
    waited_s: int = 0
    agent: str = ""
    talk_from: int = 0
    talk_s: int | None = None
    by: str = ""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the fallback has or had. `ended_at` of one that is open: only the end of its talk is not told yet."""

    channel: str
    number_dialled: str
    caller: str
    began_at: int
    heard_at: int
    ended_at: int | None = None
    stay: Stay | None = None


def entry_of(line: str) -> Entry | None:
    """The line's parts; None for what is none: torn, empty, or written by somebody else."""
    parts = line.rstrip("\r\n").split("|")
    if len(parts) < 5 or not (parts[0].isascii() and parts[0].isdigit()) or len(parts[0]) > 12:
        return None
    return Entry(int(parts[0]), parts[1], parts[2], parts[3], parts[4], tuple(parts[5:]))


def read(open_calls: dict[str, Call], entry: Entry, written_at: int = 0) -> list[Call]:
    """The calls that this entry ended; `open_calls`, by channel, is kept. What is unknown, or of nobody's call, changes
    nothing. `written_at`: when Asterisk wrote the line before this one, and so still lived."""
    if entry.verb == STARTED:
        over = [_lost(call, written_at) for call in open_calls.values()]
        open_calls.clear()
        return over
    if entry.verb == BEGIN:
        number, caller = (*entry.data, "", "")[:2]
        over = _forgotten(open_calls, entry.at)
        open_calls[entry.call] = Call(
            channel=entry.call, number_dialled=number, caller=caller, began_at=entry.at, heard_at=entry.at
        )
        return over
    known = open_calls.get(entry.call)
    if known is None:
        return []
    ended_at = entry.at if entry.verb == END else known.ended_at
    known = open_calls[entry.call] = replace(_heard(known, entry), heard_at=entry.at, ended_at=ended_at)
    return [] if ended_at is None or _talks(known) else [_over(open_calls.pop(entry.call), ended_at)]


def settled(open_calls: dict[str, Call], now: int) -> list[Call]:
    """Those that ended a while ago, the end of whose talk app_queue has not written: the caller left. `now`: Unix
    seconds of the switch's clock."""
    over = [each for each, call in open_calls.items() if call.ended_at is not None and now - call.ended_at > SETTLED_S]
    return [_lost(open_calls.pop(each)) for each in over]


def read_all(open_calls: dict[str, Call], lines: Iterable[str], written_at: int = 0) -> tuple[list[Call], int]:
    """Of many lines; and when the last of them was written."""
    over: list[Call] = []
    for entry in filter(None, map(entry_of, lines)):
        over += read(open_calls, entry, written_at)
        written_at = entry.at
    return over, written_at


def _heard(call: Call, entry: Entry) -> Call:
    stay = call.stay
    if entry.verb == "ENTERQUEUE" and (stay is None or not stay.outcome):
        return replace(call, stay=Stay(queue=entry.queue, queued_at=entry.at))
    if stay is None:
        return call
    if entry.verb == "CONNECT" and not stay.outcome:
        return replace(call, stay=_answered(stay, entry))
    if entry.verb in ENDED and not stay.outcome:
        waited = _number(entry.data, 2, entry.at - stay.queued_at)
        return replace(call, stay=replace(stay, outcome=ENDED[entry.verb], waited_s=waited))
    if entry.verb in TALKED and stay.outcome == "answered" and stay.talk_s is None:
        by, place = TALKED[entry.verb]
        talked = _number(entry.data, place, entry.at - stay.talk_from)
        return replace(call, stay=replace(stay, talk_s=talked, by=by))
    return call


def _answered(stay: Stay, entry: Entry) -> Stay:
    waited = _number(entry.data, 0, entry.at - stay.queued_at)
    return replace(stay, outcome="answered", waited_s=waited, agent=entry.agent, talk_from=entry.at)


def _over(call: Call, at: int, by: str = "caller") -> Call:
    """A stay whose end app_queue did not write has ended with the call."""
    stay = call.stay
    if stay is not None and not stay.outcome:
        stay = replace(stay, outcome="abandoned" if by == "caller" else "lost", waited_s=max(0, at - stay.queued_at))
    elif stay is not None and stay.outcome == "answered" and stay.talk_s is None:
        stay = replace(stay, talk_s=max(0, at - stay.talk_from), by=by)
    return replace(call, ended_at=max(at, call.began_at), stay=stay)


def _talks(call: Call) -> bool:
    return call.stay is not None and call.stay.outcome == "answered" and call.stay.talk_s is None


def _lost(call: Call, alive_at: int = 0) -> Call:
    """Asterisk died with it, or never said that it is over: what is known is when it was last heard of, or that the
    switch lived at `alive_at`. (Or it is over, and only the end of its talk was not told.)"""
    if call.ended_at is not None:
        return _over(call, call.ended_at)
    return _over(call, max(alive_at, call.heard_at), by="switch")


def _forgotten(open_calls: dict[str, Call], now: int) -> list[Call]:
    """Those that nothing was heard of for a day, and the oldest where there are too many: none is kept for ever."""
    gone = [each for each, call in open_calls.items() if now - call.heard_at > FORGOTTEN_AFTER_S]
    if len(open_calls) - len(gone) >= MOST_OPEN:
        gone.append(min(open_calls.keys() - gone, key=lambda each: open_calls[each].heard_at))
    return [_lost(open_calls.pop(each)) for each in gone]


def _number(data: tuple[str, ...], place: int, otherwise: int) -> int:
    text = data[place] if place < len(data) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else max(0, otherwise)
