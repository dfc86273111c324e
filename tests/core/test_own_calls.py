"""Calls that agents make themselves: who may call whom, and that nobody on one is offered a contact."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.agents.agent import Shown
from ccplane.agents.facts import DiallingRefused, Intent, Phone, Seat
from ccplane.contacts.contact import Phase
from ccplane.contacts.facts import (
    CallConnected,
    CallEnded,
    CallMissed,
    ContactArrived,
    ContactEnded,
    Direction,
    EndedBy,
    PartyAnswered,
    PartyRinging,
)
from ccplane.contacts.verbs import Connect, NotAllowed, NotReached, Talked
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.own_calls import call_of
from ccplane.ids import AgentId, ChannelId, DeviceName, SeatId
from ccplane.routing.dialling import Dialling, Role, Rule, refusal
from tests.core.floor import a_floor, a_queue, an_arrival, c, kinds, ms, offline, ready, the

DIALLING = Dialling(
    trunk="out",
    caller_id="4000",
    program="own_call",
    emergency=("110",),
    roles={"agent": Role(allow=("5", "+86"), deny=("59",)), "chief": Role(allow=("",))},
)


def a_house(*agents):
    return a_floor(agents=agents or [ready("ana"), ready("ben")], dialling=DIALLING)


def calls(floor, number, *, who="ana", name="x"):
    """From who's phone; its program connects it."""
    floor.take(replace(an_arrival(name, number), device=DeviceName(who)))
    return floor.asks(name, Connect(number))


def call(floor, name="x"):
    return floor.contact(name).call


def picks_up(floor, name="x"):
    return floor.take(i.LegUp(call(floor, name).id, call(floor, name).leg, call(floor, name).agent))


def ends(floor, name="x", **how):
    return floor.take(i.LegEnded(call(floor, name).id, call(floor, name).leg, **how))


def talks(floor, number="ben"):
    calls(floor, number)
    floor.enters("x")
    picks_up(floor)
    return floor.enters("x", call(floor).leg)


def commands(decision):
    return [type(each).__name__ for each in decision.commands]


def result(floor, name="x"):
    return floor.contact(name).results[-1]


def test_given_an_agent_who_dials_a_colleague_then_both_are_on_an_own_call_and_offered_nothing():
    floor = a_house()
    decision = calls(floor, "ben")
    assert kinds(decision) == ["StepStarted", "OwnCallStarted", "PartyCalled"]
    assert commands(decision) == ["WriteJournal", "AddCaller", "CallParty"]
    rung = decision.commands[-1]
    assert (rung.endpoint, rung.agent, rung.caller, rung.caller_name) == ("PJSIP/ben", "ben", "ana", "Ana")
    assert {floor.agent(each).shown for each in ("ana", "ben")} == {Shown.OWN_CALL}
    assert "OfferMade" not in kinds(floor.waits("y"))


def test_given_a_colleague_who_picks_up_then_they_talk_and_with_their_hanging_up_the_program_goes_on():
    floor = a_house()
    calls(floor, "ben")
    floor.enters("x")
    rings = floor.take(i.LegRinging(call(floor).id))
    assert (kinds(rings), commands(rings)) == (["PartyRinging"], ["LetRing"])
    answered = picks_up(floor)
    assert kinds(answered) == ["PartyAnswered"]
    assert commands(answered) == ["StopRinging", "AnswerCaller", "JoinAgent"]
    assert kinds(floor.enters("x", call(floor).leg)) == ["CallConnected"]
    assert floor.contact("x").phase is Phase.IN_CALL
    floor.now += 7_000
    assert kinds(ends(floor)) == ["CallEnded", "OwnCallEnded", "StepEnded"]
    assert result(floor) == Talked(7_000)
    assert (floor.agent("ben").shown, floor.agent("ana").shown) == (Shown.READY, Shown.OWN_CALL)
    assert kinds(floor.leaves("x")) == ["OwnCallEnded", "ContactEnded"]


