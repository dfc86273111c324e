"""The live figures: windows, the day and shifts, by group, from facts alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from ccplane.agents.agent import Shown
from ccplane.agents.facts import Intent
from ccplane.core import State, inputs
from ccplane.core import evolve as evolved
from ccplane.kpi.board import Board, evolve
from ccplane.kpi.counters import Counters
from ccplane.kpi.slices import By
from ccplane.kpi.spans import shift_at, window
from ccplane.kpi.windows import Figures, names, reading, spans
from ccplane.laws import Fact
from tests.kpi.histories import AGENTS, MIDNIGHT, NODE, QUEUES, History, people, random_history, rules

CHOICES = st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 30), st.integers(0, 11)), max_size=60)
HOUR = 3_600_000


def folded(facts: Iterable[Fact]) -> Board:
    board = Board.begun()
    for fact in facts:
        board = evolve(board, fact)
    return board


def figures(history: History, by: By, over: str = "today") -> dict[str, Figures]:
    board = folded(history.facts)
    return {each.name: each for each in reading(board, by, over, history.now, names(board.live, by)).figures}


def served(history: History, queue: str = "support", talk_ms: int = 20_000) -> None:
    """A call from its arrival to its end, with the first agent who is free."""
    contact = history.call(queue)  # type: ignore[arg-type]
    history.wait(3_000)
    history.ring(contact)
    history.answer(contact)
    history.wait(talk_ms)
    talk = history.state.contacts[contact].talk
    assert talk
    history.give(inputs.LegEnded(talk.offer, talk.leg, cause=16))
    history.give(inputs.CallerGone(contact, 16))


@settings(deadline=None, max_examples=60)
@given(CHOICES)
def test_whatever_happens_the_day_by_queue_is_the_wallboards_to_the_integer(
    choices: list[tuple[int, int, int]],
) -> None:
    history = random_history(choices)
    board = folded(history.facts).on_day(history.now)
    live = {name: each.counters for name, each in figures(history, By.QUEUE).items()}
    assert {name: each for name, each in live.items() if each != Counters()} == dict(board.today.queues)


@settings(deadline=None, max_examples=40)
@given(CHOICES)
def test_whatever_happens_the_site_is_the_sum_of_its_queues_and_numbers(choices: list[tuple[int, int, int]]) -> None:
    history = random_history(choices)
    for over in ("5m", "15m", "30m", "60m", "today"):
        site = figures(history, By.SITE, over)[""].counters
        for by in (By.QUEUE, By.NUMBER):
            total: Counter[str] = Counter()
            for each in figures(history, by, over).values():
                total.update(asdict(each.counters))
            assert {name: total[name] for name in asdict(site)} == asdict(site)


@settings(deadline=None, max_examples=40)
@given(CHOICES)
def test_whatever_happens_agents_times_are_those_of_the_words_they_were_shown_by(
    choices: list[tuple[int, int, int]],
) -> None:
    history = random_history(choices)
    midnight = folded(history.facts).on_day(history.now).today.began_at
    for over, since in (("today", midnight), *((name, window(history.now, ms)[0]) for name, ms in WINDOWS)):
        told = figures(history, By.AGENT, over)
        took = by_hand(history, since)
        for agent in AGENTS:
            times = told[agent].times
            assert times is not None
            assert times.signed_in_ms == sum(took[agent, shown] for shown in Shown if shown is not Shown.OFFLINE)
            assert times.talking_ms == took[agent, Shown.TALKING] + took[agent, Shown.REJOINING]
            assert times.ready_ms == took[agent, Shown.READY]
            assert times.paused_ms == took[agent, Shown.PAUSED] == sum(times.paused_by.values())
            assert times.ringing_ms == took[agent, Shown.OFFERED] >= times.ringing_answered_ms


WINDOWS = (("5m", 300_000), ("15m", 900_000), ("30m", 1_800_000), ("60m", 3_600_000))


def by_hand(history: History, since: int) -> Counter[tuple[str, Shown]]:
    """Each fact's time is that of the state of the core before it."""
    took: Counter[tuple[str, Shown]] = Counter()
    state, at = State(), since
    for fact in history.facts:
        if fact.at > at:
            for agent in state.agents.values():
                took[agent.id, agent.shown] += fact.at - at
            at = fact.at
        state = evolved(state, fact)
    for agent in state.agents.values():
        took[agent.id, agent.shown] += history.now - at
    return took


