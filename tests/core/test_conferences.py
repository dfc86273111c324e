"""Conferences: who meets whom, what is heard alone, how it ends, and that a crash parts nobody."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.contacts.conference import Confer, Met, NotMet
from ccplane.contacts.contact import Phase
from ccplane.contacts.facts import ConferenceEntered, ConferenceLeft
from ccplane.contacts.recordings import RecordingAsked
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.routing.recording import RecordingPolicy, RecordingRule
from tests.core.floor import a_floor, an_arrival, c, kinds, ready, the

BOARD = Confer("board", most=3, ms=60_000, ends_with="#")


def asks(floor, name, verb=BOARD):
    """Somebody who has called, and whose program brings them in."""
    floor.arrives(name, answered=True)
    return floor.asks(name, verb)


def comes(floor, name):
    contact = floor.contact(name)
    return floor.take(i.EnteredConference(contact.id, contact.conference.id, contact.channel))


def meets(*names, verb=BOARD, **rules):
    floor = a_floor(agents=[ready("ana")], **rules)
    for name in names:
        asks(floor, name, verb)
        comes(floor, name)
    return floor


def did(decision):
    return [(type(each).__name__, each.contact) for each in decision.commands if isinstance(each, do.ContactCommand)]


def result(floor, name="x"):
    return floor.contact(name).results[-1]


def test_given_the_first_who_comes_then_they_hear_music_until_the_second_does():
    floor = a_floor(agents=[])
    begun = asks(floor, "x")
    assert kinds(begun) == ["StepStarted", "ConferenceAsked"]
    assert floor.contact("x").phase is Phase.CONFERRING
    assert ("StartMusic", c("x")) in did(comes(floor, "x"))
    asks(floor, "y")
    assert floor.contact("x").conference.id == floor.contact("y").conference.id
    second = comes(floor, "y")
    assert the(second, ConferenceEntered).members == 2
    assert ("StopMusic", c("x")) in did(second)
    assert ("BeepConference", c("y")) in did(second)


def test_given_conferences_of_other_names_then_they_are_other_rooms():
    floor = meets("x")
    asks(floor, "y", replace(BOARD, name="other"))
    assert floor.contact("x").conference.id != floor.contact("y").conference.id


def test_given_one_that_is_full_then_who_comes_is_told_so_at_once():
    floor = meets("x", "y", "z")
    asks(floor, "w")
    assert result(floor, "w") == NotMet("full")
    assert floor.contact("w").phase is Phase.IN_PROGRAM


def test_given_two_who_meet_when_one_presses_the_key_then_the_other_hears_music_and_their_program_goes_on():
    floor = meets("x", "y")
    floor.now += 5_000
    left = floor.take(i.KeyPressed(c("x"), "#"))
    assert result(floor) == Met(5_000, "key")
    assert did(left) == [("StopMusic", c("x")), ("LeaveConference", c("x")), ("StartMusic", c("y"))]
    last = floor.take(i.KeyPressed(c("y"), "#"))
    assert ("CloseConference", c("y")) in did(last)


def test_given_another_key_then_it_is_nobodys():
    floor = meets("x", "y")
    assert not floor.take(i.KeyPressed(c("x"), "1")).facts
    assert not floor.contact("x").ahead


def test_given_one_who_hangs_up_then_that_is_the_record_and_the_others_talk_on():
    floor = meets("x", "y", "z")
    floor.now += 3_000
    gone = floor.leaves("x")
    assert (the(gone, ConferenceLeft).by, the(gone, ConferenceLeft).ms) == ("hung-up", 3_000)
    assert did(gone) == [("CloseRoom", c("x"))]
    assert {floor.contact(each).phase for each in ("y", "z")} == {Phase.CONFERRING}


def test_given_the_time_is_over_then_they_are_out_of_it_and_their_program_goes_on():
    floor = meets("x")
    floor.wake()
    assert result(floor) == Met(60_000, "time")


def test_given_the_last_leader_who_leaves_then_it_is_over_for_all():
    floor = meets("x", verb=replace(BOARD, leads=True))
    for each in ("y", "z"):
        asks(floor, each)
        comes(floor, each)
    floor.now += 1_000
    left = floor.leaves("x")
    assert {each.by for each in left.facts if isinstance(each, ConferenceLeft)} == {"hung-up", "leader"}
    assert result(floor, "y") == result(floor, "z") == Met(1_000, "leader")
    assert "CloseConference" in [type(each).__name__ for each in left.commands]


@pytest.mark.parametrize("hangs_up", [True, False])
def test_given_a_leader_who_never_came_into_it_then_the_others_talk_on(hangs_up):
    floor = meets("x", "y")
    asks(floor, "z", replace(BOARD, leads=True))
    if hangs_up:
        floor.leaves("z")
    else:
        floor.wake()
        assert result(floor, "z") == NotMet("not-joined")
    assert {floor.contact(each).phase for each in ("x", "y")} == {Phase.CONFERRING}


def test_given_the_switch_that_does_not_show_them_in_it_then_the_program_is_told_so_in_time():
    floor = a_floor(agents=[])
    asks(floor, "x")
    gave_up = floor.wake()
    assert floor.now == 5_000
    assert result(floor) == NotMet("not-joined")
    assert ("LeaveConference", c("x")) in did(gave_up)
    late = floor.take(i.EnteredConference(c("x"), the(gave_up, ConferenceLeft).conference, floor.contact("x").channel))
    assert did(late) == [("LeaveConference", c("x"))], "late: out of it again"


@pytest.mark.parametrize("inside", [True, False])
def test_given_a_plane_that_comes_back_then_who_is_in_it_stays_and_who_is_not_is_brought_in(inside):
    floor = meets("x", "y")
    conference = floor.contact("x").conference.id
    floor.drops()
    there = ("x", "y") if inside else ("y",)
    back = floor.survey(after_gap=True, at=20, conferences={conference: there})
    rejoined = [each.contact for each in back.commands if isinstance(each, do.JoinConference)]
    assert rejoined == ([] if inside else [c("x")])
    assert {floor.contact(each).phase for each in ("x", "y")} == {Phase.CONFERRING}
    assert not floor.take(i.VerbAsked(c("x"), 1, BOARD)).facts, "the program comes to where it was"


def test_given_a_gap_while_they_were_being_brought_in_then_they_are_brought_in_again_or_found_there():
    floor = a_floor(agents=[])
    asks(floor, "x")
    conference = floor.contact("x").conference.id
    floor.drops()
    again = floor.survey(after_gap=True, at=20)
    assert ("JoinConference", c("x")) in did(again)
    assert floor.contact("x").step_deadline == 25_000
    floor.drops()
    found = floor.survey(after_gap=True, at=22, conferences={conference: ("x",)})
    assert the(found, ConferenceEntered).members == 1


def test_given_a_conference_that_nobody_is_to_be_in_then_it_is_closed_and_who_is_in_it_taken_out():
    floor = meets("x")
    conference = floor.contact("x").conference.id
    floor.take(i.KeyPressed(c("x"), "#"))
    floor.drops()
    found = floor.survey(after_gap=True, at=20, conferences={conference: ("x",)})
    assert [each for each in did(found) if "Conference" in each[0]] == [
        ("LeaveConference", c("x")),
        ("CloseConference", c("x")),
    ], "closed behind them, for nobody looks again before the next gap"
    floor.drops()
    found = floor.survey(after_gap=True, at=40, conferences={conference: ()})
    assert do.CloseConference(c("x"), conference) in found.commands


def test_given_a_policy_that_records_then_each_is_recorded_for_as_long_as_they_are_in_it():
    policy = RecordingPolicy(default=RecordingRule(record=True))
    floor = a_floor(agents=[], recording=policy)
    asks(floor, "x")
    asked = the(comes(floor, "x"), RecordingAsked)
    assert asked.segment == floor.contact("x").segments == 1
    assert "RecordingEnded" in kinds(floor.take(i.KeyPressed(c("x"), "#")))
    refused = a_floor(agents=[], recording=policy)
    asks(refused, "x", replace(BOARD, consent=False))
    assert RecordingAsked not in map(type, comes(refused, "x").facts)


def test_an_agent_who_dials_in_is_offered_nothing_meanwhile():
    floor = a_floor(agents=[ready("ana")])
    floor.take(replace(an_arrival("x", answered=True), device="ana"))
    floor.asks("x", BOARD)
    comes(floor, "x")
    assert floor.agent("ana").shown == "own-call"
