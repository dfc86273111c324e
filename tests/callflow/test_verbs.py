"""What a program can ask for, and what comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ccplane.agents.facts import Intent
from ccplane.contacts import facts as f
from ccplane.contacts.contact import Phase
from ccplane.contacts.facts import Unusable
from ccplane.contacts.verbs import Answer, EnterQueue, Gather, HangUp, Play, TakeMessage
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.ids import AgentId
from ccplane.site import parse
from tests.callflow.line import FILES, Line
from tests.core.floor import SUPPORT, c, doing, paused, ready, the

WELCOME = "sound:ccplane/en-"


def test_given_a_new_call_when_the_program_answers_then_the_switch_is_asked_and_the_event_resumes_it():
    line = Line("await call.answer()\nawait call.hang_up(17)").call()
    assert line.verb == Answer()
    assert "AnswerCaller" in [type(each).__name__ for each in line.commands]
    line.take(i.CallerUp(c("x")))
    assert line.verb == HangUp(17)


def test_given_an_answered_call_when_the_program_answers_again_then_it_goes_on_at_once():
    line = Line("await call.answer()\nawait call.hang_up()")
    line.arrives("x", answered=True)
    assert line.verb == HangUp(16)


def test_given_a_prompt_when_its_playback_ends_then_the_program_goes_on():
    line = Line('await call.play("welcome", "sound:beep")\nawait call.hang_up()').call()
    (sounds,) = line.played()
    assert sounds[0].startswith(WELCOME)
    assert sounds[1] == "sound:beep"
    line.sounds_end()
    assert line.verb == HangUp(16)


def test_given_a_prompt_that_cannot_be_played_then_the_program_goes_on_all_the_same():
    line = Line('await call.play("welcome")\nawait call.hang_up()').call()
    line.sounds_end(ok=False)
    line.wake()
    assert line.verb == HangUp(16)


def test_given_no_prompts_at_all_then_playing_them_takes_no_time():
    line = Line("await call.play()\nawait call.hang_up()").call()
    assert line.verb == HangUp(16)
    assert line.played() == []


def test_given_a_prompt_that_never_ends_when_its_deadline_passes_then_the_program_goes_on():
    line = Line('await call.play("welcome")\nawait call.hang_up()').call()
    line.wake()
    assert line.verb == HangUp(16)


MENU = 'choice = await call.menu("main")\nawait call.queue(choice.queue)'


def test_given_a_menu_when_a_key_is_pressed_then_the_sounds_stop_and_its_entry_is_the_answer():
    line = Line(MENU, agents=[]).call()
    assert isinstance(line.verb, Gather)
    decision = line.presses("2")
    assert "StopSounds" in doing(decision)
    assert [each for each in line.inputs if isinstance(each, i.VerbAsked)][-1].verb == EnterQueue("sales")


def test_given_a_menu_when_nothing_is_pressed_then_it_is_asked_once_more_and_then_no_input_is_taken():
    line = Line(MENU).call()
    line.sounds_end()
    line.wake()
    assert isinstance(line.verb, Gather)
    assert len(line.played()) == 2
    line.sounds_end()
    line.wake()
    assert line.verb == EnterQueue("support")
    assert line.rung("x") == "ana"


def test_given_a_menu_when_its_sounds_end_then_the_time_out_runs_from_there():
    line = Line(MENU).call()
    line.now += 60_000
    line.sounds_end()
    assert line.state.wake_at == line.now + 5_000


def test_given_a_menu_when_the_end_of_its_sounds_is_told_twice_then_the_time_out_is_not_longer():
    line = Line(MENU).call()
    line.sounds_end()
    due = line.state.wake_at
    line.now += 3_000
    assert not line.sounds_end().facts
    assert line.state.wake_at == due


def test_given_a_menu_when_a_wrong_key_is_pressed_then_the_caller_is_told_and_asked_again():
    line = Line(MENU).call()
    line.presses("7")
    first, second = line.played()
    assert len(first) == 1
    assert len(second) == 2
    assert second[1] == first[0]
    line.presses("8")
    assert line.verb == EnterQueue("support")


def test_given_a_key_pressed_ahead_then_the_menu_takes_it_and_is_not_heard():
    line = Line('await call.play("apology")\n' + MENU).call()
    line.presses("1")
    line.sounds_end()
    assert line.verb == EnterQueue("support")
    assert len(line.played()) == 1


GATHER = 'keys = await call.gather("what", longest=4, ends_with="#")\nawait call.hang_up(int(keys.keys or 99))'


@pytest.mark.parametrize(("pressed", "cause"), [("1234", 1234), ("12#", 12), ("#", 99)])
def test_given_keys_asked_for_then_the_program_has_them(pressed, cause):
    line = Line(GATHER).call()
    for key in pressed:
        line.presses(key)
    assert line.verb == HangUp(cause)


def test_given_keys_asked_for_when_nothing_is_pressed_then_the_program_has_none():
    line = Line('keys = await call.gather("what")\nawait call.hang_up(int(keys == NoInput()))').call()
    line.sounds_end()
    line.wake()
    assert line.verb == HangUp(1)


@pytest.mark.parametrize("wrong", ["longest=0", "longest=65", 'ends_with="x"', "between_s=0.1"])
def test_given_keys_asked_for_in_a_way_that_cannot_work_then_the_program_fails_and_says_why(wrong):
    line = Line(f'await call.gather("what", {wrong})').call()
    assert "longest is 1 to 64" in line.raised[0].error


def test_given_another_language_then_all_prompts_after_it_are_spoken_in_it():
    line = Line('await call.set_language("zh-CN")\nawait call.play("apology")').call()
    assert line.contact("x").language == "zh-CN"
    assert [each.language for each in line.commands if isinstance(each, do.PlaySounds)] == ["zh-CN"]


def test_given_a_language_that_nobody_speaks_then_the_program_fails():
    line = Line('await call.set_language("tlh")').call()
    assert "no language 'tlh'" in line.raised[0].error


def test_given_data_then_the_contact_has_them():
    line = Line('await call.set_data("order", "12")\nawait call.answer()').call()
    assert line.contact("x").data == {"order": "12"}


def test_given_too_many_data_then_the_program_fails_and_says_so():
    line = Line('for n in range(21):\n        await call.set_data(str(n), "1")').call()
    assert "20 data" in line.raised[0].error


def test_given_nobody_signed_in_when_the_program_queues_then_it_decides_itself_and_nothing_plays():
    line = Line(
        'match await call.queue("support"):\n    case NoAgents():\n        await call.hang_up(21)', agents=[]
    ).call()
    assert line.verb == HangUp(21)
    assert "StartMusic" not in [type(each).__name__ for each in line.commands]


def test_given_a_talk_that_the_agent_ends_when_the_caller_stays_then_the_program_goes_on_with_served():
    body = (
        'match await call.queue("support"):\n    case Served(agent):\n        await call.hang_up(int(agent == "ana"))'
    )
    line = Line(body).call()
    line.enters("x")
    line.picks_up("x")
    line.joins("x")
    assert line.contact("x").phase is Phase.TALKING
    line.agent_hangs_up("x")
    assert line.verb == HangUp(1)


def test_given_the_last_agent_signs_out_when_callers_wait_then_their_programs_go_on():
    line = Line('await call.queue("support")\nawait call.play("apology")')
    line.agent("ana")
    line.wants("ana", Intent.PAUSED)
    line.call()
    line.enters("x")
    line.wants("ana", Intent.OFFLINE)
    assert isinstance(line.verb, Play)


def test_given_a_program_that_returns_then_the_caller_is_hung_up_with_cause_16():
    line = Line("return").call()
    assert line.verb == HangUp(16)
    assert [each.cause for each in line.commands if isinstance(each, do.HangUpCaller)] == [16]


def test_given_a_hang_up_when_the_switch_says_the_caller_is_gone_then_the_program_ended_the_contact():
    line = Line("await call.hang_up()").call()
    assert the(line.leaves("x"), f.ContactEnded).by is f.EndedBy.PROGRAM
    assert line.contact("x") is None


def test_given_a_hang_up_that_the_switch_does_not_confirm_then_it_is_asked_again():
    line = Line("await call.hang_up()").call()
    assert doing(line.wake()) == ["WriteJournal", "HangUpCaller"]
    assert line.verb == HangUp(16)


def test_given_a_program_then_it_sees_who_calls_where_and_since_when():
    line = Line(
        "assert (call.caller, call.caller_name, call.language) == ('5551234', 'Ann', 'en')\nawait call.hang_up(3)"
    )
    line.take(i.Tick(), at=7)
    line.call()
    assert line.verb == HangUp(3)
    assert line.contact("x").arrived_at == 7_000


def test_given_two_calls_then_nothing_a_program_keeps_leaks_from_one_to_the_other():
    source = "seen = []\nasync def main(call):\n    seen.append(call.id)\n    await call.hang_up(len(seen))\n"
    line = Line(source=source).call()
    line.arrives("y")
    assert line.verb == HangUp(1)
    assert line.contact("y").verb == HangUp(1)


def test_given_an_agent_when_the_caller_leaves_in_mid_talk_then_the_agent_is_free_once_their_leg_is_gone():
    line = Line('await call.queue("support")').call()
    line.enters("x")
    line.picks_up("x")
    line.joins("x")
    line.leaves("x")
    assert not line.agent(AgentId("ana")).free
    line.let_go()
    assert line.agent(AgentId("ana")).free


VOICEMAIL = """
result = await call.voicemail("sales", longest_s=60)
await call.hang_up(1 if isinstance(result, MessageTaken) else 2)
"""
PROMPTS = '[leave-a-message]\nen = "Speak."\n[thank-you]\nen = "Thanks."\n'


def a_line_with_voicemail(body=VOICEMAIL):
    line = Line(body)
    site = replace(line.site, prompts=parse(FILES | {"ivr/prompts.toml": FILES["ivr/prompts.toml"] + PROMPTS}).prompts)
    line.sites[site.hash] = line.site = site
    return line.call()


def the_message(line):
    return line.contact("x").recording


def test_given_voicemail_then_the_caller_is_asked_recorded_and_thanked():
    line = a_line_with_voicemail()
    assert line.played() == [(line.site.sound("leave-a-message", "en"),)]
    line.sounds_end()
    assert line.verb == TakeMessage("sales", longest_ms=60_000, silence_ms=5_000)
    message = the_message(line)
    line.take(i.RecordingEnded(message, 4_000))
    line.take(i.MessageKept(message, "f", 4_200, 67_244))
    assert line.played()[-1] == (line.site.sound("thank-you", "en"),)
    line.sounds_end()
    assert line.verb == HangUp(1)


def test_given_voicemail_when_nothing_is_said_then_nobody_is_thanked_for_it():
    line = a_line_with_voicemail()
    line.sounds_end()
    message = the_message(line)
    line.take(i.RecordingEnded(message, 1_000))
    line.take(i.MessageUnusable(message, Unusable.SILENT))
    assert line.verb == HangUp(2)
    assert len(line.played()) == 1


def test_given_voicemail_when_the_caller_hangs_up_then_the_program_ends_and_the_message_is_left():
    line = a_line_with_voicemail()
    line.sounds_end()
    message = the_message(line)
    line.leaves("x")
    assert message in line.state.messages
    assert line.contact("x") is None


def test_given_voicemail_when_the_plane_dies_then_the_program_stands_where_it_stood_and_goes_on():
    line = a_line_with_voicemail()
    line.sounds_end()
    message = the_message(line)
    decision = line.dies_and_comes_back()
    assert "LookForRecording" in doing(decision)
    assert the_message(line) == message
    line.take(i.RecordingEnded(message))
    line.take(i.MessageKept(message, "f", 4_200, 67_244))
    assert line.played()[-1] == (line.site.sound("thank-you", "en"),)


def test_given_voicemail_when_the_plane_dies_after_the_message_was_left_then_it_is_not_asked_for_twice():
    line = a_line_with_voicemail()
    line.sounds_end()
    message = the_message(line)
    line.take(i.RecordingEnded(message, 4_000))
    line.dies_and_comes_back()
    line.take(i.RecordingEnded(message))
    line.take(i.MessageKept(message, "f", 4_200, 67_244))
    assert [type(fact).__name__ for fact in line.facts].count("MessageLeft") == 1
    assert line.played()[-1] == (line.site.sound("thank-you", "en"),)


def test_given_a_box_that_is_no_name_then_the_program_is_told_so():
    line = a_line_with_voicemail('await call.voicemail("../../etc")')
    assert "no name of a box" in line.raised[0].error


def test_given_a_site_without_the_prompt_then_the_program_is_told_which():
    line = Line("await call.voicemail()").call()
    assert "leave-a-message" in line.raised[0].error


WAITING = (
    'async with call.while_waiting("welcome", first_s=3, every_s=20, keys={"2": "voicemail", "5": "queue:sales"}):\n'
    '    left = await call.queue("support")\n'
    "await call.hang_up(len(left.name) if isinstance(left, LeftByKey) else 16)"
)


def test_given_words_of_the_programs_own_then_who_waits_hears_them_and_leaves_by_its_keys():
    line = Line(WAITING, agents=[paused("ana")]).call_and_answer()
    line.enters("x")
    decision = line.tick(at=3)
    assert the(decision, f.WaitAnnounced).sounds[0].startswith(WELCOME)
    assert the(decision, f.WaitAnnounced).next_at == 23_000
    line.presses("2")
    assert line.verb == HangUp(len("voicemail"))


def test_given_a_second_queue_behind_the_block_then_its_file_says_what_is_heard():
    body = 'async with call.while_waiting("welcome"):\n    await call.queue("support")\nawait call.queue("support")'
    line = Line(body, agents=[ready("ana")]).call_and_answer()
    assert line.verb.announce is not None
    line.enters("x")
    line.picks_up("x")
    line.joins("x")
    line.agent_hangs_up("x")
    assert line.verb == EnterQueue(SUPPORT)


@pytest.mark.parametrize(
    "asked",
    [
        'keys={"12": "voicemail"}',
        'keys={"1": "queue:nowhere"}',
        "every_s=9",
        "every_s=3_601",
        "first_s=-1",
        '"no-such-prompt"',
    ],
)
def test_given_words_that_cannot_be_then_the_program_fails_and_the_sites_default_takes_the_call(asked):
    line = Line(f'async with call.while_waiting({asked}):\n    await call.queue("support")').call()
    assert line.raised
    assert line.contact("x").program == "sorry"
