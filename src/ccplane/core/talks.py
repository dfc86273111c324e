"""Talks: their end, and the end of agents' legs. Whatever ends a talk ends it here."""

from __future__ import annotations

from typing import Final

from ccplane.agents import facts as a
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import EndedBy, MissCause
from ccplane.contacts.offer import Offer, OfferState
from ccplane.contacts.own_call import CallState
from ccplane.core.commands import HangUpLeg, StopMusic, StopSounds
from ccplane.core.recordings import end_recording
from ccplane.core.turn import Turn
from ccplane.core.wrap_up import who_leaves_is_done, wrap_up_after, wrap_up_over
from ccplane.ids import AgentId, ChannelId, ContactId, DeviceName, OfferId, contact_of_offer, hold_id

CLEAR_MS: Final = 3_000
"""A leg that the switch has not let go of for so long after we dropped it is looked for there."""
LATE_MS: Final = 10_000
"""So late a command may be carried out that was on its way when its connection was lost or held up."""
SETTLING_MS: Final = 3_000
"""What began less than this before a survey may still be under way at the switch."""

LEFT: Final = (EndedBy.CALLER, EndedBy.NO_MEDIA, EndedBy.SWITCH)
"""Ends of talks with which the caller's channel is gone."""

NO_ANSWER_SIP: Final = frozenset({408, 480, 487})
REJECTED_SIP: Final = frozenset({603, 600, 606})
BUSY_SIP: Final = frozenset({486})
NO_ANSWER_CAUSES: Final = frozenset({18, 19, 26})


def miss_cause(sip: int, cause: int) -> MissCause:
    """Why a leg ended before it was answered: by the phone's own code first, by Q.850 where it gave none."""
    if sip in BUSY_SIP or (not sip and cause == 17):
        return MissCause.BUSY
    if sip in REJECTED_SIP or (not sip and cause == 21):
        return MissCause.REJECTED
    if sip in NO_ANSWER_SIP or (not sip and cause in NO_ANSWER_CAUSES):
        return MissCause.NO_ANSWER
    return MissCause.UNREACHABLE


def drop_leg(
    turn: Turn, contact: ContactId, agent: AgentId, leg: ChannelId, reason: str, *, unseen: bool | None = None
) -> None:
    """Hang an agent's leg up. To be said before what frees the agent: their phone is in this call until it is gone, and
    a ring that overtakes the BYE would find it busy. `unseen`: nothing has told of it yet, so it may be yet to come."""
    unseen = _nothing_told_of(turn, contact, leg) if unseen is None else unseen
    deadline = turn.now + (LATE_MS if unseen else CLEAR_MS)
    turn.happened(a.LegDropped(at=turn.now, agent=agent, leg=leg, deadline=deadline, unseen=unseen))
    turn.do(HangUpLeg(contact, leg, reason))


def _nothing_told_of(turn: Turn, of: ContactId, leg: ChannelId) -> bool:
    """Of an offer or an own call that is still open."""
    contact = turn.state.contacts.get(of)
    offer, call = (contact.offer_by(leg), contact.call) if contact else (None, None)
    if offer is not None:
        return offer.state is OfferState.MADE
    return call is not None and call.leg == leg and call.state is CallState.CALLED


def hang_up_stray(turn: Turn, offer: OfferId, leg: ChannelId, agent: AgentId | None, reason: str) -> None:
    """A leg of nothing we know. Whose it is the switch tells once it is up; one that rings may be anyone's."""
    agent = agent or turn.state.clearing.get(leg)
    if agent is not None and agent in turn.state.agents:
        drop_leg(turn, contact_of_offer(offer), agent, leg, reason)
    else:
        turn.do(HangUpLeg(contact_of_offer(offer), leg, reason))


def ring_stray(turn: Turn, offer: OfferId, leg: ChannelId, device: DeviceName | None) -> None:
    """A leg rings that nothing we know of names: a command that was carried out late. One that was seen before it was
    dropped is on its way out already."""
    whose = turn.state.clearing.get(leg)
    if whose is None or leg in turn.state.agents[whose].unseen:
        sits_there = turn.state.sitting.get(device) if device else None
        hang_up_stray(turn, offer, leg, whose or sits_there, "answered_elsewhere")


def no_hold(turn: Turn, contact: Contact) -> None:
    """Whoever was asked to hold has somebody again, or need not wait any more."""
    turn.do(StopSounds(contact.id, hold_id(contact.id)))
    turn.do(StopMusic(contact.id, contact.channel))


def talk_begun(turn: Turn, contact: Contact, offer: Offer) -> None:
    """Caller and agent are together, and the wait is over."""
    waiting = contact.waiting
    assert waiting is not None
    waited_ms, started_at = turn.over(waiting.here_since)
    turn.happened(
        c.TalkStarted(
            at=turn.now,
            contact=contact.id,
            offer=offer.id,
            agent=offer.agent,
            segment=contact.segments + 1,
            queue=waiting.queue,
            queue_segment=waiting.segment,
            waited_ms=waited_ms,
            started_at=started_at,
            contact_waited_ms=waiting.by_clock(waited_ms),
        )
    )


def talk_over(turn: Turn, contact: Contact, by: EndedBy, *, unseen: bool = False) -> None:
    """The talk ended, `unseen` if only later somebody found that it had; the agent's wrap-up begins, and ends at once
    where neither they nor the queue have one."""
    talk = contact.talk
    assert talk is not None
    after = wrap_up_after(turn.state, talk.agent, talk.queue)
    end_recording(turn, contact, caller_stays=by not in LEFT, unseen=unseen)
    if talk.silent and by not in (*LEFT, EndedBy.PHONE_LOST):
        no_hold(turn, contact)
    talk_ms, ended_at = turn.over(talk.started_at)
    turn.happened(
        c.TalkEnded(
            at=turn.now,
            contact=contact.id,
            offer=talk.offer,
            agent=talk.agent,
            segment=talk.segment,
            by=by,
            talk_ms=talk_ms,
            ended_at=ended_at,
            wrap_up_until=after.ends_at(turn.now),
            wrap_up_extend_ms=after.extend_ms,
            wrap_up_most_until=after.most_at(turn.now),
            rest_until=turn.now + turn.state.rules.rest_ms if by is EndedBy.PHONE_LOST else None,
        )
    )
    if after.is_none:
        wrap_up_over(turn, turn.state.agents[talk.agent])
    elif not turn.state.agents[talk.agent].signed_in:
        who_leaves_is_done(turn, talk.agent, "")
