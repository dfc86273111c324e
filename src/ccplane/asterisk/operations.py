"""The operations of ARI that we use, as data: each knows its method, its path and where its fields go.

Names at the wire are checked against the live server's `/ari/api-docs` by `tests/asterisk/test_api_docs.py`. A field
that still has its default is not sent. Values in query strings and bodies go over the WebSocket verbatim, whatever
characters they hold; only what stands in the path is quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct, field

from ccplane.asterisk.models import (
    Application,
    Bridge,
    Channel,
    ConfigField,
    DeviceState,
    Endpoint,
    Info,
    Playback,
    Variable,
    from_wire,
)

T = TypeVar("T")
NO_FIELDS: Mapping[str, str] = {}


class Request(Struct, frozen=True):
    """An operation as it goes over the wire. `query` holds pairs; `body` is JSON, or empty."""

    method: str
    uri: str
    query: list[tuple[str, str]]
    body: bytes


class Operation(Struct, Generic[T], frozen=True):
    """One request to Asterisk that answers with a T. `route` is the documented path with our field names in braces."""

    method: ClassVar[str] = "GET"
    route: ClassVar[str] = ""
    query: ClassVar[Mapping[str, str]] = NO_FIELDS
    body: ClassVar[Mapping[str, str]] = NO_FIELDS

    def request(self) -> Request:
        return Request(self.method, self._uri(), self._pairs(), self._body())

    def read(self, body: bytes) -> T:
        """The answer of a success; None where there is nothing to read."""
        decode = READERS.get(type(self))
        return decode(body) if decode else None  # type: ignore[return-value]

    def _uri(self) -> str:
        return self.route.format_map(_Quoted(self))

    def _pairs(self) -> list[tuple[str, str]]:
        given = ((name, getattr(self, ours)) for ours, name in self.query.items())
        return [(name, _text(value)) for name, value in given if value or value is False]

    def _body(self) -> bytes:
        given = {name: getattr(self, ours) for ours, name in self.body.items()}
        return msgspec.json.encode(given) if given else b""


class _Quoted:
    """The path's fields, quoted: a device is `PJSIP/1001`, an id may hold anything."""

    def __init__(self, operation: Operation[Any]) -> None:
        self.operation = operation

    def __getitem__(self, name: str) -> str:
        return quote(getattr(self.operation, name), safe=":@")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, tuple) else str(value)


# --- channels


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
    query = {
        "endpoint": "endpoint",
        "app": "app",
        "app_args": "appArgs",
        "caller_id": "callerId",
        "timeout": "timeout",
        "originator": "originator",
        "formats": "formats",
    }
    body = {"variables": "variables"}
    channel: str
    endpoint: str
    app: str
    app_args: str = ""
    caller_id: str = ""
    timeout: int = 30
    variables: dict[str, str] = field(default_factory=dict)
    originator: str = ""
    formats: str = ""


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
    query = {"reason": "reason", "reason_code": "reason_code"}
    channel: str
    reason: str = ""
    reason_code: str = ""


class StartMoh(Operation[None], frozen=True):
    """Music on the channel. Answers 204 and sends nothing where the class has no file. A prompt on the channel
    resumes it by itself; a prompt on its bridge ends it for good: start it again on PlaybackFinished."""

    method = "POST"
    route = "/channels/{channel}/moh"
    query = {"moh_class": "mohClass"}
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
    query = {"media": "media", "lang": "lang"}
    channel: str
    playback: str
    media: tuple[str, ...]
    lang: str = ""


class SetChannelVariable(Operation[None], frozen=True):
    """Waits behind a prompt that plays on the channel."""

    method = "POST"
    route = "/channels/{channel}/variable"
    body = {"variable": "variable", "value": "value"}
    channel: str
    variable: str
    value: str


class GetChannelVariable(Operation[Variable], frozen=True):
    route = "/channels/{channel}/variable"
    query = {"variable": "variable"}
    channel: str
    variable: str


class Continue(Operation[None], frozen=True):
    """Give the channel back to the dialplan, at the place given or behind its Stasis line."""

    method = "POST"
    route = "/channels/{channel}/continue"
    query = {"context": "context", "extension": "extension", "priority": "priority", "label": "label"}
    channel: str
    context: str = ""
    extension: str = ""
    priority: int = 0
    label: str = ""