def test_given_a_call_that_began_and_ended_in_a_pause_of_ours_then_all_of_it_took_as_long_as_it_did():
    floor = a_house()
    calls(floor, "ben")
    floor.enters("x")
    leg, of = call(floor).leg, call(floor).id
    start = floor.now

    def late(what, happened):
        return floor.take(i.Late(what, start + ms(happened)), at=start / 1000 + 60)

    assert the(late(i.LegRinging(of), 2), PartyRinging).rang_at == start + 2_000
    assert the(late(i.LegUp(of, leg, AgentId("ben")), 5), PartyAnswered).ring_ms == 3_000
    assert the(late(i.EnteredRoom(c("x"), leg), 6), CallConnected).started_at == start + 6_000
    ended = late(i.LegEnded(of, leg), 26)
    assert the(ended, CallEnded).talk_ms == 20_000
    assert the(ended, CallEnded).ended_at == start + 26_000
    assert result(floor) == Talked(20_000)


def test_given_a_phone_that_refused_in_a_pause_of_ours_then_it_rang_until_then():
    floor = a_house()
    calls(floor, "ben")
    floor.take(i.LegRinging(call(floor).id), at=1)
    gone = floor.take(i.Late(i.LegEnded(call(floor).id, call(floor).leg, sip=603), 9_000), at=60)
    assert the(gone, CallMissed).ring_ms == 8_000


def test_given_a_call_that_is_watched_then_nothing_of_it_is_older_than_its_facts():
    floor = a_house()
    assert the(talks(floor), CallConnected).started_at is None


def test_given_the_other_in_the_room_first_then_they_talk_once_the_caller_is_seen_there():
    floor = a_house()
    calls(floor, "ben")
    picks_up(floor)
    assert kinds(floor.enters("x", call(floor).leg)) == ["PartyEnteredRoom"]
    assert kinds(floor.enters("x")) == ["CallerEnteredRoom", "CallConnected"]


def test_given_a_caller_who_hangs_up_in_the_talk_then_the_others_leg_is_hung_up_and_both_are_free():
    floor = a_house()
    talks(floor)
    decision = floor.leaves("x")
    assert kinds(decision) == ["LegDropped", "CallEnded", "OwnCallEnded", "OwnCallEnded", "ContactEnded"]
    assert commands(decision) == ["HangUpLeg", "CloseRoom"]


def test_given_a_caller_who_gives_up_while_it_rings_then_it_is_withdrawn_and_no_missed_call():
    floor = a_house()
    calls(floor, "ben")
    decision = floor.leaves("x")
    assert next(each for each in decision.facts if isinstance(each, CallMissed)).cause == "withdrawn"
    assert next(each for each in decision.commands if isinstance(each, do.HangUpLeg)).reason == "answered_elsewhere"


@pytest.mark.parametrize(("sip", "why"), [(486, "busy"), (603, "rejected"), (480, "no-answer"), (404, "unreachable")])
def test_given_a_phone_that_does_not_take_it_then_the_program_is_told_why(sip, why):
    floor = a_house()
    calls(floor, "ben")
    assert kinds(ends(floor, sip=sip)) == ["CallMissed", "OwnCallEnded", "StepEnded"]
    assert result(floor) == NotReached(why)


def test_given_a_phone_that_rings_for_ever_then_it_is_given_up_by_our_own_clock():
    floor = a_house()
    calls(floor, "ben")
    decision = floor.tick(DIALLING.ring_ms / 1000)
    assert kinds(decision) == ["LegDropped", "CallMissed", "OwnCallEnded", "StepEnded"]


@pytest.mark.parametrize("command", [do.CallParty, do.JoinAgent])
def test_given_a_switch_that_refuses_then_they_were_not_reached(command):
    floor = a_house()
    made = [each for each in calls(floor, "ben").commands if isinstance(each, command)]
    made = made or [each for each in picks_up(floor).commands if isinstance(each, command)]
    floor.take(i.CommandFailed(made[0], gone=True, message="no"))
    assert result(floor) == NotReached("unreachable")
    assert floor.contact("x").call is None


