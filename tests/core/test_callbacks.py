"""Callbacks: promised once it is written down, in the line with the customer's clock, dialled once per claim."""

from __future__ import annotations

from msgspec.structs import replace

from ccplane.agents.agent import Shown
from ccplane.agents.facts import Intent
from ccplane.contacts.callback import CallbackState
from ccplane.contacts.contact import Phase
from ccplane.contacts.facts import ContactQueued, OfferMade, TalkStarted
from ccplane.contacts.facts import callbacks as f
from ccplane.contacts.facts.callbacks import CallbackOutcome
from ccplane.contacts.verbs import AskCallback, EnterQueue, NotPromised, Promised, TimedOut
from ccplane.core import checkpoint
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.why import why as why_it_waits
from ccplane.core.why import why_not_yet
from ccplane.ids import ChannelId, callback_id, contact_id
from ccplane.routing.callbacks import Callbacks, may_call_from, may_call_until, why_not
from ccplane.routing.dialling import Dialling, Role
from ccplane.routing.hours import Hours, Span
from ccplane.routing.rules import Group, Measure, Step
from tests.core.floor import (
    NODE,
    SALES,
    SUPPORT,
    a_floor,
    a_queue,
    an_arrival,
    c,
    doing,
    kinds,
    ms,
    offline,
    ready,
    the,
)

DIALLING = Dialling(trunk="out", caller_id="4000", emergency=("110",))
CALLBACKS = Callbacks(role=Role(allow=("5",), deny=("59",)), tries=2, retry_ms=ms(900), expiry_ms=ms(86_400))
DAY = 24 * 60
NIGHT = Hours("day", tuple(Span(day * DAY + 8 * 60, day * DAY + 20 * 60) for day in range(7)))


def a_house(*agents, callbacks=CALLBACKS, queues=None):
    return a_floor(agents=agents or [ready("ana")], dialling=DIALLING, callbacks=callbacks, queues=queues)


def wishes(floor, name="x", number="5551234", at=None):
    """A caller's program asks for a callback."""
    floor.arrives(name, at=at)
    return floor.asks(name, AskCallback(SUPPORT, number))


def kept(floor, name="x", why="", at=None):
    return floor.take(i.CallbackKept(the_id(name), why), at)


def the_id(name="x", step=1):
    return callback_id(c(name), step)


def promised(floor, name="x", at=None):
    wishes(floor, name, at=at)
    decision = kept(floor, name)
    floor.leaves(name)
    return decision


def test_however_a_program_writes_a_number_the_do_not_call_list_knows_it():
    house = a_floor(agents=[ready("ana")], dialling=DIALLING, callbacks=replace(CALLBACKS, role=Role(allow=("+",))))
    decision = wishes(house, number="00 44 20-5551")
    assert [fact.number for fact in decision.facts if isinstance(fact, f.CallbackAsked)] == ["+44205551"]


def stand_in(name="x", turn=1):
    """The name under which the floor finds who stands in the line for them."""
    return f"k-{the_id(name)}-{turn}"


def callback(floor, name="x"):
    return floor.state.callbacks.get(the_id(name))


def claims(floor, name="x", tries=1, why="", at=None):
    return floor.take(
        i.CallbackClaimed(callback=the_id(name), turn=callback(floor, name).turn, tries=tries, why=why), at
    )


def agent_takes_it(floor, name="x", turn=1):
    floor.picks_up(stand_in(name, turn))
    return floor.joins(stand_in(name, turn))


def customer_answers(floor, name="x", turn=1):
    floor.take(an_arrival(stand_in(name, turn), "5551234", answered=True))
    return floor.enters(stand_in(name, turn))


def dialled(floor, name="x"):
    """Promised, and an agent has it, and it is claimed."""
    promised(floor, name)
    agent_takes_it(floor, name)
    return claims(floor, name)


def ended(decision):
    return [fact.outcome for fact in decision.facts if isinstance(fact, f.CallbackEnded)]


