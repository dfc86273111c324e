"""Why the work after a call can't be ended or extended now: said alike by the API and on the agent's socket."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ccplane.agents.agent import Agent
from ccplane.core.wrap_up import why_not_extend, wraps_up
from ccplane.errors import RequestError

FAULTS: Final = {
    "not-in-wrap-up": "There is no work after a call to be done with.",
    "not-extendable": "This wrap-up can't be extended: its rule, in acd/, gives no `extend`.",
    "wrap-up-at-most": "This wrap-up has been extended as far as it may be.",
}


def wrapping_up(agent: Agent, since: datetime | None = None) -> int | None:
    """Since when, in ms, if that was said. RequestError if they are not, or not in the work that began then."""
    meant = None if since is None else round(since.timestamp() * 1000)
    if not wraps_up(agent, meant):
        raise RequestError("not-in-wrap-up", FAULTS["not-in-wrap-up"], agent=agent.id)
    return meant


def extendable(agent: Agent) -> None:
    """RequestError if it is none, or can't be extended any further."""
    why = why_not_extend(agent)
    if why is not None:
        raise RequestError(why, FAULTS[why], agent=agent.id)
