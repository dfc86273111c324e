"""Recordings over HTTP: listed, looked at, listened to by ranges on the record, paused and resumed."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from ccplane.contacts.recordings import RecordingPlayed
from ccplane.core import inputs as i
from ccplane.ids import recording_id
from ccplane.postgres.recordings import RecordingRow
from ccplane.routing.recording import RecordingPolicy, RecordingRule
from tests.http.conftest import client_from
from tests.http.memory import Site
from tests.kpi.histories import AGENTS, QUEUES

SOUND = bytes(range(256)) * 4
R = "r-c-ast1-1795332955.0-2"
AUDIO = f"/api/v1/recordings/{R}/audio"


def a_row(name: str = R, first_at: int = 1_800_000_000_000, **more) -> RecordingRow:
    known = {
        "contact": "c-ast1-1795332955.0", "segment": 2, "agent": "1001", "queue": "support", "direction": "inbound",
        "state": "stored", "started_at": first_at + 40, "ended_at": first_at + 3_000, "stored_at": first_at + 9_000,
        "expected_ms": 2_960, "ms": 3_000, "paused_ms": 0, "bytes": 1_024, "incomplete": False, "reason": None,
        "wav": "", "opus": f"2026/11/22/{name}.opus", "plays": 0,
    }  # fmt: skip
    return RecordingRow(id=name, first_at=first_at, **(known | more))


@pytest.fixture
def site(tmp_path) -> Site:
    site = Site()
    site.recordings_dir = tmp_path
    site.recordings.rows.append(a_row())
    (tmp_path / "2026/11/22").mkdir(parents=True)
    (tmp_path / f"2026/11/22/{R}.opus").write_bytes(SOUND)
    return site


def plays(site: Site) -> list[RecordingPlayed]:
    return [fact for fact in site.plane.history.facts if isinstance(fact, RecordingPlayed)]


async def test_they_are_listed_with_filters_a_page_at_a_time(admin, site):
    site.recordings.rows += [a_row(f"r-c-ast1-1.{n}-2", 1_700_000_000_000 - n) for n in range(4)]
    query = {"queue": "support", "agent": "1001", "since": "2020-01-01T00:00:00Z", "limit": 2}
    first = (await admin.get("/api/v1/recordings", params=query)).json()
    assert [each["id"] for each in first["recordings"]] == [R, "r-c-ast1-1.0-2"]
    assert first["recordings"][0]["started_at"] == "2027-01-15T08:00:00.040Z"
    assert (site.recordings.sought.queue, site.recordings.sought.agent) == ("support", "1001")
    second = (await admin.get("/api/v1/recordings", params={"limit": 2, "after": first["next"]})).json()
    assert [each["id"] for each in second["recordings"]] == ["r-c-ast1-1.1-2", "r-c-ast1-1.2-2"]
    last = (await admin.get("/api/v1/recordings", params={"limit": 2, "after": second["next"]})).json()
    assert last["next"] is None


@pytest.mark.parametrize("cursor", ["nonsense", "MTox", "", "OTk5OTk5OTk5OTk5OTk5OTk5OTk6cg"])
async def test_a_cursor_that_is_none_of_ours_is_refused(admin, cursor):
    answer = await admin.get("/api/v1/recordings", params={"after": cursor})
    assert answer.json().get("code", "bad-cursor") == "bad-cursor"
    assert answer.status_code in (200, 400)
    assert (answer.status_code == 200) is (cursor == "MTox")


async def test_one_is_looked_at(admin):
    assert (await admin.get(f"/api/v1/recordings/{R}")).json()["ms"] == 3_000
    assert (await admin.get("/api/v1/recordings/r-c-none-1")).json()["code"] == "no-such-recording"


async def test_the_whole_of_it_is_given_and_written_down_first(admin, site):
    answer = await admin.get(AUDIO)
    assert answer.status_code == 200
    assert answer.content == SOUND
    assert answer.headers["content-type"] == "audio/ogg; codecs=opus"
    assert answer.headers["cache-control"] == "private, no-store"
    [played] = plays(site)
    assert (played.by, played.recording) == ("admin", R)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("bytes=0-99", SOUND[:100]),
        ("bytes=1000-", SOUND[1000:]),
        ("bytes=-24", SOUND[-24:]),
        ("bytes=1000-9999", SOUND[1000:]),
        ("bytes=-9999", SOUND),
    ],
)
async def test_a_range_is_given_alone(admin, asked, given):
    answer = await admin.get(AUDIO, headers={"Range": asked})
    assert answer.content == given
    assert answer.status_code == 206
    assert answer.headers["content-range"].endswith("/1024")


@pytest.mark.parametrize("asked", ["bytes=9-1", "bytes=x-y", "lines=1-2", "bytes=-", "bytes=0-1,5-9", "bytes="])
async def test_what_is_no_single_range_gives_all_of_it(admin, asked):
    answer = await admin.get(AUDIO, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, SOUND)


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
async def test_a_range_behind_the_end_is_refused(admin, site, asked):
    answer = await admin.get(AUDIO, headers={"Range": asked})
    assert (answer.status_code, answer.json()["code"]) == (416, "range-not-satisfiable")
    assert not plays(site)


async def test_if_range_gives_the_part_only_of_the_same_file(admin):
    etag = (await admin.get(AUDIO)).headers["etag"]
    same = await admin.get(AUDIO, headers={"Range": "bytes=0-9", "If-Range": etag})
    assert (same.status_code, same.content) == (206, SOUND[:10])
    other = await admin.get(AUDIO, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, SOUND)


async def test_who_plays_on_is_written_down_once_in_a_while(admin, site):
    for at in range(5):
        await admin.get(AUDIO, headers={"Range": f"bytes={at}-"})
    assert len(plays(site)) == 1
    site.plane.history.now += 60_000
    await admin.get(AUDIO)
    assert len(plays(site)) == 2


async def test_without_a_token_nothing_is_told_not_even_that_it_is_there(stranger, app, site):
    for path in ("/api/v1/recordings", f"/api/v1/recordings/{R}", AUDIO, "/api/v1/recordings/r-c-none-1"):
        assert (await stranger.get(path)).status_code == 401
    async with client_from(app, token="wrong") as wrong:
        assert (await wrong.get(AUDIO)).status_code == 401
    assert not plays(site)


@pytest.mark.parametrize(
    ("row", "kind", "code", "status"),
    [
        ({"stored_at": None, "state": "ended"}, "opus", "recording-not-stored", 409),
        ({}, "wav", "recording-gone", 410),
        ({"opus": "2026/11/22/gone.opus"}, "opus", "recording-gone", 410),
        ({"opus": "../../etc/passwd"}, "opus", "recording-gone", 410),
    ],
)
async def test_what_is_not_kept_is_said(admin, site, row, kind, code, status):
    site.recordings.rows[:] = [a_row(**row)]
    answer = await admin.get(AUDIO, params={"format": kind})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


# ---------------------------------------------------------------------------------------------------- pause and resume


@pytest.fixture
def begins(site: Site) -> str:
    """A contact who talks, and whose recording was asked for."""
    history = site.plane.history
    policy = RecordingPolicy(default=RecordingRule(record=True))
    history.give(i.SiteRead("recorded", replace(history.state.rules, recording=policy), {}))
    history.sign_in(AGENTS[0])
    contact = history.call(QUEUES[0])
    history.answer(contact)
    return contact


@pytest.fixture
def talking(site: Site, begins: str) -> str:
    """A contact who talks and is recorded."""
    site.plane.history.give(i.TalkRecordingBegan(begins, recording_id(begins, 2), "0x1"))
    return begins


def path_of(contact: str) -> str:
    return f"/api/v1/contacts/{contact}/recording"


async def answered(site: Site, contact: str, reason: str = "") -> None:
    """The switch answers the pause that is asked for."""
    while (wanted := site.plane.history.state.contacts[contact].tape.wanted) is None:
        await asyncio.sleep(0)
    await site.plane.ask(i.TalkRecordingMuted(contact, recording_id(contact, 2), wanted, reason))


async def test_a_pause_is_answered_once_the_switch_has_done_it(admin, site, talking):
    for state in ("paused", "recording"):
        asked = asyncio.create_task(admin.put(path_of(talking), json={"state": state}))
        await answered(site, talking)
        assert (await asked).json() == {"recording": recording_id(talking, 2), "contact": talking, "state": state}
    again = await admin.put(path_of(talking), json={"state": "recording"})
    assert again.status_code == 200, "it is so already"


async def test_a_pause_before_it_has_begun_is_answered_once_it_has_and_is_silent(admin, site, begins):
    asked = asyncio.create_task(admin.put(path_of(begins), json={"state": "paused"}))
    while site.plane.history.state.contacts[begins].tape.wanted is None:
        await asyncio.sleep(0)
    await site.plane.ask(i.TalkRecordingBegan(begins, recording_id(begins, 2), "0x1"))
    await answered(site, begins)
    assert ((await asked).status_code, (await asked).json()["state"]) == (200, "paused")


async def test_a_pause_of_what_has_failed_is_kept_for_the_next_try(admin, site, begins):
    await site.plane.ask(i.TalkRecordingRefused(begins, recording_id(begins, 2), "no AMI"))
    for state in ("paused", "paused", "recording", "paused"):
        answer = await admin.put(path_of(begins), json={"state": state})
        assert (answer.status_code, answer.json()["state"]) == (200, "failed")
    assert site.plane.history.state.contacts[begins].tape.wanted is True


async def test_a_pause_that_was_not_done_is_said(admin, site, talking):
    asked = asyncio.create_task(admin.put(path_of(talking), json={"state": "paused"}))
    await answered(site, talking, reason="AMI is away")
    assert ((await asked).status_code, (await asked).json()["code"]) == (503, "recording-not-changed")


async def test_two_at_once_are_told_apart(admin, site, talking):
    first = asyncio.create_task(admin.put(path_of(talking), json={"state": "paused"}))
    while site.plane.history.state.contacts[talking].tape.wanted is None:
        await asyncio.sleep(0)
    second = await admin.put(path_of(talking), json={"state": "recording"})
    assert (second.status_code, second.json()["code"]) == (409, "recording-being-changed")
    await answered(site, talking)
    assert (await first).json()["state"] == "paused"


async def test_a_talk_that_ends_meanwhile_is_said(admin, site, talking):
    asked = asyncio.create_task(admin.put(path_of(talking), json={"state": "paused"}))
    while site.plane.history.state.contacts[talking].tape.wanted is None:
        await asyncio.sleep(0)
    await site.plane.ask(i.CallerGone(talking, 16))
    assert (await asked).json()["code"] == "not-recorded"


async def test_what_is_not_recorded_cannot_be_paused(admin, stranger, site, talking):
    waiting = site.plane.history.call(QUEUES[0])
    assert (await admin.put(path_of(waiting), json={"state": "paused"})).json()["code"] == "not-recorded"
    assert (await admin.put(path_of("c-ast1-none"), json={"state": "paused"})).json()["code"] == "no-such-contact"
    assert (await admin.put(path_of(talking), json={"state": "off"})).status_code == 422
    assert (await stranger.put(path_of(talking), json={"state": "paused"})).status_code == 401
