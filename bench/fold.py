"""The fold of facts into all live figures: how many a second on one core, and what a checkpoint and a reader cost.

python -m bench.fold                  a simulated day of 1,000 agents and 20,000 calls: about half a minute
python -m bench.fold --calls 2000 --no-files

The facts are made by the simulator: who comes, who serves them, for how long; each call then has all the facts that a
real one had (`a_call.jsonl`). Peers in the same run: the same fold without the figures by group, and, as a floor, one
that only counts in a dictionary how many facts there are of each kind.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.made import Made, checked, on_machine, promises, verdict
from bench.simulation import centre
from bench.switching.__main__ import positive
from bench.switching.measure import machine, revision
from ccplane.agents.facts import Intent, IntentChanged, PeopleLoaded, Phone, PhoneChanged, Profile, WrapUpDone
from ccplane.contacts.facts import ContactEnded, ContactUnqueued, EndedBy, QueueOutcome
from ccplane.facts import AnyFact, decode
from ccplane.ids import AgentId, ContactId, ProgramName, QueueName
from ccplane.kpi import board as boards
from ccplane.kpi.board import Board, evolve
from ccplane.kpi.slices import By
from ccplane.kpi.windows import names, reading
from ccplane.laws import Fact
from ccplane.routing.asking import Candidate
from ccplane.routing.rules import Queue, Rules, RulesLoaded, Step
from ccplane.simulate.day import Day
from ccplane.simulate.floor import Floor
from ccplane.simulate.run import simulate

MADE: Final = Made("fold", "The fold of live figures")
CALL: Final = [json.loads(line) for line in (Path(__file__).parent / "a_call.jsonl").read_text().splitlines()]
TALK: Final = next(n for n, each in enumerate(CALL) if each["type"] == "TalkEnded")
QUEUED: Final = next(n for n, each in enumerate(CALL) if each["type"] == "ContactQueued")
DAY_BEGAN: Final = 1_795_305_600_000
LEAST: Final = 100_000
MOST_MS: Final = 5.0
MANY: Final = 10_000
"""Queues of the second site."""


class Told(Floor):
    """The simulator's floor, which tells what happens on it."""

    def __init__(self, day: Day, agents: Sequence[Profile]) -> None:
        super().__init__(day.queues, agents)
        self.facts: list[tuple[int, int, AnyFact]] = []
        self._talks: dict[AgentId, tuple[ContactId, str, int]] = {}
        self._came: dict[ContactId, tuple[int, str]] = {}
        self._now = 0

    def arrives(self, contact: Candidate, now: int) -> AgentId | None:
        self._now = now
        self._came[contact.contact] = now, contact.queue
        self._tell(now, CALL[: QUEUED + 1], contact.contact, contact.queue, None, 0)
        return self._served(super().arrives(contact, now), contact.contact, now)

    def relaxes(self, contact: ContactId, now: int) -> AgentId | None:
        self._now = now
        return self._served(super().relaxes(contact, now), contact, now)

    def leaves(self, contact: ContactId) -> Candidate:
        began, queue = self._came.pop(contact)
        at = DAY_BEGAN + self._now
        self._say(ContactUnqueued(
            at=at, contact=contact, queue=QueueName(queue), segment=1, outcome=QueueOutcome.ABANDONED,
            waited_ms=self._now - began,
        ))  # fmt: skip
        self._say(ContactEnded(at=at, contact=contact, by=EndedBy.CALLER, cause=16))
        return super().leaves(contact)

    def signs_in(self, agent: AgentId, now: int) -> ContactId | None:
        self._now, at = now, DAY_BEGAN + now
        self._say(PhoneChanged(at=at, agent=agent, phone=Phone.REACHABLE))
        self._say(IntentChanged(at=at, agent=agent, intent=Intent.READY, reason="", by=""))
        return self._next(super().signs_in(agent, now), agent, now)

    def is_done(self, agent: AgentId, now: int, busy_ms: int) -> ContactId | None:
        self._now = now
        if agent in self._talks:
            contact, queue, began = self._talks.pop(agent)
            self._tell(now, CALL[TALK:], contact, queue, agent, now - began)
        return self._next(super().is_done(agent, now, busy_ms), agent, now)

    def _next(self, contact: ContactId | None, agent: AgentId, now: int) -> ContactId | None:
        if contact is not None:
            self._served(agent, contact, now)
        return contact

    def _served(self, agent: AgentId | None, contact: ContactId, now: int) -> AgentId | None:
        if agent is not None:
            began, queue = self._came.pop(contact)
            self._talks[agent] = contact, queue, now
            self._tell(now, CALL[QUEUED + 1 : TALK], contact, queue, agent, now - began)
        return agent

    def _say(self, fact: AnyFact) -> None:
        self.facts.append((fact.at, len(self.facts), fact))

    def _tell(self, now: int, lines: Sequence[Any], contact: str, queue: str, agent: str | None, ms: int) -> None:
        for line in lines:
            more = {"at": DAY_BEGAN + now, "contact": contact, "queue": queue, "agent": agent, "number_dialled": queue}
            more |= {"waited_ms": ms, "talk_ms": ms, "offer": f"o-{contact}", "channel": contact, "leg": f"l-{contact}"}
            more |= {"recording": f"r-{contact}", "wrap_up_ms": 0}
            said = line | {key: value for key, value in more.items() if key in line and value is not None}
            self._say(decode(json.dumps(said).encode()))


