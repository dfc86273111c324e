"""What Asterisk says, and what it means to the core. Callers may send anything; it does no harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.asterisk.events import UnknownEvent, decode
from ccplane.asterisk.models import millis
from ccplane.asterisk.translate import LONGEST, printable, translate
from ccplane.core import inputs as i
from ccplane.ids import NodeName, contact_id
from tests.asterisk.wire import STAMP, a_bridge, a_channel, an_event

NODE = NodeName("ast1")
CALLER = "1700000000.12"
CONTACT = f"c-ast1-{CALLER}"
OFFER = f"o-{CONTACT}-3-1"
LEG = f"l-{CONTACT}-3-1-7"


def meaning(kind, **fields):
    event = decode(an_event(kind, **fields))
    assert not isinstance(event, UnknownEvent), event
    return translate(NODE, event)


MESSAGE = f"m-{CONTACT}-5-1"


@pytest.mark.parametrize(
    ("kind", "more", "means"),
    [
        ("RecordingStarted", {}, i.RecordingBegan(MESSAGE)),
        ("RecordingFinished", {"duration": 4}, i.RecordingEnded(MESSAGE, 4_000)),
        ("RecordingFinished", {}, i.RecordingEnded(MESSAGE, None)),
        ("RecordingFailed", {"cause": "Cannot record channel while in bridge"}, i.RecordingEnded(MESSAGE, None)),
    ],
)
def test_given_a_recording_of_ours_then_its_beginning_and_its_end_are_told(kind, more, means):
    recording = {"name": f"messages/{MESSAGE}", "format": "wav", "state": "done", "target_uri": "channel:x", **more}
    assert meaning(kind, recording=recording) == means


@pytest.mark.parametrize("name", ["mine", MESSAGE, "messages/m-c-x", "messages/../m-c-ast1-1-1", "messages/m-c-1-x-y"])
def test_given_a_recording_of_somebody_elses_then_it_means_nothing(name):
    recording = {"name": name, "format": "wav", "state": "done", "target_uri": "channel:x"}
    assert meaning("RecordingFinished", recording=recording) is None


def test_given_a_channel_that_leaves_its_room_then_it_is_told():
    bridge = a_bridge(f"b-{CONTACT}")
    assert meaning("ChannelLeftBridge", bridge=bridge, channel=a_channel()) == i.LeftRoom(CONTACT, CALLER)


@pytest.mark.parametrize(
    "signs",
    [{"accountcode": "ccplane-carried"}, {"dialplan": {"context": "ccplane-guard", "exten": "4002"}}],
)
def test_given_a_channel_that_the_guard_took_out_of_our_hands_then_it_was_carried_and_did_not_hang_up(signs):
    """The context is told only of one that was in a bridge; the mark is the guard's own."""
    assert meaning("StasisEnd", channel=a_channel() | signs) == i.CallerCarried(CONTACT)
    assert meaning("StasisEnd", channel=a_channel(LEG) | signs) == i.LegEnded(OFFER, LEG, gone=True)
    assert meaning("StasisEnd", channel=a_channel(HALF) | signs) is None
    assert meaning("ChannelHangupRequest", channel=a_channel() | signs) == i.CallerGone(CONTACT, 16)


LINE = "s-1001-7-1"
HALF = f"h-{LEG}"


def test_given_an_open_line_and_the_far_half_of_a_leg_then_they_are_no_callers():
    assert meaning("StasisStart", args=["line", "1001"], channel=a_channel(LINE)) == i.LineUp(LINE)
    assert meaning("StasisStart", args=["line", "1001"], channel=a_channel(HALF)) == i.HalfUp(HALF, "1001")
    assert meaning("StasisStart", args=["line"], channel=a_channel(HALF)) is None
    for channel in (LINE, HALF):
        assert meaning("ChannelDtmfReceived", digit="1", duration_ms=100, channel=a_channel(channel)) is None
        assert meaning("ChannelStateChange", channel=a_channel(channel, state="Up")) is None
        assert meaning("StasisEnd", channel=a_channel(channel)) is None
    assert meaning("ChannelDestroyed", cause=16, cause_txt="", channel=a_channel(HALF)) is None


