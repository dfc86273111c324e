"""Messages on a real Asterisk: left by key 9 and by the fallback, kept whatever dies, listed, and heard again."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import wave
from array import array
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.rtp import CALLER_TONE, share
from ccplane.testing.siplab import Call
from tests.asterisk.sounds import write_tone
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow, pytest.mark.usefixtures("brief")]


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


async def test_who_has_a_message_to_answer_holds_over_a_kill_until_it_is_answered(centre: Centre) -> None:
    """As the demo's acd/voicemail.toml promises: by agents of support, within four hours."""
    call = await presses_9(centre, "606")
    await records(call, centre)
    call.hang_up()
    [message] = await messages(centre)
    [owed] = (await centre.get("/api/v1/messages/owed"))["messages"]
    assert (owed["id"], owed["queue"], owed["owner"]) == (message["id"], "support", "")
    left, until = (datetime.fromisoformat(owed[name]) for name in ("left_at", "answer_until"))
    assert (until - left).total_seconds() == 4 * 3600
    taken = await centre.api.post(f"/api/v1/messages/{message['id']}/take", json={"agent": "1001"})
    assert (taken.status_code, taken.json()["owner"]) == (200, "1001")
    await centre.kill()
    await centre.start()
    [owed] = (await centre.get("/api/v1/agents/1001/messages"))["messages"]
    assert (owed["id"], owed["owner"]) == (message["id"], "1001")
    said = await centre.api.post(f"/api/v1/messages/{message['id']}/answered", json={"by": "Lea"})
    assert said.status_code == 204

    async def is_answered() -> bool:
        [row] = (await centre.get("/api/v1/messages"))["messages"]
        return (row["answer"], row["answered_by"], row["owner"]) == ("answered", "Lea", "1001")

    await centre.until(is_answered)
    assert (await centre.get("/api/v1/messages/owed"))["messages"] == []


FOLDERS = ("dialplan", "ari_apps", "ivr", "acd", "recordings")
REVIEW = """
[message-review]
en = "To keep it, press 1. Again, 2. To drop it, 3. To hear it, 4."
zh-CN = "保留请按1，重录请按2，取消请按3，收听请按4。"
"""


async def test_callers_hear_their_own_message_before_they_keep_it_also_after_a_kill(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    for folder in FOLDERS:
        shutil.copytree(HOME / folder, site / folder)
    with (site / "ivr/prompts.toml").open("a") as prompts:
        prompts.write(REVIEW)
    boxes = site / "acd/voicemail.toml"
    boxes.write_text(boxes.read_text().replace("[general]", '[general]\nreview = "message-review"'))
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(site)) as centre:
        call = await presses_9(centre, "607")
        await records(call, centre, seconds=4)
        assert call.audio
        await call.audio.press("#")
        call.audio.play(None)
        stored = await fact(centre, "MessageStored")
        await call.audio.hears_sound(10)
        await call.audio.press("4")
        await call.audio.hears(CALLER_TONE)
        await centre.kill()
        await centre.start()
        await call.audio.hears_sound(20)
        await call.audio.press("4")
        await call.audio.hears(CALLER_TONE)
        await call.audio.press("1")
        await call.over(within=20)
        [message] = await messages(centre)
        assert (message["contact"], message["state"]) == (stored["contact"], "new")

        async def nothing_is_left() -> bool:
            return not list((centre.node.spool_dir / "recording").rglob("*.wav"))

        await centre.until(nothing_is_left, 20, lambda: "the copy to go")


async def test_a_caller_who_ends_with_the_hash_key_is_thanked_and_hung_up(centre: Centre) -> None:
    """The program goes on once the message is in safety, and has its measured length."""
    call = await presses_9(centre, "601")
    await records(call, centre)
    assert call.audio
    await call.audio.press("#")
    stored = await fact(centre, "MessageStored")
    await call.audio.hears_sound(10)
    await call.over(within=20)
    [message] = await messages(centre)
    contact = await centre.contact_of("601")
    taken = [each["result"] for each in contact["facts"] if each["type"] == "StepEnded"][-2]
    assert taken == {"type": "MessageTaken", "message": message["id"], "ms": message["ms"]}
    assert contact["ended_by"] == "program"
    assert stored["contact"] == contact["id"]


