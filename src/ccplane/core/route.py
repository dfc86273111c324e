"""Brings together those who wait and those who are free, after every input that changed either."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ccplane.agents.agent import Agent, Shown
from ccplane.contacts import facts as c
from ccplane.core.commands import RingAgent
from ccplane.core.fallback_first import held_back
from ccplane.core.follows import candidate
from ccplane.core.reach import auto_answers, endpoint_of
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.ids import AgentId, QueueName, leg_of, offer_id
from ccplane.routing.pick import Candidate, Pick, agent_for, contact_for, score_ms
from ccplane.routing.rules import Queue

SWITCH_LATER_MS = 2_000
"""The switch's own ring time-out comes this much after ours: it cannot be told from a phone's 480 (ASTERISK: Legs)."""

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
    for waiting in _by_claim(turn):
        if len(turn.state.free) <= len(held):
            break
        turn.attempt(waiting.contact, serve_contact, turn, waiting, held)


def _by_claim(turn: Turn) -> list[Candidate]:
    """Those who may now be served, the highest claim first: all who wait, if an agent became free."""
    state, queues = turn.state, turn.state.rules.queues
    if turn.freed:
        waiting = [each for line in state.lines.values() for each in line]
    else:
        waiting = [each for contact in turn.unserved if (each := candidate(state.contacts.get(contact)))]
    known = [each for each in waiting if each.queue in queues]
    return sorted(known, key=lambda each: (-score_ms(queues[each.queue], each.queued_at, turn.now), each.place))


def serve_contact(turn: Turn, waiting: Candidate, held: Collection[AgentId]) -> None:
    """Offer this contact to the agent its queue's strategy picks, if there is one. `held`: free agents who are offered
    nothing just now."""
    state = turn.state
    if state.nodes.get(state.contacts[waiting.contact].node, False):
        offer_to_best(turn, waiting, held)


def offer_to_best(
    turn: Turn, waiting: Candidate, held: Collection[AgentId], left_out: Mapping[str, Collection[AgentId]] = NOBODY
) -> bool:
    """Whether there was an agent to offer this contact to. `left_out`: further free agents who are not, by why."""
    state = turn.state
    out = {agent for agents in (held, *left_out.values()) for agent in agents}
    free = [state.agents[agent] for agent in state.free if agent not in out]
    others = busy(state, held) | {why: len(agents) for why, agents in left_out.items() if agents}
    pick = agent_for(waiting, state.rules.queues[waiting.queue], free, others, turn.now)
    if pick:
        _offer(turn, pick)
    return pick is not None


def serve_agent(turn: Turn, agent_id: AgentId, held: Collection[AgentId]) -> None:
    """Offer this agent, if free, the contact with the highest score over all queues they may serve, if there is one."""
    state = turn.state
    agent = state.agents.get(agent_id)
    if agent is None or not agent.free or agent_id in held:
        return
    pick = contact_for(agent, _within_reach(state), state.rules.queues, busy(state, held), turn.now)
    if pick:
        _offer(turn, pick)


def _within_reach(state: State) -> Mapping[QueueName, Sequence[Candidate]]:
    """The lines, without those who wait at a node that is not connected: a plane that begins has heard of none yet."""
    if state.nodes and all(state.nodes.values()):
        return state.lines
    return {
        name: [each for each in line if state.nodes.get(state.contacts[each.contact].node, False)]
        for name, line in state.lines.items()
    }


def busy(state: State, held: Collection[AgentId]) -> dict[str, int]:
    """How many agents cannot be offered anything, by what they are shown as; who is ready is clearing, resting, or
    left to the fallback's callers (`held`)."""
    counts = {shown.value: count for shown, count in state.shown.items() if count}
    ready = counts.pop("ready", 0)
    if clearing := sum(state.agents[each].shown is Shown.READY for each in set(state.clearing.values())):
        counts["clearing"] = clearing
    if resting := ready - len(state.free) - clearing:
        counts["resting"] = resting
    if held:
        counts["fallback-first"] = len(held)
    return counts


def can_serve(state: State, queue: Queue, agent: Agent) -> bool:
    """Signed in, and skilled enough for the queue's widest step."""
    return agent.signed_in and queue.widest.met_by(agent.profile.skills)


def anyone_signed_in(state: State, name: QueueName) -> bool:
    """Whether somebody who could serve this queue is signed in, busy or paused or not."""
    queue = state.rules.queues.get(name)
    return queue is not None and any(can_serve(state, queue, agent) for agent in state.agents.values())


def _offer(turn: Turn, pick: Pick) -> None:
    contact = turn.state.contacts[pick.contact]
    waiting = contact.waiting
    assert waiting is not None
    queue = turn.state.rules.queues[waiting.queue]
    attempt = waiting.offers + 1
    offer = offer_id(contact.id, contact.step, attempt)
    leg = leg_of(offer, turn.state.epoch)
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
            deadline=turn.now + queue.ring_ms,
            trace=pick.trace,
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
            timeout_ms=queue.ring_ms + SWITCH_LATER_MS,
            auto_answer=pick.agent.open_line is None and auto_answers(turn.state, pick.agent),
        )
    )