@pytest.mark.parametrize("answered_first", [True, False])
def test_given_a_join_that_is_refused_then_their_leg_is_hung_up_since_the_room_may_be_what_is_missing(answered_first):
    floor = a_house()
    calls(floor, "ben")
    if answered_first:
        picks_up(floor)
    call = floor.contact("x").call
    decision = floor.take(i.CommandFailed(do.JoinAgent(c("x"), call.id, call.leg), gone=True, message="no"))
    assert the(decision, do.HangUpLeg).leg == call.leg
    assert floor.agent("ben").clearing == (call.leg,)


@pytest.mark.parametrize(("phone", "intent", "why"), [
    (Phone.GONE, Intent.READY, "unreachable"),
    (Phone.IN_USE, Intent.READY, "busy"),
    (Phone.REACHABLE, Intent.OFFLINE, None),
])  # fmt: skip
def test_given_a_colleague_whose_phone_cannot_then_the_program_knows_at_once(phone, intent, why):
    floor = a_house(ready("ana"), offline("ben"))
    floor.phone("ben", phone)
    floor.wants("ben", intent)
    calls(floor, "ben")
    assert (floor.contact("x").call is None) == (why is not None)
    if why:
        assert result(floor) == NotReached(why)


def test_given_a_colleague_who_talks_with_a_customer_then_they_are_busy():
    floor = a_house(ready("ben"), offline("ana"))
    floor.talks("y")
    calls(floor, "ben")
    assert result(floor) == NotReached("busy")


def test_given_a_number_outside_that_a_list_allows_then_the_trunk_is_called_as_we_are_known():
    floor = a_house()
    decision = calls(floor, "(55) 5-1")
    rung = decision.commands[-1]
    assert (rung.endpoint, rung.agent, rung.caller) == ("PJSIP/5551@out", None, "4000")
    arrived = next(each for each in floor.facts if isinstance(each, ContactArrived))
    assert (arrived.direction, arrived.agent, arrived.device) == (Direction.OUTBOUND, "ana", "ana")


@pytest.mark.parametrize(
    ("number", "rule"),
    [("0900123", Rule.NOT_ALLOWED), ("5912", Rule.DENIED), ("+4412", Rule.NOT_ALLOWED), ("00441", Rule.NOT_ALLOWED)],
)
def test_given_a_number_that_no_list_allows_then_nothing_is_called_and_that_is_a_fact(number, rule):
    floor = a_house()
    decision = calls(floor, number)
    refused = next(each for each in decision.facts if isinstance(each, DiallingRefused))
    assert (refused.agent, refused.number, refused.rule, refused.contact) == ("ana", number, rule, c("x"))
    assert not [each for each in decision.commands if isinstance(each, do.CallParty)]
    assert result(floor) == NotAllowed(rule)


def test_given_a_caller_from_outside_then_no_program_can_have_them_call_anybody():
    floor = a_house()
    floor.arrives("x", "5551")
    floor.asks("x", Connect("5551"))
    assert result(floor) == NotAllowed(Rule.NOBODY)


@pytest.mark.parametrize(("number", "rule"), [
    ("5551", None), ("55 51-2", None), ("0086139", None), ("+86139", None), ("110", None), ("59", Rule.DENIED),
    ("6", Rule.NOT_ALLOWED), ("", Rule.NO_NUMBER), ("5551;ext=1", Rule.NO_NUMBER), ("5" * 21, Rule.NO_NUMBER),
    ("५५५", Rule.NO_NUMBER), ("+", Rule.NO_NUMBER), ("#5551", Rule.NO_NUMBER),
])  # fmt: skip
def test_given_a_role_then_its_lists_say_what_it_may_dial(number, rule):
    assert refusal(DIALLING, "agent", number) == rule


def test_given_nobody_at_the_phone_or_no_such_role_or_no_trunk_then_only_emergencies_are_called():
    assert refusal(DIALLING, None, "5551") == Rule.NOBODY
    assert refusal(DIALLING, None, "110") is None
    assert refusal(DIALLING, "guest", "5551") == Rule.NO_ROLE
    assert refusal(Dialling(), "agent", "110") == Rule.NO_TRUNK
    assert refusal(DIALLING, "chief", "0900") is None