def test_given_the_far_half_of_a_leg_then_only_in_the_room_of_a_line_it_has_joined():
    joined = meaning("ChannelEnteredBridge", bridge=a_bridge(f"b-{LINE}"), channel=a_channel(HALF))
    assert joined == i.HalfJoined(HALF)
    assert meaning("ChannelEnteredBridge", bridge=a_bridge(f"b-{CONTACT}"), channel=a_channel(HALF)) is None
    assert meaning("ChannelEnteredBridge", bridge=a_bridge(f"b-{LINE}"), channel=a_channel(LINE)) is None


@pytest.mark.parametrize(
    ("kind", "fields", "by_phone", "gone"),
    [
        ("ChannelHangupRequest", {}, True, True),
        ("ChannelHangupRequest", {"cause": 44, "soft": True}, False, False),
        ("ChannelDestroyed", {"cause": 16, "cause_txt": ""}, True, True),
        ("ChannelDestroyed", {"cause": 21, "cause_txt": ""}, False, True),
    ],
)
def test_given_an_open_line_that_ends_then_it_is_told_whether_the_agent_hung_up(kind, fields, by_phone, gone):
    assert meaning(kind, channel=a_channel(LINE), **fields) == i.LineEnded(LINE, by_phone=by_phone, gone=gone)


def test_given_a_caller_in_our_application_then_they_arrived():
    assert meaning("StasisStart", args=["4002"], channel=a_channel()) == i.CallerArrived(
        node=NODE,
        channel=CALLER,
        number_dialled="4002",
        caller="5551234",
        caller_name="Ann",
        switch_at=int(millis(STAMP)),
        answered=False,
    )


def test_given_a_caller_whose_call_is_up_then_they_arrived_answered():
    assert meaning("StasisStart", args=["4002"], channel=a_channel(state="Up")).answered


def test_given_a_call_from_a_phone_of_ours_then_it_says_which():
    channel = a_channel() | {"name": "PJSIP/1001-web-00000012"}
    arrived = meaning("StasisStart", args=["*45", "phone"], channel=channel)
    assert (arrived.device, arrived.number_dialled) == ("1001-web", "*45")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("PJSIP/1001-00000012", ["4002"]),
        ("PJSIP/1001-00000012", ["phone"]),
        ("PJSIP/1001-00000012", ["4002", "phony"]),
        ("Local/1001@x-00000012;1", ["4002", "phone"]),
        ("PJSIP/", ["4002", "phone"]),
        ("", ["4002", "phone"]),
    ],
)
def test_given_a_call_that_the_dialplan_did_not_take_from_a_phone_then_it_is_no_phones(name, args):
    assert meaning("StasisStart", args=args, channel=a_channel() | {"name": name}).device is None


def test_given_no_argument_from_the_dialplan_then_the_extension_is_the_number():
    assert meaning("StasisStart", args=[], channel=a_channel(exten="4003")).number_dialled == "4003"


def test_given_a_leg_that_entered_our_application_then_it_is_up():
    assert meaning("StasisStart", args=["leg", "ana"], channel=a_channel(LEG, "Up")) == i.LegUp(OFFER, LEG, "ana")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("ChannelStateChange", {"channel": a_channel(LEG, "Up")}),
        ("Dial", {"dialstatus": "ANSWER", "peer": a_channel(LEG, "Up")}),
    ],
)
def test_given_a_leg_that_is_answered_but_not_yet_in_our_application_then_nothing_is_done_that_would_be_refused(
    kind, fields
):
    assert meaning(kind, **fields) is None


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("ChannelStateChange", {"channel": a_channel(LEG, "Ringing")}),
        ("Dial", {"dialstatus": "RINGING", "peer": a_channel(LEG, "Down")}),
    ],
)
def test_given_a_leg_of_ours_that_rings_then_whatever_says_so_first_means_it(kind, fields):
    told = meaning(kind, **fields)
    assert (told.offer, told.leg) == (OFFER, LEG)


def test_given_a_leg_of_ours_that_rings_then_its_phone_is_told_too():
    leg = a_channel(LEG, "Ringing") | {"name": "PJSIP/1001-web-0000002a"}
    assert meaning("ChannelStateChange", channel=leg) == i.LegRinging(OFFER, LEG, "1001-web")


