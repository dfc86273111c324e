"""Which of the agents who may serve a contact rings: one small function for each strategy.

Each gets the set of those who may, of the lowest priority number among them, and gives the slot of one. What decides
where agents are equal is who has been idle longest, and then the id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from typing import Final

import msgspec

from ccplane.agents.agent import Agent
from ccplane.ids import AgentId, QueueName
from ccplane.routing.asking import Candidate, step_of
from ccplane.routing.bits import has, nth
from ccplane.routing.free import Free, Order, first
from ccplane.routing.roster import Roster
from ccplane.routing.rules import LEVELS, Queue


class Choice(msgspec.Struct, frozen=True):
    """Among whom one is to be chosen, and for whom. `chance`: a number that is as good as any other."""

    among: int
    waiting: Candidate
    queue: Queue
    free: Free
    roster: Roster
    agents: Mapping[AgentId, Agent]
    chance: int = 0

    def first(self, order: Order, among: int | None = None) -> int:
        return first(order, self.among if among is None else among, self.free, self.roster, self.agents)

    def at_least(self, level: int) -> int:
        """Who is that good at what is asked: by the weakest of the skills that the step asks of them; where it asks for
        none, by their level in the queue."""
        step, roster = step_of(self.queue, self.waiting.step), self.roster
        asked = {name: max(level, least) for name, least in step.skills.items()}
        if not asked and not step.any_of:
            return self.among & roster.members(self.queue.name, level)
        mask = self.among & roster.skilled(asked)
        if step.any_of:
            some = 0
            for each in step.any_of:
                some |= roster.skilled({name: max(level, least) for name, least in each.items()})
            mask &= some
        return mask

    def by_level(self) -> Iterator[tuple[int, int]]:
        """(level, who has it and no higher one), the highest first; those below every level count as 1."""
        better = 0
        for level in range(LEVELS, 0, -1):
            here = self.at_least(level) if level > 1 else self.among
            if here & ~better:
                yield level, here & ~better
            better |= here


Strategy = Callable[[Choice], int]


def longest_idle(choice: Choice) -> int:
    """Who has been free for the longest."""
    return choice.first("idle")


def most_skilled(choice: Choice) -> int:
    """Who is best at what is asked."""
    return choice.first("idle", next(choice.by_level())[1])


def least_skilled(choice: Choice) -> int:
    """Who is just good enough: the experts are saved for those who need them."""
    *_, (_, least) = choice.by_level()
    return choice.first("idle", least)


def least_occupied(choice: Choice) -> int:
    """Who has had the least work today, in ms of talk and wrap-up; what is not over yet does not count."""
    return choice.first("occupied")


def fewest_contacts(choice: Choice) -> int:
    """Who has talked to the fewest today."""
    return choice.first("contacts")


def round_robin(choice: Choice) -> int:
    """Whose last offer is the longest ago, taken or not."""
    return choice.first("offered")


def top_down(choice: Choice) -> int:
    """The first by id, 99 before 100: always the same one while they are free."""
    return choice.first("id")


def weighted_random(choice: Choice) -> int:
    """Anyone, the more often the better they are: an agent of level 6 twice as often as one of level 3."""
    shares = [(level, who, level * who.bit_count()) for level, who in choice.by_level()]
    drawn = choice.chance % sum(share for _, _, share in shares)
    for level, who, share in shares:
        if drawn < share:
            return nth(who, drawn // level)
        drawn -= share
    raise AssertionError("the shares add up")


def sticky(choice: Choice) -> int:
    """Who served this customer last, if they are free; else who has been free for the longest."""
    last = choice.waiting.last_agent
    slot = choice.roster.slots.get(last) if last is not None else None
    return slot if slot is not None and has(choice.among, slot) else longest_idle(choice)


STRATEGIES: Final[Mapping[str, Strategy]] = {
    "longest-idle": longest_idle,
    "most-skilled": most_skilled,
    "least-skilled": least_skilled,
    "least-occupied": least_occupied,
    "fewest-contacts": fewest_contacts,
    "round-robin": round_robin,
    "top-down": top_down,
    "weighted-random": weighted_random,
    "sticky": sticky,
}
ORDER_OF: Final[Mapping[str, Order]] = {
    "least-occupied": "occupied",
    "fewest-contacts": "contacts",
    "round-robin": "offered",
    "top-down": "id",
}
"""The order that a strategy walks beside that of idleness."""


def orders(queues: Mapping[QueueName, Queue]) -> frozenset[Order]:
    """The orders that these queues ask for."""
    return frozenset({"idle", *(ORDER_OF[each.strategy] for each in queues.values() if each.strategy in ORDER_OF)})


def chance(*of: object) -> int:
    """A number that nobody can foresee and that is the same for the same moment."""
    return int.from_bytes(blake2b(repr(of).encode(), digest_size=8).digest(), "big")
