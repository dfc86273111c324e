"""The calls that agents make, to one another or to somebody outside, as the other party's phone sees them."""

from __future__ import annotations

from enum import StrEnum

from ccplane.contacts.facts.life import ContactFact, EndedBy
from ccplane.ids import AgentId, ChannelId, DeviceName, OfferId


class CallMiss(StrEnum):
    """Why somebody who was called did not come to the phone."""

    BUSY = "busy"
    NO_ANSWER = "no-answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"
    """The one who called has hung up."""


class CallFact(ContactFact, frozen=True, kw_only=True):
    """A fact about a call that an agent makes, to another or to somebody outside. `call`: its id, as an offer's."""

    call: OfferId


class PartyCalled(CallFact, frozen=True, kw_only=True):
    """The other party's phone is being called. `agent`: if it is one of ours; `deadline`: when it is given up."""

    leg: ChannelId
    number: str
    agent: AgentId | None
    deadline: int
    device: DeviceName | None = None
    """The phone of ours that is called."""


class PartyRinging(CallFact, frozen=True, kw_only=True):
    """It rings."""

    rang_at: int | None = None
    """Since when, if that is older than this fact."""


class PartyAnswered(CallFact, frozen=True, kw_only=True):
    """It was picked up; both are about to be joined, by `deadline` at the latest."""

    deadline: int
    ring_ms: int


class PartyEnteredRoom(CallFact, frozen=True, kw_only=True):
    """The other party is in the room before the one who called is seen there."""


class CallConnected(CallFact, frozen=True, kw_only=True):
    """Both are in the room, and talk: stay `segment` began. `agent`: whose own call it is."""

    segment: int
    agent: AgentId | None
    started_at: int | None = None
    """When, if that is older than this fact."""


class CallMissed(CallFact, frozen=True, kw_only=True):
    """The other party was not reached."""

    cause: CallMiss
    sip: int
    ring_ms: int


class CallEnded(CallFact, frozen=True, kw_only=True):
    """They no longer talk."""

    segment: int
    agent: AgentId | None
    by: EndedBy
    talk_ms: int
    ended_at: int | None = None
    """When, if that is older than this fact."""


AnyCallFact = PartyCalled | PartyRinging | PartyAnswered | PartyEnteredRoom | CallConnected | CallMissed | CallEnded