# --- bridges


class ListBridges(Operation[list[Bridge]], frozen=True):
    """Every bridge with its channels and its `bridgevars`: our record of live contacts (law 6)."""

    route = "/bridges"


class GetBridge(Operation[Bridge], frozen=True):
    route = "/bridges/{bridge}"
    bridge: str


class CreateBridge(Operation[Bridge], frozen=True):
    """A contact's room. It outlives its channels and us: sweep empty ones. Conflict: it exists."""

    method = "POST"
    route = "/bridges/{bridge}"
    query = {"type": "type", "name": "name"}
    bridge: str
    name: str = ""
    type: str = "mixing"


class DestroyBridge(Operation[None], frozen=True):
    """Its channels stay in the application, alone."""

    method = "DELETE"
    route = "/bridges/{bridge}"
    bridge: str


class AddChannel(Operation[None], frozen=True):
    """Put channels together. Done may still not have added (only ChannelEnteredBridge proves it); repeating it makes
    the channel leave and enter again. With several channels one that is gone keeps all out."""

    method = "POST"
    route = "/bridges/{bridge}/addChannel"
    query = {"channels": "channel"}
    bridge: str
    channels: tuple[str, ...]


class RemoveChannel(Operation[None], frozen=True):
    method = "POST"
    route = "/bridges/{bridge}/removeChannel"
    query = {"channels": "channel"}
    bridge: str
    channels: tuple[str, ...]


class PlayOnBridge(Operation[Playback], frozen=True):
    """A prompt to all in the bridge; holds up nothing, but ends the channels' music for good."""

    method = "POST"
    route = "/bridges/{bridge}/play/{playback}"
    query = {"media": "media", "lang": "lang"}
    bridge: str
    playback: str
    media: tuple[str, ...]
    lang: str = ""


class StopPlayback(Operation[None], frozen=True):
    """PlaybackFinished follows. `digits:`, `number:` and `characters:` can't be stopped."""

    method = "DELETE"
    route = "/playbacks/{playback}"
    playback: str


class GetPlayback(Operation[Playback], frozen=True):
    """One that waits or plays; Gone once it is over. The way to resolve an Unknown."""

    route = "/playbacks/{playback}"
    playback: str


class SetBridgeVariable(Operation[None], frozen=True):
    """Keep something with the contact, at most 60,000 bytes. Only with `report_events` does it come back in
    ListBridges; it then rides in every event of the bridge, so keep it small."""

    method = "POST"
    route = "/bridges/{bridge}/variable"
    body = {"variable": "variable", "value": "value", "report_events": "report_events"}
    bridge: str
    variable: str
    value: str
    report_events: bool = True


class GetBridgeVariable(Operation[Variable], frozen=True):
    """Gone also where the bridge exists and the variable doesn't."""

    route = "/bridges/{bridge}/variable"
    query = {"variable": "variable"}
    bridge: str
    variable: str


# --- device states and endpoints


class SetDeviceState(Operation[None], frozen=True):
    """`Stasis:` devices only; NOT_INUSE, INUSE, BUSY, … Kept in astdb over a restart of Asterisk."""

    method = "PUT"
    route = "/deviceStates/{device}"
    query = {"state": "deviceState"}
    device: str
    state: str


class ListDeviceStates(Operation[list[DeviceState]], frozen=True):
    """`Stasis:` devices only; for the phones see ListEndpoints."""

    route = "/deviceStates"


class GetDeviceState(Operation[DeviceState], frozen=True):
    """Any one device, `PJSIP/1001` too; UNKNOWN or INVALID for what there isn't."""

    route = "/deviceStates/{device}"
    device: str


class DeleteDeviceState(Operation[None], frozen=True):
    """Done also for one that never was."""

    method = "DELETE"
    route = "/deviceStates/{device}"
    device: str


class ListEndpoints(Operation[list[Endpoint]], frozen=True):
    """All phones with state and channels, in one answer: the phone axis at connect. Subscribe first, then read."""

    route = "/endpoints"


