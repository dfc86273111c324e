"""Talks and rings at the switch of which we know nothing: they become ours, for no talk is cut (law 10).

What the ids, the room, its journal and the leg's arguments say is enough to go on: two who talk go on talking, and a
phone that was called for somebody who waits rings on.
"""

from __future__ import annotations

from typing import Final

from ccplane.agents import facts as a
from ccplane.agents.agent import Agent, Work
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import Trace, Withdrawal
from ccplane.contacts.verbs import EnterQueue
from ccplane.core import inputs as i
from ccplane.core import journal
from ccplane.core.catching_up import go_on
from ccplane.core.commands import StopMusic
from ccplane.core.offers import answered, find, picked_up, withdraw_one
from ccplane.core.recordings import start_recording
from ccplane.core.talks import drop_leg
from ccplane.core.turn import Turn
from ccplane.core.unknown_callers import caller_seen, came_at, queue_of, queued_again
from ccplane.core.unknown_calls import adopt_own_call
from ccplane.core.wrap_up import wrap_up_over
from ccplane.ids import (
    AgentId,
    ChannelId,
    OfferId,
    contact_id,
    contact_of_offer,
    is_call_back,
    offer_of_leg,
    place_of_offer,
)

AT_REST: Final = frozenset({Work.IDLE, Work.WRAP_UP})
"""Work from which a talk that is seen may begin: the end of a wrap-up may have been lost with the facts."""
ADOPTED: Final = "adopted"
"""The strategy in the trace of an offer that we did not make: the switch showed it, answered."""


def caller_beside(survey: i.SwitchSurveyed, leg: i.ChannelSeen) -> ChannelId | None:
    """The caller with whom this leg, which is up, is in their room."""
    offer = offer_of_leg(leg.id)
    if offer is None or not leg.up:
        return None
    contact = contact_of_offer(offer)
    members = survey.rooms.get(contact, ())
    callers = (each for each in members if offer_of_leg(each) is None and contact_id(survey.node, each) == contact)
    return next(callers, None) if leg.id in members else None


def in_talk(survey: i.SwitchSurveyed, caller: ChannelId) -> bool:
    """Whether an agent's leg that is up is in the room with this caller."""
    members = survey.rooms.get(contact_id(survey.node, caller), ())
    seen = (survey.channels.get(each) for each in members)
    return any(each is not None and caller_beside(survey, each) == caller for each in seen)


