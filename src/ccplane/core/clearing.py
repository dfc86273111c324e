"""Legs that are to be gone: their agent is offered nothing before the switch has proven that they are (law 8).

| the leg | what proves that it is gone |
|---|---|
| was seen, or its originate was answered | its end, told; the switch has no such channel |
| may be yet to come: nobody told of it, and its originate was not answered | its end, told, once it has come |
| was seen, and a gap has come since | the survey after it, which does not show it |
| either, long after we asked | a survey that began after its deadline, and does not show it |

A command that was on its way when a connection was lost may be carried out seconds later: that there is no such
channel proves nothing before. One that does show once more, in a survey or by itself, is hung up again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ccplane.agents import facts as a
from ccplane.agents.agent import Agent
from ccplane.contacts.facts import Withdrawal
from ccplane.contacts.offer import OfferState
from ccplane.core import inputs as i
from ccplane.core import parties, rejoin
from ccplane.core.commands import HangUpLine, LookAround
from ccplane.core.offers import find, leg_ended, withdraw_one
from ccplane.core.talks import CLEAR_MS, drop_leg
from ccplane.core.turn import Turn
from ccplane.ids import AgentId, ChannelId, ContactId, NodeName, contact_of_offer, is_line, offer_of_leg


def not_found(turn: Turn, what: i.LegNotFound) -> None:
    """The switch has no such leg. Of one that we want gone that is the end, unless it may be yet to come; one that
    should be there by now, and that nothing told of, is given up."""
    whose = turn.state.clearing.get(what.leg)
    if whose is not None:
        if what.answered or what.leg not in turn.state.agents[whose].unseen:
            leg_ended(turn, i.LegEnded(what.offer, what.leg))
    elif what.answered:
        leg_ended(turn, i.LegEnded(what.offer, what.leg))
    elif (found := find(turn, what.offer)) and found[1].leg == what.leg and found[1].state is OfferState.MADE:
        withdraw_one(turn, *found, Withdrawal.SWITCH_LOST)
    elif own := parties.of_own_call(turn, what.offer, what.leg):
        parties.never_called(turn, *own)
    elif contact := turn.state.contacts.get(contact_of_offer(what.offer)):
        rejoin.never_called(turn, contact, what.leg)


def overdue(turn: Turn, agent: Agent) -> None:
    """Nobody has told of their end: the switch is asked what there is."""
    turn.happened(a.LegsSought(at=turn.now, agent=agent.id))
    turn.do(LookAround())


def begun_anew(turn: Turn) -> None:
    """A switch that has begun anew has none of them, and does nothing late."""
    for leg, agent in turn.state.clearing.items():
        turn.happened(a.LegCleared(at=turn.now, agent=agent, leg=leg, told=True))


def gone(turn: Turn, survey: i.SwitchSurveyed) -> None:
    """Those that a survey does not show when it should. To be said before unknown legs are taken up: their agent may
    have been called for somebody since, and is free for that call."""
    for leg, agent in list(turn.state.clearing.items()):
        if leg not in survey.channels and _at(survey.node, leg):
            turn.attempt(leg, _gone, turn, survey, turn.state.agents[agent], leg)


def _gone(turn: Turn, survey: i.SwitchSurveyed, agent: Agent, leg: ChannelId) -> None:
    went_in_the_gap = survey.after_gap and leg not in agent.unseen
    if went_in_the_gap or _sought_before(agent, survey):
        turn.happened(a.LegCleared(at=turn.now, agent=agent.id, leg=leg, told=False))


def compare(turn: Turn, survey: i.SwitchSurveyed, dropped: Mapping[ChannelId, AgentId]) -> None:
    """Those that were dropped before, and that a survey shows, are hung up once more."""
    for leg, agent in list(dropped.items()):
        if turn.state.clearing.get(leg) == agent and leg in survey.channels and _at(survey.node, leg):
            turn.attempt(leg, _compare, turn, survey, turn.state.agents[agent], leg)


def _compare(turn: Turn, survey: i.SwitchSurveyed, agent: Agent, leg: ChannelId) -> None:
    if survey.after_gap or leg in agent.unseen or _sought_before(agent, survey):
        _again(turn, agent, leg)


def _sought_before(agent: Agent, survey: i.SwitchSurveyed) -> bool:
    return agent.sought_at is not None and agent.sought_at <= survey.began_at


def _again(turn: Turn, agent: Agent, leg: ChannelId) -> None:
    offer = offer_of_leg(leg)
    if offer is not None:
        drop_leg(turn, contact_of_offer(offer), agent.id, leg, "answered_elsewhere")
    elif is_line(leg):
        turn.happened(a.LegDropped(at=turn.now, agent=agent.id, leg=leg, deadline=turn.now + CLEAR_MS))
        turn.do(HangUpLine(leg))


def _at(node: NodeName, leg: ChannelId) -> bool:
    """Whether a leg is at this node; of lines that is not known."""
    offer = offer_of_leg(leg)
    return offer is None or contact_of_offer(offer).startswith(ContactId(f"c-{node}-"))


CLEARING_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.LegNotFound: not_found}
