"""What reaches the core: from the switch, from programs, from the API and from timers. Plain data, already translated.

An input may be late, doubled or about something that is long over; `decide` must shrug at such a one. One module for
each who has something to say; whoever uses an input takes it from here.
"""

from __future__ import annotations

from ccplane.core.inputs.callbacks import (
    CallbackCancelWanted,
    CallbackClaimed,
    CallbackKept,
    CallbackWanted,
    LedgerSeen,
    PromiseFound,
)
from ccplane.core.inputs.callers import (
    CallerArrived,
    CallerCarried,
    CallerGone,
    CallerUp,
    EnteredConference,
    EnteredRoom,
    HoldSaid,
    KeyPressed,
    LeftRoom,
    LookUpAnswered,
    PinChecked,
    PinKeyed,
    SoundsFinished,
    SoundsMade,
    SoundsStarted,
)
from ccplane.core.inputs.customers import CustomersEdited
from ccplane.core.inputs.emergencies import EmergencyLifted, EmergencyWanted
from ccplane.core.inputs.fallback import FallbackCallImported, FallbackStay, FallbackWaitsSeen
from ccplane.core.inputs.faxes import (
    FaxDeletionAsked,
    FaxEnded,
    FaxFetched,
    FaxJoined,
    FaxKept,
    FaxMissing,
    FaxRefused,
    FaxSilent,
    FaxUp,
)
from ccplane.core.inputs.input import Input, Late
from ccplane.core.inputs.legs import (
    HalfJoined,
    HalfUp,
    LegEnded,
    LegListened,
    LegNotFound,
    LegRinging,
    LegUp,
    LineEnded,
    LineUp,
    WhisperSaid,
)
from ccplane.core.inputs.messages import (
    FallbackCallFound,
    MessageKept,
    MessageUnusable,
    RecordingBegan,
    RecordingEnded,
    RecordingFound,
    RecordingMissing,
    RecordingRefused,
)
from ccplane.core.inputs.node import (
    ChannelSeen,
    CommandFailed,
    PhoneSeen,
    StoodStill,
    SwitchDropped,
    SwitchNotReached,
    SwitchStuck,
    SwitchSurveyed,
    SwitchTaken,
)
from ccplane.core.inputs.people import (
    AgentEditAsked,
    AnswerAsked,
    CallAsked,
    ContactEditAsked,
    HangUpAsked,
    IntentAsked,
    MessageAnswerSaid,
    MessageHeard,
    MessageMarkAsked,
    MessageReturnAsked,
    MessageTakeAsked,
    OwedFound,
    PinChanged,
    PinTried,
    PinUnlockAsked,
    RecordingHeard,
    RecordingPauseWanted,
    RejectAsked,
    RejoinAsked,
    WrapUpEnded,
    WrapUpExtendAsked,
)
from ccplane.core.inputs.plane import DrainAsked, DrainCancelAsked, PeopleRead, PlaneBegan, SiteRead, Tick
from ccplane.core.inputs.programs import ProgramRaised, ProgramReturned, VerbAsked
from ccplane.core.inputs.recordings import (
    RecorderBack,
    RecordingConverted,
    TalkRecordingBegan,
    TalkRecordingMuted,
    TalkRecordingOver,
    TalkRecordingRefused,
)
from ccplane.core.inputs.surges import SurgeSeen