@pytest.mark.parametrize("status", ["", "PROGRESS", "BUSY", "NOANSWER", "CONGESTION", "CHANUNAVAIL", "CANCEL"])
def test_given_any_other_dial_status_then_the_end_of_the_channel_will_say_it(status):
    assert meaning("Dial", dialstatus=status, peer=a_channel(LEG, "Down")) is None


def test_given_a_dialling_of_somebody_elses_then_it_means_nothing():
    assert meaning("Dial", dialstatus="ANSWER", peer=a_channel("1700000000.99", "Up")) is None


@pytest.mark.parametrize(
    ("kind", "more", "cause", "sip"),
    [
        ("ChannelHangupRequest", {"cause": 17, "tech_cause": 486}, 17, 486),
        ("ChannelHangupRequest", {"cause": 32, "soft": True}, 0, 0),
        ("ChannelHangupRequest", {"cause": 127, "tech_cause": 487}, 127, 487),  # CANCEL
        ("ChannelHangupRequest", {"cause": 38, "tech_cause": 500}, 38, 500),  # BYE with a Reason header
        ("ChannelHangupRequest", {}, 16, 0),  # BYE without one
        ("ChannelDestroyed", {"cause": 19, "cause_txt": "No answer", "tech_cause": 480}, 19, 480),
        ("ChannelDestroyed", {"cause": 26, "cause_txt": "Answered elsewhere"}, 26, 0),
        ("StasisEnd", {}, 0, 0),
    ],
)
def test_given_any_sign_of_the_end_then_a_leg_ended_or_a_caller_is_gone(kind, more, cause, sip):
    gone = kind == "ChannelDestroyed" or (kind == "ChannelHangupRequest" and not more.get("soft"))
    assert meaning(kind, channel=a_channel(LEG), **more) == i.LegEnded(OFFER, LEG, cause, sip, gone)
    assert meaning(kind, channel=a_channel(), **more) == i.CallerGone(CONTACT, cause)


def test_given_a_soft_hang_up_by_the_channels_driver_then_nothing_came_from_that_phone_any_more():
    ended = {"cause": 1, "soft": True}
    assert meaning("ChannelHangupRequest", channel=a_channel(LEG), **ended) == i.LegEnded(
        OFFER, LEG, 44, 0, False, True
    )
    assert meaning("ChannelHangupRequest", channel=a_channel(), **ended) == i.CallerGone(CONTACT, 44, no_media=True)


def test_given_a_switch_that_shuts_down_then_its_callers_are_gone_by_its_doing_and_no_agent_has_hung_up():
    told = {"cause": 4, "soft": True}
    assert meaning("ChannelHangupRequest", channel=a_channel(LEG), **told) is None
    assert meaning("ChannelHangupRequest", channel=a_channel(), **told) == i.CallerGone(CONTACT, by_switch=True)
    line = a_channel("s-1001-1-1")
    assert meaning("ChannelHangupRequest", channel=line, **told) == i.LineEnded("s-1001-1-1", gone=False)


def test_given_the_prompt_that_asks_to_hold_then_its_end_is_told_as_such():
    playback = {"id": f"hold-{CONTACT}", "state": "done", "media_uri": "sound:x", "target_uri": "bridge:x"}
    assert meaning("PlaybackFinished", playback=playback) == i.HoldSaid(CONTACT)


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_given_a_whisper_however_it_ended_then_that_is_told_of_its_offer(state):
    offer = f"o-{CONTACT}-3-1"
    playback = {"id": f"whisper-{offer}", "state": state, "media_uri": "sound:x", "target_uri": "channel:x"}
    assert meaning("PlaybackFinished", playback=playback) == i.WhisperSaid(offer)
    assert meaning("PlaybackStarted", playback=playback) is None


def test_given_a_caller_whose_call_is_taken_then_it_is_up():
    assert meaning("ChannelStateChange", channel=a_channel(state="Up")) == i.CallerUp(CONTACT)
    assert meaning("ChannelStateChange", channel=a_channel(state="Ringing")) is None


