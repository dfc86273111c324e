"""The full answer agrees with what the engine decides: nobody lacks anything who may serve, and everybody else does."""

from __future__ import annotations

from hypothesis import given
from msgspec.structs import replace

from ccplane.ids import ContactId
from ccplane.routing.asking import Candidate, asking
from ccplane.routing.rules import Step
from ccplane.routing.why import ahead, first_step_met, in_words, lacks, steps_told
from tests.routing import reference
from tests.routing.worlds import EVERYONE, QUEUES, built, crowds, sites


@given(sites(), EVERYONE, crowds())
def test_an_agent_lacks_nothing_exactly_if_they_may_serve(queues, people, crowd):
    for waiting in crowd:
        queue = queues[waiting.queue]
        for agent in people:
            may = reference.may(agent.profile, queue, waiting)
            assert (not lacks(agent.profile, queue, asking(queue, waiting))) == may


@given(sites(), EVERYONE, crowds())
def test_the_first_step_that_they_meet_is_one_and_none_before_it(queues, people, crowd):
    for waiting in crowd:
        queue = queues[waiting.queue]
        now = min(waiting.step, len(queue.steps) - 1)
        for agent in people:
            at = [replace(waiting, step=number) for number in range(now, len(queue.steps))]
            met = [each.step for each in at if reference.may(agent.profile, queue, each)]
            assert first_step_met(agent.profile, queue, waiting) == next(iter(met), None)


@given(sites(), EVERYONE, crowds())
def test_each_step_is_told_with_who_meets_it(queues, people, crowd):
    engine = built(queues, people, crowd)
    for waiting in crowd:
        queue = queues[waiting.queue]
        told = steps_told(engine, queue, waiting, [None] * len(queue.steps))
        assert [each.holds for each in told].count(True) == 1
        for number, each in enumerate(told):
            here = replace(waiting, step=number)
            assert each.free == len(reference.able(people, queue, here))
            able = [agent for agent in people if agent.signed_in and reference.may(agent.profile, queue, here)]
            assert each.signed_in == len(able)


@given(sites(), EVERYONE, crowds())
def test_those_ahead_are_those_with_a_better_rank_for_an_agent_who_may_serve_both(queues, people, crowd):
    engine = built(queues, people, crowd)
    signed_in = [each for each in people if each.signed_in]
    for waiting in crowd:
        mine = [each for each in signed_in if reference.may(each.profile, queues[waiting.queue], waiting)]
        here = reference.rank(queues[waiting.queue], waiting)
        before = [
            other
            for other in crowd
            if reference.rank(queues[other.queue], other) < here
            and any(reference.may(each.profile, queues[other.queue], other) for each in mine)
        ]
        before.sort(key=lambda other: reference.rank(queues[other.queue], other))
        assert ahead(engine, queues, waiting) == (len(before), before[0].contact if before else None)


def test_a_step_is_told_in_words():
    waiting = Candidate(ContactId("c-1"), QUEUES[0], 0, language="zh", last_agent="ana", last_ms=1_000)
    everything = Step(
        {"support": 5}, any_of=({"routers": 3}, {"phones": 2}), language=True, level=4, agents=("1001", "1002")
    )
    assert in_words(everything, waiting) == (
        "support 5, one of: routers 3; phones 2, speaks zh, level 4 in the queue, one of the agents 1001, 1002"
    )
    assert in_words(Step(), waiting) == "anyone"
    assert in_words(Step(last_agent_ms=5_000), waiting) == "agent ana, who served them last"
