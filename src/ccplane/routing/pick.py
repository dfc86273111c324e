"""Everything that decides which agent rings, and which contact a freed agent gets, lives here.

Both questions give the same pairs whichever is asked first: an agent takes the contact with the highest score among
those they may serve, a contact takes the agent its queue's strategy puts first among those who may serve it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Final

import msgspec

from ccplane.agents.agent import Agent
from ccplane.contacts.facts import Trace
from ccplane.ids import ContactId, QueueName
from ccplane.routing.rules import Queue

Strategy = Callable[[Sequence[Agent], int], Agent | None]


_IDLE: Final = attrgetter("idle_since", "profile.id")


def longest_idle(candidates: Sequence[Agent], now: int) -> Agent | None:
    """The agent who has been free for the longest; among equals the one who comes first by id."""
    return min(candidates, key=_IDLE, default=None)


STRATEGIES: Final[Mapping[str, Strategy]] = {"longest-idle": longest_idle}


class Candidate(msgspec.Struct, frozen=True):
    """A waiting contact without an open offer."""

    contact: ContactId
    queue: QueueName
    queued_at: int
    step: int = 0

    @property
    def place(self) -> tuple[int, int, str]:
        """Who came first; within one ms by the switch's own count, with which a unique id ends."""
        return self.queued_at, len(self.contact), self.contact


class Pick(msgspec.Struct, frozen=True):
    """Who was chosen for whom, and why."""

    contact: ContactId
    agent: Agent
    trace: Trace


def score_ms(queue: Queue, queued_at: int, now: int) -> int:
    """A contact's claim on a free agent: the time waited and the queue's weight, in ms."""
    return now - queued_at + queue.weight_s * 1000


def agent_for(
    waiting: Candidate, queue: Queue, free: Sequence[Agent], busy: Mapping[str, int], now: int
) -> Pick | None:
    """The agent for one contact. `free`: those who may be offered a contact; `busy`: all others, counted by state."""
    step = queue.steps[min(waiting.step, len(queue.steps) - 1)]
    able = [agent for agent in free if step.met_by(agent.profile.skills)]
    winner = STRATEGIES[queue.strategy](able, now)
    if winner is None:
        return None
    excluded = dict(busy)
    if unable := len(free) - len(able):
        excluded["skill"] = unable
    able.remove(winner)
    runner_up = STRATEGIES[queue.strategy](able, now)
    return Pick(waiting.contact, winner, _trace(queue, waiting, now, runner_up, excluded))


def contact_for(
    agent: Agent,
    lines: Mapping[QueueName, Sequence[Candidate]],
    queues: Mapping[QueueName, Queue],
    busy: Mapping[str, int],
    now: int,
) -> Pick | None:
    """The contact for one free agent: over all queues they may serve, the one with the highest score.

    Within a queue contacts differ by their wait alone, so the first one the agent may serve is that queue's best.
    """
    best: tuple[int, Candidate] | None = None  # among equals the contact that comes first by id, as in route
    for name, line in lines.items():
        queue = queues.get(name)
        if queue is None:
            continue
        first = _first_servable(agent, queue, line)
        if first is not None:
            score = score_ms(queue, first.queued_at, now)
            if best is None or (-score, first.place) < (-best[0], best[1].place):
                best = (score, first)
    if best is None:
        return None
    waiting = best[1]
    return Pick(waiting.contact, agent, _trace(queues[waiting.queue], waiting, now, None, dict(busy)))


def _first_servable(agent: Agent, queue: Queue, line: Sequence[Candidate]) -> Candidate | None:
    skills = agent.profile.skills
    able = [step.met_by(skills) for step in queue.steps]
    if not any(able):
        return None
    last = len(able) - 1
    return next((waiting for waiting in line if able[min(waiting.step, last)]), None)


def _trace(queue: Queue, waiting: Candidate, now: int, runner_up: Agent | None, excluded: dict[str, int]) -> Trace:
    return Trace(
        strategy=queue.strategy,
        winner_score_s=score_ms(queue, waiting.queued_at, now) / 1000,
        runner_up=runner_up.id if runner_up else None,
        excluded=excluded,
    )
