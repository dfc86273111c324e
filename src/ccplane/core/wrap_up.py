"""Work after a call: it begins with the end of a talk, and ends by its time or because the agent is done.

Nothing else ends it: no call that waits elsewhere, nothing that becomes of the caller, no phone that comes or goes, no
call of the agent's own. It keeps the rule that held when the talk ended, whatever is edited meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.agents import facts as a
from ccplane.agents.agent import Agent, Work
from ccplane.agents.wrap_up import WrapUp
from ccplane.core import inputs as i
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.ids import AgentId, QueueName

NONE: Final = WrapUp()


def wrap_up_after(state: State, agent_id: AgentId, queue: QueueName) -> WrapUp:
    """The rule after a talk: the agent's own before the queue's; none in a queue that is no more."""
    agent = state.agents.get(agent_id)
    if agent is not None and agent.profile.wrap_up is not None:
        return agent.profile.wrap_up
    found = state.rules.queues.get(queue)
    return found.wrap_up if found else NONE


def wrap_up_over(turn: Turn, agent: Agent, by: str = "") -> None:
    """They are free again. Where time ended it, it ended when that was up, however late it is told."""
    until = turn.now if agent.wrap_up_until is None else min(turn.now, agent.wrap_up_until)
    turn.happened(a.WrapUpDone(at=turn.now, agent=agent.id, by=by, wrap_up_ms=max(0, until - agent.since)))


def who_leaves_is_done(turn: Turn, agent_id: AgentId, by: str) -> None:
    """Who signs out, or is no agent any more, will never say so: what only they could end is over."""
    agent = turn.state.agents[agent_id]
    if agent.work is Work.WRAP_UP and agent.wrap_up_until is None:
        wrap_up_over(turn, agent, by)


def wraps_up(agent: Agent, since: int | None) -> bool:
    """Whether they work after a call; that which began at `since` (ms), if one is meant."""
    return agent.work is Work.WRAP_UP and since in (None, agent.since)


def done(turn: Turn, what: i.WrapUpEnded) -> None:
    """The agent is done, before the time or without one. A click that comes late ends no other work than it meant."""
    agent = turn.state.agents.get(what.agent)
    if agent is not None and wraps_up(agent, what.since):
        wrap_up_over(turn, agent, what.by)


def extend_asked(turn: Turn, what: i.WrapUpExtendAsked) -> None:
    """As often as asked, but not beyond the most."""
    agent = turn.state.agents.get(what.agent)
    until = agent.could_wrap_up_until(turn.now) if agent else None
    if agent is not None and until is not None:
        turn.happened(a.WrapUpExtended(at=turn.now, agent=agent.id, until=until, by=what.by))


def why_not_extend(agent: Agent) -> str | None:
    """Why it can't be extended now, as the code of an error; None if it can.

    `not-in-wrap-up`, `not-extendable` (by the rule), `wrap-up-at-most` (that was all).
    """
    if agent.work is not Work.WRAP_UP:
        return "not-in-wrap-up"
    if agent.wrap_up_until is None or not agent.wrap_up_extend_ms:
        return "not-extendable"
    return None if agent.could_wrap_up_until(0) is not None else "wrap-up-at-most"


WRAP_UP_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.WrapUpEnded: done,
    i.WrapUpExtendAsked: extend_asked,
}
