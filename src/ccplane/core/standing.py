"""Open lines: at an always-on seat the desk phone is rung once, and stays in a call of ours for the shift.

What is offered to such an agent rings nowhere: a leg like any other is made, whose far half joins the room of their
line and is answered only then. So all that holds for legs holds for it, and the end of a call leaves the line open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from ccplane.agents import facts as a
from ccplane.agents.agent import Agent, LineState, Work, once_more
from ccplane.agents.facts import Intent, LineEnd, PeopleLoaded, Phone
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import ConnectFailure, EndedBy, MissCause, OfferFact
from ccplane.contacts.offer import OfferState
from ccplane.contacts.verbs import Served
from ccplane.core import inputs as i
from ccplane.core.callers import NORMAL
from ccplane.core.commands import AnswerHalf, HangUpCaller, HangUpLeg, HangUpLine, JoinLine, OpenLine, RingLine
from ccplane.core.fallback_first import is_held_back
from ccplane.core.misses import miss, set_intent
from ccplane.core.offers import fail_connect, find, leg_ended
from ccplane.core.reach import auto_answers
from ccplane.core.rejoin import drop_legs
from ccplane.core.steps import end_step
from ccplane.core.talks import CLEAR_MS, LATE_MS, SETTLING_MS, drop_leg, talk_over
from ccplane.core.turn import Turn
from ccplane.core.whisper import whisper_for
from ccplane.facts import DrainBegan, FallbackWaitsChanged, SwitchFound, SwitchLost
from ccplane.ids import (
    AgentId,
    ChannelId,
    agent_of_line,
    contact_of_offer,
    is_call_back,
    is_dialled,
    is_line,
    leg_of_half,
    line_of,
    offer_of_leg,
)
from ccplane.routing.misses import too_many
from ccplane.routing.rules import RulesLoaded

RING_MS: Final = 30_000
SWITCH_LATER_MS: Final = 2_000
FOR_ALL: Final = (SwitchFound, SwitchLost, FallbackWaitsChanged, DrainBegan, RulesLoaded, PeopleLoaded)
"""What may change whether a line may be rung, whoever's it is."""
AT_REST: Final = frozenset({Work.IDLE, Work.WRAP_UP})
HUNG_UP: Final = "open line hung up"
NOT_TAKEN: Final = "did not pick up the open line"


def tend(turn: Turn) -> None:
    """After all was decided: ring whoever is to have an open line, hang up what nobody is to have."""
    for agent_id in _touched(turn):
        agent = turn.state.agents.get(agent_id)
        if agent is not None and (agent.always_on or agent.line.state is not LineState.NONE):
            _tend(turn, agent)


def _touched(turn: Turn) -> Iterable[AgentId]:
    if any(isinstance(fact, FOR_ALL) for fact in turn.facts):
        return list(turn.state.agents)
    return dict.fromkeys(fact.agent for fact in turn.facts if isinstance(fact, a.AgentFact | OfferFact))


def _tend(turn: Turn, agent: Agent) -> None:
    wanted = agent.always_on and agent.signed_in
    if agent.line.state is LineState.NONE:
        if wanted and not agent.line.declined and _may_ring(turn, agent):
            _ring(turn, agent)
    elif agent.work in AT_REST and not (wanted and agent.line.device == agent.device):
        _drop(turn, agent)
        _none_any_more(turn, agent, LineEnd.NOT_WANTED, again=True)


def _may_ring(turn: Turn, agent: Agent) -> bool:
    free = agent.work in AT_REST and agent.phone is Phone.REACHABLE and agent.rest_until is None
    return free and not agent.clearing and any(turn.state.nodes.values()) and not is_held_back(turn.state, agent)


def _ring(turn: Turn, agent: Agent) -> None:
    line = line_of(agent.id, turn.state.epoch, agent.line.number + 1)
    turn.happened(
        a.StandingRung(at=turn.now, agent=agent.id, line=line, device=agent.device, deadline=turn.now + RING_MS)
    )
    answers = auto_answers(turn.state, agent)
    turn.do(RingLine(line, agent.id, agent.endpoint, RING_MS + SWITCH_LATER_MS, auto_answer=answers))


def _drop(turn: Turn, agent: Agent) -> None:
    """Hang it up: their phone is in this call until the switch has let go of it."""
    line = agent.line.leg
    assert line is not None
    _to_be_gone(turn, agent)
    turn.do(HangUpLine(line))


