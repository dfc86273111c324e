"""What programs ask for, and how each verb ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from ccplane.contacts import facts as c
from ccplane.contacts.arranging import ArrangingVerb
from ccplane.contacts.conference import Confer
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import ConferenceEnd, QueueOutcome
from ccplane.contacts.fax import FaxVerb, ReceiveFax, SendFax
from ccplane.contacts.look_ups import LookUp
from ccplane.contacts.owed import BOX_FULL
from ccplane.contacts.verbs import (
    Answer,
    AskCallback,
    AskPin,
    Connect,
    Done,
    EnterQueue,
    Failed,
    Gather,
    HangUp,
    Hold,
    LookAtBox,
    LookHours,
    MessageTaken,
    NoAgents,
    NoInput,
    NoMessage,
    Note,
    NotPromised,
    NotReached,
    Play,
    Pressed,
    Proven,
    Refused,
    Result,
    Ring,
    TakeMessage,
    Verb,
)
from ccplane.contacts.waiting import queued
from ccplane.core import conferences, faxes, journal, latecomers, look_ups, notes, own_calls, promises
from ccplane.core import inputs as i
from ccplane.core.commands import (
    AddCaller,
    AnswerCaller,
    HangUpCaller,
    LetRing,
    LookForRecording,
    MakeSounds,
    PlaySounds,
    StartMusic,
    StopMusic,
    StopRecording,
    StopRinging,
    StopSounds,
    TellQueue,
    WriteJournal,
)
from ccplane.core.direct import why_not_now
from ccplane.core.estimates import at_entry
from ccplane.core.follows import as_candidate
from ccplane.core.limits import RESULTS, as_told, looked_up, refused, way_on
from ccplane.core.messages import RECORDING_MS, leave, record
from ccplane.core.owed import is_full
from ccplane.core.recordings import note_consent
from ccplane.core.stays import change_queue, leave_queue
from ccplane.core.turn import Turn
from ccplane.ids import ContactId, contact_of_fax, message_id, playback_id

ANSWER_MS: Final = 5_000
SOUNDS_MS: Final = 600_000
"""A prompt's end is proven by its event; this is only for the case that the event is lost."""
SILENCE_MS: Final = 500
"""In place of a sound that is missing in every language."""
HANG_UP_MS: Final = 5_000
LATER_MS: Final = 1_000
"""A promise has a deadline of its own, which comes first."""
SOUNDING: Final = (Play, Gather, AskPin, LookUp)
"""Verbs that play sounds; begun again by a plane that comes back."""
RESUMED: Final = (*SOUNDING, TakeMessage, FaxVerb, Ring, Hold)
"""Verbs of one who neither waits nor talks that a plane that comes back looks after."""
UNHEARD: Final = Failed("a sound could not be played")
UNCONFIRMED: Final = Failed("the switch did not confirm it in time")


def asked(turn: Turn, what: i.VerbAsked) -> None:
    """A program awaits a verb. The open verb asked again (a plane that came back) is taken up where it stands."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None or contact.pick_up_by is not None:
        return  # over; or no program has begun yet
    if contact.verb is not None and contact.step == what.step:
        _take_up(turn, contact)
    elif contact.verb is None and what.step == contact.step + 1:
        _begin(turn, contact, what.step, 1, what.verb, what.where)


def _take_up(turn: Turn, contact: Contact) -> None:
    """What sounded may have ended while nobody listened: sounds begin again. Waiting and talking just go on, and so
    does a recording, unless it is over."""
    assert contact.verb is not None
    if isinstance(contact.verb, TakeMessage):
        return turn.do(LookForRecording(contact.id, message_id(contact.id, contact.step, contact.attempt)))
    if isinstance(contact.verb, SOUNDING):
        _stop_sounds(turn, contact)
        if isinstance(contact.verb, LookUp):
            look_ups.hush(turn, contact, contact.verb)
        if contact.segments:  # that they left it may have been lost; while a prompt plays this would hold all else up
            turn.do(TellQueue(contact.id, contact.channel, ""))
    if isinstance(contact.verb, Ring | Hold):
        return _ring_or_music(turn, contact, contact.verb)
    return None if isinstance(contact.verb, EnterQueue | Connect | Confer | FaxVerb) else begin_again(turn, contact)


def begin_again(turn: Turn, contact: Contact) -> None:
    """The open verb from its beginning, under the next try's ids."""
    assert contact.verb is not None
    _begin(turn, contact, contact.step, contact.attempt + 1, contact.verb)


