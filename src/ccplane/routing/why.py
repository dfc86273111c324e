"""What a waiting contact asks for, step by step, and what an agent lacks for it: the full answer, when asked for."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from ccplane.agents.facts import Profile
from ccplane.ids import ContactId
from ccplane.routing.asking import Asking, Candidate, able, asking, last_of, meets, step_of
from ccplane.routing.engine import Engine, Queues
from ccplane.routing.lines import Rank, place_of, rank_of
from ccplane.routing.roster import USUAL
from ccplane.routing.rules import Queue, Step


class StepTold(msgspec.Struct, frozen=True):
    """A step of the queue, for this contact. `number` from 1; `asks`: in words."""

    number: int
    asks: str
    holds: bool
    from_at: int | None
    """When it begins to hold, or began, if they wait so long; None of one that is over."""
    signed_in: int
    """How many agents meet it and are signed in."""
    free: int
    """How many of them may be offered a contact now."""


def steps_told(engine: Engine, queue: Queue, waiting: Candidate, begins: list[int | None]) -> tuple[StepTold, ...]:
    """Each step; `begins`: when each of them does."""
    roster, told = engine.roster, []
    if waiting.only is not None:
        one = able(roster, queue, asking(queue, waiting))
        free = one & engine.may_offer(waiting.channel).mask
        asks = f"agent {waiting.only}, and nobody else"
        return (StepTold(1, asks, True, None, (one & roster.signed_in).bit_count(), free.bit_count()),)
    now = min(waiting.step, len(queue.steps) - 1)
    for number, (step, at) in enumerate(zip(queue.steps, begins, strict=True)):
        who = able(roster, queue, asking(queue, replace(waiting, step=number)))
        signed_in, free = who & roster.signed_in, who & engine.may_offer(waiting.channel).mask
        asks = in_words(step, waiting)
        told.append(StepTold(number + 1, asks, number == now, at, signed_in.bit_count(), free.bit_count()))
    return tuple(told)


def in_words(step: Step, waiting: Candidate) -> str:
    """What a step asks, for this contact."""
    asked = [_levels(step.skills)] if step.skills else []
    if step.any_of:
        asked.append("one of: " + "; ".join(_levels(each) or "anything" for each in step.any_of))
    if step.language:
        asked.append(f"speaks {waiting.language}")
    if step.level:
        asked.append(f"level {step.level} in the queue")
    if step.agents:
        asked.append("one of the agents " + ", ".join(step.agents))
    if step.last_agent_ms is not None:
        asked.append(f"agent {last_of(step, waiting) or '–'}, who served them last")
    return ", ".join(asked) or "anyone"


def _levels(skills: dict[str, int]) -> str:
    return ", ".join(f"{name} {level}" for name, level in skills.items())


def lacks(profile: Profile, queue: Queue, what: Asking) -> tuple[str, ...]:
    """All that keeps this agent from serving those who ask for this; nothing where they may. The words are those of the
    trace's `excluded`."""
    step = step_of(queue, what.step)
    if meets(profile, queue.name, step, what):
        return ()
    if what.only:
        return ("preferred",)
    membership = profile.queues.get(queue.name) if profile.queues else USUAL
    named = (not step.agents or profile.id in step.agents) and (step.last_agent_ms is None or profile.id == what.agent)
    found = (
        ("membership", membership is None),
        ("skill", not step.met_by(profile.skills)),
        ("level", membership is not None and membership.level < step.level),
        ("language", step.language and what.language not in profile.languages),
        ("preferred", not named),
    )
    return tuple(reason for reason, is_so in found if is_so)


def first_step_met(profile: Profile, queue: Queue, waiting: Candidate) -> int | None:
    """The number, from 0, of the first step from now on that this agent meets; None if there is none."""
    for number in range(min(waiting.step, len(queue.steps) - 1), len(queue.steps)):
        if meets(profile, queue.name, queue.steps[number], asking(queue, replace(waiting, step=number))):
            return number
    return None


def ahead(engine: Engine, queues: Queues, waiting: Candidate) -> tuple[int, ContactId | None]:
    """How many who wait come before this one for some agent who may serve both and is signed in; and who is first."""
    queue = queues[waiting.queue]
    mine = able(engine.roster, queue, asking(queue, waiting)) & engine.roster.signed_in
    count = 0
    first: tuple[Rank, ContactId] | None = None
    for what, line in engine.lines.lines.items():
        other = queues.get(what.queue)
        if other is None or not able(engine.roster, other, what) & mine:
            continue
        before = _before(engine, what, other, queue, waiting)
        best = line.waiting.first.candidate
        if before and (first is None or rank_of(other, best) < first[0]):
            first = (rank_of(other, best), best.contact)
        count += before
    return count, first[1] if first is not None else None


def _before(engine: Engine, what: Asking, other: Queue, queue: Queue, waiting: Candidate) -> int:
    """How many of a line come before this contact: as if it stood there, but for what the weights differ by."""
    line = engine.lines.lines[what].waiting
    if other.strict != queue.strict:
        return len(line) if other.strict > queue.strict else 0
    place = place_of(waiting)
    return line.before(place._replace(claim=place.claim + 1000 * (other.weight_s - queue.weight_s)))
