"""What callers press: taken by the verb that gathers, kept for the next one, or nobody's."""

from __future__ import annotations

import pytest

from ccplane.contacts import facts as f
from ccplane.contacts.contact import Choice
from ccplane.contacts.evolve import PATH_LONGEST
from ccplane.contacts.verbs import (
    KEYS,
    Choose,
    Done,
    EnterQueue,
    Failed,
    Gather,
    HangUp,
    NoInput,
    Play,
    Pressed,
    SetData,
    SetLanguage,
)
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.keys import AHEAD_LONGEST
from ccplane.core.notes import DATA_MOST
from tests.core.floor import a_floor, c, doing, kinds, ready, the

ORDER = Gather(("sound:order",), 5_000, longest=4, ends_with="#", between_ms=2_000)
MENU = Gather(("sound:menu",), 5_000)
UNSTOPPABLE = Gather(("sound:notice",), 5_000, longest=2, barge_in=False)


def a_call(*verbs, agents=()):
    """A floor on which x called and its program came to the last of these verbs."""
    floor = a_floor(agents=agents)
    floor.arrives("x", answered=True)
    for verb in verbs:
        floor.asks("x", verb)
    return floor


def press(floor, keys, name="x"):
    """The decision about the last of these keys."""
    for key in keys:
        decision = floor.take(i.KeyPressed(c(name), key))
    return decision


def sounds_end(floor):
    contact = floor.contact("x")
    return floor.take(i.SoundsFinished(contact.id, contact.step, contact.attempt))


def answer(floor):
    """What the last verb gave."""
    return floor.contact("x").results[-1]


# ------------------------------------------------------------------------------------------------------- several keys


def test_given_several_keys_asked_for_when_the_last_one_comes_then_they_are_the_answer():
    floor = a_call(ORDER)
    assert kinds(press(floor, "123")) == ["KeyTaken"]
    assert the(press(floor, "4"), f.StepEnded).result == Pressed("1234")


def test_given_the_key_that_ends_the_answer_then_it_is_no_part_of_it():
    floor = a_call(ORDER)
    assert the(press(floor, "12#"), f.StepEnded).result == Pressed("12")


def test_given_nothing_but_the_key_that_ends_then_the_answer_is_empty_and_not_silence():
    floor = a_call(ORDER)
    assert the(press(floor, "#"), f.StepEnded).result == Pressed("")


def test_given_some_keys_when_no_other_follows_in_time_then_they_are_the_answer():
    floor = a_call(ORDER)
    press(floor, "12")
    floor.now += 1_500
    press(floor, "3")
    assert floor.state.wake_at == floor.now + 2_000
    assert the(floor.wake(), f.StepEnded).result == Pressed("123")


def test_given_no_key_when_the_time_after_the_sounds_is_over_then_that_is_silence():
    floor = a_call(ORDER)
    sounds_end(floor)
    assert the(floor.wake(), f.StepEnded).result == NoInput()
    assert floor.now == 5_000


def test_given_the_first_key_then_the_sounds_are_stopped_once_and_their_end_moves_no_clock():
    floor = a_call(ORDER)
    assert doing(press(floor, "1")) == ["StopSounds"]
    due = floor.state.wake_at
    assert not doing(press(floor, "2"))
    floor.now += 100
    assert not sounds_end(floor).facts
    assert floor.state.wake_at == due


def test_given_sounds_that_are_over_then_a_key_need_not_stop_them():
    floor = a_call(MENU)
    sounds_end(floor)
    assert doing(press(floor, "1")) == []


# ------------------------------------------------------------------------------------------------------ pressed ahead


def test_given_a_key_under_a_prompt_then_the_next_verb_that_gathers_takes_it_and_its_sounds_are_not_heard():
    floor = a_call(Play(("sound:hello",)))
    assert kinds(press(floor, "2")) == ["KeyKept"]
    sounds_end(floor)
    decision = floor.asks("x", MENU)
    assert kinds(decision) == ["StepStarted", "KeyTaken", "StepEnded"]
    assert "PlaySounds" not in doing(decision)
    assert answer(floor) == Pressed("2")


def test_given_more_keys_ahead_than_a_verb_wants_then_the_next_one_takes_the_rest():
    floor = a_call(Play(("sound:hello",)))
    press(floor, "123456")
    sounds_end(floor)
    floor.asks("x", MENU)
    floor.asks("x", ORDER)
    assert floor.contact("x").results[-2:] == (Pressed("1"), Pressed("2345"))
    decision = floor.asks("x", ORDER)
    assert "PlaySounds" not in doing(decision), "the caller is in the middle of it"
    assert floor.contact("x").keys == "6"
    assert the(floor.wake(), f.StepEnded).result == Pressed("6")


def test_given_two_hundred_keys_ahead_then_twenty_are_kept_and_it_is_said_once():
    floor = a_call(Play(("sound:hello",)))
    press(floor, "7" * 200)
    assert floor.contact("x").ahead == "7" * AHEAD_LONGEST
    assert [fact.kept for fact in floor.facts if isinstance(fact, f.KeysDropped)] == [AHEAD_LONGEST]
    sounds_end(floor)
    floor.asks("x", MENU)
    floor.asks("x", Play(("sound:hello",)))
    press(floor, "88")
    assert len([fact for fact in floor.facts if isinstance(fact, f.KeysDropped)]) == 2, "there had been room again"


