"""Our memory is gone, the calls are not: another host's plane, or an outbox lost. No talk is cut (law 10)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.agents.agent import Work
from ccplane.agents.facts import Intent
from ccplane.contacts import facts as f
from ccplane.contacts.contact import Phase
from ccplane.contacts.verbs import EnterQueue, Gather, Served
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core import journal
from ccplane.facts import RepairMade
from ccplane.ids import AgentId, ChannelId
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, an_arrival, c, doing, kinds, paused, ready, the

X = ChannelId("x")
WAITS = EnterQueue(SUPPORT)
TALK = [
    "ContactArrived",
    "CallerAnswered",
    "ProgramStarted",
    "StepStarted",
    "ContactQueued",
    "CallerEnteredRoom",
    "OfferMade",
    "OfferAnswered",
    "TalkStarted",
]


def a_leg(step=1, attempt=1, up=True, agent="ana", sure=True, caller="x"):
    return i.ChannelSeen(ChannelId(f"l-{c(caller)}-{step}-{attempt}-7"), up, sure=sure, agent=agent)


def a_caller(sure=True):
    return i.ChannelSeen(X, True, an_arrival("x", answered=True), sure=sure)


def found(floor, leg=None, *, verb=WAITS, step=1, since=0, caller=True, **how):
    """A survey that finds x in their room, with this leg if one is given; the room's journal says `verb`."""
    seen = [each for each in (a_caller() if caller else None, leg) if each]
    journals = {c("x"): journal.write(step, verb, since)} if verb else {}
    rooms = {c("x"): tuple(each.id for each in seen)}
    return floor.survey(**({"extra": seen, "rooms": rooms, "journals": journals} | how))


def what_was_repaired(decision):
    return [fact.what for fact in decision.facts if isinstance(fact, RepairMade)]


def test_given_two_who_talk_and_nobody_knows_when_the_switch_is_found_then_they_talk_on():
    floor = a_floor(agents=[ready("ana"), ready("ben")])
    decision = found(floor, a_leg(), at=60, since=9)
    assert kinds(decision) == ["RepairMade", *TALK]
    assert what_was_repaired(decision) == ["talk nobody knew"]
    assert not decision.commands, "a talk is left alone"
    contact = floor.contact("x")
    assert (contact.phase, contact.talk.agent, contact.talk.leg) == (Phase.TALKING, "ana", a_leg().id)
    assert contact.talk.queue == SUPPORT
    assert floor.agent("ana").work is Work.TALKING
    assert not floor.survey(at=75).facts, "the next survey finds all as we believe"


def test_given_an_adopted_talk_when_the_agent_hangs_up_then_it_ends_like_any_other():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)])
    found(floor, a_leg(), at=60)
    decision = floor.agent_hangs_up("x", at=70)
    assert kinds(decision) == ["TalkEnded", "StepEnded"]
    assert the(decision, f.TalkEnded).talk_ms == 10_000
    assert the(decision, f.StepEnded).result == Served("ana")
    assert floor.agent("ana").work is Work.WRAP_UP


def test_given_an_adopted_talk_when_the_caller_leaves_then_the_agents_leg_is_hung_up():
    floor = a_floor(agents=[ready("ana")])
    found(floor, a_leg())
    assert the(floor.leaves("x"), do.HangUpLeg).leg == a_leg().id
    assert floor.agent("ana").clearing == (a_leg().id,)
    floor.let_go()
    assert floor.agent("ana").free


def test_given_an_agent_with_a_talk_nobody_knew_then_they_are_offered_nothing_in_the_same_breath():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("y")
    floor.refuses("y", 486)
    assert floor.contact("y").phase is Phase.WAITING
    decision = found(floor, a_leg(), at=1)
    assert the(decision, f.OfferMade).contact == c("x")
    floor.tick(at=20)
    assert floor.contact("x").phase is Phase.TALKING
    assert floor.contact("y").offer is None


