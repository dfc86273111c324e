"""One channel: a caller, or a phone that we ring."""

from __future__ import annotations

import msgspec
from msgspec import field

from ccplane.asterisk.agreed import AT_DOOR, DOOR
from ccplane.asterisk.models import Channel, Playback, Variable
from ccplane.asterisk.operations.operation import Operation, fields


class ListChannels(Operation[list[Channel]], frozen=True):
    """Every channel of the node, ours or not: see `Channel.runs`."""

    route = "/channels"


class GetChannel(Operation[Channel], frozen=True):
    """One channel. The way to resolve an Unknown."""

    route = "/channels/{channel}"
    channel: str


class Originate(Operation[Channel], frozen=True):
    """Ring a phone with a channel id of ours; INVITE 1.5 ms later. Refused 500 `Allocation failed` in no time and
    without any event where nobody is registered. Conflict: the id lives already. A wrong `app` is found out only when
    the phone answers. `timeout` (seconds) reports 19/480, the same as a phone's 480: keep a timer of our own too.
    `variables` come in no event that we let through: put what StasisStart must carry in `app_args`."""

    method = "POST"
    route = "/channels/{channel}"
    query = fields(
        "endpoint",
        "app",
        "timeout",
        "originator",
        "formats",
        app_args="appArgs",
        caller_id="callerId",
        other="otherChannelId",
    )
    body = fields("variables")
    channel: str
    endpoint: str
    app: str
    app_args: str = ""
    caller_id: str = ""
    timeout: int = 30
    variables: dict[str, str] = field(default_factory=dict)
    originator: str = ""
    formats: str = ""
    other: str = ""
    """The id of the far half, of an endpoint `Local/…`."""


class CallIn(Operation[Channel], frozen=True):
    """As Originate, but the phone comes to our door in the dialplan when it is answered, and into our application from
    there with `args`: if nobody of us is connected at that moment it waits. Its events are told to who has subscribed
    to it, by a WatchChannel right behind this, which was in time for the first of them."""

    method = "POST"
    route = "/channels/{channel}"
    query = fields(
        "endpoint", "timeout", "context", "extension", "priority", caller_id="callerId", other="otherChannelId"
    )
    channel: str
    endpoint: str
    args: str
    caller_id: str = ""
    timeout: int = 30
    variables: dict[str, str] = field(default_factory=dict)
    other: str = ""
    """The id of the far half, of an endpoint `Local/…`."""
    context: str = DOOR
    extension: str = "s"
    priority: int = 1

    def _body(self) -> bytes:
        return msgspec.json.encode({"variables": {AT_DOOR: self.args} | self.variables})


class Answer(Operation[None], frozen=True):
    """Answer a caller; unlike the dialplan's, it doesn't wait for media."""

    method = "POST"
    route = "/channels/{channel}/answer"
    channel: str


class Ring(Operation[None], frozen=True):
    """Let a caller who isn't answered yet hear ringing."""

    method = "POST"
    route = "/channels/{channel}/ring"
    channel: str


class RingStop(Operation[None], frozen=True):
    method = "DELETE"
    route = "/channels/{channel}/ring"
    channel: str


class HangUp(Operation[None], frozen=True):
    """End a channel. `reason`: normal, busy (486 to a caller who isn't answered), congestion, no_answer, timeout,
    rejected, unallocated, normal_unspecified, number_incomplete, codec_mismatch, interworking, failure,
    answered_elsewhere (the phone counts no missed call). `reason_code`: a cause by number, 34 gives 503."""

    method = "DELETE"
    route = "/channels/{channel}"
    query = fields("reason", "reason_code")
    channel: str
    reason: str = ""
    reason_code: str = ""


class StartMoh(Operation[None], frozen=True):
    """Music on the channel. Answers 204 and sends nothing where the class has no file. A prompt on the channel
    resumes it by itself; a prompt on its bridge ends it for good: start it again on PlaybackFinished."""

    method = "POST"
    route = "/channels/{channel}/moh"
    query = fields(moh_class="mohClass")
    channel: str
    moh_class: str = ""


class StopMoh(Operation[None], frozen=True):
    """Before addChannel of the other side: while music plays, what the bridge sends can be lost."""

    method = "DELETE"
    route = "/channels/{channel}/moh"
    channel: str


class PlayOnChannel(Operation[Playback], frozen=True):
    """A prompt to one channel. It holds up this channel's addChannel and its variables until it ends: stop it first
    (StopPlayback with addChannel right behind it takes 1 ms)."""

    method = "POST"
    route = "/channels/{channel}/play/{playback}"
    query = fields("media", "lang")
    channel: str
    playback: str
    media: tuple[str, ...]
    lang: str = ""


class SetChannelVariable(Operation[None], frozen=True):
    """Waits behind a prompt that plays on the channel."""

    method = "POST"
    route = "/channels/{channel}/variable"
    body = fields("variable", "value")
    channel: str
    variable: str
    value: str


class GetChannelVariable(Operation[Variable], frozen=True):
    route = "/channels/{channel}/variable"
    query = fields("variable")
    channel: str
    variable: str


class Continue(Operation[None], frozen=True):
    """Give the channel back to the dialplan, at the place given or behind its Stasis line."""

    method = "POST"
    route = "/channels/{channel}/continue"
    query = fields("context", "extension", "priority", "label")
    channel: str
    context: str = ""
    extension: str = ""
    priority: int = 0
    label: str = ""
