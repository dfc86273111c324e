"""Messages on a real Asterisk: left by key 9 and by the fallback, kept whatever dies, listed, and heard again."""

from __future__ import annotations

import io
import wave
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bench.rtp import CALLER_TONE, share
from bench.siplab import Call
from ccplane.asterisk.node import LocalNode
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


async def messages(centre: Centre, count: int = 1) -> list[dict[str, Any]]:
    """The messages that the API lists, once there are so many."""
    found: list[dict[str, Any]] = []

    async def so_many() -> bool:
        found[:] = (await centre.get("/api/v1/messages"))["messages"]
        return len(found) >= count

    await centre.until(so_many, 20, lambda: f"{count} messages")
    assert len(found) == count
    return found


async def fact(centre: Centre, kind: str) -> dict[str, Any]:
    """The first fact of this kind, once it is stored."""
    found: list[dict[str, Any]] = []

    async def is_there() -> bool:
        found[:] = await centre.rows("SELECT * FROM fact WHERE kind = $1", kind)
        return bool(found)

    await centre.until(is_there, 20, lambda: kind)
    return found[0]


async def sound(centre: Centre, message: dict[str, Any]) -> list[int]:
    """Its samples, fetched in two ranges."""
    path = f"/api/v1/messages/{message['id']}/audio"
    first = await centre.api.get(path, headers={"Range": "bytes=0-999"})
    rest = await centre.api.get(path, headers={"Range": "bytes=1000-"})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert len(first.content) == 1000
    with wave.open(io.BytesIO(first.content + rest.content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        return list(array("h", file.readframes(file.getnframes())))


def has_tone(samples: list[int], hz: int = CALLER_TONE) -> bool:
    """Whether a whole second in its middle is this tone."""
    middle = len(samples) // 2
    return share(samples[middle - 4000 : middle + 4000], hz) > 0.9


async def records(call: Call, centre: Centre, seconds: int = 2) -> None:
    """Returns when the tone has been on the recording for so long: packets are counted, not time."""
    await fact(centre, "MessageStarted")
    assert call.audio
    call.audio.play(CALLER_TONE)
    begun = call.audio.sent

    async def said_enough() -> bool:
        return call.audio.sent - begun >= (seconds + 1) * 50

    await centre.until(said_enough, 30, lambda: "the caller to have spoken")


async def presses_9(centre: Centre, number: str) -> Call:
    call = centre.lab.callers.dial("4001", number)
    await call.up()
    assert call.audio
    await call.audio.press("9")
    return call


async def test_a_message_left_by_key_9_is_listed_and_has_the_callers_tone(centre: Centre) -> None:
    """The caller hangs up in the middle of it, as most do; the contact has its message."""
    call = await presses_9(centre, "13800138000")
    await records(call, centre)
    call.hang_up()
    [message] = await messages(centre)
    assert (message["caller"], message["number_dialled"], message["box"]) == ("13800138000", "4001", "general")
    assert (message["source"], message["state"], message["heard_at"]) == ("ivr", "new", None)
    assert message["ms"] >= 2000
    samples = await sound(centre, message)
    assert len(samples) == message["ms"] * 8
    assert has_tone(samples)
    contact = await centre.contact_of("13800138000")
    assert [each["id"] for each in contact["messages"]] == [message["id"]]
    assert contact["ended_by"] == "caller"
    assert not list((centre.node.spool_dir / "recording" / "messages").iterdir()), "it was moved, not copied"
    put = await centre.api.put(f"/api/v1/messages/{message['id']}", json={"state": "heard"})
    assert (put.status_code, put.json()["state"]) == (200, "heard")
