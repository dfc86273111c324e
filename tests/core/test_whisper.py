"""The agent alone is told what it is about, and then both are joined; nothing of it holds a call up for long."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.agents.agent import Work
from ccplane.agents.facts import Seat
from ccplane.contacts import facts as f
from ccplane.contacts.contact import Phase
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.whisper import WHISPER_MOST_MS
from ccplane.ids import SeatId
from tests.core.floor import a_floor, a_queue, doing, kinds, ready, the

TEXTS = {"en": "sound:support", "zh-CN": "sound:support-zh"}


def a_house(*, to_all=False, languages=(), seat=True, whisper=TEXTS):
    """Ana's phone picks up by itself, if there is such a seat; Ben's does not."""
    floor = a_floor(agents=[ready("ana"), ready("ben", since=5)], queues=[a_queue(whisper=whisper, whisper_all=to_all)])
    seats = (Seat(id=SeatId("ana"), auto_answer=True),) if seat else ()
    people = (replace(each.profile, languages=languages) for each in floor.state.agents.values())
    floor.take(i.PeopleRead(tuple(people), seats))
    return floor


def said(floor, at=None):
    return floor.take(i.WhisperSaid(floor.contact("x").offers[0].id), at)


def test_given_a_queue_that_whispers_when_a_phone_picks_up_by_itself_then_its_agent_hears_it_and_the_caller_music():
    floor = a_house()
    floor.waits(at=10)
    decision = floor.picks_up("x", at=11)
    assert doing(decision) == ["Whisper"], "no music ends, nobody is joined"
    offer = floor.offer("x")
    assert the(decision, do.Whisper) == do.Whisper(
        floor.contact("x").id, offer.id, offer.leg, f"whisper-{offer.id}", "sound:support", beep=False
    )
    assert (floor.contact("x").phase, floor.agent("ana").work) == (Phase.CONNECTING, Work.CONNECTING)
    over = said(floor, at=13)
    assert (kinds(over), doing(over)) == (["WhisperEnded"], ["StopMusic", "JoinAgent"])
    talk = the(floor.joins("x", at=13), f.TalkStarted)
    assert talk.waited_ms == 3_000, "it is part of the wait"


def test_given_a_whisper_that_is_said_to_be_over_twice_then_they_are_joined_once():
    floor = a_house()
    floor.waits()
    floor.picks_up("x")
    said(floor)
    assert not said(floor).commands
    floor.joins("x")
    assert not floor.take(i.WhisperSaid(floor.contact("x").talk.offer)).facts


@pytest.mark.parametrize(("to_all", "hears"), [(False, False), (True, True)])
def test_given_an_agent_who_picks_up_themselves_then_they_hear_it_only_if_the_queue_says_so(to_all, hears):
    floor = a_house(to_all=to_all, seat=False)
    floor.waits()
    assert ("Whisper" in doing(floor.picks_up("x"))) is hears


def test_given_a_queue_that_says_nothing_then_they_are_joined_in_the_same_breath():
    floor = a_house(whisper={})
    floor.waits()
    assert doing(floor.picks_up("x")) == ["StopMusic", "JoinAgent"]


@pytest.mark.parametrize(
    ("languages", "sound"), [((), "en"), (("zh-CN",), "zh-CN"), (("de", "zh-CN"), "zh-CN"), (("de",), "en")]
)
def test_given_an_agents_languages_then_they_hear_the_first_that_there_is_else_the_sites(languages, sound):
    floor = a_house(languages=languages)
    floor.waits()
    assert the(floor.picks_up("x"), do.Whisper).sound == TEXTS[sound]


def test_given_a_whisper_of_which_nobody_tells_the_end_then_they_are_joined_after_the_longest():
    floor = a_house()
    floor.waits(at=10)
    floor.picks_up("x")
    decision = floor.wake()
    assert floor.now == 10_000 + WHISPER_MOST_MS
    assert (kinds(decision), doing(decision)) == (["WhisperEnded"], ["StopSounds", "StopMusic", "JoinAgent"])
    assert kinds(floor.wake())[:2] == ["LegDropped", "ConnectFailed"], "a join that is not shown has its own deadline"


def test_given_a_whisper_that_the_switch_refuses_then_they_are_joined_at_once():
    floor = a_house()
    floor.waits()
    command = the(floor.picks_up("x"), do.Whisper)
    decision = floor.take(i.CommandFailed(command, gone=False, message="no such sound"))
    assert doing(decision) == ["StopMusic", "JoinAgent"]


def test_given_a_caller_who_leaves_while_it_is_said_then_the_agent_is_free_and_missed_nothing():
    floor = a_house()
    floor.waits()
    floor.picks_up("x")
    decision = floor.leaves("x")
    assert the(decision, f.ConnectFailed).cause is f.ConnectFailure.CALLER_GONE
    assert floor.agent("ana").misses == 0


def test_given_an_agent_who_hangs_up_while_it_is_said_then_the_caller_has_music_and_the_next_one_rings():
    floor = a_house()
    floor.waits(at=10)
    floor.picks_up("x")
    decision = floor.refuses("x", cause=16, at=12)
    assert the(decision, f.ConnectFailed).cause is f.ConnectFailure.AGENT_GONE
    assert floor.rung("x") == "ben"
    assert floor.contact("x").waiting.queued_at == 10_000


def test_given_a_gap_while_it_is_said_then_they_are_joined_after_it():
    floor = a_house()
    floor.waits()
    floor.picks_up("x")
    offer = floor.offer("x")
    floor.drops(at=6)
    decision = floor.survey(after_gap=True, at=7, up=(offer.leg,))
    assert "JoinAgent" in doing(decision)
    assert not floor.offer("x").whispers
    floor.joins("x")
    assert floor.agent("ana").work is Work.TALKING


def test_given_a_survey_while_it_is_said_then_it_goes_on():
    floor = a_house()
    floor.waits(at=10)
    floor.picks_up("x")
    assert "JoinAgent" not in doing(floor.survey(at=14, up=(floor.offer("x").leg,)))
    assert floor.offer("x").whispers
