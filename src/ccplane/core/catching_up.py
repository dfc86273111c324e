"""A contact of which the switch knows more than we: the last facts before a crash were not on disk yet.

The journal in its room says how far its program had come, and what its last steps gave. So the steps that are missing
are told again as facts, and the program, run over them, comes to the very place where it was. What the open verb had
done at the switch (a place in the queue, a recording, a leg that rings) is then found there like anything else.
"""

from __future__ import annotations

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact, Past, Phase
from ccplane.contacts.facts import ConferenceEnd, ConnectFailure, EndedBy, QueueOutcome, Withdrawal
from ccplane.contacts.fax import FaxVerb, ReceiveFax, SendFax
from ccplane.contacts.offer import Offer, OfferState
from ccplane.contacts.surveys import NotAsked
from ccplane.contacts.verbs import (
    Closed,
    EnterQueue,
    Hold,
    NoAgents,
    NotReached,
    Overflowed,
    Play,
    Result,
    Served,
    TakeMessage,
    TimedOut,
)
from ccplane.core import conferences, faxes, journal, parties
from ccplane.core import inputs as i
from ccplane.core.commands import StopMusic, StopSounds, TellQueue
from ccplane.core.journal import Journal
from ccplane.core.messages import RECORDING_MS, leave
from ccplane.core.notes import noted
from ccplane.core.offers import fail_connect, withdraw, withdraw_one
from ccplane.core.own_calls import stop_waiting
from ccplane.core.recordings import note_consent
from ccplane.core.rejoin import drop_legs
from ccplane.core.stays import leave_queue
from ccplane.core.steps import SOUNDING, end_step
from ccplane.core.talks import talk_begun, talk_over
from ccplane.core.turn import Turn
from ccplane.ids import ContactId, playback_id

SOUNDING_NAMES = {verb.__name__ for verb in SOUNDING}
FORGOTTEN = "what it had come to was lost"


