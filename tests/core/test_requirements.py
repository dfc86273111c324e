"""What is asked of an agent while a contact waits, who is asked for by name, and who comes before whom."""

from __future__ import annotations

from msgspec.structs import replace

from ccplane.agents.facts import Intent, Membership
from ccplane.contacts import facts as f
from ccplane.contacts.verbs import NoAgents
from ccplane.core import checkpoint
from ccplane.core import inputs as i
from ccplane.routing.rules import Step
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, c, kinds, offline, paused, ready, the

ANYONE = Step({SUPPORT: 1})
LAST_FIRST = a_queue(steps=(Step(for_ms=20_000, last_agent_ms=3_600_000), ANYONE))


def who(person, **profile):
    person.profile = replace(person.profile, **profile)
    return person


def served(floor, caller, at):
    """A caller talks with the agent who rings, and both hang up."""
    floor.talks(caller, at=at)
    agent = floor.contact(caller).talk.agent
    floor.agent_hangs_up(caller, at=at + 1)
    floor.leaves(caller)
    return agent


# ------------------------------------------------------------------------------------------ who served them last


def test_given_a_customer_served_before_when_they_call_again_then_the_same_agent_rings_though_another_is_longer_idle():
    floor = a_floor([ready("ana", since=1), ready("ben", since=2)], [LAST_FIRST])
    assert served(floor, "first", at=3) == "ana"
    floor.waits("again", at=10)
    assert floor.rung("again") == "ana"


def test_given_the_last_agent_busy_when_the_step_is_over_then_anyone_rings():
    floor = a_floor([ready("ana", since=1), ready("ben", since=2)], [LAST_FIRST, a_queue(SALES)])
    assert served(floor, "first", at=3) == "ana"
    floor.talks("another", at=5, queue=SUPPORT)
    assert floor.contact("another").talk.agent == "ana"
    floor.waits("again", at=10)
    assert floor.rung("again") is None, "it waits for ana"
    assert kinds(floor.wake()) == ["RequirementRelaxed", "OfferMade"]
    assert (floor.now, floor.rung("again")) == (30_000, "ben")


def test_given_the_last_agent_signs_out_while_a_customer_waits_for_them_then_anyone_rings_at_once():
    floor = a_floor([ready("ana", since=1), ready("ben", since=2)], [LAST_FIRST])
    served(floor, "first", at=3)
    floor.wants("ana", Intent.PAUSED, at=4)
    floor.waits("again", at=10)
    assert floor.rung("again") is None
    decision = floor.wants("ana", Intent.OFFLINE, at=12)
    assert the(decision, f.RequirementRelaxed).step == 1
    assert the(decision, f.OfferMade).agent == "ben"


def test_given_nobody_who_served_them_when_a_customer_calls_then_that_step_is_passed_over_at_once():
    floor = a_floor([ready("ana"), ready("ben")], [LAST_FIRST])
    assert kinds(floor.waits("first", in_room=False))[-2:] == ["RequirementRelaxed", "OfferMade"]


def test_given_a_talk_too_long_ago_when_the_customer_calls_again_then_that_step_is_passed_over():
    floor = a_floor([ready("ana", since=1), ready("ben", since=2)], [LAST_FIRST])
    assert served(floor, "first", at=3) == "ana"
    floor.waits("again", at=3700)
    assert floor.rung("again") == "ben", "who has been idle longer"


def test_given_a_step_passed_over_then_the_next_one_lasts_as_long_as_it_says():
    steps = (Step(for_ms=20_000, agents=("gone",)), Step({SUPPORT: 7}, for_ms=30_000), ANYONE)
    floor = a_floor([ready("ana", **{SUPPORT: 3}), paused("pro", **{SUPPORT: 9})], [a_queue(steps=steps)])
    relaxed = the(floor.waits("x", at=100), f.RequirementRelaxed)
    assert (relaxed.step, relaxed.saved_ms) == (1, 20_000)
    assert floor.state.wake_at == 130_000
    assert floor.rung("x") is None
    floor.wake()
    assert floor.rung("x") == "ana"


