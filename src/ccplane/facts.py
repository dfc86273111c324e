"""The union of all facts. Each domain owns its own; the few about the site as a whole stand here.

A fact's `type` in JSON is its class name. `decode` refuses what is not in the union: the log is closed (law 2).
"""

from __future__ import annotations

from typing import Final

import msgspec

from ccplane.agents import facts as a
from ccplane.contacts import facts as c
from ccplane.contacts import recordings as r
from ccplane.contacts.facts.callbacks import AnyCallbackFact
from ccplane.contacts.facts.customers import CustomerFact
from ccplane.contacts.facts.emergencies import EmergencyFact
from ccplane.contacts.facts.surges import SurgeFact
from ccplane.ids import NodeName, QueueName
from ccplane.laws import Fact
from ccplane.routing.groups import GroupClosed, GroupOpened
from ccplane.routing.rules import QueuesUnserved, RulesLoaded, SiteEdited


class PlaneStarted(Fact, frozen=True, kw_only=True):
    """A plane took up its work under this epoch. `gap_ms`: since the last fact of the one before; 0 for the first.

    `nodes`: those that it has; none if it did not say.
    """

    epoch: int
    version: str
    gap_ms: int
    nodes: tuple[NodeName, ...] = ()


class DrainBegan(Fact, frozen=True, kw_only=True):
    """From here on this plane takes no new call, finishes those it has, and leaves. `by`: who asked.

    `until`: it leaves then (ms), with the calls that are still up; None if it waits for the last. It is over with the
    next PlaneStarted; a process that drained before an epoch of its own says it again after that.
    """

    by: str
    calls: int
    until: int | None = None


class DrainCancelled(Fact, frozen=True, kw_only=True):
    """This plane stays after all, and takes new calls again. `by`: who asked."""

    by: str


class SwitchFound(Fact, frozen=True, kw_only=True):
    """A node is connected and has been compared with what we believe. `gap_ms`: how long it was not watched.

    `started_at`: when it began, by its own clock. `restarted`: that is another time than before, so every call and
    every leg that was known there is over.
    """

    node: NodeName
    version: str
    gap_ms: int
    started_at: int = 0
    restarted: bool = False


class SwitchLost(Fact, frozen=True, kw_only=True):
    """The connection to a node is gone. Calls there go on; what happens to them is found out afterwards."""

    node: NodeName
    reason: str


class SwitchUnwatched(Fact, frozen=True, kw_only=True):
    """This process stood still: for `gap_ms` until now nothing was heard of a node that had not been lost before.

    First with a `gap_ms` of 0, as soon as it is seen. How long it was is told a moment later: by this if the node
    stayed connected, else by SwitchFound.
    """

    node: NodeName
    gap_ms: int


class SwitchReadUp(Fact, frozen=True, kw_only=True):
    """What happened while this process stood still has been read: who waits is offered to agents again."""


class SwitchAway(Fact, frozen=True, kw_only=True):
    """A node has not been reached for a while: nobody there can be rung, and nobody knows whether they still talk."""

    node: NodeName


class SwitchWedged(Fact, frozen=True, kw_only=True):
    """A node is connected and does not do what it is told. `what`: the part of it that gives no answer."""

    node: NodeName
    what: str


class SwitchAnswers(Fact, frozen=True, kw_only=True):
    """That node does what it is told again."""

    node: NodeName


class FallbackWaitsChanged(Fact, frozen=True, kw_only=True):
    """Callers wait in these of app_queue's queues at that node, and in no others: its members are theirs first."""

    node: NodeName
    queues: tuple[QueueName, ...]


class LedgerLost(Fact, frozen=True, kw_only=True):
    """Postgres can't be asked whether somebody may be called back: who stands in a line for them is offered to nobody,
    and keeps place and clock."""


class LedgerFound(Fact, frozen=True, kw_only=True):
    """It can be asked again."""


class RepairMade(Fact, frozen=True, kw_only=True):
    """The reconciler found the switch and us in disagreement, and put it right. Should be rare."""

    what: str
    subject: str
    why: str = ""


class DeadlineDropped(Fact, frozen=True, kw_only=True):
    """What was due for this one could not be decided: it is due again only once something about it has changed.

    `kind`: "contact", "agent" or "group". A RepairMade before it says why; one fault of ours must not hold up the
    others.
    """

    kind: str
    whose: str


NodeFact = (
    SwitchFound
    | SwitchLost
    | SwitchUnwatched
    | SwitchReadUp
    | SwitchAway
    | SwitchWedged
    | SwitchAnswers
    | FallbackWaitsChanged
)
SwitchFact = NodeFact | RepairMade | a.DeviceChanged | a.PhoneSlowed | a.PhoneQuickened
RulesFact = RulesLoaded | SiteEdited | QueuesUnserved | GroupOpened | GroupClosed
LedgerFact = LedgerLost | LedgerFound
SiteFact = (
    PlaneStarted | DrainBegan | DrainCancelled | SwitchFact | LedgerFact | DeadlineDropped | RulesFact | a.PeopleLoaded
)
AnyFact = (
    SiteFact
    | a.AnyAgentFact
    | c.AnyContactFact
    | c.AnyMessageFact
    | c.AnyFaxFact
    | r.AnyRecordingFact
    | r.AnyKeptFact
    | c.FallbackServed
    | AnyCallbackFact
    | EmergencyFact
    | CustomerFact
    | SurgeFact
)

_encoder: Final = msgspec.json.Encoder()
_decoder: Final[msgspec.json.Decoder[AnyFact]] = msgspec.json.Decoder(AnyFact)


def encode(fact: Fact) -> bytes:
    """One fact as JSON, `{"type": "ContactArrived", "at": …}`."""
    return _encoder.encode(fact)


def decode(data: bytes | str) -> AnyFact:
    """The fact again; msgspec.ValidationError if it is none of ours."""
    return _decoder.decode(data)
