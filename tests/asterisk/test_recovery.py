"""When ccplane is not there, and when it comes back: nobody is dropped, nobody loses place or clock (DESIGN §1.2)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import Call, Ring, rings_for_ever
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow, pytest.mark.usefixtures("brief")]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


async def a_talk(centre: Centre, agent: str, caller: str) -> tuple[Call, Ring]:
    """A caller and an agent who talk, as the wallboard knows too."""
    await centre.sign_in(agent)
    phone = centre.lab.phones.phone(agent)
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4002", caller)
    ring = await phone.next_ring()
    ring.answer()
    await call.up()
    await centre.agent_is(agent, "talking")
    await centre.until(_shipped(centre, "TalkStarted", 1))
    return call, ring


async def test_after_kill_9_a_talk_goes_on_is_linked_again_and_ends_properly(centre: Centre) -> None:
    """Both hear each other while no plane lives; afterwards the same contact ends with its whole talk time."""
    call, ring = await a_talk(centre, "1001", "501")
    await centre.kill()
    call.audio.play(CALLER_TONE)
    ring.audio.play(AGENT_TONE)
    await ring.audio.hears(CALLER_TONE)
    await call.audio.hears(AGENT_TONE)
    await centre.start()
    await centre.agent_is("1001", "talking")
    await ring.audio.hears(CALLER_TONE)
    ring.hang_up()
    await call.over()
    contact = await centre.contact_of("501")
    kinds = [fact["type"] for fact in contact["facts"]]
    assert kinds.count("ContactArrived") == kinds.count("TalkStarted") == kinds.count("TalkEnded") == 1
    assert "ContactRelinked" in kinds
    await centre.agent_is("1001", "ready")


async def test_after_kill_9_a_talk_that_ended_in_the_gap_is_ended(centre: Centre) -> None:
    """Nobody is shown talking who is not."""
    call, ring = await a_talk(centre, "1001", "502")
    await centre.kill()
    ring.hang_up()
    await ring.over()
    await centre.start()
    await centre.agent_is("1001", "ready")
    await call.over()
    contact = await centre.contact_of("502")
    assert [each["kind"] for each in contact["segments"]] == ["queue", "agent"]


async def test_after_kill_9_waiting_callers_wait_again_with_their_original_clock(centre: Centre) -> None:
    """They hear music all the time, and the agent who becomes ready gets the one who came first."""
    await centre.set_state("1002", "paused", "lunch")
    first = centre.lab.callers.dial("4002", "601")
    await first.up()
    await centre.waiting("support", 1)
    second = centre.lab.callers.dial("4002", "602")
    await second.up()
    await centre.waiting("support", 2)
    await centre.until(_shipped(centre, "ContactQueued", 2))
    before = await centre.rows("SELECT at FROM fact WHERE kind = 'ContactQueued' ORDER BY seq")
    await centre.kill()
    await first.audio.hears_sound()
    await centre.start()
    await centre.waiting("support", 2)
    await first.audio.hears_sound()
    await centre.register("1001")
    await centre.set_state("1001", "ready")
    ring = await centre.lab.phones.phone("1001").next_ring()
    assert ring.caller == "601"
    await centre.agent_is("1001", "talking")
    first.hang_up()
    await centre.contact_of("601")
    started = (await centre.rows("SELECT body FROM fact WHERE kind = 'TalkStarted' ORDER BY seq"))[0]
    fact = json.loads(started["body"])
    assert fact["waited_ms"] == fact["at"] - before[0]["at"]
    assert (await centre.agent("1002"))["state"] == "paused"


async def test_after_kill_9_a_waiting_caller_who_hung_up_in_the_gap_has_abandoned(centre: Centre) -> None:
    """Asterisk is the same, so nobody else can have ended their call."""
    await centre.set_state("1002", "paused", "lunch")
    call = centre.lab.callers.dial("4002", "603")
    await call.up()
    await centre.waiting("support", 1)
    await centre.until(_shipped(centre, "ContactQueued", 1))
    await centre.kill()
    call.hang_up()
    await call.over()
    await centre.start()
    contact = await centre.contact_of("603")
    assert contact["ended_by"] == "caller"
    assert [each["outcome"] for each in contact["segments"]] == ["abandoned"]


async def test_after_kill_9_a_phone_that_still_rings_is_joined_when_it_answers(centre: Centre) -> None:
    """The offer outlives the plane that made it: its leg is known by its id, whatever the epoch."""
    call, ring = await an_offer(centre, "700")
    await centre.kill()
    await centre.start()
    await centre.agent_is("1001", "offered")
    ring.answer()
    await centre.agent_is("1001", "talking")
    call.audio.play(CALLER_TONE)
    await ring.audio.hears(CALLER_TONE)
    call.hang_up()
    assert [each["state"] for each in (await centre.contact_of("700"))["offers"]] == ["connected"]


async def test_after_kill_9_a_phone_that_was_answered_in_the_gap_is_joined(centre: Centre) -> None:
    """It waits at our door in the dialplan, hears that it goes on ringing, and comes in as soon as we are back."""
    call, ring = await an_offer(centre, "701")
    await centre.kill()
    ring.answer()
    await ring.up()
    await centre.start()
    await centre.agent_is("1001", "talking")
    call.audio.play(CALLER_TONE)
    await ring.audio.hears(CALLER_TONE)
    call.hang_up()
    contact = await centre.contact_of("701")
    assert [each["state"] for each in contact["offers"]] == ["connected"]


async def an_offer(centre: Centre, caller: str) -> tuple[Call, Ring]:
    """A caller whose offer rings at 1001, as Postgres knows too."""
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4002", caller)
    ring = await phone.next_ring()
    await centre.until(_shipped(centre, "OfferRinging", 1))
    return call, ring


async def test_without_a_plane_a_new_call_hears_an_apology_and_is_hung_up(centre: Centre) -> None:
    """The dialplan's next line is the fallback."""
    await centre.kill()
    call = centre.lab.callers.dial("4001", "801")
    await call.up()
    await call.audio.hears_sound()
    await call.over(within=40)  # the offer to leave a message, and their silence, included


