"""Rooms: who is in them, what they hear, and what is kept with them (law 6)."""

from __future__ import annotations

from ccplane.asterisk.models import Bridge, Playback, Variable
from ccplane.asterisk.operations.operation import Operation, fields


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
    query = fields("type", "name")
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
    query = fields(channels="channel")
    bridge: str
    channels: tuple[str, ...]


class RemoveChannel(Operation[None], frozen=True):
    method = "POST"
    route = "/bridges/{bridge}/removeChannel"
    query = fields(channels="channel")
    bridge: str
    channels: tuple[str, ...]


class PlayOnBridge(Operation[Playback], frozen=True):
    """A prompt to all in the bridge; holds up nothing, but ends the channels' music for good."""

    method = "POST"
    route = "/bridges/{bridge}/play/{playback}"
    query = fields("media", "lang")
    bridge: str
    playback: str
    media: tuple[str, ...]
    lang: str = ""


class SetBridgeVariable(Operation[None], frozen=True):
    """Keep something with the contact, at most 60,000 bytes. Only with `report_events` does it come back in
    ListBridges; it then rides in every event of the bridge, so keep it small."""

    method = "POST"
    route = "/bridges/{bridge}/variable"
    body = fields("variable", "value", "report_events")
    bridge: str
    variable: str
    value: str
    report_events: bool = True


class GetBridgeVariable(Operation[Variable], frozen=True):
    """Gone also where the bridge exists and the variable doesn't."""

    route = "/bridges/{bridge}/variable"
    query = fields("variable")
    bridge: str
    variable: str
