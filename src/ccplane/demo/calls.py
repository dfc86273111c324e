"""A caller of flesh and blood: dials, listens, presses keys, waits, talks, or has had enough."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any, Final

from ccplane.demo.people import Caller
from ccplane.demo.voices import Frames
from ccplane.testing.siplab import Call, CallEnded, How, Lab

UP_WITHIN: Final = 30.0
"""Seconds that a caller hears ringing before they try another day."""

OUTCOMES: Final = (
    "reached an agent",
    "gave up waiting",
    "left in the menu",
    "were turned away",
    "still waited at the end",
)


async def make(caller: Caller, lab: Lab, voice: Frames, outcomes: Counter[str]) -> None:
    """One call from dialling to its end; what came of it is counted, also when this is cancelled."""
    call = lab.callers.dial(caller.kind.dials, caller.number, display=caller.name, talk=caller.talk)
    call.connected.add_done_callback(lambda _: _speak(call, voice))
    try:
        await _go_through(call, caller, voice)
    finally:
        outcomes[outcome(call, caller)] += 1


async def _go_through(call: Call, caller: Caller, voice: Frames) -> None:
    try:
        await call.up(UP_WITHIN)
        for thinks, key in caller.keys:
            await _unless_over(call, asyncio.sleep(thinks))
            await _unless_over(call, _press(call, key))
    except CallEnded:
        return
    except TimeoutError:
        call.hang_up()
    if caller.leaves_after is None:
        call.after(caller.patience, call.give_up)
    else:
        _speak(call, voice)
        call.after(caller.leaves_after, call.hang_up)
    await asyncio.shield(call.ended)


def outcome(call: Call, caller: Caller) -> str:
    """How the caller would tell it."""
    if call.connected.done():
        return "reached an agent"
    if not call.ended.done():
        return "still waited at the end"
    if call.ended.result().how in (How.HUNG_UP, How.CANCELLED):
        return "gave up waiting" if caller.leaves_after is None else "left in the menu"
    return "were turned away"


def _speak(call: Call, voice: Frames) -> None:
    if call.audio and not call.ended.done():
        call.audio.loop(voice)


async def _press(call: Call, key: str) -> None:
    assert call.audio, "callers of the demo are heard: open_lab(…, audio=True)"
    await call.audio.press(key)


async def _unless_over(call: Call, doing: Coroutine[Any, Any, None]) -> None:
    """Does it, unless the call ends first."""
    task: asyncio.Future[Any] = asyncio.ensure_future(doing)
    over: asyncio.Future[Any] = call.ended
    try:
        await asyncio.wait({task, over}, return_when=asyncio.FIRST_COMPLETED)
        if over.done():
            raise CallEnded(call.ended.result())
        task.result()
    finally:
        if not task.cancel() and not task.cancelled():
            task.exception()  # of a key that came too late; asyncio would complain that nobody looked at it
