"""A phone that vanishes in mid-talk has ten seconds to come back to the same caller, before anything else happens.

Mostly a browser: its tab was closed or reloaded, it slept, its network changed. The leg that it had is kept until it is
known to be gone, for its sound may well go on while only the signalling is cut; a phone that is called back and says
that it is busy has never left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.agents.agent import Agent, Work
from ccplane.agents.facts import Phone
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import EndedBy
from ccplane.contacts.talk import Talk, TalkState
from ccplane.contacts.verbs import EnterQueue, Served
from ccplane.core import inputs as i
from ccplane.core.commands import JoinAgent, RingBack, StartMusic
from ccplane.core.steps import end_step
from ccplane.core.talks import drop_leg, talk_over
from ccplane.core.turn import Turn
from ccplane.ids import ChannelId, is_web, leg_back, place_of_offer

REJOIN_MS: Final = 10_000
BUSY_SIP: Final = 486
BUSY_CAUSE: Final = 17


def phone_changed(turn: Turn, agent: Agent) -> None:
    """The phone of an agent who talks went, or came back. A desk phone talks on without its registration."""
    if agent.work is Work.TALKING and agent.phone is Phone.GONE and is_web(agent.device):
        _lost(turn, agent, leg_gone=False)
    elif agent.work is Work.REJOINING and agent.phone is not Phone.GONE:
        _call_back(turn, agent)


def asked(turn: Turn, what: i.RejoinAsked) -> None:
    """Their phone says that it is new, and not in the call that it should be in."""
    agent = turn.state.agents.get(what.agent)
    if agent is None:
        return
    if agent.work is Work.TALKING:
        _lost(turn, agent, leg_gone=False)
    if agent.phone is not Phone.GONE:
        _call_back(turn, turn.state.agents[agent.id])


def leg_ended(turn: Turn, contact: Contact, talk: Talk, what: i.LegEnded) -> bool:
    """Whether the end of a leg in a talk was the business of this module; else an agent has hung up."""
    if what.leg == talk.back_leg:
        _not_called_back(turn, contact, talk, what)
        return True
    if what.leg != talk.leg:
        return False
    agent = turn.state.agents[talk.agent]
    if talk.state is TalkState.UP:
        vanished = not what.gone and agent.phone is Phone.GONE  # the switch ended it, for want of sound
        if vanished:
            _lost(turn, agent, leg_gone=True)
        return vanished
    if what.gone and not talk.leg_gone:
        return False
    if not talk.leg_gone:
        _lost(turn, agent, leg_gone=True)
    return True


def answered(turn: Turn, contact: Contact, what: i.LegUp) -> bool:
    """Whether this is the leg by which somebody is called back; then into the room with it."""
    talk = contact.talk
    if talk is None or talk.back_leg != what.leg:
        return False
    turn.do(JoinAgent(contact.id, talk.offer, what.leg))
    return True


def entered(turn: Turn, contact: Contact, channel: ChannelId) -> None:
    """They are back in the room: the leg that they had is of no use any more."""
    talk = contact.talk
    if talk is not None and talk.back_leg == channel:
        _rejoined(turn, contact, talk, channel)
        if not talk.leg_gone:
            drop_leg(turn, contact.id, talk.agent, talk.leg, "normal")


def not_called(turn: Turn, contact: Contact, leg: ChannelId) -> None:
    """The switch refused to call them back."""
    if contact.talk is not None and contact.talk.back_leg == leg:
        _missed(turn, contact, contact.talk, sip=0)


def drop_legs(turn: Turn, contact: Contact, talk: Talk) -> None:
    """Hang up whatever legs the agent has in this talk."""
    for leg in (talk.back_leg, None if talk.leg_gone else talk.leg):
        if leg is not None:
            drop_leg(turn, contact.id, talk.agent, leg, "normal")


def given_up(turn: Turn, agent: Agent) -> None:
    """They did not come back in time: the caller waits for another, at the place that they had."""
    contact = turn.state.contacts.get(agent.contact) if agent.contact else None
    assert contact is not None
    assert contact.talk is not None
    talk = contact.talk
    drop_legs(turn, contact, talk)
    talk_over(turn, contact, EndedBy.PHONE_LOST)
    queue = turn.state.rules.queues.get(talk.queue)
    if queue is None or not isinstance(contact.verb, EnterQueue):
        return end_step(turn, contact.id, Served(talk.agent))
    turn.do(StartMusic(contact.id, contact.channel, queue.music))
    return turn.happened(
        c.ContactQueued(
            at=turn.now,
            contact=contact.id,
            queue=talk.queue,
            segment=contact.segments + 1,
            place=talk.place,
            offers=place_of_offer(talk.offer)[1],
        )
    )


def _lost(turn: Turn, agent: Agent, leg_gone: bool) -> None:
    assert agent.offer is not None
    assert agent.contact is not None
    until = turn.now + REJOIN_MS if agent.rejoin_until is None else agent.rejoin_until
    turn.happened(
        c.PhoneLost(
            at=turn.now, contact=agent.contact, offer=agent.offer, agent=agent.id, until=until, leg_gone=leg_gone
        )
    )


def _call_back(turn: Turn, agent: Agent) -> None:
    contact = turn.state.contacts.get(agent.contact) if agent.contact else None
    talk = contact.talk if contact else None
    if contact is None or talk is None or talk.state is not TalkState.LOST or agent.rejoin_until is None:
        return
    leg = leg_back(talk.offer, turn.state.epoch, talk.calls_back + 1)
    turn.happened(c.RejoinRung(at=turn.now, contact=contact.id, offer=talk.offer, agent=agent.id, leg=leg))
    turn.do(
        RingBack(
            contact=contact.id,
            offer=talk.offer,
            leg=leg,
            agent=agent.id,
            endpoint=agent.endpoint,
            caller=contact.caller,
            caller_name=contact.caller_name,
            timeout_ms=max(1_000, agent.rejoin_until - turn.now),
        )
    )


def _not_called_back(turn: Turn, contact: Contact, talk: Talk, what: i.LegEnded) -> None:
    busy = what.sip == BUSY_SIP or (not what.sip and what.cause == BUSY_CAUSE)
    if busy and not talk.leg_gone:
        _rejoined(turn, contact, talk, talk.leg)
    else:
        _missed(turn, contact, talk, what.sip)


def _missed(turn: Turn, contact: Contact, talk: Talk, sip: int) -> None:
    assert talk.back_leg is not None
    turn.happened(
        c.RejoinMissed(at=turn.now, contact=contact.id, offer=talk.offer, agent=talk.agent, leg=talk.back_leg, sip=sip)
    )


def _rejoined(turn: Turn, contact: Contact, talk: Talk, leg: ChannelId) -> None:
    away_ms = turn.now - (turn.now if talk.lost_at is None else talk.lost_at)
    turn.happened(
        c.PhoneRejoined(at=turn.now, contact=contact.id, offer=talk.offer, agent=talk.agent, leg=leg, away_ms=away_ms)
    )


REJOIN_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.RejoinAsked: asked}
