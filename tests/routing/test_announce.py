"""What who waits is told: rounded up, and never longer than before without saying so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from ccplane.contacts.announce import Announce, Told, Way, way_of
from ccplane.routing.announce import MINUTE_MS, MINUTES, MORE, POSITIONS, Saying, announcement, rounded

SAYING = Saying(
    positions=tuple(f"place-{place}" for place in range(1, POSITIONS + 1)),
    minutes=tuple(f"minutes-{each}" for each in MINUTES),
    more="more",
    longer="longer",
)
SAYINGS = {"en": SAYING}
ALL = Announce(position=True, estimate=True, messages=({"en": "news", "zh-CN": "xinwen"}, {"zh-CN": "guanggao"}))


def said(plan=ALL, told=Told(), position=3, wait_ms=150_000, language="en"):  # noqa: B008
    return announcement(plan, SAYINGS, language, told, position, wait_ms)


def test_given_all_of_it_then_place_wait_and_message_are_said_in_this_order():
    assert said().sounds == ("place-3", "minutes-3", "news")


def test_messages_come_in_turn_in_another_language_if_there_is_none_in_theirs():
    assert [said(told=Told(times)).sounds[-1] for times in range(3)] == ["news", "guanggao", "news"]


def test_what_is_not_known_or_not_wanted_is_left_out():
    assert said(position=None, wait_ms=None).sounds == ("news",)
    assert said(Announce(position=True)).sounds == ("place-3",)
    assert said(Announce(estimate=True), position=POSITIONS + 1).sounds == ("minutes-3",)
    assert said(Announce(position=True), position=POSITIONS + 1).sounds == ()
    assert said(language="fr").sounds == ("news",)


def test_a_wait_that_has_grown_is_said_to_have_done_so_and_one_that_has_not_is_not():
    assert said(told=Told(1, 2)).sounds == ("place-3", "longer", "minutes-3", "guanggao")
    assert not said(told=Told(1, 3)).longer
    assert not said(told=Told(1, 5)).longer


def test_a_wait_beyond_the_longest_is_more_than_that():
    assert said(wait_ms=61 * MINUTE_MS).sounds[1] == "more"
    assert said(wait_ms=61 * MINUTE_MS, told=Told(1, 60)).longer


@given(some.integers(0, 200 * MINUTE_MS))
def test_a_wait_is_never_said_to_be_shorter_than_it_is_nor_longer_than_the_next_that_can_be_said(wait_ms):
    minutes = rounded(wait_ms)
    if minutes == MORE:
        assert wait_ms > MINUTES[-1] * MINUTE_MS
    else:
        assert wait_ms <= minutes * MINUTE_MS
        shorter = [each for each in MINUTES if each < minutes]
        assert not shorter or wait_ms > shorter[-1] * MINUTE_MS


@given(some.lists(some.integers(0, 100 * MINUTE_MS), min_size=2, max_size=12))
def test_whoever_listens_to_all_of_it_never_hears_a_longer_wait_without_a_word(waits):
    told, before = Told(), None
    for wait_ms in waits:
        now = said(Announce(estimate=True), told=told, wait_ms=wait_ms)
        if before is not None and now.minutes > before:
            assert now.sounds[0] == "longer"
        else:
            assert "longer" not in now.sounds
        told, before = Told(told.times + 1, now.minutes), now.minutes


def test_a_key_leads_to_a_callback_into_a_queue_or_back_to_the_program():
    assert way_of("callback") == Way(callback=True)
    assert way_of("queue:sales") == Way(queue="sales")
    assert way_of("voicemail") == Way(name="voicemail")
