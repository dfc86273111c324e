"""Emergencies: switched on and off, over by themselves, and told to those who wait, once each.

Who comes hears it before their program (`callflow/emergency.py`). Who waits already, or comes to wait in its queue,
stands in `state.unheard` until they have heard it, while no phone rings for them; a few hear it at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from msgspec.structs import replace

from ccplane.contacts.contact import Contact
from ccplane.contacts.emergency import Emergency, of_caller
from ccplane.contacts.facts.emergencies import (
    EmergencyBegan,
    EmergencyEnded,
    EmergencyHeard,
    EmergencyOff,
    EmergencyPaced,
)
from ccplane.core import inputs as i
from ccplane.core.announced import SAYING_MS
from ccplane.core.commands import SayToWaiting
from ccplane.core.follows import to_hear
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.routing.dialling import plain

AT_ONCE: Final = 25
"""Callers who begin to hear it with one decision: each is a playback at the switch."""
AGAIN_MS: Final = 100
LOOKED_AT: Final = 1_000
LATER_MS: Final = 2_000
"""When those are looked at again who are being told something else."""


def wanted(turn: Turn, what: i.EmergencyWanted) -> None:
    """From here on. One of the same name that holds is replaced: who heard that one hears this one, too."""
    if what.emergency.name in turn.state.emergencies:
        _ended(turn, what.emergency.name, EmergencyOff.REPLACED, what.emergency.by)
    turn.happened(EmergencyBegan(at=turn.now, emergency=replace(what.emergency, since=turn.now)))


def lifted(turn: Turn, what: i.EmergencyLifted) -> None:
    if what.name in turn.state.emergencies:
        _ended(turn, what.name, EmergencyOff.ASKED, what.by)


def emergency_due(turn: Turn, name: str) -> None:
    """It is over by its own time. (Those who wait are told at the end of each turn.)"""
    if name in turn.state.emergencies:
        _ended(turn, name, EmergencyOff.EXPIRED)


def at_arrival(state: State, what: i.CallerArrived) -> Emergency | None:
    """What somebody hears who calls now. Those at our own phones know."""
    if what.device is not None or not state.emergencies:
        return None
    return of_caller(state.emergencies.values(), what.number_dialled, plain(state.rules.dialling, what.caller))


def _ended(turn: Turn, name: str, reason: EmergencyOff, by: str = "") -> None:
    turn.happened(EmergencyEnded(at=turn.now, name=name, reason=reason, by=by))


def tell_waiting(turn: Turn) -> None:
    """Those who wait and have yet to hear of one, if it is time for the next of them."""
    if not turn.state.unheard or turn.state.tell_at > turn.now:
        return
    told = 0
    for contact_id in list(islice(turn.state.unheard, LOOKED_AT)):
        contact = turn.state.contacts[contact_id]
        if not contact.told.at or contact.told.at + SAYING_MS <= turn.now:
            turn.attempt(contact_id, _say, turn, contact)
            told += 1
        if told == AT_ONCE:
            break
    if turn.state.unheard:
        turn.happened(EmergencyPaced(at=turn.now, next_at=turn.now + (AGAIN_MS if told else LATER_MS)))


def _say(turn: Turn, contact: Contact) -> None:
    emergency = to_hear(turn.state, contact)
    assert emergency is not None
    turn.happened(EmergencyHeard(at=turn.now, contact=contact.id, emergency=emergency.id, waiting=True))
    turn.do(SayToWaiting(contact.id, (emergency.said_in(contact.language).uri,), contact.language))


EMERGENCY_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.EmergencyWanted: wanted,
    i.EmergencyLifted: lifted,
}
