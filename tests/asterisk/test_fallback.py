"""The dialplan's promise: when ccplane is not there, a caller hears an apology and is hung up politely."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import httpx
import pytest

from ccplane.asterisk.ari import Ari
from ccplane.asterisk.node import LocalNode
from ccplane.testing.rtp import CALLER_TONE
from ccplane.testing.siplab import How, Lab, Station, answers, open_lab
from tests.asterisk.queue_members import forget_members
from tests.asterisk.sounds import write_tone
from tests.asterisk.stand_in import application

LENGTH = 0.6
"""Seconds the apology takes in these tests; a call that ends sooner hasn't heard it."""

SESSIONS = "ari show websocket sessions"

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]


@pytest.fixture
async def lab(local_node: LocalNode) -> AsyncIterator[Lab]:
    async with open_lab(("127.0.0.1", local_node.sip_port), audio=True) as lab:
        yield lab


@pytest.fixture(autouse=True)
async def nothing_left(local_node: LocalNode) -> None:
    """As Asterisk comes; a plane of another test may have left its prompts here, and agents whom app_queue rings."""
    await forget_members(local_node)
    for name in ("apology", "leave-a-message"):
        (local_node.sounds_dir / f"{name}.wav").unlink(missing_ok=True)


@pytest.fixture
def apology(local_node: LocalNode) -> Iterator[int]:
    """The site's own prompt, here a short tone; its pitch."""
    path = local_node.sounds_dir / "apology.wav"
    write_tone(path, hz=700, seconds=LENGTH)
    yield 700
    path.unlink()


@pytest.mark.parametrize("number", ["4001", "4002", "4003"])
async def test_a_call_to_any_demo_number_hears_the_apology_and_a_normal_end(lab: Lab, apology: int, number: str):
    call = lab.callers.dial(number)
    await call.up()
    await call.audio.hears(apology)
    end = await call.over()
    assert (end.how, end.reason) == (How.PEER_HUNG_UP, "Q.850;cause=16")


async def test_a_site_that_wants_messages_offers_to_take_one_after_the_apology(
    lab: Lab, local_node: LocalNode, apology: int
):
    """Apology, offer, tone; the hash key ends it, and two files say who called what, when, and hold what was said."""
    offer = local_node.sounds_dir / "leave-a-message.wav"
    write_tone(offer, hz=1900, seconds=LENGTH)
    call = lab.callers.dial("4003", "5551")
    await call.up()
    await call.audio.hears(apology)
    await call.audio.hears(1900)
    call.audio.play(CALLER_TONE)
    recorded = local_node.spool_dir / "recording" / "fallback"
    while not any(recorded.glob("4003-*.wav")):
        await asyncio.sleep(0.01)
    await call.audio.press("#")
    assert (await call.over()).how is How.PEER_HUNG_UP
    [sound] = recorded.glob("4003-*.wav")
    text = local_node.spool_dir / "fallback" / f"{sound.stem}.txt"
    assert text.read_text().split(" ")[1] == "5551"
    sound.unlink()
    text.unlink()


async def test_a_plane_that_may_not_command_is_not_there_for_callers(lab: Lab, local_node: LocalNode, apology: int):
    """Fenced but connected it would take them and leave them in silence."""
    may = True
    ari = Ari(local_node.ari_url, local_node.ari_username, local_node.ari_password, may_send=lambda: may)
    async with aclosing(ari.connections()) as connections:
        connection = await anext(connections)
        assert "ccplane" in await local_node.cli(SESSIONS)
        may = False
        async with asyncio.timeout(20):
            assert await connection.finished() == "fenced"
            await _nobody_holds_the_application(local_node)
        call = lab.callers.dial("4002")
        await call.up()
        await call.audio.hears(apology)
        await call.over()


async def _nobody_holds_the_application(node: LocalNode) -> None:
    """A call that comes in the moment between our going and Asterisk's noticing still waits for us."""
    while "ccplane" in await node.cli(SESSIONS):
        await asyncio.sleep(0.01)


async def test_a_site_without_that_prompt_still_apologises_in_words(lab: Lab):
    call = lab.callers.dial("4002")
    await call.up()
    await call.audio.hears_sound()
    assert (await call.over(within=15)).how is How.PEER_HUNG_UP


async def test_a_phone_may_call_the_numbers_too(lab: Lab, local_node: LocalNode, apology: int):
    await _push_phone(local_node, "1901", "secret-of-1901")
    call = lab.phones.dial("4003", "1901", secret="secret-of-1901")
    await call.up()
    await call.audio.hears(apology)
    await call.over()


async def test_a_phone_with_a_wrong_password_gets_nowhere(lab: Lab, local_node: LocalNode):
    await _push_phone(local_node, "1901", "secret-of-1901")
    assert (await lab.phones.dial("4003", "1901", secret="wrong").over()).code == 401


