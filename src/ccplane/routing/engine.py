"""Everything that decides which agent rings, and which contact a freed agent gets, meets here.

Both questions give the same pairs whichever is asked first: an agent takes the contact with the best rank among those
they may serve; a contact takes the agent its queue's strategy puts first among those who may serve it. The engine is a
value: who waits and who is free are put in and taken out, and give another engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heapreplace
from typing import Any, Final

import msgspec
from immutables import Map
from msgspec.structs import replace

from ccplane.agents.agent import Agent
from ccplane.agents.facts import Profile
from ccplane.contacts.facts import Trace
from ccplane.ids import AgentId, ContactId, NodeName, QueueName
from ccplane.routing.asking import (
    CALL_FIRST,
    VOICE,
    Asking,
    Candidate,
    able,
    asking,
    class_of,
    excluded,
    meets,
    own_able,
    step_of,
)
from ccplane.routing.bits import has
from ccplane.routing.free import Free, Order
from ccplane.routing.lines import Line, Lines, Place, Rank, rank, score_ms
from ccplane.routing.roster import Roster
from ccplane.routing.rules import Queue
from ccplane.routing.strategies import STRATEGIES, Choice, chance, orders

Agents = Mapping[AgentId, Agent]
Queues = Mapping[QueueName, Queue]
Nodes = Mapping[NodeName, bool]
NO_FREE: Final = Free()


class Engine(msgspec.Struct, frozen=True):
    """Who can do what, who is free, and who waits. Begin with `Engine()`, or `ready_for` a site's queues."""

    roster: Roster = Roster()
    free: Map[str, Free] = Map()
    """By class of channel."""
    orders: frozenset[Order] = frozenset({"idle"})
    """In which the free are kept."""
    lines: Lines = Lines()
    idle: int = 0
    """All who are free, whatever they have room for."""

    def may_offer(self, channel: str = VOICE) -> Free:
        """The agents who may be offered another contact of this class; of CALL_FIRST also those who have been."""
        return self.free.get(class_of(channel), NO_FREE)


class Pick(msgspec.Struct, frozen=True):
    """Who was chosen for whom, and why."""

    contact: ContactId
    agent: Agent
    trace: Trace


def ready_for(engine: Engine, queues: Queues, agents: Agents) -> Engine:
    """The engine once these queues hold, with nobody waiting yet: who waits is put in anew, since what a step asks may
    have changed. The free are kept in the orders that the strategies need."""
    wanted = orders(queues)
    if wanted == engine.orders:
        return replace(engine, lines=Lines())
    anew = Engine(engine.roster, orders=wanted)
    for agent in agents.values():
        anew = _freed(anew, agent) if agent.free else anew
    return anew


def regrouped(engine: Engine, queue: Queue) -> Engine:
    """The engine once further groups of this queue opened or closed: who waits there is found by others."""
    return replace(engine, lines=engine.lines.found_anew(queue, engine.roster))


def put_agent(engine: Engine, before: Agent | None, after: Agent | None) -> Engine:
    """The engine once an agent came (`before` None), changed, or went (`after` None)."""
    if before is not None and after is not None and before.profile is after.profile:
        if before.signed_in is not after.signed_in:
            engine = replace(engine, roster=engine.roster.sign(after.id, after.signed_in))
        was, now = before.free, after.free
        if was and now and _compared(before) == _compared(after):
            return engine
        engine = _taken(engine, before) if was else engine
        return _freed(engine, after) if now else engine
    if before is not None and before.free:
        engine = _taken(engine, before)
    if after is not None:
        roster = engine.roster.put(before.profile if before else None, after.profile)
        engine = replace(engine, roster=roster.sign(after.id, after.signed_in))
        return _freed(engine, after) if after.free else engine
    return replace(engine, roster=engine.roster.without(before.profile)) if before is not None else engine


def put_waiting(engine: Engine, queues: Queues, before: Candidate | None, after: Candidate | None) -> Engine:
    """The engine once a contact came to wait (`before` None), waits otherwise, or no longer waits (`after` None)."""
    if before == after:
        return engine
    lines = engine.lines
    if before is not None:
        lines = lines.remove(asking(queues.get(before.queue), before), before)
    if after is not None:
        queue = queues.get(after.queue)
        lines = lines.add(asking(queue, after), queue, engine.roster, after)
    return Engine(engine.roster, engine.free, engine.orders, lines, engine.idle)


def agent_for(
    engine: Engine,
    waiting: Candidate,
    queue: Queue,
    agents: Agents,
    now: int,
    held: int = 0,
    busy: Callable[[], dict[str, int]] = dict,
) -> Pick | None:
    """The agent for one contact; None if nobody is free who may serve it.

    `held`: free agents who are offered nothing just now. `busy`: all others, counted by state; asked for the trace.
    """
    what, free = asking(queue, waiting), engine.may_offer(waiting.channel)
    there = free.mask & ~held
    among = there and able(engine.roster, queue, what) & there
    if not among:
        return None
    choice = Choice(among, waiting, queue, free, engine.roster, agents)
    if queue.strategy == "weighted-random":
        choice = replace(choice, chance=chance(waiting.contact, waiting.queued_at, now))
    winner = _chosen(choice)
    rest = among & ~(1 << winner)
    second = _chosen(replace(choice, among=rest)) if rest else None
    counts = busy()
    if among != there:
        counts.update(excluded(engine.roster, queue, what, there))
    trace = Trace(
        strategy=queue.strategy,
        winner_score_s=score_ms(queue, waiting, now) / 1000,
        runner_up=engine.roster.ids[second] if second is not None else None,
        excluded=counts,
        candidates=among.bit_count(),
    )
    return Pick(waiting.contact, agents[engine.roster.ids[winner]], trace)


