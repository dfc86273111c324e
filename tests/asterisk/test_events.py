"""A frame becomes an event, whatever is in it."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.asterisk.events import (
    ChannelDestroyed,
    Dial,
    KnownEvent,
    RestResponse,
    StasisStart,
    UnknownEvent,
    decode,
)
from ccplane.asterisk.models import Channel, Dialplan, millis

STAMP = "2026-11-22T01:26:56.879+0000"
CHANNEL = {"id": "ast1-1.2", "state": "Up", "creationtime": STAMP, "caller": {"name": "Bob", "number": "5551"}}


def frame(kind: str, **properties: Any) -> bytes:
    return json.dumps({"type": kind, "timestamp": STAMP, "application": "ccplane", **properties}).encode()


def test_the_switchs_time_is_integer_milliseconds_utc():
    assert millis("1970-01-01T00:00:01.002+0000") == 1002
    assert millis("2026-11-22T03:26:56.879+0200") == millis("2026-11-22T01:26:56.879+0000") == 1795310816879


@pytest.mark.parametrize("stamp", ["", "now", "2026-11-22", "2026-11-22T01:26:56.879"])
def test_a_time_without_a_zone_is_none(stamp: str):
    with pytest.raises(ValueError, match=r"isoformat|zone"):
        millis(stamp)


def test_a_stasis_start_is_read():
    event = decode(frame("StasisStart", channel=CHANNEL, args=["4002"], asterisk_id="02:fc"))
    assert isinstance(event, StasisStart)
    assert event.args == ["4002"]
    assert event.at_switch == event.channel.created == 1795310816879
    assert event.channel.caller.number == "5551"


def test_what_may_be_missing_may_be_missing():
    event = decode(frame("ChannelDestroyed", channel=CHANNEL, cause=16, cause_txt="Normal Clearing"))
    assert isinstance(event, ChannelDestroyed)
    assert event.tech_cause is None
    event = decode(frame("Dial", peer=CHANNEL, dialstatus=""))
    assert isinstance(event, Dial)
    assert event.caller is None


def test_an_answer_shares_the_wire():
    answer = decode(b'{"type":"RESTResponse","request_id":"7","status_code":204,"reason_phrase":"No Content"}')
    assert answer == RestResponse("7", 204, "No Content")


def test_a_type_that_we_do_not_use_is_unknown_and_not_a_fault():
    assert decode(frame("ChannelTalkingStarted", channel=CHANNEL)) == UnknownEvent(
        "ChannelTalkingStarted", "unused", frame("ChannelTalkingStarted", channel=CHANNEL)
    )


def test_a_type_that_we_use_but_can_not_read_says_what_is_wrong():
    event = decode(frame("StasisStart", channel={"id": 7}, args=[]))
    assert isinstance(event, UnknownEvent)
    assert event.type == "StasisStart"
    assert "$.channel.id" in event.reason


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(data: bytes):
    assert isinstance(decode(data), UnknownEvent)


def test_a_frame_nested_beyond_all_reason_is_unknown():
    assert isinstance(decode(b'{"type":"StasisStart","x":' + b"[" * 100_000), UnknownEvent)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
PROPERTIES = ("timestamp", "channel", "bridge", "playback", "peer", "args", "cause", "endpoint", "digit", "dialstatus")


@given(
    kind=st.sampled_from([event.__name__ for event in get_args(KnownEvent)]) | st.text(max_size=20),
    properties=st.dictionaries(st.sampled_from(PROPERTIES), JSON, max_size=6),
)
def test_no_json_makes_it_raise(kind: str, properties: dict[str, Any]):
    decode(json.dumps({"timestamp": STAMP, **properties, "type": kind}).encode())


def test_a_channel_knows_whether_it_is_ours_and_what_it_was_given():
    ours = Channel("1", "Up", dialplan=Dialplan("from-trunk", "4002", 2, "Stasis", "ccplane,leg,o-1"))
    assert ours.runs("ccplane")
    assert ours.args == ["leg", "o-1"]
    assert not ours.runs("ccplan")
    assert Channel("1", "Up", dialplan=Dialplan(app_name="Stasis", app_data="ccplane")).runs("ccplane")
    assert not Channel("1", "Up", dialplan=Dialplan(app_name="Playback", app_data="ccplane")).runs("ccplane")
