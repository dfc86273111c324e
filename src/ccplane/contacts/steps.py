"""A contact's program step by step: the open verb, the keys that it gathers, and how long the next is waited for."""

from __future__ import annotations

from typing import Any, Final, assert_never

from msgspec.structs import replace

from ccplane.contacts import facts as f
from ccplane.contacts.conference import Confer
from ccplane.contacts.contact import Contact, Past
from ccplane.contacts.look_ups import LookUp
from ccplane.contacts.verbs import Connect, EnterQueue, Gather, Note, TakeMessage
from ccplane.errors import IllegalMove
from ccplane.ids import ProgramName

Moves = (
    f.ProgramStarted
    | f.ProgramFailed
    | f.StepStarted
    | f.StepEnded
    | f.SoundsEnded
    | f.SoundsFailed
    | f.LookUpDelayed
    | f.KeyTaken
    | f.KeyKept
    | f.KeysDropped
)


def evolve(contact: Contact, fact: Moves) -> Contact:
    """The contact after its program has come this far; IllegalMove if a key is taken that no verb gathers."""
    match fact:
        case f.ProgramStarted():
            return replace(
                contact,
                program=fact.program,
                first_step=contact.step + 1,
                results=(),
                verb=None,
                began_in=contact.language,
                emergency=None if contact.was_told else contact.emergency,
                consent_before=contact.consent,
            )
        case f.ProgramFailed(forgotten=True):
            return replace(
                contact, program=ProgramName(""), results=(), past=(), verb=None, step_deadline=None, **_NO_KEYS
            )
        case f.ProgramFailed():
            failures = contact.failures + 1
            return replace(contact, failures=failures, verb=None, step_deadline=None, **_NO_KEYS)
        case f.StepStarted():
            return _begun(contact, fact)
        case f.StepEnded():
            results = (*contact.results, fact.result)
            over = replace(contact, verb=None, step_deadline=None, keys="", results=results)
            return over if _confidential(contact) else replace(over, past=_past(contact, fact))
        case f.SoundsEnded():
            return replace(
                contact, sounds_over=True, sounds_failed=not fact.ok, step_deadline=_patience(contact, fact.at)
            )
        case f.SoundsFailed():
            until = contact.step_deadline if fact.until is None else fact.until
            return replace(contact, unplayed=contact.unplayed + 1, step_deadline=until)
        case f.LookUpDelayed():
            return replace(contact, delayed=True, step_deadline=fact.until)
        case f.KeyTaken():
            return _took(contact, fact)
        case f.KeyKept():
            return replace(contact, ahead=contact.ahead + fact.key)
        case f.KeysDropped():
            return replace(contact, ahead_full=True)
        case _:
            assert_never(fact)


PAST_MOST: Final = 12
"""Steps that are over and still remembered one by one."""


def _confidential(contact: Contact) -> bool:
    """What a step gave that is not written to the switch, where anybody may read it: keys, and what is known of
    customers elsewhere."""
    return isinstance(contact.verb, LookUp) or (contact.gathering is not None and contact.gathering.secret)


def _past(contact: Contact, fact: f.StepEnded) -> tuple[Past, ...]:
    return (*contact.past[1 - PAST_MOST :], Past(fact.step, fact.result, _noting(contact)))


def _noting(contact: Contact) -> Note | None:
    return contact.verb if isinstance(contact.verb, Note) else None


_NO_KEYS: Final[dict[str, Any]] = {"keys": "", "ahead": "", "ahead_full": False}


def _begun(contact: Contact, fact: f.StepStarted) -> Contact:
    """A verb begun again keeps what it had gathered. Keys for a menu are not for whoever waits or talks next."""
    begun = replace(
        contact,
        step=fact.step,
        attempt=fact.attempt,
        verb=fact.verb,
        step_deadline=fact.deadline,
        sounds_over=False,
        sounds_failed=False,
        unplayed=contact.unplayed if fact.attempt > 1 else 0,
        delayed=False,
        fax_started=False,
        fax_doubted=False,
        leaving_room=contact.leaving_room or (contact.in_room and isinstance(fact.verb, TakeMessage)),
    )
    forgets = isinstance(fact.verb, EnterQueue | Connect | Confer) or (
        isinstance(fact.verb, Gather) and fact.verb.fresh
    )
    return replace(begun, **_NO_KEYS) if forgets and fact.attempt == 1 else begun


def _took(contact: Contact, fact: f.KeyTaken) -> Contact:
    if contact.gathering is None or contact.step != fact.step or not (contact.ahead or not fact.kept):
        raise IllegalMove("keys", contact.verb and type(contact.verb).__name__, fact)
    took = replace(contact, keys=contact.keys + fact.key, sounds_over=True)
    took = replace(took, step_deadline=_patience(took, fact.at))
    return replace(took, ahead=took.ahead[1:], ahead_full=False) if fact.kept else took


def _patience(contact: Contact, now: int) -> int | None:
    """Until when the next key is waited for."""
    gather = contact.gathering
    if gather is None:
        return contact.step_deadline
    return now + (gather.between_ms if contact.keys else gather.timeout_ms)