def test_given_a_verb_that_wants_fresh_keys_then_those_pressed_before_are_forgotten():
    floor = a_call(Play(("sound:hello",)))
    press(floor, "12")
    sounds_end(floor)
    decision = floor.asks("x", Gather(("sound:menu",), 5_000, fresh=True))
    assert "PlaySounds" in doing(decision)
    assert floor.contact("x").ahead == ""


def test_given_keys_ahead_when_the_caller_enters_a_queue_then_they_are_forgotten_and_no_more_are_kept():
    floor = a_floor(agents=[ready("ana")])
    floor.arrives("x", answered=True)
    press(floor, "12")
    assert floor.contact("x").ahead == "12"
    floor.asks("x", EnterQueue("support"))
    assert floor.contact("x").ahead == ""
    assert not press(floor, "4111").facts, "what is pressed in a talk may be a card's number"


def test_given_a_program_that_failed_then_the_default_does_not_take_what_was_meant_for_it():
    floor = a_call(Play(("sound:hello",)))
    press(floor, "12")
    floor.take(i.ProgramRaised(c("x"), "ValueError: no", "ari_apps/x.py:1"))
    assert floor.contact("x").ahead == ""


# ------------------------------------------------------------------------------------------- sounds that are heard out


def test_given_sounds_that_must_be_heard_then_a_key_does_not_stop_them_and_is_taken_when_they_end():
    floor = a_call(UNSTOPPABLE)
    decision = press(floor, "4")
    assert (kinds(decision), doing(decision)) == (["KeyKept"], [])
    assert kinds(sounds_end(floor)) == ["SoundsEnded", "KeyTaken"]
    assert the(press(floor, "2"), f.StepEnded).result == Pressed("42")


def test_given_sounds_that_must_be_heard_then_keys_ahead_do_not_skip_them():
    floor = a_call(Play(("sound:hello",)))
    press(floor, "42")
    sounds_end(floor)
    assert "PlaySounds" in doing(floor.asks("x", UNSTOPPABLE))
    assert the(sounds_end(floor), f.StepEnded).result == Pressed("42")


# --------------------------------------------------------------------------------------------- whatever else may happen


@pytest.mark.parametrize("key", [*KEYS])
def test_given_any_key_there_is_then_it_is_taken(key):
    assert the(press(a_call(MENU), [key]), f.StepEnded).result == Pressed(key)


@pytest.mark.parametrize("key", ["", "R", "!", "a", "12", "\x00", "é"])
def test_given_what_is_no_key_then_nothing_happens(key):
    assert not press(a_call(MENU), [key]).facts


def test_given_a_call_that_is_being_hung_up_then_a_key_is_nobodys():
    assert not press(a_call(HangUp()), "1").facts


def test_given_an_answer_half_given_when_the_plane_comes_back_then_it_goes_on_from_there_without_the_question():
    floor = a_call(ORDER)
    press(floor, "12")
    floor.drops()
    decision = floor.survey(after_gap=True, at=3)
    assert "PlaySounds" not in doing(decision)
    assert floor.state.wake_at == 5_000
    assert the(press(floor, "34"), f.StepEnded).result == Pressed("1234")


# -------------------------------------------------------------------------------------------------------------- notes


def test_given_another_language_then_it_holds_for_all_that_follows():
    floor = a_call()
    assert kinds(floor.asks("x", SetLanguage("zh-CN"))) == ["StepStarted", "LanguageSet", "StepEnded"]
    assert the(floor.asks("x", MENU), do.PlaySounds).language == "zh-CN"


def test_given_choices_then_the_contact_knows_its_way_and_only_the_last_twenty_of_it():
    floor = a_call(Choose("main", "2", "support"))
    assert floor.contact("x").path == (Choice("main", "2", "support"),)
    for _ in range(PATH_LONGEST):
        floor.asks("x", Choose("main", "1"))
    assert floor.contact("x").path == (Choice("main", "1"),) * PATH_LONGEST


def test_given_data_then_the_contact_has_them_cut_to_what_a_screen_can_show():
    floor = a_call(SetData("order", "12"), SetData("order", "x" * 500))
    assert floor.contact("x").data == {"order": "x" * 200}
    assert answer(floor) == Done()


def test_given_more_data_than_there_may_be_then_the_program_is_told_and_those_there_are_can_still_change():
    floor = a_call(*[SetData(f"n{place}", "1") for place in range(DATA_MOST + 1)])
    assert isinstance(answer(floor), Failed)
    assert len(floor.contact("x").data) == DATA_MOST
    floor.asks("x", SetData("n0", "2"))
    assert answer(floor) == Done()


# ------------------------------------------------------------------------------------------- what could not be played


def unplayable(floor):
    contact = floor.contact("x")
    return floor.take(i.SoundsFinished(contact.id, contact.step, contact.attempt, ok=False))


def test_given_a_question_that_could_not_be_played_when_nothing_is_pressed_then_that_is_no_silence():
    floor = a_call(MENU)
    assert not the(unplayable(floor), f.SoundsEnded).ok
    assert isinstance(the(floor.wake(), f.StepEnded).result, Failed)


def test_given_a_question_that_could_not_be_played_when_a_key_is_pressed_then_it_counts():
    floor = a_call(MENU)
    unplayable(floor)
    assert the(press(floor, "6"), f.StepEnded).result == Pressed("6")


def test_given_words_to_be_heard_out_that_could_not_be_played_then_what_was_pressed_meanwhile_is_no_answer():
    floor = a_call(UNSTOPPABLE)
    press(floor, "12")
    assert isinstance(the(unplayable(floor), f.StepEnded).result, Failed)
