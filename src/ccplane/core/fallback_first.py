"""Callers who are left in app_queue came before those who come to us now: its agents are theirs first.

Both of us would ring the same phones. So while anybody waits there, those who are its members are offered nothing:
app_queue rings them within a second. It is known from the switch alone, and forgotten as soon as nobody waits there.
While we drain it is the other way round: whoever still waits with us came before all whom the fallback gets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from ccplane.agents.agent import Agent
from ccplane.core import inputs as i
from ccplane.core.members import EVERYBODY
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.facts import FallbackWaitsChanged
from ccplane.ids import AgentId, QueueName
from ccplane.routing.asking import could_serve

NOBODY: Final = frozenset[AgentId]()


def waits_seen(turn: Turn, what: i.FallbackWaitsSeen) -> None:
    """A fact where it changes. Whom nobody waits for any more in app_queue may be offered a contact at once."""
    before = turn.state.fallback_waits.get(what.node, ())
    queues = tuple(sorted(what.queues))
    if queues == before:
        return
    turn.happened(FallbackWaitsChanged(at=turn.now, node=what.node, queues=queues))
    if not {*before} <= {*queues}:
        let_go(turn)


def let_go(turn: Turn) -> None:
    """Whoever is free now may be offered what they could not be before."""
    for agent in turn.state.free:
        turn.freed[agent] = None


def held_back(state: State) -> Collection[AgentId]:
    """The free agents who are offered nothing."""
    if not state.fallback_waits:
        return NOBODY
    queues = waiting_in(state)
    return frozenset(each for each in state.free if _serves(state, queues, state.agents[each]))


def is_held_back(state: State, agent: Agent) -> bool:
    """Whether app_queue may ring this agent's phone for somebody who waits there: ready, and reached by their phone.
    One with an open line is not rung by it."""
    return bool(state.fallback_waits) and _serves(state, waiting_in(state), agent)


def waiting_in(state: State) -> frozenset[QueueName]:
    """app_queue's queues in which somebody waits who is to be served before those who come to us. Of a node that we
    are not connected to nobody knows for how long."""
    if state.draining is not None:
        return frozenset()
    connected = (queues for node, queues in state.fallback_waits.items() if state.nodes.get(node))
    return frozenset(queue for queues in connected for queue in queues)


def _serves(state: State, queues: frozenset[QueueName], agent: Agent) -> bool:
    """Whether they are a member of one of these, as `members` has it."""
    if not queues or not agent.takes_calls or agent.open_line is not None:
        return False
    if EVERYBODY in queues:
        return True
    known = (state.rules.queues.get(each) for each in queues)
    return any(each is not None and could_serve(agent.profile, each) for each in known)


FALLBACK_FIRST_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.FallbackWaitsSeen: waits_seen}
