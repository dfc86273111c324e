"""What is to be done at the switch, in the imperative. The edge turns each into operations; none is done by itself.

One module for each kind of thing that is acted on; whoever uses a command takes it from here.
"""

from __future__ import annotations

from ccplane.core.commands.callers import (
    AddCaller,
    AnswerCaller,
    CloseRoom,
    GiveBack,
    HangUpCaller,
    LetRing,
    MakeSounds,
    OpenRoom,
    PlaySounds,
    RemoveCaller,
    SayToWaiting,
    StartMusic,
    StopMusic,
    StopRinging,
    StopSounds,
    TellQueue,
    WriteJournal,
)
from ccplane.core.commands.command import Command, ContactCommand
from ccplane.core.commands.conferences import BeepConference, CloseConference, JoinConference, LeaveConference
from ccplane.core.commands.faxes import BeginFax, EndFax, JoinFax, LookAtFax, LookForFax
from ccplane.core.commands.lamps import Light, MirrorIntent, MirrorWork
from ccplane.core.commands.legs import (
    CallCustomer,
    CallOwner,
    CallParty,
    HangUpLeg,
    JoinAgent,
    ListenTo,
    LookAround,
    PickUp,
    RingAgent,
    RingBack,
    Whisper,
)
from ccplane.core.commands.lines import AnswerHalf, HangUpLine, JoinLine, OpenLine, RingLine
from ccplane.core.commands.recordings import (
    LookForRecording,
    MuteTalkRecording,
    RecordMessage,
    StartTalkRecording,
    StopRecording,
    StopTalkRecording,
    TalkRecordingCommand,
)

AnyCommand = (
    OpenRoom
    | JoinConference
    | LeaveConference
    | BeepConference
    | CloseConference
    | CloseRoom
    | AnswerCaller
    | AddCaller
    | HangUpCaller
    | GiveBack
    | StartMusic
    | StopMusic
    | PlaySounds
    | MakeSounds
    | SayToWaiting
    | StopSounds
    | TellQueue
    | RemoveCaller
    | RecordMessage
    | StopRecording
    | LookForRecording
    | BeginFax
    | JoinFax
    | EndFax
    | LookForFax
    | LookAtFax
    | RingAgent
    | RingBack
    | CallParty
    | CallOwner
    | CallCustomer
    | RingLine
    | OpenLine
    | JoinLine
    | AnswerHalf
    | HangUpLine
    | LetRing
    | StopRinging
    | JoinAgent
    | Whisper
    | HangUpLeg
    | ListenTo
    | PickUp
    | LookAround
    | WriteJournal
    | StartTalkRecording
    | MuteTalkRecording
    | StopTalkRecording
    | MirrorIntent
    | MirrorWork
)

__all__ = [
    "AddCaller",
    "AnswerCaller",
    "AnswerHalf",
    "AnyCommand",
    "BeepConference",
    "BeginFax",
    "CallCustomer",
    "CallOwner",
    "CallParty",
    "CloseConference",
    "CloseRoom",
    "Command",
    "ContactCommand",
    "EndFax",
    "GiveBack",
    "HangUpCaller",
    "HangUpLeg",
    "HangUpLine",
    "JoinAgent",
    "JoinConference",
    "JoinFax",
    "JoinLine",
    "LeaveConference",
    "LetRing",
    "Light",
    "ListenTo",
    "LookAround",
    "LookAtFax",
    "LookForFax",
    "LookForRecording",
    "MakeSounds",
    "MirrorIntent",
    "MirrorWork",
    "MuteTalkRecording",
    "OpenLine",
    "OpenRoom",
    "PickUp",
    "PlaySounds",
    "RecordMessage",
    "RemoveCaller",
    "RingAgent",
    "RingBack",
    "RingLine",
    "SayToWaiting",
    "StartMusic",
    "StartTalkRecording",
    "StopMusic",
    "StopRecording",
    "StopRinging",
    "StopSounds",
    "StopTalkRecording",
    "TalkRecordingCommand",
    "TellQueue",
    "Whisper",
    "WriteJournal",
]
