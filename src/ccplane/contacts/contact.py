"""One contact from arrival to end. Everything that decides in which phase a contact is lives here."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, assert_never

import msgspec
from msgspec.structs import replace

from ccplane.contacts import facts as f
from ccplane.contacts import recordings as r
from ccplane.contacts.verbs import Connect, EnterQueue, Gather, Result, TakeMessage, Verb
from ccplane.errors import IllegalMove
from ccplane.ids import (
    AgentId,
    ChannelId,
    ContactId,
    DeviceName,
    MessageId,
    NodeName,
    OfferId,
    ProgramName,
    QueueName,
    message_id,
)
from ccplane.laws import Transitions, move


class Phase(StrEnum):
    """Where a contact is. It ends only from IN_PROGRAM: an open offer, stay or talk is closed by its own fact first."""

    IN_PROGRAM = "in-program"
    WAITING = "waiting"
    CONNECTING = "connecting"
    TALKING = "talking"
    CALLING = "calling"
    IN_CALL = "in-call"
    ENDED = "ended"


PHASE: Final[Transitions[Phase]] = {
    Phase.IN_PROGRAM: {
        f.ContactQueued: Phase.WAITING,
        f.PartyCalled: Phase.CALLING,
        f.ContactEnded: Phase.ENDED,
    },
    Phase.WAITING: {f.ContactUnqueued: Phase.IN_PROGRAM, f.OfferAnswered: Phase.CONNECTING},
    Phase.CONNECTING: {f.TalkStarted: Phase.TALKING, f.ConnectFailed: Phase.WAITING},
    Phase.TALKING: {f.TalkEnded: Phase.IN_PROGRAM},
    Phase.CALLING: {f.CallConnected: Phase.IN_CALL, f.CallMissed: Phase.IN_PROGRAM},
    Phase.IN_CALL: {f.CallEnded: Phase.IN_PROGRAM},
    Phase.ENDED: {},
}


class OfferState(StrEnum):
    """Where an offer is."""

    MADE = "made"
    RINGING = "ringing"
    ANSWERED = "answered"
    CONNECTED = "connected"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


OFFER: Final[Transitions[OfferState]] = {
    OfferState.MADE: {
        f.OfferRinging: OfferState.RINGING,
        f.OfferAnswered: OfferState.ANSWERED,
        f.OfferMissed: OfferState.MISSED,
        f.OfferWithdrawn: OfferState.WITHDRAWN,
    },
    OfferState.RINGING: {
        f.OfferAnswered: OfferState.ANSWERED,
        f.OfferMissed: OfferState.MISSED,
        f.OfferWithdrawn: OfferState.WITHDRAWN,
    },
    OfferState.ANSWERED: {
        f.AgentEnteredRoom: OfferState.ANSWERED,
        f.TalkStarted: OfferState.CONNECTED,
        f.ConnectFailed: OfferState.MISSED,
    },
    OfferState.CONNECTED: {},
    OfferState.MISSED: {},
    OfferState.WITHDRAWN: {},
}


class TalkState(StrEnum):
    """Whether the agent is there."""

    UP = "up"
    LOST = "lost"
    RINGING_BACK = "ringing-back"
    ENDED = "ended"


TALK: Final[Transitions[TalkState]] = {
    TalkState.UP: {f.PhoneLost: TalkState.LOST, f.TalkEnded: TalkState.ENDED},
    TalkState.LOST: {
        f.PhoneLost: TalkState.LOST,
        f.RejoinRung: TalkState.RINGING_BACK,
        f.PhoneRejoined: TalkState.UP,
        f.TalkEnded: TalkState.ENDED,
    },
    TalkState.RINGING_BACK: {
        f.PhoneLost: TalkState.RINGING_BACK,
        f.RejoinMissed: TalkState.LOST,
        f.PhoneRejoined: TalkState.UP,
        f.TalkEnded: TalkState.ENDED,
    },
    TalkState.ENDED: {},
}


class CallState(StrEnum):
    """Where an agent's own call is."""

    CALLED = "called"
    RINGING = "ringing"
    ANSWERED = "answered"
    CONNECTED = "connected"
    MISSED = "missed"
    ENDED = "ended"


