"""Customer first: they are called while an agent is free, who goes on taking calls; who answers is a caller as any."""

from __future__ import annotations

from msgspec.structs import replace

from ccplane.agents.facts import Intent
from ccplane.contacts import facts as c_facts
from ccplane.contacts.callback import CallbackState
from ccplane.contacts.facts import callbacks as f
from ccplane.contacts.facts.callbacks import CallbackOutcome
from ccplane.contacts.verbs import NoAgents
from ccplane.core import checkpoint
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.why import agents_told, why
from ccplane.ids import ChannelId
from tests.core.floor import SUPPORT, a_queue, an_arrival, doing, kinds, ms, offline, paused, ready, the
from tests.core.test_callbacks import (
    CALLBACKS,
    a_house,
    callback,
    claims,
    customer_answers,
    dials,
    ended,
    promised,
    stand_in,
    the_id,
)

FIRST = replace(CALLBACKS, customer_first=True, greeting={"zh-CN": "sound:we-call-you-back"})


def a_house_that_calls(*agents, queues=None):
    return a_house(*(agents or [ready("ana")]), callbacks=FIRST, queues=queues)


def called(floor, name="x"):
    """Promised, claimed for who is free, and their phone rings."""
    promised(floor, name)
    return claims(floor, name)


def test_given_a_free_agent_then_the_customer_is_claimed_and_called_and_no_phone_of_ours_rings():
    floor = a_house_that_calls()
    decision = promised(floor)
    assert callback(floor).state is CallbackState.CLAIMING
    assert "RingAgent" not in doing(decision)
    assert floor.agent("ana").free
    decision = claims(floor)
    assert [each.channel for each in dials(decision)] == [stand_in()]
    assert callback(floor).tries == 1
    assert [each.agent for each in floor.facts if isinstance(each, c_facts.CustomerCalled)] == ["ana"]
    assert not [each for each in floor.commands if isinstance(each, do.RingAgent)]


def test_given_nobody_free_then_nobody_is_called_until_somebody_is():
    floor = a_house_that_calls(paused("ana"))
    promised(floor)
    assert callback(floor).state is CallbackState.WAITING
    decision = floor.wants("ana", Intent.READY)
    assert "CallbackClaiming" in kinds(decision)


def test_given_a_customer_who_answers_then_they_are_greeted_and_the_agent_rings_with_the_clock_of_then():
    floor = a_house_that_calls()
    called(floor)
    decision = customer_answers(floor)
    said = [each for each in floor.commands if isinstance(each, do.SayToWaiting)]
    assert [each.sounds for each in said] == [("sound:we-call-you-back",)]
    assert floor.rung(stand_in()) == "ana"
    assert callback(floor).state is CallbackState.REACHED
    assert floor.contact(stand_in()).waiting.queued_at == callback(floor).since
    assert kinds(decision) == ["CallerEnteredRoom"]
    decision = floor.picks_up(stand_in())
    assert doing(decision) == ["StopSounds", "StopMusic", "JoinAgent"], "what is being said stops for the agent"
    assert ended(floor.joins(stand_in())) == [CallbackOutcome.DONE]
    (over,) = [each for each in floor.facts if isinstance(each, f.CallbackEnded)]
    assert over.agent == "ana"


def test_given_a_customer_who_answers_then_nothing_is_said_before_they_are_in_the_room():
    floor = a_house_that_calls()
    called(floor)
    answers = floor.take(an_arrival(stand_in(), "5551234", answered=True))
    assert "StartMusic" in doing(answers)
    assert "SayToWaiting" not in doing(answers)
    assert "SayToWaiting" in doing(floor.enters(stand_in()))


def test_given_another_caller_meanwhile_then_the_agent_takes_them_and_the_customer_has_the_next():
    floor = a_house_that_calls(ready("ana"), ready("ben", since=5))
    called(floor)
    floor.talks("y")
    assert floor.contact("y").talk.agent == "ana"
    customer_answers(floor)
    assert floor.rung(stand_in()) == "ben"


