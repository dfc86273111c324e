"""Commands as operations of the switch, and what it says to them as inputs.

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

from ccplane.asterisk import operations as op
from ccplane.asterisk.agreed import APP, LINE, PHONE
from ccplane.asterisk.listening import something_came
from ccplane.asterisk.outcomes import Busy, Conflict, Done, Gone, Outcome, Refused, Unknown
from ccplane.asterisk.switch import HOUSE, Switch
from ccplane.core import commands as do
from ccplane.core.inputs import (
    CallerGone,
    CommandFailed,
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
)
from ccplane.ids import ChannelId, bridge_of, half_of, hold_id, offer_of_leg, recording_of, room_of_line

log = structlog.get_logger()

STOP_AGAIN_S: Final = 0.05
END_KEY: Final = "#"
"""Ends a message; callers are told so by the prompt."""
JOURNAL: Final = "CCPLANE"
"""The room's variable in which the contact's journal lies."""


QUEUE: Final = "CCPLANE_QUEUE"
SINCE: Final = "CCPLANE_SINCE"
"""The caller's variables by which the dialplan and the guard know where they wait, and since when."""

AUTO_ANSWER: Final = {
    "PJSIP_HEADER(add,Call-Info)": "<sip:ccplane>;answer-after=0",
    "PJSIP_HEADER(add,Alert-Info)": "<http://ccplane>;info=alert-autoanswer;delay=0",
}
"""What tells a phone to pick up by itself; makers differ in which of the two they heed."""

REJOIN: Final = {"PJSIP_HEADER(add,X-Ccplane-Rejoin)": "1"}
"""Tells our own browser phone that this is the call it was in."""

FALLBACK: Final = {False: "ccplane-fallback", True: "ccplane-phone-fallback"}
"""Where the dialplan serves those whom we don't, by whether a phone of ours calls (dialplan/fallback.conf)."""

OPEN_LINE: Final = "Open line"
"""What a phone shows of it."""
BEEP: Final = "sound:ascending-2tone"
"""Of 200 ms: for as long the two do not hear each other."""


ASK_S: Final = 2.0
"""After which a call is asked about of which the switch has not said what came of it."""
CALLS_KEPT: Final = 4_096

UNREACHABLE: Final = 20
"""Q.850: subscriber absent."""


def caller_id(number: str, name: str) -> str:
    """`"name" <number>` with nothing in it that could end it early."""
    safe_name = "".join(each for each in name if each not in '"<>\\')
    safe_number = "".join(each for each in number if each not in '"<>\\ ')
    return f'"{safe_name}" <{safe_number}>' if safe_name else f"<{safe_number}>"


Calling = do.RingAgent | do.RingBack | do.CallParty | do.CallOwner | do.RingLine


