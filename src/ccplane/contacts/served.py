"""Who served each customer last, by the number that they call from: remembered for as long as there is room."""

from __future__ import annotations

from typing import Final

import msgspec
from immutables import Map

from ccplane.ids import AgentId

GENERATION: Final = 10_000
"""Customers. Of one to two generations it is known; of those before nobody is."""


class Last(msgspec.Struct, frozen=True):
    """An agent, and when the talk with them was over."""

    agent: AgentId
    at: int


class Served(msgspec.Struct, frozen=True):
    """The last agent by number, in two generations: the older one is forgotten as a whole (law 13)."""

    young: Map[str, Last] = Map()
    old: Map[str, Last] = Map()

    def get(self, number: str) -> Last | None:
        """None for a number that is not shown, or of which we know nothing."""
        return self.young.get(number) or self.old.get(number) if is_shown(number) else None

    def told(self, number: str, agent: AgentId, at: int) -> Served:
        """With this one as the last."""
        if not is_shown(number):
            return self
        young = self.young.set(number, Last(agent, at))
        return Served(Map(), young) if len(young) >= GENERATION else Served(young, self.old)


def is_shown(number: str) -> bool:
    """A word in its place ("anonymous") is everybody's who shows none, and no customer's."""
    return any(each.isdigit() for each in number)
