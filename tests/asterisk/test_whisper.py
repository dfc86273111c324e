"""The whisper on a real Asterisk: the agent alone hears it, before they hear the caller; the caller hears music on."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE, WINDOW, Audio, expand, loudness, share
from ccplane.testing.siplab import Call, Ring, rings_for_ever
from tests.asterisk.sounds import write_tone
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

WHISPER: Final = 2_600
"""Hz, for two seconds: nothing else here sounds like it."""
AUDIBLE: Final = 200.0


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """The demo's site, in which `support` whispers to all its agents; the own seat of 1006 is always-on."""
    site = tmp_path / "site"
    for folder in ("dialplan", "ari_apps", "ivr", "acd", "recordings"):
        shutil.copytree(HOME / folder, site / folder)
    with (site / "acd" / "seats.toml").open("a") as seats:
        seats.write("\n[1006]\nalways_on = true\n")
    queues = site / "acd" / "queues.toml"
    said = '[support]\nwhisper = { en = "Support call" }\nwhisper_to = "all"\n'
    queues.write_text(queues.read_text().replace("[support]\n", said, 1))
    write_tone(site / "ivr" / "sounds" / "en" / "support.whisper.wav", hz=WHISPER, seconds=2)
    async with open_centre(
        local_node, database, tmp_path, audio=True, CCPLANE_LEASE_S="5", CCPLANE_SITE=str(site)
    ) as centre:
        yield centre


class Ear:
    """All that one side hears, in windows of 200 ms: which of the tones it was, if any."""

    def __init__(self, audio: Audio) -> None:
        self.heard: list[int | None] = []
        self._window: list[bytes] = []
        audio.listen(self._listen)

    def _listen(self, payload: bytes) -> None:
        self._window.append(payload)
        if len(self._window) == WINDOW:
            samples = expand(b"".join(self._window))
            self._window.clear()
            tones = (hz for hz in (WHISPER, CALLER_TONE, AGENT_TONE) if share(samples, hz) >= 0.5)
            self.heard.append(next(tones, None) if loudness(samples) >= AUDIBLE else None)


async def hear_each_other(call: Call, ring: Ring) -> None:
    ring.audio.play(AGENT_TONE)
    await ring.audio.hears(CALLER_TONE)
    await call.audio.hears(AGENT_TONE)


async def told_then_joined(centre: Centre, call: Call, ring: Ring, ear: Ear, agent: str) -> None:
    """What the agent heard is the whisper and then the caller; the caller heard nothing of it, and music meanwhile."""
    caller = Ear(call.audio)
    await ring.audio.hears(WHISPER)
    await centre.agent_is(agent, "connecting")
    await call.audio.hears_sound()
    await hear_each_other(call, ring)
    tones = [each for each in ear.heard if each is not None]
    assert tones.index(CALLER_TONE) >= 8, "two seconds of it, and nothing of the caller before its end"
    assert set(tones[: tones.index(CALLER_TONE)]) == {WHISPER}
    assert WHISPER not in tones[tones.index(CALLER_TONE) :]
    assert WHISPER not in caller.heard
    await centre.agent_is(agent, "talking")


async def test_an_agent_whose_phone_rings_is_told_once_they_pick_up(centre: Centre) -> None:
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4002", "13800138011")
    ring = await phone.next_ring()
    await call.up()
    call.audio.play(CALLER_TONE)
    ear = Ear(ring.audio)
    ring.answer()
    await told_then_joined(centre, call, ring, ear, "1001")
    call.hang_up()
    await ring.over()
    contact = await centre.contact_of("13800138011")
    (offer,) = contact["offers"]
    assert offer["state"] == "connected"


async def test_an_agent_with_an_open_line_is_told_after_the_beep(centre: Centre) -> None:
    """The second call of the line: what is played in its first moments may be lost."""
    phone = centre.lab.phones.phone("1006")
    phone.behaviour = rings_for_ever()
    await centre.register("1006")
    await centre.set_state("1006", "ready")
    line = await phone.next_ring()
    line.answer()
    await centre.agent_is("1006", "ready")
    for caller in ("13800138012", "13800138013"):
        line.audio.play(None)
        ear = Ear(line.audio)
        call = centre.lab.callers.dial("4002", caller)
        await call.up()
        call.audio.play(CALLER_TONE)
        await told_then_joined(centre, call, line, ear, "1006")
        call.hang_up()
        await centre.agent_is("1006", "ready")
    assert not line.ended.done()


async def test_after_kill_9_while_it_is_said_the_two_are_joined(centre: Centre) -> None:
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4002", "13800138014")
    ring = await phone.next_ring()
    await call.up()
    call.audio.play(CALLER_TONE)
    ring.answer()
    await ring.audio.hears(WHISPER)
    await centre.kill()
    await asyncio.gather(centre.start(), hear_each_other(call, ring))
    await centre.agent_is("1001", "talking")
    call.hang_up()
    await ring.over()
