"""A contact through its facts. Everything that decides in which phase a contact is lives here."""

from __future__ import annotations

from typing import Final, assert_never

from msgspec.structs import replace

from ccplane.contacts import conferring as conferences
from ccplane.contacts import facts as f
from ccplane.contacts import offer as offers
from ccplane.contacts import own_call as own_calls
from ccplane.contacts import recordings as r
from ccplane.contacts import steps
from ccplane.contacts import talk as talks
from ccplane.contacts.announce import Told
from ccplane.contacts.contact import MOVES_CONTACT, PHASE, Choice, Contact, Phase
from ccplane.contacts.offer import Offer
from ccplane.contacts.surveys import LastTalk, Surveyed
from ccplane.contacts.waiting import queued
from ccplane.errors import IllegalMove
from ccplane.laws import move

HEARD_MOST: Final = 20
"""Emergencies that they have heard of, the last ones."""
PATH_LONGEST: Final = 20
"""Choices that are remembered, the last ones."""


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
        known_since=fact.at,
        late_ms=0 if fact.arrived_at is None else fact.at - max(fact.arrived_at, fact.served_until or 0),
        device=fact.device,
        direction=fact.direction,
        agent=fact.agent,
        pick_up_by=fact.pick_up_by,
        callback=fact.callback,
        customer_first=fact.customer_first,
        customer=fact.customer,
        emergency=fact.emergency,
    )


def evolve(contact: Contact, fact: f.AnyContactFact) -> Contact:
    """The contact after `fact`; IllegalMove if it cannot happen now, and then nothing was changed."""
    phase = move("contact", PHASE, contact.phase, fact) if type(fact) in MOVES_CONTACT else contact.phase
    match fact:
        case (
            f.ProgramStarted()
            | f.ProgramFailed()
            | f.StepStarted()
            | f.StepEnded()
            | f.SoundsEnded()
            | f.SoundsFailed()
            | f.LookUpDelayed()
            | f.KeyTaken()
            | f.KeyKept()
            | f.KeysDropped()
        ):
            return steps.evolve(contact, fact)
        case f.LanguageSet():
            return replace(contact, language=fact.language)
        case f.MenuChosen():
            way = (*contact.path, Choice(fact.menu, fact.key, fact.name))
            return replace(contact, path=way[-PATH_LONGEST:])
        case f.ServedByProgram():
            return replace(contact, self_served=True)
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
        case f.FaxStarted():
            if contact.fax != fact.fax or contact.fax_started:
                raise IllegalMove("fax", contact.fax, fact)
            return replace(contact, fax_started=True, step_deadline=fact.deadline)
        case f.FaxDoubted():
            if contact.fax != fact.fax or not contact.fax_started or contact.fax_doubted:
                raise IllegalMove("fax", contact.fax, fact)
            return replace(contact, fax_doubted=True, step_deadline=fact.deadline)
        case f.FaxOver():
            return replace(contact, step_deadline=fact.settle_by) if contact.fax == fact.fax else contact
        case f.CustomerCalled():
            if phase is not Phase.WAITING or contact.offers or not contact.absent or contact.called_for:
                raise IllegalMove("contact", contact.phase, fact)
            return replace(contact, called_for=fact.agent)
        case f.ContactQueued():
            return replace(contact, phase=phase, waiting=queued(fact), segments=fact.segment)
        case f.ContactUnqueued():
            if contact.offers:  # each is closed by a fact of its own first, else its agent would be taken for ever
                raise IllegalMove("offer", contact.offers[0].state, fact)
            since = contact.waiting.queued_at if contact.waiting else None
            return replace(contact, phase=phase, waiting=None, waited_since=since)
        case f.RequirementRelaxed():
            return replace(contact, waiting=contact.waiting.relaxed(fact)) if contact.waiting else contact
        case f.WaitAnnounced():
            if contact.waiting is None:
                raise IllegalMove("contact", contact.phase, fact)
            minutes = contact.told.minutes if fact.minutes is None else fact.minutes
            told = Told(contact.told.times + 1, minutes, fact.at)
            return replace(contact, told=told, waiting=replace(contact.waiting, say_at=fact.next_at))
        case f.EmergencyHeard():
            told = replace(contact.told, at=fact.at) if fact.waiting else contact.told
            return replace(contact, heard=(*contact.heard[1 - HEARD_MOST :], fact.emergency), told=told)
        case f.ContactReprioritised():
            if contact.waiting is None:
                raise IllegalMove("contact", contact.phase, fact)
            return replace(contact, waiting=replace(contact.waiting, credit_s=fact.credit_s))
        case f.OfferMade():
            return _offered(contact, fact)
        case f.OfferRinging() | f.OfferAnswered() | f.WhisperEnded() | f.AgentEnteredRoom():
            return replace(contact, phase=phase, offers=_moved(contact, fact))
        case f.OfferMissed():
            waiting = contact.waiting
            if waiting is not None and waiting.direct is not None:
                waiting = replace(waiting, missed=fact.cause)
            return replace(contact, offers=_closed(contact, fact), waiting=waiting)
        case f.OfferWithdrawn() | f.ConnectFailed():
            return replace(contact, phase=phase, offers=_closed(contact, fact))
        case f.TalkStarted():
            if left := _closed(contact, fact):
                raise IllegalMove("offer", left[0].state, fact)
            talk = talks.begun(fact, _its_offer(contact, fact), contact.waiting)
            return replace(contact, phase=phase, waiting=None, offers=(), talk=talk, segments=fact.segment)
        case f.PhoneLost() | f.RejoinRung() | f.RejoinMissed() | f.PhoneRejoined():
            return replace(contact, talk=talks.evolve(contact.talk, fact))
        case f.TalkEnded():
            over = talks.evolve(contact.talk, fact)
            last = LastTalk(over.agent, over.queue, fact.talk_ms)
            return replace(contact, phase=phase, talk=None, last_talk=last)
        case f.SurveyAsked():
            asked = Surveyed(fact.survey, fact.questions, fact.at, fact.queue, fact.talked_with)
            return replace(contact, surveyed=asked)
        case f.SurveyAnswered():
            if contact.surveyed is None:
                raise IllegalMove("survey", None, fact)
            answered = (*contact.surveyed.answered, fact.question)
            return replace(contact, surveyed=replace(contact.surveyed, answered=answered))
        case f.ConferenceAsked():
            stay = conferences.evolve(contact.conference, fact)
            return replace(contact, phase=phase, conference=stay, step_deadline=fact.deadline)
        case f.ConferenceEntered():
            stay = conferences.evolve(contact.conference, fact)
            inside = replace(contact, conference=stay, in_room=False, segments=fact.segment)
            return replace(inside, step_deadline=fact.ends_at)
        case f.ConferenceLeft():
            return replace(contact, phase=phase, conference=conferences.evolve(contact.conference, fact))
        case f.PartyCalled():
            return replace(contact, phase=phase, call=own_calls.called(fact))
        case f.PartyRinging() | f.PartyAnswered() | f.PartyEnteredRoom():
            return replace(contact, call=own_calls.evolve(contact.call, fact))
        case f.CallConnected():
            call = own_calls.evolve(contact.call, fact)
            return replace(contact, phase=phase, call=call, segments=fact.segment)
        case f.CallMissed() | f.CallEnded():
            own_calls.evolve(contact.call, fact)
            return replace(contact, phase=phase, call=None)
        case f.ContactEnded():
            return replace(contact, phase=phase, verb=None, step_deadline=None)
        case f.ContactRelinked():
            return _relinked(contact, fact.join_by)
        case f.ContactArrived() | f.ProgramEnded() | f.MessageStarted() | f.ContactRedirected():
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


