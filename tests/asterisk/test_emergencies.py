"""Emergencies on a real Asterisk: who calls hears it first, who waits hears it once, and an agent comes at once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import Call, rings_for_ever
from tests.asterisk.sounds import write_tone
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

SAID: Final = 2_600
"""Hz: nothing else here sounds like it."""
LONG_S: Final = 20


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """The demo's site, with a prompt that is a tone."""
    site = tmp_path / "site"
    for folder in ("dialplan", "ari_apps", "ivr", "acd", "recordings"):
        shutil.copytree(HOME / folder, site / folder)
    with (site / "ivr" / "prompts.toml").open("a") as prompts:
        prompts.write('\n[alarm]\nen = "alarm"\nzh-CN = "警报"\n')
    for language in ("en", "zh-CN"):
        write_tone(site / "ivr" / "sounds" / language / "alarm.wav", hz=SAID, seconds=LONG_S)
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(site)) as centre:
        yield centre


async def switch_on(centre: Centre, name: str = "gas", **asked: Any) -> None:
    answer = await centre.api.put(f"/api/v1/emergencies/{name}", json=asked, timeout=30)
    assert answer.status_code == 200, answer.text


async def waits(centre: Centre, caller: str) -> Call:
    """1001, who could serve them, is on a break."""
    await centre.sign_in("1001")
    await centre.set_state("1001", "paused", "lunch")
    call = centre.lab.callers.dial("4002", caller)
    await call.up()
    await centre.waiting("support", 1)
    return call


async def heard(centre: Centre, caller: str) -> list[bool]:
    facts = (await centre.contact_of(caller))["facts"]
    return [each["waiting"] for each in facts if each["type"] == "EmergencyHeard"]


async def test_who_waits_hears_it_once_and_an_agent_who_picks_up_meanwhile_is_heard_at_once(centre: Centre) -> None:
    call = await waits(centre, "13800138041")
    call.audio.play(CALLER_TONE)
    await switch_on(centre, queue="support", prompt="alarm")
    await call.audio.hears(SAID)
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    await centre.set_state("1001", "ready")
    ring = await phone.next_ring()
    ring.answer()
    ring.audio.play(AGENT_TONE)
    await asyncio.gather(call.audio.hears(AGENT_TONE, within=5), ring.audio.hears(CALLER_TONE, within=5))
    call.hang_up()
    await ring.over()
    assert await heard(centre, "13800138041") == [True]


async def test_who_calls_hears_it_before_the_menu_and_its_key_goes_on(centre: Centre) -> None:
    await switch_on(centre, area="138", prompt="alarm", then="hang-up", key="1")
    call = centre.lab.callers.dial("4002", "13800138042")
    await call.audio.hears(SAID)
    await centre.sign_in("1001")
    await centre.set_state("1001", "paused", "lunch")
    await call.audio.press("1")
    await centre.waiting("support", 1)
    call.hang_up()
    assert await heard(centre, "13800138042") == [False]


async def test_after_kill_9_it_is_heard_again_by_who_had_not_heard_it_out_and_by_nobody_else(centre: Centre) -> None:
    waiting = await waits(centre, "13800138043")
    await switch_on(centre, prompt="alarm", then="hang-up", key="1")
    await waiting.audio.hears(SAID)
    call = centre.lab.callers.dial("4001", "13800138044")
    await call.audio.hears(SAID)
    await centre.kill()
    await centre.start()
    await call.audio.hears(SAID)
    call.hang_up()
    waiting.hang_up()
    assert await heard(centre, "13800138043") == [True]
    assert await heard(centre, "13800138044") == []


async def test_a_text_is_spoken_to_who_calls_within_seconds_and_then_they_are_hung_up(centre: Centre) -> None:
    await switch_on(centre, number="4001", texts={"en": "There is no gas today."}, then="hang-up")
    call = centre.lab.callers.dial("4001", "13800138045")
    await call.audio.hears_sound()
    await call.over(within=30)
    assert await heard(centre, "13800138045") == [False]
    other = centre.lab.callers.dial("4002", "13800138046")
    await other.over(within=30)  # nobody is signed in; the emergency is the other number's
    assert await heard(centre, "13800138046") == []