def dials(decision):
    return [each for each in decision.commands if isinstance(each, do.CallCustomer)]


def test_given_a_wish_then_nothing_is_promised_before_postgres_has_it():
    floor = a_house(offline("ana"))
    assert kinds(wishes(floor)) == ["StepStarted", "CallbackAsked"]
    assert floor.contact("x").results == ()
    decision = kept(floor)
    assert kinds(decision)[:2] == ["CallbackPromised", "StepEnded"]
    assert floor.contact("x").results == (Promised(the_id()),)


def test_given_postgres_says_nothing_then_it_is_refused_in_time_and_not_promised_later():
    floor = a_house()
    wishes(floor)
    decision = floor.wake()
    assert floor.contact("x").results == (NotPromised("database-away"),)
    assert kinds(decision) == ["CallbackRefused", "StepEnded"]
    assert kinds(kept(floor)) == []
    assert not floor.state.callbacks


def test_given_a_number_that_no_rule_allows_then_it_is_refused_and_postgres_never_asked():
    for number, why in (
        ("59123", "denied-prefix"),
        ("49301234", "not-allowed-prefix"),
        ("110", "emergency-number"),
        ("anonymous", "no-number"),
        ("", "no-number"),
    ):
        floor = a_house()
        assert kinds(wishes(floor, number=number)) == ["StepStarted", "StepEnded"]
        assert floor.contact("x").results == (NotPromised(why),)
    assert why_not(Callbacks(), DIALLING, "5551234") == "not-offered"


def test_given_a_promise_then_the_customer_stands_in_the_line_with_the_clock_of_their_last_stay():
    """They waited from second 10, and gave up the wait for a callback at second 100; who came at 50 is behind them."""
    floor = a_house(ready("ana"), queues=[a_queue(max_wait=80)])
    floor.talks("busy")
    floor.waits("x", at=10)
    floor.waits("y", at=50)
    floor.tick(at=90)
    assert floor.contact("x").results == (TimedOut(),)
    floor.asks("x", AskCallback(SUPPORT, "5551234"), at=100)
    floor.take(i.CallbackKept(the_id(step=2)))
    floor.leaves("x")
    queued = [fact for fact in floor.facts if isinstance(fact, ContactQueued)][-1]
    assert (queued.since, queued.callback) == (ms(10), the_id(step=2))
    floor.agent_hangs_up("busy", at=110)
    assert floor.contact("y").offers == ()
    made = [fact for fact in floor.facts if isinstance(fact, OfferMade)][-1]
    assert made.contact == queued.contact


def test_given_their_turn_then_the_agent_is_first_and_nobody_is_dialled_before_the_claim():
    floor = a_house()
    decision = promised(floor)
    ring = the(decision, do.RingAgent)
    assert (ring.agent, ring.caller, ring.caller_name) == ("ana", "5551234", "Ann")
    assert "StartMusic" not in doing(decision)
    decision = floor.picks_up(stand_in())
    assert kinds(decision) == ["OfferAnswered", "CallbackClaiming"]
    floor.joins(stand_in())
    assert not [each for each in floor.commands if isinstance(each, do.CallCustomer)]
    (call,) = dials(claims(floor))
    assert (call.channel, call.endpoint, call.caller) == (stand_in(), "PJSIP/5551234@out", "4000")
    assert floor.agent("ana").shown is Shown.CONNECTING


def test_given_the_customer_answers_then_they_talk_and_the_callback_is_done():
    floor = a_house()
    dialled(floor)
    decision = customer_answers(floor)
    assert [fact.contact for fact in decision.facts if isinstance(fact, TalkStarted)] == [c(stand_in())]
    assert ended(decision) == [CallbackOutcome.DONE]
    assert floor.contact(stand_in()).phase is Phase.TALKING
    assert callback(floor) is None
    floor.leaves(stand_in())
    assert floor.agent("ana").shown is Shown.READY


