"""Contact centres of which the literature knows the numbers (KPI.md)."""

from __future__ import annotations

from itertools import combinations, cycle, islice

from ccplane.agents.facts import Membership, Profile
from ccplane.ids import AgentId, QueueName
from ccplane.routing.rules import Queue, Step
from ccplane.simulate.arrivals import Curve, Stream
from ccplane.simulate.chance import Exponential, Never
from ccplane.simulate.day import Shift
from ccplane.simulate.scenario import Scenario

MINUTE, HOUR = 60_000, 3_600_000
ONE = QueueName("calls")


def agent(name, queues=None, skills=None):
    return Profile(id=AgentId(name), name=name, skills=skills or {}, endpoint=f"PJSIP/{name}", queues=queues or {})


def queue(name, within_ms=20_000, **more):
    return Queue(name=QueueName(name), steps=(Step(),), within_ms=within_ms, **more)


def one_queue(agents, per_minute, service_ms, open_ms, **more):
    """M/M/n: one queue, anyone serves, nobody hangs up."""
    return Scenario(
        name="M/M/n",
        queues={ONE: queue(ONE)},
        streams=(
            Stream(
                name="all",
                queue=ONE,
                curve=Curve((per_minute,), open_ms),
                service=Exponential(service_ms),
                patience=Never(),
            ),
        ),
        shifts=tuple(Shift(agent(f"{n:03}")) for n in range(agents)),
        open_ms=open_ms,
        **more,
    )


def staffed(group, counts, slot_ms, queues):
    """So many agents of a group in each slot; who is there in the last stays until nobody waits."""
    for n in range(max(counts)):
        there = [count > n for count in counts]
        begin = None
        for slot, here in enumerate([*there, False]):
            if here and begin is None:
                begin = slot
            elif not here and begin is not None:
                ends = None if slot == len(counts) else slot * slot_ms
                yield Shift(agent(f"{group}-{n:02}", queues), begin * slot_ms, ends, group)
                begin = None


def simple_msk():
    """Three types of contacts and two groups of agents, a day of three periods of two hours (Montréal).

    Service and patience are those of the period in which a contact comes, whatever its type.
    """
    types = [QueueName(f"type-{n}") for n in range(3)]
    rates = ((4.2, 5.3, 3.2), (5.1, 4.3, 4.8), (6.3, 5.2, 4.8))
    service, patience = (0.5, 0.6, 0.4), (0.3, 0.4, 0.2)
    first = {types[0]: Membership(5, 1), types[1]: Membership(5, 1)}
    second = {types[1]: Membership(5, 2), types[2]: Membership(5, 1)}
    return Scenario(
        name="SimpleMSK",
        queues={name: queue(name) for name in types},
        streams=tuple(
            Stream(
                name=f"{name} in period {period}",
                queue=name,
                curve=Curve((*(0.0,) * period, rates[n][period]), 2 * HOUR),
                service=Exponential(MINUTE / service[period]),
                patience=Exponential(MINUTE / patience[period]),
            )
            for n, name in enumerate(types)
            for period in range(3)
        ),
        shifts=(
            *staffed("group-0", (12, 18, 9), 2 * HOUR, first),
            *staffed("group-1", (15, 20, 11), 2 * HOUR, second),
        ),
        open_ms=6 * HOUR,
        busyness=28.7,
    )


def with_skills(skills, open_ms=20 * HOUR):
    """Six types of contacts, 81 erlangs of ten minutes each, and 90 agents who each know so many of the types, all
    combinations alike (after Wallace and Whitt, 2005)."""
    types = [QueueName(f"type-{n}") for n in range(6)]
    known = islice(cycle(combinations(types, skills)), 90)
    return Scenario(
        name=f"{skills} of 6 skills",
        queues={name: queue(name) for name in types},
        streams=tuple(
            Stream(
                name=name,
                queue=name,
                curve=Curve((1.35,), open_ms),
                service=Exponential(10 * MINUTE),
                patience=Never(),
            )
            for name in types
        ),
        shifts=tuple(Shift(agent(f"{n:02}", {name: Membership() for name in each})) for n, each in enumerate(known)),
        open_ms=open_ms,
    )