@settings(deadline=None, max_examples=40)
@given(CHOICES, st.integers(0, 400))
def test_wherever_a_checkpoint_is_taken_the_figures_go_on_as_if_there_had_been_none(
    choices: list[tuple[int, int, int]], at: int
) -> None:
    facts = random_history(choices).facts
    board = Board.from_bytes(folded(facts[:at]).to_bytes())
    for fact in facts[at:]:
        board = evolve(board, fact)
    assert board.live == folded(facts).live


def test_a_copy_stays_as_it_is_whatever_is_folded_later() -> None:
    history = History()
    history.sign_in(AGENTS[1])
    served(history)
    board = folded(history.facts)
    copy, before = board.for_later(), board.to_bytes()
    many = len(history.facts)
    served(history)
    for fact in history.facts[many:]:
        board = evolve(board, fact)
    assert copy.to_bytes() == before
    assert reading(board, By.SITE, "today", history.now, [""]).figures[0].counters.entered == 2
    assert reading(copy, By.SITE, "today", history.now, [""]).figures[0].counters.entered == 1


def test_a_stay_counts_for_site_queue_skill_number_agent_and_team() -> None:
    history = History()
    history.give(inputs.PeopleRead(agents=tuple(replace(each, team="red") for each in people())))
    history.sign_in(AGENTS[1])
    served(history)
    for by, name in (
        (By.SITE, ""),
        (By.QUEUE, "support"),
        (By.SKILL, "support"),
        (By.NUMBER, "support"),
        (By.AGENT, AGENTS[1]),
        (By.TEAM, "red"),
    ):
        counters = figures(history, by)[name].counters
        assert (counters.entered, counters.answered, counters.rang, counters.talk_ms) == (1, 1, 1, 20_000), by


def test_an_agent_who_changes_team_counts_for_each_for_their_time_there() -> None:
    history = History(at=MIDNIGHT + 11 * HOUR)
    history.give(inputs.PeopleRead(agents=tuple(replace(each, team="red") for each in people())))
    history.sign_in(AGENTS[1])
    served(history)
    history.wait(HOUR - (history.now - MIDNIGHT) % HOUR)
    history.give(inputs.PeopleRead(agents=tuple(replace(each, team="blue") for each in people())))
    served(history)
    history.wait(60_000)
    red, blue = (figures(history, By.TEAM)[team] for team in ("red", "blue"))
    assert (red.counters.answered, blue.counters.answered) == (1, 1)
    assert red.times is not None
    assert red.times.signed_in_ms == HOUR
    assert blue.times is not None
    assert blue.times.signed_in_ms == history.now - MIDNIGHT - 12 * HOUR
    agent = figures(history, By.AGENT)[AGENTS[1]]
    assert agent.times == red.times.plus(blue.times)


def test_a_stay_leaves_the_window_with_the_minute_in_which_it_was_entered() -> None:
    history = History(at=MIDNIGHT + 30_000)
    history.sign_in(AGENTS[1])
    served(history)
    history.wait(MIDNIGHT + 5 * 60_000 - history.now)
    assert figures(history, By.SITE, "5m")[""].counters.entered == 1
    history.wait(1)
    assert figures(history, By.SITE, "5m")[""].counters.entered == 0
    assert figures(history, By.SITE, "15m")[""].counters.entered == 1


def test_a_window_begins_with_the_first_minute_that_began_no_longer_ago() -> None:
    assert window(MIDNIGHT + 300_000, 300_000) == (MIDNIGHT, MIDNIGHT + 300_000)
    assert window(MIDNIGHT + 300_001, 300_000)[0] == MIDNIGHT + 60_000
    assert window(MIDNIGHT + 359_999, 300_000)[0] == MIDNIGHT + 60_000


def test_a_shift_over_midnight_is_one_and_ends_by_the_sites_clock() -> None:
    night = (22 * 60, 6 * 60)
    assert shift_at(night, MIDNIGHT + HOUR, "UTC") == (MIDNIGHT - 2 * HOUR, MIDNIGHT + 6 * HOUR)
    assert shift_at(night, MIDNIGHT + 12 * HOUR, "UTC") == (MIDNIGHT - 2 * HOUR, MIDNIGHT + 6 * HOUR)
    assert shift_at((0, 24 * 60), MIDNIGHT + HOUR, "UTC") == (MIDNIGHT, MIDNIGHT + 24 * HOUR)


@pytest.mark.parametrize(("at", "hours"), [(1_774_738_800_000, 7), (1_792_882_800_000, 9)])
def test_where_the_clock_is_changed_a_night_is_an_hour_shorter_or_longer(at: int, hours: int) -> None:
    began_at, ends_at = shift_at((22 * 60, 6 * 60), at, "Europe/Berlin")
    assert ends_at - began_at == hours * HOUR