def test_given_the_customer_is_busy_then_the_agent_is_free_at_once_and_they_are_called_again_later():
    floor = a_house()
    dialled(floor)
    decision = floor.leaves(stand_in(), cause=17)
    assert "CallbackPutOff" in kinds(decision)
    assert (callback(floor).state, callback(floor).tries, callback(floor).last_why) == (
        CallbackState.PENDING,
        1,
        "busy",
    )
    floor.let_go()
    assert floor.agent("ana").shown is Shown.READY
    assert floor.contact(stand_in()) is None
    decision = floor.wake()
    assert floor.now == ms(900)
    assert the(decision, ContactQueued).since == 0
    agent_takes_it(floor, turn=2)
    assert dials(claims(floor, tries=2))
    decision = floor.leaves(stand_in(turn=2), cause=17)
    assert ended(decision) == [CallbackOutcome.TRIES_USED]


def test_given_nobody_answers_then_the_call_is_given_up_by_our_own_clock():
    floor = a_house()
    dialled(floor)
    decision = floor.wake()
    assert floor.now == CALLBACKS.ring_ms
    assert callback(floor).last_why == "no-answer"
    assert [each.channel for each in decision.commands if isinstance(each, do.HangUpCaller)] == [stand_in()]
    late = floor.take(an_arrival(stand_in(), "5551234", answered=True))
    assert doing(late) == ["HangUpCaller"]


def test_given_a_claim_that_postgres_refuses_then_nothing_is_dialled():
    for why, state in (("do-not-call", None), ("tries-used", None), ("spent", CallbackState.PENDING)):
        floor = a_house()
        promised(floor)
        agent_takes_it(floor)
        decision = claims(floor, why=why)
        assert not dials(decision)
        assert (callback(floor) and callback(floor).state) == state
        assert floor.agent("ana").work == "idle"
    assert callback(floor).tries == 1  # of the spent one nobody knows


def test_given_postgres_is_away_at_the_claim_then_it_is_no_try_and_comes_again():
    floor = a_house()
    promised(floor)
    agent_takes_it(floor)
    assert not dials(claims(floor, why="database-away"))
    assert (callback(floor).state, callback(floor).tries) == (CallbackState.PENDING, 0)
    assert not dials(claims(floor))  # the answer to a claim that nobody waits for any more


def test_given_a_claim_that_is_told_twice_then_it_is_dialled_once():
    floor = a_house()
    promised(floor)
    agent_takes_it(floor)
    assert len(dials(claims(floor))) == 1
    assert not dials(claims(floor))


def test_given_an_agent_who_misses_the_offer_then_the_customer_keeps_the_place_and_nothing_is_tried():
    floor = a_house(ready("ana"), ready("ben"))
    promised(floor)
    floor.refuses(stand_in(), sip=603)
    assert floor.rung(stand_in()) == "ben"
    assert callback(floor).state is CallbackState.WAITING
    assert callback(floor).tries == 0


def test_given_an_agent_who_hangs_up_while_the_customer_is_called_then_that_call_ends_and_counts():
    floor = a_house()
    dialled(floor)
    decision = floor.agent_hangs_up(stand_in())
    assert "HangUpCaller" in doing(decision)
    assert (callback(floor).state, callback(floor).tries) == (CallbackState.PENDING, 1)


def test_given_nobody_signed_in_then_who_is_called_back_waits_for_them_until_the_promise_ends():
    floor = a_house(offline("ana"))
    promised(floor)
    assert floor.contact(stand_in()).phase is Phase.WAITING
    floor.wants("ana", Intent.READY, at=3_600)
    assert floor.rung(stand_in()) == "ana"
    floor.wants("ana", Intent.OFFLINE)
    floor.wake()
    while callback(floor):
        decision = floor.wake()
    assert floor.now == ms(86_400)
    assert ended(decision) == [CallbackOutcome.EXPIRED]
    assert not floor.state.contacts