def _begin(turn: Turn, contact: Contact, step: int, attempt: int, verb: Verb, where: str = "") -> None:
    if isinstance(verb, EnterQueue) and attempt == 1:
        verb = _raised(turn, contact, verb)
    deadline = None if isinstance(verb, EnterQueue | Connect) else turn.now + _longest_ms(verb)
    turn.happened(
        c.StepStarted(
            at=turn.now, contact=contact.id, step=step, attempt=attempt, verb=verb, deadline=deadline, where=where
        )
    )
    if isinstance(verb, LookHours):
        return end_step(turn, contact.id, looked_up(turn.state, verb.name, turn.now))
    if isinstance(verb, LookAtBox):
        return end_step(turn, contact.id, NoMessage(BOX_FULL) if is_full(turn.state, verb.box) else Done())
    if isinstance(verb, ArrangingVerb):
        return None  # `arrange` answers in this very turn
    if isinstance(verb, Note):
        return end_step(turn, contact.id, notes.noted(turn, contact, verb))
    turn.do(
        WriteJournal(contact.id, journal.write(step, verb, turn.now, contact, attempt))
    )  # for a plane that knows less
    match verb:
        case Answer():
            if contact.answered:
                end_step(turn, contact.id, Done())
            else:
                turn.do(AnswerCaller(contact.id, contact.channel))
        case Ring() | Hold():
            _ring_or_music(turn, contact, verb)
        case Play() | AskPin():
            _play(turn, turn.state.contacts[contact.id], verb)
        case Gather():
            _gather(turn, turn.state.contacts[contact.id], verb)
        case EnterQueue():
            _enter_queue(turn, contact, verb)
        case Connect():
            result = own_calls.begin(turn, contact, verb)
            if result is not None:
                end_step(turn, contact.id, result)
        case AskCallback():
            answer = promises.ask(turn, turn.state.contacts[contact.id], verb)
            if answer is not None:
                end_step(turn, contact.id, answer)
        case TakeMessage(box=box):
            if is_full(turn.state, box):
                end_step(turn, contact.id, NoMessage(BOX_FULL))
            else:
                record(turn, contact, verb)
        case ReceiveFax() | SendFax():
            faxes.begin(turn, turn.state.contacts[contact.id])
        case Confer():
            result = conferences.begin(turn, turn.state.contacts[contact.id], verb)
            if result is not None:
                end_step(turn, contact.id, result)
        case HangUp():
            turn.do(HangUpCaller(contact.id, contact.channel, verb.cause))
    return None


def _longest_ms(verb: Verb) -> int:
    match verb:
        case Answer():
            return ANSWER_MS
        case HangUp():
            return HANG_UP_MS
        case AskPin():
            return verb.timeout_ms
        case Ring() | Hold():
            return verb.ms
        case AskCallback():
            return promises.ANSWER_MS + LATER_MS
        case LookUp():
            return look_ups.first_ms(verb)
        case TakeMessage():
            return verb.longest_ms + RECORDING_MS
        case ReceiveFax() | SendFax():
            return faxes.JOIN_MS
        case Confer():
            return conferences.JOIN_MS
        case _:
            return SOUNDS_MS


def _ring_or_music(turn: Turn, contact: Contact, verb: Ring | Hold) -> None:
    """Begun, or again after a gap in which it may have been lost; its time runs on."""
    if isinstance(verb, Ring):
        return turn.do(LetRing(contact.id, contact.channel))
    if not contact.answered:
        turn.do(AnswerCaller(contact.id, contact.channel))
    return turn.do(StartMusic(contact.id, contact.channel, verb.music))


def be_quiet(turn: Turn, contact: Contact) -> None:
    """Whatever the open verb has the caller hear stops."""
    match contact.verb:
        case Ring():
            turn.do(StopRinging(contact.id, contact.channel))
        case Hold():
            turn.do(StopMusic(contact.id, contact.channel))
        case Play() | Gather() | AskPin():
            _stop_sounds(turn, contact)
        case LookUp():
            look_ups.be_quiet(turn, contact, contact.verb)


def _play(turn: Turn, contact: Contact, verb: Play | Gather | AskPin) -> None:
    """`contact` as it is in this step. Texts are sounds first."""
    sounds = verb.otherwise if not isinstance(verb, AskPin) and contact.unplayed and verb.otherwise else verb.sounds
    if not sounds:
        return sounds_finished(turn, i.SoundsFinished(contact.id, contact.step, contact.attempt))
    if not contact.answered:
        turn.do(AnswerCaller(contact.id, contact.channel))
    if not isinstance(verb, AskPin) and verb.texts:
        return turn.do(MakeSounds(contact.id, contact.step, contact.attempt, contact.site, verb.texts))
    return _let_sound(turn, contact, sounds)


