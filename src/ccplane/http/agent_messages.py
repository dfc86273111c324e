"""How many messages wait for an agent to answer them: told to their screen at first, and when it is another number.

It is counted once for all screens, a moment after something happened to a message, and never beside a call's facts: a
box may hold a thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, get_args

import msgspec

from ccplane.agents.agent import Agent
from ccplane.agents.facts import PeopleLoaded
from ccplane.contacts.facts import AnyOwedFact, MessageMarked, MessageStored
from ccplane.contacts.owed import Owed
from ccplane.core import State
from ccplane.ids import AgentId, QueueName
from ccplane.laws import Fact
from ccplane.routing.asking import could_serve
from ccplane.routing.rules import RulesLoaded

AFTER_S: Final = 0.05
"""What happens within so long is counted once."""
MOVING: Final = (MessageStored, MessageMarked, *get_args(AnyOwedFact), PeopleLoaded, RulesLoaded)
"""What may change how many there are for somebody: also whom a queue's agents are."""
_encoder: Final = msgspec.json.Encoder()

Whose = tuple[QueueName, AgentId, AgentId, bool]
"""The queue, the agent whose box it is, who has it, and whether it is overdue."""


class MessagesNow(msgspec.Struct, frozen=True, tag_field="type", tag="messages"):
    """Messages that an agent may answer. `new`: nobody has them; `mine`: they have; `overdue`: of both, those whose
    promised time is over."""

    new: int = 0
    mine: int = 0
    overdue: int = 0


NONE: Final = MessagesNow()


def about_messages(facts: Iterable[Fact]) -> bool:
    """Whether any of them may change what waits for somebody."""
    return any(isinstance(fact, MOVING) for fact in facts)


def counted(messages: Iterable[Owed]) -> Counter[Whose]:
    """How many there are of each sort."""
    return Counter((each.queue, each.agent, each.owner, each.overdue) for each in messages)


def messages_of(state: State, sorts: Counter[Whose], agent: Agent) -> MessagesNow:
    """What waits for this agent."""
    new = mine = late = 0
    for (queue, box, owner, overdue), count in sorts.items():
        if owner == agent.id:
            mine += count
        elif not owner and (box == agent.id or _serves(state, agent, queue)):
            new += count
        else:
            continue
        late += count * overdue
    return MessagesNow(new, mine, late)


def encoded(now: MessagesNow) -> bytes:
    """The message to a screen."""
    return _encoder.encode(now)


def _serves(state: State, agent: Agent, queue: QueueName) -> bool:
    rule = state.rules.queues.get(queue)
    return rule is not None and could_serve(agent.profile, rule)