def test_given_the_end_of_calling_hours_then_nobody_is_offered_and_in_the_morning_they_are_in_the_line_again():
    floor = a_house(offline("ana"), callbacks=replace(CALLBACKS, hours=NIGHT))
    promised(floor, at=19.5 * 3_600)
    assert floor.contact(stand_in()).phase is Phase.WAITING
    floor.tick(at=20 * 3_600)
    assert floor.contact(stand_in()) is None
    assert callback(floor).last_why == "calling-hours"
    floor.tick(at=32 * 3_600)
    assert floor.contact(stand_in(turn=2)).waiting.queued_at == ms(19.5 * 3_600)


def test_given_a_wish_in_the_night_then_it_is_promised_and_nobody_is_called_before_the_morning():
    floor = a_house(callbacks=replace(CALLBACKS, hours=NIGHT))
    decision = promised(floor, at=22 * 3_600)
    assert the(decision, f.CallbackPromised).next_at == ms(32 * 3_600)
    assert floor.rung(stand_in()) is None
    floor.wake()
    assert floor.now == ms(32 * 3_600)
    assert floor.rung(stand_in()) == "ana"


def test_given_hours_then_the_first_moment_in_all_of_them_is_found_or_there_is_none():
    office = Hours("office", tuple(Span(day * DAY + 9 * 60, day * DAY + 17 * 60) for day in range(5)))
    nothing = Hours("never", ())
    monday = 4 * DAY * 60_000
    assert may_call_from((NIGHT, office), monday + ms(3_600)) == monday + ms(9 * 3_600)
    assert may_call_until((NIGHT, office), monday + ms(10 * 3_600)) == monday + ms(17 * 3_600)
    assert may_call_from((None, None), 5) == 5
    assert may_call_until((None, None), 5) is None
    assert may_call_from((nothing, office), 5) is None


def test_given_a_promise_that_is_taken_back_then_whoever_rings_for_it_stops():
    floor = a_house()
    promised(floor)
    decision = floor.take(i.CallbackCancelWanted(callback=the_id(), by="api"))
    assert ended(decision) == [CallbackOutcome.CANCELLED]
    assert "HangUpLeg" in doing(decision)
    assert not floor.state.contacts


def test_given_a_customer_who_is_being_called_then_it_is_too_late_to_take_it_back():
    floor = a_house()
    dialled(floor)
    assert kinds(floor.take(i.CallbackCancelWanted(callback=the_id(), by="api"))) == []


def test_given_a_crash_before_the_claim_was_answered_then_it_counts_as_a_try_and_nothing_is_dialled():
    floor = a_house()
    promised(floor)
    agent_takes_it(floor)
    floor.drops()
    decision = floor.survey(after_gap=True, gone=[ChannelId(stand_in())], gap=5, at=10)
    assert not dials(decision)
    assert (callback(floor).state, callback(floor).tries, callback(floor).last_why) == (
        CallbackState.PENDING,
        1,
        "unknown",
    )
    assert not dials(claims(floor))


def test_given_a_crash_after_the_dial_whose_fact_is_lost_then_the_call_is_found_and_not_made_twice():
    floor = a_house()
    promised(floor)
    agent_takes_it(floor)
    floor.drops()
    decision = floor.survey(after_gap=True, gap=5, at=10)
    assert the(decision, f.CallbackDialled).found
    assert not dials(decision)
    assert not dials(claims(floor, why="spent"))
    assert callback(floor).state is CallbackState.DIALLING
    customer_answers(floor)
    assert floor.contact(stand_in()).phase is Phase.TALKING


def test_given_a_crash_while_the_customer_is_called_then_who_is_gone_afterwards_counts_as_tried():
    floor = a_house()
    dialled(floor)
    floor.drops()
    floor.survey(after_gap=True, gone=[ChannelId(stand_in())], gap=5, at=10)
    assert (callback(floor).tries, callback(floor).last_why) == (1, "unknown")


