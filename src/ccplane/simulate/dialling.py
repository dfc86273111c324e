"""Days of a campaign on a virtual clock: the pacing that dials live, against customers by chance.

A line rings until it is answered or given up; who answers is given to an agent who is free, waits two seconds for one,
and is dropped after that. So a campaign's promise can be seen before anybody is called.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final

import msgspec

from ccplane.dialer.learning import Answers, Lengths, still_answered
from ccplane.dialer.pacing import Caution, Known, Limits, Spent, aim, decide

TICK_MS: Final = 1_000
PATIENCE_MS: Final = 2_000
"""An answered person hears an agent within that, or is dropped (a message, and it is counted)."""


class Policy(StrEnum):
    """How lines are dialled."""

    PREDICTIVE = "predictive"
    """`dialer.pacing`, on what it learns."""
    MEMORYLESS = "memoryless"
    """The same bound on drops, but for one who takes talks for memoryless and lines for as likely as ever."""
    PROGRESSIVE = "progressive"
    """One line for each free agent."""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """`chance`: that a line is answered, by ms since the day began. Lengths in ms; `talk_cv`: standard deviation ÷
    mean, lognormal; `ring_ms`: of lines that are answered, lognormal too; `give_up_ms`: of the others."""

    agents: int
    day_ms: int = 8 * 3_600_000
    talk_ms: float = 150_000.0
    talk_cv: float = 0.7
    wrap_up_ms: float = 30_000.0
    ring_ms: float = 9_000.0
    ring_cv: float = 0.5
    give_up_ms: int = 22_000
    chance: Callable[[int], float] = lambda _: 0.25
    limits: Limits = Limits()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a day came to. `busy_ms`: of all agents, talk and wrap-up; `waits_ms`: of agents, between two talks."""

    agents: int
    day_ms: int
    dialled: int
    answers: int
    drops: int
    busy_ms: int
    talks: int

    @property
    def drop_share(self) -> float:
        return self.drops / self.answers if self.answers else 0.0

    @property
    def occupancy(self) -> float:
        return self.busy_ms / (self.agents * self.day_ms)

    @property
    def wait_ms(self) -> float:
        """Of an agent between two talks, on average."""
        return (self.agents * self.day_ms - self.busy_ms) / max(1, self.talks)


def simulated(campaign: Campaign, policy: Policy, seed: int) -> Outcome:
    """One day; the same seed is the same day."""
    return _Day(campaign, policy, random.Random(f"{seed} {campaign.agents}")).run()


class _Day:
    def __init__(self, campaign: Campaign, policy: Policy, chance: random.Random) -> None:
        self._campaign, self._policy, self._chance = campaign, policy, chance
        self._free = campaign.agents
        self._busy: dict[int, int] = {}
        """Agents' talks by number: since when."""
        self._lines: dict[int, int] = {}
        """Lines that ring: since when."""
        self._waiting: list[tuple[int, int]] = []
        """Who has answered and has no agent yet: until when they may wait, and their number."""
        self._events: list[tuple[int, int, str, int]] = []
        self._numbers: Iterator[int] = iter(range(1 << 62))
        self._talks = Lengths.assumed(campaign.talk_ms + campaign.wrap_up_ms)
        self._rings = Lengths.assumed(campaign.ring_ms)
        self._caution = Caution()
        self._answers = Answers(assumed=campaign.chance(0))
        self._dialled = self._answered = self._dropped = self._talked = self._busy_ms = 0

    def run(self) -> Outcome:
        for now in range(0, self._campaign.day_ms, TICK_MS):
            self._happen(now)
            if now < self._campaign.day_ms - 2 * self._campaign.give_up_ms:
                self._dial(now)
        return Outcome(
            agents=self._campaign.agents,
            day_ms=self._campaign.day_ms,
            dialled=self._dialled,
            answers=self._answered,
            drops=self._dropped,
            busy_ms=self._busy_ms,
            talks=self._talked,
        )

    def _happen(self, until: int) -> None:
        while self._events and self._events[0][0] <= until:
            at, number, what, began = heapq.heappop(self._events)
            self._drop_overdue(at)
            if what == "answered":
                self._rings = self._rings.seen(at - self._lines.pop(number))
                self._learn(at, True)
                self._answered += 1
                self._waiting.append((at + PATIENCE_MS, number))
                self._caution = self._caution.seen(1, 0, aim(self._answered, self._campaign.limits))
            elif what == "given-up":
                del self._lines[number]
                self._learn(at, False)
            else:
                self._talks = self._talks.seen(at - began)
                del self._busy[number]
                self._free += 1
            self._join(at)
        self._drop_overdue(until)

    def _learn(self, at: int, answered: bool) -> None:
        self._answers = self._answers.seen(at // 3_600_000, 1, answered)

    def _drop_overdue(self, now: int) -> None:
        while self._waiting and self._waiting[0][0] < now:
            self._waiting.pop(0)
            self._dropped += 1
            self._caution = self._caution.seen(0, 1, 0.0)

    def _join(self, now: int) -> None:
        while self._waiting and self._free:
            _, number = self._waiting.pop(0)
            self._free -= 1
            self._busy[number] = now
            campaign = self._campaign
            took = self._drawn(campaign.talk_ms, campaign.talk_cv) + campaign.wrap_up_ms
            self._busy_ms += min(round(took), campaign.day_ms - now)
            self._talked += 1
            heapq.heappush(self._events, (now + round(took), number, "free", now))

    def _dial(self, now: int) -> None:
        for _ in range(self._wanted(now)):
            number = next(self._numbers)
            self._dialled += 1
            self._lines[number] = now
            campaign = self._campaign
            rings = self._drawn(campaign.ring_ms, campaign.ring_cv)
            answered = self._chance.random() < campaign.chance(now) and rings < campaign.give_up_ms
            what, after = ("answered", round(rings)) if answered else ("given-up", campaign.give_up_ms)
            heapq.heappush(self._events, (now + after, number, what, now))

    def _wanted(self, now: int) -> int:
        free = max(0, self._free - len(self._waiting))
        if self._policy is Policy.PROGRESSIVE:
            return max(0, free - len(self._lines))
        chance = self._answers.chance(now // 3_600_000, 1)
        ahead = self._rings.mean_ms
        if self._policy is Policy.MEMORYLESS:
            mean = self._campaign.talk_ms + self._campaign.wrap_up_ms
            soon = [1 - math.exp(-ahead / mean)] * len(self._busy)
            ringing = [chance] * len(self._lines)
        else:
            soon = [self._talks.over_within(now - began, ahead) for began in self._busy.values()]
            ringing = [still_answered(chance, self._rings, now - began) for began in self._lines.values()]
        known = Known(
            free=free,
            soon=soon,
            ringing=ringing,
            chance=chance,
            spent=[Spent(self._answered, self._dropped)],
            caution=self._caution.value if self._policy is Policy.PREDICTIVE else 1.0,
        )
        return decide(known, self._campaign.limits).lines

    def _drawn(self, mean: float, cv: float) -> float:
        sigma = math.sqrt(math.log(1 + cv * cv))
        return self._chance.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma)