def _called(
    command: Calling, channel: ChannelId, args: str, caller: str, headers: dict[str, str] | None = None
) -> op.CallIn:
    """A phone is called to our door; through its open line by a channel of two halves."""
    return op.CallIn(
        channel,
        endpoint=command.endpoint,
        args=args,
        caller_id=caller,
        timeout=-(-command.timeout_ms // 1000),
        variables=headers or {},
        other=_far_half(command.endpoint, channel),
    )


def _caller(command: do.RingAgent | do.RingBack | do.CallParty) -> str:
    return caller_id(command.caller, command.caller_name)


def _headers(command: do.RingAgent | do.CallOwner | do.RingLine) -> dict[str, str]:
    return AUTO_ANSWER if command.auto_answer else {}


def operation_of(command: do.Command) -> op.Operation[Any]:
    """The one operation that carries a command out."""
    match command:
        case do.RingAgent():
            return _called(command, command.leg, f"leg,{command.agent}", _caller(command), _headers(command))
        case do.RingBack():
            return _called(command, command.leg, f"leg,{command.agent}", _caller(command), AUTO_ANSWER | REJOIN)
        case do.CallParty():
            args = f"leg,{command.agent}" if command.agent else "leg"
            return _called(command, command.leg, args, _caller(command))
        case do.CallOwner():
            args, shown = f"{command.number},{PHONE}", caller_id(command.number, "")
            return _called(command, command.channel, args, shown, _headers(command))
        case do.RingLine():
            args, shown = f"{LINE},{command.agent}", caller_id("", OPEN_LINE)
            return _called(command, command.line, args, shown, _headers(command))
        case do.OpenLine():
            return op.AddChannel(room_of_line(command.line), (command.line,))
        case do.JoinLine():
            return op.AddChannel(room_of_line(command.line), (command.half,))
        case do.AnswerHalf():
            return op.Answer(command.half)
        case do.HangUpLine():
            return op.HangUp(command.line)
        case do.LetRing():
            return op.Ring(command.channel)
        case do.StopRinging():
            return op.RingStop(command.channel)
        case do.JoinAgent():
            return op.AddChannel(bridge_of(command.contact), (command.leg,))
        case do.AddCaller():
            return op.AddChannel(bridge_of(command.contact), (command.channel,))
        case do.StopMusic():
            return op.StopMoh(command.channel)
        case do.StartMusic():
            return op.StartMoh(command.channel, command.music)
        case do.HangUpLeg():
            return op.HangUp(command.leg, reason=command.reason)
        case do.HangUpCaller():
            return op.HangUp(command.channel, reason_code=str(command.cause))
        case do.GiveBack():
            return op.Continue(command.channel, FALLBACK[command.ours], command.number, 1)
        case do.AnswerCaller():
            return op.Answer(command.channel)
        case do.PlaySounds():
            return op.PlayOnChannel(command.channel, command.playback, command.sounds, command.language)
        case do.AskToHold():
            bridge, playback = bridge_of(command.contact), hold_id(command.contact)
            return op.PlayOnBridge(bridge, playback, command.sounds, command.language)
        case do.StopSounds():
            return op.StopPlayback(command.playback)
        case do.RemoveCaller():
            return op.RemoveChannel(bridge_of(command.contact), (command.channel,))
        case do.RecordMessage():
            return _recording(command)
        case do.StopRecording():
            return op.StopRecording(recording_of(command.message))
        case do.LookForRecording():
            return op.GetLiveRecording(recording_of(command.message))
        case do.OpenRoom():
            return op.CreateBridge(bridge_of(command.contact), name=command.contact)
        case do.CloseRoom():
            return op.DestroyBridge(bridge_of(command.contact))
        case do.WriteJournal():
            return op.SetBridgeVariable(bridge_of(command.contact), JOURNAL, command.text)
        case do.TellQueue():
            return op.SetChannelVariable(command.channel, QUEUE, command.queue)
        case do.MirrorWork():
            return _elsewhere(command)
        case do.MirrorIntent():
            state = "NOT_INUSE" if command.ready else "BUSY"
            return op.SetDeviceState(f"Stasis:agent-{command.agent}", state)
    raise TypeError(f"no operation for {type(command).__name__}")


def lamps_of(command: do.MirrorIntent) -> tuple[op.SetDeviceState, ...]:
    """Lamps of their own say who is signed in and who is paused: one lamp can't tell a pause from a call."""
    signed_in = command.ready or command.paused
    lit = {"signed-in": signed_in, "paused": command.paused}
    return (
        *(op.SetDeviceState(f"Stasis:{lamp}-{command.agent}", _LIT[on]) for lamp, on in lit.items()),
        _elsewhere(command),
    )


def _elsewhere(command: do.MirrorIntent | do.MirrorWork) -> op.SetDeviceState:
    return op.SetDeviceState(f"Stasis:elsewhere-{command.agent}", _SHOWN[command.elsewhere])


def _far_half(endpoint: str, leg: ChannelId) -> str:
    return half_of(leg) if endpoint.startswith("Local/") else ""


def before(command: do.Command) -> tuple[op.Operation[Any], ...]:
    """What goes with a command, and before it; whether it was done nobody waits for."""
    match command:
        case do.MirrorIntent():
            return lamps_of(command)  # only shown: the next connection sets all of them right
        case do.OpenLine():
            return (op.CreateBridge(room_of_line(command.line), name=command.line),)
        case do.JoinLine(quiet=False):
            return (op.PlayOnChannel(command.line, f"beep-{command.half}", (BEEP,)),)
        case do.TellQueue() if command.queue:
            return (op.SetChannelVariable(command.channel, SINCE, str(command.since_s)),)
        case do.HangUpLine():
            return (op.DestroyBridge(room_of_line(command.line)),)
        case _:
            return ()


_LIT: Final = {True: "INUSE", False: "NOT_INUSE"}
_SHOWN: Final = {do.Light.OFF: "NOT_INUSE", do.Light.RINGS: "RINGING", do.Light.IN_CALL: "INUSE"}


def _recording(command: do.RecordMessage) -> op.RecordChannel:
    return op.RecordChannel(
        command.channel,
        name=recording_of(command.message),
        format="wav",
        longest=-(-command.longest_ms // 1000),
        silence=-(-command.silence_ms // 1000),
        beep=True,
        terminate_on=END_KEY,
    )


class Executor:
    """The plane's hands. `switch` is the live connection, None while there is none; `post` takes inputs back."""

    def __init__(self) -> None:
        self.switch: Switch | None = None
        self.post: Callable[[Input], None] = _nowhere
        self.record: Callable[[do.TalkRecordingCommand], None] = lambda _: None
        """Takes what is AMI's to do."""
        self.pick_up: Callable[[do.PickUp], None] = lambda _: None
        """Tells a phone to answer, which is AMI's to do."""
        self._listening: set[asyncio.Task[None]] = set()
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
        if isinstance(operation, op.CallIn):
            self._await(command, operation.channel, answer)
            watching = self.switch.send(op.WatchChannel(APP, f"channel:{operation.channel}"), lane)
            watching.add_done_callback(lambda done: self._watching(command, done))

    def flush(self) -> None:
        """What was sent leaves now."""
        if self.switch is not None:
            self.switch.flush()

    def _await(self, command: do.Command, channel: str, answer: asyncio.Future[Outcome[Any]]) -> None:
        """A call is made in no time: one of which nothing is said for long is asked about, where nothing is held up."""
        asking = asyncio.get_running_loop().call_later(ASK_S, self._ask_whether, command, channel)

        def told(done: asyncio.Future[Outcome[Any]]) -> None:
            if not done.cancelled() and not isinstance(done.result(), Unknown):
                asking.cancel()
                self._answered_calls[channel] = None
                if len(self._answered_calls) > CALLS_KEPT:
                    del self._answered_calls[next(iter(self._answered_calls))]

        answer.add_done_callback(told)

    def _ask_whether(self, command: do.Command, channel: str) -> None:
        if self.switch is not None:
            asked = self.switch.send(op.GetChannel(channel), HOUSE)
            asked.add_done_callback(lambda done: self._whether(command, channel, done))

    def _whether(self, command: do.Command, channel: str, answer: asyncio.Future[Outcome[Any]]) -> None:
        """One that is there may not have been heard of yet; one that is not may still come. Of an agent's leg that is
        said, another can be made; an open line and an agent's own phone have until their deadlines."""
        if answer.cancelled() or channel in self._answered_calls:
            return
        match answer.result(), command:
            case Done(), _ if self.switch is not None:
                self.switch.send(op.WatchChannel(APP, f"channel:{channel}"), HOUSE)
            case Gone(), do.RingAgent() | do.RingBack() | do.CallParty() if offer := offer_of_leg(command.leg):
                self.post(LegNotFound(offer, command.leg, answered=False))

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
            case do.CallOwner():
                self.post(CallerGone(command.contact, UNREACHABLE))
            case do.RingLine():
                self.post(LineEnded(command.line))

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
        if isinstance(outcome, Done | Unknown) or _never_left(command, outcome):
            return
        if isinstance(command, do.LookForRecording) and isinstance(outcome, Gone):
            self._look_for_file(command)
            return
        self.refused[f"{type(command).__name__}: {type(outcome).__name__}"] += 1
        gone = isinstance(outcome, Gone)
        match command:
            case do.RingAgent() | do.RingBack() | do.CallParty() | do.CallOwner() | do.RingLine() if isinstance(
                outcome, Conflict
            ):
                return  # our id, so our leg: it rings already
            case do.CallOwner():
                self.post(CallerGone(command.contact, UNREACHABLE))  # their channel never came to be
            case do.RingAgent() | do.RingBack() | do.CallParty() | do.JoinAgent() | do.JoinLine():
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
            ) if gone:
                return  # it was to be gone
            case do.StopSounds() if isinstance(outcome, Refused):
                # at a prompt's very first moment, one time in a hundred: it plays on, and addChannel waits behind it
                asyncio.get_running_loop().call_later(STOP_AGAIN_S, self.execute, command)
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
                self._never_played(command)  # or it is over: then its own end has been told, or is now
            case Unknown(reason="timeout"):
                self._look_for(command)  # the lane is still held up

    def _never_played(self, command: do.PlaySounds) -> None:
        step, attempt = command.playback.rsplit("-", 2)[1:]
        self.post(SoundsFinished(command.contact, int(step), int(attempt), ok=False))


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
    raise RuntimeError("Executor.post is wired in app.py before the first command")
