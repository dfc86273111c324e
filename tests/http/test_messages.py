"""Messages by HTTP: listed, heard in parts, marked; and no address leads to any other file."""

from __future__ import annotations

from pathlib import Path

import httpx
import msgspec
import pytest

from ccplane.contacts.facts import MessageMarked, MessagePlayed
from ccplane.http.app import create_app
from ccplane.postgres.messages import MessageRow, MessagesWanted
from tests.http.conftest import client_from
from tests.http.memory import TOKEN, Site

MESSAGE_ID = "m-c-ast1-1700000000.1-3-1"
SOUND = bytes(range(256)) * 8
ROW = MessageRow(
    id=MESSAGE_ID,
    contact="c-ast1-1700000000.1",
    box="general",
    caller="13800138000",
    number_dialled="4001",
    source="ivr",
    left_at=1_700_000_000_000,
    ms=4_200,
    bytes=len(SOUND),
    file=f"2023/11/14/{MESSAGE_ID}.wav",
    state="new",
    heard_at=None,
    heard_by=None,
)
AUDIO = f"/api/v1/messages/{MESSAGE_ID}/audio"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site()
    site.audio = tmp_path / "messages"
    sound = site.audio / ROW.file
    sound.parent.mkdir(parents=True)
    sound.write_bytes(SOUND)
    site.messages.stored[MESSAGE_ID] = ROW
    (tmp_path / "secret").write_text("not for you")
    return site


async def test_messages_are_listed_with_times_that_can_be_read(admin: httpx.AsyncClient):
    answer = await admin.get("/api/v1/messages")
    [message] = answer.json()["messages"]
    assert (message["id"], message["left_at"], message["ms"]) == (MESSAGE_ID, "2023-11-14T22:13:20.000Z", 4_200)
    assert (await admin.get(f"/api/v1/messages/{MESSAGE_ID}")).json() == message


async def test_filters_reach_the_store(admin: httpx.AsyncClient, site: Site):
    await admin.get("/api/v1/messages?box=general&state=heard&since=2023-11-14T00:00:00Z&until=2023-11-15T00:00:00Z")
    assert site.messages.wanted == MessagesWanted(
        box="general", state="heard", since=1_699_920_000_000, until=1_700_006_400_000
    )
    assert (await admin.get("/api/v1/messages?state=loud")).status_code == 422


async def test_the_sound_is_sent_whole(admin: httpx.AsyncClient):
    answer = await admin.get(AUDIO)
    assert (answer.status_code, answer.content) == (200, SOUND)
    assert (answer.headers["content-type"], answer.headers["accept-ranges"]) == ("audio/wav", "bytes")
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "sent", "told"),
    [
        ("bytes=0-99", SOUND[:100], "bytes 0-99/2048"),
        ("bytes=1000-", SOUND[1000:], "bytes 1000-2047/2048"),
        ("bytes=-48", SOUND[-48:], "bytes 2000-2047/2048"),
        ("bytes=2000-99999", SOUND[2000:], "bytes 2000-2047/2048"),
    ],
)
async def test_a_part_of_the_sound_is_sent(admin: httpx.AsyncClient, asked: str, sent: bytes, told: str):
    answer = await admin.get(AUDIO, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, sent)
    assert answer.headers["content-range"] == told


@pytest.mark.parametrize("asked", ["bytes=2048-", "bytes=9999-10000", "bytes=-0"])
async def test_a_part_that_is_not_there_is_416_as_a_problem(admin: httpx.AsyncClient, asked: str):
    answer = await admin.get(AUDIO, headers={"Range": asked})
    assert (answer.status_code, answer.json()["code"]) == (416, "range-not-satisfiable")
    assert answer.headers["content-range"] == "bytes */2048"


@pytest.mark.parametrize("asked", ["bytes=0-1,100-101", "lines=1-2", "bytes=-", "bytes=100-50", "\x00"])
async def test_what_is_no_single_range_gives_all_of_it(admin: httpx.AsyncClient, asked: str):
    answer = await admin.get(AUDIO, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, SOUND)