# ----------------------------------------------------------------------------------------------------- by a click


def clicks(floor, number="5551", who="ana", claim="click1"):
    return floor.take(i.CallAsked(agent=AgentId(who), number=number, claim=claim))


def test_given_a_click_then_the_agents_own_phone_is_called_first_and_the_program_begins_once_they_pick_up():
    floor = a_house()
    decision = clicks(floor)
    assert kinds(decision) == ["ContactArrived", "OwnCallStarted"]
    assert commands(decision) == ["OpenRoom", "CallOwner"]
    assert decision.commands[-1].endpoint == "PJSIP/ana"
    assert clicks(floor).facts == (), "the same click again is one call"
    up = floor.take(i.CallerUp(c("d-ana-click1")))
    assert kinds(up) == ["CallerAnswered", "ProgramStarted"]
    assert floor.contact("d-ana-click1").program == "own_call"
    assert kinds(floor.asks("d-ana-click1", Connect("5551"))) == ["StepStarted", "PartyCalled"]


def test_given_an_agent_who_does_not_pick_up_then_the_call_is_over_and_they_are_ready():
    floor = a_house()
    clicks(floor)
    decision = floor.wake()
    assert kinds(decision) == ["OwnCallEnded", "ContactEnded"]
    assert "HangUpCaller" in commands(decision)
    assert floor.agent("ana").shown is Shown.READY


def test_given_a_phone_that_is_busy_with_a_click_then_its_end_ends_the_contact():
    floor = a_house()
    clicks(floor)
    assert kinds(floor.take(i.CallerGone(c("d-ana-click1"), 17))) == ["OwnCallEnded", "ContactEnded"]


def test_given_two_agents_with_the_same_claim_then_each_has_a_call_of_their_own():
    floor = a_house()
    clicks(floor, "5551", "ana")
    clicks(floor, "5552", "ben")
    assert [call_of(floor.state, AgentId(who), "click1") for who in ("ana", "ben", "cem")] == [
        c("d-ana-click1"),
        c("d-ben-click1"),
        None,
    ]


def test_given_a_click_again_after_its_call_ended_then_it_is_still_that_one_call():
    floor = a_house()
    clicks(floor)
    floor.take(i.CallerGone(c("d-ana-click1"), 17))
    assert clicks(floor).facts == ()
    assert call_of(floor.state, AgentId("ana"), "click1") == c("d-ana-click1")


def test_given_a_click_on_what_is_not_allowed_then_no_phone_rings_and_that_is_a_fact():
    floor = a_house()
    decision = clicks(floor, "0900123")
    assert kinds(decision) == ["DiallingRefused"]
    assert decision.commands == ()


def test_given_an_agent_with_a_customer_when_they_click_then_nothing_happens():
    floor = a_house(ready("ana"))
    floor.talks("x")
    assert clicks(floor).facts == ()


# ------------------------------------------------------------------------------------------------ the reconciler


def test_given_a_gap_in_which_the_other_hung_up_then_the_survey_ends_the_talk():
    floor = a_house()
    talks(floor)
    floor.drops(at=5)
    decision = floor.survey(after_gap=True, at=9)
    assert {"CallEnded", "StepEnded", "RepairMade"} <= set(kinds(decision))


def test_given_a_gap_in_which_the_other_picked_up_then_they_are_joined():
    floor = a_house()
    calls(floor, "ben")
    floor.enters("x")
    floor.drops(at=5)
    leg = call(floor).leg
    seen = i.ChannelSeen(leg, up=True, agent=AgentId("ben"))
    decision = floor.survey(after_gap=True, at=9, extra=[seen], rooms={c("x"): (ChannelId("x"),)})
    assert "PartyAnswered" in kinds(decision)
    assert "JoinAgent" in commands(decision)


# --------------------------------------------------------------------------------- beside other work, and at any phone


