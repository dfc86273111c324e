"""What who waits hears on a real Asterisk: the announcement, music again, and the agent at once, whatever is said."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE, WINDOW, expand, loudness, share
from ccplane.testing.siplab import Call, rings_for_ever
from tests.asterisk.sounds import write_tone
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

SAID: Final = 2_600
"""Hz: nothing else here sounds like it."""
AUDIBLE: Final = 200.0
SHORT_S: Final = 2
LONG_S: Final = 30


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """The demo's site, in which `support` says a tone of two seconds each ten, and `sales` one of thirty."""
    site = tmp_path / "site"
    for folder in ("dialplan", "ari_apps", "ivr", "acd", "recordings"):
        shutil.copytree(HOME / folder, site / folder)
    queues = site / "acd" / "queues.toml"
    said = (
        '\n[{}.waiting]\nfirst = "1s"\nevery = "10s"\nmessages = ["{}"]\nkeys = {{ 2 = "voicemail", 3 = "queue:{}" }}\n'
    )
    queues.write_text(
        queues.read_text() + said.format("support", "short", "sales") + said.format("sales", "long", "support")
    )
    with (site / "ivr" / "prompts.toml").open("a") as prompts:
        prompts.write('\n[short]\nen = "short"\nzh-CN = "短"\n\n[long]\nen = "long"\nzh-CN = "长"\n')
    for name, seconds in (("short", SHORT_S), ("long", LONG_S)):
        for language in ("en", "zh-CN"):
            write_tone(site / "ivr" / "sounds" / language / f"{name}.wav", hz=SAID, seconds=seconds)
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(site)) as centre:
        yield centre


async def waits(centre: Centre, caller: str) -> Call:
    """1001, who could serve them, is on a break."""
    await centre.sign_in("1001")
    await centre.set_state("1001", "paused", "lunch")
    call = centre.lab.callers.dial("4002", caller)
    await call.up()
    await centre.waiting("support", 1)
    return call


async def test_the_announcement_is_heard_then_music_and_then_it_again(centre: Centre) -> None:
    call = await waits(centre, "13800138031")
    await call.audio.hears(SAID)
    await hears_other(call)
    await call.audio.hears(SAID)
    call.hang_up()
    facts = [each["type"] for each in (await centre.contact_of("13800138031"))["facts"]]
    assert facts.count("WaitAnnounced") == 2


async def hears_other(call: Call) -> None:
    """Something audible that is not what is said."""
    heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    window: list[bytes] = []

    def listen(payload: bytes) -> None:
        window.append(payload)
        if len(window) == WINDOW:
            samples = expand(b"".join(window))
            window.clear()
            if loudness(samples) >= AUDIBLE and share(samples, SAID) < 0.1 and not heard.done():
                heard.set_result(None)

    call.audio.listen(listen)
    async with asyncio.timeout(20):
        await heard


async def test_an_agent_who_picks_up_while_it_is_said_is_heard_at_once(centre: Centre) -> None:
    call = await waits(centre, "13800138032")
    await call.audio.press("3")
    await centre.waiting("sales", 1)
    call.audio.play(CALLER_TONE)
    await call.audio.hears(SAID)
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    await centre.set_state("1001", "ready")
    ring = await phone.next_ring()
    await call.audio.hears(SAID)
    ring.answer()
    ring.audio.play(AGENT_TONE)
    await asyncio.gather(call.audio.hears(AGENT_TONE, within=5), ring.audio.hears(CALLER_TONE, within=5))
    call.hang_up()
    await ring.over()
    contact = await centre.contact_of("13800138032")
    queued = [each for each in contact["facts"] if each["type"] == "ContactQueued"]
    assert [each["queue"] for each in queued] == ["support", "sales"]
    assert queued[1]["since"] == queued[0]["at"], "with the clock that they had"


async def test_a_key_leads_to_voicemail_in_the_middle_of_what_is_said(centre: Centre) -> None:
    call = await waits(centre, "13800138033")
    await call.audio.hears(SAID)
    await call.audio.press("2")
    await centre.waiting("support", 0)

    async def message_is_recorded() -> bool:
        rows = await centre.rows("SELECT 1 FROM fact WHERE kind = 'MessageStarted'")
        return bool(rows)

    await centre.until(message_is_recorded, 30, lambda: "a message of who pressed 2")
    call.hang_up()
    contact = await centre.contact_of("13800138033")
    outcome = [each["outcome"] for each in contact["facts"] if each["type"] == "ContactUnqueued"]
    assert outcome == ["left-by-key"]


async def test_after_kill_9_the_music_is_there_and_the_next_announcement_comes(centre: Centre) -> None:
    call = await waits(centre, "13800138034")
    await call.audio.hears(SAID)
    await centre.kill()
    await centre.start()
    await call.audio.hears_sound()
    await call.audio.hears(SAID, within=30)
    call.hang_up()
    await centre.contact_of("13800138034")
