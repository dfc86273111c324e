"""A floor for `bench/routing.py`: agents with skills, queues whose steps ask for them, and a crowd that waits.

Every agent has five skills of all there are, each at a level from 1 to 10. There is a queue for each skill; its steps
ask for level 7, then 4, then 1; three in ten contacts have a priority. All of it is drawn from a seed.
"""

from __future__ import annotations

import random
from typing import Final

from msgspec.structs import replace

from ccplane.agents.agent import Agent
from ccplane.agents.facts import Intent, Phone, Profile
from ccplane.ids import AgentId, ContactId, NodeName, QueueName
from ccplane.routing.asking import Candidate
from ccplane.routing.engine import Engine, put_agent, put_waiting, ready_for
from ccplane.routing.rules import Queue, Step

NODE: Final = NodeName("node")
NODES: Final = {NODE: True}
SKILLS_EACH: Final = 5
LANGUAGES: Final = ("en", "zh-CN")
NOW: Final = 1_700_000_000_000


def queues_of(skills: int, strategy: str = "longest-idle") -> dict[QueueName, Queue]:
    return {
        QueueName(f"q{number}"): Queue(
            name=QueueName(f"q{number}"),
            steps=(
                Step({f"s{number}": 7}, 30_000),
                Step({f"s{number}": 4}, 30_000),
                Step({f"s{number}": 1}),
            ),
            strategy=strategy,
            weight_s=number % 3 * 10,
        )
        for number in range(skills)
    }


def agent_of(number: int, skills: int, chance: random.Random) -> Agent:
    """Ready, and busy: they become free when the measurement says so."""
    mine = chance.sample(range(skills), min(SKILLS_EACH, skills))
    profile = Profile(
        id=AgentId(f"{10_000 + number}"),
        name=f"Agent {number}",
        skills={f"s{each}": chance.randint(1, 10) for each in mine},
        endpoint=f"PJSIP/{10_000 + number}",
        languages=LANGUAGES[: 1 + number % 2],
    )
    return Agent(profile=profile, intent=Intent.PAUSED, phone=Phone.REACHABLE, idle_since=NOW - number)


def contact_of(number: int, queues: list[QueueName], chance: random.Random, at: int) -> Candidate:
    return Candidate(
        contact=ContactId(f"c-node-{NOW // 1000}.{number}"),
        queue=chance.choice(queues),
        queued_at=at,
        step=chance.choice((0, 0, 1, 2, 2, 2)),
        credit_s=chance.choice((0, 0, 0, 0, 0, 0, 0, 30, 60, 90)),
        language=LANGUAGES[number % 2],
        node=NODE,
    )


class Crowd:
    """An engine with `waiting` contacts and `agents`, none of them free; and what goes in and out of it."""

    def __init__(self, agents: int, skills: int, waiting: int, seed: int = 1, strategy: str = "longest-idle") -> None:
        self.chance = random.Random(seed)
        self.queues = queues_of(skills, strategy)
        self.names = list(self.queues)
        people = [agent_of(number, skills, self.chance) for number in range(agents)]
        self.agents = {each.id: each for each in people}
        self.ids = list(self.agents)
        self.waiting: dict[ContactId, Candidate] = {}
        self.now, self.number = NOW, 0
        self.engine = ready_for(Engine(), self.queues, {})
        for each in people:
            self.engine = put_agent(self.engine, None, each)
        for _ in range(waiting):
            self.arrives()

    def next_one(self) -> Candidate:
        """One who would come now."""
        self.now, self.number = self.now + 37, self.number + 1
        return contact_of(self.number, self.names, self.chance, self.now)

    def arrives(self) -> None:
        """One more, now."""
        new = self.next_one()
        self.waiting[new.contact] = new
        self.engine = put_waiting(self.engine, self.queues, None, new)

    def turns(self, agent: Agent, intent: Intent) -> Agent:
        """Ready, and so free; or not."""
        after = replace(agent, intent=intent, idle_since=self.now)
        self.engine = put_agent(self.engine, agent, after)
        self.agents[agent.id] = after
        return after
