"""Commands as operations of the switch: what is said to it, and in which words. Nothing is sent here."""

from __future__ import annotations

from typing import Any, Final

from ccplane.asterisk import operations as op
from ccplane.asterisk.agreed import FAX, FAX_MACHINE, FAX_SENDER, LINE, PHONE
from ccplane.core import commands as do
from ccplane.ids import ChannelId, bridge_of, far_half_of_fax, file_of_fax, half_of, hold_id, recording_of, room_of_line

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
FAX_TIMEOUT_S: Final = 10
"""It comes up at once, or never."""
BEEP: Final = "sound:ascending-2tone"
"""Of 200 ms: for as long the two do not hear each other."""
CAME: Final = "sound:beep"
"""Heard in a conference when somebody comes."""


def caller_id(number: str, name: str) -> str:
    """`"name" <number>` with nothing in it that could end it early."""
    safe_name = "".join(each for each in name if each not in '"<>\\')
    safe_number = "".join(each for each in number if each not in '"<>\\ ')
    return f'"{safe_name}" <{safe_number}>' if safe_name else f"<{safe_number}>"


Calling = do.RingAgent | do.RingBack | do.CallParty | do.CallOwner | do.CallCustomer | do.RingLine


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
        case do.CallCustomer():
            return _called(command, command.channel, command.number, caller_id(command.caller, ""))
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
        case do.SayToWaiting():
            bridge, playback = bridge_of(command.contact), hold_id(command.contact)
            return op.PlayOnBridge(bridge, playback, command.sounds, command.language)
        case do.Whisper():
            sounds = (BEEP, command.sound) if command.beep else (command.sound,)
            return op.PlayOnChannel(command.leg, command.playback, sounds)
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
        case do.BeginFax():
            which = f"{command.fax}*{command.pages}@{FAX_SENDER}" if command.pages else f"{command.fax}@{FAX_MACHINE}"
            there, half = f"Local/{which}", far_half_of_fax(command.fax)
            return op.CallIn(command.fax, endpoint=there, args=FAX, timeout=FAX_TIMEOUT_S, other=half)
        case do.JoinFax():
            return op.AddChannel(bridge_of(command.contact), (command.fax,))
        case do.EndFax():
            return op.HangUp(command.fax)
        case do.LookAtFax():
            return op.GetStoredRecording(file_of_fax(command.fax))
        case do.LookForFax():
            return op.GetChannel(far_half_of_fax(command.fax))
        case do.JoinConference():
            return op.AddChannel(command.conference, (command.channel,))
        case do.LeaveConference():
            return op.RemoveChannel(command.conference, (command.channel,))
        case do.BeepConference():
            return op.PlayOnBridge(command.conference, f"beep-{command.conference}", (CAME,))
        case do.CloseConference():
            return op.DestroyBridge(command.conference)
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
        case do.JoinConference():
            return (op.CreateBridge(command.conference, name=command.conference),)  # a conflict where it is there
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
        terminate_on=command.ends_with or "none",
    )
