"""What becomes of messages: recorded, left, kept or dropped, found afterwards, and marked by those who hear them.

Each message is left once and settled once, in whatever order the switch, the caller and the files tell of it, and
whether its contact still lives or not (law 10: none is lost, none is doubled).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import MessageSource
from ccplane.contacts.fax import ReceiveFax, SendFax
from ccplane.contacts.message import Message
from ccplane.contacts.verbs import Connect, EnterQueue, MessageResult, MessageTaken, NoMessage, TakeMessage
from ccplane.core import inputs as i
from ccplane.core.commands import AddCaller
from ccplane.core.fallback import begin_found, end_found
from ccplane.core.messages import GENERAL, SETTLE_MS, ask_to_record, leave
from ccplane.core.owed import with_promise
from ccplane.core.steps import begin_again, end_step
from ccplane.core.turn import Turn
from ccplane.ids import MessageId, contact_id, message_id, place_of_message, recording_of


def left_room(turn: Turn, what: i.LeftRoom) -> None:
    """A caller who was to leave the room for a message has left it, and can be recorded.

    Or it comes too late, and they wait or talk again: then back into it.
    """
    contact = turn.state.contacts.get(what.contact)
    if contact is None or what.channel != contact.channel or not contact.leaving_room:
        return
    turn.happened(c.CallerLeftRoom(at=turn.now, contact=contact.id))
    match contact.verb:
        case TakeMessage():
            ask_to_record(turn, contact.id, contact.verb)
        case EnterQueue() | Connect() | ReceiveFax() | SendFax():
            turn.do(AddCaller(contact.id, contact.channel))


def began(turn: Turn, what: i.RecordingBegan) -> None:
    contact = _recorded(turn, what.message)
    if contact is not None and isinstance(contact.verb, TakeMessage):
        turn.happened(c.MessageStarted(at=turn.now, contact=contact.id, message=what.message, box=contact.verb.box))


def ended(turn: Turn, what: i.RecordingEnded) -> None:
    """The program goes on once it is known whether this is a message."""
    contact = _recorded(turn, what.message)
    if contact is not None:
        leave(turn, contact, what.ms)


def refused(turn: Turn, what: i.RecordingRefused) -> None:
    contact = _recorded(turn, what.message)
    if contact is not None:
        end_step(turn, contact.id, NoMessage(what.reason))


def missing(turn: Turn, what: i.RecordingMissing) -> None:
    """It was lost with the connection before it began: begin it again."""
    contact = _recorded(turn, what.message)
    if contact is not None:
        begin_again(turn, contact)


def kept(turn: Turn, what: i.MessageKept) -> None:
    message = turn.state.messages.get(what.message)
    if message is None:
        return
    stored = c.MessageStored(
        at=turn.now,
        message=message.id,
        contact=message.contact,
        box=message.box,
        caller=message.caller,
        number_dialled=message.number_dialled,
        source=message.source,
        left_at=message.left_at,
        ms=what.ms,
        bytes=what.bytes,
        file=what.file,
    )
    turn.happened(with_promise(turn.state, stored))
    _resume(turn, message, MessageTaken(message.id, what.ms))


def unusable(turn: Turn, what: i.MessageUnusable) -> None:
    message = turn.state.messages.get(what.message)
    if message is None:
        return
    turn.happened(
        c.MessageDropped(at=turn.now, message=message.id, contact=message.contact, box=message.box, reason=what.reason)
    )
    _resume(turn, message, NoMessage(what.reason))


def recording_found(turn: Turn, what: i.RecordingFound) -> None:
    """Nobody told us of its end, or our memory of it was lost: then who called is known only if they still do."""
    place = place_of_message(what.message)
    if place is None or what.message in turn.state.messages:
        return None
    contact = turn.state.contacts.get(place[0])
    if contact is not None and contact.recording == what.message:
        return leave(turn, contact)
    return turn.happened(
        c.MessageLeft(
            at=turn.now,
            contact=place[0],
            message=what.message,
            box=GENERAL,
            node=what.node,
            recording=recording_of(what.message),
            caller=contact.caller if contact else "",
            number_dialled=contact.number_dialled if contact else "",
            source=MessageSource.IVR,
            left_at=what.left_at,
            ms=None,
            settle_by=turn.now + SETTLE_MS,
        )
    )


def fallback_found(turn: Turn, what: i.FallbackCallFound) -> None:
    """A caller who came while we were not there is a contact all the same, and their message one like any other.

    One that we had ourselves before it was carried to the fallback is known already: only the message is new.
    """
    contact, unknown = contact_id(what.node, what.channel), begin_found(turn, what)
    message = message_id(contact)
    if what.recording is not None and message not in turn.state.messages:
        turn.happened(
            c.MessageLeft(
                at=turn.now,
                contact=contact,
                message=message,
                box=GENERAL,
                node=what.node,
                recording=what.recording,
                caller=what.caller,
                number_dialled=what.number_dialled,
                source=MessageSource.FALLBACK,
                left_at=min(what.ended_at, turn.now),
                ms=None,
                settle_by=turn.now + SETTLE_MS,
            )
        )
    if unknown:
        end_found(turn, contact, what.ended_at)


def marked(turn: Turn, what: i.MessageMarkAsked) -> None:
    """Which messages there are, Postgres knows: whoever asks has looked there."""
    turn.happened(
        c.MessageMarked(at=turn.now, message=what.message, contact=what.contact, state=what.state, by=what.by)
    )


def heard(turn: Turn, what: i.MessageHeard) -> None:
    turn.happened(c.MessagePlayed(at=turn.now, message=what.message, contact=what.contact, by=what.by))


def _recorded(turn: Turn, message: MessageId) -> Contact | None:
    """The contact whose open verb this recording is, and whose end has not been told."""
    place = place_of_message(message)
    contact = turn.state.contacts.get(place[0]) if place else None
    open_here = contact is not None and contact.recording == message and message not in turn.state.messages
    return contact if open_here else None


def _resume(turn: Turn, message: Message, result: MessageResult) -> None:
    """The caller may be gone, or the program may have been told before."""
    contact = turn.state.contacts.get(message.contact)
    if contact is not None and contact.recording == message.id:
        end_step(turn, contact.id, result)


KEEPING_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.LeftRoom: left_room,
    i.RecordingBegan: began,
    i.RecordingEnded: ended,
    i.RecordingRefused: refused,
    i.RecordingMissing: missing,
    i.MessageKept: kept,
    i.MessageUnusable: unusable,
    i.RecordingFound: recording_found,
    i.FallbackCallFound: fallback_found,
    i.MessageMarkAsked: marked,
    i.MessageHeard: heard,
}
