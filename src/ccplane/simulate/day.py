"""One day as it is given to the simulator: who comes, who works, by which rules. All chance was drawn before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from ccplane.agents.facts import Profile
from ccplane.ids import QueueName
from ccplane.routing.rules import Queue

SLOT_MS: Final = 1_800_000


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A customer who asks for a queue. `patience_ms`: hangs up after so long in it; None: never."""

    at: int
    queue: QueueName
    service_ms: int
    """Talk; the wrap-up comes on top."""
    patience_ms: int | None = None
    credit_s: int = 0
    language: str = ""
    kind: str = ""
    """What the log called them; told apart in results."""
    stream: str = ""
    """Where they came from, for those who call again."""
    tries: int = 0
    """How often they have hung up before."""
    wrap_up_ms: int | None = None
    """None: as long as the queue says; where that leaves it to the agent, none."""


class Shift(msgspec.Struct, frozen=True):
    """An agent's time at work, [begins, ends); `ends` None: until nobody waits any more after closing."""

    agent: Profile
    begins: int = 0
    ends: int | None = None
    group: str = ""


Again = Callable[[Arrival, int, int], Arrival | None]
"""(arrival, its number that day, when they hung up) -> the same customer once more; None: they do not call again."""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """All that happens from outside. `arrivals` in the order in which they come."""

    queues: Mapping[QueueName, Queue]
    arrivals: tuple[Arrival, ...]
    shifts: tuple[Shift, ...]
    closes: int
    """When the doors close, ms; who waits then is still served. FOREVER: agents' time counts until nobody is left."""
    slot_ms: int = SLOT_MS
    pickup_ms: int = 0
    """How long an offer rings until it is answered."""
    wait_without_agents: bool = False
    """Whether people wait although nobody who is signed in could serve them. Live they don't: their program goes on."""
    again: Again | None = None
