"""What lamps show of agents. Those of their own seat follow its phones by themselves, at the switch; but the lamp of an
agent who sits elsewhere would be dark while they talk there, so of these it is told what they do.
"""

from __future__ import annotations

from typing import Final

from ccplane.agents.agent import Agent, Work
from ccplane.agents.facts import AgentFact, Intent
from ccplane.contacts.facts import OfferFact
from ccplane.core.commands import Light, MirrorIntent, MirrorWork
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.ids import device_of, seat_of

LIGHTS: Final = {
    Work.OFFERED: Light.RINGS,
    Work.CONNECTING: Light.IN_CALL,
    Work.TALKING: Light.IN_CALL,
    Work.REJOINING: Light.IN_CALL,
    Work.OWN_CALL: Light.IN_CALL,
}


def elsewhere(agent: Agent) -> Light:
    """What an agent does at a seat that is not their own; OFF for all who sit at their own."""
    at_home = agent.seat == seat_of(device_of(agent.profile.endpoint))
    return Light.OFF if at_home else LIGHTS.get(agent.work, Light.OFF)


def mirror(agent: Agent) -> MirrorIntent:
    """All that is shown of an agent."""
    return MirrorIntent(agent.id, agent.intent is Intent.READY, agent.intent is Intent.PAUSED, elsewhere(agent))


def light(turn: Turn, before: State) -> None:
    """After all was decided: whose work at another seat is another now."""
    touched = dict.fromkeys(fact.agent for fact in turn.facts if isinstance(fact, AgentFact | OfferFact))
    for agent_id in touched:
        was, now = before.agents.get(agent_id), turn.state.agents.get(agent_id)
        if was is not None and now is not None and elsewhere(was) is not elsewhere(now):
            turn.do(MirrorWork(agent_id, elsewhere(now)))
