"""Missed offers: whoever misses one is left alone for a while, and whoever misses too many in a row is paused."""

from __future__ import annotations

from ccplane.agents import facts as a
from ccplane.agents.facts import Intent
from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import ConnectFailure, MissCause
from ccplane.contacts.offer import Offer, OfferState
from ccplane.core.lamps import mirror
from ccplane.core.turn import Turn
from ccplane.ids import AgentId
from ccplane.routing.misses import rest_ms, too_many


def rung(turn: Turn, offer: Offer) -> tuple[int, bool]:
    """How many ms its phone has been ringing, and whether it said so itself; else it was only called."""
    return turn.over(offer.ring_started_at)[0], offer.state is not OfferState.MADE


def miss(turn: Turn, contact: Contact, offer: Offer, cause: MissCause, sip: int = 0) -> None:
    """The agent did not take it: the caller keeps place and clock; after too many in a row the agent is paused.

    A phone that was to pick up by itself and rings out has failed at that: nobody was asked to.
    """
    if cause is MissCause.NO_ANSWER and offer.auto_answer:
        cause = MissCause.AUTO_ANSWER_FAILED
    rules = turn.state.rules
    rest = rest_ms(rules.missed, cause, rules.rest_ms)
    ring_ms, rang = rung(turn, offer)
    turn.happened(
        c.OfferMissed(
            at=turn.now,
            contact=contact.id,
            offer=offer.id,
            agent=offer.agent,
            cause=cause,
            sip=sip,
            ring_ms=ring_ms,
            rang=rang,
            rest_until=turn.now + rest if rest else None,
        )
    )
    pause_after_misses(turn, offer.agent, cause)


def pause_after_misses(turn: Turn, agent_id: AgentId, cause: MissCause | ConnectFailure) -> None:
    """If it was one too many. The reason is what a team leader reads."""
    agent, rules = turn.state.agents[agent_id], turn.state.rules
    count, pauses = too_many(rules.missed, agent.missed, cause.value, rules.misses_until_pause)
    if agent.intent is Intent.READY and pauses:
        offers = "offer" if count == 1 else "offers"
        reason = f"missed {count} {offers} in a row, the last: {cause.value}"
        set_intent(turn, agent_id, Intent.PAUSED, reason, by="missed offers")


def set_intent(turn: Turn, agent: AgentId, intent: Intent, reason: str, by: str) -> None:
    """Change what an agent wants, and show it at the switch."""
    turn.happened(a.IntentChanged(at=turn.now, agent=agent, intent=intent, reason=reason, by=by))
    turn.do(mirror(turn.state.agents[agent]))
