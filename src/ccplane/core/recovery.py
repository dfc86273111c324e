"""The reconciler's thinking (law 9): what exists at the switch against what we believe. Each repair is a fact.

Runs on every survey: the first of a connection, when events may have been lost, and every 15 s after. What changed
after the survey began is left for the next one. Nothing here may end a call that is up (law 10).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import ConnectFailure, EndedBy, Withdrawal
from ccplane.contacts.offer import OfferState
from ccplane.contacts.own_call import CallState
from ccplane.contacts.talk import Talk, TalkState
from ccplane.contacts.verbs import HangUp, Served, TakeMessage
from ccplane.core import clearing, parties, rejoin, standing
from ccplane.core import inputs as i
from ccplane.core.callers import NORMAL, arrive, end_contact, up
from ccplane.core.catching_up import catch_up
from ccplane.core.commands import (
    AddCaller,
    AnswerCaller,
    CloseRoom,
    HangUpCaller,
    JoinAgent,
    OpenRoom,
    StartMusic,
    StopMusic,
)
from ccplane.core.keeping import left_room
from ccplane.core.lamps import mirror
from ccplane.core.offers import answered, entered, fail_connect, leg_ended, picked_up, withdraw
from ccplane.core.recorder import look_again
from ccplane.core.seats import phone_seen
from ccplane.core.steps import SOUNDING, asked, end_step
from ccplane.core.takeover import (
    adopt,
    adopt_ring,
    caller_beside,
    came_at,
    in_talk,
    own_call_nobody_knows,
    take_up_program,
    take_up_waiting,
)
from ccplane.core.talks import hang_up_stray, talk_over
from ccplane.core.turn import Turn
from ccplane.facts import RepairMade, SwitchFound
from ccplane.ids import ChannelId, ContactId, OfferId, contact_id, is_line, offer_of_leg

SETTLING_MS: Final = 3_000
"""What began less than this before a survey may still be under way at the switch."""


def surveyed(turn: Turn, survey: i.SwitchSurveyed) -> None:
    """Compare, in the order of what matters most: callers, then talks and offers, then what is left over."""
    dropped = turn.state.clearing
    if survey.after_gap:
        _found(turn, survey)
    for device, phone in survey.phones.items():
        turn.attempt(device, phone_seen, turn, i.PhoneSeen(device, phone))
    known = dict(turn.state.contacts)
    for contact in known.values():
        if contact.node == survey.node and contact.arrived_at < survey.began_at:
            turn.attempt(contact.id, _compare, turn, survey, contact)
    _unknown_channels(turn, survey, known)
    _empty_rooms(turn, survey, known)
    standing.compare(turn, survey)
    if _restarted(turn):
        clearing.begun_anew(turn)
    else:
        clearing.compare(turn, survey, dropped)
    if survey.after_gap:
        _begin_anew(turn)


def _found(turn: Turn, survey: i.SwitchSurveyed) -> None:
    """One that has begun anew is known by the time at which it did."""
    before = turn.state.started.get(survey.node, survey.started_at)
    turn.happened(
        SwitchFound(
            at=turn.now,
            node=survey.node,
            version=survey.version,
            gap_ms=survey.gap_ms,
            started_at=survey.started_at,
            restarted=bool(survey.started_at) and before != survey.started_at,
        )
    )


def _restarted(turn: Turn) -> bool:
    """Whether this survey found the switch begun anew: then nothing is to be repaired, its calls are over."""
    return any(isinstance(fact, SwitchFound) and fact.restarted for fact in turn.facts)


def taken(turn: Turn, what: i.SwitchTaken) -> None:
    """Handed over by a plane that has decided everything up to here: there is nothing to compare or to begin anew."""
    turn.happened(SwitchFound(at=turn.now, node=what.node, version=what.version, gap_ms=0))
    _offer_again(turn)


def _compare(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    if contact.channel in survey.carried:
        return end_contact(turn, contact.id, EndedBy.FALLBACK, 0)
    seen = survey.channels.get(contact.channel)
    if seen is None and contact.pick_up_by is not None and contact.arrived_at > survey.began_at - SETTLING_MS:
        return None  # their phone is only just being called
    if seen is None:
        return _ended_unseen(turn, survey, contact)
    if survey.after_gap:
        turn.happened(c.ContactRelinked(at=turn.now, contact=contact.id, gap_ms=survey.gap_ms))
    if seen.up:
        up(turn, i.CallerUp(contact.id))
    if survey.after_gap:
        catch_up(turn, survey, turn.state.contacts[contact.id])
        _where_they_are(turn, survey, contact.id)
        look_again(turn, turn.state.contacts[contact.id])
    contact = turn.state.contacts[contact.id]
    if contact.id not in survey.rooms and (survey.after_gap or contact.arrived_at < survey.began_at - SETTLING_MS):
        _repaired(turn, "contact without a room", contact.id, "its bridge is not at the switch")
        turn.do(OpenRoom(contact.id))
    match contact.phase:
        case Phase.TALKING:
            _compare_talk(turn, survey, contact)
        case Phase.WAITING | Phase.CONNECTING:
            _compare_waiting(turn, survey, contact)
        case Phase.CALLING | Phase.IN_CALL:
            _compare_call(turn, survey, contact)
        case _ if survey.after_gap and isinstance(contact.verb, (*SOUNDING, TakeMessage)):
            asked(turn, i.VerbAsked(contact.id, contact.step, contact.verb))
    return None


def _ended_unseen(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    """While we were away nobody but the caller could end a call, unless the switch itself began anew, or we had just
    asked for its end. Where their agent has gone, too, nobody knows who of the two ended the talk."""
    restarted = _restarted(turn)
    if not restarted:
        _repaired(turn, "contact without a channel", contact.id, f"{contact.channel} is not at the switch")
    if restarted or not survey.after_gap:
        return end_contact(turn, contact.id, EndedBy.SWITCH, 0, unseen=True)
    by = EndedBy.PROGRAM if isinstance(contact.verb, HangUp) else EndedBy.CALLER
    with_agent = contact.talk is not None and contact.talk.leg in survey.channels
    return end_contact(turn, contact.id, by, 0, talk_by=by if with_agent else EndedBy.SWITCH, unseen=True)


def _where_they_are(turn: Turn, survey: i.SwitchSurveyed, of: ContactId) -> None:
    """In the room or not, of one who neither waits nor talks: what is asked for next depends on it."""
    contact, there = turn.state.contacts[of], survey.rooms.get(of)
    if contact.phase is not Phase.IN_PROGRAM or there is None or contact.in_room is (contact.channel in there):
        return
    if contact.in_room:
        left_room(turn, i.LeftRoom(of, contact.channel))
    else:
        entered(turn, i.EnteredRoom(of, contact.channel))


def _compare_talk(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    talk = contact.talk
    assert talk is not None
    if talk.state is not TalkState.UP:
        _compare_rejoining(turn, survey, contact, talk)
    elif talk.leg not in survey.channels and max(talk.started_at, talk.leg_since) < survey.began_at:
        _repaired(turn, "talk without the agent's leg", contact.id, f"{talk.leg} is not at the switch")
        _leg_went(turn, contact, talk)
    elif survey.after_gap or talk.started_at < survey.began_at - SETTLING_MS:
        _together(turn, survey, contact, talk.offer, talk.leg)
        if survey.after_gap:
            rejoin.resume(turn, contact)


def _leg_went(turn: Turn, contact: Contact, talk: Talk) -> None:
    """Unseen: with its phone, and the caller is offered again, or the agent has hung up."""
    if not rejoin.leg_ended(turn, contact, talk, i.LegEnded(talk.offer, talk.leg, gone=False)):
        talk_over(turn, contact, EndedBy.AGENT)
        end_step(turn, contact.id, Served(talk.agent))


def _together(turn: Turn, survey: i.SwitchSurveyed, contact: Contact, offer: OfferId, leg: ChannelId) -> None:
    """Two who talk are both in the room; whoever is not hears nothing, and nobody hears them."""
    members, seen = survey.rooms.get(contact.id, ()), survey.channels.get(leg)
    outside = [each for each in (contact.channel, leg) if each not in members]
    if not outside or seen is None or not seen.up:
        return
    _repaired(turn, "talk apart", contact.id, f"not in the room: {', '.join(outside)}")
    turn.do(StopMusic(contact.id, contact.channel))
    if contact.channel in outside:
        turn.do(AddCaller(contact.id, contact.channel))
    if leg in outside:
        turn.do(JoinAgent(contact.id, offer, leg))


def _compare_rejoining(turn: Turn, survey: i.SwitchSurveyed, contact: Contact, talk: Talk) -> None:
    """Of one whose phone vanished: the leg that they had, and the one by which they are being called back.

    What ran out while nobody could see them come back begins anew.
    """
    if talk.lost_at is None or talk.lost_at >= survey.began_at:
        return
    if survey.after_gap:
        rejoin.more_time(turn, talk)
    if talk.leg not in survey.channels and not talk.leg_gone:
        leg_ended(turn, i.LegEnded(talk.offer, talk.leg, gone=False))
    if talk.back_leg and survey.after_gap and talk.back_since < survey.began_at:
        back = survey.channels.get(talk.back_leg)
        if back is None:
            leg_ended(turn, i.LegEnded(talk.offer, talk.back_leg))
        elif talk.back_leg in survey.rooms.get(contact.id, ()):
            entered(turn, i.EnteredRoom(contact.id, talk.back_leg))
        elif back.up:
            answered(turn, i.LegUp(talk.offer, talk.back_leg, back.agent))


def _compare_call(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    """An agent's own call whose other party came or went unseen."""
    call = contact.call
    assert call is not None
    if call.since >= survey.began_at or (not survey.after_gap and call.since >= survey.began_at - SETTLING_MS):
        return
    seen, members = survey.channels.get(call.leg), survey.rooms.get(contact.id, ())
    if seen is None:
        _repaired(turn, "own call without its other leg", contact.id, f"{call.leg} is not at the switch")
        if call.state is CallState.CALLED:
            parties.never_called(turn, contact, call)
        else:
            leg_ended(turn, i.LegEnded(call.id, call.leg))
    elif seen.up and call.state is not CallState.CONNECTED:
        answered(turn, i.LegUp(call.id, call.leg, call.agent))
        for channel in (contact.channel, call.leg):
            if channel in members:
                entered(turn, i.EnteredRoom(contact.id, channel), attempt=2)
    elif call.state is CallState.CONNECTED:
        _together(turn, survey, contact, call.id, call.leg)


