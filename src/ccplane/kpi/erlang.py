"""How many agents a load needs, if nobody hangs up and service times are exponential: Erlang's formulas.

A load is in erlangs: arrivals per second × mean handle time in seconds. Times are seconds. By the recursion of Erlang
B, which neither overflows nor loses digits at thousands of agents.
"""

from __future__ import annotations

import math
from typing import NamedTuple

MOST: int = 100_000
"""Nobody staffs more agents than this; a search ends there."""


def erlang_b(agents: int, load: float) -> float:
    """The share of contacts that are turned away where nobody may wait."""
    _judge(agents, load)
    if load == 0:
        return 0.0 if agents else 1.0
    inverse = 1.0
    for n in range(1, agents + 1):
        inverse = 1.0 + inverse * n / load
        if math.isinf(inverse):
            return 0.0
    return 1.0 / inverse


def erlang_c(agents: int, load: float) -> float:
    """The share of contacts that have to wait where nobody hangs up; 1 if they become ever more."""
    if load >= agents:
        _judge(agents, load)
        return 1.0
    blocked = erlang_b(agents, load)
    return blocked / (1.0 - load / agents * (1.0 - blocked))


class Expected(NamedTuple):
    """What waiting is like. `asa_s` is infinite where the load exceeds the agents."""

    waits: float
    """The share who wait at all."""
    service_level: float
    """The share answered within the threshold."""
    asa_s: float
    occupancy: float


def expected(agents: int, per_s: float, handle_s: float, within_s: float) -> Expected:
    """With so many agents, arrivals per second, mean seconds for each, and the threshold of the service level."""
    load = per_s * handle_s
    waits = erlang_c(agents, load)
    if load >= agents:
        return Expected(waits, 0.0, math.inf, 1.0)
    spare = agents - load
    return Expected(
        waits, 1.0 - waits * math.exp(-spare * within_s / handle_s), waits * handle_s / spare, load / agents
    )


def agents_needed(per_s: float, handle_s: float, within_s: float, share: float) -> int:
    """The fewest agents with whom this share (0 to 1) is answered within the threshold."""
    if not 0.0 < share < 1.0:
        raise ValueError(f"a service level is between 0 and 1, not {share}")
    load = per_s * handle_s
    _judge(0, load)
    for agents in range(math.floor(load) + 1, MOST):
        if expected(agents, per_s, handle_s, within_s).service_level >= share:
            return agents
    raise ValueError(f"{load:g} erlangs are more than {MOST} agents can serve")


def scheduled(agents: int, shrinkage: float) -> int:
    """How many to schedule for so many at work, if this share of their time is breaks, training, illness."""
    if not 0.0 <= shrinkage < 1.0:
        raise ValueError(f"shrinkage is a share of the time, 0 to less than 1, not {shrinkage}")
    return math.ceil(round(agents / (1.0 - shrinkage), 9))


def _judge(agents: int, load: float) -> None:
    if agents < 0 or not 0.0 <= load < math.inf:
        raise ValueError(f"{agents} agents and {load} erlangs: neither may be negative, nor the load infinite")
