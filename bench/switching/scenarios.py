"""What is offered to a peer, the same for each, and what the phones saw of it.

idle    an agent is always idle: 20 agents, 10 calls/s of half a second. INVITE at the switch → INVITE at the phone.
refill  callers always wait: 20 agents, 20 more callers than agents. A phone's BYE → its next INVITE.
load    50 calls/s for 60 s, 200 agents, 1.5 s of talk. Nobody lost, nothing stuck, nobody double-booked.
rest    20 agents signed in, no calls (measured for the plane alone, see `plane.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.siplab import Lab, answers
from bench.switching.measure import milliseconds
from bench.switching.peers import NUMBER

ANSWER_AFTER: Final = 0.05
DRAIN: Final = 20.0


@dataclass(frozen=True)
class Size:
    """How much is offered; smaller only to try the bench out."""

    agents: int = 20
    calls: int = 400
    refills: int = 400
    load_agents: int = 200
    load_rate: float = 50.0
    load_seconds: float = 60.0
    rest_seconds: float = 30.0


async def idle(lab: Lab, agents: Sequence[str], size: Size) -> dict[str, Any]:
    """Light, evenly spread load, so that every caller finds an agent idle."""
    _begin(lab, agents)
    lab.phones.behave(answers(ANSWER_AFTER), agents)
    await _offer(lab, rate=10.0, calls=size.calls, talk=0.5)
    stuck = await lab.drained(DRAIN)
    return {"idle_to_ring_ms": milliseconds(lab.record.idle_to_ring), **_counts(lab, stuck)}


async def refill(lab: Lab, agents: Sequence[str], size: Size) -> dict[str, Any]:
    """For every caller who gets through one more joins the queue; the phones hang up after about a second.

    At the end those who still wait are served too: everybody who dialled must have talked.
    """
    _begin(lab, agents)
    for number, agent in enumerate(agents):
        lab.phones.behave(answers(ANSWER_AFTER, hang_up_after=1.0 + number * 0.025), [agent])
    record = lab.record

    def dial() -> None:
        call = lab.callers.dial(NUMBER)
        call.connected.add_done_callback(lambda _: dial() if len(record.freed_to_ring) < size.refills else None)

    for _ in range(2 * len(agents)):
        dial()
    await _progress(lambda: len(record.freed_to_ring) >= size.refills, lambda: record.rings)
    stuck = await lab.drained(DRAIN)
    return {"freed_to_ring_ms": milliseconds(record.freed_to_ring), **_counts(lab, stuck)}


async def load(lab: Lab, agents: Sequence[str], size: Size) -> dict[str, Any]:
    """Half of the calls are ended by the phone, a little before the caller would."""
    _begin(lab, agents)
    for number, agent in enumerate(agents):
        lab.phones.behave(answers(ANSWER_AFTER, hang_up_after=1.4 if number % 2 else None), [agent])
    calls = round(size.load_rate * size.load_seconds)
    await _offer(lab, rate=size.load_rate, calls=calls, talk=1.5)
    stuck = await lab.drained(DRAIN)
    return {"idle_to_ring_ms": milliseconds(lab.record.idle_to_ring), **_counts(lab, stuck)}


def _begin(lab: Lab, agents: Sequence[str]) -> None:
    lab.record.clear()
    lab.record.serving = set(agents)


async def _offer(lab: Lab, rate: float, calls: int, talk: float) -> None:
    """Calls at fixed moments, whatever becomes of them: an open loop."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number in range(calls):
        await asyncio.sleep(begun + number / rate - loop.time())
        lab.callers.dial(NUMBER, talk=talk)


async def _progress(done: Any, count: Any, within: float = 15.0) -> None:
    """Waits until done; gives up when the count has not grown for `within` seconds."""
    loop = asyncio.get_running_loop()
    before, since = count(), loop.time()
    while not done() and loop.time() - since < within:
        await asyncio.sleep(0.05)
        if count() != before:
            before, since = count(), loop.time()


def _counts(lab: Lab, stuck: int) -> dict[str, Any]:
    record = lab.record
    return {
        "dialled": record.dials,
        "rang": record.rings,
        "talked": record.outcomes["talked"],
        "lost": record.lost,
        "stuck": stuck,
        "double_booked": record.double_booked,
        "outcomes": dict(record.outcomes),
        "trouble": dict(record.trouble),
    }
