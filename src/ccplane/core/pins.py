"""Whether an agent's PIN counts. Everything that decides when it does not lives here; PINs themselves never come here.

Five wrong ones in a row lock it for a quarter of an hour, whoever gave them and from wherever: with six digits that
leaves a guesser years. It is part of the agent's state, so neither a restart nor another phone gives more tries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.agents import facts as a
from ccplane.agents.agent import Agent
from ccplane.core import inputs as i
from ccplane.core.turn import Turn

WRONG_PINS: Final = 5
LOCK_MS: Final = 15 * 60_000


def locked(agent: Agent, now: int) -> bool:
    """Whether no PIN of theirs counts now."""
    return agent.pin_locked_until is not None and now < agent.pin_locked_until


def tried(turn: Turn, what: i.PinTried) -> None:
    """What is tried while it is locked is no fact, right or wrong: it changes nothing, and tells a guesser nothing."""
    agent = turn.state.agents.get(what.agent)
    if agent is None or locked(agent, turn.now):
        return
    if what.right:
        turn.happened(a.PinAccepted(at=turn.now, agent=agent.id, way=what.way, whence=what.whence))
        return
    wrong = agent.wrong_pins + 1
    turn.happened(a.PinRefused(at=turn.now, agent=agent.id, way=what.way, whence=what.whence, in_a_row=wrong))
    if wrong >= WRONG_PINS:
        until = turn.now + LOCK_MS
        turn.happened(a.PinLocked(at=turn.now, agent=agent.id, way=what.way, whence=what.whence, until=until))


def changed(turn: Turn, what: i.PinChanged) -> None:
    """A new PIN is a new beginning."""
    if what.agent in turn.state.agents:
        turn.happened(a.PinSet(at=turn.now, agent=what.agent, by=what.by))


def unlock_asked(turn: Turn, what: i.PinUnlockAsked) -> None:
    """Where nothing is locked there is nothing to do."""
    agent = turn.state.agents.get(what.agent)
    if agent is not None and (agent.wrong_pins or locked(agent, turn.now)):
        turn.happened(a.PinUnlocked(at=turn.now, agent=agent.id, by=what.by))


PIN_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.PinTried: tried,
    i.PinChanged: changed,
    i.PinUnlockAsked: unlock_asked,
}
