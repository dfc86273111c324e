"""Conferences on a real Asterisk: all hear each other, whoever comes, goes, or is killed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import Call
from tests.asterisk.test_recordings import facts, the_sound
from tests.centre import Centre, open_centre
from tests.recorded import windows

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


async def inside(centre: Centre, count: int) -> None:
    """Wait until so many have come, in all."""

    async def there() -> bool:
        rows = await centre.rows("SELECT count(*) AS n FROM fact WHERE kind = 'ConferenceEntered'")
        return bool(rows[0]["n"] >= count)

    await centre.until(there, 20, lambda: f"{count} in the conference")


async def comes(centre: Centre, number: str, count: int) -> Call:
    """The `count`-th who dials 4010 and keys the code."""
    call = centre.lab.callers.dial("4010", number)
    return await keys(centre, call, count)


async def keys(centre: Centre, call: Call, count: int) -> Call:
    await call.up()
    await call.audio.hears_sound()
    await call.audio.press("4711")
    await inside(centre, count)
    return call


async def hear_each_other(one: Call, other: Call) -> None:
    """Each of them, perhaps beside a third."""
    one.audio.play(CALLER_TONE)
    other.audio.play(AGENT_TONE)
    await other.audio.hears(CALLER_TONE, at_least=0.3)
    await one.audio.hears(AGENT_TONE, at_least=0.3)


async def left(centre: Centre, number: str) -> list[str]:
    contact = await centre.contact_of(number)
    return [each["by"] for each in contact["facts"] if each["type"] == "ConferenceLeft"]


async def test_who_is_alone_hears_music_and_two_hear_each_other_until_one_presses_the_key(centre: Centre) -> None:
    first = await comes(centre, "821", 1)
    await first.audio.hears_sound()
    second = await comes(centre, "822", 2)
    await hear_each_other(first, second)
    await second.audio.press("#")
    await second.over(within=20)
    await first.audio.hears_sound()
    first.hang_up()
    assert (await left(centre, "821"), await left(centre, "822")) == (["hung-up"], ["key"])
    segments = await centre.rows("SELECT kind, talk_ms, ended_by FROM segment ORDER BY ended_by")
    assert [(each["kind"], each["ended_by"]) for each in segments] == [("call", "hung-up"), ("call", "key")]
    assert all(each["talk_ms"] > 0 for each in segments)


async def test_an_agent_who_dials_in_meets_two_callers_and_one_who_goes_parts_nobody(centre: Centre) -> None:
    await centre.sign_in("1001")
    first = await comes(centre, "823", 1)
    second = await comes(centre, "824", 2)
    agent = await keys(centre, centre.lab.phones.phone("1001").dial("4010"), 3)
    await centre.agent_is("1001", "own-call")
    await hear_each_other(first, agent)
    first.hang_up()
    await hear_each_other(second, agent)
    agent.hang_up()
    second.hang_up()
    assert await left(centre, "824") == ["hung-up"]
    await centre.agent_is("1001", "ready")


async def test_a_plane_killed_in_a_conference_parts_nobody_and_the_journal_is_right(centre: Centre) -> None:
    first, second = await comes(centre, "825", 1), await comes(centre, "826", 2)
    await hear_each_other(first, second)
    await centre.kill()
    await hear_each_other(first, second)
    await centre.start()
    await hear_each_other(first, second)
    third = await comes(centre, "827", 3)
    await hear_each_other(second, third)
    await first.audio.press("#")
    await first.over(within=20)
    third.hang_up()
    second.hang_up()
    assert [await left(centre, each) for each in ("825", "826", "827")] == [["key"], ["hung-up"], ["hung-up"]]
    failed = await centre.rows("SELECT body FROM fact WHERE kind IN ('ProgramFailed', 'RepairMade')")
    assert not [dict(each) for each in failed]


async def test_one_who_hangs_up_while_the_plane_is_killed_is_found_gone(centre: Centre) -> None:
    first, second = await comes(centre, "828", 1), await comes(centre, "829", 2)
    await hear_each_other(first, second)
    await centre.kill()
    first.hang_up()
    await first.over()
    await centre.start()
    await second.audio.hears_sound()
    second.hang_up()
    assert len(await left(centre, "828")) == len(await left(centre, "829")) == 1


async def test_each_who_is_in_it_is_recorded_from_when_they_come_to_when_they_leave(centre: Centre) -> None:
    first, second = await comes(centre, "830", 1), await comes(centre, "831", 2)
    await facts(centre, "RecordingStarted", 2)
    for _ in range(12):
        await hear_each_other(first, second)
    await second.audio.press("#")
    await second.over(within=20)
    first.hang_up()
    for kept in await facts(centre, "RecordingStored", 2):
        said, heard = (
            (CALLER_TONE, AGENT_TONE) if kept["contact"] == await whose(centre, "830") else (AGENT_TONE, CALLER_TONE)
        )
        left, right = await the_sound(centre, kept["recording"])
        assert max(windows(left, said)) > 0.4
        assert max(windows(right, heard)) > 0.4
    assert not await centre.rows("SELECT 1 FROM fact WHERE kind IN ('RecordingFailed', 'RecordingIncomplete')")


async def whose(centre: Centre, number: str) -> str:
    return str((await centre.contact_of(number))["id"])
