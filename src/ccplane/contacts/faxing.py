"""A fax from the end of its transmission until what has come of it is safe, or is known to be nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from ccplane.contacts import facts as f
from ccplane.ids import ContactId, FaxId, NodeName
from ccplane.laws import Transitions, move


class FaxState(StrEnum):
    """Where a fax is."""

    OVER = "over"
    STORED = "stored"
    DELIVERED = "delivered"
    FAILED = "failed"


FAX: Final[Transitions[FaxState]] = {
    FaxState.OVER: {
        f.FaxStored: FaxState.STORED,
        f.FaxDelivered: FaxState.DELIVERED,
        f.FaxFailed: FaxState.FAILED,
    },
    FaxState.STORED: {},
    FaxState.DELIVERED: {},
    FaxState.FAILED: {},
}


class Fax(msgspec.Struct, frozen=True, kw_only=True):
    """A fax whose transmission is over, and of which nobody has said yet what came of it."""

    id: FaxId
    contact: ContactId
    box: str
    node: NodeName
    caller: str
    number_dialled: str
    over_at: int
    reason: str = ""
    """Why we ended it; "" where we did not."""
    sent: str = ""
    """What we sent; "" where we received."""
    state: FaxState = FaxState.OVER


def over(fact: f.FaxOver) -> Fax:
    """The fax that the end of a transmission leaves."""
    return Fax(
        id=fact.fax,
        contact=fact.contact,
        box=fact.box,
        node=fact.node,
        caller=fact.caller,
        number_dialled=fact.number_dialled,
        over_at=fact.at,
        reason=fact.reason,
        sent=fact.sent,
    )


def settled(fax: Fax, fact: f.FaxStored | f.FaxDelivered | f.FaxFailed) -> FaxState:
    """Where `fact` leads; IllegalMove if it cannot be."""
    return move("fax", FAX, fax.state, fact)
