"""A contact's stay in a queue: whatever comes of its offers, its clock and its place stay what they were."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from ccplane.contacts import facts as f
from ccplane.contacts.direct import Direct
from ccplane.contacts.facts import MissCause
from ccplane.ids import AgentId, QueueName

DIRECT_LEAST_MS: Final = 2_000
"""So long an agent who is free is waited for whom something keeps from being rung at once."""


class Waiting(msgspec.Struct, frozen=True):
    """A contact's stay in a queue. `queued_at` is its clock and its place; neither changes while it waits, also not
    where another queue takes it over."""

    queue: QueueName
    segment: int
    queued_at: int
    place: int | None = None
    """Their place in the line, where it is another than their clock's."""
    step: int = 0
    """Which of the queue's requirement steps holds now."""
    offers: int = 0
    known_since: int = 0
    """When we queued it, and asked for what that takes."""
    credit_s: int = 0
    """Their priority, in seconds of waiting."""
    last_agent: AgentId | None = None
    """Who served this customer last, as far as we remember."""
    last_served_at: int | None = None
    """When that was over."""
    saved_ms: int = 0
    """What was left of the steps that were passed over, since nobody whom they ask for could come."""
    entered_at: int | None = None
    """When they entered this queue, where their clock is older."""
    say_at: int | None = None
    """When they are told next how they stand; None: nothing was said here yet."""
    passed: tuple[QueueName, ...] = ()
    """Queues out of which overflows have taken them: none takes them back into these."""

    direct: Direct | None = None
    """The one agent whom they wait for."""
    missed: MissCause | None = None
    """How that agent has missed them."""

    @property
    def direct_until(self) -> int | None:
        """Until when they wait for that agent, who is not being rung."""
        return None if self.direct is None else self.here_since + max(self.direct.wait_ms, DIRECT_LEAST_MS)

    @property
    def here_since(self) -> int:
        """When they entered this queue: its steps and limits run from here."""
        return self.queued_at if self.entered_at is None else self.entered_at

    @property
    def held_place(self) -> int:
        """The moment by which they stand in the line."""
        return self.queued_at if self.place is None else self.place

    def relaxed(self, fact: f.RequirementRelaxed) -> Waiting:
        """Once the next step holds."""
        return replace(self, step=fact.step, saved_ms=fact.saved_ms)

    def by_clock(self, waited_ms: int) -> int | None:
        """The whole wait of who has waited this long here; None where they came from no other queue."""
        return None if self.entered_at is None else waited_ms + self.entered_at - self.queued_at


def queued(fact: f.ContactQueued) -> Waiting:
    """The stay that this begins."""
    since = fact.at if fact.since is None else fact.since
    return Waiting(
        queue=fact.queue,
        segment=fact.segment,
        queued_at=since,
        place=fact.place,
        offers=fact.offers,
        known_since=fact.at,
        credit_s=fact.credit_s,
        last_agent=fact.last_agent,
        last_served_at=fact.last_served_at,
        entered_at=fact.entered_at,
        passed=fact.passed,
        direct=fact.direct,
    )
