"""What is offered to a peer, the same for each, and what the phones saw of it.

idle    an agent is always idle: 20 agents, 10 calls/s of half a second. INVITE at the switch → INVITE at the phone.
refill  callers always wait: 20 agents, 20 more callers than agents. A phone's BYE → its next INVITE.
load    50 calls/s for 60 s, 200 agents, 1.5 s of talk. Nobody lost, nothing stuck, nobody double-booked.
rest    20 agents signed in, no calls (measured for the plane alone, see `plane.py`).

`idle` and `refill` come in rounds (`turns.py`): each offers its part of the calls and begins and ends without any.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bench.switching.peers import NUMBER
from bench.switching.pool import Seen
from ccplane.testing.siplab import Lab, answers

ANSWER_AFTER: Final = 0.05
DRAIN: Final = 20.0


@dataclass(frozen=True)
class Size:
    """How much is offered to each peer in all; smaller only to try the bench out."""

    agents: int = 20
    calls: int = 400
    refills: int = 400
    rounds: int = 5
    load_agents: int = 200
    load_rate: float = 50.0
    load_seconds: float = 60.0
    rest_seconds: float = 30.0

    def of_round(self, number: int) -> Size:
        """One round's part, counted from 0: all rounds together make the whole."""
        return replace(self, calls=_part(self.calls, number, self.rounds),
                       refills=_part(self.refills, number, self.rounds))  # fmt: skip

    def extensions(self, scenario: str) -> list[str]:
        """The agents who take calls in it."""
        return [str(1001 + number) for number in range(self.load_agents if scenario == "load" else self.agents)]


def _part(whole: int, number: int, parts: int) -> int:
    return whole // parts + (number < whole % parts)


async def idle(lab: Lab, agents: Sequence[str], size: Size) -> Seen:
    """Light, evenly spread load, so that every caller finds an agent idle."""
    _begin(lab, agents)
    lab.phones.behave(answers(ANSWER_AFTER), agents)
    await _offer(lab, rate=10.0, calls=size.calls, talk=0.5)
    stuck = await lab.drained(DRAIN)
    return _seen(lab, stuck, idle_to_ring=lab.record.idle_to_ring)


async def refill(lab: Lab, agents: Sequence[str], size: Size) -> Seen:
    """For every caller who gets through one more joins the queue; the phones hang up after about a second.

    As many callers as refills are wanted, and one for each agent's first ring, which is none. At the end those who
    still wait are served too: everybody who dialled must have talked. All callers come at once, so that at first the
    phones get free in a crowd; those refills count like any other and are told apart as well.
    """
    _begin(lab, agents)
    for number, agent in enumerate(agents):
        lab.phones.behave(answers(ANSWER_AFTER, hang_up_after=1.0 + number * 0.025), [agent])
    record, callers = lab.record, len(agents) + size.refills

    def dial() -> None:
        call = lab.callers.dial(NUMBER)
        call.connected.add_done_callback(lambda _: dial() if record.dials < callers else None)

    for _ in range(min(callers, 2 * len(agents))):
        dial()
    await _progress(lambda: record.dials >= callers, lambda: record.rings)
    stuck = await lab.drained(DRAIN)
    first = record.freed_to_ring[: len(agents)]
    return _seen(lab, stuck, freed_to_ring=record.freed_to_ring, first_freed_to_ring=first)


async def load(lab: Lab, agents: Sequence[str], size: Size) -> Seen:
    """Half of the calls are ended by the phone, a little before the caller would."""
    _begin(lab, agents)
    for number, agent in enumerate(agents):
        lab.phones.behave(answers(ANSWER_AFTER, hang_up_after=1.4 if number % 2 else None), [agent])
    calls = round(size.load_rate * size.load_seconds)
    await _offer(lab, rate=size.load_rate, calls=calls, talk=1.5)
    stuck = await lab.drained(DRAIN)
    return _seen(lab, stuck, idle_to_ring=lab.record.idle_to_ring)


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


async def _progress(done: Callable[[], bool], count: Callable[[], int], within: float = 15.0) -> None:
    """Waits until done; gives up when the count has not grown for `within` seconds."""
    loop = asyncio.get_running_loop()
    before, since = count(), loop.time()
    while not done() and loop.time() - since < within:
        await asyncio.sleep(0.05)
        if count() != before:
            before, since = count(), loop.time()


def _seen(lab: Lab, stuck: int, **latencies: list[float]) -> Seen:
    record = lab.record
    counts = {
        "dialled": record.dials,
        "rang": record.rings,
        "talked": record.outcomes["talked"],
        "lost": record.lost,
        "stuck": stuck,
        "double_booked": record.double_booked,
    }
    return Seen(
        {name: list(each) for name, each in latencies.items()},
        counts,
        {"outcomes": record.outcomes.copy(), "trouble": record.trouble.copy()},
    )
