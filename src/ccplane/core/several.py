"""Several phones ring for one contact, where its queue says so (`ring_at_once`): whoever answers first has the talk.

Whoever waits and has no open offer comes first: agents who are free after that are rung beside those who ring already,
for the contact with the highest claim first. So nobody waits longer because another's call rings at many phones.
An agent's phone that takes calls by itself would answer before anybody could be the first: such an agent is offered a
contact alone. Who was rung and not the first keeps their place among the longest idle (`Agent.idle_kept`).
"""

from __future__ import annotations

from collections.abc import Collection

from ccplane.contacts.contact import Contact
from ccplane.core.fallback_first import held_back
from ccplane.core.follows import as_candidate
from ccplane.core.reach import rings_out
from ccplane.core.route import offer_to_best
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.ids import AgentId, ContactId


def ring_more(turn: Turn) -> None:
    """Make every further offer that this turn made possible."""
    state = turn.state
    if state.behind or not state.wanting or not (turn.freed or turn.wanting):
        return
    held, alone = held_back(state), _alone(state)
    concerned = state.wanting if turn.freed else [each for each in turn.wanting if each in state.wanting]
    for contact in sorted(concerned, key=lambda each: _claim(state, state.contacts[each])):
        turn.attempt(contact, _ring, turn, contact, held, alone)


def _claim(state: State, contact: Contact) -> tuple[int, int, int, str]:
    """Who comes first: as in `route`."""
    waiting = contact.waiting
    assert waiting is not None
    queue = state.rules.queues[waiting.queue]
    ahead_ms = 1000 * (waiting.credit_s + queue.weight_s)
    return -queue.strict, waiting.held_place - ahead_ms, len(contact.id), contact.id


def _alone(state: State) -> Collection[AgentId]:
    """The free agents who are never one of several."""
    if not any(seat.auto_answer or seat.always_on for seat in state.seats.values()):
        return ()
    return [each for each in state.free if not rings_out(state, state.agents[each])]


def _ring(turn: Turn, of: ContactId, held: Collection[AgentId], alone: Collection[AgentId]) -> None:
    """As many as may ring for this contact, and are free."""
    while of in turn.state.wanting and may_ring_more(turn.state, turn.state.contacts[of]):
        if not offer_to_best(turn, as_candidate(turn.state.contacts[of]), held, {"auto-answer": alone}):
            return


def may_ring_more(state: State, contact: Contact) -> bool:
    """Not beside one whose phone takes the call by itself, nor where nobody hears of it."""
    rung = (state.agents[each.agent] for each in contact.offers)
    return state.nodes.get(contact.node, False) and all(rings_out(state, each) for each in rung)