CALL: Final[Transitions[CallState]] = {
    CallState.CALLED: {
        f.PartyRinging: CallState.RINGING,
        f.PartyAnswered: CallState.ANSWERED,
        f.CallMissed: CallState.MISSED,
    },
    CallState.RINGING: {f.PartyAnswered: CallState.ANSWERED, f.CallMissed: CallState.MISSED},
    CallState.ANSWERED: {
        f.PartyEnteredRoom: CallState.ANSWERED,
        f.CallConnected: CallState.CONNECTED,
        f.CallMissed: CallState.MISSED,
    },
    CallState.CONNECTED: {f.CallEnded: CallState.ENDED},
    CallState.MISSED: {},
    CallState.ENDED: {},
}


class OwnCall(msgspec.Struct, frozen=True):
    """The other party of an agent's own call, and their leg."""

    id: OfferId
    leg: ChannelId
    number: str
    agent: AgentId | None
    state: CallState
    since: int
    """When it was called, began to ring, or they began to talk."""
    deadline: int | None
    device: DeviceName | None = None
    """The phone of ours that they are called at."""
    joined: bool = False
    """Their leg is in the room, and the one who called is not yet."""


class Offer(msgspec.Struct, frozen=True):
    """The attempt that is open for a contact, and the leg it rings."""

    id: OfferId
    agent: AgentId
    leg: ChannelId
    state: OfferState
    ring_started_at: int
    """The phone's 180; until that comes, when the offer was made."""
    deadline: int
    joined: bool = False
    """The leg is in the room, and the caller is not yet."""
    made_at: int = 0


class Waiting(msgspec.Struct, frozen=True):
    """A contact's stay in a queue. `queued_at` is its clock and its place; neither changes while it waits."""

    queue: QueueName
    segment: int
    queued_at: int
    place: int | None = None
    """Their place in the line, where it is older than this stay."""
    step: int = 0
    """Which of the queue's requirement steps holds now."""
    offers: int = 0

    @property
    def held_place(self) -> int:
        """The moment by which they stand in the line."""
        return self.queued_at if self.place is None else self.place


class Talk(msgspec.Struct, frozen=True):
    """Who the caller talks with."""

    agent: AgentId
    offer: OfferId
    leg: ChannelId
    segment: int
    queue: QueueName
    started_at: int
    place: int
    """Their place in the line, should they have to wait again."""
    state: TalkState = TalkState.UP
    lost_at: int | None = None
    leg_gone: bool = False
    """The agent's phone vanished, and the leg that it had has ended."""
    back_leg: ChannelId | None = None
    """The leg by which they are being called back."""
    calls_back: int = 0
    waited_ms: int = 0
    """From entering the queue until both could hear each other."""


class Choice(msgspec.Struct, frozen=True):
    """A step of the way through the menus: which menu, which key, and what its entry is called."""

    menu: str
    key: str
    name: str = ""


PATH_LONGEST: Final = 20
"""Choices that are remembered, the last ones."""


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
    sounds_failed: bool = False
    """They could not be played: the caller heard nothing, or not all of it."""
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
    segments: int = 0
    waiting: Waiting | None = None
    offer: Offer | None = None
    talk: Talk | None = None
    consent: bool | None = None
    """To being recorded; None if the caller was not told of it."""
    consent_before: bool | None = None
    """What it was when the running program began: so that run again it takes the same course."""
    tape: r.Recording | None = None
    """Of the talk that goes on."""
    unstopped: tuple[r.Recording, ...] = ()
    """Of talks that are over, while the switch has not said that it stopped."""
    call: OwnCall | None = None

    @property
    def in_talk(self) -> bool:
        """With an agent, or, of an agent's own call, with the other party."""
        return self.talk is not None or (self.call is not None and self.call.state is CallState.CONNECTED)

    @property
    def gathering(self) -> Gather | None:
        return self.verb if isinstance(self.verb, Gather) else None

    @property
    def recording(self) -> MessageId | None:
        """The message that is being recorded, or was and is not settled yet."""
        return message_id(self.id, self.step, self.attempt) if isinstance(self.verb, TakeMessage) else None


