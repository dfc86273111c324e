"""Brings together those who wait and those who are free, after every input that changed either."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from ccplane.agents.agent import Agent, Shown
from ccplane.contacts import facts as c
from ccplane.core.call_first import call_first
from ccplane.core.commands import RingAgent
from ccplane.core.fallback_first import held_back
from ccplane.core.follows import offerable
from ccplane.core.reach import auto_answers, endpoint_of
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.ids import AgentId, QueueName, leg_of, offer_id
from ccplane.routing.asking import CALL_FIRST, Asking, Candidate, asking, could_serve, nobody_left, whoever
from ccplane.routing.engine import Merge, Pick, agent_for, contact_for
from ccplane.routing.rules import Queue

SWITCH_LATER_MS = 2_000
"""The switch's own ring time-out comes this much after ours: it cannot be told from a phone's 480 (ASTERISK: Legs)."""

MANY: Final = 16
"""With more agents free all lines are looked at, each once, instead of each agent's."""
NOBODY: Final[Mapping[str, Collection[AgentId]]] = {}


def route(turn: Turn) -> None:
    """Make every offer that this turn made possible. What was possible before it has been made (see the tests)."""
    if turn.state.behind or not (turn.freed or turn.unserved):
        return
    held = held_back(turn.state)
    if len(turn.freed) == 1 and not turn.unserved:
        agent = next(iter(turn.freed))
        turn.attempt(agent, serve_agent, turn, agent, held)
        return
    engine, rules, nodes = turn.state.engine, turn.state.rules, turn.state.nodes
    out = engine.roster.only(held)
    merge = Merge(engine, _concerned(turn), rules.queues, nodes)
    while (waiting := merge.next(turn.state.engine, out, called_for(turn.state))) is not None:
        turn.attempt(waiting.contact, offer_to_best, turn, waiting, held)


def _concerned(turn: Turn) -> Iterable[Asking]:
    """The lines of those who may now be served: of who came, and all that an agent who became free might serve."""
    state, engine = turn.state, turn.state.engine
    if len(turn.freed) > MANY:
        return list(engine.lines.lines)
    lines: dict[Asking, None] = {}
    for agent_id in turn.freed:
        agent = state.agents.get(agent_id)
        if agent is not None and agent.free:
            lines.update(dict.fromkeys(engine.lines.found_by(agent.profile)))
    for contact in turn.unserved:
        waiting = offerable(state, state.contacts.get(contact))
        if waiting is not None:
            lines[asking(state.rules.queues.get(waiting.queue), waiting)] = None
    return lines


def offer_to_best(
    turn: Turn, waiting: Candidate, held: Collection[AgentId], left_out: Mapping[str, Collection[AgentId]] = NOBODY
) -> bool:
    """Whether there was an agent to offer this contact to, the one its queue's strategy picks. `held`: free agents who
    are offered nothing just now. `left_out`: further free agents who are not, by why."""
    state = turn.state
    out = state.engine.roster.only({agent for agents in (held, *left_out.values()) for agent in agents})
    if waiting.channel == CALL_FIRST:
        out |= called_for(state)

    def others() -> dict[str, int]:
        return busy(state, held) | {why: len(agents) for why, agents in left_out.items() if agents}

    queue = state.rules.queues[waiting.queue]
    pick = agent_for(state.engine, waiting, queue, state.agents, turn.now, out, others)
    if pick:
        _offer(turn, pick)
    return pick is not None


def serve_agent(turn: Turn, agent_id: AgentId, held: Collection[AgentId]) -> None:
    """Offer this agent, if free, the contact with the highest score over all queues they may serve, if there is one."""
    state = turn.state
    agent = state.agents.get(agent_id)
    if agent is None or not agent.free or agent_id in held:
        return
    without = CALL_FIRST if agent_id in state.called_for else ""
    pick = contact_for(state.engine, agent, state.nodes, turn.now, lambda: busy(state, held), without)
    if pick:
        _offer(turn, pick)
        if turn.state.agents[agent_id].free:
            serve_agent(turn, agent_id, held)  # a customer is being called for them, and they have time for others


def called_for(state: State) -> int:
    """The slots of agents for whom a customer is being called: no other is, meanwhile."""
    return state.engine.roster.only(state.called_for) if state.called_for else 0


def busy(state: State, held: Collection[AgentId]) -> dict[str, int]:
    """How many agents cannot be offered anything, by what they are shown as; who is ready is clearing, resting, without
    room for a call, or left to the fallback's callers (`held`)."""
    counts = {shown.value: count for shown, count in state.shown.items() if count}
    ready, engine = counts.pop("ready", 0), state.engine
    if clearing := sum(state.agents[each].shown is Shown.READY for each in set(state.clearing.values())):
        counts["clearing"] = clearing
    if resting := ready - engine.idle.bit_count() - clearing:
        counts["resting"] = resting
    if full := (engine.idle & ~engine.may_offer().mask).bit_count():
        counts["no-room"] = full
    if held:
        counts["fallback-first"] = len(held)
    return counts


def can_serve(state: State, queue: Queue, agent: Agent) -> bool:
    """Signed in, and able to serve this queue at its widest step."""
    return agent.signed_in and could_serve(agent.profile, queue)


def anyone_signed_in(state: State, name: QueueName) -> bool:
    """Whether somebody who could serve this queue is signed in, busy or paused or not."""
    queue = state.rules.queues.get(name)
    return queue is not None and bool(whoever(state.engine.roster, queue) & state.engine.roster.signed_in)


def anyone_for(state: State, waiting: Candidate) -> bool:
    """Whether somebody is signed in who could serve this contact at the queue's widest step."""
    queue = state.rules.queues.get(waiting.queue)
    return queue is not None and not nobody_left(state.engine.roster, queue, waiting)


def _offer(turn: Turn, pick: Pick) -> None:
    contact = turn.state.contacts[pick.contact]
    if contact.calls_first:
        call_first(turn, contact, pick.agent.id, pick.trace)
        return
    waiting = contact.waiting
    assert waiting is not None
    queue = turn.state.rules.queues[waiting.queue]
    attempt = waiting.offers + 1
    offer = offer_id(contact.id, contact.step, attempt)
    leg = leg_of(offer, turn.state.epoch)
    told = pick.agent.open_line is None and auto_answers(turn.state, pick.agent)
    by_itself = told or pick.agent.open_line is not None
    ring_ms = queue.ring_ms
    if waiting.direct is not None and waiting.direct.ring_ms is not None:
        ring_ms = waiting.direct.ring_ms
    ring_ms = min(ring_ms, turn.state.rules.auto_answer_ms) if by_itself else ring_ms
    turn.happened(
        c.OfferMade(
            at=turn.now,
            contact=contact.id,
            offer=offer,
            agent=pick.agent.id,
            queue=queue.name,
            segment=waiting.segment,
            attempt=attempt,
            leg=leg,
            deadline=turn.now + ring_ms,
            trace=pick.trace,
            auto_answer=by_itself,
        )
    )
    turn.do(
        RingAgent(
            contact=contact.id,
            offer=offer,
            leg=leg,
            agent=pick.agent.id,
            endpoint=endpoint_of(pick.agent),
            caller=contact.caller,
            caller_name=contact.caller_name,
            timeout_ms=ring_ms + SWITCH_LATER_MS,
            auto_answer=told,
        )
    )