def talk_further(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    """A leg beside a caller whose program had not come so far, as far as we and their room know: since they talk they
    were queued, and that is over for the program. So they hear no prompt, and their agent gets nobody else."""
    if contact.phase is not Phase.IN_PROGRAM or contact.device is not None:
        return
    seen = (survey.channels.get(each) for each in survey.rooms.get(contact.id, ()))
    legs = (each for each in seen if each is not None and caller_beside(survey, each) == contact.channel)
    step = max((_step_of(each) for each in legs if each.agent in turn.state.agents), default=0)
    queue = queue_of(turn, survey, contact.channel)
    if step > contact.step and queue in turn.state.rules.queues:
        turn.repaired("program further than known", contact.id, f"a leg of step {step} is beside the caller")
        go_on(turn, contact.id, journal.Journal(step, EnterQueue.__name__, turn.now, queue=queue))


def _step_of(leg: i.ChannelSeen) -> int:
    offer = offer_of_leg(leg.id)
    return place_of_offer(offer)[0] if offer else 0


def adopt(turn: Turn, survey: i.SwitchSurveyed, leg: i.ChannelSeen, caller: ChannelId) -> None:
    """Two who talk become a talk of ours. If they cannot, they are left alone until one of them goes."""
    offer = offer_of_leg(leg.id)
    assert offer is not None
    of = contact_of_offer(offer)
    if adopt_own_call(turn, survey, leg, offer, caller):
        return
    agent = turn.state.agents.get(leg.agent) if leg.agent else None
    if agent is None:
        return
    contact = turn.state.contacts.get(of)
    if leg.id in agent.clearing:
        _adopt_dropped(turn, survey, leg, agent, contact, caller)
        return
    if contact is None:
        queue, step = queue_of(turn, survey, caller), place_of_offer(offer)[0]
        seen, note = caller_seen(turn, survey, caller), journal.of(survey.journals, of)
        if queue is None or seen is None or agent.work not in AT_REST:
            return
        turn.repaired("talk nobody knew", of, f"{leg.id} is beside the caller")
        queued_again(turn, survey, seen, note, queue, None, step)
    elif contact.phase is Phase.WAITING and _may_be_with(agent, contact, offer):
        turn.repaired("talk nobody saw begin", of, f"{leg.id} is beside the caller")
        for other in contact.offers:
            theirs = other.agent == agent.id
            withdraw_one(turn, contact, other, Withdrawal.SWITCH_LOST if theirs else Withdrawal.ANSWERED_ELSEWHERE)
        turn.do(StopMusic(of, caller))
    else:
        if contact.phase is Phase.IN_PROGRAM and place_of_offer(offer)[0] <= contact.step:
            turn.repaired("leg left over from a talk", leg.id, "that talk is over, and the program has gone on")
            drop_leg(turn, of, agent.id, leg.id, "normal")
        return
    _talks(turn, turn.state.contacts[of], leg, agent)


def _adopt_dropped(
    turn: Turn, survey: i.SwitchSurveyed, leg: i.ChannelSeen, agent: Agent, contact: Contact | None, caller: ChannelId
) -> None:
    """A leg that we had dropped, and that the gap has kept beside its caller. If they wait for an agent they have one:
    nobody has parted them. Else it was to go, and `clearing` tells it so again."""
    if not survey.after_gap:
        return
    if contact is None or contact.phase is not Phase.WAITING or contact.offers or agent.work not in AT_REST:
        return
    turn.repaired("talk that was to be parted", contact.id, f"{leg.id} is still beside the caller")
    turn.happened(a.LegCleared(at=turn.now, agent=agent.id, leg=leg.id, told=False))
    turn.do(StopMusic(contact.id, caller))
    _talks(turn, contact, leg, turn.state.agents[agent.id])


def adopt_ring(turn: Turn, survey: i.SwitchSurveyed, leg: i.ChannelSeen, agent_id: AgentId | None) -> bool:
    """A phone that was called for somebody who waits, and nobody knows of it: rings on, or, picked up, is joined.

    False if it is not for this contact any more, or not for this agent now.
    """
    offer = offer_of_leg(leg.id)
    contact = turn.state.contacts.get(contact_of_offer(offer)) if offer else None
    agent = turn.state.agents.get(agent_id) if agent_id else None
    if offer is None or contact is None or agent is None or is_call_back(leg.id):
        return False
    (step, attempt), waiting = place_of_offer(offer), contact.waiting
    more = not contact.offers or contact.id in turn.state.wanting
    wanted = contact.phase is Phase.WAITING and more and contact.step == step
    if waiting is None or not wanted or attempt <= waiting.offers or not agent.free:
        return False
    queue = turn.state.rules.queues.get(waiting.queue)
    if queue is None:
        return False
    turn.repaired("offer nobody knew", contact.id, f"{leg.id} is at the switch")
    rung_at = came_at(turn, survey, leg)
    ends = (turn.now if rung_at is None else rung_at) + queue.ring_ms
    _offered(turn, contact, leg.id, offer, agent, max(turn.now + 1, ends))
    if leg.at_door and (rung := find(turn, offer)):
        picked_up(turn, *rung, None, at_door=True)
    elif leg.up:
        answered(turn, i.LegUp(offer, leg.id, agent.id))
    return True


def _may_be_with(agent: Agent, contact: Contact, offer: OfferId) -> bool:
    """Not if they were to be joined just now and it failed: their leg is being hung up. But an offer that we know
    nothing of was made after their rest."""
    unheard_of = contact.waiting is not None and place_of_offer(offer)[1] > contact.waiting.offers
    at_rest = agent.work in AT_REST and (agent.rest_until is None or unheard_of)
    return at_rest or (agent.work is Work.OFFERED and agent.contact == contact.id and agent.rest_until is None)


def _talks(turn: Turn, contact: Contact, leg: i.ChannelSeen, agent: Agent) -> None:
    """What led to the talk, as the tables ask for it. It counts from now: since when they talk nobody knows."""
    offer, waiting = offer_of_leg(leg.id), contact.waiting
    assert offer is not None
    assert waiting is not None
    if not contact.in_room:
        turn.happened(c.CallerEnteredRoom(at=turn.now, contact=contact.id))
    if agent.work is Work.WRAP_UP:
        wrap_up_over(turn, agent)  # its end nobody told
    if agent.rest_until is not None:
        turn.happened(a.AgentRested(at=turn.now, agent=agent.id))
    _offered(turn, contact, leg.id, offer, agent, turn.now)
    turn.happened(
        c.OfferAnswered(at=turn.now, contact=contact.id, offer=offer, agent=agent.id, deadline=turn.now, ring_ms=0)
    )
    turn.happened(
        c.TalkStarted(
            at=turn.now,
            contact=contact.id,
            offer=offer,
            agent=agent.id,
            segment=contact.segments + 1,
            queue=waiting.queue,
            queue_segment=waiting.segment,
            waited_ms=turn.now - waiting.here_since,
            contact_waited_ms=waiting.by_clock(turn.now - waiting.here_since),
        )
    )
    start_recording(turn, contact.id, attempt=2)


def _offered(turn: Turn, contact: Contact, leg: ChannelId, offer: OfferId, agent: Agent, deadline: int) -> None:
    """The offer that the switch shows, as if we had just made it."""
    waiting = contact.waiting
    assert waiting is not None
    turn.happened(
        c.OfferMade(
            at=turn.now,
            contact=contact.id,
            offer=offer,
            agent=agent.id,
            queue=waiting.queue,
            segment=waiting.segment,
            attempt=place_of_offer(offer)[1],
            leg=leg,
            deadline=deadline,
            trace=Trace(strategy=ADOPTED, winner_score_s=0),
        )
    )