def a_day(agents: int, calls: int) -> list[AnyFact]:
    """All facts of a simulated day, in order."""
    scenario = centre(agents, calls)
    told: list[Told] = []

    def floor(day: Day, people: Sequence[Profile]) -> Told:
        told.append(Told(day, people))
        return told[0]

    day = scenario.day(1, 0)
    simulate(day, floor=floor)
    profiles = tuple(
        Profile(id=each.agent.id, name="", skills={}, endpoint="", team=f"team {n % 20}")
        for n, each in enumerate(scenario.shifts)
    )
    shifts = {"early": (0, 480), "late": (480, 960)}
    rules = Rules(queues=dict(scenario.queues), numbers={}, default_program=ProgramName(""), shifts=shifts)
    begun: list[AnyFact] = [
        RulesLoaded(at=DAY_BEGAN, site="s", rules=rules, files={}),
        PeopleLoaded(at=DAY_BEGAN, agents=profiles),
    ]
    return begun + [fact for _, _, fact in sorted(told[0].facts, key=lambda each: each[:2])]


def per_second(facts: Sequence[Fact], fold: Callable[[Sequence[Fact]], object], times: int = 3) -> int:
    """The best of some runs, by the processor's clock."""
    gc.collect()
    gc.freeze()
    best = min(_took(facts, fold) for _ in range(times))
    gc.unfreeze()
    return round(len(facts) / best)


def _took(facts: Sequence[Fact], fold: Callable[[Sequence[Fact]], object]) -> float:
    began = time.process_time()
    fold(facts)
    return time.process_time() - began


def whole(facts: Sequence[Fact]) -> Board:
    board = Board.begun()
    for fact in facts:
        board = evolve(board, fact)
    return board


def without_groups(facts: Sequence[Fact]) -> Board:
    board = Board.begun()
    for fact in facts:
        board = boards.counted_in(board, fact)
    return board


def plainly(facts: Sequence[Fact]) -> dict[type, int]:
    counts: dict[type, int] = {}
    for fact in facts:
        counts[type(fact)] = counts.get(type(fact), 0) + 1
    return counts


def ms_of(what: Callable[[], object], times: int = 5) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        took.append(time.perf_counter() - began)
    return round(min(took) * 1000, 2)


