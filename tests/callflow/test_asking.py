"""Questions that are answered by keys: what is an answer, and how often it is asked."""

from __future__ import annotations

import pytest

from ccplane.contacts.verbs import Gather, HangUp
from tests.callflow.line import Line
from tests.core.floor import an_arrival, doing


def a_question(arguments, more=""):
    """A call that is asked so; the program hangs up with a cause that says what came: 1 keys, 2 none, 3 no answer."""
    body = f"""
    match await call.gather("what", {arguments}):
        case Pressed(keys):
            await call.set_data("keys", keys)
            await call.hang_up(1)
        case NoInput():
            await call.hang_up(2)
        case Invalid(keys):
            await call.set_data("wrong", keys)
            await call.hang_up(3)
    """
    return Line(body).call()


def press(line, keys):
    for key in keys:
        line.presses(key)
    return line


def silent(line):
    line.sounds_end()
    line.wake()
    return line


def came(line):
    return line.verb, line.contact("x").data


def test_given_an_exact_length_when_so_many_keys_are_pressed_then_they_are_the_answer():
    assert came(press(a_question("length=4"), "1234")) == (HangUp(1), {"keys": "1234"})


def test_given_an_exact_length_when_the_keys_stop_short_of_it_then_that_is_no_answer():
    line = press(a_question("length=4"), "123")
    line.wake()
    assert came(line) == (HangUp(3), {"wrong": "123"})


def test_given_a_shortest_length_when_the_end_key_comes_too_early_then_it_is_asked_again():
    line = press(a_question('shortest=3, longest=8, ends_with="#", tries=2, invalid="apology"'), "12#")
    assert isinstance(line.verb, Gather)
    assert line.played()[-1] == tuple(line.site.sound(name, "en") for name in ("apology", "what"))
    assert came(press(line, "123#")) == (HangUp(1), {"keys": "123"})


def test_given_a_pattern_then_only_keys_that_match_all_of_it_are_an_answer():
    pattern = 'length=3, pattern="1[0-4].", tries=3'
    assert came(press(a_question(pattern), "149"))[0] == HangUp(1)
    assert came(press(a_question(pattern), "159200139"))[0] == HangUp(1)
    assert came(press(a_question(pattern), "159200999")) == (HangUp(3), {"wrong": "999"})


def test_given_tries_when_nothing_is_pressed_then_it_is_asked_so_often_and_silence_has_its_own_words():
    line = silent(a_question('tries=3, silence="apology"'))
    assert line.played()[-1] == tuple(line.site.sound(name, "en") for name in ("apology", "what"))
    assert came(silent(silent(line)))[0] == HangUp(2)
    assert len(line.played()) == 3


def test_given_wrong_tries_of_their_own_then_silence_does_not_count_among_them():
    line = a_question("length=2, tries=3, wrong_tries=1")
    silent(silent(line))
    press(line, "1").wake()
    assert came(line)[0] == HangUp(3)


def test_given_a_wrong_answer_when_more_was_pressed_ahead_then_that_is_forgotten():
    body = """
    await call.play("welcome")
    keyed = await call.gather("what", length=2, pattern="4.", tries=2)
    await call.set_data("keys", keyed.keys)
    await call.hang_up(1)
    """
    line = press(Line(body).call(), "1199")
    line.sounds_end()
    assert isinstance(line.verb, Gather)
    assert (line.contact("x").keys, line.contact("x").ahead) == ("", "")
    assert came(press(line, "42")) == (HangUp(1), {"keys": "42"})


def test_given_all_sixteen_keys_without_a_pause_then_none_is_lost():
    assert came(press(a_question("length=16"), "0123456789*#ABCD")) == (HangUp(1), {"keys": "0123456789*#ABCD"})


def test_given_two_hundred_keys_at_once_then_the_answer_is_the_first_of_them_and_the_call_goes_on():
    line = press(a_question("length=8"), "1234567890" * 20)
    assert came(line) == (HangUp(1), {"keys": "12345678"})


def test_given_a_question_that_is_to_be_heard_out_when_keys_come_during_it_then_they_are_taken_at_its_end():
    line = a_question("length=2, barge_in=False")
    assert "StopSounds" not in doing(line.presses("4"))
    line.presses("2")
    assert isinstance(line.verb, Gather)
    line.sounds_end()
    assert came(line) == (HangUp(1), {"keys": "42"})


