"""While callers are left in app_queue its members are theirs; everybody else, and everybody afterwards, is ours."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccplane.agents.facts import Intent, Phone, Seat
from ccplane.core import checkpoint
from ccplane.core import inputs as i
from ccplane.core.fallback_first import is_held_back
from ccplane.core.members import EVERYBODY, members_of
from ccplane.ids import NodeName
from tests.core.floor import NODE, SALES, SUPPORT, a_floor, a_queue, doing, kinds, ready, the_rules
from tests.core.invariants import same

QUEUES = [a_queue(), a_queue(SALES)]


def seen(floor, *queues, at=None):
    return floor.take(i.FallbackWaitsSeen(NODE, queues), at)


def a_centre():
    """Ana serves support, sam sales, and both have been idle, ana for longer."""
    return a_floor(agents=[ready("ana"), ready("sam", since=1, sales=5)], queues=QUEUES)


def test_given_callers_left_in_a_queue_then_its_members_are_offered_nothing_until_nobody_waits_there():
    floor = a_centre()
    assert kinds(seen(floor, SUPPORT, at=10)) == ["FallbackWaitsChanged"]
    assert kinds(seen(floor, SUPPORT)) == []
    floor.waits("x", at=11)
    assert floor.rung("x") is None
    decision = seen(floor, at=12)
    assert kinds(decision) == ["FallbackWaitsChanged", "OfferMade"]
    assert floor.rung("x") == "ana"


def test_given_an_agent_who_is_no_member_of_that_queue_then_they_are_offered_whom_they_serve_at_once():
    floor = a_floor(agents=[ready("ana"), ready("sam", since=1, support=1, sales=5)], queues=QUEUES)
    seen(floor, SALES, at=10)
    floor.waits("x", at=11)
    assert floor.rung("x") == "ana"
    floor.waits("y", at=12)
    assert floor.rung("y") is None
    seen(floor, at=13)
    assert floor.rung("y") == "sam"


def test_given_callers_left_in_the_queue_of_everybody_then_nobody_is_offered_anything():
    floor = a_centre()
    seen(floor, EVERYBODY, at=10)
    floor.waits("x", at=11)
    assert floor.rung("x") is None
    assert is_held_back(floor.state, floor.agent("sam"))


def test_given_an_agent_whose_talk_ends_while_callers_are_left_then_the_next_is_theirs():
    floor = a_centre()
    floor.talks("x", at=1)
    floor.waits("y", at=2)
    seen(floor, SUPPORT, at=3)
    floor.leaves("x", at=4)
    floor.let_go("ana")
    assert floor.agent("ana").free
    assert floor.rung("y") is None
    floor.phone("ana", Phone.IN_USE, at=5)  # app_queue rings them
    seen(floor, at=6)
    assert floor.rung("y") is None
    floor.phone("ana", Phone.REACHABLE, at=7)
    assert floor.rung("y") == "ana"


def test_an_offer_says_how_many_were_left_to_the_fallbacks_callers():
    floor = a_floor(
        agents=[ready("ana"), ready("ben", since=1), ready("sam", since=2, support=5, sales=5)], queues=QUEUES
    )
    seen(floor, SALES, at=10)
    floor.waits("x", at=11)
    assert floor.offer("x").agent == "ana"
    [made] = [each for each in floor.facts if type(each).__name__ == "OfferMade"]
    assert made.trace.excluded == {"fallback-first": 1}


def test_given_a_drain_then_whoever_waits_with_us_came_first():
    floor = a_centre()
    floor.waits("x", at=1)  # ana
    floor.waits("y", at=2)
    seen(floor, SUPPORT, at=3)
    floor.leaves("x", at=4)
    floor.let_go("ana")
    assert floor.rung("y") is None
    floor.take(i.DrainAsked("test"), at=5)
    assert floor.rung("y") == "ana"


def test_given_an_always_on_seat_without_a_line_then_it_is_rung_once_app_queue_rings_nobody():
    floor = a_floor(agents=[], queues=QUEUES)
    profile = ready("ana").profile
    seen(floor, SUPPORT, at=1)
    floor.take(i.PeopleRead((profile,), (Seat(id="ana", always_on=True),)))
    floor.wants("ana", Intent.READY)
    assert "RingLine" not in doing(floor.phone("ana", Phone.REACHABLE, at=2))
    assert "RingLine" in doing(seen(floor, at=3))


def test_given_an_agent_with_an_open_line_then_app_queue_does_not_ring_them_and_we_may():
    floor = a_floor(agents=[], queues=QUEUES)
    floor.take(i.PeopleRead((ready("ana").profile,), (Seat(id="ana", always_on=True),)))
    floor.phone("ana", Phone.REACHABLE, at=1)
    floor.wants("ana", Intent.READY)
    floor.take(i.LineUp(floor.agent("ana").line.leg), at=2)
    seen(floor, SUPPORT, EVERYBODY, at=3)
    floor.waits("x", at=4)
    assert floor.rung("x") == "ana"


OTHER = NodeName("ast2")


def of_another_node(floor, *queues, connected=True):
    """Callers are left in app_queue at a second node."""
    survey = i.SwitchSurveyed(
        node=OTHER, version="22", began_at=floor.now, gap_ms=0, after_gap=True, channels={}, rooms={}, phones={}
    )
    if connected:
        floor.take(survey)
    floor.take(i.FallbackWaitsSeen(OTHER, queues))


def test_given_a_node_that_is_lost_then_the_agents_left_to_its_callers_are_offered_those_of_the_others():
    floor = a_centre()
    of_another_node(floor, SUPPORT)
    floor.waits("x", at=11)
    assert floor.rung("x") is None
    floor.take(i.SwitchDropped(OTHER, "closed"), at=12)
    assert floor.rung("x") == "ana"


def test_given_a_node_that_is_lost_then_an_always_on_seat_left_to_its_callers_is_rung():
    floor = a_floor(agents=[], queues=QUEUES)
    of_another_node(floor, SUPPORT)
    floor.take(i.PeopleRead((ready("ana").profile,), (Seat(id="ana", always_on=True),)))
    floor.wants("ana", Intent.READY)
    assert "RingLine" not in doing(floor.phone("ana", Phone.REACHABLE, at=2))
    assert "RingLine" in doing(floor.take(i.SwitchDropped(OTHER, "closed"), at=3))


@pytest.mark.parametrize("nodes", [(), (NODE,), (NODE, OTHER)])
def test_given_a_plane_that_has_that_node_no_more_then_nothing_is_known_of_who_waits_there(nodes):
    """Nobody would ever tell that they have gone."""
    floor = a_centre()
    of_another_node(floor, SUPPORT)
    seen(floor, SALES)
    floor.take(i.PlaneBegan(2, "test", 0, nodes=nodes), at=20)
    known = {NODE: (SALES,)} if nodes == (NODE,) else {NODE: (SALES,), OTHER: (SUPPORT,)}
    assert dict(floor.state.fallback_waits) == known
    assert same(floor.replayed(), floor.state)
    floor.survey(after_gap=True, at=21)
    floor.waits("x", at=22)
    assert floor.rung("x") == "ana"


def test_it_is_known_after_a_crash_too():
    floor = a_centre()
    seen(floor, SUPPORT, at=1)
    assert checkpoint.decode(checkpoint.encode(floor.state)).fallback_waits == floor.state.fallback_waits
    assert dict(floor.replayed().fallback_waits) == {NODE: (SUPPORT,)}


WAITS = st.sets(st.sampled_from([SUPPORT, SALES, EVERYBODY, "somebody-elses"]))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("seen"), WAITS),
        st.tuples(st.just("waits"), st.just(0)),
        st.tuples(st.sampled_from(["wants", "phone", "talk", "skills"]), st.integers(0, 3)),
        st.tuples(st.sampled_from(["drain", "began", "tick", "drops", "survey"]), st.just(0)),
    ),
    max_size=30,
)
PEOPLE = ["ana", "ben", "sam", "tom"]


@settings(max_examples=150)
@given(steps=STEPS)
def test_whatever_happens_nobody_is_offered_a_caller_whom_app_queue_may_ring_and_nobody_is_forgotten(steps):
    """The other half stands in `invariants.py`: a free agent who is not held back leaves nobody waiting."""
    floor = a_floor(
        agents=[ready("ana"), ready("ben", since=1), ready("sam", since=2, sales=5), ready("tom", support=1, sales=1)],
        queues=QUEUES,
    )
    for number, (what, which) in enumerate(steps):
        before, made = floor.state, len(floor.facts)
        play(floor, number, what, which)
        for fact in floor.facts[made:]:
            if type(fact).__name__ == "OfferMade" and floor.state.draining is None:
                queues = {member.queue for member in members_of(floor.agent(fact.agent), before.rules)}
                waits = {each for names in floor.state.fallback_waits.values() for each in names}
                assert not queues & waits
    seen(floor)
    assert not any(is_held_back(floor.state, each) for each in floor.state.agents.values())


def play(floor, number, what, which):
    at = floor.now / 1000 + 1
    match what:
        case "seen":
            seen(floor, *which, at=at)
        case "waits" if floor.state.draining is None:
            floor.waits(f"x{number}", at=at)
        case "wants":
            floor.wants(PEOPLE[which], Intent.PAUSED if number % 2 else Intent.READY, at=at)
        case "phone":
            floor.phone(PEOPLE[which], Phone.IN_USE if number % 2 else Phone.REACHABLE, at=at)
        case "talk":
            ringing = [each for each in floor.state.contacts.values() if each.offer]
            if len(ringing) > which:
                floor.leaves(ringing[which].channel, at=at)
        case "skills":
            queues = [QUEUES, QUEUES[:1]][number % 2]
            floor.reads(f"site-{number}", *queues, at=at)
        case "drain":
            floor.take(i.DrainAsked("test"), at)
        case "began":
            floor.take(i.PlaneBegan(floor.state.epoch + 1, "test", 0), at)
        case "drops":
            floor.drops(at=at)
        case "survey":
            floor.survey(after_gap=not floor.state.nodes.get(NODE), at=at)
        case "tick":
            floor.tick(at=at)


@pytest.mark.parametrize("queues", [(), (SUPPORT,), (SALES, EVERYBODY)])
def test_who_is_held_back_are_the_members_whom_app_queue_is_told_of(queues):
    floor = a_floor(agents=[ready("ana"), ready("sam", sales=5), ready("none", chess=9)], queues=QUEUES)
    seen(floor, *queues)
    assert the_rules(*QUEUES).queues.keys() == floor.state.rules.queues.keys()
    for agent in floor.state.agents.values():
        member_of = {each.queue for each in members_of(agent, floor.state.rules)}
        assert is_held_back(floor.state, agent) == bool(member_of & set(queues))