def test_given_one_free_agent_then_one_customer_is_called_at_a_time_and_the_next_when_that_is_over():
    floor = a_house_that_calls()
    called(floor, "x")
    promised(floor, "y")
    assert callback(floor, "y").state is CallbackState.WAITING
    floor.take(i.CallerGone(floor.contact(stand_in("x")).id, 17))
    assert callback(floor, "x").state is CallbackState.PENDING
    assert callback(floor, "y").state is CallbackState.CLAIMING


def test_given_two_free_agents_then_two_customers_are_called():
    floor = a_house_that_calls(ready("ana"), ready("ben", since=5))
    for name in ("x", "y", "z"):
        promised(floor, name)
    states = [callback(floor, name).state for name in ("x", "y", "z")]
    assert states == [CallbackState.CLAIMING, CallbackState.CLAIMING, CallbackState.WAITING]
    assert sorted(floor.state.called_for) == ["ana", "ben"]


def test_given_many_who_come_free_at_once_then_each_calls_one_and_takes_who_waits_on_the_line_first():
    floor = a_house_that_calls(paused("ana"), paused("ben"))
    for name in ("x", "y", "z"):
        promised(floor, name)
    floor.waits("w", at=5)
    floor.wants("ana", Intent.READY)
    assert floor.rung("w") == "ana", "the one who is on the line has a phone ringing"
    assert sum(callback(floor, name).state is CallbackState.CLAIMING for name in ("x", "y", "z")) == 1
    floor.wants("ben", Intent.READY)
    assert sum(callback(floor, name).state is CallbackState.CLAIMING for name in ("x", "y", "z")) == 2


def test_given_a_customer_who_answers_and_hangs_up_before_an_agent_then_the_callback_is_over_and_they_were_reached():
    floor = a_house_that_calls(ready("ana"), queues=[a_queue(ring=20)])
    called(floor)
    customer_answers(floor)
    decision = floor.leaves(stand_in())
    assert ended(decision) == [CallbackOutcome.LEFT]
    assert "OfferWithdrawn" in kinds(decision)


def test_given_a_customer_who_does_not_answer_then_they_are_tried_again_as_agent_first():
    floor = a_house_that_calls()
    called(floor)
    decision = floor.wake()
    assert "CallbackPutOff" in kinds(decision)
    assert callback(floor).deadline == floor.now + FIRST.retry_ms
    assert not floor.state.called_for


def test_given_a_claim_that_postgres_refuses_then_nobody_is_called_and_the_agent_may_be_called_for_again():
    floor = a_house_that_calls()
    promised(floor)
    decision = claims(floor, why="do-not-call")
    assert ended(decision) == [CallbackOutcome.BARRED]
    assert not floor.state.called_for
    assert not dials(decision)


def test_given_the_agent_signs_out_while_the_customers_phone_rings_then_it_rings_on_and_the_next_has_them():
    floor = a_house_that_calls(ready("ana"), offline("ben"))
    called(floor)
    floor.wants("ana", Intent.PAUSED)
    customer_answers(floor)
    assert floor.contact(stand_in()).waiting is not None
    floor.wants("ben", Intent.READY)
    assert floor.rung(stand_in()) == "ben"


def test_given_a_crash_behind_the_claim_when_nothing_is_at_the_switch_then_it_counts_as_a_try_and_is_not_dialled():
    floor = a_house_that_calls()
    called(floor)
    floor.drops()
    decision = floor.survey(after_gap=True, gone=[stand_in()], at=10)
    assert not dials(decision)
    off = the(decision, f.CallbackPutOff)
    assert (off.why, off.tried, off.tries) == ("unknown", True, 1)


def test_given_a_crash_while_their_phone_rings_then_it_goes_on_and_they_are_joined():
    floor = a_house_that_calls()
    called(floor)
    floor.drops()
    floor.survey(after_gap=True, extra=[i.ChannelSeen(ChannelId(stand_in()), False)], at=10)
    assert callback(floor).state is CallbackState.DIALLING
    customer_answers(floor)
    assert floor.rung(stand_in()) == "ana"
    assert floor.replayed() == floor.state


