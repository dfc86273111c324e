"""A call's steps in words, as whoever writes a program watches them."""

from __future__ import annotations

from dataclasses import replace

from ccplane.callflow.trace import HIDDEN, Trace
from ccplane.callflow.where import line_of
from ccplane.core import inputs as i
from ccplane.site import parse
from tests.callflow.line import FILES, Line
from tests.core.floor import c

SITE = parse(FILES)


def told(line, trace=None):
    """What is told of all that happened so far."""
    trace = trace or Trace(lambda _: replace(SITE, programs=line.site.programs))
    return [each for fact in line.facts for each in trace.lines(fact)]


def words(line):
    return [(each.event, each.text) for each in told(line)]


def test_a_step_is_told_with_the_line_of_the_program_what_it_does_and_what_came_of_it():
    line = Line('await call.gather("what", longest=2)\nawait call.hang_up()').call_and_answer()
    line.sounds_end()
    line.presses("4")
    line.presses("7")
    asked, *_ = [each for each in told(line) if each.verb == "Gather"]
    assert (asked.event, asked.step, asked.tries, asked.where) == ("step", 1, 1, "ari_apps/main.py:4")
    assert asked.text.startswith("asks «what» 'What?', timeout_ms 5000, longest 2")
    assert words(line)[:2] == [("arrived", "5551234 calls 4002"), ("program", "main")]
    assert ("key", "4") in words(line)
    assert ("key", "7") in words(line)
    assert ("result", "pressed 47") in words(line)


def test_a_text_that_no_file_has_is_told_as_it_is_spoken():
    line = Line('await call.gather("what", Text("Gate twelve.", language="zh-CN"))').call_and_answer()
    (asked,) = [each for each in told(line) if each.verb == "Gather"]
    assert asked.text == "asks «what» 'What?', «Gate twelve.», timeout_ms 5000"


def test_a_result_says_how_long_its_step_took():
    line = Line('await call.play("welcome")').call_and_answer()
    line.take(i.SoundsFinished(c("x"), 1, 1, True), at=line.now / 1000 + 2.5)
    (result,) = [each for each in told(line) if each.event == "result"]
    assert (result.verb, result.step) == ("Play", 1)
    assert result.ms is not None
    assert result.ms >= 2_500


def test_the_line_is_that_of_the_innermost_program():
    line = Line('await call.run("inner")', inner='async def main(call):\n\n    await call.play("welcome")\n')
    line.call_and_answer()
    assert [each.where for each in told(line) if each.event == "step"] == ["ari_apps/inner.py:3"]


def test_what_is_keyed_in_secret_is_not_told():
    line = Line('await call.gather("what", length=2, secret=True)\nawait call.hang_up()').call_and_answer()
    line.sounds_end()
    line.presses("4")
    line.presses("7")
    assert [text for event, text in words(line) if event in ("key", "result")][:3] == [HIDDEN] * 3
    assert not any("47" in text for _, text in words(line))


def test_nor_if_somebody_begins_to_watch_in_the_middle_of_it():
    line = Line('await call.gather("what", length=2, secret=True)\nawait call.hang_up()').call_and_answer()
    line.sounds_end()
    so_far = len(line.facts)
    trace = Trace(lambda _: SITE, [line.contact("x")])
    (stands,) = trace.standing(line.contact("x"), line.now)
    assert (stands.step, stands.verb) == (1, "Gather")
    line.presses("4")
    line.presses("7")
    lines = [each for fact in line.facts[so_far:] for each in trace.lines(fact)]
    assert [each.text for each in lines if each.event in ("key", "result")][:3] == [HIDDEN] * 3


def test_a_program_that_fails_and_the_end_of_the_call_are_told():
    line = Line('await call.play("welcome")\nraise ValueError("no such order")').call_and_answer()
    line.sounds_end()
    line.leaves("x")
    assert ("failed", "ari_apps/main.py:5: ValueError: no such order") in words(line)
    assert words(line)[-1] == ("ended", "by the caller, cause 16")


def test_of_a_site_that_nobody_has_any_more_sounds_are_told_as_they_stand():
    line = Line('await call.play("welcome")').call_and_answer()

    def gone(site):
        raise KeyError(site)

    (step,) = [each for each in told(line, Trace(gone)) if each.event == "step"]
    assert step.text.startswith("plays sound:")


def test_a_program_that_has_ended_stands_nowhere():
    async def over():
        return None

    program = over()
    program.close()
    assert line_of(program) == ""


def test_of_a_call_that_talks_it_is_said_with_whom():
    line = Line("await call.queue('support')").call_and_answer()
    line.enters("x")
    line.picks_up("x")
    line.joins("x")
    told = [(each.event, each.text) for each in Trace(lambda _: line.site).standing(line.contact("x"), 0)]
    assert told == [("step", "waits in queue support"), ("talk", "talks with ana")]
