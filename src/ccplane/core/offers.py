"""An offer from ring to talk to its end. Everything that can go wrong between a caller and an agent lives here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.agents import facts as a
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import ConnectFailure, EndedBy, MissCause, Withdrawal
from ccplane.contacts.offer import Offer, OfferState
from ccplane.contacts.verbs import Served
from ccplane.core import inputs as i
from ccplane.core import parties, rejoin
from ccplane.core.call_first import CLAIM_MS
from ccplane.core.commands import (
    AddCaller,
    CallParty,
    HangUpLeg,
    JoinAgent,
    JoinLine,
    RingAgent,
    RingBack,
    StartMusic,
    StopMusic,
    StopSounds,
    Whisper,
)
from ccplane.core.misses import miss, pause_after_misses, rung
from ccplane.core.recordings import start_recording
from ccplane.core.state import State
from ccplane.core.steps import end_step
from ccplane.core.talks import CLEAR_MS, drop_leg, hang_up_stray, miss_cause, ring_stray, talk_begun, talk_over
from ccplane.core.turn import Turn
from ccplane.core.whisper import WHISPER_MOST_MS, whisper_for
from ccplane.ids import ChannelId, OfferId, contact_of_offer, hold_id, leg_of_half, offer_of_leg, whisper_id


def find(turn: Turn, offer: OfferId) -> tuple[Contact, Offer] | None:
    """The contact and this offer, if it is still open."""
    contact = turn.state.contacts.get(contact_of_offer(offer))
    found = contact.offer_of(offer) if contact else None
    return (contact, found) if contact and found else None


def ringing(turn: Turn, what: i.LegRinging) -> None:
    """180: the clock of "within three rings" starts."""
    if own := parties.of_own_call(turn, what.offer, what.leg):
        return parties.ringing(turn, *own)
    found = find(turn, what.offer)
    if what.leg is not None and what.leg not in _legs_of(turn, what.offer):
        return ring_stray(turn, what.offer, what.leg, what.device)
    if found and found[1].state is OfferState.MADE:
        contact, offer = found
        _, rang_at = turn.over(offer.ring_started_at)
        turn.happened(
            c.OfferRinging(at=turn.now, contact=contact.id, offer=offer.id, agent=offer.agent, rang_at=rang_at)
        )
    return None


def _legs_of(turn: Turn, offer: OfferId) -> tuple[ChannelId | None, ...]:
    """Those that the contact of this offer names."""
    contact = turn.state.contacts.get(contact_of_offer(offer))
    if contact is None:
        return ()
    talk = (contact.talk.leg, contact.talk.back_leg) if contact.talk else ()
    return (*talk, *(each.leg for each in contact.offers), contact.call and contact.call.leg)


def answered(turn: Turn, what: i.LegUp) -> None:
    """The phone is up: music off and into the room, in one breath. Too late for this offer: no harm, hang it up."""
    if own := parties.of_own_call(turn, what.offer, what.leg):
        return parties.answered(turn, *own)
    found = find(turn, what.offer)
    if found is None or found[1].leg != what.leg:
        contact_talking = turn.state.contacts.get(contact_of_offer(what.offer))
        if contact_talking is None or not _of_its_talk(turn, contact_talking, what):
            hang_up_stray(turn, what.offer, what.leg, what.agent, "answered_elsewhere")
        return None
    contact, offer = found
    if offer.state is OfferState.ANSWERED:
        return turn.do(JoinAgent(contact.id, offer.id, what.leg)) if offer.at_door else None
    return picked_up(turn, contact, offer, JoinAgent(contact.id, offer.id, what.leg))


def picked_up(turn: Turn, contact: Contact, offer: Offer, join: JoinAgent | None, at_door: bool = False) -> None:
    """It is answered, and they are to be joined, once the agent was told what it is about; unless they are already, or
    wait to come in. Whoever else rings for
    this contact stops: at their phones that is no missed call."""
    whisper = whisper_for(turn.state, contact, offer) if join is not None else None
    ring_ms, _ = rung(turn, offer)
    turn.happened(
        c.OfferAnswered(
            at=turn.now,
            contact=contact.id,
            offer=offer.id,
            agent=offer.agent,
            deadline=turn.now + (WHISPER_MOST_MS if whisper else _join_ms(turn.state, contact)),
            ring_ms=ring_ms,
            at_door=at_door,
            whispers=whisper is not None,
        )
    )
    if whisper is not None:
        turn.do(whisper)
    else:
        _bring_together(turn, contact, join)
    for other in contact.offers:
        if other.id != offer.id:
            withdraw_one(turn, contact, other, Withdrawal.ANSWERED_ELSEWHERE)


def _bring_together(turn: Turn, contact: Contact, join: JoinAgent | None) -> None:
    """The caller's wait is over: no music, no sounds, and the agent comes into the room, unless they are there."""
    again = contact.waiting is not None and contact.waiting.place is not None and contact.waiting.segment > 1
    if again or contact.is_spoken_to:
        turn.do(StopSounds(contact.id, hold_id(contact.id)))
    turn.do(StopMusic(contact.id, contact.channel))
    if join is not None:
        turn.do(join)


