"""Several real phones ring for one caller: one of them talks, the others fall silent as if nothing had been missed."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import Call, Ring, rings_for_ever
from ccplane.testing.siplab.leg import How
from tests.centre import Centre, open_centre
from tests.strangers import baresip

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres]

TEAM = ("1001", "1002", "1003")
ELSEWHERE = "cause=200"
"""What the Reason header says of a call that was taken elsewhere: a phone then shows no missed call."""
HEARD_WITHIN_S = 10.0


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """The demo site, where support rings three at once."""
    site = tmp_path / "site"
    for folder in ("ari_apps", "ivr", "acd", "recordings"):
        shutil.copytree(HOME / folder, site / folder)
    queues = site / "acd" / "queues.toml"
    queues.write_text(queues.read_text().replace("[support]\n", "[support]\nring_at_once = 3\n", 1))
    async with open_centre(
        local_node, database, tmp_path, audio=True, CCPLANE_LEASE_S="5", CCPLANE_SITE=str(site)
    ) as centre:
        yield centre


async def rung(centre: Centre, caller: str, *agents: str) -> tuple[Call, dict[str, Ring]]:
    """A caller for whom the phones of these agents ring."""
    await centre.sign_in(*agents)
    for agent in agents:
        centre.lab.phones.phone(agent).behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4002", caller)
    rings = {agent: await centre.lab.phones.phone(agent).next_ring() for agent in agents[:3]}
    for agent in rings:
        await centre.agent_is(agent, "offered")
    return call, rings


async def taken_elsewhere(ring: Ring) -> None:
    await ring.over()
    end = ring.ended.result()
    assert ELSEWHERE in end.reason, end


async def hear_each_other(call: Call, ring: Ring) -> None:
    assert call.audio is not None
    assert ring.audio is not None
    call.audio.play(CALLER_TONE)
    ring.audio.play(AGENT_TONE)
    await ring.audio.hears(CALLER_TONE, within=HEARD_WITHIN_S)
    await call.audio.hears(AGENT_TONE, within=HEARD_WITHIN_S)


async def nobody_missed_anything(centre: Centre, *agents: str) -> None:
    """And may be offered the next call."""
    for agent in agents:
        await centre.agent_is(agent, "ready")
        whole = await centre.get(f"/api/v1/agents/{agent}")
        assert (whole["missed_in_a_row"], whole["rest_until"]) == (0, None), whole


async def told(centre: Centre, caller: str, **counts: int) -> dict[str, Any]:
    """The contact, ended, with so many facts of each kind."""
    contact = await centre.contact_of(caller)
    kinds = [each["type"] for each in contact["facts"]]
    expected = {"TalkStarted": 1, "OfferAnswered": 1, "OfferMissed": 0, "ContactEnded": 1, **counts}
    assert {kind: kinds.count(kind) for kind in expected} == expected, kinds
    return contact


async def withdrawn(centre: Centre) -> list[str]:
    rows = await centre.rows("SELECT body::text FROM fact WHERE kind = 'OfferWithdrawn' ORDER BY epoch, seq")
    return [json.loads(row["body"])["reason"] for row in rows]


async def test_given_three_who_ring_when_one_answers_then_the_others_stop_without_a_missed_call(centre: Centre) -> None:
    call, rings = await rung(centre, "611", *TEAM)
    contact = (await centre.get("/api/v1/agents/1001"))["contact"]
    open_now = (await centre.get(f"/api/v1/contacts/{contact}"))["offers"]
    assert sorted((each["agent"], each["attempt"]) for each in open_now) == [("1001", 1), ("1002", 2), ("1003", 3)]
    rings["1002"].answer()
    for other in ("1001", "1003"):
        await taken_elsewhere(rings[other])
        assert rings[other].ended.result().how is How.CANCELLED
    await hear_each_other(call, rings["1002"])
    await nobody_missed_anything(centre, "1001", "1003")
    call.hang_up()
    ended = await told(centre, "611", OfferMade=3, OfferWithdrawn=2)
    assert {each["agent"]: each["cause"] for each in ended["offers"] if each["state"] == "withdrawn"} == {
        "1001": "answered-elsewhere",
        "1003": "answered-elsewhere",
    }
    board = await centre.queue("support")
    assert board["three_rings"] == 1.0, "who was not the first is not counted"


async def test_given_two_who_answer_in_the_same_moment_then_one_talks_and_the_other_is_hung_up_at_once(
    centre: Centre,
) -> None:
    call, rings = await rung(centre, "612", *TEAM)
    rings["1003"].answer()
    rings["1001"].answer()
    ended = {agent: asyncio.ensure_future(rings[agent].over()) for agent in ("1001", "1003")}
    done, _ = await asyncio.wait(ended.values(), return_when=asyncio.FIRST_COMPLETED, timeout=10)
    lost = next(agent for agent, each in ended.items() if each in done)
    won = "1001" if lost == "1003" else "1003"
    await rings[lost].over()  # where BYE follows a CANCEL that crossed the 200, pjproject gives it no Reason
    assert rings[lost].ended.result().how is How.PEER_HUNG_UP
    assert rings[lost].ended.result().at - rings[lost].answered.result() < 1, "no silence to speak of"
    await hear_each_other(call, rings[won])
    await taken_elsewhere(rings["1002"])
    await nobody_missed_anything(centre, lost, "1002")
    call.hang_up()
    ended[won].cancel()
    await told(centre, "612", OfferMade=3, OfferWithdrawn=2)


async def test_given_one_who_refuses_then_the_others_ring_on_and_the_next_free_one_too(centre: Centre) -> None:
    call, rings = await rung(centre, "613", *TEAM, "1004")
    rings["1001"].reject(603)
    fourth = await centre.lab.phones.phone("1004").next_ring()
    assert not rings["1002"].ended.done()
    assert (await centre.get("/api/v1/agents/1001"))["missed_in_a_row"] == 1
    fourth.answer()
    await hear_each_other(call, fourth)
    for other in ("1002", "1003"):
        await taken_elsewhere(rings[other])
    call.hang_up()
    await told(centre, "613", OfferMade=4, OfferMissed=1, OfferWithdrawn=2)


async def test_given_a_caller_who_hangs_up_then_every_phone_stops_and_nobody_has_missed_it(centre: Centre) -> None:
    call, rings = await rung(centre, "614", *TEAM)
    call.hang_up()
    for ring in rings.values():
        await taken_elsewhere(ring)
    await nobody_missed_anything(centre, *TEAM)
    await told(centre, "614", OfferMade=3, OfferWithdrawn=3, OfferAnswered=0, TalkStarted=0)
    assert await withdrawn(centre) == ["caller-gone"] * 3


async def test_given_two_callers_and_three_phones_then_each_has_one_before_either_has_two(centre: Centre) -> None:
    for agent in TEAM:
        await centre.set_state(agent, "paused", "lunch")
    calls = []
    for n, caller in enumerate(("615", "616"), 1):
        calls.append(centre.lab.callers.dial("4002", caller))
        await centre.waiting("support", n)
    await centre.register(*TEAM)
    whose: dict[str, str] = {}
    for agent in TEAM:
        centre.lab.phones.phone(agent).behaviour = rings_for_ever()
        await centre.set_state(agent, "ready")
        whose[agent] = (await centre.lab.phones.phone(agent).next_ring()).caller
    assert whose == {"1001": "615", "1002": "616", "1003": "615"}
    for call in calls:
        call.hang_up()
    for caller in ("615", "616"):
        await centre.contact_of(caller)


@pytest.mark.parametrize("first", [True, False], ids=["answers", "rings"])
async def test_given_a_phone_that_others_wrote_beside_ours_then_either_may_be_the_first(
    centre: Centre, tmp_path: Path, first: bool
) -> None:
    ours, folder = centre.lab.phones.phone("1002"), tmp_path / "stranger"
    folder.mkdir()
    await centre.sign_in("1002")
    ours.behaviour = rings_for_ever()
    secret = (await centre.get("/api/v1/agents/1001/phone"))["secret"]
    async with baresip(folder, centre.node.sip_port, "1001", secret, answers=first) as stranger:
        await centre.set_state("1001", "ready")
        await centre.agent_is("1001", "ready")
        call = centre.lab.callers.dial("4002", "617")
        ring = await ours.next_ring()
        if first:
            await stranger.says("Call established")
            await taken_elsewhere(ring)
            await centre.agent_is("1001", "talking")
        else:
            await stranger.says("Incoming call")
            ring.answer()
            await stranger.says("session closed")
            await centre.agent_is("1002", "talking")
        await nobody_missed_anything(centre, "1002" if first else "1001")
        call.hang_up()
        await told(centre, "617", OfferMade=2, OfferWithdrawn=1)


# --------------------------------------------------------------------------------------------------------- in trouble


@pytest.mark.parametrize("how", ["killed", "handed over"])
async def test_given_three_who_ring_when_the_plane_is_replaced_then_they_ring_on_and_one_is_joined(
    centre: Centre, how: str
) -> None:
    call, rings = await rung(centre, "621", *TEAM)
    if how == "killed":
        await centre.kill()
        await centre.start()
    else:
        await centre.hand_over()
    for agent in TEAM:
        await centre.agent_is(agent, "offered")
    assert not any(ring.ended.done() for ring in rings.values())
    rings["1003"].answer()
    await hear_each_other(call, rings["1003"])
    for other in ("1001", "1002"):
        await taken_elsewhere(rings[other])
    await nobody_missed_anything(centre, "1001", "1002")
    call.hang_up()
    await told(centre, "621", OfferMade=3, OfferWithdrawn=2)
    assert await centre.repairs() == []


@pytest.mark.parametrize("dead", [True, False], ids=["dead", "standing still"])
async def test_given_two_who_pick_up_while_the_plane_is_away_then_one_is_joined_and_the_other_let_go(
    centre: Centre, dead: bool
) -> None:
    call, rings = await rung(centre, "622", *TEAM)
    await (centre.kill() if dead else centre.pause())
    for agent in ("1002", "1003"):
        rings[agent].answer()
        await rings[agent].up()
    await (centre.start() if dead else centre.resume())
    ended = {agent: asyncio.ensure_future(rings[agent].over()) for agent in ("1002", "1003")}
    done, _ = await asyncio.wait(ended.values(), return_when=asyncio.FIRST_COMPLETED, timeout=20)
    (won,) = [agent for agent, each in ended.items() if each not in done]
    await hear_each_other(call, rings[won])
    await taken_elsewhere(rings["1001"])
    lost = "1002" if won == "1003" else "1003"
    await nobody_missed_anything(centre, "1001", lost)
    call.hang_up()
    ended[won].cancel()
    await told(centre, "622", OfferMade=3, OfferWithdrawn=2)