def test_given_a_plane_that_begins_anew_then_it_still_knows_who_served_whom():
    floor = a_floor([ready("ana", since=1), ready("ben", since=2)], [LAST_FIRST])
    served(floor, "first", at=3)
    again = checkpoint.decode(checkpoint.encode(floor.state))
    assert again.served.get("5551234").agent == "ana"
    assert again.agents["ana"].tally.contacts == 1


def test_given_a_sticky_queue_then_the_last_agent_is_asked_if_free_and_else_the_longest_idle():
    floor = a_floor([ready("ana", since=1), ready("ben", since=2)], [a_queue(strategy="sticky")])
    assert served(floor, "first", at=3) == "ana"
    floor.waits("again", at=10)
    assert floor.rung("again") == "ana"
    floor.waits("third", at=11)
    assert floor.rung("third") == "ben"


# ----------------------------------------------------------------------------------------- certain agents, languages


def test_given_agents_asked_for_by_name_when_one_is_signed_in_then_they_are_waited_for_and_then_anyone_is_asked():
    steps = (Step(for_ms=10_000, agents=("vip", "gone")), ANYONE)
    floor = a_floor([ready("ana"), paused("vip")], [a_queue(steps=steps)])
    floor.waits("x", at=5)
    assert floor.rung("x") is None
    assert the(floor.wants("vip", Intent.READY, at=6), f.OfferMade).contact == c("x")


def test_given_agents_asked_for_by_name_of_whom_the_last_signs_out_then_the_next_step_holds_at_once():
    steps = (Step(for_ms=10_000, agents=("vip",)), ANYONE)
    floor = a_floor([ready("ana"), paused("vip")], [a_queue(steps=steps)])
    floor.waits("x", at=5)
    assert the(floor.wants("vip", Intent.OFFLINE, at=6), f.OfferMade).agent == "ana"


def test_given_agents_asked_for_by_name_who_are_deleted_then_the_next_step_holds_at_once():
    steps = (Step(for_ms=10_000, agents=("vip",)), ANYONE)
    floor = a_floor([ready("ana"), paused("vip")], [a_queue(steps=steps)])
    floor.waits("x", at=5)
    assert the(floor.people([ready("ana")], at=6), f.OfferMade).agent == "ana"


def test_given_a_step_that_asks_for_the_callers_language_then_only_who_speaks_it_rings():
    steps = (Step({SUPPORT: 1}, for_ms=10_000, language=True), ANYONE)
    floor = a_floor([ready("ana"), ready("mei", since=5)], [a_queue(steps=steps)])
    floor.people([who(ready("ana"), languages=("en",)), who(ready("mei"), languages=("en", "zh-CN"))])
    floor.waits("x", at=9)
    assert floor.contact("x").language == "zh-CN"
    assert floor.rung("x") == "mei"
    floor.waits("y", at=10)
    assert floor.rung("y") is None
    trace = the(floor.wake(), f.OfferMade).trace
    assert (floor.rung("y"), trace.candidates) == ("ana", 1)


def test_given_a_language_that_nobody_signed_in_speaks_then_the_program_decides_at_once():
    queue = a_queue(steps=(Step({SUPPORT: 1}, language=True),))
    floor = a_floor([ready("ana"), offline("mei")], [queue])
    floor.people([who(ready("ana"), languages=("en",)), who(offline("mei"), languages=("zh-CN",))])
    assert the(floor.waits("y", at=6, in_room=False), f.StepEnded).result == NoAgents()


# ----------------------------------------------------------------------------------------------- many queues


def test_given_agents_who_name_their_queues_then_nobody_else_rings_and_the_lower_priority_number_is_asked_first():
    floor = a_floor([ready("ana", since=1), ready("ben", since=2), ready("cem", since=3)], [a_queue(), a_queue(SALES)])
    floor.people(
        [
            who(ready("ana"), queues={SALES: Membership()}),
            who(ready("ben"), queues={SUPPORT: Membership(priority=2)}),
            who(ready("cem"), queues={SUPPORT: Membership(priority=1)}),
        ]
    )
    first, second = floor.waits("x", at=5), floor.waits("y", at=6)
    assert [the(each, f.OfferMade).agent for each in (first, second)] == ["cem", "ben"]
    assert the(first, f.OfferMade).trace.runner_up == "ben"
    assert the(first, f.OfferMade).trace.excluded == {"membership": 1}
    floor.waits("z", at=7)
    assert floor.rung("z") is None