def opened(fact: f.ContactArrived) -> Contact:
    """The contact that an arrival begins."""
    return Contact(
        id=fact.contact,
        node=fact.node,
        channel=fact.channel,
        number_dialled=fact.number_dialled,
        caller=fact.caller,
        caller_name=fact.caller_name,
        language=fact.language,
        attribution=fact.attribution,
        site=fact.site,
        arrived_at=fact.at if fact.arrived_at is None else fact.arrived_at,
        device=fact.device,
        direction=fact.direction,
        agent=fact.agent,
        pick_up_by=fact.pick_up_by,
    )


def evolve(contact: Contact, fact: f.AnyContactFact) -> Contact:
    """The contact after `fact`; IllegalMove if it cannot happen now, and then nothing was changed."""
    phase = move("contact", PHASE, contact.phase, fact) if type(fact) in MOVES_CONTACT else contact.phase
    match fact:
        case f.ProgramStarted():
            return replace(
                contact,
                program=fact.program,
                first_step=contact.step + 1,
                results=(),
                verb=None,
                began_in=contact.language,
                consent_before=contact.consent,
            )
        case f.ProgramFailed():
            failures = contact.failures + 1
            return replace(contact, failures=failures, verb=None, step_deadline=None, **_NO_KEYS)
        case f.StepStarted():
            return _begun(contact, fact)
        case f.StepEnded():
            return replace(contact, verb=None, step_deadline=None, keys="", results=(*contact.results, fact.result))
        case f.SoundsEnded():
            return replace(
                contact, sounds_over=True, sounds_failed=not fact.ok, step_deadline=_patience(contact, fact.at)
            )
        case f.KeyTaken():
            return _took(contact, fact)
        case f.KeyKept():
            return replace(contact, ahead=contact.ahead + fact.key)
        case f.KeysDropped():
            return replace(contact, ahead_full=True)
        case f.LanguageSet():
            return replace(contact, language=fact.language)
        case f.MenuChosen():
            way = (*contact.path, Choice(fact.menu, fact.key, fact.name))
            return replace(contact, path=way[-PATH_LONGEST:])
        case f.DataSet():
            return replace(contact, data={**contact.data, fact.name: fact.value})
        case f.CallerAnswered():
            return replace(contact, answered=True, pick_up_by=None)
        case f.CallerEnteredRoom():
            return replace(contact, in_room=True)
        case f.CallerLeftRoom():
            return replace(contact, in_room=False, leaving_room=False)
        case f.MessageLeft():
            return replace(contact, step_deadline=fact.settle_by) if contact.recording == fact.message else contact
        case f.ContactQueued():
            since = fact.at if fact.since is None else fact.since
            waiting = Waiting(
                queue=fact.queue, segment=fact.segment, queued_at=since, place=fact.place, offers=fact.offers
            )
            return replace(contact, phase=phase, waiting=waiting, segments=fact.segment)
        case f.ContactUnqueued():
            if contact.offer:  # it is closed by a fact of its own first, else its agent would be taken for ever
                raise IllegalMove("offer", contact.offer.state, fact)
            return replace(contact, phase=phase, waiting=None)
        case f.RequirementRelaxed():
            return replace(contact, waiting=replace(contact.waiting, step=fact.step)) if contact.waiting else contact
        case f.OfferMade():
            return _offered(contact, fact)
        case f.OfferRinging():
            return replace(contact, offer=replace(_offer_after(contact, fact), ring_started_at=fact.at))
        case f.OfferAnswered():
            return replace(contact, phase=phase, offer=replace(_offer_after(contact, fact), deadline=fact.deadline))
        case f.AgentEnteredRoom():
            return replace(contact, offer=replace(_offer_after(contact, fact), joined=True))
        case f.OfferMissed() | f.OfferWithdrawn() | f.ConnectFailed():
            _offer_after(contact, fact)
            return replace(contact, phase=phase, offer=None)
        case f.TalkStarted():
            offer, stay = _offer_after(contact, fact), contact.waiting
            talk = Talk(
                agent=fact.agent,
                offer=offer.id,
                leg=offer.leg,
                segment=fact.segment,
                queue=fact.queue,
                started_at=fact.at,
                place=stay.held_place if stay else fact.at,
                waited_ms=fact.waited_ms,
            )
            return replace(contact, phase=phase, waiting=None, offer=None, talk=talk, segments=fact.segment)
        case f.PhoneLost() | f.RejoinRung() | f.RejoinMissed() | f.PhoneRejoined():
            return replace(contact, talk=_talk_after(contact, fact))
        case f.TalkEnded():
            _talk_after(contact, fact)
            return replace(contact, phase=phase, talk=None)
        case f.PartyCalled():
            call = OwnCall(
                id=fact.call,
                leg=fact.leg,
                number=fact.number,
                agent=fact.agent,
                state=CallState.CALLED,
                since=fact.at,
                deadline=fact.deadline,
                device=fact.device,
            )
            return replace(contact, phase=phase, call=call)
        case f.PartyRinging():
            return replace(contact, call=replace(_call_after(contact, fact), since=fact.at))
        case f.PartyAnswered():
            return replace(contact, call=replace(_call_after(contact, fact), deadline=fact.deadline))
        case f.PartyEnteredRoom():
            return replace(contact, call=replace(_call_after(contact, fact), joined=True))
        case f.CallConnected():
            call = replace(_call_after(contact, fact), since=fact.at, deadline=None)
            return replace(contact, phase=phase, call=call, segments=fact.segment)
        case f.CallMissed() | f.CallEnded():
            _call_after(contact, fact)
            return replace(contact, phase=phase, call=None)
        case f.ContactEnded():
            return replace(contact, phase=phase, verb=None, step_deadline=None)
        case f.ContactArrived() | f.ProgramEnded() | f.ContactRelinked() | f.MessageStarted():
            return contact
        case _:
            assert_never(fact)


