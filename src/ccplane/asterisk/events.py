"""Every event of ARI that we look at, and how a frame becomes one. `decode` never raises: what we don't know or can't
read is an `UnknownEvent`, counted and passed on, so that no surprise of Asterisk's ends the one event socket.

Traps (seen on 22.10.1): events are not ordered against REST answers; a caller's end is any of ChannelHangupRequest,
StasisEnd, ChannelDestroyed, each possibly the only one; a leg that ends while ringing may give ChannelDestroyed alone;
Dial RINGING and ChannelStateChange Ringing come in either order.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from ccplane.asterisk.models import (
    Bridge,
    Channel,
    ContactInfo,
    DeviceState,
    Endpoint,
    LiveRecording,
    Millis,
    Peer,
    Playback,
    from_wire,
)


class Happened(Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """The common part: `at_switch` is the switch's own clock, integer milliseconds UTC."""

    at_switch: Millis = field(name="timestamp")


class StasisStart(Happened, frozen=True, kw_only=True):
    """A channel came to us. For a caller the first event of all; for a leg of ours sent when it was answered."""

    channel: Channel
    args: list[str]
    replace_channel: Channel | None = None


class StasisEnd(Happened, frozen=True, kw_only=True):
    """A channel left us: hung up, moved on, or continued in the dialplan."""

    channel: Channel


class ChannelDestroyed(Happened, frozen=True, kw_only=True):
    """A channel is no more. `tech_cause` is the SIP code where the far end gave one: classify on it first."""

    channel: Channel
    cause: int
    cause_txt: str = ""
    tech_cause: int | None = None


class ChannelHangupRequest(Happened, frozen=True, kw_only=True):
    """Somebody wants the channel to end; it may be the only sign of it."""

    channel: Channel
    cause: int | None = None
    tech_cause: int | None = None
    soft: bool | None = None


class ChannelStateChange(Happened, frozen=True, kw_only=True):
    channel: Channel


class Dial(Happened, frozen=True, kw_only=True):
    """How an originated leg gets on. `dialstatus` is empty when the INVITE goes out, then RINGING, PROGRESS, ANSWER,
    BUSY, NOANSWER, CONGESTION, CHANUNAVAIL or CANCEL. No RINGING at all: the phone is silent."""

    peer: Channel
    dialstatus: str
    caller: Channel | None = None
    dialstring: str = ""


class ChannelDtmfReceived(Happened, frozen=True, kw_only=True):
    channel: Channel
    digit: str
    duration_ms: int


class ChannelEnteredBridge(Happened, frozen=True, kw_only=True):
    """The only proof that addChannel worked (its 204 is none)."""

    bridge: Bridge
    channel: Channel | None = None


class ChannelLeftBridge(Happened, frozen=True, kw_only=True):
    bridge: Bridge
    channel: Channel


class BridgeDestroyed(Happened, frozen=True, kw_only=True):
    bridge: Bridge


class PlaybackStarted(Happened, frozen=True, kw_only=True):
    playback: Playback


class PlaybackFinished(Happened, frozen=True, kw_only=True):
    """Comes also for a playback that was stopped or failed: see its `state`."""

    playback: Playback


class RecordingStarted(Happened, frozen=True, kw_only=True):
    """Its tone is about to be played."""

    recording: LiveRecording


class RecordingFinished(Happened, frozen=True, kw_only=True):
    """Also when the caller hangs up, then after ChannelHangupRequest and before StasisEnd. The file is whole, or there
    is none if nothing was heard before the end."""

    recording: LiveRecording


class RecordingFailed(Happened, frozen=True, kw_only=True):
    """It never began: the channel is in a bridge, the file cannot be made."""

    recording: LiveRecording


class PeerStatusChange(Happened, frozen=True, kw_only=True):
    endpoint: Endpoint
    peer: Peer


class ContactStatusChange(Happened, frozen=True, kw_only=True):
    endpoint: Endpoint
    contact_info: ContactInfo


class DeviceStateChanged(Happened, frozen=True, kw_only=True):
    """Not subscribed: it deadlocks ARI (asterisk issue 2170)."""

    device_state: DeviceState


class ApplicationReplaced(Happened, frozen=True, kw_only=True):
    """Another client took our application's name. Asterisk goes on obeying us: stopping is up to us."""


class ApplicationRegistered(Happened, frozen=True, kw_only=True):
    pass


class ChannelUserevent(Happened, frozen=True, kw_only=True):
    eventname: str
    userevent: dict[str, Any] = field(default_factory=dict)
    channel: Channel | None = None


class UnknownEvent(Struct, frozen=True):
    """A type we don't use (`reason` "unused"), or a frame that is not what it should be (the decoder's sentence)."""

    type: str
    reason: str
    raw: bytes


KnownEvent = (
    StasisStart
    | StasisEnd
    | ChannelDestroyed
    | ChannelHangupRequest
    | ChannelStateChange
    | Dial
    | ChannelDtmfReceived
    | ChannelEnteredBridge
    | ChannelLeftBridge
    | BridgeDestroyed
    | PlaybackStarted
    | PlaybackFinished
    | RecordingStarted
    | RecordingFinished
    | RecordingFailed
    | PeerStatusChange
    | ContactStatusChange
    | DeviceStateChanged
    | ApplicationReplaced
    | ApplicationRegistered
    | ChannelUserevent
)
Event = KnownEvent | UnknownEvent

UNWANTED = (
    "ChannelVarset",
    "ChannelDialplan",
    "ChannelConnectedLine",
    "ChannelCallerId",
    "ChannelCreated",
    "BridgeCreated",
    "BridgeVideoSourceChanged",
    "PlaybackContinuing",
)
"""Disallowed by the event filter at each connect: saves the socket and the parsing, not Asterisk's event thread."""


class RestResponse(Struct, frozen=True, tag_field="type", tag="RESTResponse"):
    """The answer to a request that went over this socket; not an event, but it shares the wire with them."""

    request_id: str
    status_code: int
    reason_phrase: str = ""
    message_body: str = ""


class _Typed(Struct):
    type: str = ""


_decoder = msgspec.json.Decoder(KnownEvent | RestResponse, dec_hook=from_wire)
_type_decoder = msgspec.json.Decoder(_Typed)
_USED = frozenset(kind.__name__ for kind in KnownEvent.__args__)


_ILLEGIBLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def decode(frame: bytes) -> Event | RestResponse:
    """A text frame as an event or an answer. Never raises."""
    try:
        known: Event | RestResponse = _decoder.decode(frame)
    except _ILLEGIBLE as fault:
        return _unknown(frame, fault)
    return known


def _unknown(frame: bytes, fault: Exception) -> UnknownEvent:
    try:
        kind = _type_decoder.decode(frame).type
    except _ILLEGIBLE:
        kind = ""
    return UnknownEvent(kind, str(fault) if not kind or kind in _USED else "unused", frame)
