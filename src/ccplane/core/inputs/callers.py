"""What the switch says of callers, and of who is in their rooms."""

from __future__ import annotations

from ccplane.contacts.customer import Customer
from ccplane.contacts.look_ups import LookUpResult
from ccplane.core.inputs.input import Input
from ccplane.ids import (
    ChannelId,
    ConferenceId,
    ContactId,
    DeviceName,
    NodeName,
)


class CallerArrived(Input, frozen=True, kw_only=True):
    """A caller's channel entered our application. `device`: the phone of ours that it is; None: from outside."""

    node: NodeName
    channel: ChannelId
    number_dialled: str
    caller: str
    caller_name: str
    switch_at: int
    answered: bool = False
    device: DeviceName | None = None
    customer: Customer | None = None
    """Who calls, as far as the centre knows them."""


class CallerUp(Input, frozen=True):
    """The caller's channel is answered."""

    contact: ContactId


class CallerGone(Input, frozen=True):
    """The caller's channel hangs up or is destroyed. `cause`: Q.850, 0 unknown. `no_media`: the switch ended it, since
    nothing came from the phone any more. `by_switch`: it ends all its calls, and then itself."""

    contact: ContactId
    cause: int = 0
    no_media: bool = False
    by_switch: bool = False


class CallerCarried(Input, frozen=True):
    """The caller's channel was taken to the dialplan's fallback: we were silent for too long."""

    contact: ContactId


class KeyPressed(Input, frozen=True):
    """The caller pressed a key."""

    contact: ContactId
    key: str


class PinKeyed(Input, frozen=True):
    """A first key of a PIN was pressed; which one stays at the edge."""

    contact: ContactId


class PinChecked(Input, frozen=True):
    """The PIN that the verb of this step asks for was given and compared. `refused`: the code of why not; else it is
    theirs."""

    contact: ContactId
    step: int
    refused: str = ""


class SoundsStarted(Input, frozen=True):
    """A playback began to be heard."""

    contact: ContactId
    step: int
    attempt: int


class SoundsFinished(Input, frozen=True):
    """A playback ended; `ok` False if the switch could not play it (a missing file)."""

    contact: ContactId
    step: int
    attempt: int
    ok: bool = True
    lost: bool = False
    """It was never begun, or nobody knows: that says nothing of the sounds."""


class SoundsMade(Input, frozen=True):
    """The texts of a verb are sounds now, but for those in `missing`."""

    contact: ContactId
    step: int
    attempt: int
    missing: tuple[str, ...] = ()


class LookUpAnswered(Input, frozen=True):
    """What came of the look-up of this step."""

    contact: ContactId
    step: int
    attempt: int
    result: LookUpResult


class HoldSaid(Input, frozen=True):
    """The prompt that asks to hold has ended."""

    contact: ContactId


class EnteredRoom(Input, frozen=True):
    """A channel is in the contact's bridge."""

    contact: ContactId
    channel: ChannelId


class EnteredConference(Input, frozen=True):
    """A caller's channel is in a conference."""

    contact: ContactId
    conference: ConferenceId
    channel: ChannelId


class LeftRoom(Input, frozen=True):
    """A channel is not in the contact's bridge any more."""

    contact: ContactId
    channel: ChannelId
