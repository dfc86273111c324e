"""Agents' own calls as a survey found them: the other party came or went unseen."""

from __future__ import annotations

from ccplane.contacts.contact import Contact
from ccplane.contacts.own_call import CallState, OwnCall
from ccplane.core import inputs as i
from ccplane.core import parties
from ccplane.core.commands import AddCaller, AnswerCaller, JoinAgent
from ccplane.core.found_talks import together
from ccplane.core.offers import answered, entered, leg_ended
from ccplane.core.own_calls import stop_waiting
from ccplane.core.talks import SETTLING_MS
from ccplane.core.turn import Turn
from ccplane.ids import ChannelId


def compare_call(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    """An agent's own call whose other party came or went unseen."""
    call = contact.call
    assert call is not None
    if call.since >= survey.began_at or (not survey.after_gap and call.since >= survey.began_at - SETTLING_MS):
        return
    seen, members = survey.channels.get(call.leg), survey.rooms.get(contact.id, ())
    if contact.channel in members and not contact.in_room:
        entered(turn, i.EnteredRoom(contact.id, contact.channel), attempt=2)
        contact = turn.state.contacts[contact.id]
        call = contact.call
        assert call is not None
    if seen is None:
        turn.repaired("own call without its other leg", contact.id, f"{call.leg} is not at the switch")
        if call.state is CallState.CALLED:
            parties.never_called(turn, contact, call)
        else:
            leg_ended(turn, i.LegEnded(call.id, call.leg))
    elif seen.up and call.state is not CallState.CONNECTED:
        if survey.after_gap:
            _ask_again(turn, contact, call, members)
        answered(turn, i.LegUp(call.id, call.leg, call.agent))
        for channel in (contact.channel, call.leg):
            if channel in members:
                entered(turn, i.EnteredRoom(contact.id, channel), attempt=2)
    elif call.state is CallState.CONNECTED:
        together(turn, survey, contact, call.id, call.leg)


def _ask_again(turn: Turn, contact: Contact, call: OwnCall, members: tuple[ChannelId, ...]) -> None:
    """What was to bring the two together may have been lost with the connection."""
    if contact.channel not in members:
        turn.do(AddCaller(contact.id, contact.channel))
    if call.state is CallState.ANSWERED and call.leg not in members:
        stop_waiting(turn, contact)
        if not contact.answered:
            turn.do(AnswerCaller(contact.id, contact.channel))
        turn.do(JoinAgent(contact.id, call.id, call.leg))
