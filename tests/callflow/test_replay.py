"""Programs are durable: run again over its journal, a program comes to the same place."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from ccplane.contacts.contact import Phase
from ccplane.contacts.verbs import Answer, EnterQueue, Gather, HangUp, Play, Served
from ccplane.core import inputs as i
from tests.callflow.line import Line, a_program
from tests.core.floor import an_arrival, c, kinds

WHOLE = """
await call.answer()
choice = await call.menu("main")
result = await call.queue(choice.queue)
await call.play("welcome" if isinstance(result, Served) else "apology")
"""


def answered(line):
    line.take(i.CallerUp(c("x")))


def chosen(line):
    answered(line)
    line.presses("1")
    line.enters("x")


def talking(line):
    chosen(line)
    line.picks_up("x")
    line.joins("x")


def talked(line):
    talking(line)
    line.agent_hangs_up("x")


@pytest.mark.parametrize("from_checkpoint", [True, False])
def test_given_another_language_when_the_plane_dies_then_the_program_takes_the_same_course(
    from_checkpoint,
):
    body = """
    if call.language == "en":
        await call.set_language("zh-CN")
    keys = (await call.gather("what", longest=3)).keys
    await call.set_data("order", keys)
    await call.hang_up(len(keys))
    """
    line = Line(body).call()
    line.presses("4")
    line.dies_and_comes_back(from_checkpoint)
    assert not line.raised
    contact = line.contact("x")
    assert (contact.language, contact.keys, contact.step) == ("zh-CN", "4", 2)
    line.presses("5")
    line.presses("6")
    assert line.contact("x").data == {"order": "456"}
    assert line.verb == HangUp(3)


@pytest.mark.parametrize("from_checkpoint", [True, False])
@pytest.mark.parametrize(
    ("so_far", "verb"),
    [
        (lambda line: None, Answer),
        (answered, Gather),
        (chosen, EnterQueue),
        (talking, EnterQueue),
        (talked, Play),
        (lambda line: (talked(line), line.sounds_end()), HangUp),
    ],
)
def test_given_a_program_at_any_step_when_the_plane_dies_then_it_stands_there_again(so_far, verb, from_checkpoint):
    line = Line(WHOLE).call()
    so_far(line)
    before = line.contact("x")
    assert isinstance(before.verb, verb)
    line.dies_and_comes_back(from_checkpoint)
    after = line.contact("x")
    assert after.verb == before.verb
    assert (after.step, after.results, after.program) == (before.step, before.results, before.program)
    assert not line.raised


def test_given_a_replayed_program_when_the_open_verb_ends_then_it_goes_on_from_there():
    line = Line(WHOLE).call()
    talking(line)
    line.dies_and_comes_back()
    assert line.contact("x").phase is Phase.TALKING
    line.agent_hangs_up("x")
    assert isinstance(line.verb, Play)
    line.sounds_end()
    assert line.verb == HangUp(16)


def test_given_a_talk_that_ended_while_nobody_watched_then_the_program_hears_of_it_once():
    body = 'first = await call.queue("support")\nsecond = await call.menu("main")\nawait call.hang_up(int(second.key))'
    line = Line(body).call()
    line.enters("x")
    line.picks_up("x")
    leg = line.contact("x").offer.leg
    line.joins("x")
    line.dies_and_comes_back(gone=[leg])
    assert line.contact("x").results == (Served("ana"),)
    assert isinstance(line.verb, Gather)
    assert [each.step for each in line.inputs if isinstance(each, i.VerbAsked)] == [2]
    line.presses("2")
    assert line.verb == HangUp(2)


def test_given_a_caller_who_came_while_nobody_watched_then_their_program_begins_once():
    line = Line('await call.play("welcome")')
    line.drops()
    line.inputs.clear()
    line.survey(after_gap=True, at=5, extra=[i.ChannelSeen("x", False, an_arrival("x"))])
    assert [type(each) for each in line.inputs[1:]] == [i.VerbAsked]
    assert len(line.played()) == 1


def test_given_a_program_that_still_runs_when_the_connection_returns_then_it_is_left_alone():
    line = Line('await call.queue("support")').call()
    line.enters("x")
    line.drops()
    line.inputs.clear()
    line.survey(after_gap=True, at=3)
    assert not [each for each in line.inputs if isinstance(each, i.VerbAsked | i.ProgramRaised)]


def test_given_a_prompt_that_was_playing_when_the_plane_died_then_it_begins_again():
    line = Line('await call.play("welcome")').call()
    line.dies_and_comes_back()
    assert len(line.played()) == 2
    assert line.contact("x").attempt == 2


def test_given_a_program_changed_on_disk_when_the_plane_died_then_the_call_keeps_what_it_began_with():
    line = Line("await call.answer()\nawait call.hang_up(3)").call()
    line.publish(line.put(a_program("await call.hang_up(4)")))
    line.dies_and_comes_back()
    assert line.verb == Answer()
    line.take(i.CallerUp(c("x")))
    assert line.verb == HangUp(3)
    line.arrives("y")
    assert line.contact("y").verb == HangUp(4)


def test_given_a_program_that_takes_another_course_on_a_replay_then_the_default_takes_the_call():
    source = "import ari_coin\nasync def main(call):\n    await (call.answer() if ari_coin.up else call.hang_up())\n"
    coin = ModuleType("ari_coin")
    coin.up = True
    sys.modules["ari_coin"] = coin
    try:
        line = Line(source=source).call()
        coin.up = False
        line.dies_and_comes_back()
    finally:
        del sys.modules["ari_coin"]
    assert "changed its course" in line.raised[0].error
    assert line.contact("x").program == "sorry"
    assert isinstance(line.verb, Play)


def test_given_the_default_after_a_failure_when_the_plane_dies_then_the_default_goes_on():
    line = Line(
        "await call.answer()\n1 / 0", sorry=a_program('await call.play("welcome")\nawait call.hang_up(5)')
    ).call()
    line.take(i.CallerUp(c("x")))
    assert line.contact("x").program == "sorry"
    line.dies_and_comes_back()
    assert line.contact("x").program == "sorry"
    line.sounds_end()
    assert line.verb == HangUp(5)


def test_given_a_program_that_was_lost_while_its_caller_talked_then_the_talk_goes_on_and_the_default_comes_after():
    line = Line('await call.queue("support")').call()
    line.enters("x")
    line.picks_up("x")
    line.joins("x")
    line.runner.close()
    assert kinds(line.agent_hangs_up("x"))[0] == "TalkEnded"
    assert line.contact("x").program == "sorry"