def whisper_said(turn: Turn, what: i.WhisperSaid) -> None:
    """The agent knows what it is about."""
    found = find(turn, what.offer)
    if found is not None and found[1].whispers:
        whisper_over(turn, *found)


def whisper_over(turn: Turn, contact: Contact, offer: Offer) -> None:
    """Heard, or not to be waited for any longer."""
    deadline = turn.now + _join_ms(turn.state, contact)
    turn.happened(c.WhisperEnded(at=turn.now, contact=contact.id, offer=offer.id, agent=offer.agent, deadline=deadline))
    _bring_together(turn, contact, JoinAgent(contact.id, offer.id, offer.leg))


def joined_within(state: State) -> int:
    """How long an agent may wait in the room for a customer who is called back: claim, ring and joining, in ms."""
    return CLAIM_MS + state.rules.callbacks.ring_ms + state.rules.join_ms


def _join_ms(state: State, contact: Contact) -> int:
    return joined_within(state) if contact.absent else state.rules.join_ms


def _of_its_talk(turn: Turn, contact: Contact, what: i.LegUp) -> bool:
    """Told once more of a talk, or of one who is called back into it."""
    talk = contact.talk
    return talk is not None and (talk.leg == what.leg or rejoin.answered(turn, contact, what))


def entered(turn: Turn, what: i.EnteredRoom, attempt: int = 1) -> None:
    """A channel is in the room. Once both are, the talk has begun. `attempt`: of its recording, which may go on."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None:
        return
    if what.channel == contact.channel:
        if contact.in_room:
            return
        turn.happened(c.CallerEnteredRoom(at=turn.now, contact=contact.id))
        if contact.call:
            parties.entered(turn, contact, contact.call, what.channel, attempt)
        if contact.offer and contact.offer.joined:
            _talk(turn, contact, contact.offer, attempt)
    elif contact.call:
        parties.entered(turn, contact, contact.call, what.channel, attempt)
    elif contact.talk:
        rejoin.entered(turn, contact, what.channel)
    elif (offer := contact.offer_by(what.channel)) and offer.state is OfferState.ANSWERED:
        if contact.in_room:
            _talk(turn, contact, offer, attempt)
        elif not offer.joined:
            turn.happened(c.AgentEnteredRoom(at=turn.now, contact=contact.id, offer=offer.id, agent=offer.agent))


def _talk(turn: Turn, contact: Contact, offer: Offer, attempt: int) -> None:
    talk_begun(turn, contact, offer)
    start_recording(turn, contact.id, attempt)


def leg_ended(turn: Turn, what: i.LegEnded) -> None:
    """The agent's leg has ended: a missed offer, a connection that failed, the end of a talk; or we dropped it."""
    dropped_of = turn.state.clearing.get(what.leg)
    if dropped_of is not None and what.gone:
        turn.happened(a.LegCleared(at=turn.now, agent=dropped_of, leg=what.leg, told=True))
    if own := parties.of_own_call(turn, what.offer, what.leg):
        return parties.leg_ended(turn, *own, what)
    contact = turn.state.contacts.get(contact_of_offer(what.offer))
    if contact is None or (contact.talk and rejoin.leg_ended(turn, contact, contact.talk, what)):
        return None
    offer = contact.offer_by(what.leg)
    live = offer or (contact.talk if contact.talk and contact.talk.leg == what.leg else None)
    if live is None:
        return None
    if not what.gone:
        turn.happened(a.LegDropped(at=turn.now, agent=live.agent, leg=what.leg, deadline=turn.now + CLEAR_MS))
    if contact.talk:
        if contact.talk.back_leg:
            drop_leg(turn, contact.id, live.agent, contact.talk.back_leg, "normal")
        talk_over(turn, contact, EndedBy.AGENT)
        end_step(turn, contact.id, Served(contact.talk.agent))
    elif offer:
        if offer.state is OfferState.ANSWERED:
            _not_joined(turn, contact, offer, ConnectFailure.AGENT_GONE)
        else:
            miss(turn, contact, offer, miss_cause(what.sip, what.cause), what.sip)
    return None


