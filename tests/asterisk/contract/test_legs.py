"""Legs that we originate: what each kind of phone makes of them."""

from __future__ import annotations

import asyncio

import pytest

from ccplane.agents.facts import Phone
from ccplane.asterisk.events import ChannelStateChange, Dial, StasisStart
from ccplane.asterisk.operations import (
    AddChannel,
    Answer,
    CallIn,
    CreateBridge,
    GetChannel,
    HangUp,
    ListChannels,
    Originate,
    PlayOnChannel,
    StartMoh,
    StopMoh,
    WatchChannel,
)
from ccplane.asterisk.outcomes import Busy, Conflict, Done, Gone, Refused
from tests.asterisk.contract.world import APP, Person, World


def leg(name: str = "l-1", user: str = "8001", timeout: int = 10) -> Originate:
    return Originate(name, f"PJSIP/{user}", APP, app_args="leg,o-1", caller_id='"Bob" <5551>', timeout=timeout)


RINGING = ["l-1 Dial", "l-1 Dial RINGING", "l-1 Ringing"]
"""The last two come in either order."""


def same(told: list[str], *expected: str) -> bool:
    """In this order, but for the two that tell of ringing."""
    quiet = [line for line in told if line not in RINGING]
    return sorted(told[:3]) == RINGING and quiet == list(expected)


async def test_a_leg_rings_is_answered_and_comes_to_us(world: World):
    world.behave("8001", "rings_for_ever")
    said = await world.done(leg())
    assert (said.id, said.state, said.caller.number) == ("l-1", "Down", "5551")
    ring = await world.ring("8001")
    await world.event(ChannelStateChange, lambda event: event.channel.state == "Ringing")
    (channel,) = await world.done(ListChannels())
    assert (channel.id, channel.state, channel.runs(APP)) == ("l-1", "Ringing", False)
    ring.answer()
    start = await world.event(StasisStart)
    assert start.args == ["leg", "o-1"]
    told = await world.story("l-1 StasisStart")
    assert same(told, "l-1 Up", "l-1 Dial ANSWER", "l-1 StasisStart"), told
    (channel,) = await world.done(ListChannels())
    assert channel.runs(APP)
    assert channel.args == ["leg", "o-1"]


def by_the_door(name: str = "l-1", user: str = "8001", timeout: int = 10) -> CallIn:
    return CallIn(name, f"PJSIP/{user}", "leg,o-1", caller_id='"Bob" <5551>', timeout=timeout)


async def call_in(world: World) -> Person:
    """As the plane does it: the second right behind the first. Of what a phone does before that is heard, its call
    alone, nothing is told: so this phone says nothing by itself."""
    world.behave("8001", "says_nothing")
    said, watched = await asyncio.gather(world.done(by_the_door()), world.done(WatchChannel(APP, "channel:l-1")))
    assert (said.id, said.state, said.caller.number) == ("l-1", "Down", "5551")
    assert watched.name == APP
    return await world.ring("8001")


def after_the_call(told: list[str]) -> list[str]:
    """That it is called may be told before we listen."""
    return [each for each in told if each != "l-1 Dial"]


async def test_a_leg_by_our_door_is_told_of_as_any_other(world: World):
    ring = await call_in(world)
    ring.rings()
    await world.event(ChannelStateChange, lambda event: event.channel.state == "Ringing")
    ring.answer()
    start = await world.event(StasisStart)
    assert start.args == ["leg", "o-1"]
    told = after_the_call(await world.story("l-1 StasisStart"))
    assert sorted(told[:2]) == ["l-1 Dial RINGING", "l-1 Ringing"]
    assert told[2:] == ["l-1 Up", "l-1 Dial ANSWER", "l-1 StasisStart"]
    (channel,) = await world.done(ListChannels())
    assert channel.runs(APP)


async def test_a_leg_by_our_door_that_is_refused_says_so(world: World):
    ring = await call_in(world)
    ring.refuse(486)
    told = after_the_call(await world.story("l-1 Destroyed 17/486"))
    assert told == ["l-1 HangupRequest", "l-1 Dial BUSY", "l-1 Destroyed 17/486"]


async def test_of_a_channel_that_is_none_nothing_can_be_told(world: World):
    assert isinstance(await world.do(WatchChannel(APP, "channel:l-none")), Busy)


async def test_a_leg_and_a_caller_meet_in_a_bridge_and_part(world: World):
    """Music off and the leg in, pipelined as the plane does it. Who hangs up ends only their own line."""
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.done(CreateBridge("b-1"))
    await world.done(AddChannel("b-1", (caller.channel,)))
    await world.done(StartMoh(caller.channel))
    world.behave("8001", "answers", 0.02)
    await world.done(leg())
    ring = await world.ring("8001")
    await world.story("l-1 StasisStart")
    await asyncio.gather(world.done(StopMoh(caller.channel)), world.done(AddChannel("b-1", ("l-1",))))
    assert await world.story("l-1 entered b-1") == ["l-1 entered b-1"]
    ring.hang_up()
    told = await world.story("l-1 Destroyed 16/0")
    assert told == ["l-1 HangupRequest", "l-1 left b-1", "l-1 StasisEnd", "l-1 Destroyed 16/0"]
    assert [channel.id for channel in await world.done(ListChannels())] == [caller.channel]
    await world.done(HangUp(caller.channel))
    told = await world.story("caller StasisEnd")
    assert told == ["caller HangupRequest", "caller left b-1", "caller StasisEnd"]


