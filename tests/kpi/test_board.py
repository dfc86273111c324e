from __future__ import annotations

from functools import reduce

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccplane.agents.facts import Intent, Seat, WrapUpDone
from ccplane.contacts import facts as c
from ccplane.contacts.verbs import EnterQueue
from ccplane.core import inputs
from ccplane.facts import AnyFact, decode, encode
from ccplane.ids import ContactId, SeatId
from ccplane.kpi import definitions
from ccplane.kpi.board import Board, evolve
from ccplane.kpi.counters import NOTHING, Counters
from ccplane.kpi.wallboard import QueueView, service_level, wallboard
from tests.core.floor import a_floor, ms, ready
from tests.kpi.histories import AGENTS, MIDNIGHT, QUEUES, History, people, random_history, rules

SALES, SUPPORT = QUEUES
ANA, BEN, *_ = AGENTS

moments = st.one_of(st.integers(0, 30_000), st.sampled_from([0, 1, 5_000, 15_000, 20_000, 3_600_000]))
choices = st.lists(st.tuples(moments, st.integers(0, 30), st.integers(0, 30)), max_size=60)


def board_of(history: History) -> Board:
    return reduce(evolve, history.facts, Board.begun())


def counters(history: History, queue: str = SALES) -> Counters:
    return board_of(history).today.queues.get(queue, NOTHING)


def shown(history: History, queue: str = SALES) -> QueueView:
    view = wallboard(board_of(history), history.state, history.now)
    return next(each for each in view.queues if each.name == queue)


@given(choices)
@settings(max_examples=150, deadline=None)
def test_everyone_who_entered_a_queue_left_it_in_one_way_or_still_waits(choices):
    """Conservation, for each queue, ever and day by day."""
    history = random_history(choices)
    board = board_of(history)
    for queue in QUEUES:
        stays = [stay for stay in board.stays.values() if stay.queue == queue]
        assert board.ever.get(queue, NOTHING).entered == board.ever.get(queue, NOTHING).ended + len(stays)
        for day in (board.today, board.yesterday):
            of_day = day.queues.get(queue, NOTHING)
            assert of_day.entered == of_day.ended + sum(stay.queued_at in day for stay in stays)


@given(choices)
@settings(max_examples=60, deadline=None)
def test_the_board_and_the_state_agree_on_who_waits_and_which_offers_are_open(choices):
    history = random_history(choices)
    board, contacts = board_of(history), history.state.contacts
    assert set(board.stays) == {contact.id for contact in contacts.values() if contact.waiting}
    ringing = {each.id for c in contacts.values() if c.phase == "waiting" for each in c.offers}
    assert set(board.offers) == ringing


