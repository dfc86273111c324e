"""What is to be done with the legs of a contact: agents' phones, and whom agents call."""

from __future__ import annotations

from ccplane.core.commands.command import Command, ContactCommand
from ccplane.ids import AgentId, ChannelId, OfferId, PlaybackId


class RingAgent(ContactCommand, frozen=True):
    """Call an agent's phone for an offer. `timeout_ms` is the switch's own; ours is the offer's deadline."""

    offer: OfferId
    leg: ChannelId
    agent: AgentId
    endpoint: str
    caller: str
    caller_name: str
    timeout_ms: int
    auto_answer: bool = False


class RingBack(ContactCommand, frozen=True):
    """Call an agent's phone, which is to pick up by itself, to bring them back into a talk."""

    offer: OfferId
    leg: ChannelId
    agent: AgentId
    endpoint: str
    caller: str
    caller_name: str
    timeout_ms: int


class ListenTo(ContactCommand, frozen=True):
    """Find out whether anything comes from an agent's phone on this channel. Said by LegListened, after `for_ms`."""

    offer: OfferId
    leg: ChannelId
    for_ms: int


class CallParty(ContactCommand, frozen=True):
    """Call the other party of an agent's own call. `agent`: if it is one of ours. `caller`: what they are shown."""

    call: OfferId
    leg: ChannelId
    agent: AgentId | None
    endpoint: str
    caller: str
    caller_name: str
    timeout_ms: int


class CallOwner(ContactCommand, frozen=True):
    """Call the phone of the agent who asked for this call; once they pick up it is as if they had dialled `number`."""

    channel: ChannelId
    endpoint: str
    number: str
    timeout_ms: int
    auto_answer: bool = False


class CallCustomer(ContactCommand, frozen=True):
    """Call a customer back, whose claim is committed; answered, they come in as the contact's own channel. `caller`:
    what they are shown."""

    channel: ChannelId
    endpoint: str
    number: str
    caller: str
    timeout_ms: int


class JoinAgent(ContactCommand, frozen=True):
    """Put the agent's leg into the room."""

    offer: OfferId
    leg: ChannelId


class Whisper(ContactCommand, frozen=True):
    """Play this to the agent alone, on their leg, or after a beep on their open line. Its end is told."""

    offer: OfferId
    leg: ChannelId
    playback: PlaybackId
    sound: str
    beep: bool


class HangUpLeg(ContactCommand, frozen=True):
    """End an agent's leg. `reason`: the switch's word; "answered_elsewhere" leaves no missed call on the phone."""

    leg: ChannelId
    reason: str


class LookAround(Command, frozen=True):
    """Survey the switch now, not only in a while: something should have ended, and nobody said so."""


class PickUp(ContactCommand, frozen=True):
    """Tell the phone that rings on this leg to answer it. Whether it does is told by the phone alone."""

    leg: ChannelId