def _relinked(contact: Contact, join_by: int | None) -> Contact:
    if join_by is not None and contact.offers:
        return replace(contact, offers=tuple(replace(each, deadline=join_by) for each in contact.offers))
    if join_by is not None and contact.call:
        return replace(contact, call=replace(contact.call, deadline=join_by))
    return contact


def _offered(contact: Contact, fact: f.OfferMade) -> Contact:
    if contact.phase is not Phase.WAITING or not contact.waiting or contact.offer_to(fact.agent):
        raise IllegalMove("offer", contact.phase, fact)
    attempts = max(contact.waiting.offers, fact.attempt)
    return replace(
        contact, offers=(*contact.offers, offers.made(fact)), waiting=replace(contact.waiting, offers=attempts)
    )


def _its_offer(contact: Contact, fact: offers.Moves) -> Offer:
    """The offer that this is about, after it."""
    return offers.evolve(contact.offer_of(fact.offer), fact)


def _moved(contact: Contact, fact: offers.Moves) -> tuple[Offer, ...]:
    """The open offers, with the one that this is about after it."""
    after = _its_offer(contact, fact)
    return tuple(after if each.id == after.id else each for each in contact.offers)


def _closed(contact: Contact, fact: offers.Moves) -> tuple[Offer, ...]:
    """The open offers without the one that this closes."""
    gone = _its_offer(contact, fact)
    return tuple(each for each in contact.offers if each.id != gone.id)