AnyInput = (
    CallerArrived
    | CallerUp
    | CallerGone
    | CallerCarried
    | KeyPressed
    | PinKeyed
    | PinChecked
    | SoundsStarted
    | SoundsFinished
    | SoundsMade
    | LookUpAnswered
    | EnteredRoom
    | HoldSaid
    | LeftRoom
    | RecordingBegan
    | RecordingEnded
    | RecordingRefused
    | RecordingMissing
    | LegRinging
    | LegUp
    | LegEnded
    | LegListened
    | WhisperSaid
    | LegNotFound
    | LineUp
    | LineEnded
    | HalfUp
    | HalfJoined
    | PhoneSeen
    | CommandFailed
    | SwitchDropped
    | StoodStill
    | SwitchNotReached
    | SwitchStuck
    | SwitchSurveyed
    | TalkRecordingBegan
    | TalkRecordingRefused
    | TalkRecordingMuted
    | TalkRecordingOver
    | RecorderBack
    | RecordingConverted
    | RecordingPauseWanted
    | RecordingHeard
    | VerbAsked
    | ProgramReturned
    | ProgramRaised
    | IntentAsked
    | RejoinAsked
    | CallAsked
    | ContactEditAsked
    | AgentEditAsked
    | PinTried
    | PinChanged
    | PinUnlockAsked
    | AnswerAsked
    | RejectAsked
    | HangUpAsked
    | WrapUpEnded
    | WrapUpExtendAsked
    | MessageKept
    | FaxDeletionAsked
    | FaxEnded
    | FaxFetched
    | FaxJoined
    | FaxKept
    | FaxMissing
    | FaxRefused
    | FaxSilent
    | FaxUp
    | MessageUnusable
    | RecordingFound
    | FallbackCallFound
    | FallbackCallImported
    | FallbackWaitsSeen
    | MessageMarkAsked
    | MessageTakeAsked
    | MessageReturnAsked
    | MessageAnswerSaid
    | OwedFound
    | MessageHeard
    | CallbackWanted
    | CallbackCancelWanted
    | CallbackKept
    | CallbackClaimed
    | PromiseFound
    | LedgerSeen
    | PlaneBegan
    | SwitchTaken
    | DrainAsked
    | DrainCancelAsked
    | SiteRead
    | PeopleRead
    | Tick
)

__all__ = [
    "AgentEditAsked",
    "AnswerAsked",
    "AnyInput",
    "CallAsked",
    "CallbackCancelWanted",
    "CallbackClaimed",
    "CallbackKept",
    "CallbackWanted",
    "CallerArrived",
    "CallerCarried",
    "CallerGone",
    "CallerUp",
    "ChannelSeen",
    "CommandFailed",
    "ContactEditAsked",
    "CustomersEdited",
    "DrainAsked",
    "DrainCancelAsked",
    "EmergencyLifted",
    "EmergencyWanted",
    "EnteredConference",
    "EnteredRoom",
    "FallbackCallFound",
    "FallbackCallImported",
    "FallbackStay",
    "FallbackWaitsSeen",
    "FaxDeletionAsked",
    "FaxEnded",
    "FaxFetched",
    "FaxJoined",
    "FaxKept",
    "FaxMissing",
    "FaxRefused",
    "FaxSilent",
    "FaxUp",
    "HalfJoined",
    "HalfUp",
    "HangUpAsked",
    "HoldSaid",
    "Input",
    "IntentAsked",
    "KeyPressed",
    "Late",
    "LedgerSeen",
    "LeftRoom",
    "LegEnded",
    "LegListened",
    "LegNotFound",
    "LegRinging",
    "LegUp",
    "LineEnded",
    "LineUp",
    "LookUpAnswered",
    "MessageAnswerSaid",
    "MessageHeard",
    "MessageKept",
    "MessageMarkAsked",
    "MessageReturnAsked",
    "MessageTakeAsked",
    "MessageUnusable",
    "OwedFound",
    "PeopleRead",
    "PhoneSeen",
    "PinChanged",
    "PinChecked",
    "PinKeyed",
    "PinTried",
    "PinUnlockAsked",
    "PlaneBegan",
    "ProgramRaised",
    "ProgramReturned",
    "PromiseFound",
    "RecorderBack",
    "RecordingBegan",
    "RecordingConverted",
    "RecordingEnded",
    "RecordingFound",
    "RecordingHeard",
    "RecordingMissing",
    "RecordingPauseWanted",
    "RecordingRefused",
    "RejectAsked",
    "RejoinAsked",
    "SiteRead",
    "SoundsFinished",
    "SoundsMade",
    "SoundsStarted",
    "StoodStill",
    "SurgeSeen",
    "SwitchDropped",
    "SwitchNotReached",
    "SwitchStuck",
    "SwitchSurveyed",
    "SwitchTaken",
    "TalkRecordingBegan",
    "TalkRecordingMuted",
    "TalkRecordingOver",
    "TalkRecordingRefused",
    "Tick",
    "VerbAsked",
    "WhisperSaid",
    "WrapUpEnded",
    "WrapUpExtendAsked",
]  # fmt: skip