def test_given_a_leg_from_a_later_step_then_the_contact_goes_on_at_that_step_without_a_program():
    floor = a_floor(agents=[ready("ana")])
    decision = found(floor, a_leg(step=3, attempt=2), step=3)
    assert "ProgramStarted" not in kinds(decision)
    contact = floor.contact("x")
    assert (contact.program, contact.step, contact.verb) == ("", 3, EnterQueue(SUPPORT))
    assert contact.talk.offer == f"o-{c('x')}-3-2"


def test_given_a_room_without_a_journal_then_the_queue_is_that_of_the_number_dialled():
    floor = a_floor(agents=[ready("ana")])
    rules = floor.state.rules
    assert rules.numbers["4002"].queue is None
    assert not found(floor, a_leg(), verb=None).facts, "no queue to be had: left alone"
    floor.take(i.SiteRead("site-2", with_queue(rules, SALES), {}))
    found(floor, a_leg(), verb=None)
    assert floor.contact("x").talk.queue == SALES


def with_queue(rules, queue):
    return replace(rules, numbers={"4002": replace(rules.numbers["4002"], queue=queue)})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"step":1}', '{"step":1,"verb":"EnterQueue","at":5}'])
def test_given_a_journal_that_is_none_of_ours_then_the_pair_is_not_cut(text):
    decision = found(a_floor(agents=[ready("ana")]), a_leg(), journals={c("x"): text})
    assert not decision.commands


@pytest.mark.parametrize("agent", [None, "stranger"])
def test_given_a_talk_with_an_agent_nobody_knows_then_both_are_left_alone(agent):
    decision = found(a_floor(agents=[ready("ana")]), a_leg(agent=agent))
    assert (decision.facts, decision.commands) == ((), ())


def test_given_a_talk_with_an_agent_who_is_busy_with_another_contact_then_both_are_left_alone():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("y")
    decision = found(floor, a_leg())
    assert (decision.facts, decision.commands) == ((), ())
    floor.leaves("y")
    assert "TalkStarted" in kinds(found(floor, a_leg())), "adopted once the agent is not"


def test_given_two_left_alone_when_the_caller_goes_then_the_leg_is_hung_up():
    floor = a_floor()
    found(floor, a_leg())
    assert doing(found(floor, a_leg(), caller=False)) == ["HangUpLeg"]


def test_given_two_left_alone_when_the_leg_goes_then_the_caller_is_served_anew():
    floor = a_floor(agents=[ready("ana")])
    found(floor, a_leg(agent=None))
    assert "ContactArrived" in kinds(found(floor))


def test_given_a_talk_seen_by_one_of_two_surveys_then_it_waits_for_the_next():
    floor = a_floor(agents=[ready("ana")])
    for caller, leg in ((a_caller(sure=False), a_leg()), (a_caller(), a_leg(sure=False))):
        decision = found(floor, leg, extra=[caller, leg])
        assert (decision.facts, decision.commands) == ((), ())


@pytest.mark.parametrize(
    ("leg", "rooms"),
    [
        (a_leg(up=False), {c("x"): (X, a_leg().id)}),
        (a_leg(), {c("x"): (X,)}),
        (a_leg(), {c("x"): (X,), c("y"): (a_leg().id,)}),
    ],
)
def test_given_a_leg_that_does_not_talk_with_its_caller_then_it_is_hung_up_and_the_caller_is_served(leg, rooms):
    decision = found(a_floor(agents=[ready("ana")]), leg, rooms=rooms)
    assert the(decision, do.HangUpLeg).leg == leg.id
    assert "ContactArrived" in kinds(decision)


def test_given_a_call_that_we_ended_when_both_are_still_seen_then_nothing_is_begun():
    floor = a_floor(agents=[ready("ana")])
    floor.arrives()
    floor.leaves("x")
    decision = found(floor, a_leg())
    assert (decision.facts, decision.commands) == ((), ())


# ------------------------------------------------------------------------- the contact is known, its talk is not