@pytest.mark.parametrize("number", ["4999", "+862112345678", "4001,phone", "400${EXTEN}"])
async def test_whatever_number_the_trunk_delivers_hears_the_apology(lab: Lab, apology: int, number: str):
    """ivr/numbers.toml says what a number means; the dialplan takes all, and of each only the digits."""
    call = lab.callers.dial(number)
    await call.up()
    await call.audio.hears(apology)
    await call.over()


async def test_an_emergency_number_goes_out_from_a_phone_without_us(lab: Lab, local_node: LocalNode):
    await _push_phone(local_node, "1901", "secret-of-1901")
    port = int(local_node.trunk.rpartition(":")[2])
    outside = Station(("127.0.0.1", local_node.sip_port), lab.record, port=port)
    try:
        outside.phone("112").behaviour = answers()
        call = lab.phones.dial("112", "1901", secret="secret-of-1901")
        await call.up()
        call.hang_up()
        await call.over()
    finally:
        await outside.hang_up_all(within=2.0)
        outside.close()


@pytest.mark.parametrize(
    ("number", "display"),
    [
        ("1' OR '1'='1", "Robert'); DROP TABLE contact;--"),
        ("${SHELL(id)}", "$[1/0] ${EXTEN},hangup()"),
        ("9" * 500, "x" * 500),
        ("+86 138-0013-8000", "\u5f20\u4e09 \u202e\x07"),
    ],
)
async def test_whatever_the_caller_calls_himself_the_apology_comes(lab: Lab, apology: int, number: str, display: str):
    call = lab.callers.dial("4002", number, display=display)
    await call.up()
    await call.audio.hears(apology)
    await call.over()


async def test_a_call_that_ccplane_hung_up_hears_no_apology(lab: Lab, local_node: LocalNode, apology: int):
    await _ends_at_once(lab, local_node, "DELETE", "/channels/{channel}")


async def test_a_call_that_ccplane_lets_go_ends_without_an_apology(lab: Lab, local_node: LocalNode, apology: int):
    await _ends_at_once(lab, local_node, "POST", "/channels/{channel}/continue")


async def test_a_waiting_call_can_be_carried_to_the_fallback(lab: Lab, local_node: LocalNode, apology: int):
    async with application(local_node) as (ari, channel_arrives):
        call = lab.callers.dial("4002")
        channel = await channel_arrives()
        where = {"context": "ccplane-fallback", "extension": "4002", "priority": 1}
        await ari.post(f"/channels/{channel}/continue", params=where)
        await call.up()
        await call.audio.hears(apology)
        await call.over()


async def test_a_call_in_our_hands_stays_up_when_we_are_gone(lab: Lab, local_node: LocalNode, apology: int):
    async with application(local_node) as (ari, channel_arrives):
        call = lab.callers.dial("4002")
        channel = await channel_arrives()
        await ari.post(f"/channels/{channel}/answer")
        await call.up()
    stranger = lab.callers.dial("4003")  # a new one hears the apology: by then Asterisk knows that we are gone
    await stranger.up()
    await stranger.audio.hears(apology)
    await stranger.over()
    assert not call.ended.done()
    async with application(local_node) as (ari, _):
        assert (await ari.get(f"/channels/{channel}")).json()["state"] == "Up"
        await ari.delete(f"/channels/{channel}")
        await call.over()


async def _ends_at_once(lab: Lab, node: LocalNode, method: str, path: str) -> None:
    """A call that is up in our hands is let go by this request, and is over before it could hear anything."""
    async with application(node) as (ari, channel_arrives):
        call = lab.callers.dial("4002")
        channel = await channel_arrives()
        await ari.post(f"/channels/{channel}/answer")
        await call.up()
        asked = time.monotonic()
        await ari.request(method, path.format(channel=channel))
        assert (await call.over()).at - asked < LENGTH / 2


async def _push_phone(node: LocalNode, user: str, secret: str) -> None:
    kinds = {
        "auth": {"auth_type": "digest", "username": user, "password": secret},
        "aor": {"max_contacts": "1", "remove_existing": "yes"},
        "endpoint": {"auth": user, "aors": user, "context": "from-phones", "disallow": "all", "allow": "ulaw"},
    }
    async with httpx.AsyncClient(base_url=node.ari_url, auth=(node.ari_username, node.ari_password), timeout=30) as ari:
        for kind, fields in kinds.items():
            attributes = [{"attribute": key, "value": value} for key, value in fields.items()]
            put = await ari.put(f"/asterisk/config/dynamic/res_pjsip/{kind}/{user}", json={"fields": attributes})
            put.raise_for_status()