@pytest.mark.parametrize(
    "arguments",
    ["longest=65", "shortest=2", "length=0", 'ends_with="x"', "between_s=0.1", "tries=0", "tries=21", "timeout_s=-1",
     'pattern="("'],
)  # fmt: skip
def test_given_a_question_that_nobody_can_answer_then_the_program_fails_and_is_told_why(arguments):
    (raised,) = a_question(arguments).raised
    assert "given:" in raised.error or "no regular expression" in raised.error


def test_given_a_question_asked_again_when_the_plane_dies_then_it_stands_at_the_same_try():
    line = silent(a_question("length=2, tries=2"))
    line.dies_and_comes_back()
    assert not line.raised
    assert line.contact("x").step == 2
    assert came(silent(line))[0] == HangUp(2)


CONFIRM = 'answer = await call.confirm("what", Digits("42"), "apology")\n'
WHICH = "await call.hang_up({Yes(): 1, No(): 2, Unanswered(): 3}[answer] + 10 * bool(answer))"


@pytest.mark.parametrize(("pressed", "cause"), [("1", 11), ("2", 2), ("71", 11), ("77", 3), ("*#", 3)])
def test_given_a_confirmation_then_one_is_yes_two_is_no_and_yes_alone_is_true(pressed, cause):
    assert press(Line(CONFIRM + WHICH).call(), pressed).verb == HangUp(cause)


def test_given_a_confirmation_when_nothing_is_pressed_then_it_is_unanswered_after_two_tries():
    line = silent(Line(CONFIRM + WHICH).call())
    assert isinstance(line.verb, Gather)
    assert silent(line).verb == HangUp(3)


def test_given_keys_that_mean_both_then_the_program_fails():
    line = Line('await call.confirm("what", yes="1", no="1")').call()
    assert "different keys" in line.raised[0].error


INNER = """from ccplane import *

async def main(call, question="what", times=1):
    keyed = await call.gather(question, length=2)
    return keyed.keys * times
"""


def test_given_a_program_that_runs_another_then_it_gets_what_that_returns():
    line = Line('await call.hang_up(int(await call.run("inner", times=2)))', inner=INNER).call()
    assert press(line, "12").verb == HangUp(1212)


@pytest.mark.parametrize("from_checkpoint", [True, False])
def test_given_a_program_within_another_when_the_plane_dies_in_it_then_it_stands_there_again(from_checkpoint):
    body = 'keys = await call.run("inner")\nawait call.set_data("keys", keys)\nawait call.hang_up(5)'
    line = Line(body, inner=INNER)
    line.arrives("x", answered=True)
    press(line, "1")
    line.dies_and_comes_back(from_checkpoint)
    assert not line.raised
    assert came(press(line, "2")) == (HangUp(5), {"keys": "12"})


def test_given_a_program_within_another_that_fails_then_the_fact_names_its_file_and_the_default_takes_the_call():
    line = Line('await call.run("inner")', inner="async def main(call):\n    1 / 0\n").call()
    assert line.raised[0].where == "ari_apps/inner.py:2"
    assert line.contact("x").program == "sorry"


def test_given_a_program_that_runs_itself_for_ever_then_it_is_stopped_at_the_eighth():
    line = Line('await call.run("main")').call()
    assert "9th program" in line.raised[0].error


def test_given_a_program_that_is_not_there_then_running_it_is_a_failure():
    assert "no program 'nowhere'" in Line('await call.run("nowhere")').call().raised[0].error


def test_given_a_program_that_goes_round_for_ever_and_slowly_then_its_steps_run_out_and_the_default_takes_the_call():
    line = Line('while True: await call.play("welcome")').call()
    for _ in range(1_999):
        line.now += 5_000
        assert not line.raised
        line.sounds_end()
    line.sounds_end()
    assert "more than 2000 verbs" in line.raised[0].error
    assert line.contact("x").program == "sorry"


def test_given_a_call_then_its_program_knows_when_it_came_by_the_sites_clock():
    line = Line("await call.hang_up(call.arrived.hour * 100 + call.arrived.minute)")
    line.now = 3_661_000
    line.take(an_arrival("x"))
    assert line.verb == HangUp(101)