def test_given_a_crash_while_they_wait_then_place_and_clock_are_what_they_were():
    floor = a_house(offline("ana"))
    promised(floor, at=5)
    floor.drops()
    floor.survey(after_gap=True, gone=[ChannelId(stand_in())], gap=5, at=60)
    assert floor.contact(stand_in()).waiting.queued_at == ms(5)
    floor.wants("ana", Intent.READY)
    assert floor.rung(stand_in()) == "ana"


def test_given_a_checkpoint_then_callbacks_and_their_deadlines_are_in_it():
    floor = a_house(callbacks=replace(CALLBACKS, hours=NIGHT))
    promised(floor, at=22 * 3_600)
    again = checkpoint.decode(checkpoint.encode(floor.state))
    assert again.callbacks == floor.state.callbacks
    assert again.due == floor.state.due


def test_given_a_checkpoint_of_a_claim_or_a_call_then_time_ends_neither_before_the_switch_is_seen():
    claiming, calling = a_house(), a_house()
    promised(claiming)
    agent_takes_it(claiming)
    dialled(calling)
    for floor in (claiming, calling):
        floor.drops()
        again = checkpoint.decode(checkpoint.encode(floor.state))
        assert again.callbacks == floor.state.callbacks
        assert again.due == floor.state.due
        assert ("callback", the_id()) not in again.due