async def test_who_says_nothing_leaves_no_message_and_no_file(centre: Centre) -> None:
    """Silence ends the recording; what is left of it is dropped, by a fact, and the caller is not thanked for it."""
    call = await presses_9(centre, "602")
    assert call.audio
    dropped = await fact(centre, "MessageDropped")
    await call.over(within=20)
    assert (await centre.get("/api/v1/messages"))["messages"] == []
    contact = await centre.contact_of("602")
    results = [each["result"]["type"] for each in contact["facts"] if each["type"] == "StepEnded"]
    assert results[-1] == "NoMessage"
    assert dropped["contact"] == contact["id"]
    assert not list((centre.node.spool_dir / "recording" / "messages").iterdir())
    assert not list((centre.runtime / "messages").rglob("*.wav"))


async def test_a_message_whose_caller_hangs_up_while_no_plane_lives_is_neither_lost_nor_doubled(centre: Centre) -> None:
    """kill -9 in mid-recording: Asterisk records on, and the next plane finds what was said."""
    call = await presses_9(centre, "603")
    await records(call, centre, seconds=1)
    await centre.kill()
    await said_more(call, centre)
    call.hang_up()
    await call.over()
    await centre.start()
    [message] = await messages(centre)
    assert message["caller"] == "603"
    assert message["ms"] >= 2000
    assert has_tone(await sound(centre, message))
    kinds = [each["type"] for each in (await centre.contact_of("603"))["facts"]]
    assert kinds.count("MessageLeft") == kinds.count("MessageStored") == kinds.count("ContactEnded") == 1


async def test_a_caller_who_still_speaks_when_the_plane_is_back_is_not_interrupted(centre: Centre) -> None:
    """The recording that goes on is found by its name: one message, with what was said in the gap."""
    call = await presses_9(centre, "604")
    await records(call, centre, seconds=1)
    await centre.kill()
    await centre.start()
    await said_more(call, centre)
    assert call.audio
    await call.audio.press("#")
    await call.over(within=20)
    [message] = await messages(centre)
    assert message["ms"] >= 2000
    kinds = [each["type"] for each in (await centre.contact_of("604"))["facts"]]
    assert kinds.count("MessageStarted") == kinds.count("MessageLeft") == kinds.count("MessageStored") == 1


async def test_a_recording_that_ended_in_the_gap_lets_the_program_go_on(centre: Centre) -> None:
    call = await presses_9(centre, "605")
    await records(call, centre)
    await centre.kill()
    assert call.audio
    await call.audio.press("#")
    await centre.start()
    await call.over(within=20)
    [message] = await messages(centre)
    assert has_tone(await sound(centre, message))
    assert (await centre.contact_of("605"))["ended_by"] == "program"


@pytest.mark.parametrize("dialled", ["4002", "+862112345678"])
async def test_a_message_left_at_the_fallback_is_found_when_the_plane_starts(centre: Centre, dialled: str) -> None:
    """The caller is a contact all the same, with the time at which they called."""
    await gone(centre)
    call = await at_the_fallback(centre, "13800138001", dialled=dialled)
    call.hang_up()
    await call.over()
    await centre.start()
    [message] = await messages(centre)
    assert (message["caller"], message["number_dialled"], message["source"]) == ("13800138001", dialled, "fallback")
    assert has_tone(await sound(centre, message))
    contact = await centre.contact_of("13800138001")
    assert (contact["ended_by"], contact["number_dialled"]) == ("fallback", dialled)
    page = await centre.api.get("/api/v1/contacts", params={"number_dialled": dialled})
    assert [each["id"] for each in page.json()["contacts"]] == [contact["id"]]
    assert [each["id"] for each in contact["messages"]] == [message["id"]]
    arrived, found = (each["at"] for each in (contact["facts"][0], contact["facts"][-1]))
    assert contact["arrived_at"] < arrived <= found, "they called before it was found"
    assert left_in_the_spool(centre.node) == []
    await centre.kill()
    await centre.start()
    await messages(centre, 1)


