"""A plane that knows nothing finds calls at the switch: what their programs make of it."""

from __future__ import annotations

from ccplane.contacts.contact import Phase
from ccplane.contacts.verbs import EnterQueue, HangUp, Play
from ccplane.core import inputs as i
from ccplane.core import journal
from ccplane.ids import ChannelId
from tests.callflow.line import Line
from tests.core.floor import SUPPORT, an_arrival, c, paused

STRAIGHT = 'await call.queue("support")\nawait call.play("welcome")\nawait call.hang_up(3)'
MENU = 'await call.menu("main")\nawait call.queue("support")\nawait call.play("welcome")\nawait call.hang_up(3)'


def found(body, step, *, talking=True, after_gap=True, agents=None):
    """A plane whose program is `body` finds x in step `step`, in the queue or in a talk."""
    line = Line(body, agents=agents)
    if after_gap:
        line.drops()
    line.inputs.clear()
    caller = i.ChannelSeen(ChannelId("x"), True, an_arrival("x", answered=True))
    leg = i.ChannelSeen(ChannelId(f"l-{c('x')}-{step}-1-7"), True, agent="ana")
    seen = [caller, leg] if talking else [caller]
    line.survey(
        after_gap=after_gap,
        extra=seen,
        rooms={c("x"): tuple(each.id for each in seen)},
        journals={c("x"): journal.write(step, EnterQueue(SUPPORT), 0)},
    )
    return line


def test_given_a_talk_at_the_programs_first_step_when_it_is_over_then_the_program_goes_on():
    for after_gap in (True, False):
        line = found(STRAIGHT, 1, after_gap=after_gap)
        assert line.contact("x").phase is Phase.TALKING
        assert not line.raised
        line.agent_hangs_up("x")
        assert isinstance(line.verb, Play)
        line.sounds_end()
        assert line.verb == HangUp(3)


def test_given_a_talk_at_a_later_step_when_it_is_over_then_the_call_is_ended_with_cause_16():
    for after_gap in (True, False):
        line = found(MENU, 2, after_gap=after_gap)
        assert line.contact("x").phase is Phase.TALKING
        line.agent_hangs_up("x")
        assert not line.raised
        assert not line.played()
        assert line.verb == HangUp(16)


def test_given_a_talk_at_a_later_step_when_the_plane_dies_once_more_then_it_ends_like_that_all_the_same():
    line = found(MENU, 2)
    leg = line.contact("x").talk.leg
    line.dies_and_comes_back()
    assert line.contact("x").phase is Phase.TALKING
    line.dies_and_comes_back(gone=[leg])
    assert line.verb == HangUp(16)
    line.dies_and_comes_back()
    assert line.verb == HangUp(16)


def test_given_a_program_that_is_another_now_when_the_talk_is_over_then_the_default_ends_the_call():
    for after_gap in (True, False):
        line = found('await call.play("welcome")\nawait call.queue("support")', 1, after_gap=after_gap)
        assert line.contact("x").phase is Phase.TALKING
        assert not line.played(), "nothing sounds into a talk"
        line.agent_hangs_up("x")
        assert line.contact("x").program == "sorry"
        line.sounds_end()
        assert line.verb == HangUp(16)


def test_given_a_caller_found_waiting_then_they_are_served_and_the_program_goes_on():
    line = found(STRAIGHT, 1, talking=False)
    assert line.rung("x") == "ana"
    line.picks_up("x")
    line.joins("x")
    line.agent_hangs_up("x")
    assert isinstance(line.verb, Play)


def test_given_a_caller_found_waiting_whom_nobody_can_serve_then_they_are_told_so_and_not_left_in_silence():
    for after_gap in (True, False):
        line = found(STRAIGHT, 1, talking=False, agents=[], after_gap=after_gap)
        assert isinstance(line.verb, Play), "the program's own words"
        assert line.contact("x").program == "main"
        line = found(MENU, 2, talking=False, agents=[], after_gap=after_gap)
        assert isinstance(line.verb, Play)
        assert line.contact("x").program == "sorry"


def test_given_a_caller_found_waiting_at_a_later_step_when_they_were_served_then_the_call_is_ended_with_cause_16():
    line = found(MENU, 2, talking=False, agents=[paused("ana")])
    assert line.contact("x").phase is Phase.WAITING
    line.wants("ana", line.agent("ana").intent.READY)
    line.picks_up("x")
    line.joins("x")
    line.agent_hangs_up("x")
    assert line.verb == HangUp(16)
