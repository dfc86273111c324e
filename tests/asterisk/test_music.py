"""Waiting callers hear music, it costs no transcoding, and is over when it is told to be."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing

import pytest

from ccplane.asterisk import operations as op
from ccplane.asterisk.ari import Ari
from ccplane.asterisk.events import StasisStart
from ccplane.asterisk.execute import Executor
from ccplane.asterisk.music import AGAIN_S
from ccplane.asterisk.node import LocalNode
from ccplane.asterisk.outcomes import Gone
from ccplane.asterisk.switch import Switch
from ccplane.core import commands as do
from ccplane.ids import bridge_of
from ccplane.testing.rtp import Audio
from ccplane.testing.siplab import Call, open_lab
from tests.asterisk.rest_server import until
from tests.asterisk.stand_in import application

X = "c-ast1-1.1"
START, STOP = do.StartMusic(X, "1.1", "jazz"), do.StopMusic(X, "1.1")
STOPPED = (op.StopMoh("1.1"), X)


class Wire:
    """Notes what is sent; nobody answers by itself."""

    def __init__(self) -> None:
        self.sent: list[tuple[op.Operation, str]] = []
        self.answers: list[asyncio.Future] = []

    def send(self, operation: op.Operation, lane: str) -> asyncio.Future:
        self.sent.append((operation, lane))
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]


@pytest.fixture
async def hands():
    executor = Executor()
    executor.switch = Wire()
    executor.posted = []
    executor.post = executor.posted.append
    return executor


async def test_given_music_that_is_to_end_then_it_is_told_so_twice_on_the_contacts_lane(hands):
    hands.execute(STOP)
    hands.execute(join := do.JoinAgent(X, f"o-{X}-3-1", f"l-{X}-3-1-7"))
    assert hands.switch.sent == [STOPPED, (op.AddChannel(f"b-{X}", (join.leg,)), X)], "the talk waits for neither"
    await until(lambda: len(hands.switch.sent) > 2)
    assert hands.switch.sent[2:] == [STOPPED]
    await asyncio.sleep(3 * AGAIN_S)
    assert len(hands.switch.sent) == 3


@pytest.mark.parametrize("later", [START, do.LetRing(X, "1.1"), do.GiveBack(X, "1.1", "4002", ours=False)])
async def test_given_a_caller_who_is_to_hear_something_again_then_that_is_not_ended(hands, later):
    hands.execute(STOP)
    hands.execute(later)
    await asyncio.sleep(3 * AGAIN_S)
    assert hands.switch.sent.count(STOPPED) == 1


async def test_given_another_callers_music_then_it_ends_nobody_elses(hands):
    hands.execute(STOP)
    hands.execute(do.StartMusic("c-ast1-2.2", "2.2", "jazz"))
    await until(lambda: hands.switch.sent.count(STOPPED) == 2)


async def test_given_music_that_is_ended_again_meanwhile_then_it_is_told_so_once_more_only(hands):
    faults = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    for command in (STOP, START, STOP, STOP):
        hands.execute(command)
    await asyncio.sleep(3 * AGAIN_S)
    assert hands.switch.sent.count(STOPPED) == 4
    assert not faults


async def test_given_a_caller_who_is_gone_by_then_nobody_minds(hands):
    hands.execute(STOP)
    await until(lambda: len(hands.switch.sent) == 2)
    hands.switch.answers[1].set_result(Gone("Channel not found"))
    await asyncio.sleep(0)
    assert (hands.posted, hands.refused) == ([], {})


async def test_given_a_connection_that_is_lost_meanwhile_then_nothing_is_sent(hands):
    hands.execute(STOP)
    lost, hands.switch = hands.switch, None
    await asyncio.sleep(3 * AGAIN_S)
    assert lost.sent == [STOPPED]


async def test_given_a_plane_that_may_not_command_the_switch_by_then_then_nothing_is_sent(hands):
    """As after a pause: what is refused by the fence ends the connection."""
    hands.execute(STOP)
    hands.may_send = lambda: False
    await asyncio.sleep(3 * AGAIN_S)
    assert hands.switch.sent == [STOPPED]


@pytest.mark.asterisk
async def test_music_on_hold_is_heard_and_lies_in_the_phones_codec(local_node: LocalNode):
    async with (
        open_lab(("127.0.0.1", local_node.sip_port), audio=True) as lab,
        application(local_node) as (ari, channel_arrives),
    ):
        call = lab.callers.dial("4002")
        channel = await channel_arrives()
        await ari.post(f"/channels/{channel}/answer")
        await ari.post(f"/channels/{channel}/moh")
        await call.up()
        await call.audio.hears_sound(within=10)
        shown = await local_node.cli(f"core show channel {(await ari.get(f'/channels/{channel}')).json()['name']}")
        assert "WriteFormat: ulaw" in shown
        assert "WriteTranscode: No" in shown


CALLERS, TIMES = 16, 15


@pytest.mark.asterisk
@pytest.mark.slow
async def test_music_that_is_over_just_as_it_begins_to_sound_is_over(local_node: LocalNode):
    """Told once only, Asterisk goes on with it in some two of a hundred: so one of all these would hear it for ever."""
    ari = Ari(local_node.ari_url, local_node.ari_username, local_node.ari_password, app="ccplane")
    async with (
        open_lab(("127.0.0.1", local_node.sip_port), audio=True) as lab,
        aclosing(ari.connections()) as connections,
    ):
        switch = await anext(connections)
        calls = {f"55{number:03}": lab.callers.dial("4002", f"55{number:03}") for number in range(CALLERS)}
        channels = await _arrived(switch, set(calls))
        await asyncio.gather(*(_hears_no_music(switch, calls[each], channels[each]) for each in calls))
        await switch.close()


async def _arrived(switch: Switch, numbers: set[str]) -> dict[str, str]:
    channels: dict[str, str] = {}
    async with asyncio.timeout(20):
        async for event, _ in switch.events:
            if isinstance(event, StasisStart):
                channels[event.channel.caller.number] = event.channel.id
            if channels.keys() == numbers:
                break
    return channels


async def _hears_no_music(switch: Switch, call: Call, channel: str) -> None:
    """Music is begun and ended about when its first packet is made, again and again."""
    hands, contact = Executor(), f"c-ast1-{channel}"
    hands.switch, hands.post = switch, lambda _: None
    for command in (
        do.OpenRoom(contact),
        do.AnswerCaller(contact, channel),
        do.AddCaller(contact, channel),
    ):
        hands.execute(command)
    await call.up()
    assert call.audio is not None
    for _ in range(TIMES):
        hands.execute(do.StartMusic(contact, channel, "default"))
        await asyncio.sleep(random.uniform(0.018, 0.024))
        hands.execute(do.StopMusic(contact, channel))
        await asyncio.sleep(2 * AGAIN_S)
        await _falls_silent(call.audio)
    call.hang_up()
    await switch.send(op.DestroyBridge(bridge_of(contact)), contact)


async def _falls_silent(audio: Audio) -> None:
    """Of one alone in a room whose music is over no packet comes; five of them would have."""
    async with asyncio.timeout(3):
        before = -1
        while audio.packets != before:
            before = audio.packets
            await asyncio.sleep(0.1)
