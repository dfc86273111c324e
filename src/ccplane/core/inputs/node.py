"""What the switch says of itself and of the phones: what it refused, and what a survey found there."""

from __future__ import annotations

import msgspec

from ccplane.agents.facts import Phone
from ccplane.core.commands import Command
from ccplane.core.inputs.callers import CallerArrived
from ccplane.core.inputs.input import Input
from ccplane.ids import (
    AgentId,
    ChannelId,
    ConferenceId,
    ContactId,
    DeviceName,
    FaxId,
    NodeName,
)


class PhoneSeen(Input, frozen=True):
    """What a phone can do now, by the switch's word. `latency_ms`: how long it took to answer when last asked."""

    device: DeviceName
    phone: Phone
    latency_ms: int | None = None


class CommandFailed(Input, frozen=True):
    """The switch definitely did not do this. `gone`: what it was for does not exist any more."""

    command: Command
    gone: bool
    message: str


class SwitchDropped(Input, frozen=True):
    """The connection to the node is gone."""

    node: NodeName
    reason: str


class StoodStill(Input, frozen=True):
    """The connection to the node goes on, but for so long this process did not: what happened there comes late.

    `until` when; None for now. `gap_ms` 0: how long is told later, or with the survey if the connection is lost."""

    node: NodeName
    gap_ms: int
    until: int | None = None


class SwitchNotReached(Input, frozen=True):
    """The node has not been connected for a while."""

    node: NodeName


class SwitchStuck(Input, frozen=True):
    """Part of the node gives no answer to what it is told; nothing in `what`: all of it does (again)."""

    node: NodeName
    what: str


class SwitchTaken(Input, frozen=True):
    """The connection to the node is ours, and every event since the last one that our predecessor decided. So nothing
    was missed: what it began at the switch goes on as it stands."""

    node: NodeName
    version: str


class ChannelSeen(msgspec.Struct, frozen=True):
    """A channel at the switch, as a survey found it. `up`: answered; `arrival` only for callers' channels,
    `agent` only for agents' legs that are up: whom we called. `device`: the phone that it is of, also while it rings.
    `at_door`: a phone that we called, answered, which waits at our door: it is up once it has come in.
    `created_at`: since when it is there, in ms by the switch's clock; None if that is not known.

    `sure` is False for one that only one of two surveys in a row has seen: it is not missed yet, and not strange yet.
    """

    id: ChannelId
    up: bool
    arrival: CallerArrived | None = None
    sure: bool = True
    agent: AgentId | None = None
    device: DeviceName | None = None
    created_at: int | None = None
    at_door: bool = False


class SwitchSurveyed(Input, frozen=True, kw_only=True):
    """What exists at a node: the reconciler's finding (law 9).

    `began_at` is when the first question was asked: what changed after it may be missing, so only what is older is
    compared. `after_gap` is true for the first survey of a connection, when events may have been lost.
    """

    node: NodeName
    version: str
    started_at: int = 0
    """When the node began, by its own clock; 0 if it does not say."""
    began_at: int
    gap_ms: int
    after_gap: bool
    channels: dict[ChannelId, ChannelSeen]
    rooms: dict[ContactId, tuple[ChannelId, ...]]
    phones: dict[DeviceName, Phone]
    lines: dict[ChannelId, tuple[ChannelId, ...]] = msgspec.field(default_factory=dict)
    """Who is in the rooms of open lines, by line."""
    conferences: dict[ConferenceId, tuple[ChannelId, ...]] = msgspec.field(default_factory=dict)
    """Who is in which."""
    faxes: tuple[FaxId, ...] = ()
    """Those of which there is a machine of ours."""
    journals: dict[ContactId, str] = msgspec.field(default_factory=dict)
    """What lies in the rooms for a plane that knows nothing of their contacts."""
    carried: tuple[ChannelId, ...] = ()
    """Those that the dialplan's fallback has."""
