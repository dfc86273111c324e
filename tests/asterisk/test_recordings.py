"""Talks are recorded on a real switch: each side in its own channel, and through every fault of ours."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.recordings.keeper import LEEWAY_MS
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import rings_for_ever
from tests.calls import talking_call
from tests.centre import Centre, open_centre
from tests.proxy import open_proxy
from tests.recorded import most, of_opus, of_wav, windows
from tests.stack import MakeNode

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


def a_site(tmp_path: Path, policy: str) -> Path:
    """The demo site with another policy."""
    site = tmp_path / "site"
    for folder in ("ari_apps", "ivr", "acd"):
        shutil.copytree(HOME / folder, site / folder)
    (site / "recordings").mkdir()
    (site / "recordings" / "policy.toml").write_text(policy)
    return site


async def the_fact(centre: Centre, kind: str, within: float = 20) -> dict[str, Any]:
    """The first fact of this kind, once Postgres has it."""
    return (await facts(centre, kind, 1, within))[0]


async def facts(centre: Centre, kind: str, count: int, within: float = 20) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    async def is_so() -> bool:
        rows = await centre.rows("SELECT contact, body::text FROM fact WHERE kind = $1 ORDER BY epoch, seq", kind)
        found[:] = [json.loads(row["body"]) for row in rows]
        return len(found) >= count

    await centre.until(is_so, within, lambda: f"{count} {kind} in Postgres")
    return found


async def the_sound(centre: Centre, recording: str) -> tuple[list[int], list[int]]:
    answer = await centre.api.get(f"/api/v1/recordings/{recording}/audio?format=wav")
    answer.raise_for_status()
    return of_wav(answer.content)


async def test_the_callers_tone_is_in_the_left_channel_alone_and_the_agents_in_the_right(centre: Centre):
    await centre.sign_in("1001")
    async with talking_call(centre.lab, "4002", "1001", "77001") as talk:
        await talk.heard_both_ways()
        for _ in range(4):
            await talk.heard_both_ways()
    kept = await the_fact(centre, "RecordingStored")
    answer = await centre.api.get(f"/api/v1/recordings/{kept['recording']}/audio")
    for left, right in (await the_sound(centre, kept["recording"]), of_opus(answer.content)):
        assert most(left, CALLER_TONE) > 0.7
        assert most(right, AGENT_TONE) > 0.7
        assert most(left, AGENT_TONE) == most(right, CALLER_TONE) == 0
        assert max(windows(left, AGENT_TONE)) < 0.02
        assert max(windows(right, CALLER_TONE)) < 0.02
    contact = await centre.contact_of("77001")
    [recording] = contact["recordings"]
    assert recording["state"] == "stored"
    assert recording["agent"] == "1001"
    assert recording["segment"] == 2
    assert not recording["incomplete"]
    assert abs(recording["ms"] - recording["expected_ms"]) < 1_000
    raw = centre.node.spool_dir / "monitor" / "ccplane" / f"{kept['recording']}.raw"

    async def is_gone() -> bool:
        return not raw.exists()

    await centre.until(is_gone, what=lambda: "the raw file to be removed")
    assert (await facts(centre, "RecordingPlayed", 1))[0]["by"] == "admin"


async def test_paused_it_holds_silence_and_keeps_its_length(centre: Centre):
    await centre.sign_in("1001")
    async with talking_call(centre.lab, "4002", "1001", "77002") as talk:
        await talk.heard_both_ways()
        began = await the_fact(centre, "RecordingStarted")
        for _ in range(3):
            await talk.heard_both_ways()
        path = f"/api/v1/contacts/{began['contact']}/recording"
        said = await centre.api.put(path, json={"state": "paused"})
        assert said.json()["state"] == "paused", said.text
        for _ in range(6):
            await talk.heard_both_ways()
        assert (await centre.api.put(path, json={"state": "recording"})).json()["state"] == "recording"
        for _ in range(3):
            await talk.heard_both_ways()
    kept = await the_fact(centre, "RecordingStored")
    left, right = await the_sound(centre, kept["recording"])
    for side, hz in ((left, CALLER_TONE), (right, AGENT_TONE)):
        heard = "".join("x" if share > 0.5 else "." for share in windows(side, hz))
        assert re.search(r"x[.]{5,}x", heard), heard
    resumed = await the_fact(centre, "RecordingResumed")
    ended = await the_fact(centre, "RecordingEnded")
    assert ended["paused_ms"] == resumed["paused_ms"] > 1_000
    assert abs(kept["ms"] - ended["ms"]) < 1_000


async def test_a_plane_that_is_killed_in_a_talk_keeps_recording_it(centre: Centre):
    await centre.sign_in("1001")
    async with talking_call(centre.lab, "4002", "1001", "77003") as talk:
        await talk.heard_both_ways()
        await the_fact(centre, "RecordingStarted")
        await centre.kill()
        for _ in range(5):
            await talk.heard_both_ways()
        await centre.start()
        await talk.heard_both_ways()
    kept = await the_fact(centre, "RecordingStored")
    left, right = await the_sound(centre, kept["recording"])
    assert most(left, CALLER_TONE) > 0.8
    assert most(right, AGENT_TONE) > 0.8
    ended = await the_fact(centre, "RecordingEnded")
    assert abs(kept["ms"] - ended["ms"]) < 1_000
    assert ended["ms"] > 1_000
    assert not await centre.rows("SELECT 1 FROM fact WHERE kind IN ('RecordingFailed', 'RecordingIncomplete')")


async def test_ami_cut_in_a_talk_the_recording_goes_on_and_ends_with_the_talk_though_the_caller_stays(
    local_node: LocalNode, database: str, tmp_path: Path
):
    site = a_site(tmp_path, "record = true\n")
    (site / "ari_apps" / "straight_to_queue.py").write_text(
        "from ccplane import Call\n\n\nasync def main(call: Call) -> None:\n"
        "    await call.queue(call.number.queue)\n    await call.menu('main')\n"
    )
    async with (
        open_proxy(local_node.ami_port) as ami,
        open_centre(
            local_node, database, tmp_path, audio=True, CCPLANE_AMI_PORT=str(ami.port), CCPLANE_SITE=str(site)
        ) as centre,
    ):
        await centre.sign_in("1001")
        async with talking_call(centre.lab, "4002", "1001", "77004") as talk:
            began = await the_fact(centre, "RecordingStarted")
            ami.cut()
            for _ in range(5):
                await talk.heard_both_ways()
            said = await centre.api.put(f"/api/v1/contacts/{began['contact']}/recording", json={"state": "paused"})
            assert said.status_code == 503
            assert said.json()["code"] == "recording-not-changed"
            talk.agent.hang_up()
            ended = await the_fact(centre, "RecordingEnded")
            assert ended["stop_by"] is not None
            await the_fact(centre, "RecordingStopRetried")
            ami.mend()
            await the_fact(centre, "RecordingStopped", within=40)
            kept = await the_fact(centre, "RecordingStored")
        left, right = await the_sound(centre, kept["recording"])
        assert most(left, CALLER_TONE) > 0.6
        assert most(right[: ended["ms"] * 8], AGENT_TONE) > 0.6
        late_ms = began["late_ms"]
        assert ended["ms"] - 1_000 < kept["ms"] <= ended["ms"] + late_ms + LEEWAY_MS, (
            "what came after the talk is cut off"
        )


async def test_ami_away_when_a_talk_begins_is_an_alarm_and_the_recording_begins_late(
    local_node: LocalNode, database: str, tmp_path: Path
):
    async with (
        open_proxy(local_node.ami_port) as ami,
        open_centre(local_node, database, tmp_path, audio=True, CCPLANE_AMI_PORT=str(ami.port)) as centre,
    ):
        await centre.sign_in("1001")
        ami.cut()
        async with talking_call(centre.lab, "4002", "1001", "77005") as talk:
            await talk.heard_both_ways()
            failed = await the_fact(centre, "RecordingFailed")
            assert "AMI" in failed["reason"]
            ready = await centre.get("/readyz")
            assert not ready["parts"]["recordings"]["ok"]
            assert ready["status"] == "degraded"
            assert "ccplane_recordings_failed_total 1.0" in (await centre.api.get("/metrics")).text
            ami.mend()
            began = await the_fact(centre, "RecordingStarted", within=40)
            assert began["late_ms"] > 0
            for _ in range(3):
                await talk.heard_both_ways()
        kept = await the_fact(centre, "RecordingStored")
        left, right = await the_sound(centre, kept["recording"])
        assert most(left, CALLER_TONE) > 0.5
        assert most(right, AGENT_TONE) > 0.5


async def test_where_the_policy_says_so_a_talk_that_cannot_be_recorded_is_ended_with_an_apology(
    local_node: LocalNode, database: str, tmp_path: Path
):
    site = a_site(tmp_path, 'record = true\n\n[queue.support]\nif_it_fails = "end-call"\n')
    async with (
        open_proxy(local_node.ami_port) as ami,
        open_centre(
            local_node, database, tmp_path, audio=True, CCPLANE_AMI_PORT=str(ami.port), CCPLANE_SITE=str(site)
        ) as centre,
    ):
        await centre.sign_in("1001")
        ami.cut()
        async with talking_call(centre.lab, "4002", "1001", "77006") as talk:
            await talk.agent.over()
            talk.caller.audio.play(None)
            await talk.caller.audio.hears_sound()
            await talk.caller.over(within=30)
        contact = await centre.contact_of("77006")
        assert contact["program"] == "sorry"
        assert contact["ended_by"] == "program"
        [recording] = contact["recordings"]
        assert recording["state"] == "failed"
        await centre.agent_is("1001", "ready")


@pytest.fixture
def small_disk(make_node: MakeNode, tmp_path: Path) -> Iterator[LocalNode]:
    """A node whose spool is a disk of 2 MB; `fill` it by a file."""
    node = make_node(directory=tmp_path / "node")
    spool = tmp_path / "node" / "spool"
    spool.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", spool], check=True)
    yield node
    asyncio.run(node.stop())
    subprocess.run(["umount", "-l", spool], check=True)


async def in_trouble(centre: Centre) -> bool:
    return not (await centre.get("/readyz"))["parts"]["recordings"]["ok"]


def fill(folder: Path) -> Path:
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return filler


async def test_a_disk_that_fills_up_loses_the_rest_of_the_recording_and_no_call(
    small_disk: LocalNode, database: str, tmp_path: Path
):
    await small_disk.start()
    site = a_site(tmp_path, "record = true\nleast_free = 0\n")
    (tmp_path / "run").mkdir()
    async with open_centre(small_disk, database, tmp_path / "run", audio=True, CCPLANE_SITE=str(site)) as centre:
        await centre.sign_in("1001")
        async with talking_call(centre.lab, "4002", "1001", "77007") as talk:
            await talk.heard_both_ways()
            await the_fact(centre, "RecordingStarted")
            for _ in range(8):  # the switch writes once a second
                await talk.heard_both_ways()
            filler = fill(small_disk.spool_dir)
            for _ in range(16):
                await talk.heard_both_ways()
        short = await the_fact(centre, "RecordingIncomplete")
        assert short["expected_ms"] - short["ms"] > 2_000
        filler.unlink()
        await the_fact(centre, "RecordingStored")
        contact = await centre.contact_of("77007")
        assert contact["recordings"][0]["incomplete"]
        await centre.until(lambda: in_trouble(centre), what=lambda: "an alarm")
        async with talking_call(centre.lab, "4002", "1001", "77008") as talk:
            await talk.heard_both_ways()


async def test_with_too_little_free_nothing_is_recorded_and_the_call_goes_on(
    small_disk: LocalNode, database: str, tmp_path: Path
):
    await small_disk.start()
    (tmp_path / "run").mkdir()
    async with open_centre(small_disk, database, tmp_path / "run", audio=True) as centre:
        await centre.sign_in("1001")
        async with talking_call(centre.lab, "4002", "1001", "77009") as talk:
            failed = await the_fact(centre, "RecordingFailed")
            assert "MB are free" in failed["reason"]
            await talk.heard_both_ways()
        assert not list(small_disk.spool_dir.rglob("*.raw"))


@pytest.mark.parametrize("refuses", [False, True], ids=["lets it be", "presses 9"])
async def test_a_caller_who_is_asked_decides_whether_they_are_recorded(
    local_node: LocalNode, database: str, tmp_path: Path, refuses: bool
):
    site = a_site(tmp_path, 'record = true\nconsent = "recorded"\nrefuse = "9"\n')
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(site)) as centre:
        await centre.sign_in("1001")
        phone = centre.lab.phones.phone("1001")
        phone.behaviour = rings_for_ever()
        call = centre.lab.callers.dial("4002", "77010")
        await call.up()
        await call.audio.hears_sound()
        if refuses:
            await call.audio.press("9")
        ring = await phone.next_ring(20)
        ring.answer()
        told = await the_fact(centre, "RecordingAnnounced")
        assert told["refused"] is refuses
        await ring.audio.hears_silence()
        call.hang_up()
        await ring.over()
        contact = await centre.contact_of("77010")
        if refuses:
            assert contact["recordings"] == []
        else:
            await the_fact(centre, "RecordingStored")


async def test_the_sound_is_streamed_by_ranges_to_those_who_may(centre: Centre):
    await centre.sign_in("1001")
    async with talking_call(centre.lab, "4002", "1001", "77011") as talk:
        await talk.heard_both_ways()
    kept = await the_fact(centre, "RecordingStored")
    path = f"/api/v1/recordings/{kept['recording']}/audio"
    whole = await centre.api.get(path)
    assert whole.status_code == 200
    assert whole.headers["content-type"].startswith("audio/ogg")
    assert whole.headers["accept-ranges"] == "bytes"
    part = await centre.api.get(path, headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    assert (await centre.api.get(path, headers={"Authorization": "Bearer wrong"})).status_code == 401