def recorded(contact: Contact, fact: r.AnyRecordingFact) -> Contact:
    """The contact after a fact about its recordings; IllegalMove if it cannot happen now."""
    match fact:
        case r.RecordingAnnounced():
            return replace(contact, consent=not fact.refused)
        case r.RecordingAsked():
            if contact.tape is not None or not contact.in_talk or contact.segments != fact.segment:
                raise IllegalMove("recording", contact.tape and contact.tape.id, fact)
            return replace(contact, tape=r.asked(fact))
        case r.RecordingEnded():
            ended = r.evolve(contact.tape, fact)
            still = (*contact.unstopped, ended) if fact.stop_by is not None else contact.unstopped
            return replace(contact, tape=None, unstopped=still)
        case r.RecordingStopRetried() | r.RecordingStopped():
            found = next((each for each in contact.unstopped if each.id == fact.recording), None)
            after = r.evolve(found, fact)
            over = after.state is r.RecordingState.STOPPED
            left = (
                (each if each is not found else after) for each in contact.unstopped if not over or each is not found
            )
            return replace(contact, unstopped=tuple(left))
        case _:
            return replace(contact, tape=r.evolve(contact.tape, fact))


MOVES_CONTACT: Final = frozenset(fact for row in PHASE.values() for fact in row)


