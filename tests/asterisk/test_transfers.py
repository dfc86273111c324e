"""Callers whom a program puts through, on a real Asterisk: both hear each other, whoever is killed or hangs up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import Call, Ring, rejects, rings_for_ever
from tests.asterisk.test_own_calls import kinds, outside
from tests.asterisk.test_recordings import the_fact, the_sound
from tests.asterisk.test_voicemail import fact
from tests.centre import Centre, open_centre
from tests.recorded import windows

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]
ON_CALL = "5551200"


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


async def hear_each_other(caller: Call, other: Ring) -> None:
    caller.audio.play(CALLER_TONE)
    other.audio.play(AGENT_TONE)
    await other.audio.hears(CALLER_TONE)
    await caller.audio.hears(AGENT_TONE)


async def test_a_caller_hears_it_ring_and_then_who_is_on_call(centre: Centre) -> None:
    async with outside(centre, ON_CALL) as world:
        caller = centre.lab.callers.dial("4008", "801")
        await caller.ringing
        ring = await world.phone(ON_CALL).next_ring()
        assert ring.caller == "4000", "a number of ours, not the caller's"
        ring.answer()
        await caller.up()
        await hear_each_other(caller, ring)
        ring.hang_up()
        await caller.over()
    contact = await centre.contact_of("801")
    assert {"CallConnected", "CallEnded"} <= set(kinds(contact))
    assert contact["ended_by"] == "program"
    assert not await centre.rows("SELECT 1 FROM segment WHERE agent IS NOT NULL"), "no agent has talked"


async def test_who_hangs_up_while_it_rings_leaves_nobody_ringing(centre: Centre) -> None:
    async with outside(centre, ON_CALL) as world:
        caller = centre.lab.callers.dial("4008", "802")
        ring = await world.phone(ON_CALL).next_ring()
        caller.hang_up()
        await ring.over()
    contact = await centre.contact_of("802")
    assert [each["cause"] for each in contact["facts"] if each["type"] == "CallMissed"] == ["withdrawn"]


async def test_who_is_busy_is_told_to_the_program_and_the_caller_leaves_a_message(centre: Centre) -> None:
    async with outside(centre, ON_CALL) as world:
        world.phone(ON_CALL).behaviour = rejects(486)
        caller = centre.lab.callers.dial("4008", "803")
        await caller.up()
        await caller.audio.hears_sound()
        caller.hang_up()
    contact = await centre.contact_of("803")
    assert {"type": "NotReached", "why": "busy"} in [
        each["result"] for each in contact["facts"] if each["type"] == "StepEnded"
    ]


async def test_a_plane_killed_while_it_rings_is_not_noticed_by_either(centre: Centre) -> None:
    async with outside(centre, ON_CALL) as world:
        caller = centre.lab.callers.dial("4008", "804")
        ring = await world.phone(ON_CALL).next_ring()
        await fact(centre, "PartyRinging")
        await centre.kill()
        await centre.start()
        ring.answer()
        await caller.up()
        await hear_each_other(caller, ring)
        caller.hang_up()
        await ring.over()
    facts = kinds(await centre.contact_of("804"))
    assert facts.count("PartyCalled") == facts.count("CallEnded") == 1, "nobody was called twice"


async def test_a_plane_killed_in_the_talk_leaves_them_talking_and_the_program_goes_on(centre: Centre) -> None:
    async with outside(centre, ON_CALL) as world:
        caller = centre.lab.callers.dial("4008", "805")
        ring = await world.phone(ON_CALL).next_ring()
        ring.answer()
        await caller.up()
        await hear_each_other(caller, ring)
        await centre.kill()
        await hear_each_other(caller, ring)
        await centre.start()
        await hear_each_other(caller, ring)
        ring.hang_up()
        await caller.over()
    contact = await centre.contact_of("805")
    assert kinds(contact).count("PartyCalled") == 1
    assert contact["ended_by"] == "program"


async def wants(centre: Centre, number: str, agent: str) -> Call:
    """Somebody who has asked 4009 for this agent."""
    call = centre.lab.callers.dial("4009", number)
    await call.up()
    await call.audio.hears_sound()
    await call.audio.press(agent)
    return call


async def test_who_asks_for_an_agent_talks_with_that_one_and_nobody_else_is_rung(centre: Centre) -> None:
    await centre.sign_in("1001", "1002")
    phone = centre.lab.phones.phone("1002")
    phone.behaviour = rings_for_ever()
    call = await wants(centre, "811", "1002")
    ring = await phone.next_ring()
    await centre.agent_is("1001", "ready")
    ring.answer()
    await hear_each_other(call, ring)
    ring.hang_up()
    await call.over()
    contact = await centre.contact_of("811")
    assert [each["agent"] for each in contact["facts"] if each["type"] == "OfferMade"] == ["1002"]
    assert [each["result"] for each in contact["facts"] if each["type"] == "StepEnded"][-1]["type"] == "Served"


async def test_a_plane_killed_while_somebody_waits_for_one_agent_rings_that_one_and_nobody_else(centre: Centre) -> None:
    await centre.sign_in("1001", "1002")
    phone = centre.lab.phones.phone("1002")
    phone.behaviour = rings_for_ever()
    first = await wants(centre, "812", "1002")
    ring = await phone.next_ring()
    ring.answer()
    await hear_each_other(first, ring)
    second = await wants(centre, "813", "1002")
    await centre.waiting("support", 1)
    await centre.kill()
    await centre.start()
    await hear_each_other(first, ring)
    ring.hang_up()
    await first.over()
    again = await phone.next_ring()
    await centre.agent_is("1001", "ready")
    again.answer()
    await hear_each_other(second, again)
    again.hang_up()
    await second.over()


async def test_a_plane_killed_while_that_agent_rings_does_not_lose_them(centre: Centre) -> None:
    await centre.sign_in("1002")
    phone = centre.lab.phones.phone("1002")
    phone.behaviour = rings_for_ever()
    call = await wants(centre, "814", "1002")
    ring = await phone.next_ring()
    await fact(centre, "OfferRinging")
    await centre.kill()
    await centre.start()
    ring.answer()
    await hear_each_other(call, ring)
    call.hang_up()
    await ring.over()


async def test_a_talk_with_somebody_outside_is_recorded_both_of_them_as_the_policy_says(centre: Centre) -> None:
    async with outside(centre, ON_CALL) as world:
        caller = centre.lab.callers.dial("4008", "815")
        ring = await world.phone(ON_CALL).next_ring()
        ring.answer()
        await caller.up()
        await the_fact(centre, "RecordingStarted")
        for _ in range(8):
            await hear_each_other(caller, ring)
        caller.hang_up()
    kept = await the_fact(centre, "RecordingStored")
    left, right = await the_sound(centre, kept["recording"])
    assert max(windows(left, CALLER_TONE)) > 0.6
    assert max(windows(right, AGENT_TONE)) > 0.6
    [recording] = (await centre.contact_of("815"))["recordings"]
    assert (recording["agent"], recording["queue"], recording["segment"]) == (None, None, 1)