class GetEndpoint(Operation[Endpoint], frozen=True):
    route = "/endpoints/{tech}/{resource}"
    tech: str
    resource: str


# --- applications and events


class ListApplications(Operation[list[Application]], frozen=True):
    route = "/applications"


class GetApplication(Operation[Application], frozen=True):
    route = "/applications/{app}"
    app: str


class Subscribe(Operation[Application], frozen=True):
    """Never `deviceState:…`: closing a socket while one is delivered deadlocks ARI for good (asterisk issue 2170).
    Never `endpoint:…` for the application of the calls: it doubles every event of our own legs; the connection's
    phones' socket has it. Subscriptions outlive the socket, taking one twice doubles nothing, and no current value is
    sent."""

    method = "POST"
    route = "/applications/{app}/subscription"
    query = {"sources": "eventSource"}
    app: str
    sources: tuple[str, ...]


class Unsubscribe(Operation[Application], frozen=True):
    """Busy (422) where there was no such subscription."""

    method = "DELETE"
    route = "/applications/{app}/subscription"
    query = {"sources": "eventSource"}
    app: str
    sources: tuple[str, ...]


class EventType(Struct, frozen=True):
    type: str


class SetEventFilter(Operation[Application], frozen=True):
    """Keep events off our socket; Asterisk's event thread makes them all the same. Put again at each connect. With
    `allowed` everything else is kept off, the answers to our own requests too unless RESTResponse stands in it."""

    method = "PUT"
    route = "/applications/{app}/eventFilter"
    app: str
    disallowed: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def _body(self) -> bytes:
        lists = {"disallowed": self.disallowed, "allowed": self.allowed}
        filters = {name: [EventType(kind) for kind in kinds] for name, kinds in lists.items()}
        return msgspec.json.encode(filters)


class Ping(Operation[None], frozen=True):
    """An event of our own. Its 204 proves nothing on a zombie socket; only the ChannelUserevent that comes does."""

    method = "POST"
    route = "/events/user/{name}"
    query = {"app": "application"}
    app: str
    name: str = "ping"


# --- the node


class GetInfo(Operation[Info], frozen=True):
    route = "/asterisk/info"


class GetGlobalVariable(Operation[Variable], frozen=True):
    """An empty value for one that is not set."""

    route = "/asterisk/variable"
    query = {"variable": "variable"}
    variable: str


class SetGlobalVariable(Operation[None], frozen=True):
    method = "POST"
    route = "/asterisk/variable"
    body = {"variable": "variable", "value": "value"}
    variable: str
    value: str


class GetConfig(Operation[list[ConfigField]], frozen=True):
    route = "/asterisk/config/dynamic/{config_class}/{object_type}/{id}"
    config_class: str
    object_type: str
    id: str


class PutConfig(Operation[list[ConfigField]], frozen=True):
    """Create an object, or change the fields given and keep the others. Refused 400 for a field that doesn't exist,
    403 for an object of a configuration file. Push auth and aor before their endpoint; 1-7 ms each."""

    method = "PUT"
    route = "/asterisk/config/dynamic/{config_class}/{object_type}/{id}"
    config_class: str
    object_type: str
    id: str
    fields: dict[str, str]

    def _body(self) -> bytes:
        return msgspec.json.encode({"fields": [ConfigField(name, value) for name, value in self.fields.items()]})


class DeleteConfig(Operation[None], frozen=True):
    method = "DELETE"
    route = "/asterisk/config/dynamic/{config_class}/{object_type}/{id}"
    config_class: str
    object_type: str
    id: str


OPERATIONS: tuple[type[Operation[Any]], ...] = tuple(Operation.__subclasses__())


def _reader(operation: type[Operation[Any]]) -> Callable[[bytes], Any] | None:
    """The decoder for what an operation's class says it answers with: `Operation[list[Channel]]`."""
    (answer,) = operation.__orig_bases__[0].__args__  # type: ignore[attr-defined]
    return None if answer is type(None) else msgspec.json.Decoder(answer, dec_hook=from_wire).decode


READERS: Mapping[type[Operation[Any]], Callable[[bytes], Any]] = {
    operation: decode for operation in OPERATIONS if (decode := _reader(operation))
}
