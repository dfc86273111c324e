"""What is to be shown on agents' lamps."""

from __future__ import annotations

from enum import StrEnum

from ccplane.core.commands.command import Command
from ccplane.ids import AgentId


class Light(StrEnum):
    """What the lamp of an agent who sits at a seat not their own adds to that of their own phones."""

    OFF = "off"
    RINGS = "rings"
    IN_CALL = "in-call"


class MirrorIntent(Command, frozen=True):
    """Show the agent's intent in device states, for lamps and for the fallback when we are gone."""

    agent: AgentId
    ready: bool
    paused: bool = False
    elsewhere: Light = Light.OFF


class MirrorWork(Command, frozen=True):
    """Show on the agent's lamp what their phone at another seat than their own does."""

    agent: AgentId
    elsewhere: Light
