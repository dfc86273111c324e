"""What is dialled to reach an agent, and how their phone is to take it."""

from __future__ import annotations

from typing import Final

from ccplane.agents.agent import Agent
from ccplane.core.state import State

LINES: Final = "ccplane-lines"
"""The context of the dialplan that hands the far halves of legs into our application."""


def endpoint_of(agent: Agent) -> str:
    """What is dialled to reach them: the way into their open line, where there is one; else their phone."""
    return f"Local/{agent.id}@{LINES}/n" if agent.open_line else agent.endpoint


def rings_out(state: State, agent: Agent) -> bool:
    """Whether an offer rings at their phone until they take it; else the call is theirs at once."""
    return agent.open_line is None and not auto_answers(state, agent)


def auto_answers(state: State, agent: Agent) -> bool:
    seat = state.seats.get(agent.seat)
    return seat is not None and seat.auto_answer
