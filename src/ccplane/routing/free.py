"""Agents with room for another contact: as a set, and in the orders in which strategies look for the first of some.

Where few may be chosen they are compared; where many may, the order is walked up to the first of them: whichever is
shorter, so that neither one of a thousand nor a thousand of a thousand take long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec

from ccplane.agents.agent import Agent
from ccplane.ids import AgentId
from ccplane.routing.bits import has, slots
from ccplane.routing.ordered import Ordered
from ccplane.routing.roster import Roster

Order = Literal["idle", "contacts", "occupied", "offered", "id"]
Key = Callable[[Agent], tuple[Any, ...]]

ORDERS: Final[Mapping[Order, Key]] = {
    "idle": lambda agent: (agent.idle_since, agent.profile.id),
    "contacts": lambda agent: (agent.tally.day, agent.tally.contacts, agent.idle_since, agent.profile.id),
    "occupied": lambda agent: (agent.tally.day, agent.tally.busy_ms, agent.idle_since, agent.profile.id),
    "offered": lambda agent: (agent.offered_at, agent.profile.id),
    "id": lambda agent: (len(agent.profile.id), agent.profile.id),
}
"""How agents compare. Nothing of it changes while one is free. Whose tally is of an earlier day has done nothing today,
and comes before those who have."""


class Free(msgspec.Struct, frozen=True):
    """Agents who may be offered another contact of one class of channel."""

    mask: int = 0
    orders: tuple[tuple[Order, Ordered[tuple[Any, ...]]], ...] = ()
    """Those that strategies in use ask for; each of (key …, slot)."""

    @classmethod
    def kept_in(cls, orders: frozenset[Order]) -> Free:
        """Nobody yet, kept in these orders."""
        return cls(0, tuple((order, Ordered()) for order in sorted(orders)))

    def put(self, agent: Agent, slot: int) -> Free:
        """With this agent."""
        orders = tuple([(order, kept.add((*ORDERS[order](agent), slot))) for order, kept in self.orders])
        return Free(self.mask | 1 << slot, orders)

    def without(self, agent: Agent, slot: int) -> Free:
        """Without this agent, as they were put."""
        orders = tuple([(order, kept.remove((*ORDERS[order](agent), slot))) for order, kept in self.orders])
        return Free(self.mask & ~(1 << slot), orders)

    def kept(self, order: Order) -> Ordered[tuple[Any, ...]] | None:
        """All of them in this order; None if they are not kept in it."""
        return next((kept for each, kept in self.orders if each == order), None)


def first(order: Order, among: int, free: Free, roster: Roster, agents: Mapping[AgentId, Agent]) -> int:
    """The slot of the first of `among` in this order; they are free, and there is one at least."""
    kept, count = free.kept(order), among.bit_count()
    if kept is not None and 4 * count * count > len(kept):
        for entry in kept:
            if has(among, entry[-1]):
                return int(entry[-1])
    key = ORDERS[order]
    return min(slots(among), key=lambda slot: key(agents[roster.ids[slot]]))
