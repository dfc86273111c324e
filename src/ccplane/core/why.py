"""Why a contact waits, and when it could be served: worked out when somebody asks, and nothing is changed.

Beside the trace that each decision leaves this is the full list: every agent, with all that keeps them from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec

from ccplane.agents.agent import Agent, Shown, Work
from ccplane.agents.facts import Intent
from ccplane.contacts.callback import Callback, CallbackState
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.waiting import Waiting
from ccplane.core.fallback_first import held_back
from ccplane.core.follows import as_candidate
from ccplane.core.state import State
from ccplane.ids import AgentId, CallbackId, ContactId, QueueName
from ccplane.routing.asking import Candidate, asking, class_of
from ccplane.routing.lines import score_ms
from ccplane.routing.rules import Queue
from ccplane.routing.why import StepTold, ahead, first_step_met, lacks, steps_told

HOURS: Final = "calling-hours"
NOT_YET: Final = (HOURS, "database-away", "no-node", "no-such-queue")
"""Why a callback was put off without a try."""


class AgentTold(msgspec.Struct, frozen=True):
    """An agent, and why they are not offered this contact now; `reasons` is empty where nothing keeps them from it."""

    id: AgentId
    name: str
    state: str
    reasons: tuple[str, ...]
    step: int | None
    """The first step, from 1, by which they may serve it, now or later; None: by none."""
    could_at: int | None
    """When they could at the earliest, if that is known: when their step holds and their wrap-up or rest is over."""


class WhyTold(msgspec.Struct, frozen=True, kw_only=True):
    """Why a contact waits. Times in ms UTC."""

    contact: ContactId
    phase: str
    because: str
    """The main reason, as a word: see `because_of`."""
    queue: QueueName | None = None
    queued_at: int | None = None
    score_s: float | None = None
    ahead: int = 0
    """How many come before it for an agent who may serve both."""
    first: ContactId | None = None
    """Who of them is the first."""
    ringing: tuple[AgentId, ...] = ()
    callback: CallbackId | None = None
    """Of a customer who is called back: their callback."""
    not_before: int | None = None
    """Of one who is not in the line yet: when they come into it."""
    gives_up_at: int | None = None
    """When the queue's `max_wait` or `longest_wait` is over; of who waits for one agent, when that is given up."""
    steps: tuple[StepTold, ...] = ()


def why(state: State, contact: Contact, now: int) -> WhyTold:
    """All but the agents, who may be many: `agents_told`."""
    waiting = contact.waiting
    ringing = tuple(each.agent for each in contact.offers)
    queue = state.rules.queues.get(waiting.queue) if waiting else None
    if waiting is None or queue is None or contact.phase is not Phase.WAITING:
        phase = "calling" if contact.absent and contact.phase is Phase.CONNECTING else contact.phase.value
        because = phase if waiting is None or queue else "queue-gone"
        called = contact.callback
        return WhyTold(contact=contact.id, phase=phase, because=because, ringing=ringing, callback=called)
    candidate = as_candidate(contact)
    before, first = ahead(state.engine, state.rules.queues, candidate)
    limits = [each for each in (queue.max_wait_ms, queue.longest_wait_ms) if each is not None]
    gives_up_at = waiting.here_since + min(limits) if limits else None
    steps = steps_told(state.engine, queue, candidate, begins(queue, waiting))
    return WhyTold(
        contact=contact.id,
        phase=contact.phase.value,
        because=because_of(state, contact, steps, before),
        queue=queue.name,
        queued_at=waiting.queued_at,
        score_s=score_ms(queue, candidate, now) / 1000,
        ahead=before,
        first=first,
        ringing=ringing,
        callback=contact.callback,
        gives_up_at=gives_up_at if waiting.direct is None else waiting.direct_until,
        steps=steps,
    )


