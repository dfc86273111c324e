"""The facts of contacts, and of offers: everything that can happen between a caller's arrival and their end.

Each subject has a module of its own. All else takes them from here, where the unions of them stand too.
"""

from __future__ import annotations

from ccplane.contacts.facts.conferences import (
    AnyConferenceFact,
    ConferenceAsked,
    ConferenceEnd,
    ConferenceEntered,
    ConferenceLeft,
)
from ccplane.contacts.facts.emergencies import EmergencyHeard
from ccplane.contacts.facts.fallback import FallbackServed
from ccplane.contacts.facts.faxes import (
    AnyFaxFact,
    FaxDeleted,
    FaxDelivered,
    FaxDoubted,
    FaxFact,
    FaxFailed,
    FaxOver,
    FaxRead,
    FaxStarted,
    FaxStored,
)
from ccplane.contacts.facts.life import (
    CallerAnswered,
    CallerEnteredRoom,
    CallerLeftRoom,
    ContactArrived,
    ContactEnded,
    ContactFact,
    ContactRelinked,
    Direction,
    EndedBy,
)
from ccplane.contacts.facts.messages import (
    AnyMessageFact,
    AnyOwedFact,
    MessageAnswered,
    MessageDropped,
    MessageFact,
    MessageFound,
    MessageGivenBack,
    MessageLeft,
    MessageMark,
    MessageMarked,
    MessageOverdue,
    MessagePlayed,
    MessageSource,
    MessageStarted,
    MessageStored,
    MessageTakenOn,
    Tell,
    Unusable,
)
from ccplane.contacts.facts.offers import (
    AgentEnteredRoom,
    ConnectFailed,
    ConnectFailure,
    CustomerCalled,
    MissCause,
    OfferAnswered,
    OfferFact,
    OfferMade,
    OfferMissed,
    OfferRinging,
    OfferWithdrawn,
    Trace,
    WhisperEnded,
    Withdrawal,
)
from ccplane.contacts.facts.own_calls import (
    AnyCallFact,
    CallConnected,
    CallEnded,
    CallFact,
    CallMiss,
    CallMissed,
    PartyAnswered,
    PartyCalled,
    PartyEnteredRoom,
    PartyRinging,
)
from ccplane.contacts.facts.programs import (
    DataSet,
    KeyKept,
    KeysDropped,
    KeyTaken,
    LanguageSet,
    LookUpDelayed,
    MenuChosen,
    ProgramEnded,
    ProgramFailed,
    ProgramStarted,
    ServedByProgram,
    SoundsEnded,
    SoundsFailed,
    StepEnded,
    StepStarted,
)
from ccplane.contacts.facts.queueing import (
    ContactQueued,
    ContactRedirected,
    ContactReprioritised,
    ContactUnqueued,
    QueueOutcome,
    RequirementRelaxed,
    WaitAnnounced,
)
from ccplane.contacts.facts.surveys import AnySurveyFact, SurveyAnswered, SurveyAsked
from ccplane.contacts.facts.talks import (
    AnyTalkFact,
    PhoneLost,
    PhoneRejoined,
    RejoinMissed,
    RejoinRung,
    TalkEnded,
    TalkStarted,
)

__all__ = [
    "AgentEnteredRoom",
    "AnyCallFact",
    "AnyConferenceFact",
    "AnyContactFact",
    "AnyFaxFact",
    "AnyMessageFact",
    "AnyOfferFact",
    "AnyOwedFact",
    "AnySurveyFact",
    "AnyTalkFact",
    "CallConnected",
    "CallEnded",
    "CallFact",
    "CallMiss",
    "CallMissed",
    "CallerAnswered",
    "CallerEnteredRoom",
    "CallerLeftRoom",
    "ConferenceAsked",
    "ConferenceEnd",
    "ConferenceEntered",
    "ConferenceLeft",
    "ConnectFailed",
    "ConnectFailure",
    "ContactArrived",
    "ContactEnded",
    "ContactFact",
    "ContactQueued",
    "ContactRedirected",
    "ContactRelinked",
    "ContactReprioritised",
    "ContactUnqueued",
    "CustomerCalled",
    "DataSet",
    "Direction",
    "EmergencyHeard",
    "EndedBy",
    "FallbackServed",
    "FaxDeleted",
    "FaxDelivered",
    "FaxDoubted",
    "FaxFact",
    "FaxFailed",
    "FaxOver",
    "FaxRead",
    "FaxStarted",
    "FaxStored",
    "KeyKept",
    "KeyTaken",
    "KeysDropped",
    "LanguageSet",
    "LookUpDelayed",
    "MenuChosen",
    "MessageAnswered",
    "MessageDropped",
    "MessageFact",
    "MessageFound",
    "MessageGivenBack",
    "MessageLeft",
    "MessageMark",
    "MessageMarked",
    "MessageOverdue",
    "MessagePlayed",
    "MessageSource",
    "MessageStarted",
    "MessageStored",
    "MessageTakenOn",
    "MissCause",
    "OfferAnswered",
    "OfferFact",
    "OfferMade",
    "OfferMissed",
    "OfferRinging",
    "OfferWithdrawn",
    "PartyAnswered",
    "PartyCalled",
    "PartyEnteredRoom",
    "PartyRinging",
    "PhoneLost",
    "PhoneRejoined",
    "ProgramEnded",
    "ProgramFailed",
    "ProgramStarted",
    "QueueOutcome",
    "RejoinMissed",
    "RejoinRung",
    "RequirementRelaxed",
    "ServedByProgram",
    "SoundsEnded",
    "SoundsFailed",
    "StepEnded",
    "StepStarted",
    "SurveyAnswered",
    "SurveyAsked",
    "TalkEnded",
    "TalkStarted",
    "Tell",
    "Trace",
    "Unusable",
    "WaitAnnounced",
    "WhisperEnded",
    "Withdrawal",
]

AnyOfferFact = (
    OfferMade
    | OfferRinging
    | OfferAnswered
    | AgentEnteredRoom
    | WhisperEnded
    | OfferMissed
    | OfferWithdrawn
    | ConnectFailed
    | TalkStarted
    | PhoneLost
    | RejoinRung
    | RejoinMissed
    | PhoneRejoined
    | TalkEnded
)
AnyContactFact = (
    AnyOfferFact
    | AnyCallFact
    | AnyConferenceFact
    | AnySurveyFact
    | ContactArrived
    | ProgramStarted
    | ProgramFailed
    | ProgramEnded
    | StepStarted
    | StepEnded
    | SoundsEnded
    | SoundsFailed
    | LookUpDelayed
    | KeyTaken
    | KeyKept
    | KeysDropped
    | ServedByProgram
    | LanguageSet
    | MenuChosen
    | DataSet
    | EmergencyHeard
    | CallerAnswered
    | CallerEnteredRoom
    | ContactQueued
    | CustomerCalled
    | ContactUnqueued
    | ContactReprioritised
    | ContactRedirected
    | RequirementRelaxed
    | WaitAnnounced
    | ContactRelinked
    | CallerLeftRoom
    | MessageStarted
    | MessageLeft
    | FaxStarted
    | FaxDoubted
    | FaxOver
    | ContactEnded
)
