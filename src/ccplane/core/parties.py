"""The other party of an agent's own call, from the ring to the end: what their phone does, and what time does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import CallMiss, EndedBy
from ccplane.contacts.own_call import CallState, OwnCall
from ccplane.contacts.verbs import Connect, NotReached, Talked
from ccplane.core import inputs as i
from ccplane.core.commands import AnswerCaller, HangUpLeg, JoinAgent, LetRing
from ccplane.core.own_calls import asked, release_party, stop_waiting
from ccplane.core.recordings import end_recording, start_recording
from ccplane.core.steps import end_step
from ccplane.core.talks import drop_leg, miss_cause
from ccplane.core.turn import Turn
from ccplane.ids import ChannelId, OfferId, contact_of_offer


def of_own_call(turn: Turn, call: OfferId, leg: ChannelId | None = None) -> tuple[Contact, OwnCall] | None:
    """The contact whose own call this is, if it is open."""
    contact = turn.state.contacts.get(contact_of_offer(call))
    if contact is None or contact.call is None or contact.call.id != call or leg not in (None, contact.call.leg):
        return None
    return contact, contact.call


def ringing(turn: Turn, contact: Contact, call: OwnCall) -> None:
    """It rings at the other end, and so for the one who called."""
    if call.state is CallState.CALLED:
        if not (isinstance(contact.verb, Connect) and contact.verb.outside):  # they hear something already
            turn.do(LetRing(contact.id, contact.channel))
        _, rang_at = turn.over(call.since)
        turn.happened(c.PartyRinging(at=turn.now, contact=contact.id, call=call.id, rang_at=rang_at))


def answered(turn: Turn, contact: Contact, call: OwnCall) -> None:
    """Picked up: the one who called hears no more ringing, and both come into the room."""
    if call.state not in (CallState.CALLED, CallState.RINGING):
        return
    ring_ms, _ = turn.over(call.since)
    turn.happened(
        c.PartyAnswered(
            at=turn.now,
            contact=contact.id,
            call=call.id,
            deadline=turn.now + turn.state.rules.join_ms,
            ring_ms=ring_ms,
        )
    )
    stop_waiting(turn, contact)
    if not contact.answered:
        turn.do(AnswerCaller(contact.id, contact.channel))
    turn.do(JoinAgent(contact.id, call.id, call.leg))


def entered(turn: Turn, contact: Contact, call: OwnCall, channel: ChannelId, attempt: int = 1) -> None:
    """Either came into the room; once both are there, they talk."""
    if call.state is not CallState.ANSWERED:
        return
    if channel == contact.channel or (channel == call.leg and contact.in_room):
        if channel == call.leg or call.joined:
            _, started_at = turn.over(call.since)
            turn.happened(
                c.CallConnected(
                    at=turn.now,
                    contact=contact.id,
                    call=call.id,
                    segment=contact.segments + 1,
                    agent=contact.agent,
                    started_at=started_at,
                )
            )
            start_recording(turn, contact.id, attempt)
    elif channel == call.leg and not call.joined:
        turn.happened(c.PartyEnteredRoom(at=turn.now, contact=contact.id, call=call.id))


def leg_ended(turn: Turn, contact: Contact, call: OwnCall, what: i.LegEnded) -> None:
    """They hung up, or did not take it: the program of the one who called goes on."""
    if call.state is CallState.CONNECTED:
        talk_ms = over(turn, contact, call, EndedBy.NO_MEDIA if what.no_media else EndedBy.PARTY)
        end_step(turn, contact.id, Talked(talk_ms))
    else:
        missed(turn, contact, call, CallMiss(miss_cause(what.sip, what.cause).value), what.sip)


def missed(turn: Turn, contact: Contact, call: OwnCall, cause: CallMiss, sip: int = 0) -> None:
    stop_waiting(turn, contact)
    _missed(turn, contact, call, cause, sip)
    end_step(turn, contact.id, NotReached(cause.value))


def not_called(turn: Turn, contact: Contact, call: OwnCall) -> None:
    """The switch made no leg."""
    missed(turn, contact, call, CallMiss.UNREACHABLE)


def never_called(turn: Turn, contact: Contact, call: OwnCall) -> None:
    """The switch has no leg, long after it was asked for one; it may yet make it."""
    if call.state is CallState.CALLED:
        _hang_up(turn, contact, call)
        missed(turn, contact, call, CallMiss.UNREACHABLE)


def not_joined(turn: Turn, contact: Contact, call: OwnCall) -> None:
    """The leg or the room was not found. Which of the two, the switch does not say: the leg may still be there."""
    _hang_up(turn, contact, call)
    missed(turn, contact, call, CallMiss.UNREACHABLE)


def overdue(turn: Turn, contact: Contact, call: OwnCall) -> None:
    """Rang for too long, or was never seen in the room."""
    _hang_up(turn, contact, call)
    missed(turn, contact, call, CallMiss.NO_ANSWER)


def caller_gone(
    turn: Turn, contact: Contact, call: OwnCall, by: EndedBy = EndedBy.CALLER, *, unseen: bool = False
) -> None:
    """The one who called has hung up, or what `by` says; `unseen` if only later somebody found that they had."""
    _hang_up(turn, contact, call)
    if call.state is CallState.CONNECTED:
        over(turn, contact, call, by, unseen=unseen)
    else:
        _missed(turn, contact, call, CallMiss.WITHDRAWN, 0)


def end_call(turn: Turn, contact: Contact, call: OwnCall, by: EndedBy) -> None:
    """End a talk of theirs that is under way."""
    _hang_up(turn, contact, call)
    over(turn, contact, call, by)


def over(turn: Turn, contact: Contact, call: OwnCall, by: EndedBy, *, unseen: bool = False) -> int:
    """They no longer talk; how long they did."""
    talk_ms, ended_at = turn.over(call.since)
    end_recording(turn, contact, caller_stays=by not in (EndedBy.CALLER, EndedBy.SWITCH), unseen=unseen)
    turn.happened(
        c.CallEnded(
            at=turn.now,
            contact=contact.id,
            call=call.id,
            segment=contact.segments,
            agent=contact.agent,
            by=by,
            talk_ms=talk_ms,
            ended_at=ended_at,
        )
    )
    release_party(turn, contact, call)
    return talk_ms


def _missed(turn: Turn, contact: Contact, call: OwnCall, cause: CallMiss, sip: int) -> None:
    ring_ms, _ = turn.over(call.since)
    turn.happened(c.CallMissed(at=turn.now, contact=contact.id, call=call.id, cause=cause, sip=sip, ring_ms=ring_ms))
    release_party(turn, contact, call)


def _hang_up(turn: Turn, contact: Contact, call: OwnCall) -> None:
    reason = "normal" if call.state is CallState.CONNECTED else "answered_elsewhere"
    if call.agent is not None and call.agent in turn.state.agents:
        drop_leg(turn, contact.id, call.agent, call.leg, reason)
    else:
        turn.do(HangUpLeg(contact.id, call.leg, reason))


PARTY_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.CallAsked: asked}