def test_given_a_level_in_the_queue_itself_when_the_step_relaxes_then_lesser_members_ring():
    floor = a_floor([ready("ana")], [a_queue(steps=(Step(for_ms=5_000, level=8), Step()))])
    floor.people([who(ready("ana"), queues={SUPPORT: Membership(level=4)})])
    floor.waits("x", at=1)
    assert floor.rung("x") is None
    floor.wake()
    assert floor.rung("x") == "ana"


def test_given_an_agent_without_room_for_calls_then_they_are_offered_none_and_the_trace_says_so():
    floor = a_floor([ready("ana", since=1), ready("ben", since=2)])
    floor.people([who(ready("ana"), capacity={"chat": 3}), ready("ben")])
    made = the(floor.waits("x", at=5), f.OfferMade)
    assert (made.agent, made.trace.excluded) == ("ben", {"no-room": 1})


# --------------------------------------------------------------------------------------------- which contact next


def test_given_credit_when_an_agent_is_freed_then_who_has_waited_less_but_for_the_credit_comes_first():
    floor = a_floor([paused("ana")])
    floor.waits("old", at=1)
    floor.waits("vip", at=30, credit=60)
    floor.waits("late", at=95, credit=60)
    made = the(floor.wants("ana", Intent.READY, at=100), f.OfferMade)
    assert (made.contact, made.trace.winner_score_s, made.trace.runner_up_contact) == (c("vip"), 130.0, c("old"))


def test_given_a_strict_queue_then_its_contacts_come_before_all_others_however_long_those_have_waited():
    both = {SUPPORT: 5, SALES: 5}
    floor = a_floor([paused("ana", **both)], [a_queue(weight=900), a_queue(SALES, strict=1)])
    floor.waits("old", at=1)
    floor.waits("new", queue=SALES, at=500)
    assert the(floor.wants("ana", Intent.READY, at=501), f.OfferMade).contact == c("new")


def test_given_credit_when_a_plane_that_knows_nothing_finds_the_caller_then_it_still_counts():
    floor = a_floor([paused("ana")])
    decision = floor.waits("vip", at=30, credit=60)
    (told,) = {each.text for each in decision.commands if type(each).__name__ == "WriteJournal"}
    assert '"credit_s":60' in told


# ------------------------------------------------------------------------------------------------------ tallies


def test_given_the_fewest_contacts_first_then_who_has_talked_less_today_rings_and_a_new_day_begins_from_nothing():
    floor = a_floor([ready("ana", since=1), ready("ben", since=2)], [a_queue(strategy="fewest-contacts")])
    assert [served(floor, name, at=at) for name, at in (("a", 10), ("b", 20), ("c", 30))] == ["ana", "ben", "ana"]
    assert floor.agent("ana").tally.contacts == 2
    assert served(floor, "d", at=90_000) == "ben"
    assert floor.agent("ben").tally == type(floor.agent("ben").tally)(86_400_000, 1, 1_000)


def test_given_wrap_up_then_it_counts_as_work_of_today():
    floor = a_floor([ready("ana")], [a_queue(wrap_up=30)])
    served(floor, "x", at=10)
    floor.take(i.WrapUpEnded("ana"), at=25)
    assert floor.agent("ana").tally.busy_ms == 1_000 + 14_000


def test_given_wrap_up_whose_end_is_told_late_then_no_more_counts_than_it_was():
    floor = a_floor([ready("ana")], [a_queue(wrap_up=30)])
    served(floor, "x", at=10)
    before = floor.state.paces[SUPPORT].busy_ms
    floor.tick(at=5_000)
    assert floor.agent("ana").tally.busy_ms == 1_000 + 30_000
    assert floor.state.paces[SUPPORT].busy_ms == before + 30_000
