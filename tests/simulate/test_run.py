"""A day runs as its rules say, contact by contact."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccplane.agents.facts import Membership
from ccplane.ids import AgentId, QueueName
from ccplane.routing.rules import Queue, Step
from ccplane.simulate.arrivals import Curve, Redial, Stream
from ccplane.simulate.chance import Exponential, Fixed, LogNormal
from ccplane.simulate.day import Arrival, Day, Shift
from ccplane.simulate.outcome import together
from ccplane.simulate.run import simulate
from ccplane.simulate.scenario import Scenario
from tests.simulate.models import HOUR, MINUTE, ONE, agent, queue, simple_msk, staffed

SALES, SUPPORT = QueueName("sales"), QueueName("support")


def a_day(*arrivals, agents=1, shifts=None, queues=None, closes=HOUR, **more):
    shifts = shifts if shifts is not None else [Shift(agent(f"{n}")) for n in range(agents)]
    queues = queues or [queue(ONE)]
    return Day(
        queues={each.name: each for each in queues},
        arrivals=arrivals,
        shifts=tuple(shifts),
        closes=closes,
        **more,
    )


def call(at, service_ms=1000, patience_ms=None, to=ONE, **more):
    return Arrival(at, to, service_ms, patience_ms, **more)


def test_who_finds_a_free_agent_does_not_wait_and_the_next_one_waits_until_the_talk_is_over():
    ran = simulate(a_day(call(0), call(400)))
    assert (ran.of().answered, ran.of().answered_wait_ms) == (2, 600)
    assert (ran.staff[""].busy_ms, ran.staff[""].signed_in_ms) == (2000, HOUR)


def test_wrap_up_holds_the_next_one_off():
    assert simulate(a_day(call(0), call(400), queues=[queue(ONE, wrap_up_ms=5000)])).of().answered_wait_ms == 5600


def test_who_has_no_patience_left_hangs_up_and_takes_nobodys_place():
    ran = simulate(a_day(call(0), call(100, patience_ms=500), call(200)))
    assert (ran.of().abandoned, ran.abandoned_wait_ms, ran.of().answered_wait_ms) == (1, 500, 800)


def test_max_wait_ends_the_stay():
    ran = simulate(a_day(call(0, 60_000), call(100), queues=[queue(ONE, max_wait_ms=5000)]))
    assert (ran.of().timed_out, ran.of().answered) == (1, 1)


def test_who_hangs_up_while_it_rings_is_not_answered_and_frees_the_agent():
    ran = simulate(a_day(call(0, patience_ms=2000), call(100), pickup_ms=3000))
    assert (ran.of().abandoned, ran.of().answered_wait_ms) == (1, 1900 + 3000)


def test_nobody_waits_where_nobody_is_signed_in_unless_the_day_says_so():
    late = [Shift(agent("1"), 10_000)]
    assert simulate(a_day(call(0), shifts=late)).of().no_agents == 1
    waits = simulate(a_day(call(0), shifts=late, wait_without_agents=True))
    assert (waits.of().answered, waits.of().answered_wait_ms) == (1, 10_000)


def test_who_waits_when_the_last_agent_leaves_waits_no_longer():
    ran = simulate(a_day(call(0, 9000), call(100), shifts=[Shift(agent("1"), 0, 5000)]))
    assert (ran.of().answered, ran.of().no_agents) == (1, 1)
    assert ran.staff[""].signed_in_ms == 9000, "what one does one finishes"


def test_who_is_left_when_nothing_more_can_happen_is_still_waiting_and_not_lost():
    ran = simulate(a_day(call(0, 9000), call(100), shifts=[Shift(agent("1"), 0, 5000)], wait_without_agents=True))
    assert (ran.of().entered, ran.of().ended, ran.still_waiting) == (2, 1, 1)


def test_a_shift_that_begins_before_the_last_talk_of_the_one_before_is_over_gets_the_agent_when_it_is():
    shifts = [Shift(agent("1"), 0, 5000), Shift(agent("1"), 6000, 60_000)]
    ran = simulate(a_day(call(0, 9000), call(7000), shifts=shifts, wait_without_agents=True))
    assert (ran.of().answered, ran.of().answered_wait_ms) == (2, 2000)
    assert ran.staff[""].signed_in_ms == 60_000


def test_credit_and_weight_count_as_waiting():
    weighted = [queue(SALES), queue(SUPPORT, weight_s=2)]
    ran = simulate(
        a_day(
            call(0, 10_000, to=SALES), call(1000, to=SALES), call(2500, to=SUPPORT), call(4000, to=SALES, credit_s=5),
            queues=weighted,
        )
    )  # fmt: skip
    assert ran.of(SUPPORT).answered_wait_ms == 8500, "served second, after who has the credit of five seconds"
    assert ran.of(SALES).answered_wait_ms == (10_000 - 4000) + (12_000 - 1000)


def test_a_step_widens_at_its_time():
    steps = (Step({"sales": 7}, 20_000), Step({"sales": 1}))
    beginners = [Shift(agent("1", skills={"sales": 3}))]
    ran = simulate(a_day(call(0, to=SALES), queues=[Queue(name=SALES, steps=steps)], shifts=beginners))
    assert ran.of().answered_wait_ms == 20_000


def test_a_step_for_somebody_who_is_not_there_is_passed_over():
    steps = (Step(agents=(AgentId("7"),), for_ms=20_000), Step())
    assert simulate(a_day(call(0), queues=[Queue(name=ONE, steps=steps)])).of().answered_wait_ms == 0


def test_the_step_behind_one_that_is_passed_over_lasts_as_long_as_it_says_and_no_longer():
    steps = (Step(agents=(AgentId("7"),), for_ms=15_000), Step({"sales": 7}, 20_000), Step({"sales": 1}))
    beginners = [Shift(agent("1", skills={"sales": 3}))]
    ran = simulate(a_day(call(0, to=SALES), queues=[Queue(name=SALES, steps=steps)], shifts=beginners))
    assert ran.of().answered_wait_ms == 20_000


def test_who_finds_the_line_full_waits_in_another_queue_with_their_clock():
    queues = [queue(SALES, most_waiting=1, overflow=SUPPORT), queue(SUPPORT)]
    ran = simulate(a_day(*(call(at, 10_000, to=SALES) for at in (0, 100, 200)), queues=queues))
    assert (ran.of(SALES).entered, ran.of(SALES).overflowed, ran.of(SALES).answered) == (3, 1, 2)
    assert (ran.of(SUPPORT).entered, ran.of(SUPPORT).answered) == (1, 1)
    assert ran.of(SUPPORT).answered_wait_ms == 20_000 - 200, "served after who came before, by the clock they had"


def test_who_has_waited_too_long_is_taken_over_and_both_waits_are_kept():
    queues = [queue(SALES, longest_wait_ms=5000, overflow=SUPPORT), queue(SUPPORT)]
    sellers = [Shift(agent("1", {SALES: Membership()})), Shift(agent("2", {SUPPORT: Membership()}))]
    calls = (call(0, 60_000, to=SALES), call(0, 7000, to=SUPPORT), call(1000, to=SALES))
    ran = simulate(a_day(*calls, queues=queues, shifts=sellers))
    assert ran.of(SALES).overflowed == 1
    assert (ran.of(SUPPORT).answered_wait_ms, ran.of(SUPPORT).answered_contact_wait_ms) == (1000, 6000)


def test_patience_goes_on_where_another_queue_took_over():
    queues = [queue(SALES, longest_wait_ms=5000, overflow=SUPPORT), queue(SUPPORT)]
    ran = simulate(a_day(call(0, 60_000, to=SALES), call(0, 1000, 7000, to=SALES), queues=queues))
    assert (ran.of(SALES).overflowed, ran.of(SUPPORT).abandoned, ran.abandoned_wait_ms) == (1, 1, 2000)
    full = [queue(SALES, most_waiting=1, overflow=SUPPORT), queue(SUPPORT)]
    calls = (call(0, 60_000, to=SALES), call(1, to=SALES), call(2, 1000, 7000, to=SALES))
    assert simulate(a_day(*calls, queues=full)).of(SUPPORT).abandoned == 1


def test_where_nobody_is_signed_in_another_queue_takes_over_and_overflows_never_go_in_circles():
    queues = [queue(SALES, no_agents=SUPPORT), queue(SUPPORT, longest_wait_ms=1000, overflow=SALES)]
    helpers = [Shift(agent("1", {SUPPORT: Membership()}))]
    ran = simulate(a_day(call(0, 9000, to=SUPPORT), call(100, to=SALES), queues=queues, shifts=helpers))
    assert (ran.of(SALES).no_agents, ran.of(SUPPORT).overflowed, ran.of(SALES).entered) == (1, 1, 1)
    assert ran.still_waiting == 0


def test_so_many_wait_for_each_agent_and_no_more():
    queues = [queue(SALES, waiting_per_agent=1.0)]
    ran = simulate(a_day(*(call(at, 10_000, to=SALES) for at in range(6)), queues=queues, agents=2))
    assert (ran.of().answered, ran.of().overflowed) == (4, 2)


def test_who_calls_again_is_a_contact_of_its_own():
    def again(hung_up, contact, at):
        return call(at + 3000, tries=hung_up.tries + 1) if hung_up.tries == 0 else None

    ran = simulate(a_day(call(0, 2000), call(100, patience_ms=500), again=again))
    assert (ran.of().entered, ran.of().abandoned, ran.of().answered, ran.again) == (3, 1, 2, 1)


def test_a_contact_counts_in_the_slot_in_which_it_came():
    ran = simulate(a_day(call(59_999, 120_000), call(60_000), slot_ms=MINUTE))
    assert [(slot.begins, slot.counters.answered_wait_ms) for slot in ran.slots] == [(0, 0), (60_000, 119_999)]


def test_agents_come_and_go_by_the_numbers_of_each_slot():
    shifts = list(staffed("g", (1, 2, 1), HOUR, {}))
    assert [(each.agent.id, each.begins, each.ends) for each in shifts] == [
        ("g-00", 0, None),
        ("g-01", HOUR, 2 * HOUR),
    ]


def test_the_same_seed_is_the_same_day_and_another_one_another():
    scenario = simple_msk()
    assert simulate(scenario.day(5, 0)) == simulate(scenario.day(5, 0))
    assert simulate(scenario.day(5, 0)) != simulate(scenario.day(6, 0)) != simulate(scenario.day(6, 1))


def test_changed_rules_meet_the_same_customers():
    scenario = simple_msk()
    other = scenario.__class__(
        **{name: getattr(scenario, name) for name in scenario.__struct_fields__} | {"queues": {}}
    )
    assert scenario.day(5, 3).arrivals == other.day(5, 3).arrivals


def test_days_together_are_the_sums_of_the_days():
    scenario = simple_msk()
    one, two = simulate(scenario.day(1, 1)), simulate(scenario.day(1, 2))
    both = together([one, two])
    assert both.of().entered == one.of().entered + two.of().entered
    assert both.staff["group-0"].busy_ms == one.staff["group-0"].busy_ms + two.staff["group-0"].busy_ms


STREAMS = st.builds(
    lambda n, rate, mean, patience, share, credit: Stream(
        name=f"s{n}",
        queue=(SALES, SUPPORT)[n % 2],
        curve=Curve((rate, rate / 2), 10 * MINUTE),
        service=LogNormal(mean, 1.2),
        patience=Exponential(patience),
        credit_s=credit,
        redial=Redial(share, Fixed(30_000)),
    ),
    st.integers(0, 9),
    st.floats(0, 8),
    st.floats(1000, 120_000),
    st.floats(1000, 120_000),
    st.floats(0, 0.9),
    st.integers(0, 60),
)


@given(
    st.lists(STREAMS, max_size=3, unique_by=lambda each: each.name),
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 600_000)), max_size=5),
    st.booleans(),
    st.integers(0, 5000),
)
def test_nobody_is_ever_lost_whatever_the_day_is_like(streams, people, waits, pickup):
    shifts = [
        Shift(agent(f"{n}", {SALES: Membership()} if one else {}), begins, begins + 60_000 * long if long else None)
        for n, (long, one, begins) in enumerate(people)
    ]
    scenario = Scenario(
        name="any",
        queues={
            SALES: queue(SALES, max_wait_ms=90_000, most_waiting=3, overflow=SUPPORT),
            SUPPORT: queue(SUPPORT, strict=1, longest_wait_ms=70_000, overflow=SALES, no_agents=SALES),
        },
        streams=tuple(streams),
        shifts=tuple(shifts),
        open_ms=20 * MINUTE,
        wait_without_agents=waits,
        pickup_ms=pickup,
    )
    day = scenario.day(1, 0)
    ran = simulate(day)
    given_on = ran.of().overflowed + ran.of().no_agents
    assert len(day.arrivals) + ran.again <= ran.of().entered <= len(day.arrivals) + ran.again + given_on
    assert ran.of().entered == ran.of().ended + ran.still_waiting
    assert all(0 <= time.busy_ms <= time.signed_in_ms for time in ran.staff.values())


def test_progress_is_told_on_the_way():
    told = []
    simulate(a_day(*(call(at) for at in range(5000))), told.append)
    assert told == [2000, 4000]
