"""Sends commands to the switch, and brings back as inputs what it says to them; `orders` words them.

All of a contact's are written to the same socket, so that they arrive in the order in which they are executed; they
leave with `flush`. A definite refusal comes back as CommandFailed; an unknown outcome is never retried: the event, the
deadline or the reconciler settles it (law 7).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import structlog
from msgspec.structs import replace

from ccplane.asterisk import operations as op
from ccplane.asterisk.agreed import APP, FAX_WORD
from ccplane.asterisk.listening import something_came
from ccplane.asterisk.music import MusicOver
from ccplane.asterisk.orders import before, operation_of
from ccplane.asterisk.outcomes import Busy, Conflict, Done, Gone, Outcome, Refused, Unknown
from ccplane.asterisk.switch import HOUSE, Switch
from ccplane.core import commands as do
from ccplane.core.inputs import (
    CallerGone,
    CommandFailed,
    FaxEnded,
    FaxMissing,
    FaxRefused,
    FaxSilent,
    Input,
    LeftRoom,
    LegEnded,
    LegListened,
    LegNotFound,
    LineEnded,
    RecordingEnded,
    RecordingMissing,
    RecordingRefused,
    SoundsFinished,
    SoundsMade,
)
from ccplane.ids import offer_of_leg, recording_of

log = structlog.get_logger()

STOP_AGAIN_S: Final = 0.05
ASK_S: Final = 2.0
"""After which a call is asked about of which the switch has not said what came of it; and after "no", once more."""
CALLS_KEPT: Final = 4_096

UNREACHABLE: Final = 20
"""Q.850: subscriber absent."""


class Executor:
    """The plane's hands. `switch` is the live connection, None while there is none; `post` takes inputs back."""

    def __init__(self) -> None:
        self.switch: Switch | None = None
        self.post: Callable[[Input], None] = _nowhere
        self.record: Callable[[do.TalkRecordingCommand], None] = lambda _: None
        """Takes what is AMI's to do."""
        self.pick_up: Callable[[do.PickUp], None] = lambda _: None
        """Tells a phone to answer, which is AMI's to do."""
        self.make_sounds: Callable[[do.MakeSounds], None] = self._made_at_once
        """Makes sounds of texts, and posts SoundsMade; without one all are taken for made."""
        self._listening: set[asyncio.Task[None]] = set()
        self.may_send: Callable[[], bool] = lambda: True
        """Whether we may command the switch. Only what is sent by a clock asks: all else is decided by who may."""
        self._music = MusicOver(lambda: self.switch if self.may_send() else None)
        self.look: Callable[[], None] = lambda: None
        """Has the switch surveyed."""
        self._answered_calls: dict[str, None] = {}
        """Of which calls it is known what came of our wish for them; the last ones."""
        self.refused: Counter[str] = Counter()
        """Definite refusals, by command and outcome."""

    def execute(self, command: do.Command) -> None:
        if isinstance(command, do.TalkRecordingCommand):
            self.record(command)
            return
        if isinstance(command, do.LookAround):
            self.look()
            return
        if isinstance(command, do.PickUp):
            self.pick_up(command)
            return
        if isinstance(command, do.MakeSounds):
            self.make_sounds(command)
            return
        if isinstance(command, do.ListenTo):
            self._listening.add(task := asyncio.create_task(self._listen(command), name="listening"))
            task.add_done_callback(self._listening.discard)
            return
        if self.switch is None:
            return  # the survey of the next connection puts right what this leaves undone
        lane = _lane(command)
        for each in before(command):
            self.switch.send(each, lane)
        operation = operation_of(command)
        answer = self.switch.send(operation, lane)
        answer.add_done_callback(lambda done: self._answered(command, done))
        self._music.said(command)
        if isinstance(operation, op.CallIn):
            self._await(command, operation.channel, answer)
            watching = self.switch.send(op.WatchChannel(APP, f"channel:{operation.channel}"), lane)
            watching.add_done_callback(lambda done: self._watching(command, done))

    def _made_at_once(self, command: do.MakeSounds) -> None:
        self.post(SoundsMade(command.contact, command.step, command.attempt))

    def flush(self) -> None:
        """What was sent leaves now."""
        if self.switch is not None:
            self.switch.flush()

    def _await(self, command: do.Command, channel: str, answer: asyncio.Future[Outcome[Any]]) -> None:
        """A call is made in no time: one of which nothing is said for long is asked about, where nothing is held up."""
        asking = asyncio.get_running_loop().call_later(ASK_S, self._ask_whether, command, channel, False)

        def told(done: asyncio.Future[Outcome[Any]]) -> None:
            if not done.cancelled() and not isinstance(done.result(), Unknown):
                asking.cancel()
                self._answered_calls[channel] = None
                if len(self._answered_calls) > CALLS_KEPT:
                    del self._answered_calls[next(iter(self._answered_calls))]

        answer.add_done_callback(told)

    def _ask_whether(self, command: do.Command, channel: str, again: bool) -> None:
        if self.switch is not None and channel not in self._answered_calls:
            asked = self.switch.send(op.GetChannel(channel), HOUSE)
            asked.add_done_callback(lambda done: self._whether(command, channel, again, done))

    def _whether(self, command: do.Command, channel: str, again: bool, answer: asyncio.Future[Outcome[Any]]) -> None:
        """One that is there may not have been heard of yet; one that is not may still come. Of an agent's leg that is
        said, another can be made; an open line and an agent's own phone have until their deadlines.

        Asked twice: what a network has held back comes all at once, and the question may be there before the call. The
        second one leaves when an answer has shown that the way is open."""
        if answer.cancelled() or channel in self._answered_calls:
            return
        match answer.result(), command:
            case Done(), _ if self.switch is not None:
                self.switch.send(op.WatchChannel(APP, f"channel:{channel}"), HOUSE)
            case Gone(), do.RingAgent() | do.RingBack() | do.CallParty() if offer := offer_of_leg(command.leg):
                if again:
                    self.post(LegNotFound(offer, command.leg, answered=False))
                else:
                    asyncio.get_running_loop().call_later(ASK_S, self._ask_whether, command, channel, True)

    async def _listen(self, command: do.ListenTo) -> None:
        """A phone of which nothing can be found out is left to the switch's own `rtp_timeout`."""
        heard = await something_came(self.switch, command.leg, command.for_ms / 1000)
        if heard is not None:
            self.post(LegListened(command.contact, command.offer, heard, command.leg))

    def _watching(self, command: do.Command, answer: asyncio.Future[Outcome[Any]]) -> None:
        """One that ended before we listened, or never was: of its end nothing else tells."""
        if answer.cancelled() or not isinstance(answer.result(), Gone | Busy):
            return
        match command:
            case do.RingAgent() | do.RingBack() | do.CallParty() if offer := offer_of_leg(command.leg):
                self.post(LegEnded(offer, command.leg))
            case do.CallOwner() | do.CallCustomer():
                self.post(CallerGone(command.contact, UNREACHABLE))
            case do.RingLine():
                self.post(LineEnded(command.line))
            case do.BeginFax():
                self.post(FaxEnded(command.fax))

    def _answered(self, command: do.Command, answer: asyncio.Future[Outcome[Any]]) -> None:
        if answer.cancelled():
            return
        outcome = answer.result()
        match outcome, command:
            case Unknown(), do.PlaySounds():
                self._look_for(command)
            case Unknown(), do.RecordMessage():
                self.execute(do.LookForRecording(command.contact, command.message))
            case Unknown(reason="timeout"), do.LookForRecording():
                self.execute(command)  # the lane is still held up
            case Unknown(reason="timeout"), do.LookForFax():
                self.execute(command)
            case Done(), do.LookForFax():
                self.post(FaxEnded(command.fax))  # our half is gone; this one will be
            case Gone(), do.LookAtFax():
                self.post(FaxSilent(command.fax))
                return
            case Gone(), do.LookForFax():
                self._look_for_word(command)
                return
        if isinstance(outcome, Done | Unknown) or _never_left(command, outcome):
            return
        if isinstance(command, do.LookForRecording) and isinstance(outcome, Gone):
            self._look_for_file(command)
            return
        self.refused[f"{type(command).__name__}: {type(outcome).__name__}"] += 1
        gone = isinstance(outcome, Gone)
        match command:
            case (
                do.RingAgent() | do.RingBack() | do.CallParty() | do.CallOwner() | do.CallCustomer() | do.RingLine()
            ) if isinstance(outcome, Conflict):
                return  # our id, so our leg: it rings already
            case do.CallOwner() | do.CallCustomer():
                self.post(CallerGone(command.contact, UNREACHABLE))  # their channel never came to be
            case do.RingAgent() | do.RingBack() | do.CallParty() | do.JoinAgent() | do.JoinLine() | do.Whisper():
                self.post(CommandFailed(command, gone=gone, message=str(outcome)))
            case do.RingLine():
                self.post(LineEnded(command.line))  # it never came to be
            case do.HangUpLine():
                # it is gone already; or, where nothing was said of our wish for it, not there yet
                self.post(LineEnded(command.line, gone=command.line in self._answered_calls))
            case do.OpenLine():
                self.post(LineEnded(command.line, gone=False))  # which of line and room is not there is not said
            case do.PlaySounds() if not gone:
                self._never_played(command)
            case do.HangUpLeg() if gone and (offer := offer_of_leg(command.leg)):
                # it went before we asked, and its end may have been told or not; or it is not there yet
                self.post(LegNotFound(offer, command.leg, answered=command.leg in self._answered_calls))
            case do.BeginFax() if isinstance(outcome, Conflict):
                return  # our id, so our machine
            case do.BeginFax():
                self.post(FaxRefused(command.fax, str(outcome)))
            case do.RecordMessage() if isinstance(outcome, Conflict):
                return  # our name, so our recording: its end is told
            case do.RecordMessage() if not gone:
                self.post(RecordingRefused(command.message, str(outcome)))
            case do.RemoveCaller() if isinstance(outcome, Busy) or gone:
                self.post(LeftRoom(command.contact, command.channel))  # they were not in it
            case (
                do.HangUpCaller()
                | do.CloseRoom()
                | do.StopSounds()
                | do.StopMusic()
                | do.StopRinging()
                | do.StopRecording()
                | do.TellQueue()
                | do.LeaveConference()
                | do.CloseConference()
                | do.EndFax()
            ) if gone:
                return  # it was to be gone
            case do.StopSounds() if isinstance(outcome, Refused):
                # at a prompt's very first moment, one time in a hundred: it plays on, and what came behind the stop on
                # the contact's own lane (addChannel, a variable) waits for its end: so past that
                again = replace(command, late=True)
                asyncio.get_running_loop().call_later(STOP_AGAIN_S, self.execute, again)
            case _:
                log.info("the switch refused a command", command=type(command).__name__, outcome=repr(outcome))

    def _look_for_file(self, command: do.LookForRecording) -> None:
        """It is not being recorded: either it is over, or it was lost before it began."""
        if self.switch is not None:
            answer = self.switch.send(op.GetStoredRecording(recording_of(command.message)), command.contact)
            answer.add_done_callback(lambda done: self._looked_for_file(command, done))

    def _looked_for_file(self, command: do.LookForRecording, answer: asyncio.Future[Outcome[Any]]) -> None:
        if answer.cancelled():
            return
        match answer.result():
            case Done():
                self.post(RecordingEnded(command.message))
            case Gone():
                self.post(RecordingMissing(command.message))

    def _look_for_word(self, command: do.LookForFax) -> None:
        """Neither half is there: either it is over, and has left word of it, or it never was."""
        if self.switch is not None:
            answer = self.switch.send(op.GetGlobalVariable(f"{FAX_WORD}{command.fax}"), command.contact)
            answer.add_done_callback(lambda done: self._looked_for_word(command, done))

    def _looked_for_word(self, command: do.LookForFax, answer: asyncio.Future[Outcome[Any]]) -> None:
        if answer.cancelled():
            return
        match answer.result():
            case Done(value=word) if word.value:
                self.post(FaxEnded(command.fax))
            case Done() | Gone():
                self.post(FaxMissing(command.fax))

    def _look_for(self, command: do.PlaySounds) -> None:
        """Whether it plays is asked on the contact's own lane, so behind it: what isn't there now never will be."""
        if self.switch is not None:
            answer = self.switch.send(op.GetPlayback(command.playback), command.contact)
            answer.add_done_callback(lambda done: self._looked(command, done))

    def _looked(self, command: do.PlaySounds, answer: asyncio.Future[Outcome[Any]]) -> None:
        if answer.cancelled():
            return
        match answer.result():
            case Gone():
                self._never_played(command, lost=True)  # or it is over: then its own end has been told, or is now
            case Unknown(reason="timeout"):
                self._look_for(command)  # the lane is still held up

    def _never_played(self, command: do.PlaySounds, *, lost: bool = False) -> None:
        step, attempt = command.playback.rsplit("-", 2)[1:]
        self.post(SoundsFinished(command.contact, int(step), int(attempt), ok=False, lost=lost))


def _lane(command: do.Command) -> str:
    """A contact's commands keep their order; only what they may be held up behind goes past them."""
    if isinstance(command, do.StopSounds) and command.late:
        return HOUSE
    return command.contact if isinstance(command, do.ContactCommand) else HOUSE


def _never_left(command: do.Command, outcome: Outcome[Any]) -> bool:
    """Fenced, closed, too much under way: nobody at the switch is to blame, and a survey or a deadline puts it right.

    A prompt that was never sent for too much under way is the exception: better none than ten minutes of silence.
    """
    if not isinstance(outcome, Refused) or outcome.status:
        return False
    return not (outcome.message == "backlog" and isinstance(command, do.PlaySounds))


def _nowhere(_: Input) -> None:
    raise RuntimeError("Executor.post is wired in parts.py before the first command")
