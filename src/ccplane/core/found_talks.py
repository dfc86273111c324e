"""Talks as a survey found them: who is there, who is coming back, and whether both are in the room."""

from __future__ import annotations

from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import EndedBy
from ccplane.contacts.talk import Talk, TalkState
from ccplane.contacts.verbs import Served
from ccplane.core import inputs as i
from ccplane.core import rejoin
from ccplane.core.commands import AddCaller, JoinAgent, StopMusic
from ccplane.core.offers import answered, entered, leg_ended
from ccplane.core.steps import end_step
from ccplane.core.talks import SETTLING_MS, talk_over
from ccplane.core.turn import Turn
from ccplane.ids import ChannelId, OfferId


def compare_talk(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    talk = contact.talk
    assert talk is not None
    if talk.state is not TalkState.UP:
        _compare_rejoining(turn, survey, contact, talk)
    elif talk.leg not in survey.channels and max(talk.started_at, talk.leg_since) < survey.began_at:
        turn.repaired("talk without the agent's leg", contact.id, f"{talk.leg} is not at the switch")
        _leg_went(turn, contact, talk)
    elif survey.after_gap or talk.started_at < survey.began_at - SETTLING_MS:
        together(turn, survey, contact, talk.offer, talk.leg)
        if survey.after_gap:
            rejoin.resume(turn, contact)


def _leg_went(turn: Turn, contact: Contact, talk: Talk) -> None:
    """Unseen: with its phone, and the caller is offered again, or the agent has hung up."""
    if not rejoin.leg_ended(turn, contact, talk, i.LegEnded(talk.offer, talk.leg, gone=False)):
        talk_over(turn, contact, EndedBy.AGENT)
        end_step(turn, contact.id, Served(talk.agent))


def together(turn: Turn, survey: i.SwitchSurveyed, contact: Contact, offer: OfferId, leg: ChannelId) -> None:
    """Two who talk are both in the room; whoever is not hears nothing, and nobody hears them."""
    members, seen = survey.rooms.get(contact.id, ()), survey.channels.get(leg)
    outside = [each for each in (contact.channel, leg) if each not in members]
    if not outside or seen is None or not seen.up:
        return
    turn.repaired("talk apart", contact.id, f"not in the room: {', '.join(outside)}")
    turn.do(StopMusic(contact.id, contact.channel))
    if contact.channel in outside:
        turn.do(AddCaller(contact.id, contact.channel))
    if leg in outside:
        turn.do(JoinAgent(contact.id, offer, leg))


def _compare_rejoining(turn: Turn, survey: i.SwitchSurveyed, contact: Contact, talk: Talk) -> None:
    """Of one whose phone vanished: the leg that they had, and the one by which they are being called back.

    What ran out while nobody could see them come back begins anew.
    """
    if talk.lost_at is None or talk.lost_at >= survey.began_at:
        return
    if survey.after_gap:
        rejoin.more_time(turn, talk)
    if talk.leg not in survey.channels and not talk.leg_gone:
        leg_ended(turn, i.LegEnded(talk.offer, talk.leg, gone=False))
    if talk.back_leg and survey.after_gap and talk.back_since < survey.began_at:
        back = survey.channels.get(talk.back_leg)
        if back is None:
            leg_ended(turn, i.LegEnded(talk.offer, talk.back_leg))
        elif talk.back_leg in survey.rooms.get(contact.id, ()):
            entered(turn, i.EnteredRoom(contact.id, talk.back_leg))
        elif back.up:
            answered(turn, i.LegUp(talk.offer, talk.back_leg, back.agent))