def _let_sound(turn: Turn, contact: Contact, sounds: tuple[str, ...]) -> None:
    playback = playback_id(contact.id, contact.step, contact.attempt)
    turn.do(PlaySounds(contact.id, contact.channel, playback, sounds, contact.language))


def sounds_made(turn: Turn, what: i.SoundsMade) -> None:
    """The texts of the open verb can be heard. Whoever has begun to answer the question needs it no more."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None or (contact.step, contact.attempt) != (what.step, what.attempt) or contact.sounds_over:
        return
    if not isinstance(contact.verb, Play | Gather):
        return
    rest = tuple(each for each in contact.verb.sounds if each not in what.missing)
    if what.missing and rest:
        turn.happened(c.SoundsFailed(at=turn.now, contact=contact.id, step=contact.step, sounds=what.missing))
    if rest:
        _let_sound(turn, contact, rest)
    else:
        sounds_finished(turn, i.SoundsFinished(contact.id, what.step, what.attempt, ok=False))


def _gather(turn: Turn, contact: Contact, verb: Gather) -> None:
    """Who knows what will be asked, or was in the middle of the answer, doesn't hear the question (again)."""
    if not (contact.keys or (contact.ahead and verb.barge_in)):
        return _play(turn, contact, verb)
    if not contact.answered:
        turn.do(AnswerCaller(contact.id, contact.channel))
    if contact.keys:
        sounds_finished(turn, i.SoundsFinished(contact.id, contact.step, contact.attempt))
    return take_kept(turn, contact.id, contact.step)


def take_kept(turn: Turn, contact_id: ContactId, step: int) -> None:
    """The verb of this step takes the keys that were pressed ahead, as far as it needs them."""
    while (contact := turn.state.contacts[contact_id]).ahead and contact.gathering and contact.step == step:
        take_key(turn, contact, contact.ahead[0], kept=True)


def take_key(turn: Turn, contact: Contact, key: str, *, kept: bool = False) -> None:
    """The verb that gathers takes a key: it may be the last one."""
    gather = contact.gathering
    assert gather is not None
    turn.happened(c.KeyTaken(at=turn.now, contact=contact.id, step=contact.step, key=key, kept=kept))
    if key in gather.ends_with:
        end_step(turn, contact.id, Pressed(contact.keys))
    elif len(contact.keys) + 1 >= gather.longest:
        end_step(turn, contact.id, Pressed(contact.keys + key))


def _raised(turn: Turn, contact: Contact, verb: EnterQueue) -> EnterQueue:
    """With the priority of who is known for it, and of who calls again, where the queue gives one: also in the room's
    journal, for a plane that knows less."""
    if contact.customer is not None and contact.customer.credit_s:
        verb = replace(verb, credit_s=verb.credit_s + contact.customer.credit_s)
    name, last = turn.state.rules.queue_for(verb.queue), turn.state.served.get(contact.caller)
    queue = turn.state.rules.queues[name] if name is not None else None
    if queue is None or queue.repeat_ms is None or last is None or turn.when - last.at > queue.repeat_ms:
        return verb
    return replace(verb, credit_s=verb.credit_s + queue.repeat_credit_s)


def _enter_queue(turn: Turn, contact: Contact, verb: EnterQueue) -> None:
    """Answer, music, and a place in the line; of another queue, or of none, where this one does not take them."""
    note_consent(turn, contact, verb.consent)
    rules = turn.state.rules
    name = rules.queue_for(verb.queue)
    if name is None:
        return end_step(turn, contact.id, NoAgents())
    queue = rules.queues[name]
    if verb.direct is not None and (gone := why_not_now(turn.state, verb.direct)) is not None:
        return end_step(turn, contact.id, NotReached(gone))
    since, place = latecomers.clock(turn, contact, verb.queue)
    last = turn.state.served.get(contact.caller)
    stay = c.ContactQueued(
        at=turn.now,
        contact=contact.id,
        queue=name,
        segment=contact.segments + 1,
        since=since,
        place=place,
        credit_s=verb.credit_s,
        last_agent=last.agent if last else None,
        last_served_at=last.at if last else None,
        direct=verb.direct,
    )
    waiting = as_candidate(replace(contact, waiting=queued(stay)))
    why = refused(turn.state, queue, turn.now, waiting) if verb.direct is None else None
    to = way_on(turn.state, queue, why, turn.now, (), waiting) if why else queue.name
    if to is None and why is QueueOutcome.NO_AGENTS:
        return end_step(turn, contact.id, NoAgents())
    if to is not None:
        if not contact.answered:
            turn.do(AnswerCaller(contact.id, contact.channel))
        if not contact.in_room:
            turn.do(AddCaller(contact.id, contact.channel))
        turn.do(StartMusic(contact.id, contact.channel, turn.state.rules.queues[to].music))
    estimate = at_entry(turn.state, waiting, turn.now) if verb.direct is None else None
    turn.happened(replace(stay, estimate_ms=estimate))
    if why and to is None:
        leave_queue(turn, contact.id, why)
        return end_step(turn, contact.id, as_told(turn.state, verb.queue, RESULTS[why], turn.now))
    if why and to is not None:
        change_queue(turn, contact.id, to, why)
    return None


