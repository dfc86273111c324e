"""One contact from arrival to end: what is known of it, and the one table of the phases it goes through."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from ccplane.contacts import facts as f
from ccplane.contacts import recordings as r
from ccplane.contacts.announce import Told
from ccplane.contacts.conferring import Conferring
from ccplane.contacts.customer import Customer
from ccplane.contacts.emergency import Emergency
from ccplane.contacts.fax import FaxVerb
from ccplane.contacts.offer import Offer, OfferState
from ccplane.contacts.own_call import CallState, OwnCall
from ccplane.contacts.surveys import LastTalk, Surveyed
from ccplane.contacts.talk import Talk
from ccplane.contacts.verbs import Gather, Note, Result, TakeMessage, Verb
from ccplane.contacts.waiting import Waiting
from ccplane.ids import (
    AgentId,
    CallbackId,
    ChannelId,
    ContactId,
    DeviceName,
    FaxId,
    MessageId,
    NodeName,
    OfferId,
    ProgramName,
    fax_id,
    message_id,
)
from ccplane.laws import Transitions


class Phase(StrEnum):
    """Where a contact is. It ends only from IN_PROGRAM: an open offer, stay or talk is closed by its own fact first."""

    IN_PROGRAM = "in-program"
    WAITING = "waiting"
    CONNECTING = "connecting"
    TALKING = "talking"
    CALLING = "calling"
    IN_CALL = "in-call"
    CONFERRING = "conferring"
    ENDED = "ended"


PHASE: Final[Transitions[Phase]] = {
    Phase.IN_PROGRAM: {
        f.ContactQueued: Phase.WAITING,
        f.PartyCalled: Phase.CALLING,
        f.ConferenceAsked: Phase.CONFERRING,
        f.ContactEnded: Phase.ENDED,
    },
    Phase.WAITING: {f.ContactUnqueued: Phase.IN_PROGRAM, f.OfferAnswered: Phase.CONNECTING},
    Phase.CONNECTING: {f.TalkStarted: Phase.TALKING, f.ConnectFailed: Phase.WAITING},
    Phase.TALKING: {f.TalkEnded: Phase.IN_PROGRAM},
    Phase.CALLING: {f.CallConnected: Phase.IN_CALL, f.CallMissed: Phase.IN_PROGRAM},
    Phase.IN_CALL: {f.CallEnded: Phase.IN_PROGRAM},
    Phase.CONFERRING: {
        f.ConferenceAsked: Phase.CONFERRING,
        f.ConferenceEntered: Phase.CONFERRING,
        f.ConferenceLeft: Phase.IN_PROGRAM,
    },
    Phase.ENDED: {},
}

MOVES_CONTACT: Final = frozenset(fact for row in PHASE.values() for fact in row)


class Choice(msgspec.Struct, frozen=True):
    """A step of the way through the menus: which menu, which key, and what its entry is called."""

    menu: str
    key: str
    name: str = ""


class Past(msgspec.Struct, frozen=True, array_like=True):
    """A step that is over: what it gave, and the verb if it noted something about the contact."""

    step: int
    result: Result
    verb: Note | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A live contact. Built from facts by `opened` and `evolve` alone."""

    id: ContactId
    node: NodeName
    channel: ChannelId
    number_dialled: str
    caller: str
    caller_name: str
    language: str
    attribution: str
    site: str
    arrived_at: int
    known_since: int = 0
    """When we heard of it, and asked for its room."""
    late_ms: int = 0
    """How long before the fact of its arrival they were there, and nobody served them."""
    device: DeviceName | None = None
    """The phone of ours that it came from."""
    direction: f.Direction = f.Direction.INBOUND
    agent: AgentId | None = None
    """Whose own call it is."""
    pick_up_by: int | None = None
    """Until when the agent who asked for this call has to pick up."""
    phase: Phase = Phase.IN_PROGRAM
    answered: bool = False
    in_room: bool = False
    leaving_room: bool = False
    """The switch was asked to take them out of it, since in a room nobody's message is recorded."""
    program: ProgramName = ProgramName("")
    failures: int = 0
    """Programs that failed on this contact: the first sends it to the site's default, the second ends it."""
    step: int = 0
    attempt: int = 0
    verb: Verb | None = None
    """The open verb; None between two verbs."""
    step_deadline: int | None = None
    """When the open verb is given up; a gathering verb's clock is set anew when its sounds end."""
    sounds_over: bool = False
    """The open verb's sounds have ended: told again, that moves no clock."""
    unplayed: int = 0
    """In how many languages the open verb's sounds could not be played."""
    delayed: bool = False
    """The open look-up takes its time: the caller hears something."""
    sounds_failed: bool = False
    """They could not be played: the caller heard nothing, or not all of it."""
    fax_started: bool = False
    """Of the open verb: our fax machine is in the room with them."""
    fax_doubted: bool = False
    """And it was asked whether a page is coming."""
    keys: str = ""
    """What the open verb has gathered so far."""
    ahead: str = ""
    """Keys pressed ahead, which the next gathering verb takes."""
    ahead_full: bool = False
    """More were pressed than are kept, and that was said."""
    began_in: str = ""
    """The language when the running program began: run again, it must see what it saw then."""
    path: tuple[Choice, ...] = ()
    """The way through the menus."""
    data: dict[str, str] = {}
    """What programs noted about the contact."""
    results: tuple[Result, ...] = ()
    """The journal: what the verbs of the running program gave, in order."""
    first_step: int = 1
    """The step at which the running program began; `results` counts from it."""
    past: tuple[Past, ...] = ()
    """The last steps that are over, for the journal at the switch; those whose result is secret are left out."""
    self_served: bool = False
    """A program has said that they are."""
    segments: int = 0
    waiting: Waiting | None = None
    offers: tuple[Offer, ...] = ()
    """Those that are open, as they were made: several where a queue rings several agents at once, each another's."""
    talk: Talk | None = None
    last_talk: LastTalk | None = None
    surveyed: Surveyed | None = None
    """What they were asked about it."""
    consent: bool | None = None
    """To being recorded; None if the caller was not told of it."""
    consent_before: bool | None = None
    """What it was when the running program began: so that run again it takes the same course."""
    tape: r.Recording | None = None
    """Of the talk that goes on."""
    unstopped: tuple[r.Recording, ...] = ()
    """Of talks that are over, while the switch has not said that it stopped."""
    call: OwnCall | None = None
    conference: Conferring | None = None
    callback: CallbackId | None = None
    """The callback that this is."""
    customer_first: bool = False
    """Of a callback: the customer is called before an agent is."""
    called_for: AgentId | None = None
    """The agent for whom they are being called: nobody else's phone rings meanwhile."""
    told: Told = Told()
    """What they heard of their place and their wait, in whichever queue."""
    customer: Customer | None = None
    """Who calls, as far as the centre knew them then."""
    emergency: Emergency | None = None
    """What they hear before the program that runs; None once a program before it has let them hear it."""
    heard: tuple[str, ...] = ()
    """The emergencies that they were told of, by their ids."""
    waited_since: int | None = None
    """The clock of their last stay in a queue, if that is over: who is called back later keeps it."""

    @property
    def was_told(self) -> bool:
        """Of the emergency that they were to hear before their program."""
        return self.emergency is not None and self.emergency.id in self.heard

    @property
    def absent(self) -> bool:
        """Nobody is on the line: they stand in it for a customer who has not answered yet."""
        return self.callback is not None and not self.answered

    @property
    def calls_first(self) -> bool:
        """They are to be called before an agent is, or are being called."""
        return self.absent and self.customer_first

    @property
    def being_called(self) -> AgentId | None:
        """The agent for whom the customer is being called, who has not answered yet."""
        return self.called_for if self.absent else None

    @property
    def is_spoken_to(self) -> bool:
        """Whether something may be being said into their room while they wait."""
        return self.told.at > 0 or self.told.times > 0 or (self.customer_first and self.answered)

    @property
    def offer(self) -> Offer | None:
        """The open offer that was answered; while none is, the one that was made first."""
        answered = (each for each in self.offers if each.state is OfferState.ANSWERED)
        return next(answered, self.offers[0] if self.offers else None)

    def offer_of(self, offer: OfferId) -> Offer | None:
        """The open offer with this id."""
        return next((each for each in self.offers if each.id == offer), None)

    def offer_to(self, agent: AgentId) -> Offer | None:
        """The open offer to this agent."""
        return next((each for each in self.offers if each.agent == agent), None)

    def offer_by(self, leg: ChannelId | None) -> Offer | None:
        """The open offer that rings by this leg."""
        return next((each for each in self.offers if each.leg == leg), None)

    @property
    def in_talk(self) -> bool:
        """With an agent, with others in a conference, or, of an agent's own call, with the other party."""
        if self.conference is not None:
            return self.conference.inside
        return self.talk is not None or (self.call is not None and self.call.state is CallState.CONNECTED)

    @property
    def gathering(self) -> Gather | None:
        return self.verb if isinstance(self.verb, Gather) else None

    @property
    def recording(self) -> MessageId | None:
        """The message that is being recorded, or was and is not settled yet."""
        return message_id(self.id, self.step, self.attempt) if isinstance(self.verb, TakeMessage) else None

    @property
    def fax(self) -> FaxId | None:
        """The fax that is being transmitted, or was and is not settled yet."""
        return fax_id(self.id, self.step, self.attempt) if isinstance(self.verb, FaxVerb) else None
