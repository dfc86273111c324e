"""`make bench-routing`: how fast contacts and agents are brought together. Ends with 1 if a promise is missed.

python -m bench.routing                       about four minutes
python -m bench.routing --seconds 0.2 --no-files     a try

A decision is one contact matched to one agent, with its trace: an agent becomes free, the engine says whom they get,
and both are taken out of it; then the next contact comes in the place of the one who was served, so that as many wait.
All of that is the time of a decision here: what it takes to find the pair is given apart. In the same run the same
questions are put to a scan of all who wait, which is what a queue without an index does, and must give the same pairs.
Measured besides: a contact that comes while many agents are free (the other question), each strategy, a whole
`decide` of the core up to the offer, and what a waiting contact takes of memory. Times are those of the one thread on
its core, since other things may run on the machine.
"""

from __future__ import annotations

import argparse
import gc
import math
import time
import tracemalloc
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace

from bench.crowd import NODES, Crowd
from bench.made import Made, checked, on_machine, promises, verdict
from bench.switching.measure import machine, revision
from ccplane.agents.agent import Agent
from ccplane.agents.facts import Intent, Phone, Seat
from ccplane.contacts import facts as c
from ccplane.contacts.verbs import EnterQueue
from ccplane.core import inputs as i
from ccplane.core.decide import decide
from ccplane.core.evolve import evolve
from ccplane.core.state import State
from ccplane.ids import ChannelId, ContactId, DeviceName, ProgramName
from ccplane.routing.asking import Candidate, asking, may_serve
from ccplane.routing.engine import agent_for, contact_for, put_agent, put_waiting
from ccplane.routing.lines import rank_of
from ccplane.routing.rules import Rules
from ccplane.routing.strategies import STRATEGIES

clock: Final = time.thread_time
"""What this thread has had of a core: what else the machine does meanwhile is not ours."""
MADE: Final = Made("routing", "Routing")
PLAIN: Final = (5_000, 50, 10_000)
"""Agents, skills, waiting: what is promised for."""
LEAST: Final = 20_000.0
MOST_P99_MS: Final = 1.0
MOST_BYTES: Final = 2_000.0
WAITING: Final = (100, 1_000, 10_000, 100_000)
AGENTS: Final = (50, 500, 5_000)
SKILLS: Final = (5, 50, 500)
SCANS: Final = 40
"""Decisions of the scan that are timed: each takes milliseconds."""


Took = tuple[float, float]
"""Seconds that a decision took, and of these what it took to find the pair."""