def pin_keyed(turn: Turn, what: i.PinKeyed) -> None:
    """A key stops the sounds; which one it was is nobody's business."""
    contact = turn.state.contacts.get(what.contact)
    if contact is not None and isinstance(contact.verb, AskPin):
        _stop_sounds(turn, contact)


def pin_checked(turn: Turn, what: i.PinChecked) -> None:
    """The PIN was compared, and whether it is theirs is all that the program hears."""
    contact = turn.state.contacts.get(what.contact)
    if contact is not None and contact.step == what.step and isinstance(contact.verb, AskPin):
        end_step(turn, contact.id, Refused(what.refused) if what.refused else Proven(contact.verb.agent))


def _stop_sounds(turn: Turn, contact: Contact) -> None:
    turn.do(StopSounds(contact.id, playback_id(contact.id, contact.step, contact.attempt)))


def sounds_started(turn: Turn, what: i.SoundsStarted) -> None:
    """What was sent before a connection was lost may be played long after, also behind the stop that was meant for it:
    the caller would hear what is no longer asked, and could not be joined with anybody until it is over."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None:
        return
    asked = (contact.step, contact.attempt) == (what.step, what.attempt) and isinstance(contact.verb, SOUNDING)
    if not asked:
        turn.do(StopSounds(contact.id, playback_id(contact.id, what.step, what.attempt), late=True))


def sounds_finished(turn: Turn, what: i.SoundsFinished) -> None:
    """The sounds of the open verb are over. A sound that could not be played is said to the program, not hidden."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None or (contact.step, contact.attempt) != (what.step, what.attempt):
        return
    if not what.ok and not what.lost and _said_otherwise(turn, contact):
        return
    if isinstance(contact.verb, LookUp):
        look_ups.sounds_over(turn, contact, contact.verb, what)
    elif isinstance(contact.verb, Play):
        end_step(turn, contact.id, Done() if what.ok else UNHEARD)
    elif isinstance(contact.verb, Gather) and not contact.sounds_over:
        turn.happened(c.SoundsEnded(at=turn.now, contact=contact.id, step=contact.step, ok=what.ok))
        if what.ok or contact.verb.barge_in:
            take_kept(turn, contact.id, contact.step)
        else:  # it was to be heard out: what is pressed answers a question that was not put
            end_step(turn, contact.id, UNHEARD)


def looked_up_outside(turn: Turn, what: i.LookUpAnswered) -> None:
    """A service has answered, or will not."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None or (contact.step, contact.attempt) != (what.step, what.attempt):
        return
    if isinstance(contact.verb, LookUp):
        be_quiet(turn, contact)
        end_step(turn, contact.id, what.result)


def _said_otherwise(turn: Turn, contact: Contact) -> bool:
    """A sound is missing: what it says is heard in another language, from its beginning; where that can't be either,
    there is a short silence. False where what follows is as if it had been heard: a key is waited for."""
    verb = contact.verb
    if not isinstance(verb, Play | Gather) or contact.sounds_over:
        return False
    again = bool(verb.otherwise) and not contact.unplayed
    until = turn.now + SILENCE_MS if isinstance(verb, Play) and not again else None
    sounds = verb.otherwise if contact.unplayed and verb.otherwise else verb.sounds
    turn.happened(c.SoundsFailed(at=turn.now, contact=contact.id, step=contact.step, sounds=sounds, until=until))
    if again:
        begin_again(turn, turn.state.contacts[contact.id])
    return again or until is not None


def end_step(turn: Turn, contact_id: ContactId, result: Result) -> None:
    """The open verb ended with this result; the program will be resumed with it."""
    step = turn.state.contacts[contact_id].step
    turn.happened(c.StepEnded(at=turn.now, contact=contact_id, step=step, result=result))


def step_overdue(turn: Turn, contact: Contact) -> None:
    """The open verb's time is up: for a gathering one that is an answer, for the others a failure."""
    match contact.verb:
        case Gather():
            end_step(turn, contact.id, _nothing_more(contact))
        case AskPin():
            _stop_sounds(turn, contact)
            end_step(turn, contact.id, NoInput())
        case HangUp():
            begin_again(turn, contact)
        case Ring() | Hold():
            be_quiet(turn, contact)
            end_step(turn, contact.id, Done())
        case AskCallback():
            end_step(turn, contact.id, NotPromised(promises.AWAY))
        case LookUp():
            failed = look_ups.overdue(turn, contact, contact.verb)
            if failed is not None:
                end_step(turn, contact.id, failed)
        case TakeMessage():
            _message_overdue(turn, contact)
        case ReceiveFax() | SendFax():
            faxes.overdue(turn, contact)
        case Confer():
            conferences.left(turn, contact, ConferenceEnd.TIME)
        case Answer() | Play():
            end_step(turn, contact.id, UNHEARD if contact.unplayed else UNCONFIRMED)
        case _:
            pass