@pytest.mark.parametrize(
    ("code", "status", "cause"),
    [(486, "BUSY", 17), (603, "NOANSWER", 21), (480, "NOANSWER", 19), (404, "NOANSWER", 1), (503, "CONGESTION", 34)],
)
async def test_a_phone_that_refuses_says_why(world: World, code: int, status: str, cause: int):
    """`tech_cause` is the SIP code; StasisStart and StasisEnd never come."""
    world.behave("8001", "rejects", code)
    await world.done(leg())
    told = await world.story(f"l-1 Destroyed {cause}/{code}")
    told = [line for line in told if line not in RINGING]
    assert told == ["l-1 HangupRequest", f"l-1 Dial {status}", f"l-1 Destroyed {cause}/{code}"]


@pytest.mark.slow
async def test_a_phone_that_rings_in_vain_is_only_destroyed(world: World):
    """At Asterisk's timeout: 19/480, the same as a phone's own 480."""
    world.behave("8001", "rings_for_ever")
    await world.done(leg(timeout=1))
    assert same(await world.story("l-1 Destroyed 19/480"), "l-1 Destroyed 19/480")


@pytest.mark.slow
async def test_a_phone_without_power_never_rings(world: World):
    world.behave("8001", "says_nothing")
    await world.done(leg(timeout=1))
    assert await world.story("l-1 Destroyed 19/480") == ["l-1 Dial", "l-1 Destroyed 19/480"]


async def test_a_phone_that_is_not_registered_is_refused_without_any_event(world: World):
    await world.unregister("8001")
    assert await world.do(leg()) == Refused(500, "Allocation failed")
    assert await world.do(leg(user="none")) == Refused(500, "Allocation failed")
    assert await world.quiet() == []


@pytest.mark.parametrize(("reason", "cause"), [("", 16), ("answered_elsewhere", 26)])
async def test_a_leg_that_we_take_back_ends_with_our_cause_and_no_sip_code(world: World, reason: str, cause: int):
    world.behave("8001", "rings_for_ever")
    await world.done(leg())
    ring = await world.ring("8001")
    await asyncio.gather(world.event(ChannelStateChange), world.event(Dial, lambda dial: dial.dialstatus == "RINGING"))
    await world.done(HangUp("l-1", reason=reason))
    told = await world.story(f"l-1 Destroyed {cause}/0")
    assert same(told, "l-1 HangupRequest", "l-1 Dial NOANSWER", f"l-1 Destroyed {cause}/0"), told
    await ring.code()


async def test_two_legs_ring_at_once_and_the_loser_goes(world: World):
    for user in ("8001", "8002"):
        world.behave(user, "rings_for_ever")
    await asyncio.gather(world.done(leg("l-1", "8001")), world.done(leg("l-2", "8002")))
    first, second = await world.ring("8001"), await world.ring("8002")
    first.answer()
    await world.story("l-1 StasisStart")
    await world.done(HangUp("l-2", reason="answered_elsewhere"))
    await world.story("l-2 Destroyed 26/0")
    await second.code()


async def test_an_id_that_lives_is_a_conflict_and_may_be_used_again_afterwards(world: World):
    world.behave("8001", "rings_for_ever")
    await world.done(leg())
    assert isinstance(await world.do(leg()), Conflict)
    await world.event(ChannelStateChange)  # taken back before it rings it may end as 16/603: see the findings
    await world.done(HangUp("l-1"))
    await world.story("l-1 Destroyed 16/0")
    await world.gone(GetChannel("l-1"))
    while isinstance(again := await world.do(leg()), Conflict):  # its id is free a moment after it is gone
        await asyncio.sleep(0.001)
    assert isinstance(again, Done)


async def test_a_leg_that_still_rings_can_not_be_used(world: World):
    """Not in Stasis yet: Busy, whatever is asked of it but its end."""
    world.behave("8001", "rings_for_ever")
    await world.done(leg())
    await world.ring("8001")
    await world.done(CreateBridge("b-1"))
    asked = (AddChannel("b-1", ("l-1",)), StartMoh("l-1"), PlayOnChannel("l-1", "p-1", ("sound:beep",)), Answer("l-1"))
    for operation in asked:
        assert isinstance(await world.do(operation), Busy), operation


async def test_who_is_gone_can_not_be_added(world: World):
    """And of several, one that is gone keeps all out."""
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.story("caller Up")
    await world.done(CreateBridge("b-1"))
    assert isinstance(await world.do(AddChannel("b-1", ("none",))), Gone)
    assert isinstance(await world.do(AddChannel("b-1", (caller.channel, "none"))), Gone)
    assert isinstance(await world.do(AddChannel("b-none", (caller.channel,))), Gone)
    assert await world.quiet() == []


async def test_a_phones_state_and_calls_are_told_as_they_change(world: World):
    """Once each, by AMI, whose filter keeps our own legs back; nothing tells ringing from talking."""
    world.behave("8001", "rings_for_ever")
    await world.unregister("8001")
    assert await world.story_of_phone("8001", Phone.GONE) == [Phone.GONE]
    await world.register("8001")
    assert await world.story_of_phone("8001", Phone.REACHABLE) == [Phone.REACHABLE]
    for channel in ("l-c-ast1-1.1-1-1-1", "strange"):
        await world.done(leg(channel))
        ring = await world.ring("8001")
        ring.answer()
        await world.story(f"{channel} StasisStart")
        ring.hang_up()
        await world.gone(GetChannel(channel))
    assert await world.story_of_phone("8001", Phone.REACHABLE) == [Phone.IN_USE, Phone.REACHABLE]
    await world.unregister("8001")
    assert await world.story_of_phone("8001", Phone.GONE) == [Phone.GONE]
