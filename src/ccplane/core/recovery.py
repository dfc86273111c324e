"""The reconciler's thinking (law 9): what exists at the switch against what we believe. Each repair is a fact.

Runs on every survey: the first of a connection, when events may have been lost, and every 15 s after. What changed
after the survey began is left for the next one. Nothing here may end a call that is up (law 10).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import EndedBy
from ccplane.contacts.fax import FaxVerb
from ccplane.contacts.own_call import CallState
from ccplane.contacts.verbs import HangUp
from ccplane.core import callbacks, clearing, faxes, standing
from ccplane.core import inputs as i
from ccplane.core.callers import NORMAL, arrive, end_contact, up
from ccplane.core.catching_up import catch_up
from ccplane.core.commands import CloseRoom, HangUpCaller, OpenRoom
from ccplane.core.found_calls import compare_call
from ccplane.core.found_conferences import compare_conference, left_over
from ccplane.core.found_talks import compare_talk
from ccplane.core.found_waits import compare_waiting
from ccplane.core.keeping import left_room
from ccplane.core.lamps import mirror
from ccplane.core.offers import entered
from ccplane.core.recorder import look_again
from ccplane.core.seats import phone_seen
from ccplane.core.steps import RESUMED, asked
from ccplane.core.takeover import adopt, adopt_ring, caller_beside, in_talk, talk_further
from ccplane.core.talks import SETTLING_MS, hang_up_stray
from ccplane.core.turn import Turn
from ccplane.core.unknown_callers import came_at, take_up_program, take_up_waiting
from ccplane.core.unknown_calls import adopt_own_ring, own_call_nobody_knows
from ccplane.facts import SwitchFound
from ccplane.ids import AgentId, ContactId, contact_id, is_called_back, is_line, offer_of_leg


def surveyed(turn: Turn, survey: i.SwitchSurveyed) -> None:
    """Compare, in the order of what matters most: callers, then talks and offers, then what is left over."""
    dropped = turn.state.clearing
    if survey.after_gap:
        _found(turn, survey)
    for device, phone in survey.phones.items():
        turn.attempt(device, phone_seen, turn, i.PhoneSeen(device, phone))
    known = dict(turn.state.contacts)
    for contact in known.values():
        if contact.node == survey.node and contact.known_since < survey.began_at:
            turn.attempt(contact.id, _compare, turn, survey, contact)
    if not turn.begun_anew:
        clearing.gone(turn, survey)
    _unknown_channels(turn, survey, known)
    _empty_rooms(turn, survey, known)
    left_over(turn, survey)
    faxes.left_over(turn, survey)
    standing.compare(turn, survey)
    if turn.begun_anew:
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
            gap_ms=survey.gap_ms and survey.gap_ms + max(0, turn.now - survey.began_at),
            started_at=survey.started_at,
            restarted=bool(survey.started_at) and before != survey.started_at,
        )
    )


def taken(turn: Turn, what: i.SwitchTaken) -> None:
    """Handed over by a plane that has decided everything up to here: there is nothing to compare or to begin anew."""
    turn.happened(SwitchFound(at=turn.now, node=what.node, version=what.version, gap_ms=0))
    _offer_again(turn)


def _compare(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    if contact.channel in survey.carried:
        return end_contact(turn, contact.id, EndedBy.FALLBACK, 0, unseen=True)
    if contact.absent:
        return callbacks.compare(turn, survey, contact)
    seen = survey.channels.get(contact.channel)
    if seen is None and contact.pick_up_by is not None and contact.arrived_at > survey.began_at - SETTLING_MS:
        return None  # their phone is only just being called
    if seen is None:
        return _ended_unseen(turn, survey, contact)
    if survey.after_gap:
        turn.happened(
            c.ContactRelinked(at=turn.now, contact=contact.id, gap_ms=survey.gap_ms, join_by=_join_by(turn, contact))
        )
    if seen.up:
        up(turn, i.CallerUp(contact.id))
    if survey.after_gap:
        catch_up(turn, survey, turn.state.contacts[contact.id])
        talk_further(turn, survey, turn.state.contacts[contact.id])
        _where_they_are(turn, survey, contact.id)
        look_again(turn, turn.state.contacts[contact.id])
    contact = turn.state.contacts[contact.id]
    if contact.id not in survey.rooms and (survey.after_gap or contact.known_since < survey.began_at - SETTLING_MS):
        turn.repaired("contact without a room", contact.id, "its bridge is not at the switch")
        turn.do(OpenRoom(contact.id))
    match contact.phase:
        case Phase.TALKING:
            compare_talk(turn, survey, contact)
        case Phase.WAITING | Phase.CONNECTING:
            compare_waiting(turn, survey, contact)
        case Phase.CALLING | Phase.IN_CALL:
            compare_call(turn, survey, contact)
        case Phase.CONFERRING:
            compare_conference(turn, survey, contact)
        case _ if survey.after_gap and isinstance(contact.verb, FaxVerb):
            faxes.compare(turn, survey, contact)
        case _ if survey.after_gap and isinstance(contact.verb, RESUMED):
            asked(turn, i.VerbAsked(contact.id, contact.step, contact.verb))
    return None


def _join_by(turn: Turn, contact: Contact) -> int | None:
    """Of one whose phone was answered before the gap: until when they are to be joined."""
    answered_call = contact.call is not None and contact.call.state is CallState.ANSWERED
    return turn.now + turn.state.rules.join_ms if contact.phase is Phase.CONNECTING or answered_call else None


def _ended_unseen(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    """While we were away nobody but the caller could end a call, unless the switch itself began anew, or we had just
    asked for its end. Where the other one has gone, too, nobody knows who of the two ended the talk."""
    if not turn.begun_anew:
        turn.repaired("contact without a channel", contact.id, f"{contact.channel} is not at the switch")
    if turn.begun_anew or not survey.after_gap:
        return end_contact(turn, contact.id, EndedBy.SWITCH, 0, unseen=True)
    by = EndedBy.PROGRAM if isinstance(contact.verb, HangUp) else EndedBy.CALLER
    other = contact.talk or contact.call
    stays = other is not None and other.leg in survey.channels
    return end_contact(turn, contact.id, by, 0, talk_by=by if stays else EndedBy.SWITCH, unseen=True)


def _where_they_are(turn: Turn, survey: i.SwitchSurveyed, of: ContactId) -> None:
    """In the room or not, of one who neither waits nor talks: what is asked for next depends on it."""
    contact, there = turn.state.contacts[of], survey.rooms.get(of)
    if contact.phase is not Phase.IN_PROGRAM or there is None or contact.in_room is (contact.channel in there):
        return
    if contact.in_room:
        left_room(turn, i.LeftRoom(of, contact.channel))
    else:
        entered(turn, i.EnteredRoom(of, contact.channel))


def _unknown_channels(turn: Turn, survey: i.SwitchSurveyed, known: Mapping[ContactId, Contact]) -> None:
    """Legs and callers that nobody knew; what was known and has just been ended is being hung up already."""
    legs = {each.leg for contact in known.values() for each in (*contact.offers, contact.talk) if each}
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
        elif not survey.after_gap or not _rings_on(turn, survey, channel, agent):
            turn.repaired("agent's leg without a contact", channel.id, "nothing we know has such a leg")
            hang_up_stray(turn, offer, channel.id, agent, "normal" if channel.up else "answered_elsewhere")
    elif is_called_back(channel.id) and not in_talk(survey, channel.id):
        if contact_id(survey.node, channel.id) not in turn.state.contacts:
            turn.repaired("customer called back, and nobody for them", channel.id, "nothing we know calls them")
            turn.do(HangUpCaller(contact_id(survey.node, channel.id), channel.id, NORMAL))
    elif channel.arrival is None or not _unheard_of(turn, contact_id(survey.node, channel.id)):
        return
    elif channel.up and not in_talk(survey, channel.id) and own_call_nobody_knows(turn, channel.arrival):
        turn.repaired("own call nobody knew, without its other party", channel.id, "alone in its room")
        turn.do(HangUpCaller(contact_id(survey.node, channel.id), channel.id, NORMAL))
    elif in_talk(survey, channel.id) or take_up_waiting(turn, survey, channel):
        return
    elif not take_up_program(turn, survey, channel):
        turn.repaired("caller nobody saw arrive", channel.id, "in our application, and no contact")
        arrive(turn, channel.arrival, came_at(turn, survey, channel))


def _rings_on(turn: Turn, survey: i.SwitchSurveyed, leg: i.ChannelSeen, agent: AgentId | None) -> bool:
    return adopt_ring(turn, survey, leg, agent) or adopt_own_ring(turn, survey, leg, agent)


def _unheard_of(turn: Turn, contact: ContactId) -> bool:
    """Neither live nor just ended; a channel is listed for a moment after its end was told."""
    return contact not in turn.state.contacts and contact not in turn.state.ended


def _empty_rooms(turn: Turn, survey: i.SwitchSurveyed, known: Mapping[ContactId, Contact]) -> None:
    """Bridges are never freed by the switch itself. One of a contact that just ended is being taken down already."""
    closing = () if survey.after_gap else turn.state.ended
    for contact, members in survey.rooms.items():
        if contact not in known and contact not in turn.state.contacts and contact not in closing and not members:
            turn.repaired("room without a contact", contact, "a bridge of ours with nobody in it")
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
    turn.wanting.update(turn.state.wanting)


RECOVERY_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.SwitchSurveyed: surveyed,
    i.SwitchTaken: taken,
}
