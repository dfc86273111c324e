"""`call.voicemail` in boxes of acd/voicemail.toml: their words and limits, and what a full one says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ccplane.contacts.verbs import HangUp, TakeMessage
from ccplane.core import inputs as i
from ccplane.site import parse
from tests.callflow.line import FILES, Line
from tests.core.floor import ms

PROMPTS = "".join(f'[{name}]\nen = "{name}."\n' for name in ("leave-a-message", "thank-you", "speak", "bye", "full"))
BOXES = """
[general]
queue = "support"
answer_within = "1h"
most = 1
greeting = "speak"
thanks = "bye"
full = "full"
longest = "20s"
silence = "2s"
[agents]
thanks = "bye"
"""
BODY = """
result = await call.voicemail({})
await call.hang_up(1 if isinstance(result, MessageTaken) else 2)
"""


def a_line(given='"general"'):
    line = Line(BODY.format(given))
    files = FILES | {"ivr/prompts.toml": FILES["ivr/prompts.toml"] + PROMPTS, "acd/voicemail.toml": BOXES}
    whole = parse(files)
    programs = line.site.programs
    line.sites[line.site.hash] = line.site = replace(whole, hash=line.site.hash, programs=programs)
    line.publish(line.site)
    return line.call()


def leaves_one(line):
    """Is greeted, recorded and thanked."""
    line.sounds_end()
    message = line.contact("x").recording
    line.take(i.RecordingEnded(message, 4_000))
    line.take(i.MessageKept(message, "f", 4_200, 67_244))
    return message


def test_a_box_has_words_and_limits_of_its_own():
    line = a_line()
    assert line.played() == [(line.site.sound("speak", "en"),)]
    line.sounds_end()
    assert line.verb == TakeMessage("general", longest_ms=20_000, silence_ms=2_000)
    message = line.contact("x").recording
    line.take(i.RecordingEnded(message, 4_000), at=10)
    line.take(i.MessageKept(message, "f", 4_200, 67_244), at=11)
    assert line.played()[-1] == (line.site.sound("bye", "en"),)
    owed = line.state.owed[message]
    assert (owed.queue, owed.answer_until) == ("support", ms(10) + ms(3_600))


def test_what_the_program_says_comes_before_what_the_box_says():
    line = a_line('"general", longest_s=7, silence_s=1')
    line.sounds_end()
    assert line.verb == TakeMessage("general", longest_ms=7_000, silence_ms=1_000)


def test_who_comes_to_a_full_box_hears_so_and_is_not_asked_to_speak():
    line = a_line()
    leaves_one(line)
    line.sounds_end()
    line.arrives("y")
    assert line.played()[-1] == (line.site.sound("full", "en"),)
    contact = line.contact("y")
    line.take(i.SoundsFinished(contact.id, contact.step, contact.attempt, True))
    assert line.contact("y").verb == HangUp(2)


@pytest.mark.parametrize("given", ['"elsewhere"', '"sales"'])
def test_a_box_that_is_not_in_the_file_is_as_ever(given):
    line = a_line(given)
    assert line.played() == [(line.site.sound("leave-a-message", "en"),)]
    message = leaves_one(line)
    assert line.played()[-1] == (line.site.sound("thank-you", "en"),)
    assert message not in line.state.owed


def test_the_box_of_an_agent_is_theirs():
    line = a_line('"ana"')
    message = leaves_one(line)
    assert line.state.owed[message].agent == "ana"


def test_a_plane_that_dies_while_somebody_speaks_keeps_what_is_owed():
    line = a_line()
    line.sounds_end()
    message = line.contact("x").recording
    line.dies_and_comes_back()
    line.take(i.RecordingEnded(message))
    line.take(i.MessageKept(message, "f", 4_200, 67_244))
    assert message in line.state.owed
    assert line.played()[-1] == (line.site.sound("bye", "en"),)
