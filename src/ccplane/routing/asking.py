"""Whom a waiting contact asks for: the step of its queue that holds now, as a set of agents; and why others are not."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ccplane.agents.facts import Profile
from ccplane.ids import AgentId, ContactId, NodeName, QueueName
from ccplane.routing.roster import USUAL, Roster
from ccplane.routing.rules import Queue, Step

VOICE = "voice"
"""The class of channel of a call."""
CALL_FIRST = "call-first"
"""That of a customer who is to be called before an agent is: an agent has room for it if they have for a call, and no
customer is being called for them already."""


def class_of(channel: str) -> str:
    """The class by which an agent's capacity is counted."""
    return VOICE if channel == CALL_FIRST else channel


class Candidate(msgspec.Struct, frozen=True):
    """A waiting contact without an open offer."""

    contact: ContactId
    queue: QueueName
    queued_at: int
    """The moment by which they stand in the line, ms."""
    step: int = 0
    credit_s: int = 0
    language: str = ""
    last_agent: AgentId | None = None
    """Who served this customer last."""
    last_ms: int = 0
    """How long before they queued that was."""
    node: NodeName = NodeName("")
    channel: str = VOICE
    """The class of channel for which an agent must have room."""
    only: AgentId | None = None
    """The one agent whom they wait for; None: whoever may serve the queue."""

    @property
    def place(self) -> tuple[int, int, str]:
        """Who came first; within one ms by the switch's own count, with which a unique id ends."""
        return self.queued_at, len(self.contact), self.contact


class Asking(NamedTuple):
    """What contacts have in common that stand in one line: whoever may serve one of them may serve all."""

    queue: QueueName
    step: int
    language: str
    """Theirs, if the step asks for it; else empty."""
    agent: str
    """Who served them last, if the step asks for that; else empty."""
    node: NodeName
    channel: str
    only: str = ""
    """The one agent whom they wait for, whatever the queue asks; else empty."""


def step_of(queue: Queue, step: int) -> Step:
    """The step that holds; the last where a reload has left fewer."""
    return queue.steps[min(step, len(queue.steps) - 1)]


def last_of(step: Step, candidate: Candidate) -> AgentId | None:
    """Who served this customer last, if the step asks for that and it was recent enough."""
    recent = step.last_agent_ms is not None and candidate.last_ms <= step.last_agent_ms
    return candidate.last_agent if recent else None


def asking(queue: Queue | None, candidate: Candidate) -> Asking:
    """In which line they stand. Of a queue that is no more (`queue` None) nobody can say what it asked."""
    if candidate.only is not None:
        return Asking(candidate.queue, 0, "", "", candidate.node, candidate.channel, candidate.only)
    step = step_of(queue, candidate.step) if queue is not None else None
    return Asking(
        candidate.queue,
        candidate.step,
        candidate.language if step is not None and step.language else "",
        (last_of(step, candidate) or "") if step is not None else "",
        candidate.node,
        candidate.channel,
    )


def able(roster: Roster, queue: Queue, what: Asking) -> int:
    """Who may serve those who ask for this, signed in or not."""
    if what.only:
        return roster.only((AgentId(what.only),))
    step = step_of(queue, what.step)
    own = _meets(roster, queue, step, what)
    return own | also_able(roster, queue, what) if step.also else own


def own_able(roster: Roster, queue: Queue, what: Asking) -> int:
    """Who may serve them without any further group."""
    return _meets(roster, queue, step_of(queue, what.step), what)


def also_able(roster: Roster, queue: Queue, what: Asking) -> int:
    """Who may serve them by a further group that is open."""
    mask = 0
    for each in step_of(queue, what.step).also:
        mask |= _meets(roster, queue, each, what)
    return mask


def _meets(roster: Roster, queue: Queue, step: Step, what: Asking) -> int:
    mask = roster.asked(step) & roster.members(queue.name, step.level)
    if step.language:
        mask &= roster.languages.get(what.language, 0)
    if step.of_persons:
        mask &= persons(roster, step, what)
    return mask


def persons(roster: Roster, step: Step, what: Asking) -> int:
    """Whom the step asks for by name; everybody if it doesn't."""
    mask = roster.every
    if step.agents:
        mask &= roster.only(step.agents)
    if step.last_agent_ms is not None:
        mask &= roster.only((AgentId(what.agent),)) if what.agent else 0
    return mask


def excluded(roster: Roster, queue: Queue, what: Asking, free: int) -> dict[str, int]:
    """How many of these free agents may not serve them, each counted by the first reason."""
    if what.only:
        return {"preferred": others} if (others := (free & ~able(roster, queue, what)).bit_count()) else {}
    step = step_of(queue, what.step)
    counts: dict[str, int] = {}
    also = also_able(roster, queue, what)
    sieves = (
        ("membership", roster.members(queue.name)),
        ("skill", roster.asked(step)),
        ("level", roster.members(queue.name, step.level)),
        ("language", roster.languages.get(what.language, 0) if step.language else roster.every),
        ("preferred", persons(roster, step, what)),
    )
    for reason, may in sieves:
        if out := (free & ~(may | also)).bit_count():
            counts[reason] = out
        free &= may | also
    return counts


def may_serve(profile: Profile, queue: Queue, what: Asking) -> bool:
    """Whether one agent may serve them: what `able` says of all."""
    return meets(profile, queue.name, step_of(queue, what.step), what)


def meets(profile: Profile, queue: QueueName, step: Step, what: Asking) -> bool:
    """Whether one agent may serve those who wait at this step of this queue, be it by a further group."""
    if what.only:
        return profile.id == what.only
    return _met(profile, queue, step, what) or any(_met(profile, queue, each, what) for each in step.also)


def _met(profile: Profile, queue: QueueName, step: Step, what: Asking) -> bool:
    if not step.met_by(profile.skills):
        return False
    if profile.queues:
        membership = profile.queues.get(queue)
        if membership is None or membership.level < step.level:
            return False
    elif step.level > USUAL.level:
        return False
    if step.language and what.language not in profile.languages:
        return False
    if step.agents and profile.id not in step.agents:
        return False
    return step.last_agent_ms is None or profile.id == what.agent


def could_serve(profile: Profile, queue: Queue) -> bool:
    """Whether they serve this queue at all, some day: a member, with the skills and the level of its widest step.
    Further groups, which come and go, are not looked at."""
    step = queue.widest
    if not step.met_by(profile.skills) or (step.agents and profile.id not in step.agents):
        return False
    if not profile.queues:
        return step.level <= USUAL.level
    membership = profile.queues.get(queue.name)
    return membership is not None and membership.level >= step.level


def whoever(roster: Roster, queue: Queue) -> int:
    """Those who could serve this queue, as `could_serve` has it, or by a further group that is open."""
    every = 0
    for step in (queue.widest, *queue.widest.also):
        mask = roster.asked(step) & roster.members(queue.name, step.level)
        every |= mask & roster.only(step.agents) if step.agents else mask
    return every


def passed_over(roster: Roster, queue: Queue, what: Asking) -> bool:
    """Whether the step asks for agents by name of whom none could come: then the next one holds at once."""
    step = step_of(queue, what.step)
    return not what.only and step.of_persons and not able(roster, queue, what) & roster.signed_in


def nobody_left(roster: Roster, queue: Queue, candidate: Candidate) -> bool:
    """Whether nobody who is signed in could serve them, however long they wait."""
    last = len(queue.steps) - 1
    widest = asking(queue, msgspec.structs.replace(candidate, step=last))
    return not able(roster, queue, widest) & roster.signed_in