def _to_be_gone(turn: Turn, agent: Agent) -> None:
    """Of one that rings nothing tells before it is picked up: it may be yet to come."""
    line, unseen = agent.line.leg, agent.line.state is LineState.RINGING
    assert line is not None
    deadline = turn.now + (LATE_MS if unseen else CLEAR_MS)
    turn.happened(a.LegDropped(at=turn.now, agent=agent.id, leg=line, deadline=deadline, unseen=unseen))


def _none_any_more(turn: Turn, agent: Agent, why: LineEnd, *, again: bool, rests: bool = False) -> None:
    line = agent.line.leg
    assert line is not None
    rest_until = turn.now + turn.state.rules.rest_ms if rests else None
    turn.happened(a.StandingEnded(at=turn.now, agent=agent.id, line=line, why=why, again=again, rest_until=rest_until))


def picked_up(turn: Turn, what: i.LineUp) -> None:
    """Open. One that nobody waits for any more is hung up."""
    agent = turn.state.agents.get(agent_of_line(what.line))
    if agent is None or agent.line.leg != what.line:
        return turn.do(HangUpLine(what.line))
    if agent.line.state is LineState.RINGING:
        device = agent.line.device or agent.device
        turn.happened(a.StandingUp(at=turn.now, agent=agent.id, line=what.line, device=device))
        turn.do(OpenLine(what.line))
    return None


def ended(turn: Turn, what: i.LineEnded) -> None:
    """Hung up, lost, or not taken; or let go of by the switch, as we asked."""
    dropped_of = turn.state.clearing.get(what.line)
    if dropped_of is not None and what.gone:
        turn.happened(a.LegCleared(at=turn.now, agent=dropped_of, leg=what.line, told=True))
    agent = turn.state.agents.get(agent_of_line(what.line))
    if agent is None or agent.line.leg != what.line:
        return
    if not what.gone:
        _to_be_gone(turn, agent)
    turn.do(HangUpLine(what.line))  # what is left of it: its room
    if agent.line.state is LineState.RINGING:
        _missed(turn, agent)
    else:
        _over(turn, agent, what.by_phone)


def not_taken(turn: Turn, agent: Agent) -> None:
    """It rang for too long."""
    _drop(turn, agent)
    _missed(turn, agent)


def _missed(turn: Turn, agent: Agent) -> None:
    """Rung again after a rest; after N misses in a row only once they are ready anew."""
    missed, rules = once_more(agent.missed, LineEnd.NOT_TAKEN), turn.state.rules
    again = not too_many(rules.missed, missed, LineEnd.NOT_TAKEN.value, rules.misses_until_pause)[1]
    _none_any_more(turn, agent, LineEnd.NOT_TAKEN, again=again, rests=again)
    if not again and agent.intent is Intent.READY:
        set_intent(turn, agent.id, Intent.PAUSED, NOT_TAKEN, by="missed offers")


def _over(turn: Turn, agent: Agent, by_phone: bool) -> None:
    """Who hangs up their open line does not want another just now; who lost it gets one after a rest."""
    _end_call(turn, agent, by_phone)
    why = LineEnd.HUNG_UP if by_phone else LineEnd.LOST
    _none_any_more(turn, turn.state.agents[agent.id], why, again=not by_phone, rests=not by_phone)
    if by_phone and agent.intent is Intent.READY:
        set_intent(turn, agent.id, Intent.PAUSED, HUNG_UP, by="open line")


def _end_call(turn: Turn, agent: Agent, by_phone: bool) -> None:
    """Whatever call went through the line has lost its agent."""
    contact = turn.state.contacts.get(agent.contact) if agent.contact else None
    if contact is None or agent.work in AT_REST:
        return
    if agent.work is Work.OWN_CALL:
        _end_own_call(turn, agent, contact)
    elif offer := contact.offer_to(agent.id):
        if offer.state is OfferState.ANSWERED:
            fail_connect(turn, contact, ConnectFailure.AGENT_GONE)
        else:
            drop_leg(turn, contact.id, agent.id, offer.leg, "normal")
            miss(turn, contact, offer, MissCause.UNREACHABLE)
    elif contact.talk and not is_call_back(contact.talk.leg):
        talk = contact.talk
        if by_phone:
            drop_legs(turn, contact, talk)
            talk_over(turn, contact, EndedBy.AGENT)
            end_step(turn, contact.id, Served(talk.agent))
        elif not talk.leg_gone:
            turn.do(HangUpLeg(contact.id, talk.leg, "normal"))
            leg_ended(turn, i.LegEnded(talk.offer, talk.leg, gone=False))


