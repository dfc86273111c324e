"""What stands between a wish to be called back and a dialled number: each gate is looked at when it counts."""

from __future__ import annotations

from msgspec.structs import replace

from ccplane.agents.facts import Intent
from ccplane.contacts.callback import CallbackState
from ccplane.contacts.facts.callbacks import CallbackOutcome
from ccplane.contacts.verbs import AskCallback, Promised
from ccplane.core import inputs as i
from ccplane.routing.dialling import Role
from tests.core.floor import SUPPORT, a_queue, c, ms, offline
from tests.core.test_callbacks import (
    CALLBACKS,
    DIALLING,
    NIGHT,
    a_house,
    agent_takes_it,
    callback,
    claims,
    dials,
    ended,
    kept,
    promised,
    stand_in,
    the_id,
    wishes,
)

HOUR = 3_600


def test_given_a_program_that_asks_again_after_a_crash_then_nothing_is_promised_before_postgres_has_it():
    floor = a_house(offline("ana"))
    wishes(floor)
    floor.take(i.VerbAsked(c("x"), 1, AskCallback(SUPPORT, "5551234")))
    assert floor.contact("x").results == ()
    kept(floor)
    assert floor.contact("x").results == (Promised(the_id()),)


def test_given_a_claim_that_is_answered_after_the_calling_hours_then_nobody_is_dialled_and_it_was_a_try():
    floor = a_house(callbacks=replace(CALLBACKS, hours=NIGHT))
    promised(floor, at=20 * HOUR - 2)
    agent_takes_it(floor)
    assert callback(floor).state is CallbackState.CLAIMING
    decision = claims(floor, at=20 * HOUR + 1)
    assert not dials(decision)
    assert (callback(floor).state, callback(floor).last_why) == (CallbackState.PENDING, "calling-hours")
    assert callback(floor).tries == 1, "as it is in Postgres: a claim is a try, whatever becomes of it"
    assert floor.agent("ana").free or floor.agent("ana").only_clearing


def test_given_the_last_claim_is_answered_after_the_calling_hours_then_no_agent_is_rung_for_it_again():
    floor = a_house(callbacks=replace(CALLBACKS, hours=NIGHT, tries=1))
    promised(floor, at=20 * HOUR - 2)
    agent_takes_it(floor)
    assert ended(claims(floor, at=20 * HOUR + 1)) == [CallbackOutcome.TRIES_USED]


def test_given_a_promise_for_the_morning_when_the_hours_begin_later_then_so_does_the_call():
    floor = a_house(callbacks=replace(CALLBACKS, hours=NIGHT))
    promised(floor, at=22 * HOUR)
    later = replace(NIGHT, week=tuple(replace(span, opens=span.opens + 60) for span in NIGHT.week))
    floor.reads("site-2", a_queue(SUPPORT), dialling=DIALLING, callbacks=replace(CALLBACKS, hours=later))
    floor.tick(at=32 * HOUR)
    assert floor.rung(stand_in()) is None
    assert callback(floor).state is CallbackState.PENDING
    floor.wake()
    assert (floor.now, floor.rung(stand_in())) == (ms(33 * HOUR), "ana")


def test_given_a_promise_for_the_morning_when_its_number_may_no_longer_be_dialled_then_it_is_over():
    floor = a_house(callbacks=replace(CALLBACKS, hours=NIGHT))
    promised(floor, at=22 * HOUR)
    floor.reads(
        "site-2",
        a_queue(SUPPORT),
        dialling=DIALLING,
        callbacks=replace(CALLBACKS, role=Role(allow=("6",)), hours=NIGHT),
    )
    assert ended(floor.tick(at=32 * HOUR)) == [CallbackOutcome.BARRED]
    assert floor.rung(stand_in()) is None


def test_given_a_promise_of_another_outbox_then_its_tries_count_here():
    floor = a_house()
    floor.take(
        i.PromiseFound(
            callback=the_id(), number="5551234", queue=SUPPORT, since=0, expires_at=ms(80_000), caller_name="Ann",
            number_dialled="4002", language="en", turn=3, tries=1,
        ),
        at=10,
    )  # fmt: skip
    assert (callback(floor).turn, callback(floor).tries) == (3, 1)
    floor.wake()
    agent_takes_it(floor, turn=4)
    claims(floor, tries=2)
    assert ended(floor.take(i.CallerGone(floor.contact(stand_in(turn=4)).id, 17))) == [CallbackOutcome.TRIES_USED]


def test_given_who_is_called_back_leaves_the_line_then_callers_patience_is_what_it_was():
    floor = a_house(offline("ana"))
    promised(floor, at=10)
    before = floor.state.paces
    floor.take(i.CallbackCancelWanted(callback=the_id(), by="api"), at=9_000)
    assert floor.contact(stand_in()) is None
    assert floor.state.paces == before


def test_given_a_callback_that_was_answered_then_its_wait_is_none_of_the_callers():
    floor = a_house(offline("ana"))
    promised(floor, at=10)
    floor.wants("ana", Intent.READY, at=9_000)
    before = floor.state.paces
    agent_takes_it(floor)
    claims(floor)
    assert floor.state.paces == before