async def test_with_postgres_away_calls_are_routed_and_the_facts_arrive_later(
    local_node: LocalNode, own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """/readyz stays 200 and says `degraded`; afterwards the contact is in Postgres, whole."""
    async with open_centre(local_node, own_postgres.url(), tmp_path) as centre:
        await centre.sign_in("1001")
        own_postgres.kill()
        await centre.until(_degraded(centre), within=20)
        call = centre.lab.callers.dial("4002", "901")
        await centre.agent_is("1001", "talking")
        call.hang_up()
        await centre.agent_is("1001", "ready")
        await own_postgres.start()
        contact = await centre.contact_of("901", within=30)
        assert [each["outcome"] for each in contact["segments"] if each["kind"] == "queue"] == ["answered"]


async def test_a_plane_that_begins_without_postgres_goes_on_with_what_its_outbox_kept(
    local_node: LocalNode, own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """People, states and waiting callers are known; calls are routed."""
    async with open_centre(local_node, own_postgres.url(), tmp_path) as centre:
        await centre.sign_in("1001")
        await centre.kill()
        own_postgres.kill()
        await centre.start()
        await centre.agent_is("1001", "ready")
        call = centre.lab.callers.dial("4002", "902")
        await centre.agent_is("1001", "talking")
        call.hang_up()
        await own_postgres.start()
        await centre.contact_of("902", within=30)


def _degraded(centre: Centre):
    async def is_so() -> bool:
        answer = await centre.api.get("/readyz")
        return answer.status_code == 200 and "degraded" in answer.text and not answer.json()["parts"]["database"]["ok"]

    return is_so


def _shipped(centre: Centre, kind: str, count: int):
    async def is_so() -> bool:
        rows = await centre.rows("SELECT count(*) AS n FROM fact WHERE kind = $1", kind)
        return bool(rows[0]["n"] >= count)

    return is_so
