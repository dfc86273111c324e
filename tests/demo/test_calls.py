"""Callers, with one lab's phones for a switch: what each does, and how they would tell it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import islice
from random import Random
from typing import Any

import pytest

from ccplane.demo import calls
from ccplane.demo.people import CALLERS, Caller, callers
from ccplane.testing.rtp import CALLER_TONE, tone
from ccplane.testing.siplab import Lab, Record, Ring, Station, rejects, rings_for_ever

VOICE = tone(CALLER_TONE)
LINE = next(kind for kind in CALLERS if not kind.presses and kind.leaves_after is None)


@pytest.fixture
async def agents() -> AsyncIterator[Station]:
    """Phones that record apart from the callers: who is answered here is answered by a machine."""
    station = Station(("127.0.0.1", 9), Record(), audio=True)
    station.behaviour = rings_for_ever()
    yield station
    station.close()


@pytest.fixture
async def lab(agents: Station) -> AsyncIterator[Lab]:
    record = Record()
    station = Station(("127.0.0.1", agents.port), record, audio=True)
    yield Lab(record, agents, station)
    station.close()


def a_caller(**choices: Any) -> Caller:
    drawn = next(islice(callers(Random(1)), 1))
    choices = {"kind": LINE, "keys": (), "patience": 60.0, "talk": 60.0, "leaves_after": None} | choices
    return replace(drawn, **choices)


async def made(lab: Lab, caller: Caller) -> tuple[Ring, asyncio.Task[None], Counter[str]]:
    """The call at the switch, and what will come of it."""
    outcomes: Counter[str] = Counter()
    task = asyncio.create_task(calls.make(caller, lab, VOICE, outcomes))
    return await lab.phones.phone(caller.kind.dials).next_ring(), task, outcomes


def reached(lab: Lab, caller: Caller, agent: str = "1001") -> None:
    """An agent's phone answered this caller."""
    lab.record.live[caller.number].taken(agent)


async def test_who_reaches_an_agent_speaks_and_hangs_up_when_all_is_said(lab):
    caller = a_caller(talk=0.6)
    ring, task, outcomes = await made(lab, caller)
    assert (ring.caller, ring.display) == (caller.number, caller.name)
    ring.answer()
    reached(lab, caller)
    await ring.audio.hears(CALLER_TONE)
    await task
    assert outcomes == {"reached an agent": 1}


async def test_who_waits_too_long_gives_up(lab):
    ring, task, outcomes = await made(lab, a_caller(patience=0.05))
    ring.answer()
    await task
    assert outcomes == {"gave up waiting": 1}


async def test_keys_are_pressed_one_after_the_other_once_the_call_is_up(lab):
    ring, task, outcomes = await made(lab, a_caller(keys=((0.01, "5"), (0.01, "2")), patience=0.3))
    ring.answer()
    await task
    assert ring.audio.keys == "52"
    assert outcomes == {"gave up waiting": 1}


async def test_who_leaves_by_themselves_speaks_until_then(lab):
    ring, task, outcomes = await made(lab, a_caller(leaves_after=1.0))
    ring.answer()
    await ring.audio.hears(CALLER_TONE)
    await task
    assert outcomes == {"left in the menu": 1}


async def test_a_call_that_the_other_side_ends_was_turned_away_also_in_the_middle_of_a_key(lab):
    ring, task, outcomes = await made(lab, a_caller(keys=((60.0, "1"),)))
    ring.answer()
    ring.after(0.05, ring.hang_up)
    await task
    assert outcomes == {"were turned away": 1}


async def test_a_refused_call_was_turned_away(lab):
    lab.phones.phone(LINE.dials).behaviour = rejects(503)
    _, task, outcomes = await made(lab, a_caller())
    await task
    assert outcomes == {"were turned away": 1}


async def test_who_hears_nothing_but_ringing_gives_up(lab, monkeypatch):
    monkeypatch.setattr(calls, "UP_WITHIN", 0.05)
    _, task, outcomes = await made(lab, a_caller())
    await task
    assert outcomes == {"gave up waiting": 1}


async def test_who_is_still_there_when_the_demo_ends_is_counted_so(lab):
    caller = a_caller()
    ring, task, outcomes = await made(lab, caller)
    ring.answer()
    await lab.record.live[caller.number].up()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert outcomes == {"still waited at the end": 1}
