"""The engine says what a look at all pairs would say, however its state came about."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ccplane.agents.agent import Agent
from ccplane.agents.facts import Intent
from ccplane.routing.asking import able, asking, could_serve, may_serve, nobody_left
from ccplane.routing.bits import has, nth, slots
from ccplane.routing.engine import Merge, agent_for, contact_for, put_agent, put_waiting, ready_for
from ccplane.routing.free import ORDERS
from ccplane.routing.strategies import STRATEGIES
from tests.routing import reference
from tests.routing.worlds import AGENTS, EVERYONE, NODES, QUEUES, agents, built, crowds, sites

NOW = 30_000


def by_id(people):
    return {each.id: each for each in people}


@given(sites(), EVERYONE, crowds())
def test_who_may_serve_whom_is_what_the_step_says(queues, people, crowd):
    engine = built(queues, people, crowd)
    for waiting in crowd:
        queue = queues[waiting.queue]
        what = asking(queue, waiting)
        mask = able(engine.roster, queue, what)
        for agent in people:
            said = reference.may(agent.profile, queue, waiting)
            assert has(mask, engine.roster.slots[agent.id]) == may_serve(agent.profile, queue, what) == said
            if said and waiting.only is None and waiting.step >= len(queue.steps) - 1 and not queue.widest.also:
                assert could_serve(agent.profile, queue)
        last = replace(waiting, step=len(queue.steps) - 1)
        coming = [each for each in people if each.signed_in and reference.may(each.profile, queue, last)]
        assert nobody_left(engine.roster, queue, waiting) == (not coming)


@given(sites(), EVERYONE, crowds())
def test_a_contact_gets_the_agent_that_a_look_at_all_would_choose_and_the_trace_counts_everyone(queues, people, crowd):
    engine, known = built(queues, people, crowd), by_id(people)
    free = [each for each in people if each.free and each.profile.capacity.get("voice")]
    for waiting in crowd:
        queue = queues[waiting.queue]
        may = reference.able(people, queue, waiting)
        pick = agent_for(engine, waiting, queue, known, NOW)
        wanted = reference.chosen(may, queue, waiting)
        assert (pick and pick.agent) == wanted
        if pick:
            may.remove(pick.agent)
            second = reference.chosen(may, queue, waiting)
            assert pick.trace.runner_up == (second and second.id)
            assert pick.trace.candidates + sum(pick.trace.excluded.values()) == len(free), "each counted once"


@given(sites(), EVERYONE, crowds())
def test_a_freed_agent_gets_the_contact_that_a_look_at_all_would_choose(queues, people, crowd):
    engine = built(queues, people, crowd)
    for agent in people:
        if agent.free:
            pick = contact_for(engine, agent, NODES, NOW)
            wanted = reference.first_for(agent, crowd, queues)
            assert (pick and pick.contact) == (wanted and wanted.contact)
            if wanted is not None:
                rest = [each for each in crowd if each is not wanted]
                second = reference.first_for(agent, rest, queues)
                assert pick.trace.runner_up_contact == (second and second.contact)


@given(sites(), EVERYONE, crowds())
def test_all_who_wait_and_all_who_are_free_are_brought_together_as_a_look_at_all_pairs_would(queues, people, crowd):
    engine, known, made = built(queues, people, crowd), by_id(people), []
    merge = Merge(engine, list(engine.lines.lines), queues, NODES)
    while (waiting := merge.next(engine, 0)) is not None:
        pick = agent_for(engine, waiting, queues[waiting.queue], known, NOW)
        made.append((pick.contact, pick.agent.id))
        taken = replace(pick.agent, intent=Intent.PAUSED)
        engine = put_agent(put_waiting(engine, queues, waiting, None), pick.agent, taken)
        known[taken.id] = taken
    assert made == reference.pairs(people, crowd, queues)


@given(sites(), EVERYONE, crowds())
def test_one_free_agent_and_those_who_wait_meet_alike_whoever_asks(queues, people, crowd):
    for agent in people:
        engine = built(queues, [agent], crowd)
        mine = contact_for(engine, agent, NODES, NOW) if agent.free else None
        first = Merge(engine, list(engine.lines.lines), queues, NODES).next(engine, 0)
        assert (mine and mine.contact) == (first and first.contact)


def in_order(crowd, queues):
    return sorted(crowd, key=lambda each: reference.rank(queues[each.queue], each))


CHANGES = st.lists(st.one_of([st.none() | agents(name) for name in AGENTS] + [crowds()]), max_size=12)


@given(sites(), sites(), CHANGES)
def test_however_it_came_about_it_is_what_it_would_be_made_anew(before, after, changes):
    engine, people, crowd, queues = built(before, [], []), {}, [], before
    for number, change in enumerate(changes):
        if isinstance(change, Agent):
            engine = put_agent(engine, people.get(change.id), change)
            people[change.id] = change
        elif change is None and people:
            engine = put_agent(engine, people.pop(next(iter(people))), None)
        elif change is not None:
            for each in crowd:
                engine = put_waiting(engine, queues, each, None)
            for each in change:
                engine = put_waiting(engine, queues, None, each)
            crowd = change
        if number == len(changes) // 2:
            queues = after
            engine = ready_for(engine, queues, people)
            for each in crowd:
                engine = put_waiting(engine, queues, None, each)
    assert set(engine.lines.lines) == {asking(queues[each.queue], each) for each in crowd}
    assert engine.lines.size == len(crowd)
    for queue in QUEUES:
        mine = [each for each in in_order(crowd, queues) if each.queue == queue]
        assert list(engine.lines.in_queue(queue)) == mine
        anyones = [each for each in mine if each.only is None]
        assert engine.lines.count(queue) == len(anyones)
        assert [engine.lines.before(each) for each in anyones] == list(range(len(anyones)))
    for agent in people.values():
        mine = {asking(queues[e.queue], e) for e in crowd if reference.may(agent.profile, queues[e.queue], e)}
        assert set(engine.lines.found_by(agent.profile)) >= mine
    free = [each for each in people.values() if each.free and each.profile.capacity.get("voice")]
    assert {engine.roster.ids[each] for each in slots(engine.may_offer().mask)} == {each.id for each in free}
    for order, kept in engine.may_offer().orders:
        wanted = [each.id for each in sorted(free, key=ORDERS[order])]
        assert [engine.roster.ids[each[-1]] for each in kept] == wanted
    if not people:
        assert not engine.roster.skills
        assert not engine.roster.languages
        assert not engine.roster.queues


@given(sites(strategies=("weighted-random",)), EVERYONE, crowds())
def test_chance_chooses_only_among_those_who_may_and_the_same_for_the_same_moment(queues, people, crowd):
    engine = built(queues, people, crowd)
    for waiting in crowd:
        queue = queues[waiting.queue]
        may = reference.able(people, queue, waiting)
        pick = agent_for(engine, waiting, queue, by_id(people), NOW)
        assert (pick.agent in may) if may else pick is None
        assert pick == agent_for(engine, waiting, queue, by_id(people), NOW)


@given(st.sets(st.integers(0, 400), min_size=1))
def test_the_nth_of_a_set_of_agents_is_found(chosen):
    mask = sum(1 << each for each in chosen)
    assert [nth(mask, n) for n in range(len(chosen))] == sorted(chosen) == list(slots(mask))


def test_every_strategy_has_a_name_that_a_site_may_say():
    assert len(STRATEGIES) == 9
