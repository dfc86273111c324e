"""What a program looks up, and takes back, while it arranges a callback with a caller. It takes no time."""

from __future__ import annotations

from typing import Final, assert_never

from ccplane.contacts.arranging import (
    ArrangingVerb,
    Awaited,
    DropCallback,
    FindCallback,
    FindWindows,
    JudgeNumber,
    Windows,
)
from ccplane.contacts.callback import UNSAID, Callback, CallbackState
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import StepStarted
from ccplane.contacts.facts.callbacks import CallbackOutcome
from ccplane.contacts.verbs import Done, Refused, Result
from ccplane.core.callbacks import hours_of, take_back
from ccplane.core.promises import why_not_promised
from ccplane.core.steps import end_step
from ccplane.core.turn import Turn
from ccplane.days import day_of
from ccplane.routing.callbacks import windows
from ccplane.routing.dialling import plain

BEING_CALLED: Final = "being-called"
LEAD_MS: Final = 30 * 60_000
"""A window does not begin sooner: then they may as well wait for their turn."""


def arrange(turn: Turn) -> None:
    """What a program has asked for in this turn."""
    for fact in list(turn.facts):
        if isinstance(fact, StepStarted) and isinstance(fact.verb, ArrangingVerb):
            contact = turn.state.contacts.get(fact.contact)
            if contact is not None and contact.verb == fact.verb and contact.step == fact.step:
                end_step(turn, contact.id, _arranged(turn, contact, fact.verb))


def _arranged(turn: Turn, contact: Contact, verb: ArrangingVerb) -> Result:
    """What comes of it."""
    rules = turn.state.rules
    match verb:
        case FindCallback(number=number):
            found = _promised(turn, plain(rules.dialling, number))
            return _told(found) if found else Done()
        case JudgeNumber(number=number, queue=queue):
            why = why_not_promised(turn.state, number, queue)
            return Done() if why is None else Refused(why)
        case FindWindows(queue=queue, length_ms=length_ms, count=count):
            began, _ = day_of(turn.now, rules.timezone)
            until = turn.now + rules.callbacks.furthest_ms
            hours = hours_of(turn, queue)
            return Windows(tuple(windows(hours, turn.now + LEAD_MS, until, began, length_ms, count)))
        case DropCallback(callback=wanted):
            callback = turn.state.callbacks.get(wanted)
            if callback is None:
                return Done()
            if callback.state not in UNSAID:
                return Refused(BEING_CALLED)
            take_back(turn, callback, CallbackOutcome.CANCELLED, contact.id)
            return Done()
        case _:
            assert_never(verb)


def _promised(turn: Turn, number: str) -> Callback | None:
    """A number has one live promise; one that is being asked for is none yet, and who is being called has it."""
    theirs = (each for each in turn.state.callbacks.values() if each.number == number)
    return next((each for each in theirs if each.state not in (CallbackState.ASKED, CallbackState.REACHED)), None)


def _told(callback: Callback) -> Awaited:
    return Awaited(callback.id, callback.queue, callback.since, callback.expires_at, callback.not_before)
