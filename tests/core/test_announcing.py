"""Those who wait are told how they stand, and may leave by a key; no offer waits for any of it."""

from __future__ import annotations

from ccplane.agents.facts import Intent
from ccplane.contacts import facts as f
from ccplane.contacts.announce import Announce, Way
from ccplane.contacts.contact import Phase
from ccplane.contacts.facts import QueueOutcome
from ccplane.contacts.verbs import EnterQueue, LeftByKey
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.ids import QueueName, callback_id
from ccplane.routing.announce import MINUTES, POSITIONS, Saying
from ccplane.routing.callbacks import Callbacks
from ccplane.routing.dialling import Role
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, c, doing, kinds, ms, paused, ready, the
from tests.core.test_callbacks import DIALLING

SAYINGS = {
    "zh-CN": Saying(
        positions=tuple(f"sound:place-{place}" for place in range(1, POSITIONS + 1)),
        minutes=tuple(f"sound:minutes-{each}" for each in MINUTES),
        more="sound:more",
        longer="sound:longer",
    )
}
NEWS = ({"zh-CN": "sound:news"}, {"zh-CN": "sound:offers"})
KEYS = {"1": Way(callback=True), "2": Way(name="voicemail"), "3": Way(queue=QueueName("sales"))}
PLAN = Announce(first_ms=ms(15), every_ms=ms(45), position=True, messages=NEWS, keys=KEYS)


def a_queue_that_speaks(*agents, plan=PLAN, **rules):
    """ana is paused, or whoever is given; x waits from 0 s, in the room."""
    queues = [a_queue(announce=plan), a_queue(SALES)]
    floor = a_floor(agents=agents or [paused("ana", support=5, sales=5)], queues=queues, sayings=SAYINGS, **rules)
    floor.waits("x", at=0)
    return floor


def said(decision):
    return [each.sounds for each in decision.commands if isinstance(each, do.SayToWaiting)]


def test_given_nobody_free_when_it_is_time_then_they_hear_their_place_and_a_message_and_again_every_so_often():
    floor = a_queue_that_speaks()
    floor.waits("y", at=1)
    assert said(floor.tick(at=14.9)) == []
    assert said(floor.tick(at=15)) == [("sound:place-1", "sound:news")]
    assert said(floor.tick(at=16)) == [("sound:place-2", "sound:news")]
    assert said(floor.tick(at=60)) == [("sound:place-1", "sound:offers")]


def test_given_a_plan_of_the_program_then_it_holds_in_place_of_the_queues():
    floor = a_floor(agents=[paused("ana")], queues=[a_queue(announce=PLAN)], sayings=SAYINGS)
    own = Announce(first_ms=ms(5), messages=({"zh-CN": "sound:own"},))
    floor.arrives("x")
    floor.asks("x", EnterQueue(SUPPORT, announce=own))
    floor.enters("x")
    assert said(floor.tick(at=5)) == [("sound:own",)]


def test_the_music_goes_on_once_it_is_said():
    floor = a_queue_that_speaks()
    floor.tick(at=15)
    assert doing(floor.take(i.HoldSaid(c("x")))) == ["StartMusic"]


def test_given_an_agent_who_picks_up_while_it_is_being_said_then_it_stops_before_they_are_joined():
    floor = a_queue_that_speaks()
    floor.tick(at=15)
    floor.wants("ana", Intent.READY, at=16)
    decision = floor.picks_up("x", at=18)
    assert doing(decision) == ["StopSounds", "StopMusic", "JoinAgent"]


def test_given_a_phone_that_rings_for_them_then_nothing_is_said_until_it_is_over():
    floor = a_queue_that_speaks(ready("ana"))
    floor.alerts("x")
    assert said(floor.tick(at=16)) == []
    assert said(floor.tick(at=25)) == [("sound:place-1", "sound:news")], "ana did not answer"


