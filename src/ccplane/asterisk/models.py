"""What Asterisk tells about its things: channels, bridges, endpoints, playbacks. Only the fields we use.

Asterisk's own names and spellings stay at the wire (`rename`), ours are in the code. Anything it adds in a later
version is ignored; anything it renames is caught by `tests/asterisk/test_api_docs.py` against the live server.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct, field

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Millis(int):
    """A moment on the switch's clock: integer milliseconds UTC (law 12 keeps it beside our own `at`)."""


def millis(stamp: str) -> Millis:
    """`2026-11-22T01:26:56.879+0000` as milliseconds. Raises ValueError for anything that is no moment with a zone."""
    moment = datetime.fromisoformat(stamp)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {stamp}")
    return Millis((moment - EPOCH) // MILLISECOND)


def from_wire(kind: type, value: Any) -> Any:
    """msgspec's hook for the one type it doesn't know; ValueError becomes its own ValidationError."""
    if kind is Millis and isinstance(value, str):
        return millis(value)
    raise ValueError(f"no {kind.__name__}: {value!r}")


class CallerId(Struct, frozen=True):
    """Both may be empty, long, or hold anything a caller chose to send."""

    name: str = ""
    number: str = ""


class Dialplan(Struct, frozen=True):
    """Where a channel is. In our application: `app_name` is `Stasis`, `app_data` the application and its arguments
    (`ccplane,4002`); a leg that still rings shows `AppDial2` and is known only by its id."""

    context: str = ""
    exten: str = ""
    priority: int = 0
    app_name: str = ""
    app_data: str = ""


class Channel(Struct, frozen=True):
    """One leg. `state` is Down, Ring (an incoming call not yet answered), Ringing, Up, Busy or a rare other."""

    id: str
    state: str
    name: str = ""
    protocol_id: str = ""
    caller: CallerId = CallerId()
    connected: CallerId = CallerId()
    dialplan: Dialplan = Dialplan()
    created: Millis = field(name="creationtime", default=Millis(0))
    language: str = ""
    accountcode: str = ""
    channelvars: dict[str, Any] = field(default_factory=dict)

    def runs(self, app: str) -> bool:
        """True while the channel is in that Stasis application, also while the application's socket is gone."""
        own = self.dialplan.app_data
        return self.dialplan.app_name == "Stasis" and (own == app or own.startswith(f"{app},"))

    @property
    def args(self) -> list[str]:
        """The application's arguments, as StasisStart gave them."""
        return self.dialplan.app_data.split(",")[1:]


class Bridge(Struct, frozen=True):
    """`bridgevars` has only variables that were set with `report_events`; they ride in each event of the bridge."""

    id: str
    name: str = ""
    bridge_type: str = ""
    bridge_class: str = ""
    technology: str = ""
    creator: str = ""
    channels: list[str] = field(default_factory=list)
    created: Millis = field(name="creationtime", default=Millis(0))
    bridgevars: dict[str, Any] = field(default_factory=dict)


class Endpoint(Struct, frozen=True):
    """A phone account or trunk. `state` is online, offline or unknown; `channel_ids` all its calls, ours or not."""

    technology: str
    resource: str
    state: str | None = None
    channel_ids: list[str] = field(default_factory=list)


class Playback(Struct, frozen=True):
    """`state` is queued, playing, continuing, done, failed (a missing file, a 404) or cancelled (stopped, hung up)."""

    id: str
    state: str
    media_uri: str = ""
    target_uri: str = ""


class LiveRecording(Struct, frozen=True):
    """`state` is queued, recording, paused, done, failed or canceled. `duration`: whole seconds; the silence that ended
    the recording, though cut off the file, may be in it."""

    name: str
    state: str
    format: str = ""
    target_uri: str = ""
    duration: int | None = None
    cause: str | None = None


class StoredRecording(Struct, frozen=True):
    name: str
    format: str = ""


class DeviceState(Struct, frozen=True):
    """UNKNOWN, NOT_INUSE, INUSE, BUSY, INVALID, UNAVAILABLE, RINGING, RINGINUSE or ONHOLD."""

    name: str
    state: str


class Peer(Struct, frozen=True):
    """Reachable, Unreachable, …"""

    peer_status: str


class ContactInfo(Struct, frozen=True):
    """One registration of a phone: NonQualified, Reachable, Unreachable, Removed, …"""

    uri: str
    contact_status: str
    aor: str
    roundtrip_usec: str = ""


class Variable(Struct, frozen=True):
    """A variable's value; Asterisk doesn't tell an empty from an unset one, except on bridges (Gone)."""

    value: str = ""


class ConfigField(Struct, frozen=True):
    """One field of a dynamic configuration object. Values come back normalised: `yes` as `true`, `ulaw` as `(ulaw)`."""

    attribute: str
    value: str


class Application(Struct, frozen=True):
    """What a Stasis application is subscribed to. It outlives its socket, subscriptions included."""

    name: str
    channel_ids: list[str] = field(default_factory=list)
    bridge_ids: list[str] = field(default_factory=list)
    endpoint_ids: list[str] = field(default_factory=list)
    device_names: list[str] = field(default_factory=list)
    events_disallowed: list[dict[str, Any]] = field(default_factory=list)


class SystemInfo(Struct, frozen=True):
    version: str = ""
    entity_id: str = ""


class ConfigInfo(Struct, frozen=True):
    """`name` is the node's `systemname`, the prefix of its unique ids."""

    name: str = ""
    default_language: str = ""


class StatusInfo(Struct, frozen=True):
    startup_time: Millis = Millis(0)
    last_reload_time: Millis = Millis(0)


class Info(Struct, frozen=True):
    system: SystemInfo = SystemInfo()
    config: ConfigInfo = ConfigInfo()
    status: StatusInfo = StatusInfo()