def test_given_a_key_then_it_is_the_callers():
    event = meaning("ChannelDtmfReceived", channel=a_channel(), digit="#", duration_ms=120)
    assert event == i.KeyPressed(CONTACT, "#")


def test_given_a_channel_in_a_room_of_ours_then_it_entered():
    entered = meaning("ChannelEnteredBridge", bridge=a_bridge(f"b-{CONTACT}", LEG), channel=a_channel(LEG, "Up"))
    assert entered == i.EnteredRoom(CONTACT, LEG)


def test_given_a_bridge_that_is_not_ours_or_a_channel_left_out_then_it_means_nothing():
    assert meaning("ChannelEnteredBridge", bridge=a_bridge("a-conference"), channel=a_channel(LEG)) is None
    assert meaning("ChannelEnteredBridge", bridge=a_bridge(f"b-{CONTACT}")) is None


@pytest.mark.parametrize(("state", "ok"), [("done", True), ("cancelled", True), ("failed", False)])
def test_given_a_playback_of_ours_that_ended_then_its_step_and_try_are_known_from_its_id(state, ok):
    playback = {"id": f"p-{CONTACT}-4-2", "media_uri": "sound:a", "state": state, "target_uri": f"channel:{CALLER}"}
    assert meaning("PlaybackFinished", playback=playback) == i.SoundsFinished(CONTACT, 4, 2, ok)


def test_given_a_playback_of_ours_that_begins_then_its_step_and_try_are_known_from_its_id():
    playback = {"id": f"p-{CONTACT}-4-2", "media_uri": "sound:a", "state": "playing", "target_uri": f"channel:{CALLER}"}
    assert meaning("PlaybackStarted", playback=playback) == i.SoundsStarted(CONTACT, 4, 2)


def test_given_a_playback_of_somebody_elses_then_it_means_nothing():
    assert meaning("PlaybackFinished", playback={"id": "a6f0-11", "state": "done"}) is None


@pytest.mark.parametrize(
    "frame",
    [
        an_event("ChannelTalkingStarted", channel=a_channel()),
        an_event("StasisStart", args=["4002"]),
        an_event("ApplicationReplaced"),
        b"not json",
        b'{"type": "StasisStart"',
        b"\xff\xfe",
        b"[]",
        b"{}",
    ],
)
def test_given_an_event_we_do_not_use_or_cannot_read_then_it_means_nothing(frame):
    assert translate(NODE, decode(frame)) is None


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("Ann\r\nX-Evil: 1", "AnnX-Evil: 1"),
        ("\x00\x1b[31mred\x07", "[31mred"),
        ("Robert'); DROP TABLE contact;--", "Robert'); DROP TABLE contact;--"),
        ("‮evil\u200b", "evil"),
        ("王小明", "王小明"),
        ("  spaces  ", "spaces"),
        ("", ""),
        ("9" * 500, "9" * LONGEST),
    ],
)
def test_given_a_caller_who_sends_nasty_text_then_what_we_keep_is_printable_and_short(sent, seen):
    arrived = meaning("StasisStart", args=[sent], channel=a_channel(number=sent, caller_name=sent))
    assert (arrived.number_dialled, arrived.caller, arrived.caller_name) == (seen, seen, seen)


@given(st.text(max_size=600))
def test_given_any_text_at_all_then_it_is_printable_short_and_stays_so(text):
    seen = printable(text)
    assert seen.isprintable()
    assert len(seen) <= LONGEST
    assert printable(seen) == seen
    seen.encode()


@given(st.text(max_size=600), st.text(max_size=600), st.text(max_size=60))
def test_given_any_text_in_an_arrival_then_it_is_decoded_and_translated(number, name, exten):
    frame = an_event("StasisStart", args=[exten], channel=a_channel(number=number, caller_name=name, exten=exten))
    event = decode(frame)
    if not isinstance(event, UnknownEvent):
        assert isinstance(translate(NODE, event), i.CallerArrived)


def test_given_a_node_whose_name_is_in_its_channels_ids_then_it_is_not_put_there_twice():
    assert contact_id(NODE, "ast1-1700000000.12") == CONTACT
