"""A contact's own life: it arrives, is answered, enters its room and leaves it, is found again, and ends."""

from __future__ import annotations

from enum import StrEnum

from ccplane.contacts.customer import Customer
from ccplane.contacts.emergency import Emergency
from ccplane.ids import AgentId, CallbackId, ChannelId, ContactId, DeviceName, NodeName
from ccplane.laws import Fact


class Direction(StrEnum):
    """Which way a contact goes."""

    INBOUND = "inbound"
    """Somebody calls the contact centre."""
    INTERNAL = "internal"
    """One of its own phones calls it, or another of them."""
    OUTBOUND = "outbound"
    """One of its own phones calls somebody outside."""


class EndedBy(StrEnum):
    """Who ended a talk or a contact."""

    CALLER = "caller"
    AGENT = "agent"
    PROGRAM = "program"
    SWITCH = "switch"
    """The switch restarted, or ended the call and told nobody. Of a talk also: both had gone while nobody watched."""
    PARTY = "party"
    """The one whom an agent has called."""
    PHONE_LOST = "phone-lost"
    """The agent's phone vanished in mid-talk and did not come back in time; the caller waits for another."""
    NO_MEDIA = "no-media"
    """Nothing came any more from their phone, which never said goodbye: the switch ended the call."""
    FALLBACK = "fallback"
    """ccplane was not there: the dialplan's fallback had the call. It was found afterwards, or the guard took it there
    from us."""


class ContactFact(Fact, frozen=True, kw_only=True):
    """A fact about one contact."""

    contact: ContactId


class ContactArrived(ContactFact, frozen=True, kw_only=True):
    """A caller reached us. `number_dialled` and `caller` are as the switch gave them, made printable."""

    node: NodeName
    channel: ChannelId
    number_dialled: str
    caller: str
    caller_name: str
    language: str
    attribution: str
    switch_at: int
    site: str
    """The hash of the site as it was; programs and menus of this contact keep to it (law 11)."""
    device: DeviceName | None = None
    """The phone of ours that it came from, by the switch's word; None for a caller from outside."""
    direction: Direction = Direction.INBOUND
    agent: AgentId | None = None
    """Whose own call it is, by who sat at that phone."""
    pick_up_by: int | None = None
    """They asked us to make it: their phone is called first, and given up then."""
    arrived_at: int | None = None
    """When, if that is older than this fact: found afterwards, by the switch's clock."""
    served_until: int | None = None
    """Of one found afterwards, whose program had run: until when. Only since then have they waited unseen."""
    callback: CallbackId | None = None
    """It stands in the line for a customer who is called back, and has no channel before they are."""
    customer_first: bool = False
    """They are called before an agent is."""
    customer: Customer | None = None
    """Who calls, as far as the centre knows them."""
    emergency: Emergency | None = None
    """What they are told before their program begins."""


class CallerAnswered(ContactFact, frozen=True, kw_only=True):
    """We took the call: from here the caller pays and hears."""


class CallerEnteredRoom(ContactFact, frozen=True, kw_only=True):
    """The caller's channel is in the contact's bridge: seen, not assumed (law 8)."""


class CallerLeftRoom(ContactFact, frozen=True, kw_only=True):
    """The caller's channel has left the contact's bridge, as we asked: there it cannot be recorded."""


class ContactRelinked(ContactFact, frozen=True, kw_only=True):
    """After a gap the contact was found at the switch, alive. `gap_ms`: how long nobody watched it."""

    gap_ms: int
    join_by: int | None = None
    """Until when who had answered and was not joined has to be: they have the whole time again."""


class ContactEnded(ContactFact, frozen=True, kw_only=True):
    """The caller is gone. `cause` is Q.850, 0 if the switch never told us."""

    by: EndedBy
    cause: int
    ended_at: int | None = None
    """When, if that is older than this fact."""
    self_served: bool = False
    """A program had served them, and they never waited for a person."""
