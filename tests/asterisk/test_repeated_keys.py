"""A key of which Asterisk tells twice counts once, and of those that are pressed in real time none is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.asterisk.events import Channel, ChannelDtmfReceived, StasisEnd
from ccplane.asterisk.repeated_keys import RepeatedKeys


def of(channel="ast1-1.1"):
    return Channel(channel, "Up")


def told(repeated, keys, channel="ast1-1.1"):
    """What is left of (key, duration in ms, when)."""
    events = (ChannelDtmfReceived(at_switch=at, channel=of(channel), digit=key, duration_ms=ms) for key, ms, at in keys)
    return "".join(event.digit for event in events if not repeated.has(event))


# what Asterisk 22.10.1 told

EVERY_100_MS = [
    ("1", 40, 0), ("2", 40, 100), ("3", 40, 200), ("3", 40, 225), ("4", 40, 301), ("4", 40, 350), ("5", 40, 401),
    ("5", 40, 475), ("6", 40, 500), ("6", 40, 601), ("7", 40, 605), ("7", 40, 730), ("8", 40, 730), ("8", 40, 855),
    ("9", 40, 855), ("9", 40, 980), ("0", 40, 980), ("0", 40, 1105),
]  # fmt: skip
"""1234567890: tones of 40 ms."""
AT_ONCE = [
    ("6", 100, 0), ("0", 100, 240), ("4", 100, 251), ("4", 100, 285), ("1", 100, 286), ("1", 100, 431), ("1", 100, 480),
    ("1", 100, 576), ("0", 100, 720), ("0", 100, 737), ("7", 100, 960),
]  # fmt: skip
"""6041107, half a second of it in one moment."""


@pytest.mark.parametrize(("keys", "pressed"), [(EVERY_100_MS, "1234567890"), (AT_ONCE, "6041107")])
def test_given_keys_of_which_the_switch_tells_twice_then_each_counts_once(keys, pressed):
    assert told(RepeatedKeys(), keys) == pressed


def test_given_two_who_press_the_same_keys_at_once_then_each_has_their_own():
    repeated = RepeatedKeys()
    for key in EVERY_100_MS[:2]:
        assert told(repeated, [key], "x") == told(repeated, [key], "y") == key[0]


def test_given_a_caller_who_has_left_when_a_channel_of_that_name_comes_again_then_nothing_is_remembered():
    repeated = RepeatedKeys()
    told(repeated, EVERY_100_MS[:3])
    assert not repeated.has(StasisEnd(at_switch=210, channel=of()))
    assert told(repeated, [EVERY_100_MS[3]]) == "3"


def test_given_those_who_are_there_still_then_only_of_them_something_is_remembered():
    repeated = RepeatedKeys()
    for channel in ("stays", "left"):
        told(repeated, EVERY_100_MS[:3], channel)
    repeated.only({"stays"})
    assert told(repeated, [EVERY_100_MS[3]], "stays") == ""
    assert told(repeated, [EVERY_100_MS[3]], "left") == "3"


def test_given_the_switchs_clock_is_set_back_then_no_key_is_taken_for_one_of_the_time_that_comes_again():
    keys = [("1", 100, 5_000), ("2", 100, 5_100), ("1", 100, 0), ("1", 100, 200), ("1", 100, 400), ("1", 100, 600)]
    assert told(RepeatedKeys(), keys) == "121111"


@given(st.text("12", min_size=1, max_size=30), st.integers(40, 3000), st.integers(45, 1000))
def test_whatever_a_dialler_presses_in_real_time_all_of_it_counts(keys, held, pause):
    pressed = [(key, held, number * (held + pause)) for number, key in enumerate(keys)]
    assert told(RepeatedKeys(), pressed) == keys


@given(st.lists(st.tuples(st.sampled_from("12"), st.integers(4, 100), st.integers(60, 400)), min_size=1, max_size=30))
def test_whatever_a_hand_presses_all_of_it_counts(presses):
    """However long each key is held: in packets of 20 ms, as phones tell it."""
    at, pressed = 0, []
    for key, packets, pause in presses:
        at += pause + packets * 20
        pressed.append((key, packets * 20, at))
    assert told(RepeatedKeys(), pressed) == "".join(key for key, *_ in presses)
