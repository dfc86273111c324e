"""What the switch and the keeper say of messages: recorded, found, and brought into safety."""

from __future__ import annotations

from ccplane.contacts.facts import Unusable
from ccplane.core.inputs.input import Input
from ccplane.ids import ChannelId, MessageId, NodeName


class RecordingBegan(Input, frozen=True):
    """The switch plays the tone, and records from then on."""

    message: MessageId


class RecordingEnded(Input, frozen=True):
    """A recording is over, well or badly: what there is of it lies at the switch. `ms`: its length by the switch."""

    message: MessageId
    ms: int | None = None


class RecordingRefused(Input, frozen=True):
    """The switch definitely did not begin to record."""

    message: MessageId
    reason: str


class RecordingMissing(Input, frozen=True):
    """Looked for after a gap: nothing is being recorded under this name, and nothing was."""

    message: MessageId


class MessageKept(Input, frozen=True):
    """A message lies safely in ccplane's folder of messages. `file`: its path there; `ms`, `bytes`: measured."""

    message: MessageId
    file: str
    ms: int
    bytes: int


class MessageUnusable(Input, frozen=True):
    """What was recorded is no message."""

    message: MessageId
    reason: Unusable


class RecordingFound(Input, frozen=True):
    """A message at the switch that nobody told us of, its recording over. `left_at`: its file's time."""

    node: NodeName
    message: MessageId
    left_at: int


class FallbackCallFound(Input, frozen=True, kw_only=True):
    """A call that the dialplan's fallback had, now over. `recording`: its name at the switch if a message was left."""

    node: NodeName
    channel: ChannelId
    number_dialled: str
    caller: str
    arrived_at: int
    ended_at: int
    recording: str | None = None