def _compare_waiting(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    members = survey.rooms.get(contact.id, ())
    waiting, offer = contact.waiting, contact.offer
    assert waiting is not None
    settled = survey.after_gap or waiting.queued_at < survey.began_at - SETTLING_MS
    if contact.channel in members:
        if not contact.in_room:
            entered(turn, i.EnteredRoom(contact.id, contact.channel))
    elif settled:
        _repaired(turn, "waiting caller outside the room", contact.id, f"{contact.channel} is not in its bridge")
        turn.do(AddCaller(contact.id, contact.channel))
    unheard = settled and not contact.answered and not survey.channels[contact.channel].up
    if unheard and not survey.after_gap:
        _repaired(turn, "waiting caller not answered", contact.id, f"{contact.channel} is not up")
    if (survey.after_gap or unheard) and contact.phase is Phase.WAITING:
        _hear_again(turn, survey, contact)
    if offer and (survey.after_gap or offer.ring_started_at < survey.began_at - SETTLING_MS):
        _settle_offer(turn, survey, turn.state.contacts[contact.id])


def _hear_again(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    """What was asked for may have been lost, with the connection or alone: the call is taken, and music plays."""
    assert contact.waiting is not None
    if not survey.channels[contact.channel].up:
        turn.do(AnswerCaller(contact.id, contact.channel))
    queue = turn.state.rules.queues.get(contact.waiting.queue)
    turn.do(StartMusic(contact.id, contact.channel, queue.music if queue else "default"))


def _settle_offer(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    """A ringing offer is joined if the phone was answered in the gap; if its leg is gone, it is made again."""
    offer = contact.offer
    if offer is None:
        return
    seen = survey.channels.get(offer.leg)
    if seen is None:
        _repaired(turn, "offer without a leg", offer.id, f"{offer.leg} is not at the switch")
        if offer.state is OfferState.ANSWERED:
            fail_connect(turn, contact, ConnectFailure.AGENT_GONE)
        else:
            withdraw(turn, contact, Withdrawal.SWITCH_LOST)
    elif seen.at_door and offer.state is not OfferState.ANSWERED:
        picked_up(turn, contact, offer, None, at_door=True)
    elif seen.up:
        there = offer.leg in survey.rooms.get(contact.id, ())
        if offer.state is not OfferState.ANSWERED and there:
            picked_up(turn, contact, offer, None)
        elif offer.state is not OfferState.ANSWERED:
            answered(turn, i.LegUp(offer.id, offer.leg))
        elif survey.after_gap and not there:
            turn.do(StopMusic(contact.id, contact.channel))
            turn.do(JoinAgent(contact.id, offer.id, offer.leg))  # that was asked for may be lost with the connection
        if there:
            entered(turn, i.EnteredRoom(contact.id, offer.leg), attempt=2)


def _unknown_channels(turn: Turn, survey: i.SwitchSurveyed, known: Mapping[ContactId, Contact]) -> None:
    """Legs and callers that nobody knew; what was known and has just been ended is being hung up already."""
    legs = {each.leg for contact in known.values() for each in (contact.offer, contact.talk) if each}
    legs |= {contact.call.leg for contact in known.values() if contact.call}
    legs |= {contact.talk.back_leg for contact in known.values() if contact.talk and contact.talk.back_leg}
    unknown = (each for each in survey.channels.values() if each.sure and each.id not in legs and not is_line(each.id))
    for channel in sorted(unknown, key=_in_order):
        turn.attempt(channel.id, _unknown_channel, turn, survey, channel)


def _in_order(channel: i.ChannelSeen) -> tuple[bool, int, int, str]:
    """Callers, then their legs; each as they came, within one ms by the switch's own count."""
    leg = offer_of_leg(channel.id) is not None
    return leg, channel.created_at or 0, len(channel.id), channel.id


def _unknown_channel(turn: Turn, survey: i.SwitchSurveyed, channel: i.ChannelSeen) -> None:
    """A leg that talks with its caller is never hung up, and the caller never begun afresh: that would end the talk."""
    offer = offer_of_leg(channel.id)
    if offer is not None:
        caller = caller_beside(survey, channel)
        agent = channel.agent or (turn.state.sitting.get(channel.device) if channel.device else None)
        if caller is not None:
            adopt(turn, survey, channel, caller)
        elif channel.id in turn.state.clearing:
            return  # it is hung up once more, by `clearing`
        elif not survey.after_gap or not adopt_ring(turn, survey, channel, agent):
            _repaired(turn, "agent's leg without a contact", channel.id, "nothing we know has such a leg")
            hang_up_stray(turn, offer, channel.id, agent, "normal" if channel.up else "answered_elsewhere")
    elif channel.arrival is None or not _unheard_of(turn, contact_id(survey.node, channel.id)):
        return
    elif channel.up and not in_talk(survey, channel.id) and own_call_nobody_knows(turn, channel.arrival):
        _repaired(turn, "own call nobody knew, without its other party", channel.id, "alone in its room")
        turn.do(HangUpCaller(contact_id(survey.node, channel.id), channel.id, NORMAL))
    elif in_talk(survey, channel.id) or take_up_waiting(turn, survey, channel):
        return
    elif not take_up_program(turn, survey, channel):
        _repaired(turn, "caller nobody saw arrive", channel.id, "in our application, and no contact")
        arrive(turn, channel.arrival, came_at(turn, survey, channel))


def _unheard_of(turn: Turn, contact: ContactId) -> bool:
    """Neither live nor just ended; a channel is listed for a moment after its end was told."""
    return contact not in turn.state.contacts and contact not in turn.state.ended


def _empty_rooms(turn: Turn, survey: i.SwitchSurveyed, known: Mapping[ContactId, Contact]) -> None:
    """Bridges are never freed by the switch itself. One of a contact that just ended is being taken down already."""
    closing = () if survey.after_gap else turn.state.ended
    for contact, members in survey.rooms.items():
        if contact not in known and contact not in turn.state.contacts and contact not in closing and not members:
            _repaired(turn, "room without a contact", contact, "a bridge of ours with nobody in it")
            turn.do(CloseRoom(contact))


def _begin_anew(turn: Turn) -> None:
    """Whoever waits is offered again, and the agents' lamps are set right."""
    _offer_again(turn)
    for agent in turn.state.agents.values():
        turn.do(mirror(agent))


def _offer_again(turn: Turn) -> None:
    for line in turn.state.lines.values():
        for waiting in line:
            turn.unserved[waiting.contact] = None


def _repaired(turn: Turn, what: str, subject: str, why: str) -> None:
    turn.happened(RepairMade(at=turn.now, what=what, subject=subject, why=why))


RECOVERY_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.SwitchSurveyed: surveyed,
    i.SwitchTaken: taken,
}