@given(choices, st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_a_board_from_a_checkpoint_goes_on_as_if_never_stored(choices, cut):
    facts = random_history(choices).facts
    straight = reduce(evolve, facts, Board.begun())
    kept = Board.from_bytes(reduce(evolve, facts[:cut], Board.begun()).to_bytes())
    assert reduce(evolve, facts[cut:], kept) == straight


@given(choices)
@settings(max_examples=30, deadline=None)
def test_facts_read_back_from_the_log_give_the_same_board(choices):
    history = random_history(choices)
    stored: list[AnyFact] = [decode(encode(fact)) for fact in history.facts]
    assert reduce(evolve, stored, Board.begun()) == board_of(history)


def test_what_is_no_board_is_refused():
    with pytest.raises(msgspec.ValidationError):
        Board.from_bytes(b'{"timezone": 1}')


@pytest.mark.parametrize(("waited_ms", "within"), [(20_000, 1), (20_001, 0)])
def test_a_call_answered_at_the_very_threshold_was_answered_within_it(waited_ms, within):
    history = History()
    contact = history.call_waiting(SALES)
    history.wait(waited_ms)
    history.sign_in(ANA)
    history.answer(contact)
    assert (counters(history).answered, counters(history).answered_within) == (1, within)


@pytest.mark.parametrize(("waited_ms", "short"), [(5_000, 1), (5_001, 0)])
def test_an_abandon_within_five_seconds_is_short(waited_ms, short):
    history = History()
    contact = history.call_waiting(SALES)
    history.wait(waited_ms)
    history.give(inputs.CallerGone(contact, 16))
    assert (counters(history).abandoned, counters(history).abandoned_short) == (1, short)
    assert counters(history).abandoned_within == 1


def test_a_caller_who_waits_up_to_the_threshold_is_undecided_and_beyond_it_counts_as_late():
    history = History()
    first = history.call_waiting(SALES)
    history.sign_in(ANA)
    history.answer(first)
    history.call(SALES)
    assert shown(history).service_level == 1.0
    history.wait(20_000)
    assert shown(history).service_level == 1.0
    history.wait(1)
    assert shown(history).service_level == 0.5
    assert (shown(history).waiting, shown(history).longest_wait_s) == (1, 20.001)


def test_without_data_the_rates_are_none():
    assert shown(History()) == QueueView(
        name=SALES,
        waiting=0,
        longest_wait_s=0,
        offered=0,
        answered=0,
        abandoned=0,
        service_level=None,
        three_rings=None,
    )


def test_the_default_service_level_is_that_of_the_published_example():
    """1000 answered, 860 of them in 20 s, 60 abandoned: 81.13 %."""
    level = service_level(Counters(entered=1060, answered=1000, answered_within=860, abandoned=60))
    assert level == pytest.approx(0.8113, abs=5e-5)


@pytest.mark.parametrize(("ring_ms", "in_time"), [(14_999, 1), (15_000, 0)])
def test_three_rings_are_strictly_less_than_three_cycles_from_the_phones_180(ring_ms, in_time):
    history = History()
    history.sign_in(ANA)
    contact = history.call(SALES)
    history.wait(4_000)
    history.ring(contact)
    history.wait(ring_ms)
    history.answer(contact)
    assert (counters(history).rang, counters(history).rang_in_time) == (1, in_time)


def test_without_a_180_the_rings_are_counted_from_the_invite():
    history = History()
    history.sign_in(ANA)
    contact = history.call(SALES)
    history.wait(15_000)
    history.answer(contact)
    assert (counters(history).rang, counters(history).rang_in_time) == (1, 0)


def test_a_phone_that_began_to_ring_in_a_pause_of_ours_rings_since_then():
    floor = a_floor(agents=[ready("ana")])
    floor.waits(at=10)
    floor.take(inputs.Late(inputs.LegRinging(floor.offer("x").id), ms(12)), at=70)
    assert reduce(evolve, floor.facts, Board.begun()).ringing.sum_ms == 2_000


def test_talk_and_the_work_after_it_count_where_the_stay_began_and_once_they_are_over():
    """As long as its time was, however late that is told: nobody worked longer."""
    history = History()
    history.sign_in(ANA)
    contact = history.call(SALES)
    history.answer(contact)
    history.wait(4_000)
    assert (counters(history).handled, counters(history).talk_ms) == (0, 0)
    talk = history.state.contacts[contact].talk
    history.give(inputs.LegEnded(talk.offer, talk.leg, cause=16))
    assert (counters(history).handled, counters(history).talk_ms, counters(history).wrap_up_ms) == (1, 4_000, 0)
    history.now += 60_000
    history.give(inputs.Tick())
    assert counters(history).wrap_up_ms == 2_000


@given(choices)
@settings(max_examples=60, deadline=None)
def test_all_work_after_talks_is_what_the_facts_say_it_took(choices):
    history = random_history(choices)
    done = [fact for fact in history.facts if isinstance(fact, WrapUpDone)]
    assert sum(each.wrap_up_ms for each in board_of(history).ever.values()) == sum(fact.wrap_up_ms for fact in done)
    ended = [fact for fact in history.facts if isinstance(fact, c.TalkEnded)]
    assert sum(each.talk_ms for each in board_of(history).ever.values()) == sum(fact.talk_ms for fact in ended)


def test_an_offer_for_which_nobody_has_to_pick_up_is_counted_apart():
    history = History()
    history.sign_in(ANA)
    history.give(inputs.PeopleRead(agents=people(), seats=(Seat(id=SeatId(ANA), auto_answer=True),)))
    contact = history.call(SALES)
    history.answer(contact)
    counted = counters(history)
    assert (counted.auto_answered, counted.rang, counted.rang_in_time, counted.answered) == (1, 0, 0, 1)


def test_a_missed_offer_is_below_the_line_of_three_rings():
    history = History()
    history.sign_in(ANA)
    contact = history.call(SALES)
    history.ring(contact)
    history.wait(20_000)
    assert (counters(history).rang, counters(history).rang_in_time) == (1, 0)


def test_a_phone_that_was_busy_never_rang():
    history = History()
    history.sign_in(ANA)
    contact = history.call(SALES)
    offer = history.state.contacts[contact].offer
    history.give(inputs.LegEnded(offer.id, offer.leg, sip=486))
    assert counters(history).rang == 0
    assert board_of(history).totals.offers["missed-busy"] == 1


@pytest.mark.parametrize(("ring_ms", "rang"), [(14_999, 0), (15_000, 1)])
def test_a_caller_who_leaves_while_it_rings_counts_only_from_three_cycles_on(ring_ms, rang):
    history = History()
    history.sign_in(ANA)
    contact = history.call(SALES)
    history.ring(contact)
    history.wait(ring_ms)
    history.give(inputs.CallerGone(contact, 16))
    assert (counters(history).rang, counters(history).rang_in_time) == (rang, 0)


def test_an_offer_whose_leg_was_lost_in_a_gap_is_nobodys_miss():
    history = History()
    history.sign_in(ANA)
    contact = history.call(SALES)
    history.ring(contact)
    history.wait(16_000)
    history.survey(seen=True)
    assert counters(history).rang == 0
    assert board_of(history).totals.offers["withdrawn-switch-lost"] == 1


def test_an_asterisk_that_restarted_has_lost_its_waiting_callers():
    history = History()
    history.survey(seen=True, started_at=1)
    history.call_waiting(SALES)
    history.wait(1_000)
    history.survey(seen=False, started_at=2)
    assert (counters(history).lost, counters(history).abandoned) == (1, 0)


def test_a_threshold_that_was_changed_holds_for_those_who_already_wait():
    history = History()
    contact = history.call_waiting(SALES)
    history.wait(15_000)
    changed = rules(within_ms=10_000)
    history.give(inputs.SiteRead(site="s2", rules=changed, files={}))
    history.sign_in(ANA)
    history.answer(contact)
    assert (counters(history).answered, counters(history).answered_within) == (1, 0)


def test_who_came_before_midnight_and_is_answered_after_it_counts_for_yesterday():
    history = History(at=MIDNIGHT - 10_000)
    contact = history.call_waiting(SALES)
    history.wait(15_000)
    history.sign_in(ANA)
    history.answer(contact)
    board = board_of(history)
    assert board.today.queues.get(SALES, NOTHING) == NOTHING
    yesterday = board.yesterday.queues[SALES]
    assert (yesterday.entered, yesterday.answered, yesterday.rang) == (1, 1, 1)


def test_the_wallboard_is_at_zero_after_midnight_though_nothing_happened_since():
    history = History(at=MIDNIGHT - 10_000)
    history.call_waiting(SALES)
    history.now = MIDNIGHT
    assert (shown(history).offered, shown(history).waiting, shown(history).longest_wait_s) == (0, 1, 10.0)


def test_who_still_waits_since_before_midnight_is_late_for_yesterday_not_for_today():
    history = History(at=MIDNIGHT - 10_000)
    history.call_waiting(SALES)
    history.wait(30_000)
    contact = history.call(SUPPORT)
    history.give(inputs.CallerGone(contact, 16))
    assert shown(history).waiting == 1
    assert shown(history).service_level is None


def test_a_day_of_25_hours_is_one_day():
    """Berlin, 2023-10-29: from 22:00 UTC to 23:00 UTC the next day."""
    history = History(timezone="Europe/Berlin", at=1_698_530_400_000)
    history.call_waiting(SALES)
    history.wait(25 * 3_600_000 - 1)
    assert shown(history).offered == 1
    history.wait(1)
    assert shown(history).offered == 0


def test_a_new_time_zone_lets_the_day_end_at_its_midnight_and_keeps_what_was_counted():
    history = History(at=MIDNIGHT + 3_600_000)
    history.call_waiting(SALES)
    history.give(inputs.SiteRead(site="s2", rules=rules("Asia/Shanghai"), files={}))
    assert counters(history).entered == 1
    history.wait(15 * 3_600_000 - 1)
    assert shown(history).offered == 1
    history.wait(1)
    assert shown(history).offered == 0


def test_each_stay_in_a_queue_is_counted():
    """A segment is the unit: who times out in one queue and enters a second was offered in both."""
    history = History()
    contact = history.call_waiting(SALES)
    history.wait(60_000)
    history.give(inputs.VerbAsked(contact, 2, EnterQueue(SUPPORT)))
    assert (counters(history).timed_out, counters(history, SUPPORT).entered) == (1, 1)


def test_the_wallboard_shows_agents_by_their_id_in_the_one_word_for_their_state():
    history = History()
    history.sign_in(ANA)
    history.wait(1_000)
    history.give(inputs.IntentAsked(agent=ANA, intent=Intent.PAUSED, by="test"))
    view = wallboard(board_of(history), history.state, history.now)
    assert [(agent.id, agent.state) for agent in view.agents][:2] == [(ANA, "paused"), (BEN, "offline")]
    assert view.agents[0].since == history.now


def test_every_counter_is_defined():
    shown = {"answered_wait_ms": "wait", "answered_contact_wait_ms": "contact_wait", "entered": "offered"}
    shown |= {"talk_ms": "talk", "wrap_up_ms": "wrap_up"}
    shown["callbacks_wait_ms"] = "callbacks_wait"
    shown |= {"answered_ring_ms": "answered_ring", "delayed_wait_ms": "delayed_wait"}
    shown["abandoned_wait_ms"] = "abandoned_wait"
    for field in Counters.__struct_fields__:
        assert shown.get(field, field) in definitions.DEFINITIONS


def served(contact: str, outcome: str, waited_ms: int, queued_at: int, at: int) -> c.FallbackServed:
    outcome = c.QueueOutcome(outcome)
    return c.FallbackServed(
        at=at,
        contact=ContactId(contact),
        segment=101,
        queue=SALES,
        queued_at=queued_at,
        outcome=outcome,
        waited_ms=waited_ms,
    )


def test_stays_in_the_fallback_count_like_any_other_on_the_day_on_which_they_began():
    """Told today of yesterday and of today; of the day before nothing is shown."""
    today, yesterday = MIDNIGHT + 5_000, MIDNIGHT - 5_000
    facts = [
        served("c-1", "answered", 20_000, today, MIDNIGHT + 100_000),
        served("c-2", "answered", 20_001, today, MIDNIGHT + 100_000),
        served("c-3", "abandoned", 5_000, today, MIDNIGHT + 100_000),
        served("c-4", "timed-out", 180_000, today, MIDNIGHT + 200_000),
        served("c-5", "no-agents", 2_000, yesterday, MIDNIGHT + 200_000),
        served("c-6", "lost", 2_000, yesterday - 86_400_000, MIDNIGHT + 200_000),
    ]
    board = reduce(evolve, facts, Board.begun())
    assert board.today.queues[SALES] == Counters(
        entered=4,
        answered=2,
        answered_within=1,
        answered_wait_ms=40_001,
        answered_contact_wait_ms=40_001,
        answered_delayed=2,
        delayed_wait_ms=40_001,
        abandoned_wait_ms=5_000,
        abandoned=1,
        abandoned_short=1,
        abandoned_within=1,
        timed_out=1,
    )
    assert board.yesterday.queues[SALES] == Counters(entered=1, no_agents=1)
    assert board.ever[SALES].entered == board.ever[SALES].ended == 6
