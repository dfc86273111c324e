"""Faxes that callers send us: how their transmission goes, and what is kept, perhaps when they are long gone."""

from __future__ import annotations

from ccplane.contacts.facts.life import ContactFact
from ccplane.ids import ContactId, FaxId, NodeName
from ccplane.laws import Fact


class FaxStarted(ContactFact, frozen=True, kw_only=True):
    """The caller hears our fax machine, and it hears them. `deadline`: it is ended then at the latest."""

    fax: FaxId
    box: str
    deadline: int


class FaxDoubted(ContactFact, frozen=True, kw_only=True):
    """They have heard each other for a while: the switch is asked whether a page is coming. If none is, they are no fax
    machine; else it may go on until `deadline`."""

    fax: FaxId
    deadline: int


class FaxOver(ContactFact, frozen=True, kw_only=True):
    """A transmission is over, however it ended: what there is of it is to be kept. The contact may end with it.

    `reason`: why we ended it, "" where we did not.
    """

    fax: FaxId
    box: str
    node: NodeName
    caller: str
    number_dialled: str
    reason: str
    settle_by: int
    """A program that waits for the fax is resumed by then, whatever became of it."""
    sent: str = ""
    """What we sent, by the name that the site has for it; "" where we received."""


class FaxFact(Fact, frozen=True, kw_only=True):
    """A fact about a fax. Its contact may have ended long ago."""

    fax: FaxId
    contact: ContactId


class FaxStored(FaxFact, frozen=True, kw_only=True):
    """At least a page has come, and is safe as a PDF. `file`: where, in ccplane's folder of faxes; `pages`, `bytes`:
    measured. `complete`: the other machine has said that this is all of it; else `reason` says what went wrong.
    `station`: what that machine calls itself, perhaps nothing."""

    box: str
    caller: str
    number_dialled: str
    over_at: int
    pages: int
    complete: bool
    reason: str
    station: str
    bytes: int
    file: str


class FaxDelivered(FaxFact, frozen=True, kw_only=True):
    """The caller's machine has all that we sent. `name`: what the site calls it."""

    name: str
    pages: int
    station: str


class FaxFailed(FaxFact, frozen=True, kw_only=True):
    """Not one page has come; or not all that we sent has gone. `reason`: why."""

    box: str
    reason: str
    station: str


class FaxRead(FaxFact, frozen=True, kw_only=True):
    """Somebody fetched it."""

    by: str


class FaxDeleted(FaxFact, frozen=True, kw_only=True):
    """Somebody deleted it, for good."""

    by: str


AnyFaxFact = FaxStored | FaxDelivered | FaxFailed | FaxRead | FaxDeleted