def withdraw(turn: Turn, contact: Contact, reason: Withdrawal) -> None:
    """Take back whatever is open."""
    for offer in contact.offers:
        withdraw_one(turn, contact, offer, reason)


def withdraw_one(turn: Turn, contact: Contact, offer: Offer, reason: Withdrawal) -> None:
    """Take an open offer back. "answered_elsewhere" leaves no missed call on the agent's phone."""
    ring_ms, rang = rung(turn, offer)
    drop_leg(turn, contact.id, offer.agent, offer.leg, "answered_elsewhere")
    turn.happened(
        c.OfferWithdrawn(
            at=turn.now,
            contact=contact.id,
            offer=offer.id,
            agent=offer.agent,
            reason=reason,
            ring_ms=ring_ms,
            rang=rang,
        )
    )


def fail_connect(turn: Turn, contact: Contact, cause: ConnectFailure) -> None:
    """Answered, but never joined: hang the leg up, give the caller the music back, place and clock are kept."""
    offer = contact.offer
    assert offer is not None
    drop_leg(turn, contact.id, offer.agent, offer.leg, "normal")
    _not_joined(turn, contact, offer, cause)


def _not_joined(turn: Turn, contact: Contact, offer: Offer, cause: ConnectFailure) -> None:
    rests = cause is not ConnectFailure.CALLER_GONE
    turn.happened(
        c.ConnectFailed(
            at=turn.now,
            contact=contact.id,
            offer=offer.id,
            agent=offer.agent,
            cause=cause,
            rest_until=turn.now + turn.state.rules.rest_ms if rests else None,
        )
    )
    if rests:
        pause_after_misses(turn, offer.agent, cause)
        wait_again(turn, contact)


def wait_again(turn: Turn, contact: Contact) -> None:
    """The caller waits on: into the room if never seen there, and music."""
    if not contact.in_room:
        turn.do(AddCaller(contact.id, contact.channel))
    queue = turn.state.rules.queues.get(contact.waiting.queue) if contact.waiting else None
    turn.do(StartMusic(contact.id, contact.channel, queue.music if queue else "default"))


def offers_due(turn: Turn, contact: Contact) -> None:
    """Those whose time is over."""
    for offer in contact.offers:
        if offer.deadline <= turn.now:
            _overdue(turn, turn.state.contacts[contact.id], offer)


def _overdue(turn: Turn, contact: Contact, offer: Offer) -> None:
    """Rang too long, or the switch never showed both in the room."""
    if offer.whispers:
        turn.do(StopSounds(contact.id, whisper_id(offer.id)))
        whisper_over(turn, contact, offer)
    elif offer.state is OfferState.ANSWERED:
        fail_connect(turn, contact, ConnectFailure.NOT_JOINED)
    else:
        drop_leg(turn, contact.id, offer.agent, offer.leg, "normal")
        miss(turn, contact, offer, MissCause.NO_ANSWER)


def command_failed(turn: Turn, what: i.CommandFailed) -> None:
    """The switch refused: an agent's leg could not be called or joined. All else shows by its own event or deadline."""
    match what.command:
        case CallParty(call=call_id, leg=leg) if own := parties.of_own_call(turn, call_id, leg):
            parties.not_called(turn, *own)
        case JoinAgent(offer=call_id, leg=leg) if own := parties.of_own_call(turn, call_id, leg):
            parties.not_joined(turn, *own)
        case RingAgent(offer=offer_id):
            found = find(turn, offer_id)
            if found and found[1].state is not OfferState.ANSWERED:
                miss(turn, *found, MissCause.UNREACHABLE)
        case RingBack(contact=contact_id, leg=leg) if contact := turn.state.contacts.get(contact_id):
            rejoin.not_called(turn, contact, leg)
        case JoinAgent(contact=contact_id, leg=leg) if (
            contact := turn.state.contacts.get(contact_id)
        ) and contact.talk:
            rejoin.not_joined(turn, contact, leg)
        case JoinLine(half=half) if (far := leg_of_half(half)) and (given_up := offer_of_leg(far)):
            turn.do(HangUpLeg(contact_of_offer(given_up), far, "normal"))  # its end tells what comes of it
        case Whisper(offer=offer_id):
            whisper_said(turn, i.WhisperSaid(offer_id))
        case JoinAgent(offer=offer_id):
            found = find(turn, offer_id)
            if found and found[1].state is OfferState.ANSWERED:
                fail_connect(turn, found[0], ConnectFailure.AGENT_GONE)
        case _:
            pass


OFFER_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.LegRinging: ringing,
    i.LegUp: answered,
    i.WhisperSaid: whisper_said,
    i.EnteredRoom: entered,
    i.LegEnded: leg_ended,
    i.CommandFailed: command_failed,
}