def wraps_up(floor):
    """Ana, after a talk whose wrap-up goes on."""
    floor.talks("y")
    floor.agent_hangs_up("y")
    floor.leaves("y")
    assert floor.agent("ana").shown is Shown.WRAP_UP


def test_given_a_call_in_wrap_up_when_the_wrap_up_ends_first_then_nothing_is_offered_before_the_call_is_over():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=5)], dialling=DIALLING)
    wraps_up(floor)
    calls(floor, "5551")
    assert floor.agent("ana").own_calls == (c("x"),)
    assert clicks(floor).facts == (), "one call at a time"
    floor.waits("z")
    assert kinds(floor.wake()) == ["WrapUpDone", "OwnCallStarted"]
    assert floor.rung("z") is None
    assert kinds(floor.leaves("x"))[-1] == "OfferMade"
    assert floor.replayed() == floor.state


def test_given_a_call_in_wrap_up_that_ends_first_then_the_wrap_up_goes_on():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=5)], dialling=DIALLING)
    wraps_up(floor)
    calls(floor, "5551")
    assert "BesideCallEnded" in kinds(floor.leaves("x"))
    assert floor.agent("ana").shown is Shown.WRAP_UP
    assert kinds(floor.wake()) == ["WrapUpDone"]


def test_given_an_agent_who_dials_out_while_rung_then_the_missed_offer_leaves_them_on_their_call():
    floor = a_house(ready("ana"))
    floor.waits("y")
    calls(floor, "5551")
    assert "OwnCallStarted" in kinds(floor.refuses("y", sip=486))
    assert floor.agent("ana").shown is Shown.OWN_CALL


def test_given_a_shared_phone_that_a_colleague_calls_when_somebody_sits_down_there_then_they_are_on_that_call():
    floor = a_house(ready("ana"), offline("ben"))
    profiles = tuple(agent.profile for agent in floor.state.agents.values())
    floor.take(i.PeopleRead(profiles, (Seat(id=SeatId("d7"), shared=True),)))
    floor.phone("d7", Phone.REACHABLE)
    calls(floor, "d7")
    floor.waits("y")
    floor.take(i.IntentAsked(agent=AgentId("ben"), intent=Intent.READY, by="ben", seat=SeatId("d7")))
    assert floor.rung("y") is None, "their phone rings already, with the colleague's call"
    ends(floor, sip=480)
    assert floor.rung("y") == "ben"


def test_given_an_emergency_number_that_is_also_a_colleagues_then_the_emergency_is_called():
    floor = a_house(ready("ana"), ready("110"))
    assert calls(floor, "110").commands[-1].endpoint == "PJSIP/110@out"


# ---------------------------------------------------------------------------------------------- lost memory, late news


def seen(name, up=True, **how):
    return i.ChannelSeen(ChannelId(name), up, **how)


def of_ana(number, name="x"):
    return replace(an_arrival(name, number, answered=True), device=DeviceName("ana"))


def test_given_two_on_an_own_call_that_nobody_knows_then_both_are_on_it_and_offered_nothing():
    floor = a_house()
    leg = ChannelId(f"l-{c('x')}-1-1-1")
    decision = floor.survey(
        after_gap=True,
        extra=[seen("x", arrival=of_ana("ben")), seen(leg, agent=AgentId("ben"))],
        rooms={c("x"): (ChannelId("x"), leg)},
    )
    assert "CallConnected" in kinds(decision)
    assert {floor.agent(each).shown for each in ("ana", "ben")} == {Shown.OWN_CALL}
    assert not [each for each in decision.commands if isinstance(each, do.HangUpLeg | do.HangUpCaller)]
    assert "CallEnded" in kinds(floor.leaves("x"))


