"""Conferences as a survey found them: who is in which."""

from __future__ import annotations

from ccplane.contacts.conference import Confer
from ccplane.contacts.contact import Contact
from ccplane.core import inputs as i
from ccplane.core.commands import CloseConference, JoinConference, LeaveConference, StartMusic, StopMusic
from ccplane.core.conferences import entered, join, members
from ccplane.core.talks import SETTLING_MS
from ccplane.core.turn import Turn
from ccplane.ids import ConferenceId, contact_of_conference


def compare_conference(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    """One who is to be in a conference."""
    stay = contact.conference
    assert stay is not None
    inside = contact.channel in survey.conferences.get(stay.id, ())
    if not stay.inside:
        if inside and survey.after_gap:
            entered(turn, i.EnteredConference(contact.id, stay.id, contact.channel), attempt=2)
        elif survey.after_gap:
            join(turn, contact, stay.id, stay.name)  # what was asked for may be lost with the connection
    elif not inside and (survey.after_gap or stay.since < survey.began_at - SETTLING_MS):
        turn.repaired("caller apart from their conference", contact.id, f"not in {stay.id}")
        turn.do(JoinConference(contact.id, stay.id, contact.channel))
    elif survey.after_gap and isinstance(contact.verb, Confer):
        if len(members(turn.state, stay.id)) > 1:
            turn.do(StopMusic(contact.id, contact.channel))
        else:
            turn.do(StartMusic(contact.id, contact.channel, contact.verb.music))


def left_over(turn: Turn, survey: i.SwitchSurveyed) -> None:
    """Conferences in which nobody is to be any more: closed; and callers who are to be elsewhere: taken out."""
    if not survey.after_gap:
        return
    known = {each.channel: each for each in turn.state.contacts.values()}
    wanted = {each.conference.id for each in turn.state.contacts.values() if each.conference}
    for conference, channels in survey.conferences.items():
        stray = [known[each] for each in channels if each in known and known[each].conference is None]
        for contact in stray:
            turn.repaired("caller left over in a conference", contact.id, conference)
            turn.do(LeaveConference(contact.id, conference, contact.channel))
        if conference not in wanted and len(stray) == len(channels):
            _close(turn, conference)


def _close(turn: Turn, conference: ConferenceId) -> None:
    turn.repaired("conference with nobody in it", conference, "a bridge of ours in which nobody is to be")
    turn.do(CloseConference(contact_of_conference(conference), conference))
