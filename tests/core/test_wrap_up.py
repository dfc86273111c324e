"""Work after a call: none, timed, until done, extended; and nothing else ends it or begins it anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ccplane.agents import facts as a
from ccplane.agents.agent import Shown, Work
from ccplane.agents.facts import Intent, Phone
from ccplane.agents.wrap_up import WrapUp, extended
from ccplane.contacts import facts as f
from ccplane.contacts.verbs import EnterQueue
from ccplane.core import checkpoint
from ccplane.core import inputs as i
from ccplane.core.wrap_up import why_not_extend
from ccplane.ids import AgentId, ChannelId, DeviceName, OfferId
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, an_arrival, c, kinds, ready, the

TIMES = st.integers(0, 3_600_000)
RULES = st.builds(WrapUp, st.none() | TIMES, TIMES, st.none() | TIMES)


def wraps_up(at=60, agent=None, **queue):
    """Ana has talked and hung up at `at`; her phone is free again."""
    floor = a_floor(agents=[agent or ready("ana")], queues=[a_queue(**queue)])
    floor.talks("x", at=0)
    floor.agent_hangs_up("x", at=at)
    return floor


def extends(floor, by="ana", at=None):
    return floor.take(i.WrapUpExtendAsked(AgentId("ana"), by), at)


def is_done(floor, by="ana", at=None):
    return floor.take(i.WrapUpEnded(AgentId("ana"), by), at)


def test_a_click_that_comes_late_ends_no_other_work_than_it_meant():
    """They were done with the first by its time, and wrap up another call when the click for the first arrives."""
    floor = wraps_up(at=60, wrap_up=10)
    meant = floor.agent("ana").since
    floor.tick(at=70)
    floor.talks("y", at=80)
    floor.agent_hangs_up("y", at=90)
    assert kinds(floor.take(i.WrapUpEnded(AgentId("ana"), "ana", meant), at=91)) == []
    assert floor.agent("ana").shown is Shown.WRAP_UP
    assert "WrapUpDone" in kinds(floor.take(i.WrapUpEnded(AgentId("ana"), "ana", floor.agent("ana").since), at=92))


# ---------------------------------------------------------------------------------------------------- the rule alone


@given(RULES, TIMES)
def test_whatever_the_rule_time_ends_it_at_its_time_or_never_and_not_after_the_most(rule, began):
    ends, most = rule.ends_at(began), rule.most_at(began)
    if rule.time_ms is None:
        assert ends == most
    else:
        assert ends == (began + rule.time_ms if most is None else min(began + rule.time_ms, most))


@given(RULES, TIMES, st.lists(st.integers(0, 60_000), max_size=20))
def test_however_often_it_is_extended_it_only_grows_and_never_beyond_the_most(rule, began, pauses):
    until, now, most = rule.ends_at(began), began, rule.most_at(began)
    for pause in pauses:
        now += pause
        later = extended(until, rule.extend_ms, most, now)
        if later is None:
            assert until is None or not rule.extend_ms or (most is not None and max(until, now) + 1 > most)
            continue
        assert until < later <= max(until, now) + rule.extend_ms
        assert most is None or later <= most
        until = later


# -------------------------------------------------------------------------------------------------------- its kinds


def test_given_no_wrap_up_then_it_is_over_in_the_same_breath_and_took_no_time():
    floor = wraps_up()
    assert floor.agent("ana").work is Work.IDLE
    assert next(fact for fact in floor.facts if isinstance(fact, a.WrapUpDone)).wrap_up_ms == 0


def test_given_a_time_then_it_is_over_when_that_is_up():
    floor = wraps_up(wrap_up=30)
    assert floor.agent("ana").wrap_up_until == 90_000
    assert the(floor.wake(), a.WrapUpDone) == a.WrapUpDone(at=90_000, agent="ana", wrap_up_ms=30_000)


def test_given_a_plane_that_was_away_when_the_time_was_up_then_it_took_no_longer_all_the_same():
    floor = wraps_up(wrap_up=30)
    done = the(floor.tick(at=500), a.WrapUpDone)
    assert (done.at, done.wrap_up_ms) == (500_000, 30_000)


def test_given_until_done_then_no_time_ends_it_and_they_do():
    floor = wraps_up(wrap_up=None)
    floor.waits("next")
    assert floor.agent("ana").wrap_up_until is None
    assert not any(isinstance(fact, a.WrapUpDone) for fact in floor.tick(at=50_000).facts)
    decision = is_done(floor)
    assert kinds(decision) == ["WrapUpDone", "OfferMade"]
    assert the(decision, a.WrapUpDone) == a.WrapUpDone(at=50_000_000, agent="ana", by="ana", wrap_up_ms=49_940_000)


def test_given_until_done_with_a_most_then_that_ends_it():
    floor = wraps_up(wrap_up=None, most=120)
    assert kinds(floor.wake()) == ["WrapUpDone"]
    assert floor.now == 180_000


@pytest.mark.parametrize("own", [WrapUp(0), WrapUp(5_000), WrapUp(None)])
def test_given_an_agent_with_a_rule_of_their_own_then_it_is_that_and_not_the_queues(own):
    floor = wraps_up(agent=ready("ana", wrap_up=own), wrap_up=30)
    ended = next(fact for fact in floor.facts if isinstance(fact, f.TalkEnded))
    assert ended.wrap_up_until == own.ends_at(60_000)
    assert (floor.agent("ana").work is Work.IDLE) == own.is_none


@pytest.mark.parametrize("when", ["before", "in the talk", "in it"])
def test_given_an_agent_who_signs_out_then_what_only_they_could_end_is_over_and_a_time_goes_on(when):
    for wrap_up, goes_on in ((None, False), (30, True)):
        floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=wrap_up)])
        floor.talks("x", at=0)
        if when != "in it":
            floor.wants("ana", Intent.OFFLINE)
        floor.agent_hangs_up("x", at=60)
        if when == "in it":
            floor.wants("ana", Intent.OFFLINE)
        assert (floor.agent("ana").work is Work.WRAP_UP) is goes_on


def test_given_an_agent_who_is_deleted_while_only_they_could_end_it_then_nothing_of_them_is_left():
    floor = wraps_up(wrap_up=None)
    floor.people([])
    assert AgentId("ana") not in floor.state.agents


# --------------------------------------------------------------------------------------------------------- extended


def test_given_an_extension_then_it_ends_so_much_later_as_often_as_asked_until_the_most():
    floor = wraps_up(wrap_up=30, extend=20, most=60)
    decision = extends(floor, at=70)
    assert decision.facts == (a.WrapUpExtended(at=70_000, agent="ana", until=110_000, by="ana"),)
    assert decision.wake_at is not None
    assert the(extends(floor), a.WrapUpExtended).until == 120_000, "the most, from its beginning"
    assert why_not_extend(floor.agent("ana")) == "wrap-up-at-most"
    assert not extends(floor).facts
    assert floor.agent("ana").since == 60_000, "it began when it began"
    floor.tick(at=119)
    assert floor.agent("ana").shown is Shown.WRAP_UP
    assert kinds(floor.wake()) == ["WrapUpDone"]
    assert floor.now == 120_000


@pytest.mark.parametrize(("rule", "why"), [({"wrap_up": 30}, "not-extendable"), ({"wrap_up": None}, "not-extendable")])
def test_given_a_rule_without_extension_then_nothing_happens_and_the_agent_is_told_why(rule, why):
    floor = wraps_up(**rule)
    assert why_not_extend(floor.agent("ana")) == why
    assert not extends(floor).facts


def test_given_no_wrap_up_when_it_is_extended_or_done_then_nothing_happens():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30, extend=20)])
    assert why_not_extend(floor.agent("ana")) == "not-in-wrap-up"
    assert not extends(floor).facts
    assert not is_done(floor).facts
    assert not floor.take(i.WrapUpExtendAsked(AgentId("nobody"), "api")).facts


# ------------------------------------------------------------------------------------------- what does not end it


def a_house():
    """Ana serves both queues and wraps up a call of `support`; Ben serves both, too."""
    both = {SUPPORT: 5, SALES: 5}
    queues = [a_queue(wrap_up=30, extend=30), a_queue(SALES)]
    floor = a_floor(agents=[ready("ana", since=0, **both), ready("ben", since=10, **both)], queues=queues)
    floor.talks("x", at=20)
    assert floor.agent("ana").work is Work.TALKING
    return floor


def test_given_wrap_up_when_calls_wait_in_other_queues_then_it_goes_on_and_the_longest_waiting_rings_after_it():
    floor = a_house()
    floor.agent_hangs_up("x", at=60)
    floor.talks("y", queue=SALES)
    floor.waits("z", queue=SALES, at=70)
    floor.waits("v", at=71)
    assert (floor.agent("ana").work, floor.agent("ana").wrap_up_until) == (Work.WRAP_UP, 90_000)
    assert kinds(floor.wake()) == ["WrapUpDone", "OfferMade"]
    assert (floor.now, floor.rung("z")) == (90_000, "ana")


def test_given_a_caller_who_goes_on_to_a_colleague_then_the_wrap_up_of_the_first_is_what_it_was():
    floor = a_house()
    floor.agent_hangs_up("x", at=60)
    before = floor.agent("ana")
    floor.asks("x", EnterQueue(SALES), at=65)
    floor.enters("x")
    floor.picks_up("x")
    floor.joins("x")
    assert floor.agent("ben").work is Work.TALKING
    floor.agent_hangs_up("x", at=70)
    floor.leaves("x", at=75)
    after = floor.agent("ana")
    assert (after.work, after.since, after.wrap_up_until) == (before.work, before.since, before.wrap_up_until)


@pytest.mark.parametrize("phone", Phone)
def test_given_wrap_up_when_the_phone_comes_goes_or_is_used_then_it_goes_on(phone):
    floor = wraps_up(wrap_up=30)
    floor.phone("ana", phone, at=65)
    floor.take(i.LegEnded(OfferId("o-c-ast1-x-1-1"), ChannelId("l-c-ast1-x-1-1-1"), 16), at=66)
    assert (floor.agent("ana").work, floor.agent("ana").wrap_up_until) == (Work.WRAP_UP, 90_000)


def test_given_wrap_up_when_the_agent_dials_and_hangs_up_then_it_goes_on_and_ends_at_its_time():
    floor = wraps_up(wrap_up=30)
    floor.take(replace(an_arrival("own", "0123"), device=DeviceName("ana")), at=65)
    assert floor.agent("ana").own_calls == (c("own"),)
    floor.leaves("own", at=70)
    assert (floor.agent("ana").work, floor.agent("ana").since) == (Work.WRAP_UP, 60_000)
    assert kinds(floor.tick(at=90))[0] == "WrapUpDone"


def test_given_wrap_up_when_the_queue_gets_another_rule_or_is_no_more_then_the_one_that_runs_stays():
    floor = wraps_up(wrap_up=30, extend=10)
    floor.reads("site-2", a_queue(SALES), at=65)
    assert the(extends(floor), a.WrapUpExtended).until == 100_000


def test_given_a_kill_in_wrap_up_then_all_of_it_is_what_it_was():
    floor = wraps_up(wrap_up=30, extend=20, most=60)
    extends(floor)
    kept = checkpoint.decode(checkpoint.encode(floor.state))
    assert kept.agents == floor.state.agents == floor.replayed().agents
