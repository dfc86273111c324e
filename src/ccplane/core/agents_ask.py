"""What agents ask for by their screen, beside what they want to be: this call, not this call, no longer this talk.

Each names what it is about, as it stood on the screen: one that comes too late must not hit the next call. While the
node is not connected nothing is done, since nobody there would hear of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.agents.agent import Agent
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import ConnectFailure, EndedBy, MissCause
from ccplane.contacts.offer import Offer, OfferState
from ccplane.contacts.verbs import Served
from ccplane.core import inputs as i
from ccplane.core.commands import PickUp
from ccplane.core.misses import miss
from ccplane.core.offers import fail_connect
from ccplane.core.rejoin import drop_legs
from ccplane.core.state import State
from ccplane.core.steps import end_step
from ccplane.core.talks import drop_leg, talk_over
from ccplane.core.turn import Turn
from ccplane.ids import AgentId, ContactId, OfferId, contact_of_offer


def rings(state: State, agent: AgentId, offer: OfferId) -> tuple[Contact, Offer] | None:
    """The contact and the offer that this agent's phone rings for, if it is still this one and within reach."""
    contact = state.contacts.get(contact_of_offer(offer))
    rung = contact.offer_to(agent) if contact else None
    if contact is None or rung is None or rung.id != offer:
        return None
    if rung.state is OfferState.ANSWERED or not state.nodes.get(contact.node, False):
        return None
    return contact, rung


def in_call(state: State, whose: Agent, contact_id: ContactId) -> Contact | None:
    """The contact that this agent talks with, or is being joined with, if it is this one and within reach."""
    contact = state.contacts.get(contact_id)
    if contact is None or not state.nodes.get(contact.node, False):
        return None
    joining = contact.offer if contact.offer and contact.offer.state is OfferState.ANSWERED else None
    with_them = contact.talk or joining
    return contact if with_them and with_them.agent == whose.id else None


def answer_asked(turn: Turn, what: i.AnswerAsked) -> None:
    """The phone is told, and no more is assumed: that it was picked up is an event of its own."""
    found = rings(turn.state, what.agent, what.offer)
    if found is not None:
        contact, offer = found
        turn.do(PickUp(contact.id, offer.leg))


def reject_asked(turn: Turn, what: i.RejectAsked) -> None:
    """The phone stops ringing, without a missed call on it; the caller keeps place and clock."""
    found = rings(turn.state, what.agent, what.offer)
    if found is not None:
        contact, offer = found
        drop_leg(turn, contact.id, offer.agent, offer.leg, "answered_elsewhere")
        miss(turn, contact, offer, MissCause.REJECTED)


def hang_up_asked(turn: Turn, what: i.HangUpAsked) -> None:
    """As if the agent had hung up their phone: the talk is over, and the caller goes on in the program. So too for one
    whose phone vanished and who does not want to be called back."""
    agent = turn.state.agents.get(what.agent)
    contact = in_call(turn.state, agent, what.contact) if agent else None
    if contact is None:
        return
    if contact.talk is None:
        fail_connect(turn, contact, ConnectFailure.AGENT_GONE)
    else:
        drop_legs(turn, contact, contact.talk)
        talk_over(turn, contact, EndedBy.AGENT)
        end_step(turn, contact.id, Served(contact.talk.agent))


ASK_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.AnswerAsked: answer_asked,
    i.RejectAsked: reject_asked,
    i.HangUpAsked: hang_up_asked,
}
