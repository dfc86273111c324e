"""What people ask for through the API, their screens and their PINs."""

from __future__ import annotations

from ccplane.agents.facts import Intent, PinWay, Profile
from ccplane.contacts.facts import MessageMark
from ccplane.contacts.owed import Owed
from ccplane.core.inputs.input import Input
from ccplane.ids import AgentId, ContactId, MessageId, OfferId, QueueName, RecordingId, SeatId


class IntentAsked(Input, frozen=True, kw_only=True):
    """An agent's intent is to be this. `by`: who asks. `seat`: where they sit down, `web`: with its browser phone.

    A seat that they may not take, or not now (`core.seats.why_not`), is not taken, and nothing else is done.
    """

    agent: AgentId
    intent: Intent
    reason: str = ""
    by: str
    seat: SeatId | None = None
    web: bool = False


class RejoinAsked(Input, frozen=True):
    """An agent's phone says that it is new: it is to be called back into the talk that it should be in."""

    agent: AgentId


class CallAsked(Input, frozen=True, kw_only=True):
    """An agent wants to call a number: their own phone is called first. `claim`: chosen by who asks, once per call."""

    agent: AgentId
    number: str
    claim: str


class AgentEditAsked(Input, frozen=True, kw_only=True):
    """What an agent can do is this, as Postgres has it now. `by`: who changed it."""

    profile: Profile
    by: str


class ContactEditAsked(Input, frozen=True, kw_only=True):
    """A waiting contact is to have another priority (`credit_s`, seconds), or to wait in another queue. None: as it is.
    What cannot be done now (`core.edits.why_not`) is not done, and nothing else either."""

    contact: ContactId
    by: str
    credit_s: int | None = None
    queue: QueueName | None = None


class PinTried(Input, frozen=True, kw_only=True):
    """Somebody gave a PIN for an agent, and it was compared: the core never sees one."""

    agent: AgentId
    right: bool
    way: PinWay
    whence: str


class PinChanged(Input, frozen=True):
    """An agent was given a new PIN. `by`: who did it."""

    agent: AgentId
    by: str


class PinUnlockAsked(Input, frozen=True):
    """An administrator lets an agent's PIN count again."""

    agent: AgentId
    by: str


class AnswerAsked(Input, frozen=True):
    """An agent takes this offer by their screen, and has a desk phone that is to be told."""

    agent: AgentId
    offer: OfferId


class RejectAsked(Input, frozen=True):
    """An agent does not take this offer."""

    agent: AgentId
    offer: OfferId


class HangUpAsked(Input, frozen=True):
    """An agent ends their talk with this contact, by their screen."""

    agent: AgentId
    contact: ContactId


class WrapUpEnded(Input, frozen=True):
    """An agent is done with the work after a call: that which began at `since` (ms); None: whichever it is. `by`: who
    says so."""

    agent: AgentId
    by: str = ""
    since: int | None = None


class WrapUpExtendAsked(Input, frozen=True):
    """An agent needs longer for the work after a call. `by`: who says so."""

    agent: AgentId
    by: str


class RecordingPauseWanted(Input, frozen=True, kw_only=True):
    """Somebody wants the recording of the present talk silent, or heard again."""

    contact: ContactId
    paused: bool
    by: str


class RecordingHeard(Input, frozen=True, kw_only=True):
    """Somebody is about to listen to a recording."""

    contact: ContactId
    recording: RecordingId
    by: str


class MessageMarkAsked(Input, frozen=True, kw_only=True):
    """Somebody who has looked it up wants this message to count as new, heard or deleted."""

    message: MessageId
    contact: ContactId
    state: MessageMark
    by: str


class MessageTakeAsked(Input, frozen=True, kw_only=True):
    """This agent is to answer a message. `held_by`: whose it is as far as the asker knows, "" nobody's: of two who take
    the same one, the second gets nothing."""

    message: MessageId
    agent: AgentId
    held_by: AgentId
    by: str


class MessageReturnAsked(Input, frozen=True, kw_only=True):
    """Whoever was to answer a message is not any more. `held_by`: whose it is as far as the asker knows."""

    message: MessageId
    held_by: AgentId
    by: str


class MessageAnswerSaid(Input, frozen=True, kw_only=True):
    """What was owed for a message is done."""

    message: MessageId
    by: str


class OwedFound(Input, frozen=True, kw_only=True):
    """Postgres knows of a message without an answer; so do we, or our memory of it was lost."""

    message: Owed


class MessageHeard(Input, frozen=True, kw_only=True):
    """Somebody who has looked it up is about to listen to this message."""

    message: MessageId
    contact: ContactId
    by: str
