"""Brings together those who wait and those who are free, after every input that changed either."""

from __future__ import annotations

from ccplane.agents.agent import Agent
from ccplane.contacts import facts as c
from ccplane.core.commands import RingAgent
from ccplane.core.state import State, candidate
from ccplane.core.turn import Turn
from ccplane.ids import AgentId, ContactId, QueueName, leg_of, offer_id
from ccplane.routing.pick import Pick, agent_for, contact_for
from ccplane.routing.rules import Queue

SWITCH_LATER_MS = 2_000
"""The switch's own ring time-out comes this much after ours: it cannot be told from a phone's 480 (ASTERISK: Legs)."""


def route(turn: Turn) -> None:
    """Make every offer that this turn made possible. Contacts first, in the order they came."""
    for contact in sorted(turn.unserved, key=lambda each: _came(turn.state, each)):
        serve_contact(turn, contact)
    for agent in turn.freed:
        if agent in turn.state.agents and turn.state.agents[agent].free:
            serve_agent(turn, agent)


def serve_contact(turn: Turn, contact_id: ContactId) -> None:
    """Offer this contact to the agent its queue's strategy picks, if there is one."""
    contact = turn.state.contacts.get(contact_id)
    waiting = candidate(contact)
    if contact is None or waiting is None or waiting.queue not in turn.state.rules.queues:
        return
    if not turn.state.nodes.get(contact.node, False):
        return
    queue = turn.state.rules.queues[waiting.queue]
    free = [turn.state.agents[agent] for agent in turn.state.free]
    pick = agent_for(waiting, queue, free, busy(turn.state), turn.now)
    if pick:
        _offer(turn, pick)


def serve_agent(turn: Turn, agent_id: AgentId) -> None:
    """Offer this free agent the contact with the highest score over all queues they may serve, if there is one."""
    state = turn.state
    if not any(state.nodes.values()):
        return
    pick = contact_for(state.agents[agent_id], state.lines, state.rules.queues, busy(state), turn.now)
    if pick:
        _offer(turn, pick)


def busy(state: State) -> dict[str, int]:
    """How many agents cannot be offered anything, by what they are shown as; those resting after a miss apart."""
    counts = {shown.value: count for shown, count in state.shown.items() if count}
    ready = counts.pop("ready", 0)
    if resting := ready - len(state.free):
        counts["resting"] = resting
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
            endpoint=pick.agent.profile.endpoint,
            caller=contact.caller,
            caller_name=contact.caller_name,
            timeout_ms=queue.ring_ms + SWITCH_LATER_MS,
        )
    )


def _came(state: State, contact: ContactId) -> int:
    waiting = candidate(state.contacts.get(contact))
    return waiting.queued_at if waiting else 0