def catch_up(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    """Bring the contact to the step that its room names. Where the journal does not reach back far enough, what goes on
    at the switch goes on without the program; else that goes on from where it is known to be."""
    note = journal.of(survey.journals, contact.id)
    if note is None or not note.program or contact.pick_up_by is not None:
        return None
    if note.step == contact.step and note.attempt > contact.attempt and note.verb in SOUNDING_NAMES:
        turn.do(StopSounds(contact.id, playback_id(contact.id, note.step, note.attempt)))
    if note.step <= contact.step:
        return None
    known = reaches_back(note, contact)
    if not known and not _goes_on(turn, note):
        return _hush(turn, contact, note)
    why = f"the room says step {note.step}, {note.verb}; known was step {contact.step}"
    turn.repaired("program further than known", contact.id, why)
    if not known:
        return go_on(turn, contact.id, note)
    return retell(turn, contact.id, note)


def _hush(turn: Turn, contact: Contact, note: Journal) -> None:
    """What sounds for a verb to which the program is yet to come again."""
    if note.verb in SOUNDING_NAMES:
        turn.do(StopSounds(contact.id, playback_id(contact.id, note.step, note.attempt)))
    elif (note.queueing and contact.phase is Phase.IN_PROGRAM) or note.verb == Hold.__name__:
        turn.do(StopMusic(contact.id, contact.channel))


def _goes_on(turn: Turn, note: Journal) -> bool:
    """Whether the open verb is one that goes on at the switch while no plane lives: a wait, with the talk that comes of
    it, or a recording."""
    return isinstance(note.open, TakeMessage | FaxVerb) or note.queueing in turn.state.rules.queues


def go_on(turn: Turn, of: ContactId, note: Journal) -> None:
    """Nobody is asked a question while they wait, talk or are recorded, or loses their place, because what the program
    had done before is not known: its last verb goes on, and once that is over the contact has no program."""
    contact = turn.state.contacts[of]
    if contact.verb is not None:
        _close(turn, contact, None, min(note.at, turn.now))
    if contact.program:
        program = contact.program
        turn.happened(
            c.ProgramFailed(at=turn.now, contact=of, program=program, error=FORGOTTEN, where="recovery", forgotten=True)
        )
    _open(turn, of, note)


def reaches_back(note: Journal, contact: Contact | None) -> bool:
    """Whether all steps between are in it; of a program that began since, all of its own."""
    known = {each.step for each in note.past}
    begins = note.first if contact is None or note.first > contact.step else contact.step + (contact.verb is None)
    return all(step in known for step in range(begins, note.step))


def retell(turn: Turn, of: ContactId, note: Journal) -> None:
    """The steps up to the one that is open there, as facts."""
    past = {each.step: each for each in note.past}
    contact = turn.state.contacts[of]
    another = note.first > contact.first_step or contact.program != note.program
    if contact.verb is not None:
        _close(turn, contact, past.get(contact.step), min(note.at, turn.now))
    if another and contact.program:
        turn.happened(
            c.ProgramFailed(at=turn.now, contact=of, program=contact.program, error=FORGOTTEN, where="recovery")
        )
    for step in range(turn.state.contacts[of].step + 1, note.step):
        if another and step == note.first:
            turn.happened(c.ProgramStarted(at=turn.now, contact=of, program=note.program))
        _told(turn, of, past.get(step) or Past(step, result=NoAgents()))
    if another and note.step == note.first:
        turn.happened(c.ProgramStarted(at=turn.now, contact=of, program=note.program))
    _open(turn, of, note)
    now = turn.state.contacts[of]
    if now.waiting is None and not isinstance(now.verb, TakeMessage):  # while one is recorded this would hold all up
        turn.do(TellQueue(of, contact.channel, ""))  # a stay that we never knew of may still be told there


def _told(turn: Turn, of: ContactId, past: Past) -> None:
    """A step that is over. Which verb it was matters to nobody, but for those that note something."""
    verb = past.verb or Play(())
    turn.happened(c.StepStarted(at=turn.now, contact=of, step=past.step, attempt=1, verb=verb, deadline=turn.now))
    if past.verb is not None and not isinstance(past.result, NotAsked):
        noted(turn, turn.state.contacts[of], past.verb)
    end_step(turn, of, past.result)


def _close(turn: Turn, contact: Contact, past: Past | None, until: int) -> None:
    """The verb that we took for open: whatever it had open is closed by its own fact, as always. `until`: when it was
    over, at the latest."""
    result: Result = past.result if past else NoAgents()
    match contact.phase:
        case Phase.TALKING:
            assert contact.talk
            drop_legs(turn, contact, contact.talk)
            talk_over(turn, contact, EndedBy.AGENT)
        case Phase.WAITING | Phase.CONNECTING:
            _close_stay(turn, contact, past.result if past else None, until)
        case Phase.CALLING | Phase.IN_CALL:
            assert contact.call
            stop_waiting(turn, contact)
            parties.caller_gone(turn, contact, contact.call)
        case Phase.CONFERRING:
            conferences.leave(turn, contact, ConferenceEnd.TIME)
        case _:
            leave(turn, contact)
            faxes.leave(turn, contact)
    end_step(turn, contact.id, result)


def _close_stay(turn: Turn, contact: Contact, result: Result | None, until: int) -> None:
    offer = contact.offer_to(result.agent) if isinstance(result, Served) else None
    if offer:
        return _talked(turn, contact, offer, until)
    offer = contact.offer
    if offer and offer.state is OfferState.ANSWERED:
        fail_connect(turn, contact, ConnectFailure.AGENT_GONE)
        turn.do(StopMusic(contact.id, contact.channel))  # their program has gone on
    elif offer:
        withdraw(turn, contact, Withdrawal.SWITCH_LOST)
    return leave_queue(turn, contact.id, _outcome(result), until)


def _talked(turn: Turn, contact: Contact, offer: Offer, until: int) -> None:
    """The talk to which this offer had led, from its beginning to its end."""
    began = _answered_at(offer, until)
    for other in contact.offers:
        if other.id != offer.id:
            withdraw_one(turn, contact, other, Withdrawal.ANSWERED_ELSEWHERE)
    if offer.state is not OfferState.ANSWERED:
        turn.happened(
            c.OfferAnswered(
                at=turn.now,
                contact=contact.id,
                offer=offer.id,
                agent=offer.agent,
                deadline=turn.now,
                ring_ms=began - offer.ring_started_at,
            )
        )
    if not contact.in_room:
        turn.happened(c.CallerEnteredRoom(at=turn.now, contact=contact.id))
    with turn.as_of(began):
        talk_begun(turn, contact, offer)
    contact = turn.state.contacts[contact.id]
    assert contact.talk is not None
    drop_legs(turn, contact, contact.talk)
    with turn.as_of(until):
        talk_over(turn, contact, EndedBy.AGENT)


def _answered_at(offer: Offer, until: int) -> int:
    """When it was answered; if nobody knows, the latest that it can have been: no figure is flattered by what was lost,
    and no talk counts as a wait."""
    if offer.answered_at is not None:
        return offer.answered_at
    return max(offer.ring_started_at, min(until, offer.deadline))


def _outcome(result: Result | None) -> QueueOutcome:
    match result:
        case Served():
            return QueueOutcome.ANSWERED
        case TimedOut() | NotReached():
            return QueueOutcome.TIMED_OUT
        case NoAgents():
            return QueueOutcome.NO_AGENTS
        case Overflowed():
            return QueueOutcome.OVERFLOWED
        case Closed():
            return QueueOutcome.CLOSED
        case _:
            return QueueOutcome.LOST


def _open(turn: Turn, of: ContactId, note: Journal) -> None:
    """A wait and a recording go on as they are; for anything else the program asks once more, from its beginning."""
    match note.open:
        case EnterQueue() if note.open.queue in turn.state.rules.queues:
            _began(turn, of, note, note.open, None)
            note_consent(turn, turn.state.contacts[of], note.open.consent)
            segment = turn.state.contacts[of].segments + 1
            last = turn.state.served.get(turn.state.contacts[of].caller)
            turn.happened(
                c.ContactQueued(
                    at=turn.now,
                    contact=of,
                    queue=note.open.queue,
                    segment=segment,
                    since=min(note.at, turn.now),
                    credit_s=note.credit_s,
                    last_agent=last.agent if last else None,
                    last_served_at=last.at if last else None,
                    entered_at=note.entered_at,
                    passed=note.passed,
                    direct=note.direct,
                )
            )
        case ReceiveFax() | SendFax():
            _began(turn, of, note, note.open, turn.now + faxes.JOIN_MS)
        case TakeMessage():
            _began(turn, of, note, note.open, max(turn.now, note.at + note.open.longest_ms + RECORDING_MS))
        case _ if note.verb in SOUNDING_NAMES:
            turn.do(StopSounds(of, playback_id(of, note.step, note.attempt)))
        case _:
            pass


def _began(
    turn: Turn, of: ContactId, note: Journal, verb: EnterQueue | TakeMessage | FaxVerb, deadline: int | None
) -> None:
    turn.happened(
        c.StepStarted(at=turn.now, contact=of, step=note.step, attempt=note.attempt, verb=verb, deadline=deadline)
    )
