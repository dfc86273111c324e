"""What becomes of a key: the verb that gathers takes it, or it is kept for the next that will, or it is nobody's.

A caller who knows the menus presses ahead, so no key is lost between two verbs or under a prompt. But who talks with an
agent is not asked anything, and who waits for one has only the keys that lead out of the queue: what else is pressed
there may be a card's number, and is not ours to keep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.contacts import facts as c
from ccplane.contacts.conference import Confer
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import ConferenceEnd
from ccplane.contacts.fax import ReceiveFax, SendFax
from ccplane.contacts.verbs import KEYS, AskCallback, Connect, EnterQueue, Gather, HangUp, Hold, Pressed, TakeMessage
from ccplane.core import inputs as i
from ccplane.core.announcing import key_while_waiting
from ccplane.core.commands import StopSounds
from ccplane.core.conferences import left
from ccplane.core.promises import wish_waiting
from ccplane.core.steps import be_quiet, end_step, take_key
from ccplane.core.turn import Turn
from ccplane.ids import playback_id

SINGLE: Final = frozenset(KEYS)
AHEAD_LONGEST: Final = 20
"""Keys that are kept: the way through a few menus, and an order's number."""


def key_pressed(turn: Turn, what: i.KeyPressed) -> None:
    """A key, by RFC 4733 or SIP INFO. The first that a verb takes stops its sounds."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None or what.key not in SINGLE:
        return
    match contact.verb:
        case Gather(barge_in=barge_in) if barge_in or contact.sounds_over:
            if not contact.sounds_over:
                turn.do(StopSounds(contact.id, playback_id(contact.id, contact.step, contact.attempt)))
            take_key(turn, contact, what.key)
        case Hold(ends_with=ends_with) if what.key in ends_with:
            be_quiet(turn, contact)
            end_step(turn, contact.id, Pressed(what.key))
        case EnterQueue(callback_key=what.key, callback_number=number) if contact.phase is Phase.WAITING:
            wish_waiting(turn, contact, number)
        case EnterQueue() if contact.phase is Phase.WAITING:
            key_while_waiting(turn, contact, what.key)
        case Confer(ends_with=ends_with) if what.key in ends_with and contact.in_talk:
            left(turn, contact, ConferenceEnd.KEY)
        case Confer() | ReceiveFax() | SendFax() | EnterQueue() | AskCallback() | Connect() | TakeMessage() | HangUp():
            return
        case _ if contact.program:
            _keep(turn, contact, what.key)


def _keep(turn: Turn, contact: Contact, key: str) -> None:
    if len(contact.ahead) < AHEAD_LONGEST:
        turn.happened(c.KeyKept(at=turn.now, contact=contact.id, key=key))
    elif not contact.ahead_full:
        turn.happened(c.KeysDropped(at=turn.now, contact=contact.id, kept=len(contact.ahead)))


KEY_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.KeyPressed: key_pressed}