async def test_a_message_that_is_being_recorded_at_the_fallback_is_not_taken_half(centre: Centre) -> None:
    """The plane is back while the caller speaks: the message comes whole, and the next caller is served."""
    await gone(centre)
    call = await at_the_fallback(centre, "606")
    await centre.start()
    other = centre.lab.callers.dial("4001", "607")
    await other.up()
    other.hang_up()
    await centre.contact_of("607")
    assert (await centre.get("/api/v1/messages"))["messages"] == []
    await said_more(call, centre)
    call.hang_up()
    await call.over()
    await centre.kill()  # which looks at once when it starts, and not within a minute
    await centre.start()
    [message] = await messages(centre)
    assert message["ms"] >= 3000


HOSTILE = {
    '1,2)&(;"': "12",
    "${SHELL(touch /tmp/pwned)}": "",
    "$[1/0]${EXTEN}": "10",
    "../../../etc/passwd7": "7",
    "0-9),x=(": "09",
    "9" * 500: "9" * 79,
    "\u5f20\u4e0942 \u202e": "42",
}
"""What callers call themselves, and what of it is kept."""


async def test_whatever_callers_call_themselves_at_the_fallback_only_digits_of_it_are_kept(centre: Centre) -> None:
    """Nothing else is written anywhere: the spool holds two files for each, named by us, and the log says no error."""
    await gone(centre)
    log = centre.node.log_dir / "messages.log"
    before = len(log.read_text())
    shell = '"; rm -rf / ,)(${SHELL(id)}'
    calls = await asyncio.gather(*(at_the_fallback(centre, number, display=shell) for number in HOSTILE))
    written = left_in_the_spool(centre.node)
    assert len(written) == 2 * len(HOSTILE)
    assert all(re.fullmatch(r"4002-ast1-[0-9]+\.[0-9]+\.(txt|wav)", path.name) for path in written)
    for call in calls:
        call.hang_up()
        await call.over()
    assert "ERROR" not in log.read_text()[before:]
    await centre.start()
    found = await messages(centre, len(HOSTILE))
    assert sorted(each["caller"] for each in found) == sorted(HOSTILE.values())
    for message in found:
        assert has_tone(await sound(centre, message))


async def gone(centre: Centre) -> None:
    """No plane, and Asterisk knows it: a call before that would wait for the next one."""
    await centre.kill()

    async def noticed() -> bool:
        return "ccplane" not in await centre.node.cli("ari show websocket sessions")

    await centre.until(noticed, 10, lambda: "Asterisk to notice that the plane is gone")
    for name in ("apology", "leave-a-message"):  # short, for what follows them; the next plane puts its own back
        write_tone(centre.node.sounds_dir / f"{name}.wav", hz=700, seconds=0.2)


async def at_the_fallback(centre: Centre, number: str, display: str = "", dialled: str = "4002") -> Call:
    """A caller who speaks after the fallback's tone, for some seconds."""
    call = centre.lab.callers.dial(dialled, number, display=display)
    await call.up()
    assert call.audio
    folder = centre.node.spool_dir / "recording" / "fallback"

    async def is_recorded() -> bool:
        return len(list(folder.glob("*.wav"))) >= len(list((centre.node.spool_dir / "fallback").glob("*.txt")))

    await centre.until(is_recorded, 40, lambda: "the fallback to record")
    call.audio.play(CALLER_TONE)
    await said_more(call, centre)
    return call


async def said_more(call: Call, centre: Centre, seconds: int = 3) -> None:
    assert call.audio
    begun, audio = call.audio.sent, call.audio

    async def said_enough() -> bool:
        return audio.sent - begun >= seconds * 50

    await centre.until(said_enough, 30, lambda: "the caller to have spoken")


def left_in_the_spool(node: LocalNode) -> list[Path]:
    return sorted(path for path in node.spool_dir.rglob("*") if path.is_file())
