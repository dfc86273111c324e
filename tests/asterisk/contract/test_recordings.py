"""Recordings of a caller: how they begin, what ends them, and what is there afterwards."""

from __future__ import annotations

import asyncio
from secrets import token_hex

import pytest

from ccplane.asterisk.events import RecordingFailed, RecordingFinished
from ccplane.asterisk.operations import (
    AddChannel,
    Answer,
    CopyRecording,
    CreateBridge,
    GetLiveRecording,
    GetStoredRecording,
    HangUp,
    PlayOnChannel,
    RecordChannel,
    RemoveChannel,
    StopRecording,
)
from ccplane.asterisk.outcomes import Conflict, Gone
from tests.asterisk.contract.world import Person, World

TWO_SECONDS = (2, 3)
"""Of at most 2 s: Asterisk ends it when the whole seconds of its clock are 3 apart, so after 2 s to 3 s."""


@pytest.fixture
def name() -> str:
    """A name with a folder, as ours have, that no earlier run has used."""
    return f"messages/contract-{token_hex(4)}"


async def a_caller(world: World) -> Person:
    """Up, and speaking."""
    caller = await world.dial()
    await world.done(Answer(caller.channel))
    await caller.up()
    caller.speak()
    await world.story("caller Up")
    return caller


def record(caller: Person, name: str, longest: int = 30, silence: int = 0) -> RecordChannel:
    return RecordChannel(caller.channel, name, "wav", longest=longest, silence=silence, beep=True, terminate_on="#")


async def rolling(world: World, name: str) -> None:
    """Wait until its tone is over: from then on there is a file."""
    await world.story(f"{name} recording")
    async with asyncio.timeout(20):
        while isinstance(await world.do(GetStoredRecording(name)), Gone):
            await asyncio.sleep(0.01)


async def test_a_recording_is_queued_then_told_to_have_begun_and_can_be_asked_for(world: World, name: str):
    caller = await a_caller(world)
    said = await world.done(record(caller, name))
    assert (said.name, said.target_uri) == (name, f"channel:{caller.channel}")
    assert said.state in ("queued", "recording"), "as it was when the answer was written"
    assert await world.story(f"{name} recording") == [f"{name} recording"]
    assert (await world.done(GetLiveRecording(name))).state == "recording"


@pytest.mark.slow
async def test_while_its_tone_plays_there_is_no_file_and_neither_a_key_nor_we_can_end_it(world: World, name: str):
    """The answer to a stop is 204 all the same."""
    caller = await a_caller(world)
    await world.done(record(caller, name, longest=2))
    await world.story(f"{name} recording")
    assert isinstance(await world.do(GetStoredRecording(name)), Gone)
    await world.done(StopRecording(name))
    finished = await world.event(RecordingFinished, within=10)
    assert finished.recording.duration in TWO_SECONDS, "only the longest time has ended it"


async def test_a_caller_who_hangs_up_ends_it_and_the_file_stays(world: World, name: str):
    """This is how most messages end."""
    caller = await a_caller(world)
    await world.done(record(caller, name, longest=2))
    await rolling(world, name)
    caller.hang_up()
    told = await world.story("caller StasisEnd")
    assert told == ["caller HangupRequest", f"{name} done", "caller StasisEnd"]
    assert isinstance(await world.do(GetLiveRecording(name)), Gone)


async def test_a_caller_we_hang_up_ends_it_too(world: World, name: str):
    caller = await a_caller(world)
    await world.done(record(caller, name))
    await rolling(world, name)
    await world.done(HangUp(caller.channel))
    assert f"{name} done" in await world.story("caller StasisEnd")


async def test_the_key_we_named_ends_it_and_is_told_first(world: World, name: str):
    caller = await a_caller(world)
    await world.done(record(caller, name))
    await rolling(world, name)
    await caller.press("5#")
    assert await world.story(f"{name} done") == ["caller key 5", "caller key #", f"{name} done"]


@pytest.mark.slow
async def test_the_longest_time_ends_it_with_its_length_in_whole_seconds(world: World, name: str):
    caller = await a_caller(world)
    await world.done(record(caller, name, longest=2))
    finished = await world.event(RecordingFinished, within=10)
    assert finished.recording.duration in TWO_SECONDS
    assert (await world.done(GetStoredRecording(name))).name == name