def test_given_a_waiting_caller_who_is_seen_to_talk_then_the_open_offer_is_taken_back_and_they_talk():
    floor = a_floor(agents=[ready("ana", since=1), ready("ben")])
    floor.waits()
    rung = floor.offer("x")
    assert rung.agent == "ben"
    decision = floor.survey(extra=[a_leg(attempt=5)], rooms={c("x"): (X, a_leg(attempt=5).id)})
    assert what_was_repaired(decision) == ["talk nobody saw begin"]
    assert kinds(decision) == ["RepairMade", "LegDropped", "OfferWithdrawn", *TALK[-3:]]
    assert [each.leg for each in decision.commands if isinstance(each, do.HangUpLeg)] == [rung.leg]
    assert "StopMusic" in doing(decision)
    assert floor.contact("x").talk.agent == "ana"
    floor.let_go("ben")
    assert floor.agent("ben").free


def test_given_a_join_that_just_failed_when_a_survey_shows_it_then_the_leg_on_its_way_out_is_left_to_go():
    floor = a_floor(agents=[ready("ana")])
    floor.waits(at=10)
    leg = floor.offer("x").leg
    floor.is_up("x")
    floor.picks_up("x", at=12)
    floor.wake()
    decision = floor.survey(at=14, extra=[i.ChannelSeen(leg, True, agent="ana")], rooms={c("x"): (X, leg)})
    assert (decision.facts, decision.commands) == ((), ())


def test_given_that_leg_when_its_agent_wants_no_rest_then_it_is_left_to_go_all_the_same():
    floor = a_floor(agents=[ready("ana")])
    floor.waits(at=10)
    leg = floor.offer("x").leg
    floor.is_up("x")
    floor.picks_up("x", at=12)
    floor.wake()
    assert kinds(floor.wants("ana", Intent.READY, at=15)) == ["IntentChanged", "AgentRested"]
    decision = floor.survey(at=16, extra=[i.ChannelSeen(leg, True, agent="ana")], rooms={c("x"): (X, leg)})
    assert (decision.facts, decision.commands) == ((), ())


def test_given_an_agent_whose_last_leg_is_on_its_way_out_when_another_is_seen_to_talk_then_that_talk_is_theirs():
    floor = a_floor(agents=[ready("ana")])
    floor.talks("y", at=10)
    floor.leaves("y", at=60)
    assert "TalkStarted" in kinds(found(floor, a_leg(), at=61))
    assert kinds(floor.let_go()) == ["LegCleared"]
    assert floor.agent("ana").work is Work.TALKING


@pytest.mark.parametrize("up", [False, True])
def test_given_an_agent_called_just_before_a_crash_whose_last_leg_has_gone_in_it_then_the_call_is_theirs(up):
    floor = a_floor(agents=[ready("ana")])
    floor.talks("y", at=10)
    floor.waits(at=20)
    floor.leaves("y", at=60)
    leg = a_leg(up=up)
    decision = floor.survey(after_gap=True, at=61, extra=[leg])
    assert what_was_repaired(decision) == ["offer nobody knew"]
    assert not [each for each in decision.commands if isinstance(each, do.HangUpLeg)]
    assert the(decision, f.OfferMade).leg == leg.id
    assert ("OfferAnswered" in kinds(decision)) is up


@pytest.mark.parametrize("seen", [{"up": False}, {"up": False, "at_door": True}, {"up": True}])
def test_given_an_agent_rung_for_one_who_left_in_the_gap_and_then_for_another_then_that_call_is_theirs(seen):
    floor = a_floor(agents=[ready("ana")])
    floor.waits("y", at=10)
    floor.alerts("y")
    before = floor.offer("y").leg
    floor.waits(at=12)
    leg = i.ChannelSeen(a_leg().id, agent="ana", **seen)
    decision = floor.survey(after_gap=True, at=20, extra=[leg], gone=["y", before])
    assert floor.offer("x").leg == leg.id
    assert [each.leg for each in decision.commands if isinstance(each, do.HangUpLeg)] == [before]


def test_given_a_rest_and_a_later_offer_of_which_nobody_knows_when_they_are_seen_to_talk_then_the_rest_is_over():
    floor = a_floor(agents=[ready("ana")])
    floor.waits(at=10)
    floor.refuses("x", 486, at=11)
    leg = a_leg(attempt=2)
    decision = floor.survey(after_gap=True, at=12, extra=[leg], rooms={c("x"): (X, leg.id)})
    assert kinds(decision)[-4:] == ["AgentRested", *TALK[-3:]]
    assert "StartMusic" not in doing(decision), "nobody hears music in a talk"