def timed(decisions: Iterator[Took], seconds: float) -> dict[str, float]:
    """What those decisions took that are begun within `seconds`."""
    gc.collect()
    gc.freeze()
    until = time.perf_counter() + seconds
    took = []
    while time.perf_counter() < until:
        took.append(next(decisions))
    gc.unfreeze()
    whole = sorted(each for each, _ in took)
    return {
        "decisions": len(whole),
        "per_second": round(len(whole) / sum(whole)),
        "mean_us": round(1e6 * sum(whole) / len(whole), 1),
        "finding_us": round(1e6 * sum(finding for _, finding in took) / len(took), 1),
        "p50_us": round(1e6 * whole[len(whole) // 2], 1),
        "p99_us": round(1e6 * whole[int(len(whole) * 0.99)], 1),
        "most_us": round(1e6 * whole[-1], 1),
    }


def freed(crowd: Crowd) -> Iterator[Took]:
    """An agent becomes free and gets the best of those who wait; another comes in their place."""
    counts = {"talking": len(crowd.ids)}
    while True:
        busy, new = crowd.agents[crowd.chance.choice(crowd.ids)], crowd.next_one()
        free = replace(busy, intent=Intent.READY, idle_since=crowd.now)
        begun = clock()
        engine = put_agent(crowd.engine, busy, free)
        asked = clock()
        pick = contact_for(engine, free, NODES, crowd.now, counts.copy)
        found = clock()
        engine = put_agent(engine, free, busy)
        if pick is not None:
            engine = put_waiting(engine, crowd.queues, crowd.waiting[pick.contact], None)
            engine = put_waiting(engine, crowd.queues, None, new)
        ended = clock()
        crowd.engine = engine
        if pick is not None:
            del crowd.waiting[pick.contact]
            crowd.waiting[new.contact] = new
        yield ended - begun, found - asked


def came(crowd: Crowd) -> Iterator[Took]:
    """A contact comes, and the queue's strategy says who gets it, of half of all agents; they are free again later."""
    for agent in list(crowd.agents.values())[::2]:
        crowd.turns(agent, Intent.READY)
    counts = {"talking": len(crowd.ids) // 2}
    taken: deque[Agent] = deque()
    while True:
        new = crowd.next_one()
        queue, back = crowd.queues[new.queue], None
        if len(taken) > len(crowd.ids) // 4:
            back = taken.popleft()
            crowd.agents[back.id] = free_again = replace(back, intent=Intent.READY, idle_since=crowd.now)
        begun = clock()
        engine = put_waiting(crowd.engine, crowd.queues, None, new)
        asked = clock()
        pick = agent_for(engine, new, queue, crowd.agents, crowd.now, 0, counts.copy)
        found = clock()
        engine = put_waiting(engine, crowd.queues, new, None)
        if pick is not None:
            gone = replace(pick.agent, intent=Intent.PAUSED)
            engine = put_agent(engine, pick.agent, gone)
        if back is not None:
            engine = put_agent(engine, back, free_again)
        ended = clock()
        crowd.engine = engine
        if pick is not None:
            crowd.agents[gone.id] = gone
            taken.append(gone)
        yield ended - begun, found - asked


def scan(crowd: Crowd, agent: Agent) -> Candidate | None:
    """The best of all who wait whom this agent may serve, found by looking at each."""
    queues = crowd.queues
    mine = [each for each in crowd.waiting.values() if _may(crowd, agent, each)]
    return min(mine, key=lambda each: rank_of(queues[each.queue], each), default=None)


def _may(crowd: Crowd, agent: Agent, waiting: Candidate) -> bool:
    queue = crowd.queues[waiting.queue]
    return may_serve(agent.profile, queue, asking(queue, waiting))


def scanned(crowd: Crowd) -> float:
    """Decisions per second of the scan; each is held against the engine's."""
    took = 0.0
    for _ in range(SCANS):
        agent = crowd.agents[crowd.chance.choice(crowd.ids)]
        begun = clock()
        found = scan(crowd, agent)
        took += clock() - begun
        pick = contact_for(crowd.engine, agent, NODES, crowd.now)
        assert (found and found.contact) == (pick and pick.contact), "the scan and the engine give the same pair"
    return SCANS / took


def of_size(agents: int, skills: int, waiting: int, seconds: float) -> dict[str, Any]:
    crowd = Crowd(agents, skills, waiting)
    row: dict[str, Any] = {"agents": agents, "skills": skills, "waiting": waiting}
    row |= timed(freed(crowd), seconds)
    row["scan_per_second"] = round(scanned(crowd), 1)
    print(f"  {agents} agents, {skills} skills, {waiting} waiting: {row['per_second']}/s, p99 {row['p99_us']} us")
    return row


def strategies(seconds: float) -> dict[str, dict[str, float]]:
    agents, skills, _ = PLAIN
    return {name: timed(came(Crowd(agents, skills, 0, strategy=name)), seconds) for name in sorted(STRATEGIES)}


def bytes_each(waiting: int) -> float:
    """What a waiting contact takes in the engine: its candidate and its place in its line."""
    agents, skills, _ = PLAIN
    crowd = Crowd(agents, skills, 0)
    gc.collect()
    tracemalloc.start()
    for _ in range(waiting):
        crowd.arrives()
    gc.collect()
    took, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return took / waiting


def a_state(agents: int, skills: int, waiting: int) -> tuple[State, list[Agent], int, float]:
    """A whole core with so many waiting and everybody paused; and what each contact takes of memory there."""
    crowd = Crowd(agents, skills, 0)
    rules = Rules(queues=crowd.queues, numbers={}, default_program=ProgramName("main"))
    people = tuple(each.profile for each in crowd.agents.values())
    now = crowd.now
    state = State()
    for what in (
        i.PlaneBegan(1, "bench", 0),
        i.SiteRead("site", rules, {}),
        i.PeopleRead(people, tuple[Seat, ...]()),
        a_survey(now, {DeviceName(each.id): Phone.REACHABLE for each in people}),
    ):
        state = decide(state, what, now).state
    for each in people:
        state = decide(state, i.IntentAsked(agent=each.id, intent=Intent.PAUSED, reason="", by="bench"), now).state
    gc.collect()
    tracemalloc.start()
    for number in range(waiting):
        now += 37
        for fact in waits(number, crowd, now):
            state = evolve(state, fact)
    gc.collect()
    took, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return state, list(state.agents.values()), now, took / waiting


def a_survey(now: int, phones: dict[DeviceName, Phone]) -> i.SwitchSurveyed:
    node = next(iter(NODES))
    return i.SwitchSurveyed(
        node=node, version="22", started_at=1, began_at=now, gap_ms=0, after_gap=True, channels={}, rooms={},
        phones=phones, journals={}, carried=(),
    )  # fmt: skip


def waits(number: int, crowd: Crowd, now: int) -> Iterator[Any]:
    """The facts of a caller up to the queue."""
    of = ContactId(f"c-node-{now // 1000}.{number}")
    queue = crowd.names[number % len(crowd.names)]
    yield c.ContactArrived(
        at=now,
        contact=of,
        node=next(iter(NODES)),
        channel=ChannelId(f"{now // 1000}.{number}"),
        number_dialled="4002",
        caller=f"1391234{number:05}",
        caller_name="",
        language="en",
        attribution="",
        site="site",
        switch_at=now,
    )
    yield c.ProgramStarted(at=now, contact=of, program=ProgramName("main"))
    yield c.StepStarted(at=now, contact=of, step=1, attempt=1, verb=EnterQueue(queue), deadline=None)
    yield c.ContactQueued(at=now, contact=of, queue=queue, segment=1)


def deciding(state: State, agents: list[Agent], now: int) -> Iterator[Took]:
    """A whole `decide`: an agent says that they are ready, and the offer is made. All begin with the same."""
    at = 0
    while True:
        agent = agents[at % len(agents)]
        at += 1
        begun = clock()
        decide(state, i.IntentAsked(agent=agent.id, intent=Intent.READY, reason="", by="bench"), now)
        took = clock() - begun
        yield took, took


def measured(seconds: float) -> dict[str, Any]:
    agents, skills, waiting = PLAIN
    plain = of_size(agents, skills, waiting, 3 * seconds)
    print("  by strategy, the core, memory")
    state, people, now, whole_bytes = a_state(agents, skills, waiting)
    return {
        "plain": plain,
        "by_waiting": [of_size(agents, skills, each, seconds) for each in WAITING],
        "by_agents": [of_size(each, skills, waiting, seconds) for each in AGENTS],
        "by_skills": [of_size(agents, each, waiting, seconds) for each in SKILLS],
        "by_strategy": strategies(seconds),
        "decide": timed(deciding(state, people, now), seconds),
        "bytes_in_engine": round(bytes_each(waiting)),
        "bytes_in_core": round(whole_bytes),
    }


def asked(made: dict[str, Any]) -> list[tuple[str, float, float]]:
    """What is promised. What has to be at least so much is given by what one decision takes."""
    by_waiting = made["by_waiting"]
    grows = by_waiting[-1]["mean_us"] / by_waiting[0]["mean_us"]
    most = math.log(by_waiting[-1]["waiting"]) / math.log(by_waiting[0]["waiting"])
    return [
        (f"one decision, µs (so {LEAST:,.0f} a second)", 1e6 / LEAST, made["plain"]["mean_us"]),
        ("p99 of one decision, ms", MOST_P99_MS, round(made["plain"]["p99_us"] / 1000, 3)),
        ("100,000 waiting take so many times as long as 100 (log 100,000 / log 100)", round(most, 2), round(grows, 2)),
        ("bytes in the engine for each who waits", MOST_BYTES, made["bytes_in_engine"]),
    ]


def table(made: dict[str, Any]) -> str:
    lines = [*promises(made["checks"]), ""]
    lines += ["| agents | skills | waiting | decisions/s | mean µs | p99 µs | most µs | scan of all, decisions/s |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for row in (*made["by_waiting"], *made["by_agents"], *made["by_skills"]):
        figures = [row[name] for name in ("agents", "skills", "waiting", "per_second", "mean_us", "p99_us", "most_us")]
        lines.append(f"| {' | '.join(f'{each:,}' for each in figures)} | {row['scan_per_second']:,} |")
    lines += ["", "| a contact comes, 2,500 of 5,000 free | decisions/s | finding, µs | p99 µs |", "|---|---|---|---|"]
    for name, row in made["by_strategy"].items():
        lines.append(f"| {name} | {row['per_second']:,} | {row['finding_us']} | {row['p99_us']} |")
    whole = made["decide"]
    lines += ["", f'A whole `decide`, from "ready" to the offer with its trace: {whole["mean_us"]} µs, ']
    lines[-1] += f"p99 {whole['p99_us']} µs. A waiting contact takes {made['bytes_in_engine']:,} bytes in the engine; "
    lines[-1] += f"with all that the core knows of it {made['bytes_in_core']:,}."
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.routing", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="for each measurement")
    parser.add_argument("--no-files", action="store_true", help="print only")
    options = parser.parse_args(arguments)
    made: dict[str, Any] = {"at": datetime.now(UTC).isoformat(), "revision": revision(), "machine": machine()}
    made |= measured(options.seconds)
    made["checks"] = checked(asked(made))
    said = table(made)
    print(said)
    if not options.no_files:
        MADE.write(made, f"{on_machine(made)}one thread.", said)
    return verdict(made["checks"])


if __name__ == "__main__":
    raise SystemExit(main())
