"""Programs that end or fail, as the core sees it."""

from __future__ import annotations

from ccplane.contacts import facts as f
from ccplane.contacts.contact import Phase
from ccplane.contacts.verbs import Answer, HangUp
from ccplane.core import commands as do
from ccplane.core import inputs as i
from tests.core.floor import a_floor, a_queue, c, doing, kinds, ready, the


def fails(floor, name="x"):
    return floor.take(i.ProgramRaised(c(name), "ValueError: no", "ari_apps/main.py:3"))


def test_given_a_program_that_raised_then_the_default_takes_the_call_and_a_fact_says_why():
    floor = a_floor()
    floor.arrives()
    decision = fails(floor)
    assert kinds(decision) == ["ProgramFailed", "ProgramStarted"]
    failed = the(decision, f.ProgramFailed)
    assert (failed.program, failed.error, failed.where) == ("straight", "ValueError: no", "ari_apps/main.py:3")
    assert the(decision, f.ProgramStarted).program == "front_door"


def test_given_a_default_that_raised_too_then_the_call_is_ended_with_cause_41():
    floor = a_floor()
    floor.arrives()
    fails(floor)
    decision = fails(floor)
    assert kinds(decision) == ["ProgramFailed", "StepStarted"]
    assert the(decision, do.HangUpCaller).cause == 41


def test_given_a_site_without_a_default_then_the_call_is_ended():
    floor = a_floor(default="")
    floor.arrives()
    assert the(fails(floor), do.HangUpCaller).cause == 41


def test_given_the_default_after_a_failure_then_its_steps_count_on():
    floor = a_floor()
    floor.arrives()
    floor.asks("x", Answer())
    floor.take(i.CallerUp(c("x")))
    fails(floor)
    assert floor.contact("x").first_step == 2
    assert floor.contact("x").results == ()
    assert kinds(floor.asks("x", Answer())) == ["StepStarted", "StepEnded"]


def test_given_a_talk_when_its_program_is_found_broken_then_the_talk_goes_on():
    floor = a_floor(agents=[ready("ana")])
    floor.talks()
    assert not fails(floor).facts
    assert floor.contact("x").phase is Phase.TALKING


def test_given_a_program_that_returned_then_the_caller_is_hung_up_with_cause_16():
    floor = a_floor()
    floor.arrives()
    decision = floor.take(i.ProgramReturned(c("x")))
    assert kinds(decision) == ["ProgramEnded", "StepStarted"]
    assert the(decision, do.HangUpCaller).cause == 16
    assert the(floor.leaves("x"), f.ContactEnded).by is f.EndedBy.PROGRAM


def test_given_a_program_that_hangs_up_while_an_agent_talks_then_that_cannot_be():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue()])
    floor.talks()
    assert not floor.asks("x", HangUp()).facts
    assert not floor.take(i.ProgramReturned(c("x"))).facts


def test_given_a_hang_up_that_nothing_proves_then_it_is_tried_again_every_five_seconds():
    floor = a_floor()
    floor.arrives()
    floor.asks("x", HangUp(17))
    for seconds in (5, 10, 15):
        assert doing(floor.wake()) == ["WriteJournal", "HangUpCaller"]
        assert floor.now == seconds * 1000


def test_given_a_verb_of_another_step_than_the_next_then_it_is_not_begun():
    floor = a_floor()
    floor.arrives()
    assert not floor.take(i.VerbAsked(c("x"), 7, Answer())).facts
    assert not floor.take(i.VerbAsked(c("x"), 0, Answer())).facts


def test_given_an_open_verb_when_another_is_asked_for_then_it_is_not_begun():
    floor = a_floor()
    floor.arrives()
    floor.asks("x", HangUp())
    assert not floor.asks("x", Answer()).facts


def test_given_a_journal_then_it_is_small_and_says_where_the_caller_stands():
    floor = a_floor(agents=[ready("ana")])
    text = the(floor.waits(at=7, in_room=False), do.WriteJournal).text
    assert text == '{"step":1,"verb":"EnterQueue","at":7000,"queue":"support","program":"straight"}'