def test_given_rules_that_change_while_a_customer_waits_then_their_next_turn_goes_by_the_new_ones():
    floor = a_house_that_calls(paused("ana"))
    promised(floor)
    floor.reads("site-2", a_queue(), callbacks=CALLBACKS)
    floor.wants("ana", Intent.READY, at=5)
    assert callback(floor).state is CallbackState.CLAIMING, "this turn began as it was then"


def test_given_the_last_agent_who_signs_out_while_a_customer_waits_then_their_program_decides():
    """They have none, so the site's default takes the call: they are not left in silence."""
    floor = a_house_that_calls(ready("ana"))
    called(floor)
    floor.wants("ana", Intent.PAUSED)
    customer_answers(floor)
    decision = floor.wants("ana", Intent.OFFLINE)
    assert the(decision, c_facts.ContactUnqueued).outcome is c_facts.QueueOutcome.NO_AGENTS
    assert floor.contact(stand_in()).results == (NoAgents(),)
    assert ended(floor.leaves(stand_in())) == [CallbackOutcome.LEFT]


def test_given_a_customer_whose_clock_is_older_than_the_longest_wait_then_they_wait_for_an_agent_all_the_same():
    floor = a_house_that_calls(paused("ana"), queues=[a_queue(max_wait=20)])
    promised(floor)
    floor.tick(at=600)
    floor.wants("ana", Intent.READY)
    claims(floor)
    floor.wants("ana", Intent.PAUSED)
    customer_answers(floor)
    floor.tick(at=700)
    assert floor.contact(stand_in()).waiting is not None
    floor.wants("ana", Intent.READY)
    assert floor.rung(stand_in()) == "ana"


def test_given_an_agent_who_misses_a_customer_that_answered_then_the_next_one_rings_and_nothing_is_dialled():
    floor = a_house_that_calls(ready("ana"), ready("ben", since=5))
    called(floor)
    customer_answers(floor)
    assert floor.rung(stand_in()) == "ana"
    decision = floor.refuses(stand_in(), sip=486)
    assert floor.rung(stand_in()) == "ben"
    assert not dials(decision)
    assert callback(floor).state is CallbackState.REACHED


def test_given_a_checkpoint_while_a_customer_is_called_then_it_knows_for_whom():
    floor = a_house_that_calls()
    called(floor)
    again = checkpoint.decode(checkpoint.encode(floor.state))
    assert again.called_for == floor.state.called_for
    assert dict(again.called_for) == {"ana": floor.contact(stand_in()).id}


def test_given_a_claim_told_twice_or_after_postgres_was_given_up_then_the_customer_is_called_once():
    floor = a_house_that_calls()
    promised(floor)
    turn = callback(floor).turn
    told = i.CallbackClaimed(callback=callback(floor).id, turn=turn, tries=1, why="")
    assert len(dials(floor.take(told))) == 1
    assert not dials(floor.take(told))
    floor.wake()
    assert not dials(floor.take(told)), "that turn is over"


def test_given_a_promise_of_another_outbox_then_its_next_turn_calls_the_customer_first_too():
    floor = a_house_that_calls()
    found = i.PromiseFound(
        callback=the_id(),
        number="5551234",
        queue=SUPPORT,
        since=0,
        expires_at=ms(80_000),
        caller_name="Ann",
        number_dialled="4002",
        language="en",
        turn=3,
        tries=1,
    )
    floor.take(found, at=100)
    floor.tick(at=101)
    assert callback(floor).state is CallbackState.CLAIMING
    assert [each.turn for each in floor.facts if isinstance(each, f.CallbackClaiming)] == [4], "no claim is used twice"
    assert len(dials(claims(floor, tries=2))) == 1


def test_given_a_customer_who_is_called_then_why_says_so_and_of_the_next_one_that_their_turn_is_later():
    floor = a_house_that_calls()
    called(floor, "x")
    promised(floor, "y")
    first, second = floor.contact(stand_in("x")), floor.contact(stand_in("y"))
    assert why(floor.state, first, floor.now).because == "calling"
    assert why(floor.state, second, floor.now).because == "others-first"
    (ana,) = agents_told(floor.state, second, floor.state.agents.values(), floor.now)
    assert ana.reasons == ("customer-called",)
