"""Phones that vanish without a word, on a real switch: noticed by their silence, and nobody is left in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import rings_for_ever
from tests.centre import Centre, open_centre
from tests.stack import MakeNode

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

RTP_TIMEOUT_S = 3


@pytest.fixture(scope="module")
def quick_node(make_node: MakeNode) -> LocalNode:
    """Ends a call after three seconds without sound, not thirty."""
    return make_node(rtp_timeout=RTP_TIMEOUT_S)


async def running(node: LocalNode) -> LocalNode:
    if not node.running:
        await node.start()
    return node


@pytest.fixture
async def centre(quick_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """Ends calls without sound soon; phones are asked every 15 s whether they are there."""
    node = await running(quick_node)
    async with open_centre(node, database, tmp_path, audio=True, CCPLANE_RTP_TIMEOUT_S=str(RTP_TIMEOUT_S)) as centre:
        yield centre


@pytest.fixture
async def watchful(quick_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """Asks phones each second whether they are there, long before a silent leg is ended."""
    node = await running(quick_node)
    quick = {"CCPLANE_RTP_TIMEOUT_S": "60", "CCPLANE_QUALIFY_S": "1"}
    async with open_centre(node, database, tmp_path, audio=True, **quick) as centre:
        yield centre


async def talk(centre: Centre, caller: str, agent: str = "1001"):
    phone = centre.lab.phones.phone(agent)
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4002", caller)
    ring = await phone.next_ring()
    ring.answer()
    await centre.agent_is(agent, "talking")
    return call, ring


def ends_of(contact, kind: str) -> list[str]:
    return [fact["by"] for fact in contact["facts"] if fact["type"] == kind]


async def test_a_desk_phone_that_dies_is_noticed_the_caller_holds_and_is_offered_to_another_before_the_rtp_timeout(
    watchful: Centre,
) -> None:
    centre = watchful
    await centre.sign_in("1001")
    call, ring = await talk(centre, "11")
    colleague = centre.lab.callers.phone("1002")  # at the other station: the first one loses its power
    colleague.behaviour = rings_for_ever()
    secret = (await centre.get("/api/v1/agents/1002/phone"))["secret"]
    await colleague.register(secret)
    await centre.set_state("1002", "ready")
    await centre.agent_is("1002", "ready")
    ring.silence()
    centre.lab.phones.lag = None
    second = await colleague.next_ring(20)
    assert second.caller == "11"
    await call.audio.hears_sound()
    await centre.agent_is("1001", "unreachable")
    second.answer()
    await centre.agent_is("1002", "talking")
    second.audio.play(AGENT_TONE)
    call.audio.play(CALLER_TONE)
    await call.audio.hears(AGENT_TONE)
    await second.audio.hears(CALLER_TONE)
    call.hang_up()
    contact = await centre.contact_of("11")
    assert ends_of(contact, "TalkEnded") == ["phone-lost", "caller"]
    assert contact["ended_by"] == "caller"


async def test_a_desk_phone_that_only_loses_its_registration_talks_on(watchful: Centre) -> None:
    """Its SIP is cut, its sound is not: they hear each other, for as long as they like."""
    centre = watchful
    await centre.sign_in("1001")
    call, ring = await talk(centre, "12")
    call.audio.play(CALLER_TONE)
    ring.audio.play(AGENT_TONE)
    centre.lab.phones.lag = None

    async def gone() -> bool:
        rows = await centre.rows("SELECT 1 FROM fact WHERE body->>'type' = 'PhoneChanged' AND body->>'phone' = 'gone'")
        return bool(rows)

    await centre.until(gone, within=15)
    for _ in range(7):
        await ring.audio.hears(CALLER_TONE)
        await call.audio.hears(AGENT_TONE)
    await centre.agent_is("1001", "talking")
    centre.lab.phones.lag = 0.0
    call.hang_up()
    assert ends_of(await centre.contact_of("12"), "TalkEnded") == ["caller"]


async def test_a_phone_that_sends_no_sound_but_is_there_is_called_back_into_the_same_talk(centre: Centre) -> None:
    await centre.sign_in("1001")
    call, ring = await talk(centre, "13")
    ring.silence()
    back = await centre.lab.phones.phone("1001").next_ring(15)
    await centre.agent_is("1001", "rejoining")
    await call.audio.hears_sound()
    back.answer()
    await centre.agent_is("1001", "talking")
    back.audio.play(AGENT_TONE)
    call.audio.play(CALLER_TONE)
    await call.audio.hears(AGENT_TONE)
    await back.audio.hears(CALLER_TONE)
    call.hang_up()
    contact = await centre.contact_of("13")
    kinds = [fact["type"] for fact in contact["facts"]]
    assert kinds.count("TalkStarted") == kinds.count("TalkEnded") == 1
    assert "PhoneRejoined" in kinds


async def test_a_caller_whose_phone_dies_in_a_talk_ends_the_contact_and_leaves_the_agent_free(centre: Centre) -> None:
    await centre.sign_in("1001")
    call, ring = await talk(centre, "14")
    call.silence()
    await ring.over(within=15)
    contact = await centre.contact_of("14")
    assert (contact["ended_by"], contact["cause"]) == ("no-media", 44)
    assert ends_of(contact, "TalkEnded") == ["no-media"]
    await centre.agent_is("1001", "ready")


async def test_a_waiting_caller_whose_phone_dies_waits_no_longer(centre: Centre) -> None:
    await centre.register("1001")
    await centre.set_state("1001", "paused", "lunch")
    call = centre.lab.callers.dial("4002", "15")
    await centre.waiting("support", 1)
    call.silence()
    contact = await centre.contact_of("15", within=15)
    assert (contact["ended_by"], contact["cause"]) == ("no-media", 44)
    await centre.waiting("support", 0)


async def test_the_accounts_of_phones_have_an_rtp_timeout_and_session_timers(centre: Centre) -> None:
    """As the switch itself says, of desk phones and of browsers."""
    for account in ("1001", "1001-web"):
        said = await centre.node.cli(f"pjsip show endpoint {account}")
        fields = dict(line.split(":", 1) for line in said.splitlines() if line.startswith(" ") and ":" in line)
        values = {name.strip(): value.strip() for name, value in fields.items()}
        assert values["rtp_timeout"] == str(RTP_TIMEOUT_S)
        assert values["rtp_timeout_hold"] == "300"
        assert (values["timers"], values["timers_sess_expires"]) == ("yes", "1800")