def test_given_a_promise_in_postgres_of_which_nothing_is_known_then_it_is_taken_over_with_clock_and_tries():
    floor = a_house(offline("ana"))
    row = i.PromiseFound(
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
    assert kinds(floor.take(row, at=100)) == ["CallbackAsked", "CallbackPromised"]
    assert kinds(floor.take(row)) == []
    floor.tick(at=101)
    assert floor.contact(stand_in(turn=4)).waiting.queued_at == 0


def test_who_is_taken_over_stands_in_the_line_under_a_name_that_no_plane_before_can_have_used():
    """The plane before had them in the line, without a claim: the room that it made for them is there."""
    floor = a_house(offline("ana"))
    promised(floor)
    row = i.PromiseFound(
        callback=callback(floor).id, number="5551234", queue=SUPPORT, since=0, expires_at=ms(80_000),
        caller_name="Ann", number_dialled="4002", language="en", turn=0, tries=0,
    )  # fmt: skip
    another = a_house(offline("ana"))
    another.take(i.PlaneBegan(2, "test", 0))
    another.survey(after_gap=True)
    another.take(row, at=1)
    another.tick()
    names = {each.id for each in another.state.contacts.values()}
    assert names == {c(stand_in(turn=1_001))}
    assert not names & set(floor.state.contacts)


def test_given_who_waits_and_presses_the_key_then_they_wait_on_until_it_is_promised_and_keep_their_clock():
    floor = a_house(ready("ana"))
    floor.talks("busy")
    floor.arrives("x", at=10)
    floor.asks("x", EnterQueue(SUPPORT, callback_key="2", callback_number="5551234"))
    floor.enters("x")
    decision = floor.take(i.KeyPressed(c("x"), "2"), at=40)
    assert kinds(decision) == ["CallbackAsked"]
    assert floor.contact("x").phase is Phase.WAITING
    assert kinds(floor.take(i.KeyPressed(c("x"), "2"))) == []
    decision = kept(floor)
    assert floor.contact("x").results == (Promised(the_id()),)
    assert "ContactUnqueued" in kinds(decision)
    assert the(decision, ContactQueued).since == ms(10)


def test_given_who_presses_the_key_and_is_refused_then_they_wait_on():
    floor = a_house(ready("ana"))
    floor.talks("busy")
    floor.arrives("x")
    floor.asks("x", EnterQueue(SUPPORT, callback_key="2", callback_number="49301"))
    floor.enters("x")
    assert kinds(floor.take(i.KeyPressed(c("x"), "2"))) == []
    assert floor.contact("x").phase is Phase.WAITING


def test_given_an_agent_who_answers_before_the_promise_then_they_talk_and_it_is_taken_back():
    floor = a_house(ready("ana"))
    floor.arrives("x")
    floor.asks("x", EnterQueue(SUPPORT, callback_key="2", callback_number="5551234"))
    floor.enters("x")
    floor.take(i.KeyPressed(c("x"), "2"))
    floor.picks_up("x")
    floor.joins("x")
    assert ended(kept(floor)) == [CallbackOutcome.CANCELLED]
    assert floor.contact("x").phase is Phase.TALKING
    assert contact_id(NODE, ChannelId(stand_in())) not in floor.state.contacts


def test_given_an_agent_who_answers_before_a_promise_for_the_morning_then_it_is_taken_back_too():
    floor = a_house(ready("ana"), callbacks=replace(CALLBACKS, hours=NIGHT))
    floor.arrives("x", at=22 * 3_600)
    floor.asks("x", EnterQueue(SUPPORT, callback_key="2", callback_number="5551234"))
    floor.enters("x")
    floor.take(i.KeyPressed(c("x"), "2"))
    floor.picks_up("x")
    floor.joins("x")
    assert ended(kept(floor)) == [CallbackOutcome.CANCELLED]
    assert not floor.state.callbacks


def test_given_a_queue_that_is_taken_out_of_the_file_then_who_is_called_back_waits_where_it_says():
    floor = a_house(offline("ana", **{SUPPORT: 5, SALES: 5}), queues=[a_queue(SUPPORT), a_queue(SALES)])
    promised(floor, at=10)
    rules = {"dialling": DIALLING, "callbacks": CALLBACKS, "removed_queues": {SUPPORT: SALES}}
    floor.reads("site-2", a_queue(SALES), at=40, **rules)
    waiting = floor.contact(stand_in()).waiting
    assert (waiting.queue, waiting.queued_at) == (SALES, 10_000)
    floor.wants("ana", Intent.READY, at=50)
    assert floor.rung(stand_in()) == "ana"


def test_given_a_queue_that_nothing_stands_for_then_who_is_called_back_waits_until_it_is_there_again():
    floor = a_house(offline("ana"), queues=[a_queue(SUPPORT), a_queue(SALES)])
    promised(floor, at=10)
    rules = {"dialling": DIALLING, "callbacks": CALLBACKS}
    floor.reads("site-2", a_queue(SALES), at=40, **rules)
    floor.reads("site-3", a_queue(SUPPORT), a_queue(SALES), at=50, **rules)
    floor.wants("ana", Intent.READY, at=60)
    assert floor.rung(stand_in()) == "ana"


def test_given_a_callback_then_its_hours_in_the_line_say_nothing_of_how_long_callers_wait():
    measures = {Measure.LONGEST_WAIT: 3_600_000.0, Measure.SERVICE_LEVEL: 0.5}
    group = Group(
        name="others",
        step=Step({SALES: 1}),
        opens=measures,
        closes={Measure.LONGEST_WAIT: 60_000.0, Measure.SERVICE_LEVEL: 0.9},
    )
    floor = a_house(offline("ana"), queues=[a_queue(SUPPORT, groups=(group,))])
    promised(floor, at=0)
    patience = floor.state.paces.get(SUPPORT)
    floor.wants("ana", Intent.READY, at=4 * 3_600)
    agent_takes_it(floor)
    claims(floor)
    customer_answers(floor)
    assert floor.contact(stand_in()).phase is Phase.TALKING
    floor.tick(at=4 * 3_600 + 60)
    assert not floor.state.groups[SUPPORT, "others"].open
    assert floor.state.paces.get(SUPPORT) == patience


# ----------------------------------------------------------------------------------------------- Postgres is away


def away(floor, gone=True, at=None):
    return floor.take(i.LedgerSeen(gone), at)


def test_while_postgres_is_away_no_agent_is_rung_for_who_is_called_back_and_others_are_served():
    floor = a_house(offline("ana"))
    promised(floor, at=5)
    assert kinds(away(floor)) == ["LedgerLost"]
    assert kinds(away(floor)) == []
    floor.wants("ana", Intent.READY, at=10)
    assert floor.rung(stand_in()) is None
    assert floor.agent("ana").shown is Shown.READY
    floor.waits("y", at=20)
    assert floor.rung("y") == "ana"


def test_once_postgres_is_there_again_whose_turn_it_is_is_called_back_at_the_old_place():
    floor = a_house(offline("ana"))
    promised(floor, at=5)
    away(floor)
    floor.wants("ana", Intent.READY, at=10)
    decision = away(floor, gone=False, at=60)
    assert kinds(decision)[:2] == ["LedgerFound", "OfferMade"]
    assert floor.rung(stand_in()) == "ana"
    assert floor.contact(stand_in()).waiting.queued_at == ms(5)


def test_a_try_that_postgres_did_not_answer_comes_again_and_rings_nobody_until_it_is_there():
    floor = a_house()
    promised(floor)
    agent_takes_it(floor)
    claims(floor, why="database-away")
    away(floor)
    floor.let_go()
    floor.wake()
    assert floor.contact(stand_in(turn=2)).phase is Phase.WAITING
    assert floor.rung(stand_in(turn=2)) is None
    away(floor, gone=False)
    assert floor.rung(stand_in(turn=2)) == "ana"


def test_who_is_being_called_when_postgres_goes_is_called_on():
    floor = a_house()
    dialled(floor)
    away(floor)
    customer_answers(floor)
    assert floor.contact(stand_in()).phase is Phase.TALKING


def test_a_plane_that_is_killed_while_postgres_is_away_knows_that_it_was():
    floor = a_house(offline("ana"))
    promised(floor)
    away(floor)
    again = checkpoint.decode(checkpoint.encode(floor.state))
    assert again.ledger_away
    assert again.lines == floor.state.lines == {}


def test_why_a_callback_waits_while_postgres_is_away_is_said():
    floor = a_house()
    away(floor)
    promised(floor)
    assert why_it_waits(floor.state, floor.contact(stand_in()), floor.now).because == "database-away"


def test_why_a_callback_is_not_in_the_line_yet_is_said_with_when_it_will_be():
    floor = a_house(callbacks=replace(CALLBACKS, hours=NIGHT))
    wishes(floor, at=22 * 3_600)
    assert why_not_yet(callback(floor)).because == "being-promised"
    kept(floor)
    told = why_not_yet(callback(floor))
    assert (told.because, told.not_before) == ("calling-hours", ms(32 * 3_600))
    floor = a_house()
    dialled(floor)
    assert why_it_waits(floor.state, floor.contact(stand_in()), floor.now).because == "calling"
    floor.leaves(stand_in(), cause=17)
    told = why_not_yet(callback(floor))
    assert (told.phase, told.because, told.not_before) == ("pending", "between-tries", ms(900))


def test_a_promise_that_falls_due_while_no_switch_is_there_is_in_the_line_as_soon_as_one_is():
    """As one that another plane made, which is found before the switch is."""
    floor = a_house(callbacks=replace(CALLBACKS, hours=NIGHT))
    promised(floor, at=22 * 3_600)
    floor.drops()
    floor.tick(at=32 * 3_600)
    assert callback(floor).last_why == "no-node"
    floor.survey(after_gap=True, gap=5, at=32 * 3_600 + 2)
    assert floor.rung(stand_in()) == "ana"


def test_given_a_customer_who_answers_in_a_gap_in_which_the_agent_is_lost_then_they_hear_music():
    floor = a_house(ready("ana"))
    dialled(floor)
    leg = floor.offer(stand_in()).leg
    floor.drops()
    customer = i.ChannelSeen(ChannelId(stand_in()), True, an_arrival(stand_in(), "5551234", answered=True))
    decision = floor.survey(after_gap=True, gone=[leg], extra=[customer], at=10)
    assert "StartMusic" in doing(decision)
    assert floor.contact(stand_in()).waiting is not None
