"""The whole state of a site, as a value: what facts told, and beside it what follows from them and is dear to search.

The state is persistent: `evolve` gives a new one and leaves the old as it was. So an illegal fact changes nothing, a
published snapshot is simply a reference, and a what-if can go on from any moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from immutables import Map

from ccplane.agents.agent import Agent, Shown
from ccplane.agents.facts import Phone, Seat
from ccplane.contacts.callback import Callback
from ccplane.contacts.contact import Contact
from ccplane.contacts.emergency import Emergency
from ccplane.contacts.facts.surges import SurgeBegan
from ccplane.contacts.fallback import Remembered
from ccplane.contacts.faxing import Fax
from ccplane.contacts.message import Message
from ccplane.contacts.owed import Owed
from ccplane.contacts.recordings import Expected
from ccplane.contacts.served import Served
from ccplane.facts import DrainBegan
from ccplane.ids import (
    AgentId,
    CallbackId,
    ChannelId,
    ContactId,
    DeviceName,
    FaxId,
    MessageId,
    NodeName,
    ProgramName,
    QueueName,
    RecordingId,
    SeatId,
)
from ccplane.routing.asking import Candidate
from ccplane.routing.engine import Engine
from ccplane.routing.estimate import Pace, Restaffed
from ccplane.routing.groups import Decided, Opening
from ccplane.routing.lines import waiting
from ccplane.routing.ordered import Ordered
from ccplane.routing.rules import Rules

GroupKey = tuple[QueueName, str]
"""A further group of agents: of which queue, and what it is called."""
Deadline = tuple[int, str, str]
"""When, "contact", "agent", "group", "callback", "message" or "emergency", and whose."""

NO_RULES: Final = Rules(queues={}, numbers={}, default_program=ProgramName(""))


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the core knows. Begin with `State()`; go on with `evolve`."""

    epoch: int = 0
    site: str = ""
    rules: Rules = NO_RULES
    unserved: tuple[QueueName, ...] = ()
    """Queues that none of all agents could ever serve."""
    sites: Map[str, dict[str, str]] = Map()
    """The files of every site that a live contact keeps to, by hash; and of the present one."""
    agents: Map[AgentId, Agent] = Map()
    contacts: Map[ContactId, Contact] = Map()
    messages: Map[MessageId, Message] = Map()
    """Those that were left and are not stored yet, in safety from a crash of ours only by this."""
    owed: Map[MessageId, Owed] = Map()
    """Those in safety that are owed an answer, and have none."""
    answered: tuple[MessageId, ...] = ()
    """The last that have one: Postgres may not know of it yet, and is not believed."""
    faxes: Map[FaxId, Fax] = Map()
    """Those whose transmission is over, and of which it is not known yet what came of them."""
    callbacks: Map[CallbackId, Callback] = Map()
    """Those that are not over."""
    callbacks_ended: tuple[CallbackId, ...] = ()
    """The last that are over: neither asked for nor taken over once more."""
    ledger_away: bool = False
    """Whether Postgres can't be asked for claims: then nobody who stands in a line for a customer is in `engine`."""
    nodes: Map[NodeName, bool] = Map()
    """Each node we ever heard of, and whether it is connected. Without it nothing is offered and no ring runs out."""
    started: Map[NodeName, int] = Map()
    """When each of them began, as it was last found."""
    away: Map[NodeName, bool] = Map()
    """Those that have not been reached for a while."""
    wedged: Map[NodeName, str] = Map()
    """Those that do not do what they are told, and what of them."""
    seats: Map[SeatId, Seat] = Map()
    """Those that are shared, or not as seats are by default."""
    devices: Map[DeviceName, Phone] = Map()
    """What each phone can do now, as far as the switch has told."""
    slow: Map[DeviceName, int] = Map()
    """Phones that take long to answer, and how long it was, in ms."""
    sitting: Map[DeviceName, AgentId] = Map()
    """Whose phone it is now, by where agents sit."""
    homes: Map[SeatId, AgentId] = Map()
    """Whose own seat it is."""
    engine: Engine = Engine()
    """Who can do what, who is free, and who waits without an open offer."""
    wanting: Map[ContactId, None] = Map()
    """Those for whom phones ring, and for whom their queue lets further ones ring (`Queue.ring_at_once`)."""
    called_for: Map[AgentId, ContactId] = Map()
    """Agents for whom a customer is being called, and the contact that stands in the line for them."""
    stays: Map[QueueName, Ordered[tuple[int, str]]] = Map()
    """Per queue, those who wait in it, those included for whom a phone rings: since when they are in it, and who."""
    groups: Map[GroupKey, Opening] = Map()
    """Further groups of agents, whether they are open."""
    decided: Map[QueueName, tuple[Decided, ...]] = Map()
    """Of queues whose groups look at the service level: what it is made of."""
    shown: Map[Shown, int] = Map()
    clearing: Map[ChannelId, AgentId] = Map()
    """Whose leg it is that is being hung up; by the agents' own `clearing`."""
    deadlines: Ordered[Deadline] = Ordered()
    """In order of time."""
    due: Map[tuple[str, str], int] = Map()
    """The deadline that stands in `deadlines`, by whose it is."""

    working: int = 0
    """The slots of agents who work: they want calls and their phones can be reached, busy or not. As the engine has
    slots."""
    paces: Map[QueueName, Pace] = Map()
    """What was measured in each queue, for estimates of how long one waits there."""
    restaffed: Restaffed = Restaffed()
    """Who began to work or ceased of late."""
    served: Served = Served()
    """Who served each customer last."""
    surveyed: Served = Served()
    """When each was asked last what they think of us, and of whom."""
    today: tuple[int, int] = (0, 0)
    """The site's day in which somebody last talked or wrapped up, [from, to) in ms."""

    surges: Map[str, SurgeBegan] = Map()
    """By the number dialled, "" for all, where far more call than usual."""
    emergencies: Map[str, Emergency] = Map()
    """Those that hold, by name."""
    unheard: Map[ContactId, None] = Map()
    """Who waits and has yet to hear of one."""
    tell_at: int = 0
    """When the next of them are told, in ms."""

    draining: DrainBegan | None = None
    """No new call is taken; None in usual times."""
    ended: tuple[ContactId, ...] = ()
    """The last contacts that ended: a late event or survey must not bring one back."""

    fallback: Remembered = Remembered()
    """The last contacts that the fallback had: each is told of twice, and counted once."""

    fallback_waits: Map[NodeName, tuple[QueueName, ...]] = Map()
    """app_queue's queues in which callers are left, at each node where there are any."""

    behind: bool = False
    """After a pause, until a tick says that what happened in it has been read: who has waited longest is not known
    before, so that nothing is offered. Of all nodes, for it was the plane that stood still."""

    unstored: Map[RecordingId, Expected] = Map()
    """Recordings whose talk is over and whose file is not in the store yet: at most `evolve.UNSTORED` of them."""

    @property
    def calls(self) -> int:
        """Contacts that somebody is in: all but those that stand in a line for customers, and are offered to nobody,
        nor called."""
        return sum(not each.absent or bool(each.offers or each.called_for) for each in self.contacts.values())

    @property
    def wake_at(self) -> int | None:
        """The earliest deadline, in ms."""
        return self.deadlines.first[0] if self.deadlines else None

    @property
    def lines(self) -> Mapping[QueueName, tuple[Candidate, ...]]:
        """Per queue, those who wait and have no open offer, in the order in which they are served. All of them: where
        one queue is enough, ask `waiting_in`."""
        return waiting(self.engine.lines)

    @property
    def free(self) -> tuple[AgentId, ...]:
        """Agents who may be offered a call now, the longest idle first."""
        kept = self.engine.may_offer().kept("idle") or ()
        return tuple(self.engine.roster.ids[entry[-1]] for entry in kept)

    def waiting_in(self, queue: QueueName) -> Iterator[Candidate]:
        """Those who wait in this queue and have no open offer, in the order in which they are served."""
        return self.engine.lines.in_queue(queue)