def fax_missing(turn: Turn, what: i.FaxMissing) -> None:
    """Our fax machine was lost with the connection before it began: it begins again."""
    contact = turn.state.contacts.get(contact_of_fax(what.fax))
    if contact is not None and contact.fax == what.fax and what.fax not in turn.state.faxes:
        begin_again(turn, contact)


def _nothing_more(contact: Contact) -> Result:
    """What a gathering verb's silence says: who was asked nothing has not been silent."""
    if contact.keys:
        return Pressed(contact.keys)
    if not contact.sounds_over:
        return UNCONFIRMED
    return UNHEARD if contact.sounds_failed else NoInput()


def _message_overdue(turn: Turn, contact: Contact) -> None:
    """First nobody told of the recording's end: it is ended. Then nobody told what became of it: the switch's word
    is taken. Whatever there is of it is kept all the same."""
    assert contact.recording is not None
    message = turn.state.messages.get(contact.recording)
    if message is None:
        turn.do(StopRecording(contact.id, contact.recording))
        leave(turn, contact)
    else:
        result = MessageTaken(message.id, message.ms) if message.ms else NoMessage("not confirmed in time")
        end_step(turn, contact.id, result)


def give_back(turn: Turn, contact: Contact, outcome: QueueOutcome, result: Result) -> None:
    """The caller leaves the queue and the program decides what now."""
    leave_queue(turn, contact.id, outcome)
    turn.do(StopMusic(contact.id, contact.channel))
    end_step(turn, contact.id, result)


def returned(turn: Turn, what: i.ProgramReturned) -> None:
    """A program that returns hangs up with cause 16."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None or contact.verb is not None or contact.pick_up_by is not None:
        return
    turn.happened(c.ProgramEnded(at=turn.now, contact=contact.id, program=contact.program))
    _begin(turn, turn.state.contacts[contact.id], contact.step + 1, 1, HangUp())


def raised(turn: Turn, what: i.ProgramRaised) -> None:
    """A program failed: the site's default takes the call; if that fails too the call is ended, never left silent."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None or contact.pick_up_by is not None:
        return
    if contact.phase is not Phase.IN_PROGRAM:
        return  # a talk or a wait goes on; when it ends the program is found missing, and this is asked again
    if isinstance(contact.verb, HangUp):
        return  # the call is being ended already
    be_quiet(turn, contact)
    if contact.recording:
        turn.do(StopRecording(contact.id, contact.recording))
        leave(turn, contact)
    faxes.leave(turn, contact, faxes.STOPPED)
    turn.happened(
        c.ProgramFailed(at=turn.now, contact=contact.id, program=contact.program, error=what.error, where=what.where)
    )
    hand_to_default(turn, contact)


def hand_to_default(turn: Turn, contact: Contact) -> None:
    """The site's default program takes the call from here; if it has had it already, the call is ended."""
    default = turn.state.rules.default_program
    if contact.failures == 0 and default and contact.program != default:
        turn.happened(c.ProgramStarted(at=turn.now, contact=contact.id, program=default))
    else:
        _begin(turn, turn.state.contacts[contact.id], contact.step + 1, 1, HangUp(cause=41))


STEP_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.VerbAsked: asked,
    i.SoundsStarted: sounds_started,
    i.SoundsFinished: sounds_finished,
    i.SoundsMade: sounds_made,
    i.LookUpAnswered: looked_up_outside,
    i.PinKeyed: pin_keyed,
    i.PinChecked: pin_checked,
    i.FaxMissing: fax_missing,
    i.ProgramReturned: returned,
    i.ProgramRaised: raised,
}
