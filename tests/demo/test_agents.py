"""A played agent, at a phone of the lab and beside a centre in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from ccplane.demo import agents
from ccplane.demo.agents import PlayedAgent
from ccplane.demo.people import Break, Intent, Reaction, Shift, Span
from ccplane.testing.rtp import AGENT_TONE, tone
from ccplane.testing.siplab import How, Record, Station, rings_for_ever

AT_ONCE = Span(0.0, 0.01, 0.01)
SHIFT = Shift(8, 17, 12)
NO_BREAK = (Break(reason="", weight=1),)


class MemoryCentre:
    """What agents asked for, in order; `away`: a plane that doesn't answer; `board`: what it shows of 1001."""

    def __init__(self) -> None:
        self.asked: list[Intent] = []
        self.away, self.board = False, "ready"
        self._changed = asyncio.Event()

    async def set_state(self, agent: str, state: str, reason: str) -> None:
        if self.away:
            raise httpx.ConnectError("away")
        self.asked.append(Intent(state, reason))
        self.board = state
        self._changed.set()

    def shown(self, agent: str) -> str:
        return self.board

    async def is_asked(self, *intents: Intent) -> None:
        async with asyncio.timeout(20):
            while self.asked != [*intents]:
                self._changed.clear()
                await self._changed.wait()


class Clock:
    hour = 9.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def centre() -> MemoryCentre:
    return MemoryCentre()


@pytest.fixture
async def phones() -> AsyncIterator[Station]:
    station = Station(("127.0.0.1", 9), Record(), audio=True)
    station.behaviour = rings_for_ever()
    yield station
    station.close()


@pytest.fixture
async def callers(phones: Station) -> AsyncIterator[Station]:
    station = Station(("127.0.0.1", phones.port), phones.record, audio=True)
    yield station
    station.close()


@pytest.fixture
def at_work(centre: MemoryCentre, phones: Station, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """`at_work(reaction, breaks)`: an agent who lives while inside."""
    monkeypatch.setattr(agents, "LOOKS_EVERY", 0.01)
    monkeypatch.setattr(agents, "HANGS_UP_FIRST", 0.0)

    @asynccontextmanager
    async def one(reaction: Reaction | None = None, breaks: tuple[Break, ...] = NO_BREAK) -> AsyncIterator[PlayedAgent]:
        monkeypatch.setattr(agents, "REACTIONS", (reaction or Reaction(name="answers", weight=1, after=AT_ONCE),))
        monkeypatch.setattr(agents, "BREAKS", breaks)
        hour, voice = (lambda: clock.hour), tone(AGENT_TONE)
        agent = PlayedAgent("1001", SHIFT, centre, phones.phone("1001"), voice, hour, "seed")
        living = asyncio.create_task(agent.live())
        try:
            yield agent
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)

    return one


async def test_they_come_eat_and_go_by_their_shift(at_work, centre, clock):
    clock.hour = 7.0
    async with at_work():
        await centre.is_asked(offline := Intent("offline"))
        clock.hour = 8.0
        await centre.is_asked(offline, ready := Intent("ready"))
        clock.hour = 12.0
        await centre.is_asked(offline, ready, lunch := Intent("paused", "lunch"))
        clock.hour = 13.0
        await centre.is_asked(offline, ready, lunch, ready)
        clock.hour = 17.0
        await centre.is_asked(offline, ready, lunch, ready, offline)


async def test_while_the_plane_is_away_they_ask_again_and_again(at_work, centre):
    centre.away = True
    async with at_work():
        for _ in range(5):
            await asyncio.sleep(0)
        centre.away = False
        await centre.is_asked(Intent("ready"))


async def test_who_was_paused_for_missed_offers_notices_and_is_ready_again(at_work, centre, monkeypatch):
    monkeypatch.setattr(agents, "NOTICES_AFTER", 0.0)
    async with at_work():
        await centre.is_asked(Intent("ready"))
        centre.board = "paused"
        await centre.is_asked(Intent("ready"), Intent("ready"))


async def test_they_answer_and_speak_until_the_caller_hangs_up(at_work, callers):
    async with at_work():
        call = callers.dial("1001")
        await call.up()
        await call.audio.hears(AGENT_TONE)
        call.hang_up()
        again = callers.dial("1001")
        await again.up()


async def test_sometimes_the_agent_hangs_up_first(at_work, callers, monkeypatch):
    async with at_work():
        monkeypatch.setattr(agents, "HANGS_UP_FIRST", 1.0)
        monkeypatch.setattr(agents, "TALKS", AT_ONCE)
        assert (await callers.dial("1001").over()).how is How.PEER_HUNG_UP


async def test_a_talk_that_nobody_ends_is_given_up(at_work, callers, monkeypatch):
    monkeypatch.setattr(agents, "LONGEST", 0.05)
    async with at_work():
        assert (await callers.dial("1001").over()).how is How.PEER_HUNG_UP


async def test_a_rejected_call_gets_the_code(at_work, callers):
    async with at_work(Reaction(name="rejects", weight=1, after=AT_ONCE, rejects=486)):
        assert (await callers.dial("1001").over()).code == 486


async def test_a_ring_that_is_not_heard_is_not_answered(at_work, callers):
    async with at_work(Reaction(name="deaf", weight=1, after=AT_ONCE, hears=False)):
        call = callers.dial("1001", patience=0.3)
        assert (await call.over()).how is How.CANCELLED
        assert not call.answered.done()


async def test_a_break_is_asked_for_while_they_talk_and_ends_by_itself(at_work, centre, callers):
    async with at_work(breaks=(Break(reason="coffee", weight=1, lasts=AT_ONCE),)):
        await centre.is_asked(ready := Intent("ready"))
        call = callers.dial("1001")
        await centre.is_asked(ready, coffee := Intent("paused", "coffee"))
        assert not call.ended.done()
        call.hang_up()
        await centre.is_asked(ready, coffee, ready)


async def test_who_goes_home_signs_out_once(at_work, centre):
    async with at_work() as agent:
        await centre.is_asked(Intent("ready"))
    await agent.go_home()
    await agent.go_home()
    assert centre.asked == [Intent("ready"), Intent("offline")]
