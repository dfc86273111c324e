"""Callers who wait for one agent: whether that one can be had now. (What ends the wait: direct_waits.py.)

They stand in the line of a queue whose rules hold for them, and in which they count, but its hours, limits, steps and
overflows are not for them: one agent is all that they ask for, and whoever misses them has missed them for good.
"""

from __future__ import annotations

from typing import Final

from ccplane.agents.agent import Shown
from ccplane.contacts.direct import Direct
from ccplane.core.state import State
from ccplane.ids import AgentId

NOBODY, OFFLINE, BUSY = "no-such-agent", "offline", "busy"
FOR_GOOD: Final = (NOBODY, OFFLINE)
"""For these nobody waits."""
WHY: Final = {Shown.OFFLINE: OFFLINE, Shown.PAUSED: "paused", Shown.UNREACHABLE: "unreachable"}


def why_not_now(state: State, wanted: Direct) -> str | None:
    """Why nobody may even begin to wait for this agent; None if they may."""
    why = why_not_free(state, wanted.agent)
    return why if why in FOR_GOOD or not wanted.wait_ms else None


def why_not_free(state: State, agent_id: AgentId) -> str | None:
    """Why they cannot be offered anything now; None if they can."""
    agent = state.agents.get(agent_id)
    if agent is None:
        return NOBODY
    return None if agent.free else WHY.get(agent.shown, BUSY)
