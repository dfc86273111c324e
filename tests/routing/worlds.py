"""Sites, agents and contacts as Hypothesis draws them: few of everything, so that they meet."""

from __future__ import annotations

from hypothesis import strategies as st

from ccplane.agents.agent import Agent
from ccplane.agents.facts import Intent, Membership, Phone, Profile
from ccplane.agents.tally import Tally
from ccplane.ids import AgentId, ContactId, NodeName, QueueName
from ccplane.routing.asking import Candidate
from ccplane.routing.engine import Engine, put_agent, put_waiting, ready_for
from ccplane.routing.rules import Queue, Step
from ccplane.routing.strategies import STRATEGIES

SKILLS, LANGUAGES, NODE = ("s1", "s2", "s3"), ("en", "zh"), NodeName("node")
NODES = {NODE: True}
QUEUES = tuple(QueueName(each) for each in ("q1", "q2", "q3"))
AGENTS = tuple(AgentId(each) for each in ("ana", "ben", "cem", "dia", "eva", "fritz"))
LEVELS = st.integers(1, 10)
WANTED = st.dictionaries(st.sampled_from(SKILLS), LEVELS, max_size=2)

GROUPS = st.builds(
    Step,
    skills=WANTED,
    level=st.sampled_from((0, 0, 3)),
    agents=st.one_of(st.just(()), st.just(()), st.lists(st.sampled_from((*AGENTS, "gone")), min_size=1).map(tuple)),
)
STEPS = st.builds(
    Step,
    also=st.one_of(st.just(()), st.just(()), st.lists(GROUPS, max_size=2).map(tuple)),
    skills=WANTED,
    for_ms=st.just(10_000),
    any_of=st.lists(WANTED, max_size=2).map(tuple),
    language=st.booleans(),
    level=st.sampled_from((0, 0, 3, 5, 6)),
    agents=st.one_of(st.just(()), st.just(()), st.lists(st.sampled_from((*AGENTS, "gone")), min_size=1).map(tuple)),
    last_agent_ms=st.sampled_from((None, None, 5_000)),
)
MADE = sorted(set(STRATEGIES) - {"weighted-random"})


@st.composite
def sites(draw, strategies=tuple(MADE)):
    return {
        name: Queue(
            name=name,
            steps=tuple(draw(st.lists(STEPS, min_size=1, max_size=3))),
            strategy=draw(st.sampled_from(strategies)),
            weight_s=draw(st.integers(-5, 5)),
            strict=draw(st.sampled_from((0, 0, 0, 1))),
        )
        for name in QUEUES
    }


PROFILES = {
    name: st.builds(
        Profile,
        id=st.just(name),
        name=st.just(name),
        skills=st.dictionaries(st.sampled_from(SKILLS), LEVELS),
        endpoint=st.just(f"PJSIP/{name}"),
        languages=st.lists(st.sampled_from(LANGUAGES), unique=True).map(tuple),
        queues=st.dictionaries(st.sampled_from(QUEUES), st.builds(Membership, LEVELS, st.integers(1, 2)), max_size=2),
        capacity=st.sampled_from(({"voice": 1}, {"voice": 1}, {"chat": 3}, {"voice": 0, "chat": 3})),
    )
    for name in AGENTS
}


def agents(name):
    return st.builds(
        Agent,
        profile=PROFILES[name],
        intent=st.sampled_from((Intent.READY, Intent.READY, Intent.OFFLINE)),
        phone=st.just(Phone.REACHABLE),
        idle_since=st.integers(0, 5),
        offered_at=st.integers(0, 3),
        tally=st.builds(Tally, day=st.integers(0, 1), contacts=st.integers(0, 2), busy_ms=st.integers(0, 2)),
    )


EVERYONE = st.tuples(*(st.none() | agents(name) for name in AGENTS)).map(lambda all_: [each for each in all_ if each])


@st.composite
def crowds(draw):
    """Those who wait."""
    return [
        Candidate(
            contact=ContactId(f"node-{number}"),
            queue=draw(st.sampled_from(QUEUES)),
            queued_at=draw(st.integers(0, 20)) * 500,
            step=draw(st.integers(0, 2)),
            credit_s=draw(st.sampled_from((0, 0, 3))),
            language=draw(st.sampled_from(LANGUAGES)),
            last_agent=draw(st.sampled_from((None, *AGENTS))),
            last_ms=draw(st.sampled_from((1_000, 9_000))),
            node=NODE,
            only=draw(st.sampled_from((None, None, None, None, *AGENTS))),
        )
        for number in range(draw(st.integers(0, 12)))
    ]


def built(queues, people, crowd):
    """The engine with all of them in."""
    engine = ready_for(Engine(), queues, {})
    for each in people:
        engine = put_agent(engine, None, each)
    for each in crowd:
        engine = put_waiting(engine, queues, None, each)
    return engine
