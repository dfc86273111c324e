"""Conferences: who is in which, what they hear alone, and how they leave.

Each is a bridge of its own at one node, named after who opened it; it is over when the last has left, and one of the
same name after that is another. Callers meet there, and whichever of them goes, the others talk on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.contacts import facts as c
from ccplane.contacts.conference import Confer, Met, NotMet
from ccplane.contacts.conferring import Conferring
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import ConferenceEnd
from ccplane.contacts.verbs import Result
from ccplane.core import inputs as i
from ccplane.core.commands import (
    AnswerCaller,
    BeepConference,
    CloseConference,
    JoinConference,
    LeaveConference,
    StartMusic,
    StopMusic,
)
from ccplane.core.recordings import end_recording, note_consent, start_recording
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.ids import ConferenceId, ContactId, conference_id

JOIN_MS: Final = 5_000
"""How long the switch may take to show somebody in it."""
GONE: Final = (ConferenceEnd.HUNG_UP, ConferenceEnd.SWITCH)
"""With these the caller's channel is gone."""


def members(state: State, conference: ConferenceId) -> list[Contact]:
    """Those who are seen in it."""
    return [each for each in state.contacts.values() if each.conference is not None and _in(each, conference)]


def _in(contact: Contact, conference: ConferenceId) -> bool:
    return contact.conference is not None and contact.conference.inside and contact.conference.id == conference


def begin(turn: Turn, contact: Contact, verb: Confer) -> Result | None:
    """Into the one of this name at their node, or a new one; a result where it is full."""
    note_consent(turn, contact, verb.consent)
    there = [
        each.conference
        for each in turn.state.contacts.values()
        if each.conference is not None and each.conference.name == verb.name and each.node == contact.node
    ]
    if len(there) >= verb.most:
        return NotMet("full")
    conference = there[0].id if there else conference_id(contact.id, contact.step)
    join(turn, contact, conference, verb.name)
    return None


def join(turn: Turn, contact: Contact, conference: ConferenceId, name: str) -> None:
    """Anew where it is not known whether they are in it."""
    turn.happened(
        c.ConferenceAsked(
            at=turn.now, contact=contact.id, conference=conference, name=name, deadline=turn.now + JOIN_MS
        )
    )
    if not contact.answered:
        turn.do(AnswerCaller(contact.id, contact.channel))
    turn.do(JoinConference(contact.id, conference, contact.channel))


def entered(turn: Turn, what: i.EnteredConference, attempt: int = 1) -> None:
    """They are in it: who is alone hears music, and whoever is there hears a tone. Too late: out of it again.
    `attempt`: of its recording, which may go on."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None or contact.channel != what.channel:
        return
    stay = contact.conference
    if stay is None or stay.id != what.conference or not isinstance(contact.verb, Confer):
        turn.do(LeaveConference(contact.id, what.conference, contact.channel))
    elif not stay.inside:
        _came(turn, contact, stay, contact.verb, attempt)


def _came(turn: Turn, contact: Contact, stay: Conferring, verb: Confer, attempt: int) -> None:
    others = members(turn.state, stay.id)
    _, started_at = turn.over(stay.since)
    turn.happened(
        c.ConferenceEntered(
            at=turn.now,
            contact=contact.id,
            conference=stay.id,
            segment=contact.segments + 1,
            members=len(others) + 1,
            ends_at=turn.now + verb.ms,
            started_at=started_at,
        )
    )
    if others:
        if len(others) == 1:
            turn.do(StopMusic(others[0].id, others[0].channel))
        turn.do(StopMusic(contact.id, contact.channel))
        turn.do(BeepConference(contact.id, stay.id))
    else:
        turn.do(StartMusic(contact.id, contact.channel, verb.music))
    start_recording(turn, contact.id, attempt)


def leave(turn: Turn, contact: Contact, by: ConferenceEnd, *, unseen: bool = False) -> int:
    """They are in it no longer; for how many ms they were. What becomes of their verb others say."""
    stay = contact.conference
    assert stay is not None
    ms, ended_at = turn.over(stay.since)
    ms = ms if stay.inside else 0
    end_recording(turn, contact, caller_stays=by not in GONE, unseen=unseen)
    turn.happened(
        c.ConferenceLeft(
            at=turn.now,
            contact=contact.id,
            conference=stay.id,
            segment=contact.segments,
            by=by,
            ms=ms,
            ended_at=ended_at,
        )
    )
    if by not in GONE:
        turn.do(StopMusic(contact.id, contact.channel))
        turn.do(LeaveConference(contact.id, stay.id, contact.channel))
    _left_behind(turn, contact, stay)
    return ms


def _left_behind(turn: Turn, gone: Contact, stay: Conferring) -> None:
    """Once its last leader has left, it is over for all; one who never came into it has left nobody. Who is alone hears
    music; and it is closed behind the last."""
    others = [each for each in turn.state.contacts.values() if each.conference and each.conference.id == stay.id]
    if stay.inside and _leads(gone) and others and not any(_leads(each) for each in others):
        for each in others:
            _over_for(turn, turn.state.contacts[each.id])
    elif not others:
        turn.do(CloseConference(gone.id, stay.id))
    elif len(others) == 1 and _in(others[0], stay.id) and isinstance(others[0].verb, Confer):
        turn.do(StartMusic(others[0].id, others[0].channel, others[0].verb.music))


def _leads(contact: Contact) -> bool:
    return isinstance(contact.verb, Confer) and contact.verb.leads


def _over_for(turn: Turn, contact: Contact) -> None:
    ms = leave(turn, contact, ConferenceEnd.LEADER)
    _end_step(turn, contact.id, Met(ms, ConferenceEnd.LEADER.value))


def left(turn: Turn, contact: Contact, by: ConferenceEnd) -> None:
    """By a key, or by time: their program goes on."""
    if contact.conference is None:
        return
    inside = contact.conference.inside
    ms = leave(turn, contact, by if inside else ConferenceEnd.NOT_JOINED)
    _end_step(turn, contact.id, Met(ms, by.value) if inside else NotMet(ConferenceEnd.NOT_JOINED.value))


def _end_step(turn: Turn, of: ContactId, result: Result) -> None:
    step = turn.state.contacts[of].step
    turn.happened(c.StepEnded(at=turn.now, contact=of, step=step, result=result))


CONFERENCE_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.EnteredConference: entered}
