"""A simulated day of a large centre: 1,000 agents, 200,000 calls, twenty queues; beside a look at everybody each time.

python -m bench.simulation                  one whole day, and an hour of it for both: about a minute
python -m bench.simulation --calls 20000 --no-files

The peer answers the same two questions by going through all free agents, and all who wait: what a simulator does that
has no engine. Both run the busiest hour of the day, and must come to the same counts.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from bench.made import Made, checked, on_machine, promises, verdict
from bench.switching.__main__ import positive
from bench.switching.measure import machine, revision
from ccplane.agents.facts import Profile
from ccplane.ids import AgentId, ContactId, QueueName
from ccplane.routing.asking import Candidate
from ccplane.routing.rules import Queue, Step
from ccplane.simulate import outcome as o
from ccplane.simulate.arrivals import Curve, Stream
from ccplane.simulate.chance import Exponential, LogNormal
from ccplane.simulate.day import Day, Shift
from ccplane.simulate.outcome import Outcome
from ccplane.simulate.run import simulate
from ccplane.simulate.scenario import Scenario

HOUR: Final = 3_600_000
SKILLS: Final = 20
CURVE: Final = (0.2, 0.3, 0.8, 1.4, 1.6, 1.5, 1.2, 1.1, 1.3, 1.4, 1.2, 0.9, 0.6, 0.5)
"""How busy each hour is."""
BUSIEST: Final = 4
MOST_S: Final = 30.0


def centre(agents: int, calls: int) -> Scenario:
    """Twenty queues, each for one skill, level 5 for 20 s and then anyone who has it; each agent has three skills."""
    chance = Random(1)
    names = [QueueName(f"queue-{n:02}") for n in range(SKILLS)]
    queues = {name: Queue(name=name, steps=(Step({name: 5}, 20_000), Step({name: 1}))) for name in names}
    mean = calls / SKILLS / 60 / sum(CURVE)
    people = (
        Profile(
            id=AgentId(str(10_000 + n)),
            name="",
            skills={str(name): chance.randint(1, 10) for name in chance.sample(names, 3)},
            endpoint="",
        )
        for n in range(agents)
    )
    return Scenario(
        name="a large centre",
        queues=queues,
        streams=tuple(
            Stream(
                name=name,
                queue=name,
                curve=Curve(tuple(mean * each for each in CURVE), HOUR),
                service=LogNormal(200_000 * agents / 1000 * 200_000 / calls, 1.0),
                patience=Exponential(180_000),
            )
            for name in names
        ),
        shifts=tuple(Shift(each) for each in people),
        open_ms=len(CURVE) * HOUR,
    )


class Looking:
    """The peer: no index, everybody is looked at. The questions of `simulate.floor.Floor`, and the same answers."""

    def __init__(self, day: Day, agents: Sequence[Profile]) -> None:
        self._queues = day.queues
        self._agents = {each.id: each for each in agents}
        self._idle: dict[AgentId, int] = {}
        self._there: set[AgentId] = set()
        self.waiting: dict[ContactId, Candidate] = {}

    def arrives(self, contact: Candidate, now: int) -> AgentId | None:
        found = self._taker(contact)
        if found is None:
            self.waiting[contact.contact] = contact
        return found

    def relaxes(self, contact: ContactId, now: int) -> AgentId | None:
        self.waiting[contact] = replace(self.waiting[contact], step=self.waiting[contact].step + 1)
        found = self._taker(self.waiting[contact])
        if found is not None:
            del self.waiting[contact]
        return found

    def leaves(self, contact: ContactId) -> Candidate:
        return self.waiting.pop(contact)

    def signs_in(self, agent: AgentId, now: int) -> ContactId | None:
        self._there.add(agent)
        return self._asks(agent, now)

    def is_done(self, agent: AgentId, now: int, busy_ms: int) -> ContactId | None:
        return self._asks(agent, now) if agent in self._there else None

    is_freed = signs_in

    def signs_out(self, agent: AgentId) -> bool:
        self._there.discard(agent)
        return self._idle.pop(agent, None) is not None

    def signed_in(self, agent: AgentId) -> bool:
        return agent in self._there

    def in_vain(self) -> Iterator[ContactId]:
        return iter(())

    def could_be_served(self, contact: Candidate) -> bool:
        return True

    def _step(self, contact: Candidate) -> Step:
        return self._queues[contact.queue].steps[contact.step]

    def _taker(self, contact: Candidate) -> AgentId | None:
        step = self._step(contact)
        may = [(since, agent) for agent, since in self._idle.items() if step.met_by(self._agents[agent].skills)]
        if not may:
            return None
        agent = min(may)[1]
        del self._idle[agent]
        return agent

    def _asks(self, agent: AgentId, now: int) -> ContactId | None:
        skills = self._agents[agent].skills
        may = [each.place for each in self.waiting.values() if self._step(each).met_by(skills)]
        if not may:
            self._idle[agent] = now
            return None
        contact = ContactId(min(may)[2])
        del self.waiting[contact]
        return contact


def timed(day: Day, floor: Any = None) -> tuple[float, Outcome]:
    """Seconds of processor, and what came of the day."""
    began = time.process_time()
    ran = simulate(day, floor=floor)
    return time.process_time() - began, ran


def run(agents: int, calls: int) -> dict[str, Any]:
    scenario = centre(agents, calls)
    day = scenario.day(1, 0)
    took, ran = timed(day)
    begins = BUSIEST * HOUR
    hour = replace(
        day,
        closes=HOUR,
        arrivals=tuple(
            replace(each, at=each.at - begins) for each in day.arrivals if begins <= each.at < begins + HOUR
        ),
    )
    engine_s, engine = timed(hour)
    peer_s, peer = timed(hour, Looking)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine(),
        "agents": agents,
        "calls": len(day.arrivals),
        "day_s": round(took, 1),
        "us_per_call": round(took / len(day.arrivals) * 1e6, 1),
        "service_level": round(o.service_level(ran.of()).value or 0, 3),
        "abandonment": round(o.abandonment(ran.of()).value or 0, 3),
        "occupancy": round(o.occupancy(ran.staff).value or 0, 3),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "hour_calls": len(hour.arrivals),
        "hour_engine_s": round(engine_s, 4),
        "hour_peer_s": round(peer_s, 4),
        "times_faster": round(peer_s / max(engine_s, 1e-6), 1),
        "same_counts": engine == peer,
    }


def table(made: dict[str, Any], checks: Sequence[dict[str, Any]]) -> str:
    return "\n".join(
        (
            f"| {made['agents']} agents | calls | processor | for a call |",
            "|---|---|---|---|",
            f"| a day | {made['calls']:,} | {made['day_s']} s | {made['us_per_call']} µs |",
            f"| its busiest hour, the engine | {made['hour_calls']:,} | {made['hour_engine_s']:.2f} s | "
            f"{made['hour_engine_s'] / made['hour_calls'] * 1e6:.0f} µs |",
            f"| its busiest hour, a look at everybody | {made['hour_calls']:,} | {made['hour_peer_s']:.2f} s | "
            f"{made['hour_peer_s'] / made['hour_calls'] * 1e6:.0f} µs |",
            "",
            *promises(checks),
        )
    )


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.simulation", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--calls", type=positive, default=200_000)
    parser.add_argument("--agents", type=positive, default=1_000)
    parser.add_argument("--no-files", action="store_true", help="print only")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    options = arguments(given)
    made = run(options.agents, options.calls)
    asked = [("a day of 1,000 agents and 200,000 calls, s of processor", MOST_S, made["day_s"])]
    asked.append(("counts in which the two differ", 0, 0 if made["same_counts"] else 1))
    checks = checked(asked)
    shown = table(made, checks)
    print(shown)
    if not options.no_files:
        said = (
            f"{on_machine(made)}a simulated day on one core: {made['service_level']:.0%} in time, "
            f"{made['abandonment']:.0%} hung up, agents {made['occupancy']:.0%} busy. The peer goes through all free "
            f"agents and all who wait; both come to the same counts. In such an hour few wait and few are free, so "
            "that to look at all costs as little as the engine with its trace; what it costs where many do is above."
        )
        Made("simulation", "A simulated day").write(made | {"checks": checks}, said, shown)
    return verdict(checks)


if __name__ == "__main__":
    sys.exit(main())
