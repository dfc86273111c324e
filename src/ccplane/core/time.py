"""What time alone does: offers run out, wrap-up ends, requirements relax, verbs are given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.agents import facts as a
from ccplane.contacts.contact import Contact
from ccplane.core import clearing
from ccplane.core import inputs as i
from ccplane.core.announcing import announce_due
from ccplane.core.callbacks import callback_due
from ccplane.core.callers import not_picked_up
from ccplane.core.emergencies import emergency_due
from ccplane.core.follows import watches
from ccplane.core.offers import offers_due
from ccplane.core.owed import owed_due
from ccplane.core.parties import overdue
from ccplane.core.recorder import recordings_due
from ccplane.core.rejoin import given_up
from ccplane.core.standing import not_taken
from ccplane.core.steps import step_overdue
from ccplane.core.turn import Turn
from ccplane.core.waits import wait_due
from ccplane.core.wrap_up import wrap_up_over
from ccplane.facts import DeadlineDropped, SwitchReadUp
from ccplane.ids import AgentId, CallbackId, ContactId, MessageId


def tick(turn: Turn, _: i.Tick) -> None:
    """Everything that is due, once each; what it leads to has a deadline of its own.

    What cannot be decided loses its deadline, else it would be due again at once and for ever.
    """
    if turn.state.behind:
        turn.happened(SwitchReadUp(at=turn.now))
    for when, kind, whose in turn.state.deadlines:
        if when > turn.now:
            break
        if not turn.attempt(whose, _due, turn, kind, whose):
            turn.happened(DeadlineDropped(at=turn.now, kind=kind, whose=whose))


def _due(turn: Turn, kind: str, whose: str) -> None:
    if kind == "agent":
        _agent_due(turn, AgentId(whose))
    elif kind == "emergency":
        emergency_due(turn, whose)
    elif kind == "message":
        if message := turn.state.owed.get(MessageId(whose)):
            owed_due(turn, message)
    elif kind == "callback":
        callback = turn.state.callbacks.get(CallbackId(whose))
        if callback is not None and callback.deadline is not None and callback.deadline <= turn.now:
            callback_due(turn, callback)
    elif contact := turn.state.contacts.get(ContactId(whose)):
        recordings_due(turn, contact)
        if contact := turn.state.contacts.get(contact.id):
            _contact_due(turn, contact)


def _agent_due(turn: Turn, agent_id: AgentId) -> None:
    agent = turn.state.agents[agent_id]
    if agent.wrap_up_until is not None and agent.wrap_up_until <= turn.now:
        wrap_up_over(turn, agent)
    watched = watches(turn.state)
    if watched and agent.rejoin_until is not None and agent.rejoin_until <= turn.now:
        given_up(turn, agent)
    if agent.rest_until is not None and agent.rest_until <= turn.now:
        turn.happened(a.AgentRested(at=turn.now, agent=agent_id))
    if watched and agent.line.deadline is not None and agent.line.deadline <= turn.now:
        not_taken(turn, agent)
    if agent.clear_by is not None and agent.clear_by <= turn.now:
        clearing.overdue(turn, turn.state.agents[agent_id])


def _contact_due(turn: Turn, contact: Contact) -> None:
    if contact.step_deadline is not None and contact.step_deadline <= turn.now:
        step_overdue(turn, contact)
    elif contact.pick_up_by is not None:
        if contact.pick_up_by <= turn.now:
            not_picked_up(turn, contact)
    elif contact.call:
        if contact.call.deadline is not None and contact.call.deadline <= turn.now:
            overdue(turn, contact, contact.call)
    elif contact.offers:
        offers_due(turn, contact)
        if contact.id in turn.state.wanting:
            wait_due(turn, turn.state.contacts[contact.id])
    elif contact.waiting:
        wait_due(turn, contact)
        announce_due(turn, turn.state.contacts[contact.id])


TIME_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.Tick: tick}
