"""What is to be done with the lines that stay open to agents' phones."""

from __future__ import annotations

from ccplane.core.commands.command import Command
from ccplane.ids import AgentId, ChannelId


class RingLine(Command, frozen=True):
    """Call an agent's phone for the line that stays open."""

    line: ChannelId
    agent: AgentId
    endpoint: str
    timeout_ms: int
    auto_answer: bool = False


class OpenLine(Command, frozen=True):
    """Make the line's room, and put the line into it."""

    line: ChannelId


class JoinLine(Command, frozen=True):
    """Put the far half of one of an agent's legs into the room of their line, with a beep unless `quiet`."""

    line: ChannelId
    half: ChannelId
    quiet: bool = False


class AnswerHalf(Command, frozen=True):
    """Their leg counts as answered: its far half is in the room of their line."""

    half: ChannelId


class HangUpLine(Command, frozen=True):
    """End an open line, and take its room down."""

    line: ChannelId
