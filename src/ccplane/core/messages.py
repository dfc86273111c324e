"""How a caller's message begins and ends. Whatever ends a recording, what was said until then counts as left.

A recording may end without a word to us: the caller hangs up and the plane is away. So its name follows from contact,
step and try, and whoever looks for it later finds it by that.
"""

from __future__ import annotations

from typing import Final

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import MessageSource
from ccplane.contacts.verbs import TakeMessage
from ccplane.core.commands import AnswerCaller, RecordMessage, RemoveCaller
from ccplane.core.turn import Turn
from ccplane.ids import ContactId, message_id, recording_of

RECORDING_MS: Final = 10_000
"""Beyond the longest time: the tone, and then the end must have been told."""
SETTLE_MS: Final = 3_000
"""How long a program waits to hear whether there is a message, once its recording is over."""
GENERAL: Final = "general"
"""The box of messages that no program took."""


def record(turn: Turn, contact: Contact, verb: TakeMessage) -> None:
    """Ask for the recording; out of the room first, for in a bridge Asterisk records no channel."""
    if not contact.answered:
        turn.do(AnswerCaller(contact.id, contact.channel))
    if contact.in_room:
        turn.do(RemoveCaller(contact.id, contact.channel))
    else:
        ask_to_record(turn, contact.id, verb)


def ask_to_record(turn: Turn, contact_id: ContactId, verb: TakeMessage) -> None:
    contact = turn.state.contacts[contact_id]
    message = message_id(contact.id, contact.step, contact.attempt)
    turn.do(RecordMessage(contact.id, contact.channel, message, verb.longest_ms, verb.silence_ms, verb.ends_with))


def leave(turn: Turn, contact: Contact, ms: int | None = None) -> None:
    """The recording that is open, if one is, is over. Told again, nothing happens."""
    verb, message = contact.verb, contact.recording
    if not isinstance(verb, TakeMessage) or message is None or message in turn.state.messages:
        return
    turn.happened(
        c.MessageLeft(
            at=turn.now,
            contact=contact.id,
            message=message,
            box=verb.box,
            node=contact.node,
            recording=recording_of(message),
            caller=contact.caller,
            number_dialled=contact.number_dialled,
            source=MessageSource.IVR,
            left_at=turn.now,
            ms=ms,
            settle_by=turn.now + SETTLE_MS,
            review=verb.review,
        )
    )
