"""Look-ups: who follows the facts asks for them, beside the switch, and tells what came of it.

Here stands how long that may take, and what the caller hears when it takes its time. The answer is journalled as the
verb's result: a program that runs again gets the same one.
"""

from __future__ import annotations

from typing import Final

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.look_ups import LookUp, LookUpFailed
from ccplane.core import inputs as i
from ccplane.core.commands import AnswerCaller, PlaySounds, StartMusic, StopMusic, StopSounds
from ccplane.core.turn import Turn
from ccplane.ids import playback_id

LATER_MS: Final = 1_000
"""Who asks has a deadline of their own, which comes first."""
TIMEOUT: Final = LookUpFailed("timeout")


def first_ms(verb: LookUp) -> int:
    """How long until something is to be done about it: let something be heard, or give up."""
    return verb.after_ms if verb.heard else verb.longest_ms + LATER_MS


def overdue(turn: Turn, contact: Contact, verb: LookUp) -> LookUpFailed | None:
    """It takes its time, so the caller hears something; or it takes too long."""
    if contact.delayed or not verb.heard:
        be_quiet(turn, contact, verb)
        return TIMEOUT
    until = turn.now + max(0, verb.longest_ms - verb.after_ms) + LATER_MS
    turn.happened(c.LookUpDelayed(at=turn.now, contact=contact.id, step=contact.step, until=until))
    if not contact.answered:
        turn.do(AnswerCaller(contact.id, contact.channel))
    if verb.sounds:
        playback = playback_id(contact.id, contact.step, contact.attempt)
        turn.do(PlaySounds(contact.id, contact.channel, playback, verb.sounds, contact.language))
    else:
        turn.do(StartMusic(contact.id, contact.channel, verb.music))
    return None


def sounds_over(turn: Turn, contact: Contact, verb: LookUp, what: i.SoundsFinished) -> None:
    """The word is said; music goes on from there."""
    if not what.ok and not what.lost:
        turn.happened(c.SoundsFailed(at=turn.now, contact=contact.id, step=contact.step, sounds=verb.sounds))
    if verb.music:
        turn.do(StartMusic(contact.id, contact.channel, verb.music))


def be_quiet(turn: Turn, contact: Contact, verb: LookUp) -> None:
    """What is heard meanwhile stops."""
    if contact.delayed:
        hush(turn, contact, verb)


def hush(turn: Turn, contact: Contact, verb: LookUp) -> None:
    """What may be heard meanwhile stops, whether or not it is known to have begun."""
    if verb.sounds:
        turn.do(StopSounds(contact.id, playback_id(contact.id, contact.step, contact.attempt)))
    if verb.music:
        turn.do(StopMusic(contact.id, contact.channel))
