"""What the switch says of agents' legs and of their open lines."""

from __future__ import annotations

from ccplane.core.inputs.input import Input
from ccplane.ids import AgentId, ChannelId, ContactId, DeviceName, OfferId


class LegRinging(Input, frozen=True):
    """The agent's phone said 180. `device`: which phone, if the leg itself is one."""

    offer: OfferId
    leg: ChannelId | None = None
    device: DeviceName | None = None


class LegUp(Input, frozen=True):
    """The agent's phone answered. `agent`: whose it is, as the leg itself says."""

    offer: OfferId
    leg: ChannelId
    agent: AgentId | None = None


class LegEnded(Input, frozen=True):
    """The agent's leg has ended. `sip`: the phone's final code, 0 if none; `cause`: Q.850. `gone`: the phone has left
    the call, or the switch has let go of it; else the switch or we ended it, and the phone may not know yet.
    `no_media`: the switch ended it, since nothing came from the phone any more."""

    offer: OfferId
    leg: ChannelId
    cause: int = 0
    sip: int = 0
    gone: bool = True
    no_media: bool = False


class LegNotFound(Input, frozen=True):
    """The switch has no such leg. `answered`: but it had said what came of our wish for it, so it is gone, or never
    was; else it may be yet to come."""

    offer: OfferId
    leg: ChannelId
    answered: bool


class WhisperSaid(Input, frozen=True):
    """What an agent alone was to hear before they are joined is over, or could not be played."""

    offer: OfferId


class LegListened(Input, frozen=True):
    """The switch was asked for a while whether anything comes from the phone of a talk. `leg`: on which channel."""

    contact: ContactId
    offer: OfferId
    heard: bool
    leg: ChannelId | None = None


class LineUp(Input, frozen=True):
    """The agent picked up the line that is to stay open."""

    line: ChannelId


class LineEnded(Input, frozen=True):
    """An open line has ended, or was not taken. `by_phone`: whoever has the phone hung up. `gone`: as of other legs."""

    line: ChannelId
    by_phone: bool = False
    gone: bool = True


class HalfUp(Input, frozen=True):
    """The far half of a leg that goes through this agent's line is there, and waits to be let in."""

    half: ChannelId
    agent: AgentId


class HalfJoined(Input, frozen=True):
    """It is in the room of the line."""

    half: ChannelId
