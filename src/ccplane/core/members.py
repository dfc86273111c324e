"""Who answers in the fallback: by agents' state, who is to be a member of which of app_queue's queues, by what phone.

Members are those who take calls: a paused agent is none, so that a caller for whom only paused agents are left goes on
to voicemail. What an agent does just now is nobody's business here, since app_queue sees by itself which phones are in
use. So this changes only when an agent's intent, place or skills do, or the rules.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ccplane.agents.agent import Agent
from ccplane.core.state import State
from ccplane.ids import AgentId, QueueName
from ccplane.routing.asking import could_serve
from ccplane.routing.patterns import is_pattern
from ccplane.routing.rules import Rules

EVERYBODY: Final = QueueName("ccplane")
"""The queue of callers of whom nobody knows which is theirs."""


class Member(msgspec.Struct, frozen=True, order=True):
    """An agent in one of app_queue's queues. `interface`: what is rung, `PJSIP/1001-web`."""

    queue: QueueName
    interface: str
    agent: AgentId


def members(state: State) -> frozenset[Member]:
    """All members that there should be."""
    return frozenset(each for agent in state.agents.values() for each in members_of(agent, state.rules))


def members_of(agent: Agent, rules: Rules) -> frozenset[Member]:
    """Where this agent should be one. At an always-on seat too: their phone is in use until the guard has hung up the
    open line, and then it rings like any other."""
    if not agent.takes_calls:
        return frozenset()
    skilled = (queue.name for queue in rules.queues.values() if could_serve(agent.profile, queue))
    return frozenset(Member(queue, agent.endpoint, agent.id) for queue in (*skilled, EVERYBODY))


def numbers(rules: Rules) -> dict[str, QueueName]:
    """Which queue answers each number that callers dial; everybody those of a pattern, which the dialplan knows not."""
    listed = (each for each in rules.numbers.values() if not each.number.startswith("*"))
    exact = (each for each in listed if not is_pattern(each.number))
    return {each.number: each.fallback or each.queue or EVERYBODY for each in exact}