def _talk_after(contact: Contact, fact: f.AnyTalkFact) -> Talk:
    """The talk moved by `fact`, which must be about it."""
    talk = contact.talk
    if talk is None or (talk.offer, talk.agent) != (fact.offer, fact.agent):
        raise IllegalMove("talk", talk and talk.offer, fact)
    state = move("talk", TALK, talk.state, fact)
    match fact:
        case f.PhoneLost():
            lost_at = fact.at if talk.lost_at is None else talk.lost_at
            return replace(talk, state=state, lost_at=lost_at, leg_gone=talk.leg_gone or fact.leg_gone)
        case f.RejoinRung():
            return replace(talk, state=state, back_leg=fact.leg, calls_back=talk.calls_back + 1)
        case f.RejoinMissed():
            return replace(talk, state=state, back_leg=None)
        case f.PhoneRejoined():
            return replace(talk, state=state, leg=fact.leg, lost_at=None, leg_gone=False, back_leg=None)
        case f.TalkEnded():
            return talk
        case _:
            assert_never(fact)


def _call_after(contact: Contact, fact: f.CallFact) -> OwnCall:
    """The own call moved by `fact`, which must be about it."""
    call = contact.call
    if call is None or call.id != fact.call:
        raise IllegalMove("call", call and call.id, fact)
    return replace(call, state=move("call", CALL, call.state, fact))


_NO_KEYS: Final[dict[str, Any]] = {"keys": "", "ahead": "", "ahead_full": False}


def _begun(contact: Contact, fact: f.StepStarted) -> Contact:
    """A verb begun again keeps what it had gathered. Keys for a menu are not for whoever waits or talks next."""
    begun = replace(
        contact,
        step=fact.step,
        attempt=fact.attempt,
        verb=fact.verb,
        step_deadline=fact.deadline,
        sounds_over=False,
        sounds_failed=False,
        leaving_room=contact.leaving_room or (contact.in_room and isinstance(fact.verb, TakeMessage)),
    )
    forgets = isinstance(fact.verb, EnterQueue | Connect) or (isinstance(fact.verb, Gather) and fact.verb.fresh)
    return replace(begun, **_NO_KEYS) if forgets and fact.attempt == 1 else begun


def _took(contact: Contact, fact: f.KeyTaken) -> Contact:
    if contact.gathering is None or contact.step != fact.step or not (contact.ahead or not fact.kept):
        raise IllegalMove("keys", contact.verb and type(contact.verb).__name__, fact)
    took = replace(contact, keys=contact.keys + fact.key, sounds_over=True)
    took = replace(took, step_deadline=_patience(took, fact.at))
    return replace(took, ahead=took.ahead[1:], ahead_full=False) if fact.kept else took


def _patience(contact: Contact, now: int) -> int | None:
    """Until when the next key is waited for."""
    gather = contact.gathering
    if gather is None:
        return contact.step_deadline
    return now + (gather.between_ms if contact.keys else gather.timeout_ms)


def _offered(contact: Contact, fact: f.OfferMade) -> Contact:
    if contact.phase is not Phase.WAITING or contact.offer or not contact.waiting:
        raise IllegalMove("offer", contact.phase, fact)
    offer = Offer(
        id=fact.offer,
        agent=fact.agent,
        leg=fact.leg,
        state=OfferState.MADE,
        ring_started_at=fact.at,
        deadline=fact.deadline,
        made_at=fact.at,
    )
    return replace(contact, offer=offer, waiting=replace(contact.waiting, offers=fact.attempt))


def _offer_after(contact: Contact, fact: f.AnyOfferFact) -> Offer:
    """The open offer moved by `fact`, which must be about it."""
    offer = contact.offer
    if offer is None or (offer.id, offer.agent) != (fact.offer, fact.agent):
        raise IllegalMove("offer", offer and offer.id, fact)
    return replace(offer, state=move("offer", OFFER, offer.state, fact))