def test_given_a_talk_when_a_third_is_in_the_room_then_nobody_is_thrown_out():
    floor = a_floor(agents=[ready("ana"), ready("ben")])
    floor.talks()
    mine = floor.contact("x").talk.leg
    third = a_leg(attempt=9, agent="ben")
    decision = floor.survey(extra=[third], rooms={c("x"): (X, mine, third.id)})
    assert (decision.facts, decision.commands) == ((), ())


# -------------------------------------------------------------------------------------------------- those who wait


def test_given_a_waiting_caller_nobody_knew_then_they_keep_their_place_in_the_queue():
    floor = a_floor(agents=[paused("ana")])
    floor.waits("y", at=40)
    floor.is_up("y")
    decision = found(floor, at=60, since=9_000)
    assert what_was_repaired(decision) == ["waiting caller nobody knew"]
    assert doing(decision) == ["StartMusic", "TellQueue"]
    assert the(decision, f.ContactQueued).since == 9_000
    assert [each.contact for each in floor.state.lines[SUPPORT]] == [c("x"), c("y")]
    floor.wants("ana", Intent.READY)
    assert floor.rung("x") == "ana"


def test_given_a_waiting_caller_nobody_knew_outside_the_room_and_not_answered_then_both_are_done():
    floor = a_floor(agents=[paused("ana")])
    seen = i.ChannelSeen(X, False, an_arrival("x"))
    decision = found(floor, at=60, extra=[seen], rooms={c("x"): ()})
    assert doing(decision) == ["AnswerCaller", "AddCaller", "StartMusic", "TellQueue"]


def test_given_a_waiting_caller_nobody_knew_and_nobody_signed_in_then_the_program_hears_of_it():
    floor = a_floor()
    assert the(found(floor), f.ContactUnqueued).outcome is f.QueueOutcome.NO_AGENTS


def test_given_a_journal_of_a_clock_ahead_of_ours_then_they_wait_since_now():
    floor = a_floor(agents=[paused("ana")])
    found(floor, at=60, since=90_000)
    assert floor.contact("x").waiting.queued_at == 60_000


@pytest.mark.parametrize("verb", [Gather(("sound:a",), 5_000), EnterQueue(SALES), None])
def test_given_a_caller_nobody_knew_who_does_not_wait_in_a_queue_of_ours_then_their_program_begins_anew(verb):
    floor = a_floor(agents=[paused("ana")])
    decision = found(floor, verb=verb)
    assert what_was_repaired(decision) == ["caller nobody saw arrive"]
    assert floor.contact("x").verb is None


def test_given_a_talk_nobody_knows_of_a_queue_that_is_no_more_then_it_is_a_talk_of_ours():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue("sales")])
    leg = ChannelId("l-c-ast1-x-1-1-1")
    floor.drops()
    decision = floor.survey(
        after_gap=True,
        extra=[
            i.ChannelSeen(ChannelId("x"), up=True, arrival=an_arrival("x", answered=True)),
            i.ChannelSeen(leg, up=True, agent=AgentId("ana")),
        ],
        rooms={c("x"): (ChannelId("x"), leg)},
        journals={c("x"): '{"step":1,"verb":"EnterQueue","at":1,"queue":"support","program":"straight"}'},
    )
    assert "HangUpLeg" not in doing(decision)
    assert floor.contact("x").talk.agent == "ana"


def test_given_a_program_known_at_a_prompt_and_a_leg_beside_the_caller_of_which_no_journal_tells_then_they_talk_on():
    floor = a_floor(agents=[ready("ana")])
    floor.take(i.SiteRead("site-2", with_queue(floor.state.rules, SUPPORT), {}))
    floor.arrives("x", answered=True)
    floor.asks("x", Gather(("sound:a",), 5_000))
    floor.drops(at=5)
    leg = a_leg(step=2)
    decision = floor.survey(after_gap=True, at=60, extra=[leg], rooms={c("x"): (X, leg.id)})
    assert "PlaySounds" not in doing(decision)
    assert (floor.contact("x").phase, floor.agent("ana").work) == (Phase.TALKING, Work.TALKING)
