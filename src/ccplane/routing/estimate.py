"""How long somebody who comes now will wait, from what was measured here: how long a contact keeps an agent, how soon
callers give up.

With q before them, s agents at a rate μ each, and callers who give up at a rate θ, the wait is the time until q + 1 of
them are gone: Σ_{i=0..q} 1/(sμ + iθ) (Whitt, "Predicting queueing delays", 1999); and then a phone rings. Right after
agents came or went the rates tell of another floor: then who is first in the line tells best, by how long they have
waited already (Ibrahim and Whitt, "Real-time delay estimation", 2009).
"""

from __future__ import annotations

from math import log
from typing import Final

import msgspec

from ccplane.ids import AgentId

TALKS: Final = 200
"""So many talks a queue's rate is measured by: older ones fade."""
WAITS: Final = 500
"""So many waits its callers' patience is measured by."""
SETTLING_MS: Final = 300_000
"""For so long after an agent came or went the floor counts as changed; for twice that at the most."""
CHANGED: Final = 0.2
"""If this share of a queue's agents came or went, its rates tell of another floor."""
EXACT: Final = 64
"""So many terms of the sum are added up; the rest is an integral, which is right to a thousandth."""


class Pace(msgspec.Struct, frozen=True):
    """What was measured in one queue: sums over its last talks and waits, each of which fades a little with every
    further one. Times in ms."""

    talks: float = 0.0
    busy_ms: float = 0.0
    """Talk, hold and wrap-up of these talks."""
    rung: float = 0.0
    ring_ms: float = 0.0
    """From an offer to the talk, where it led to one: the agent is taken, and the caller waits."""
    waits: float = 0.0
    waited_ms: float = 0.0
    abandoned: float = 0.0

    def talked(self, talk_ms: int) -> Pace:
        fade = 1 - 1 / TALKS
        return msgspec.structs.replace(self, talks=self.talks * fade + 1, busy_ms=self.busy_ms * fade + talk_ms)

    def wrapped_up(self, ms: int) -> Pace:
        return msgspec.structs.replace(self, busy_ms=self.busy_ms + ms)

    def answered(self, ring_ms: int) -> Pace:
        fade = 1 - 1 / TALKS
        return msgspec.structs.replace(self, rung=self.rung * fade + 1, ring_ms=self.ring_ms * fade + ring_ms)

    def waited(self, ms: int, gave_up: bool) -> Pace:
        fade = 1 - 1 / WAITS
        return msgspec.structs.replace(
            self,
            waits=self.waits * fade + 1,
            waited_ms=self.waited_ms * fade + ms,
            abandoned=self.abandoned * fade + gave_up,
        )

    def with_share(self, other: Pace, share: float) -> Pace:
        """This, and that part of another's talks which the same agents have: what keeps them busy."""
        return msgspec.structs.replace(
            self,
            talks=self.talks + share * other.talks,
            busy_ms=self.busy_ms + share * other.busy_ms,
            rung=self.rung + share * other.rung,
            ring_ms=self.ring_ms + share * other.ring_ms,
        )

    @property
    def ring(self) -> float | None:
        """How long it takes from an offer to the talk, in ms; None if that never was."""
        return self.ring_ms / self.rung if self.rung else None

    @property
    def cycle(self) -> float | None:
        """For how long a contact keeps its agent, ring and wrap-up included, in ms: 1/μ."""
        ring = self.ring
        return self.busy_ms / self.talks + (ring or 0.0) if self.talks and self.busy_ms else None

    @property
    def giving_up(self) -> float:
        """θ: abandons per ms of waiting, the estimate that is right also where most do not give up."""
        return self.abandoned / self.waited_ms if self.waited_ms else 0.0


NO_PACE: Final = Pace()


class Restaffed(msgspec.Struct, frozen=True):
    """Agents who came or went of late, in two generations: the older one is forgotten when the younger is old."""

    young: frozenset[AgentId] = frozenset()
    old: frozenset[AgentId] = frozenset()
    since: int = 0

    def with_one(self, agent: AgentId, at: int) -> Restaffed:
        aged = self.at(at)
        since = aged.since if aged.young or aged.old else at
        return Restaffed(aged.young | {agent}, aged.old, since)

    def at(self, now: int) -> Restaffed:
        """What of it still counts."""
        if now - self.since < SETTLING_MS:
            return self
        if now - self.since < 2 * SETTLING_MS:
            return Restaffed(old=self.young, since=self.since + SETTLING_MS)
        return Restaffed()

    def agents(self, now: int) -> frozenset[AgentId]:
        aged = self.at(now)
        return aged.young | aged.old


def wait_ms(ahead: float, agents: float, cycle_ms: float, giving_up: float) -> float | None:
    """How long until it is the turn of who has so many before them (a share counts as one), in ms; None: never.

    `agents`: how many work for them. `giving_up`: θ, per ms, of those before them.
    """
    if agents <= 0 or cycle_ms <= 0:
        return None
    rate = agents / cycle_ms
    first = min(ahead, float(EXACT))
    whole = int(first)
    total = sum(1 / (rate + i * giving_up) for i in range(whole + 1))
    total += (first - whole) / (rate + (whole + 1) * giving_up)
    if ahead > EXACT:
        total += _beyond(rate, giving_up, EXACT + 0.5, ahead + 0.5)
    return total


def _beyond(rate: float, giving_up: float, low: float, high: float) -> float:
    """∫ 1/(rate + xθ) dx."""
    if giving_up * (high - low) < 1e-9 * (rate + low * giving_up):
        return (high - low) / (rate + low * giving_up)
    return log((rate + high * giving_up) / (rate + low * giving_up)) / giving_up
