"""A phone that vanishes in mid-talk: who may come back has ten seconds to, and no caller is left in silence.

| what vanished | how it is noticed | what happens |
|---|---|---|
| a browser | its contact is gone at once | ten seconds to come back |
| a desk phone that answers no qualify | it is listened to: it may talk on | nothing while it is heard; else as below |
| any phone's sound, for `rtp_timeout` | the switch ends the leg, and says so | one that is there is called back |

Who does not come back, and a desk phone of which neither sign nor sound is left, leaves the caller to another agent.
The leg that it had is kept until it is known to be gone, for its sound may well go on while only the signalling is cut;
a phone that is called back and says that it is busy has never left. Once nothing is heard of the agent any more the
caller is asked to hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.agents.agent import Agent, Work
from ccplane.agents.facts import Phone
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import EndedBy
from ccplane.contacts.talk import Talk, TalkState
from ccplane.contacts.verbs import EnterQueue, Served
from ccplane.core import inputs as i
from ccplane.core.commands import JoinAgent, ListenTo, RingBack, SayToWaiting, StartMusic
from ccplane.core.steps import end_step
from ccplane.core.talks import drop_leg, no_hold, talk_over
from ccplane.core.turn import Turn
from ccplane.ids import AgentId, ChannelId, is_web, leg_back, place_of_offer

REJOIN_MS: Final = 10_000
LISTEN_MS: Final = 5_000
"""For so long nothing must come from a desk phone that is not there any more: some send nothing while nobody speaks."""
LISTEN_TO_BROWSER_MS: Final = 2_000
"""A browser always sends."""
BUSY_SIP: Final = 486
BUSY_CAUSE: Final = 17


def phone_changed(turn: Turn, agent: Agent) -> None:
    """The phone of an agent who talks went, or came back. A desk phone talks on without its registration."""
    if agent.work is Work.TALKING and agent.phone is Phone.GONE:
        if is_web(agent.device):
            _lost(turn, agent, leg_gone=False)
        _listen(turn, agent)
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
        vanished = what.no_media or (not what.gone and agent.phone is Phone.GONE)
        if vanished:
            _lost(turn, agent, leg_gone=True)
            _call_back_or_give_up(turn, talk.agent)
        return vanished
    if what.gone and not what.no_media and not talk.leg_gone:
        return False
    if not talk.leg_gone:
        _lost(turn, agent, leg_gone=True)
    return True


def listened(turn: Turn, what: i.LegListened) -> None:
    """Whether anything came from a phone that is not there any more. While something does, it is listened to on. Of a
    leg that they talk by no more it says nothing."""
    contact = turn.state.contacts.get(what.contact)
    talk = contact.talk if contact else None
    if talk is None or talk.offer != what.offer or talk.silent:
        return
    agent = turn.state.agents[talk.agent]
    if what.leg is not None and what.leg not in (talk.leg, agent.open_line):
        return
    if what.heard:
        if agent.phone is Phone.GONE or talk.state is not TalkState.UP:
            _listen(turn, agent)
    elif talk.state is not TalkState.UP:
        _lost(turn, agent, leg_gone=False, silent=True)
    elif agent.phone is Phone.GONE:
        _lost(turn, agent, leg_gone=False, silent=True)
        _call_back_or_give_up(turn, agent.id)


def hold_said(turn: Turn, what: i.HoldSaid) -> None:
    """The prompt has ended the music for good: it is begun again, if they still wait."""
    contact = turn.state.contacts.get(what.contact)
    if contact is not None and ((contact.waiting and contact.phase is Phase.WAITING) or _on_hold(contact)):
        turn.do(StartMusic(contact.id, contact.channel, _music(turn, contact)))


def resume(turn: Turn, contact: Contact) -> None:
    """Whoever was listened to before a gap is listened to again."""
    if contact.talk is not None and not contact.talk.silent:
        agent = turn.state.agents[contact.talk.agent]
        if agent.phone is Phone.GONE:
            _listen(turn, agent)


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


def never_called(turn: Turn, contact: Contact, leg: ChannelId) -> None:
    """The switch has no such leg, long after it was asked for one; it may yet make it. They are called once more."""
    if contact.talk is not None and contact.talk.back_leg == leg:
        agent = contact.talk.agent
        drop_leg(turn, contact.id, agent, leg, "normal", unseen=True)
        _missed(turn, contact, contact.talk, sip=0)
        if turn.state.agents[agent].phone is not Phone.GONE:
            _call_back(turn, turn.state.agents[agent])


def more_time(turn: Turn, talk: Talk) -> None:
    """Nobody watched for a while: they have the whole time again."""
    agent = turn.state.agents[talk.agent]
    until = turn.now + REJOIN_MS
    if agent.contact is not None and agent.offer is not None:
        turn.happened(
            c.PhoneLost(
                at=turn.now,
                contact=agent.contact,
                offer=agent.offer,
                agent=agent.id,
                until=until,
                leg_gone=talk.leg_gone,
                silent=talk.silent,
            )
        )


def not_joined(turn: Turn, contact: Contact, leg: ChannelId) -> None:
    """The leg by which they were called back, or the room, was not found; the leg may still be there."""
    if contact.talk is not None and contact.talk.back_leg == leg:
        drop_leg(turn, contact.id, contact.talk.agent, leg, "normal")
        _missed(turn, contact, contact.talk, sip=0)


def drop_legs(turn: Turn, contact: Contact, talk: Talk) -> None:
    """Hang up whatever legs the agent has in this talk."""
    for leg in (talk.back_leg, None if talk.leg_gone else talk.leg):
        if leg is not None:
            drop_leg(turn, contact.id, talk.agent, leg, "normal", unseen=leg == talk.back_leg)


def given_up(turn: Turn, agent: Agent) -> None:
    """They did not come back in time: the caller waits for another, at the place that they had."""
    contact = turn.state.contacts.get(agent.contact) if agent.contact else None
    assert contact is not None
    assert contact.talk is not None
    talk = contact.talk
    drop_legs(turn, contact, talk)
    talk_over(turn, contact, EndedBy.PHONE_LOST)
    contact = turn.state.contacts[contact.id]
    queue = turn.state.rules.queues.get(talk.queue)
    if queue is None or not isinstance(contact.verb, EnterQueue):
        if talk.silent:
            no_hold(turn, contact)
        return end_step(turn, contact.id, Served(talk.agent))
    if not talk.silent:
        _hold(turn, contact, queue.music)
    last = turn.state.served.get(contact.caller)
    return turn.happened(
        c.ContactQueued(
            at=turn.now,
            contact=contact.id,
            queue=talk.queue,
            segment=contact.segments + 1,
            place=talk.place,
            offers=place_of_offer(talk.offer)[1],
            credit_s=talk.credit_s,
            callback=contact.callback,
            last_agent=last.agent if last else None,
            last_served_at=last.at if last else None,
        )
    )


def _lost(turn: Turn, agent: Agent, leg_gone: bool, silent: bool = False) -> None:
    assert agent.offer is not None
    assert agent.contact is not None
    contact = turn.state.contacts[agent.contact]
    held = contact.talk is not None and contact.talk.silent
    until = turn.now + REJOIN_MS if agent.rejoin_until is None else agent.rejoin_until
    turn.happened(
        c.PhoneLost(
            at=turn.now,
            contact=contact.id,
            offer=agent.offer,
            agent=agent.id,
            until=until,
            leg_gone=leg_gone,
            silent=silent,
        )
    )
    if (leg_gone or silent) and not held:
        _hold(turn, contact, _music(turn, contact))


def _hold(turn: Turn, contact: Contact, music: str) -> None:
    """Asked to wait a moment, then music: until somebody is there again."""
    turn.do(StartMusic(contact.id, contact.channel, music))
    sound = turn.state.rules.hold.get(contact.language)
    if sound is not None:
        turn.do(SayToWaiting(contact.id, (sound,), contact.language))


def _on_hold(contact: Contact) -> bool:
    return contact.talk is not None and contact.talk.silent and contact.talk.state is not TalkState.UP


def _music(turn: Turn, contact: Contact) -> str:
    stay = contact.talk or contact.waiting
    queue = turn.state.rules.queues.get(stay.queue) if stay else None
    return queue.music if queue else "default"


def _listen(turn: Turn, agent: Agent) -> None:
    """On the line through which they are reached, where there is one: the phone's own channel."""
    contact = turn.state.contacts.get(agent.contact) if agent.contact else None
    if contact is None or contact.talk is None or contact.talk.leg_gone:
        return
    for_ms = LISTEN_TO_BROWSER_MS if is_web(agent.device) else LISTEN_MS
    turn.do(ListenTo(contact.id, contact.talk.offer, agent.open_line or contact.talk.leg, for_ms))


def _call_back_or_give_up(turn: Turn, agent_id: AgentId) -> None:
    """A browser may come back, and a phone that is there is called back; of a desk phone that is gone nothing is
    hoped, and the caller has waited long enough."""
    agent = turn.state.agents[agent_id]
    if agent.phone is not Phone.GONE:
        _call_back(turn, agent)
    elif not is_web(agent.device):
        given_up(turn, agent)


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
    if talk.silent:
        no_hold(turn, contact)
    away_ms = turn.now - (turn.now if talk.lost_at is None else talk.lost_at)
    turn.happened(
        c.PhoneRejoined(at=turn.now, contact=contact.id, offer=talk.offer, agent=talk.agent, leg=leg, away_ms=away_ms)
    )


REJOIN_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.RejoinAsked: asked,
    i.LegListened: listened,
    i.HoldSaid: hold_said,
}
