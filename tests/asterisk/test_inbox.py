"""The inbox between the socket and the plane."""

from __future__ import annotations

import asyncio

import pytest

from ccplane.asterisk.events import ApplicationRegistered, Event
from ccplane.asterisk.inbox import Inbox
from ccplane.asterisk.models import Millis
from ccplane.asterisk.stats import AriStats
from ccplane.asterisk.switch import Replaced


def an_event(number: int) -> Event:
    return ApplicationRegistered(at_switch=Millis(number))


async def test_events_come_out_in_order_with_the_time_they_were_put():
    times = iter([1.0, 2.0])
    inbox = Inbox(10, AriStats(), lambda: next(times))
    inbox.put(an_event(1))
    inbox.put(an_event(2))
    assert await anext(inbox) == (an_event(1), 1.0)
    assert await anext(inbox) == (an_event(2), 2.0)


async def test_a_reader_that_waits_is_woken():
    inbox = Inbox(10, AriStats())
    reader = asyncio.ensure_future(anext(inbox))
    await asyncio.sleep(0)
    inbox.put(an_event(1))
    assert (await reader)[0] == an_event(1)


async def test_what_is_in_it_at_the_end_is_still_read():
    inbox = Inbox(10, AriStats())
    inbox.put(an_event(1))
    inbox.close()
    assert inbox.put(an_event(2))
    assert [event async for event, _ in inbox] == [an_event(1)]


async def test_the_reason_of_the_end_is_raised_after_what_is_in_it():
    inbox = Inbox(10, AriStats())
    inbox.put(an_event(1))
    inbox.close(Replaced("ccplane"))
    await anext(inbox)
    with pytest.raises(Replaced):
        await anext(inbox)


async def test_an_overflow_throws_all_away_and_says_so():
    stats = AriStats()
    inbox = Inbox(2, stats)
    assert [inbox.put(an_event(number)) for number in range(3)] == [True, True, False]
    assert len(inbox) == 0
    assert (stats.overflows, stats.inbox_peak) == (1, 2)


async def test_a_full_inbox_does_not_hold_the_loop():
    """While one task reads a thousand events, others get their turn."""
    inbox = Inbox(10_000, AriStats())
    for number in range(1000):
        inbox.put(an_event(number))
    inbox.close()
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    async for _ in inbox:
        pass
    task.cancel()
    assert turns >= 30