def _end_own_call(turn: Turn, agent: Agent, contact: Contact) -> None:
    call = contact.call
    if call is not None and call.agent == agent.id:
        drop_leg(turn, contact.id, agent.id, call.leg, "normal")
        leg_ended(turn, i.LegEnded(call.id, call.leg, gone=False))
    elif is_dialled(contact.channel):
        turn.do(HangUpCaller(contact.id, contact.channel, NORMAL))


def half_up(turn: Turn, what: i.HalfUp) -> None:
    """Into the room of the line with it; without one the leg leads nowhere."""
    agent = turn.state.agents.get(what.agent)
    line, leg = agent.open_line if agent else None, leg_of_half(what.half)
    if line is not None and leg is not None:
        turn.do(JoinLine(line, what.half, quiet=is_dialled(leg) or _whispers(turn, leg)))
    else:
        not_joined(turn, what.half)


def _whispers(turn: Turn, leg: ChannelId) -> bool:
    """Whether the agent will be told what it is about, after a beep."""
    offer = offer_of_leg(leg)
    found = find(turn, offer) if offer else None
    return found is not None and whisper_for(turn.state, *found) is not None


def half_joined(turn: Turn, what: i.HalfJoined) -> None:
    """Seen in the room of the line: the leg counts as answered."""
    turn.do(AnswerHalf(what.half))


def not_joined(turn: Turn, half: ChannelId) -> None:
    """The leg is given up at once; what comes of it its end tells, or for a call they asked for its deadline."""
    leg = leg_of_half(half)
    offer = offer_of_leg(leg) if leg else None
    if leg is not None and offer is not None:
        turn.do(HangUpLeg(contact_of_offer(offer), leg, "normal"))


def compare(turn: Turn, survey: i.SwitchSurveyed) -> None:
    """Open lines as they are at the switch against those we know of."""
    settled = survey.began_at if survey.after_gap else survey.began_at - SETTLING_MS
    for agent in list(turn.state.agents.values()):
        if agent.line.leg is not None and agent.line.since < settled:
            turn.attempt(agent.id, _compare, turn, survey, agent)
    known = {agent.line.leg for agent in turn.state.agents.values()}
    for channel in survey.channels.values():
        if is_line(channel.id) and channel.sure and channel.id not in known:
            turn.attempt(channel.id, _unknown, turn, survey, channel)
    for line, members in survey.lines.items():
        if not members and line not in known:
            turn.do(HangUpLine(line))


def _compare(turn: Turn, survey: i.SwitchSurveyed, agent: Agent) -> None:
    line = agent.line.leg
    assert line is not None
    seen = survey.channels.get(line)
    if seen is None:
        if not turn.begun_anew:
            turn.repaired("open line that is gone", agent.id, f"{line} is not at the switch")
        ended(turn, i.LineEnded(line, gone=agent.line.state is not LineState.RINGING))
    elif seen.up and agent.line.state is LineState.RINGING:
        picked_up(turn, i.LineUp(line))
    elif seen.up and line not in survey.lines.get(line, ()):
        turn.do(OpenLine(line))


def _unknown(turn: Turn, survey: i.SwitchSurveyed, seen: i.ChannelSeen) -> None:
    """One through which somebody talks is theirs again, or left alone: to hang it up would end the talk (law 10)."""
    agent = turn.state.agents.get(agent_of_line(seen.id))
    beside = [each for each in survey.lines.get(seen.id, ()) if each != seen.id]
    if beside:
        talking = agent is not None and agent.work not in AT_REST and agent.line.state is LineState.NONE
        if agent is not None and talking and seen.up and seen.id not in agent.clearing:
            turn.repaired("open line nobody knew", seen.id, "somebody talks through it")
            turn.happened(a.StandingUp(at=turn.now, agent=agent.id, line=seen.id, device=agent.device, found=True))
        return
    if agent is not None and seen.id not in agent.clearing:
        turn.repaired("open line nobody wants", seen.id, "nothing we know has such a line")
        turn.happened(a.LegDropped(at=turn.now, agent=agent.id, leg=seen.id, deadline=turn.now + CLEAR_MS))
    turn.do(HangUpLine(seen.id))


STANDING_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.LineUp: picked_up,
    i.LineEnded: ended,
    i.HalfUp: half_up,
    i.HalfJoined: half_joined,
}
