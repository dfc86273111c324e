"""Callers who wait as a survey found them, and their offers: in the room, heard, joined, or offered again."""

from __future__ import annotations

from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import ConnectFailure, Withdrawal
from ccplane.contacts.offer import Offer, OfferState
from ccplane.core import inputs as i
from ccplane.core.commands import AddCaller, AnswerCaller, JoinAgent, StartMusic, StopMusic
from ccplane.core.offers import answered, entered, fail_connect, picked_up, whisper_over, withdraw_one
from ccplane.core.takeover import caller_beside, in_talk
from ccplane.core.talks import SETTLING_MS
from ccplane.core.turn import Turn
from ccplane.ids import ContactId, offer_of_leg, place_of_offer


def compare_waiting(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    members = survey.rooms.get(contact.id, ())
    waiting = contact.waiting
    assert waiting is not None
    settled = survey.after_gap or waiting.known_since < survey.began_at - SETTLING_MS
    if contact.channel in members:
        if not contact.in_room:
            entered(turn, i.EnteredRoom(contact.id, contact.channel))
    elif settled:
        turn.repaired("waiting caller outside the room", contact.id, f"{contact.channel} is not in its bridge")
        turn.do(AddCaller(contact.id, contact.channel))
    unheard = settled and not contact.answered and not survey.channels[contact.channel].up
    if unheard and not survey.after_gap:
        turn.repaired("waiting caller not answered", contact.id, f"{contact.channel} is not up")
    if (survey.after_gap or unheard) and contact.phase is Phase.WAITING:
        _hear_again(turn, survey, contact)
    settle_offers(turn, survey, contact.id)


def _hear_again(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    """What was asked for may have been lost, with the connection or alone: the call is taken, and music plays, but for
    one who talks, as we are yet to see."""
    assert contact.waiting is not None
    if not survey.channels[contact.channel].up:
        turn.do(AnswerCaller(contact.id, contact.channel))
    if in_talk(survey, contact.channel):
        return
    queue = turn.state.rules.queues.get(contact.waiting.queue)
    turn.do(StartMusic(contact.id, contact.channel, queue.music if queue else "default"))


def settle_offers(turn: Turn, survey: i.SwitchSurveyed, of: ContactId) -> None:
    """Of several whose phones were picked up in the gap one is joined, who is the furthest; the others are let go."""
    if survey.after_gap and _with_another(survey, turn.state.contacts[of]):
        return
    open_now = turn.state.contacts[of].offers
    for offer in sorted(open_now, key=lambda each: _how_far(survey, of, each), reverse=True):
        contact = turn.state.contacts[of]
        still = contact.offer_of(offer.id)
        if still and (survey.after_gap or still.ring_started_at < survey.began_at - SETTLING_MS):
            _settle_offer(turn, survey, contact, still)


def _with_another(survey: i.SwitchSurveyed, contact: Contact) -> bool:
    """Whether a leg of a later offer, of which we know nothing, is beside them: who was picked up for them before has
    lost that race, and is let go as the talk is adopted."""
    known = {each.leg: place_of_offer(each.id) for each in contact.offers}
    seen = (survey.channels.get(each) for each in survey.rooms.get(contact.id, ()) if each not in known)
    beside = (each for each in seen if each is not None and caller_beside(survey, each) == contact.channel)
    offers = (offer_of_leg(each.id) for each in beside)
    return any(place_of_offer(each) > max(known.values(), default=(0, 0)) for each in offers if each is not None)


def _how_far(survey: i.SwitchSurveyed, of: ContactId, offer: Offer) -> tuple[bool, bool, bool]:
    seen = survey.channels.get(offer.leg)
    up = seen is not None and (seen.up or seen.at_door)
    return offer.state is OfferState.ANSWERED, offer.leg in survey.rooms.get(of, ()), up


def _settle_offer(turn: Turn, survey: i.SwitchSurveyed, contact: Contact, offer: Offer) -> None:
    """A ringing offer is joined if the phone was answered in the gap; if its leg is gone, it is made again."""
    seen = survey.channels.get(offer.leg)
    if seen is None:
        turn.repaired("offer without a leg", offer.id, f"{offer.leg} is not at the switch")
        if offer.state is OfferState.ANSWERED:
            fail_connect(turn, contact, ConnectFailure.AGENT_GONE)
        else:
            withdraw_one(turn, contact, offer, Withdrawal.SWITCH_LOST)
    elif seen.at_door and offer.state is not OfferState.ANSWERED:
        picked_up(turn, contact, offer, None, at_door=True)
    elif seen.up:
        there = offer.leg in survey.rooms.get(contact.id, ())
        if offer.state is not OfferState.ANSWERED and there:
            picked_up(turn, contact, offer, None)
        elif offer.state is not OfferState.ANSWERED:
            answered(turn, i.LegUp(offer.id, offer.leg))
        elif survey.after_gap and offer.whispers and not there:
            whisper_over(turn, contact, offer)  # whose end nobody heard of
        elif survey.after_gap and not there:
            turn.do(StopMusic(contact.id, contact.channel))
            turn.do(JoinAgent(contact.id, offer.id, offer.leg))  # that was asked for may be lost with the connection
        if there:
            entered(turn, i.EnteredRoom(contact.id, offer.leg), attempt=2)