def test_the_night_shift_counts_on_over_midnight_and_its_figures_stay_until_it_begins_again() -> None:
    history = History(at=MIDNIGHT - HOUR)
    history.give(inputs.SiteRead(site="s2", rules=replace(rules(), shifts={"night": (22 * 60, 6 * 60)}), files={}))
    history.sign_in(AGENTS[1])
    served(history)
    history.wait(2 * HOUR)
    served(history)
    assert figures(history, By.SITE)[""].counters.entered == 1
    assert figures(history, By.SITE, "night")[""].counters.entered == 2
    history.wait(10 * HOUR)
    served(history)
    board = folded(history.facts)
    night = reading(board, By.SITE, "night", history.now, [""])
    assert (night.figures[0].counters.entered, night.ends_at) == (2, MIDNIGHT + 6 * HOUR)
    assert spans(board.live) == ("5m", "15m", "30m", "60m", "today", "night")


def test_a_shift_that_was_not_counted_from_its_beginning_is_provisional() -> None:
    history = History(at=MIDNIGHT + 12 * HOUR)
    history.sign_in(AGENTS[1])
    served(history)
    history.give(inputs.SiteRead(site="s2", rules=replace(rules(), shifts={"day": (6 * 60, 18 * 60)}), files={}))
    history.wait(1_000)
    read = reading(folded(history.facts), By.SITE, "day", history.now, [""])
    assert read.provisional
    assert read.counted_since > read.began_at
    assert read.figures[0].counters.answered == 1  # the minutes still held it


def test_who_waits_longer_than_the_threshold_is_overdue_in_each_of_their_groups() -> None:
    history = History()
    history.call_waiting(QUEUES[1])
    history.wait(20_001)
    for by, name in ((By.SITE, ""), (By.QUEUE, "support"), (By.SKILL, "support"), (By.NUMBER, "support")):
        each = figures(history, by, "5m")[name]
        assert (each.waiting, each.longest_wait_ms, each.overdue) == (1, 20_001, 1)


def test_a_window_that_nobody_watched_for_a_while_is_provisional_until_that_has_left_it() -> None:
    history = History()
    history.wait(10 * 60_000)
    history.give(inputs.SwitchDropped(NODE, "test"))
    history.wait(30_000)
    history.survey(seen=True)
    assert reading(folded(history.facts), By.SITE, "5m", history.now, [""]).provisional
    history.wait(7 * 60_000)
    assert not reading(folded(history.facts), By.SITE, "5m", history.now, [""]).provisional
    assert reading(folded(history.facts), By.SITE, "30m", history.now, [""]).provisional


def test_facts_told_twice_or_of_nobody_known_harm_nothing() -> None:
    history = History()
    history.sign_in(AGENTS[1])
    served(history)
    history.give(inputs.IntentAsked(agent=AGENTS[1], intent=Intent.OFFLINE, by="test"))
    once = folded(history.facts)
    late = [fact for fact in history.facts if type(fact).__name__ in ("TalkEnded", "OfferAnswered", "WrapUpDone")]
    twice = folded([*history.facts, *late])
    wanted = By.QUEUE, "today", history.now, ["support"]
    assert reading(once, *wanted).figures[0].counters == reading(twice, *wanted).figures[0].counters
    assert folded(late).live.stays == {}


def test_who_was_offered_to_somebody_the_moment_they_came_was_not_delayed() -> None:
    history = History()
    history.call_waiting(QUEUES[1])
    history.wait(3_000)
    history.sign_in(AGENTS[1])
    (late,) = history.state.contacts
    history.wait(5_000)
    history.answer(late)
    history.sign_in(AGENTS[2])
    at_once = history.call(QUEUES[1])
    history.wait(2_000)
    history.answer(at_once)
    counters = figures(history, By.QUEUE)["support"].counters
    assert (counters.answered, counters.answered_delayed) == (2, 1)
    assert counters.delayed_wait_ms == 8_000
    assert counters.answered_wait_ms == 10_000
    assert counters.answered_ring_ms == 7_000


def test_misses_count_by_their_cause_for_the_agent_who_missed() -> None:
    history = History()
    history.sign_in(AGENTS[1])
    contact = history.call(QUEUES[1])
    offer = history.state.contacts[contact].offer
    assert offer
    history.give(inputs.LegEnded(offer.id, offer.leg, sip=486))
    for by, name in ((By.SITE, ""), (By.QUEUE, "support"), (By.AGENT, AGENTS[1])):
        counters = figures(history, by)[name].counters
        assert (counters.missed_busy, counters.missed_no_answer, counters.missed_rejected) == (1, 0, 0)