@pytest.mark.slow
async def test_silence_ends_it(world: World, name: str):
    caller = await a_caller(world)
    await world.done(record(caller, name, silence=1))
    await rolling(world, name)
    caller.fall_silent()
    assert await world.story(f"{name} done", within=10) == [f"{name} done"]


async def test_it_can_be_stopped_and_is_gone_then(world: World, name: str):
    caller = await a_caller(world)
    await world.done(record(caller, name))
    await rolling(world, name)
    await world.done(StopRecording(name))
    assert await world.story(f"{name} done") == [f"{name} done"]
    await world.gone(StopRecording(name))
    assert isinstance(await world.do(GetLiveRecording(name)), Gone)


@pytest.mark.slow
async def test_the_same_name_twice_is_a_conflict_live_or_stored(world: World, name: str):
    caller = await a_caller(world)
    await world.done(record(caller, name, longest=1))
    await world.story(f"{name} recording")
    assert isinstance(await world.do(record(caller, name)), Conflict)
    await world.story(f"{name} done")
    assert isinstance(await world.do(record(caller, name)), Conflict)


async def test_it_waits_behind_a_prompt(world: World, name: str):
    caller = await a_caller(world)
    await world.done(PlayOnChannel(caller.channel, "p-1", ("sound:beep",)))
    await world.done(record(caller, name))
    assert await world.story(f"{name} recording") == ["p-1 playing", "p-1 done", f"{name} recording"]


async def test_a_caller_who_hangs_up_while_it_waits_leaves_no_file(world: World, name: str):
    caller = await a_caller(world)
    await world.done(PlayOnChannel(caller.channel, "p-1", ("sound:tt-weasels",)))
    await world.story("p-1 playing")
    await world.done(record(caller, name))
    caller.hang_up()
    finished = await world.event(RecordingFinished)
    assert finished.recording.duration is None
    await world.story("caller StasisEnd")
    assert isinstance(await world.do(GetStoredRecording(name)), Gone)


async def test_a_channel_in_a_bridge_is_not_recorded_and_only_an_event_says_so(world: World, name: str):
    caller = await a_caller(world)
    await world.done(CreateBridge("b-1"))
    await world.done(AddChannel("b-1", (caller.channel,)))
    await world.story("caller entered b-1")
    await world.done(record(caller, name))
    failed = await world.event(RecordingFailed)
    assert failed.recording.cause == "Cannot record channel while in bridge"
    await world.done(RemoveChannel("b-1", (caller.channel,)))
    await world.done(record(caller, name))
    await world.story(f"{name} recording")


async def test_nobody_to_record_is_gone(world: World, name: str):
    assert isinstance(await world.do(RecordChannel("nobody", name, "wav")), Gone)


async def test_it_outlives_our_connection(world: World, name: str):
    """And its end is found by asking."""
    caller = await a_caller(world)
    await world.done(record(caller, name))
    await world.story(f"{name} recording")
    world.lose_connection()
    await world.connect()
    assert (await world.done(GetLiveRecording(name))).state == "recording"
    world.lose_connection()
    caller.hang_up()
    await caller.code()
    await world.connect()
    await world.gone(GetLiveRecording(name))


async def test_a_copy_is_a_recording_of_its_own_in_whatever_folder(world: World, name: str):
    caller = await a_caller(world)
    await world.done(record(caller, name))
    await rolling(world, name)
    caller.hang_up()
    await world.story(f"{name} done")
    copy = f"review/{name.partition('/')[2]}"
    assert isinstance(await world.do(GetStoredRecording(copy)), Gone)
    assert (await world.done(CopyRecording(name, copy))).name == copy
    assert (await world.done(GetStoredRecording(copy))).name == copy
    assert (await world.done(GetStoredRecording(name))).name == name
    assert isinstance(await world.do(CopyRecording(name, copy)), Conflict)
    assert isinstance(await world.do(CopyRecording(f"{name}-none", f"{copy}-none")), Gone)


async def test_a_dot_in_the_name_of_a_copy_cuts_it_off(world: World, name: str):
    caller = await a_caller(world)
    await world.done(record(caller, name))
    await rolling(world, name)
    caller.hang_up()
    await world.story(f"{name} done")
    copy = f"review/{name.partition('/')[2]}"
    assert (await world.done(CopyRecording(name, f"{copy}.7-1"))).name == copy
    assert isinstance(await world.do(GetStoredRecording(f"{copy}.7-1")), Gone)
    assert (await world.done(GetStoredRecording(copy))).name == copy