def contact_for(
    engine: Engine,
    agent: Agent,
    nodes: Nodes,
    now: int,
    busy: Callable[[], dict[str, int]] = dict,
    without: str = "",
) -> Pick | None:
    """The contact for one free agent, over all queues they may serve; None if nobody waits whom they may.

    `nodes`: those that are connected; who waits at another is offered to nobody. `without`: a class of channel for
    which they have no room just now.
    """
    best: Line | None = None
    first: tuple[Any, ...] = ()
    second: tuple[Any, ...] | None = None
    lines, profile = engine.lines.lines, agent.profile
    for what in engine.lines.found_by(profile):
        line = lines[what]
        here = line.first
        if what.channel == without or line is best or (second is not None and here > second):
            continue
        if line.queue is None or not nodes.get(what.node, False) or not _may_be_given(profile, line, what):
            continue
        if best is None or here < first:
            best, first, second = line, here, first if best is not None else None
        else:
            second = here
    if best is None or best.queue is None:
        return None
    queue, places = best.queue, iter(best.waiting)
    waiting = next(places).candidate
    behind = next(places, None)
    if behind is not None and (second is None or rank(queue, behind) < second):
        second = rank(queue, behind)
    trace = Trace(
        strategy=queue.strategy,
        winner_score_s=score_ms(queue, waiting, now) / 1000,
        runner_up=None,
        excluded=busy(),
        candidates=1,
        runner_up_contact=second[-1] if second is not None else None,
    )
    return Pick(waiting.contact, agent, trace)


def _may_be_given(profile: Profile, line: Line, what: Asking) -> bool:
    """Whether this agent has room for them, and what they ask for."""
    assert line.queue is not None
    assert line.step is not None
    return profile.capacity.get(class_of(what.channel), 0) >= 1 and meets(profile, line.queue.name, line.step, what)


class Merge:
    """Those who wait in several lines, the best rank first, as they wait when it is asked for.

    What may be served of a line is looked at once for all in it: where nobody is free who may, the line is left out.
    """

    def __init__(self, engine: Engine, which: Iterable[Asking], queues: Queues, nodes: Nodes) -> None:
        self._heads: list[tuple[Rank, int, Candidate, Iterator[Place], Queue, int]] = []
        for number, what in enumerate(which):
            queue = queues.get(what.queue)
            if queue is None or what not in engine.lines.lines or not nodes.get(what.node, False):
                continue
            may = able(engine.roster, queue, what)
            if may & engine.may_offer(what.channel).mask:
                line = iter(engine.lines.lines[what].waiting)
                place = next(line)
                self._heads.append((rank(queue, place), number, place.candidate, line, queue, may))
        heapify(self._heads)

    def next(self, engine: Engine, held: int, called: int = 0) -> Candidate | None:
        """The first who may be served by somebody who is free now (`engine`); None if there is nobody any more.
        `called`: agents for whom a customer is being called, and so no other."""
        while self._heads:
            _, number, candidate, line, queue, may = self._heads[0]
            out = held | called if candidate.channel == CALL_FIRST else held
            if not may & engine.may_offer(candidate.channel).mask & ~out:
                heappop(self._heads)
                continue
            following = next(line, None)
            if following is None:
                heappop(self._heads)
            else:
                new = (rank(queue, following), number, following.candidate, line, queue, may)
                heapreplace(self._heads, new)
            return candidate
        return None


def _chosen(choice: Choice) -> int:
    """By the queue's strategy, among those whose priority number there is the lowest; those of a further group only
    where there is nobody else. Who waits for one agent has no choice."""
    if choice.waiting.only is not None:
        return choice.among.bit_length() - 1
    if step_of(choice.queue, choice.waiting.step).also:
        own = choice.among & own_able(choice.roster, choice.queue, asking(choice.queue, choice.waiting))
        choice = replace(choice, among=own) if own else choice
    for _, who in choice.roster.tiers(choice.queue.name):
        if first := choice.among & who:
            return STRATEGIES[choice.queue.strategy](choice if first == choice.among else replace(choice, among=first))
    raise AssertionError("who may serve a queue is its member")


def _compared(agent: Agent) -> tuple[object, ...]:
    """All that the orders look at."""
    return agent.idle_since, agent.offered_at, agent.tally


def _freed(engine: Engine, agent: Agent) -> Engine:
    free, slot = engine.free, engine.roster.slots[agent.profile.id]
    for channel, room in agent.profile.capacity.items():
        if room >= 1:
            kept = free.get(channel) or Free.kept_in(engine.orders)
            free = free.set(channel, kept.put(agent, slot))
    return Engine(engine.roster, free, engine.orders, engine.lines, engine.idle | 1 << slot)


def _taken(engine: Engine, agent: Agent) -> Engine:
    free, slot = engine.free, engine.roster.slots[agent.profile.id]
    for channel, room in agent.profile.capacity.items():
        if room >= 1:
            free = free.set(channel, free[channel].without(agent, slot))
    return Engine(engine.roster, free, engine.orders, engine.lines, engine.idle & ~(1 << slot))


def is_free(engine: Engine, agent: AgentId, channel: str = VOICE) -> bool:
    """Whether they may be offered another contact of this class."""
    slot = engine.roster.slots.get(agent)
    return slot is not None and has(engine.may_offer(channel).mask, slot)