def many_queues() -> Board:
    """A site of so many queues, each with calls in the last hour."""
    queues = {QueueName(f"queue-{n:05}"): None for n in range(MANY)}
    rules = Rules(
        queues={name: Queue(name=name, steps=(Step({"any": 1}),)) for name in queues},
        numbers={},
        default_program=ProgramName(""),
    )
    board = evolve(Board.begun(), RulesLoaded(at=DAY_BEGAN, site="s", rules=rules, files={}))
    for fact in _calls_in(list(queues)):
        board = evolve(board, fact)
    return board


def _calls_in(queues: Sequence[str]) -> Iterator[AnyFact]:
    for n in range(60_000):
        line = CALL[QUEUED] | {"at": DAY_BEGAN + n * 60, "contact": f"c-{n}", "queue": queues[n * 7 % len(queues)]}
        yield decode(json.dumps(line).encode())
        yield ContactUnqueued(
            at=DAY_BEGAN + n * 60, contact=ContactId(f"c-{n}"), queue=QueueName(line["queue"]), segment=1,
            outcome=QueueOutcome.TIMED_OUT, waited_ms=10,
        )  # fmt: skip


def measured(agents: int, calls: int) -> dict[str, Any]:
    facts = a_day(agents, calls)
    board = whole(facts)
    now = board.today.began_at + 8 * 3_600_000
    crowd = many_queues()
    last = WrapUpDone(at=DAY_BEGAN + 3_600_000, agent=AgentId("1"))
    page = names(crowd.live, By.QUEUE)[:200]

    def read() -> None:
        reading(crowd, By.QUEUE, "60m", DAY_BEGAN + 3_600_000, names(crowd.live, By.QUEUE)[: len(page)])

    def copied() -> None:
        crowd.for_later()
        evolve(crowd, last)

    return {
        "facts": len(facts),
        "per_second": per_second(facts, whole),
        "without_groups": per_second(facts, without_groups),
        "plain": per_second(facts, plainly),
        "copy_ms": ms_of(copied),
        "read_ms": ms_of(read),
        "agents_ms": ms_of(lambda: reading(board, By.TEAM, "60m", now, names(board.live, By.TEAM))),
        "checkpoint_bytes": len(crowd.live.to_bytes()),
    }


def table(made: dict[str, Any]) -> str:
    return "\n".join(
        (
            *promises(made["checks"]),
            "",
            "| one core | facts/s |",
            "|---|---|",
            f"| all live figures | {made['per_second']:,} |",
            f"| the board alone: without groups, windows and what numbers bring | {made['without_groups']:,} |",
            f"| a dictionary that counts facts by kind | {made['plain']:,} |",
        )
    )


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.fold", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--calls", type=positive, default=20_000)
    parser.add_argument("--agents", type=positive, default=1_000)
    parser.add_argument("--no-files", action="store_true", help="print only")
    options = parser.parse_args(given)
    made: dict[str, Any] = {"at": datetime.now(UTC).isoformat(), "revision": revision(), "machine": machine()}
    made |= {"agents": options.agents, "calls": options.calls} | measured(options.agents, options.calls)
    made["checks"] = checked(
        [
            (f"one fact, µs (so {LEAST:,} a second)", 1e6 / LEAST, round(1e6 / made["per_second"], 2)),
            (f"a page of 200 of {MANY:,} queues over 60 minutes, ms", MOST_MS, made["read_ms"]),
            (f"20 teams of {options.agents:,} agents over 60 minutes, with times, ms", MOST_MS, made["agents_ms"]),
            (f"a copy for a checkpoint, {MANY:,} queues, and the next fact, ms", MOST_MS, made["copy_ms"]),
        ]
    )
    said = table(made)
    print(said)
    if not options.no_files:
        MADE.write(made, f"{on_machine(made)}{made['facts']:,} facts of a simulated day on one core.", said)
    return verdict(made["checks"])


if __name__ == "__main__":
    sys.exit(main())
