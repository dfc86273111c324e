"""Callers: how they come, what they hear and press, how they go."""

from __future__ import annotations

import asyncio

import pytest

from ccplane.asterisk.events import ChannelHangupRequest, StasisEnd, StasisStart
from ccplane.asterisk.operations import (
    AddChannel,
    Answer,
    Continue,
    CreateBridge,
    GetChannel,
    HangUp,
    ListChannels,
    PlayOnChannel,
    StartMoh,
    StopMoh,
    StopPlayback,
)
from ccplane.asterisk.outcomes import Done, Gone
from tests.asterisk.contract.world import APP, World

LONG = ("sound:tt-weasels",)
SHORT = ("sound:beep",)


async def test_a_caller_is_announced_by_stasis_start_with_what_was_dialled(world: World):
    caller = await world.dial("4002", "5551")
    start = await world.event(StasisStart)
    assert start.args == ["4002"]
    assert start.channel.state == "Ring"
    assert start.channel.caller.number == "5551"
    assert start.channel.runs(APP)
    assert start.channel.id.startswith("ast1-")
    assert await world.story("caller StasisStart") == ["caller StasisStart"]
    caller.hang_up()


async def test_the_trunk_is_no_phone_and_its_calls_are_not_told_of_as_one(world: World):
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await caller.up()
    caller.hang_up()
    await world.event(StasisEnd)
    await asyncio.sleep(0.1)
    assert "trunk" not in {seen.device for seen in world.phones_told}


async def test_an_answer_is_told_once(world: World):
    """A second answer is accepted and means nothing."""
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await caller.up()
    assert await world.story("caller Up") == ["caller StasisStart", "caller Up"]
    assert await world.do(Answer(caller.channel)) == Done(None)
    assert await world.quiet() == []


async def test_a_caller_who_gives_up_before_the_answer_ends_stasis_and_is_never_destroyed(world: World):
    caller = await world.dial()
    await world.story("caller StasisStart")
    caller.hang_up()
    assert await world.story("caller StasisEnd") == ["caller HangupRequest", "caller StasisEnd"]
    assert await world.quiet() == []
    assert isinstance(await world.do(GetChannel(caller.channel)), Gone)


@pytest.mark.parametrize(("answered", "told"), [(True, (None, None, None)), (False, (127, 487, None))])
async def test_a_callers_bye_gives_no_cause_and_a_cancel_interworking(world: World, answered: bool, told: object):
    caller = await world.dial()
    if answered:
        await world.done(Answer(caller.channel))
        await caller.up()
    caller.hang_up()
    request = await world.event(ChannelHangupRequest)
    assert (request.cause, request.tech_cause, request.soft) == told


async def test_a_caller_who_hangs_up_in_a_prompt_lets_it_fail(world: World):
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.done(PlayOnChannel(caller.channel, "p-1", LONG))
    await world.story("p-1 playing")
    caller.hang_up()
    assert await world.story("caller StasisEnd") == ["caller HangupRequest", "p-1 failed", "caller StasisEnd"]


async def test_a_caller_who_hangs_up_in_a_bridge_leaves_it(world: World):
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.done(CreateBridge("b-1"))
    await world.done(AddChannel("b-1", (caller.channel,)))
    assert (await world.story("caller entered b-1"))[-1] == "caller entered b-1"
    caller.hang_up()
    told = await world.story("caller StasisEnd")
    assert told == ["caller HangupRequest", "caller left b-1", "caller StasisEnd"]


@pytest.mark.parametrize(("operation", "code"), [({"reason": "busy"}, 486), ({"reason_code": "34"}, 503)])
async def test_a_caller_can_be_refused(world: World, operation: dict[str, str], code: int):
    caller = await world.dial()
    await world.story("caller StasisStart")
    await world.done(HangUp(caller.channel, **operation))
    assert await caller.code() == code
    assert await world.story("caller StasisEnd") == ["caller HangupRequest", "caller StasisEnd"]


async def test_keys_come_in_order(world: World):
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await caller.up()
    await caller.press("1*9#")
    told = await world.story("caller key #")
    assert [line for line in told if "key" in line] == [f"caller key {key}" for key in "1*9#"]


async def test_a_prompt_plays_to_its_end(world: World):
    """Of several sounds each is told as it starts, the whole once as it is done."""
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.story("caller Up")
    said = await world.done(PlayOnChannel(caller.channel, "p-1", SHORT * 2))
    assert (said.id, said.target_uri) == ("p-1", f"channel:{caller.channel}")
    assert await world.story("p-1 done") == ["p-1 playing", "p-1 playing", "p-1 done"]


async def test_a_stopped_prompt_is_done_and_one_that_has_ended_is_gone(world: World):
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.done(PlayOnChannel(caller.channel, "p-1", LONG * 2))
    await world.story("p-1 playing")
    await world.stop("p-1")
    assert await world.story("p-1 done") == ["p-1 done"]
    await world.gone(StopPlayback("p-1"))
    assert await world.quiet() == []


async def test_a_prompt_whose_file_is_missing_fails_after_it_started(world: World):
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.story("caller Up")
    await world.done(PlayOnChannel(caller.channel, "p-1", ("sound:nonesuch",)))
    assert await world.story("p-1 failed") == ["p-1 playing", "p-1 failed"]


async def test_prompts_on_a_channel_wait_for_each_other_and_one_that_is_stopped_in_time_never_starts(world: World):
    """It finishes when its turn would have come."""
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.story("caller Up")
    for playback, sounds in (("p-1", LONG), ("p-2", LONG), ("p-3", SHORT)):
        await world.done(PlayOnChannel(caller.channel, playback, sounds))
    await world.story("p-1 playing")
    assert await world.do(StopPlayback("p-2")) == Done(None)
    assert await world.quiet() == []
    await world.stop("p-1")
    assert await world.story("p-3 done") == ["p-1 done", "p-2 done", "p-3 playing", "p-3 done"]


async def test_the_same_playback_id_twice_is_no_conflict(world: World):
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.story("caller Up")
    await world.done(PlayOnChannel(caller.channel, "p-1", SHORT))
    await world.done(PlayOnChannel(caller.channel, "p-1", SHORT))
    assert await world.story("p-1 done") == ["p-1 playing", "p-1 done"]
    assert await world.story("p-1 done") == ["p-1 playing", "p-1 done"]


async def test_music_starts_and_stops_whether_it_played_or_not(world: World):
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.story("caller Up")
    for operation in (StartMoh(caller.channel), StopMoh(caller.channel), StopMoh(caller.channel)):
        assert await world.do(operation) == Done(None)
    assert await world.quiet() == []


async def test_a_caller_given_back_to_the_dialplan_has_left_us(world: World):
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await world.story("caller Up")
    await world.done(Continue(caller.channel, "ccplane-fallback", "4002", 1))
    assert await world.story("caller StasisEnd") == ["caller StasisEnd"]
    while any(channel.runs(APP) for channel in await world.done(ListChannels())):  # for a moment it still says so
        await asyncio.sleep(0.001)
    caller.hang_up()


async def test_what_is_not_there_is_gone(world: World):
    for operation in (Answer("none"), HangUp("none"), StartMoh("none"), PlayOnChannel("none", "p", SHORT)):
        assert isinstance(await world.do(operation), Gone)