def test_given_a_wait_that_grows_then_that_is_said_too():
    floor = a_queue_that_speaks(ready("ana"), plan=Announce(first_ms=ms(15), every_ms=ms(45), estimate=True))
    floor.picks_up("x", at=1)
    floor.joins("x", at=1)
    floor.waits("y", at=2)
    floor.leaves("x", at=61)  # so long is a talk
    floor.let_go()
    floor.picks_up("y", at=62)
    floor.joins("y", at=62)
    floor.waits("z", at=63)
    first = the(floor.tick(at=78), f.WaitAnnounced)
    assert (first.minutes, first.longer) == (2, False)
    for number in range(4):
        floor.waits(f"before-{number}", at=79 + number, credit=600)
    told = [each for each in floor.tick(at=123).facts if isinstance(each, f.WaitAnnounced) and each.contact == c("z")]
    assert told[0].minutes > first.minutes
    assert told[0].longer
    assert told[0].sounds[0] == "sound:longer"


def test_given_a_key_for_the_program_then_it_hears_which_and_whoever_was_rung_is_let_go():
    floor = a_queue_that_speaks(ready("ana"))
    floor.alerts("x")
    decision = floor.take(i.KeyPressed(c("x"), "2"), at=3)
    assert kinds(decision) == ["LegDropped", "OfferWithdrawn", "ContactUnqueued", "StepEnded"]
    assert the(decision, f.ContactUnqueued).outcome is QueueOutcome.LEFT_BY_KEY
    assert the(decision, f.StepEnded).result == LeftByKey("2", "voicemail")
    assert "StopMusic" in doing(decision)


def test_given_a_key_into_another_queue_then_they_wait_there_with_their_clock():
    floor = a_queue_that_speaks()
    decision = floor.take(i.KeyPressed(c("x"), "3"), at=20)
    assert the(decision, f.ContactUnqueued).outcome is QueueOutcome.LEFT_BY_KEY
    waiting = floor.contact("x").waiting
    assert (waiting.queue, waiting.queued_at, waiting.passed) == (SALES, 0, ())


def test_given_a_key_into_a_queue_that_takes_nobody_then_they_wait_on_where_they_are():
    floor = a_queue_that_speaks(paused("ana", support=5))
    assert not floor.take(i.KeyPressed(c("x"), "3"), at=20).facts
    assert floor.contact("x").waiting.queue == SUPPORT


def test_given_a_key_for_a_callback_then_it_is_asked_for_and_they_wait_on_until_it_is_promised():
    floor = a_queue_that_speaks(callbacks=Callbacks(role=Role(allow=("5",))), dialling=DIALLING)
    decision = floor.take(i.KeyPressed(c("x"), "1"), at=20)
    assert kinds(decision) == ["CallbackAsked"]
    assert floor.contact("x").phase is Phase.WAITING


def test_given_a_key_that_leads_nowhere_then_nothing_happens():
    floor = a_queue_that_speaks()
    assert not floor.take(i.KeyPressed(c("x"), "9"), at=20).facts


def test_given_a_plane_that_comes_back_then_they_are_told_when_they_would_have_been():
    floor = a_queue_that_speaks()
    floor.tick(at=15)
    assert floor.replayed() == floor.state
    floor.drops()
    floor.survey(after_gap=True)
    assert said(floor.tick(at=59)) == []
    assert said(floor.tick(at=60)) == [("sound:place-1", "sound:offers")]


def test_given_somebody_who_is_called_back_then_no_key_leads_them_to_a_program_that_they_do_not_have():
    floor = a_queue_that_speaks(
        paused("ana", support=5, sales=5), callbacks=Callbacks(role=Role(allow=("5",))), dialling=DIALLING
    )
    floor.take(i.KeyPressed(c("x"), "1"), at=1)
    floor.take(i.CallbackKept(callback_id(c("x"), 1)), at=1)
    (there,) = [each for each in floor.state.contacts.values() if each.callback]
    assert not floor.take(i.KeyPressed(there.id, "2"), at=2).facts
    assert not floor.take(i.KeyPressed(there.id, "3"), at=2).facts, "nobody is there to press it"