async def test_who_listens_is_written_down_once_in_a_while_and_not_who_asks_for_nothing(
    admin: httpx.AsyncClient, site: Site
):
    await admin.get(AUDIO, headers={"Range": "bytes=9999-"})
    assert not plays(site)
    for at in range(3):
        await admin.get(AUDIO, headers={"Range": f"bytes={at}-"})
    [fact] = plays(site)
    assert (fact.message, fact.contact, fact.by) == (MESSAGE_ID, ROW.contact, "api")
    site.plane.history.now += 60_000
    await admin.get(AUDIO)
    assert len(plays(site)) == 2


def plays(site: Site) -> list[MessagePlayed]:
    return [fact for fact in site.plane.history.facts if isinstance(fact, MessagePlayed)]


@pytest.mark.parametrize(
    "file", ["../secret", "2023/../../secret", "/etc/passwd", "..", "", "2023/11/14", "2023/11/14/link.wav"]
)
async def test_a_row_that_names_another_place_gives_nothing(admin: httpx.AsyncClient, site: Site, file: str):
    (site.audio / "2023/11/14/link.wav").symlink_to(site.audio.parent / "secret")
    site.messages.stored[MESSAGE_ID] = msgspec.structs.replace(ROW, file=file)
    answer = await admin.get(AUDIO)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-audio")
    put = await admin.put(f"/api/v1/messages/{MESSAGE_ID}", json={"state": "deleted"})
    assert put.status_code == 200
    assert (site.audio.parent / "secret").exists()


@pytest.mark.parametrize("message", ["nobody", "..%2F..%2Fsecret", "%00", "m-c-ast1-1-1-1"])
async def test_a_message_there_is_none_of_is_404(admin: httpx.AsyncClient, message: str):
    for answer in (
        await admin.get(f"/api/v1/messages/{message}"),
        await admin.get(f"/api/v1/messages/{message}/audio"),
        await admin.put(f"/api/v1/messages/{message}", json={"state": "heard"}),
    ):
        assert answer.status_code == 404
        assert answer.json()["code"] in ("no-such-message", "no-such-page")


async def test_a_message_that_was_heard_is_marked_by_a_fact(admin: httpx.AsyncClient, site: Site):
    answer = await admin.put(f"/api/v1/messages/{MESSAGE_ID}", json={"state": "heard"})
    told = answer.json()
    assert (told["state"], told["heard_by"]) == ("heard", "api")
    assert told["heard_at"] is not None
    [fact] = [fact for fact in site.plane.history.facts if isinstance(fact, MessageMarked)]
    assert (fact.message, fact.contact, fact.state) == (MESSAGE_ID, ROW.contact, "heard")


async def test_a_deleted_message_loses_its_sound_and_stays_deleted(admin: httpx.AsyncClient, site: Site):
    put = await admin.put(f"/api/v1/messages/{MESSAGE_ID}", json={"state": "deleted"})
    assert put.json()["state"] == "deleted"
    assert not (site.audio / ROW.file).exists()
    assert (await admin.get(AUDIO)).json()["code"] == "no-audio"
    site.messages.stored[MESSAGE_ID] = msgspec.structs.replace(ROW, state="deleted")
    again = await admin.put(f"/api/v1/messages/{MESSAGE_ID}", json={"state": "new"})
    assert (again.status_code, again.json()["code"]) == (404, "no-audio")
    assert (await admin.put(f"/api/v1/messages/{MESSAGE_ID}", json={"state": "deleted"})).status_code == 200


@pytest.mark.parametrize("body", [{"state": "loud"}, {}, {"state": "heard", "file": "/etc/passwd"}])
async def test_nonsense_marks_nothing(admin: httpx.AsyncClient, site: Site, body: dict[str, str]):
    answer = await admin.put(f"/api/v1/messages/{MESSAGE_ID}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert not [fact for fact in site.plane.history.facts if isinstance(fact, MessageMarked)]


async def test_without_a_token_nothing_is_told(site: Site):
    async with client_from(create_app(site.ports(), admin_token=TOKEN), "127.0.0.1", token=None) as stranger:
        for path in ("/api/v1/messages", f"/api/v1/messages/{MESSAGE_ID}", AUDIO):
            assert (await stranger.get(path)).status_code == 401
        assert (await stranger.put(f"/api/v1/messages/{MESSAGE_ID}", json={"state": "deleted"})).status_code == 401
    assert (site.audio / ROW.file).exists()