@pytest.mark.parametrize("known", [False, True], ids=["nothing known", "known who makes it"])
def test_given_a_colleague_who_is_rung_by_a_call_of_which_the_facts_were_lost_then_it_rings_on(known):
    floor = a_house()
    leg = ChannelId(f"l-{c('x')}-1-1-1")
    if known:
        floor.take(of_ana("ben"))
    rings = seen(leg, up=False, device=DeviceName("ben"))
    decision = floor.survey(
        after_gap=True,
        at=2,
        extra=[seen("x", up=False, arrival=replace(of_ana("ben"), answered=False)), rings],
        rooms={c("x"): (ChannelId("x"),)},
    )
    assert not [each for each in decision.commands if isinstance(each, do.HangUpLeg | do.HangUpCaller)]
    assert {floor.agent(each).shown for each in ("ana", "ben")} == {Shown.OWN_CALL}
    assert not floor.asks("x", Connect("ben")).facts, "the program comes to where it was"
    picks_up(floor)
    assert "CallConnected" in kinds(floor.enters("x", leg))


def test_given_a_colleague_who_picked_up_before_a_long_gap_then_they_are_joined_after_it():
    floor = a_house()
    calls(floor, "ben")
    picks_up(floor)
    floor.drops(at=1)
    leg = call(floor).leg
    decision = floor.survey(after_gap=True, at=60, gap=59, extra=[seen(leg, agent=AgentId("ben"))])
    assert [each for each in commands(decision) if each not in ("MirrorIntent", "TellQueue")] == [
        "AddCaller",
        "StopRinging",
        "AnswerCaller",
        "JoinAgent",
    ]
    assert not floor.tick(at=60.5).facts
    floor.enters("x")
    assert "CallConnected" in kinds(floor.enters("x", leg))


def test_given_a_caller_whose_coming_into_the_room_was_lost_while_it_rings_then_the_talk_is_told_all_the_same():
    floor = a_house()
    calls(floor, "ben")
    leg = call(floor).leg
    assert not floor.contact("x").in_room
    floor.drops(at=1)
    rings = seen(leg, agent=AgentId("ben"), up=False)
    floor.survey(after_gap=True, at=3, gap=2, extra=[rings], rooms={c("x"): (floor.contact("x").channel,)})
    assert floor.contact("x").in_room
    picks_up(floor)
    assert "CallConnected" in kinds(floor.enters("x", leg))


def test_given_two_on_an_own_call_when_the_switch_begins_anew_then_that_ended_it():
    floor = a_house()
    floor.survey(started_at=1, after_gap=True)
    talks(floor)
    decision = floor.survey(after_gap=True, at=9, gone=["x"], started_at=2)
    assert the(decision, CallEnded).by is EndedBy.SWITCH


@pytest.mark.parametrize(("colleague_stays", "by"), [(True, EndedBy.CALLER), (False, EndedBy.SWITCH)])
def test_given_an_own_call_whose_owner_left_unseen_then_they_ended_it_unless_both_are_gone(colleague_stays, by):
    floor = a_house()
    talks(floor)
    extra = [seen(call(floor).leg, agent=AgentId("ben"))] if colleague_stays else []
    decision = floor.survey(after_gap=True, at=9, gone=["x"], extra=extra)
    assert the(decision, CallEnded).by is by
    assert the(decision, ContactEnded).by is EndedBy.CALLER


def test_given_an_own_call_that_nobody_knows_without_its_other_party_then_it_is_ended_and_never_dialled_again():
    floor = a_house()
    decision = floor.survey(
        after_gap=True, extra=[seen("x", arrival=of_ana("5551"))], rooms={c("x"): (ChannelId("x"),)}
    )
    assert "HangUpCaller" in commands(decision)
    assert floor.contact("x") is None


def test_given_a_click_that_a_survey_of_that_moment_does_not_show_then_it_is_not_given_up():
    floor = a_house()
    clicks(floor)
    floor.now += 10
    assert "ContactEnded" not in kinds(floor.survey(gone=["d-ana-click1"]))


def test_given_a_click_that_was_given_up_when_the_agent_picks_up_all_the_same_then_they_are_not_left_in_silence():
    floor = a_house()
    clicks(floor)
    floor.wake()
    assert commands(floor.take(replace(of_ana("5551", "d-ana-click1")))) == ["HangUpCaller"]