def why_not_yet(callback: Callback) -> WhyTold:
    """Of a customer who is called back, while nobody stands in the line for them. being-promised: Postgres is asked to
    keep it. calling-hours: customers are not called now, or their queue is closed. database-away, no-node,
    no-such-queue: so it was a moment ago, and is looked at again. between-tries: they were called in vain."""
    last = callback.last_why or HOURS
    because = last if last in NOT_YET else "between-tries"
    asked = callback.state is CallbackState.ASKED
    return WhyTold(
        contact=callback.contact or ContactId(""),
        phase=callback.state.value,
        because="being-promised" if asked else because,
        callback=callback.id,
        not_before=None if asked else callback.deadline,
    )


def because_of(state: State, contact: Contact, steps: Iterable[StepTold], before: int) -> str:
    """ringing: a phone rings for it. calling: the customer is called, before an agent.
    no-switch: its node is not connected. catching-up: what happened while we stood
    still is being read. database-away: it is called back, and nobody can be asked whether it may be. nobody-yet: nobody
    who is signed in meets the step that holds. others-first: agents serve those before it first. all-busy: who meets
    the step is not free. held-back: who is free is left to the fallback's callers."""
    (holds,) = (each for each in steps if each.holds)
    checks = (
        ("ringing", bool(contact.offers)),
        ("calling", contact.being_called is not None),
        ("no-switch", not state.nodes.get(contact.node, False)),
        ("catching-up", state.behind),
        ("database-away", state.ledger_away and contact.absent),
        ("nobody-yet", not holds.signed_in),
        ("others-first", bool(holds.free) and contact.calls_first and bool(state.called_for)),
        ("held-back", bool(holds.free)),
        ("others-first", before > 0),
    )
    return next((word for word, is_so in checks if is_so), "all-busy")


def begins(queue: Queue, waiting: Waiting) -> list[int | None]:
    """When each step begins to hold; None of those that are over, and of the one that holds since before."""
    now = min(waiting.step, len(queue.steps) - 1)
    found: list[int | None] = []
    for number in range(len(queue.steps)):
        ends = queue.step_ends_at(number - 1) if number > now else None
        found.append(None if ends is None else waiting.here_since + ends - waiting.saved_ms)
    return found


def agents_told(state: State, contact: Contact, agents: Iterable[Agent], now: int) -> Iterator[AgentTold]:
    """Each of these agents, and what keeps them from this contact, which waits in a queue of the rules."""
    waiting = contact.waiting
    assert waiting is not None
    queue, candidate = state.rules.queues[waiting.queue], as_candidate(contact)
    starts, held = begins(queue, waiting), held_back(state)
    for agent in agents:
        reasons = (*lacks(agent.profile, queue, asking(queue, candidate)), *_not_free(agent, candidate, held))
        if contact.calls_first and agent.id in state.called_for:
            reasons = (*reasons, "customer-called")
        step = first_step_met(agent.profile, queue, candidate)
        at = _could_at(agent, starts[step], now) if step is not None else None
        yield AgentTold(
            agent.id, agent.profile.name, agent.shown.value, reasons, step + 1 if step is not None else None, at
        )


def _not_free(agent: Agent, waiting: Candidate, held: Collection[AgentId]) -> Iterator[str]:
    """Why they are offered nothing now, whatever they can: the words of the trace's `excluded`."""
    if agent.shown is not Shown.READY:
        yield agent.shown.value
    elif agent.clearing:
        yield "clearing"
    elif agent.rest_until is not None:
        yield "resting"
    elif agent.own_calls:
        yield Shown.OWN_CALL.value
    if agent.profile.capacity.get(class_of(waiting.channel), 0) < 1:
        yield "no-room"
    if agent.id in held:
        yield "fallback-first"


def _could_at(agent: Agent, step_begins: int | None, now: int) -> int | None:
    """None where nobody can know: while they talk, are away or paused, or wrap up until they say that they are done."""
    ready = agent.intent is Intent.READY and not agent.clearing and not agent.own_calls
    wraps_up = agent.work is Work.WRAP_UP and agent.wrap_up_until is not None
    if not ready or not (wraps_up or agent.shown is Shown.READY):
        return None
    return max(now, step_begins or now, (agent.wrap_up_until if wraps_up else None) or now, agent.rest_until or now)
