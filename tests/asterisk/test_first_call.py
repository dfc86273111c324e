"""A caller on a real Asterisk reaches the right agent, and a true record stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import rejects, rings_for_ever
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


async def test_a_caller_talks_with_the_ready_agent_and_both_hear_each_other(centre: Centre) -> None:
    """4002 → queue support → agent: tones are measured in both directions, and Postgres has the whole story."""
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4002", "13800138000")
    ring = await phone.next_ring()
    assert ring.caller == "13800138000"
    ring.answer()
    await call.up()
    call.audio.play(CALLER_TONE)
    ring.audio.play(AGENT_TONE)
    await ring.audio.hears(CALLER_TONE)
    await call.audio.hears(AGENT_TONE)
    await centre.agent_is("1001", "talking")
    ring.hang_up()
    await call.over()
    contact = await centre.contact_of("13800138000")
    kinds = [fact["type"] for fact in contact["facts"]]
    story = [
        "ContactArrived",
        "ContactQueued",
        "OfferMade",
        "OfferAnswered",
        "TalkStarted",
        "TalkEnded",
        "ContactEnded",
    ]
    assert [kind for kind in kinds if kind in story] == story
    assert [(each["kind"], each["outcome"]) for each in contact["segments"] if each["kind"] == "queue"] == [
        ("queue", "answered")
    ]
    assert contact["offers"][0]["agent"] == "1001"
    await centre.agent_is("1001", "ready")


async def test_music_is_heard_while_waiting_and_the_freed_agent_is_rung_at_once(centre: Centre) -> None:
    """Two callers, one agent: the second hears music, then the agent, as soon as the first is done."""
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    first = centre.lab.callers.dial("4002", "1")
    ring = await phone.next_ring()
    ring.answer()
    await first.up()
    second = centre.lab.callers.dial("4002", "2")
    await second.up()
    await centre.waiting("support", 1)
    await second.audio.hears_sound()
    ring.hang_up()
    ring = await phone.next_ring()
    assert ring.caller == "2"
    ring.answer()
    ring.audio.play(AGENT_TONE)
    await second.audio.hears(AGENT_TONE)


@pytest.mark.parametrize("code", [486, 603, 480])
async def test_a_phone_that_refuses_hands_the_caller_to_the_next_agent(centre: Centre, code: int) -> None:
    """The caller keeps place and clock; the one who refused is given a rest."""
    await centre.sign_in("1001", "1002")
    centre.lab.phones.phone("1001").behaviour = rejects(code)
    centre.lab.phones.phone("1002").behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4002", "77")
    ring = await centre.lab.phones.phone("1002").next_ring()
    ring.answer()
    await centre.agent_is("1002", "talking")
    call.hang_up()
    contact = await centre.contact_of("77")
    assert [(offer["agent"], offer["state"]) for offer in contact["offers"]] == [
        ("1001", "missed"),
        ("1002", "connected"),
    ]


async def test_menu_by_key(centre: Centre) -> None:
    """4001: the prompt is heard, key 2 by RFC 4733 leads to support."""
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4001", "88")
    await call.up()
    await call.audio.hears_sound()
    await call.audio.press("2")
    ring = await phone.next_ring()
    ring.answer()
    await centre.agent_is("1001", "talking")
    call.hang_up()
    contact = await centre.contact_of("88")
    assert (contact["ended_by"], contact["cause"]) == ("caller", 16)
    assert [each["queue"] for each in contact["segments"] if each["kind"] == "queue"] == ["support"]
