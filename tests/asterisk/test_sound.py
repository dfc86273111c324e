"""Sound and keys get through: our own lab, SIPp and baresip on a real Asterisk with the base configuration.

No plane here: a few lines of dialplan stand in for it, so that a failure is the switch's, the phones' or the lab's.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bench.switching.peers import PHONE
from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE, NotHeard
from ccplane.testing.siplab import Lab, RegistrationRefused, open_lab, rings_for_ever
from tests.calls import talking_call
from tests.stack import MakeNode
from tests.strangers import baresip, most_of, sipp

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

SECRETS = {"1001": "secret-of-1001", "1002": "secret-of-1002"}
DIALPLAN = """
[from-trunk]
exten => 4001,1,Answer(0,i)
 same => n,Read(key,,1,,1,5)
 same => n,Dial(PJSIP/100${key})
exten => 4002,1,Answer(0,i)
 same => n,MusicOnHold(default,1)
 same => n,Dial(PJSIP/1001,,m)
"""


@pytest.fixture(scope="module")
def switch(make_node: MakeNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNode]:
    folder = tmp_path_factory.mktemp("switch")
    shutil.copytree(HOME / "asterisk-docker" / "etc", folder / "etc")
    with (folder / "etc" / "pjsip.conf").open("a") as file:
        file.writelines(PHONE.format(user=user, secret=secret) for user, secret in SECRETS.items())
    (folder / "dialplan").mkdir()
    (folder / "dialplan" / "test.conf").write_text(DIALPLAN)
    node = make_node(templates=folder / "etc", dialplan=folder / "dialplan")
    asyncio.run(node.start())
    yield node
    asyncio.run(node.stop())


@pytest.fixture
async def lab(switch: LocalNode) -> AsyncIterator[Lab]:
    async with open_lab(("127.0.0.1", switch.sip_port), audio=True) as lab:
        yield lab


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_registered_phone_rings_and_both_hear_each_other(lab: Lab, transport: str):
    await lab.phones.phone("1001").register(SECRETS["1001"], transport=transport)
    async with talking_call(lab, "4002", "1001", "13800138000") as talk:
        assert talk.agent.caller == "13800138000"
        await talk.heard_both_ways()
        await talk.hang_up_by(talk.agent)
    assert lab.record.lost == 0
    assert not lab.record.trouble


async def test_a_wrong_secret_registers_nothing(lab: Lab):
    with pytest.raises(RegistrationRefused, match="401"):
        await lab.phones.phone("1001").register("wrong")


async def test_a_waiting_caller_hears_music(lab: Lab):
    await lab.phones.phone("1001").register(SECRETS["1001"])
    lab.phones.behave(rings_for_ever(), ["1001"])
    call = lab.callers.dial("4002")
    await call.up()
    await call.audio.hears_sound()
    ring = await lab.phones.phone("1001").next_ring()
    await call.audio.hears_sound()
    with pytest.raises(NotHeard):
        await call.audio.hears(AGENT_TONE, within=0.5)
    call.hang_up()
    await ring.over()


async def test_the_key_a_caller_presses_decides_who_rings(lab: Lab):
    await lab.phones.register(SECRETS)
    lab.phones.behave(rings_for_ever())
    call = lab.callers.dial("4001")
    await call.up()
    await call.audio.press("2")
    ring = await lab.phones.phone("1002").next_ring()
    assert lab.phones.phone("1001").idle
    call.hang_up()
    await ring.over()


async def test_keys_pressed_in_a_talk_reach_the_other_side(lab: Lab):
    await lab.phones.register(SECRETS)
    async with talking_call(lab, "4002", "1001") as talk:
        await talk.heard_both_ways()
        await talk.caller.audio.press("15#")
        await talk.heard_both_ways()
        assert talk.agent.audio.keys == "15#"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_baresip_is_an_agent_who_is_heard_and_hears(lab: Lab, switch: LocalNode, tmp_path: Path, transport: str):
    async with baresip(tmp_path, switch.sip_port, "1001", SECRETS["1001"], transport) as agent:
        call = lab.callers.dial("4002")
        await call.up()
        call.audio.play(AGENT_TONE)  # baresip has 440 Hz
        await agent.says("Call established")
        for _ in range(3):  # 200 ms each, so that there is something in baresip's file too
            await call.audio.hears(CALLER_TONE)
        call.hang_up()
        await agent.says("session closed")
    assert most_of(agent.heard(), AGENT_TONE) > 0.5


async def test_sipp_is_a_caller_who_is_heard_and_is_hung_up_on(lab: Lab, switch: LocalNode, tmp_path: Path):
    await lab.phones.phone("1001").register(SECRETS["1001"])
    lab.phones.behave(rings_for_ever(), ["1001"])
    caller = await sipp(tmp_path, switch.sip_port, "4002", "13800138001")
    ring = await lab.phones.phone("1001").next_ring()
    assert ring.caller == "13800138001"
    ring.answer()
    await ring.audio.hears(CALLER_TONE)
    ring.hang_up()
    _, said = await asyncio.wait_for(caller.communicate(), 10)
    assert caller.returncode == 0, said.decode()
