"""Callers whom a program puts through to somebody outside: who may be called, what is heard, and how it ends."""

from __future__ import annotations

import pytest

from ccplane.contacts.contact import Phase
from ccplane.contacts.facts import CallEnded, CallMissed, EndedBy
from ccplane.contacts.verbs import Connect, NotAllowed, NotReached, Talked
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core import journal
from ccplane.ids import ChannelId
from ccplane.routing.dialling import Dialling, Role, Rule, transfer_refusal
from tests.core.floor import a_floor, an_arrival, c, kinds, ready, the
from tests.core.test_own_calls import call, commands, ends, picks_up, result

DIALLING = Dialling(
    trunk="out",
    caller_id="4000",
    emergency=("110",),
    roles={"agent": Role(allow=("",))},
    transfers=Role(allow=("5", "+86"), deny=("59",)),
)


def put_through(number="5551", dialling=DIALLING, **given):
    floor = a_floor(agents=[ready("ana")], dialling=dialling)
    floor.arrives("x", answered=True)
    floor.begun = floor.asks("x", Connect(number, outside=True, **given))
    return floor


def talks(**given):
    floor = put_through(**given)
    floor.enters("x")
    floor.joining = picks_up(floor)
    floor.enters("x", call(floor).leg)
    return floor


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("5551", None),
        ("0086 21-5551", None),
        ("5900", Rule.DENIED),
        ("0900 1", Rule.NOT_ALLOWED),
        ("110", Rule.NOT_ALLOWED),
        ("5551@evil", Rule.NO_NUMBER),
        ("", Rule.NO_NUMBER),
        ("5" * 21, Rule.NO_NUMBER),
    ],
)
def test_only_what_the_transfers_of_the_file_name_is_dialled_for_a_caller(number, rule):
    assert transfer_refusal(DIALLING, number) is rule
    floor = put_through(number)
    dialled = [each for each in floor.begun.commands if isinstance(each, do.CallParty)]
    assert bool(dialled) is (rule is None)
    if rule is not None:
        assert result(floor) == NotAllowed(rule.value)


def test_a_site_that_names_no_transfers_puts_nobody_through_whatever_its_agents_may_dial():
    assert result(put_through(dialling=Dialling(trunk="out", roles={"agent": Role(allow=("",))}))) == NotAllowed(
        "not-allowed-prefix"
    )
    assert result(put_through(dialling=Dialling(transfers=Role(allow=("5",))))) == NotAllowed("no-trunk")


def test_given_a_caller_who_is_put_through_then_it_rings_outside_as_our_number_and_for_them_at_once():
    floor = put_through(ring_ms=20_000)
    assert kinds(floor.begun) == ["StepStarted", "PartyCalled"]
    assert commands(floor.begun) == ["WriteJournal", "AddCaller", "CallParty", "LetRing"]
    rung = floor.begun.commands[2]
    assert (rung.endpoint, rung.agent, rung.caller, rung.timeout_ms) == ("PJSIP/5551@out", None, "4000", 22_000)
    assert commands(floor.take(i.LegRinging(call(floor).id))) == [], "they hear it already"


def test_given_an_answer_outside_then_they_talk_and_with_its_end_the_program_goes_on():
    floor = talks()
    assert commands(floor.joining) == ["StopRinging", "JoinAgent"]
    assert floor.contact("x").phase is Phase.IN_CALL
    floor.now += 7_000
    assert kinds(ends(floor)) == ["CallEnded", "StepEnded"]
    assert result(floor) == Talked(7_000)
    assert floor.agent("ana").free, "no agent was in it"


def test_given_music_instead_of_ringing_then_it_plays_until_somebody_answers():
    floor = put_through(music="jazz")
    assert do.StartMusic(c("x"), floor.contact("x").channel, "jazz") in floor.begun.commands
    assert "StopMusic" in commands(ends(floor, sip=486))
    assert result(floor) == NotReached("busy")


@pytest.mark.parametrize(("sip", "why"), [(486, "busy"), (480, "no-answer"), (603, "rejected"), (404, "unreachable")])
def test_given_nobody_to_be_reached_outside_then_the_program_is_told_why(sip, why):
    floor = put_through()
    assert "StopRinging" in commands(ends(floor, sip=sip))
    assert result(floor) == NotReached(why)


def test_given_a_number_that_rings_too_long_then_it_is_given_up_by_us():
    floor = put_through(ring_ms=20_000)
    leg = call(floor).leg
    given_up = floor.wake()
    assert floor.now >= 20_000
    assert do.HangUpLeg(c("x"), leg, "answered_elsewhere") in given_up.commands
    assert result(floor) == NotReached("no-answer")


def test_given_a_caller_who_hangs_up_then_nobody_is_left_ringing_or_talking():
    floor = put_through()
    leg = call(floor).leg
    left = floor.leaves("x")
    assert the(left, CallMissed).cause == "withdrawn"
    assert do.HangUpLeg(c("x"), leg, "answered_elsewhere") in left.commands
    floor = talks()
    leg = call(floor).leg
    left = floor.leaves("x")
    assert the(left, CallEnded).by is EndedBy.CALLER
    assert do.HangUpLeg(c("x"), leg, "normal") in left.commands


def test_given_a_plane_that_comes_back_then_the_open_transfer_goes_on_and_nobody_is_called_twice():
    floor = talks()
    again = floor.take(i.VerbAsked(c("x"), floor.contact("x").step, floor.contact("x").verb))
    assert not again.facts
    assert not again.commands


def test_given_a_plane_that_knows_nothing_when_it_finds_two_who_talk_outside_then_it_lets_them_talk():
    """Nobody is hung up, and no program begins over their heads; what there is of the call is told once it is over."""
    floor = a_floor(agents=[ready("ana")], dialling=DIALLING)
    floor.drops()
    caller = i.ChannelSeen(ChannelId("x"), True, an_arrival("x", answered=True))
    leg = i.ChannelSeen(ChannelId(f"l-{c('x')}-1-1-7"), True)
    there = {"extra": [caller, leg], "rooms": {c("x"): (caller.id, leg.id)}}
    told = journal.write(1, Connect("5551", outside=True), floor.now)
    for after_gap in (True, False):
        found = floor.survey(after_gap=after_gap, at=floor.now / 1000 + 15, journals={c("x"): told}, **there)
        assert not [each for each in found.commands if isinstance(each, do.HangUpLeg | do.HangUpCaller | do.PlaySounds)]
        assert "StepStarted" not in kinds(found)
