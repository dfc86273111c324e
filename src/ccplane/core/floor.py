"""What agents ask for, and what the site says of itself: people, rules, the plane's own beginning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.agents import facts as a
from ccplane.agents.facts import Intent
from ccplane.core import inputs as i
from ccplane.core.fallback_first import let_go
from ccplane.core.misses import set_intent
from ccplane.core.seats import sit, why_not
from ccplane.core.turn import Turn
from ccplane.core.waits import release_unservable
from ccplane.core.wrap_up import who_leaves_is_done
from ccplane.facts import (
    DrainBegan,
    DrainCancelled,
    PlaneStarted,
    SwitchAnswers,
    SwitchAway,
    SwitchLost,
    SwitchUnwatched,
    SwitchWedged,
)
from ccplane.routing.asking import whoever
from ccplane.routing.rules import QueuesUnserved, RulesLoaded, SiteEdited


def intent_asked(turn: Turn, what: i.IntentAsked) -> None:
    """Intent may change at any time; the same again is no fact, except that ready wipes out missed offers. Who was
    taken out of the people while they talked is offered nothing more, whatever they ask."""
    agent = turn.state.agents.get(what.agent)
    if agent is None or agent.removed:
        return
    if what.seat is not None and what.intent is not Intent.OFFLINE:
        if why_not(turn.state, agent, what.seat, web=what.web):
            return
        sit(turn, agent, what.seat, web=what.web)
    forgiven = what.intent is Intent.READY and agent.misses > 0
    if forgiven or (agent.intent, agent.reason) != (what.intent, what.reason):
        set_intent(turn, agent.id, what.intent, what.reason, what.by)
    if agent.rest_until is not None and what.intent is Intent.READY:
        turn.happened(a.AgentRested(at=turn.now, agent=agent.id))
    if what.intent is Intent.OFFLINE:
        who_leaves_is_done(turn, agent.id, what.by)
        release_unservable(turn)


def plane_began(turn: Turn, what: i.PlaneBegan) -> None:
    """A new epoch: every leg from here on carries it. Whoever was to leave is still to leave."""
    drain = turn.state.draining if what.same_process else None
    turn.happened(
        PlaneStarted(at=turn.now, epoch=what.epoch, version=what.version, gap_ms=what.gap_ms, nodes=what.nodes)
    )
    if drain is not None:
        turn.happened(DrainBegan(at=turn.now, by=drain.by, calls=len(turn.state.contacts), until=drain.until))


def drain_asked(turn: Turn, what: i.DrainAsked) -> None:
    """From here on new callers are the dialplan's. Asked again it is no other fact, but for another end."""
    was = turn.state.draining
    if was is None or was.until != what.until:
        turn.happened(DrainBegan(at=turn.now, by=what.by, calls=len(turn.state.contacts), until=what.until))
        if turn.state.fallback_waits:
            let_go(turn)


def drain_cancel_asked(turn: Turn, what: i.DrainCancelAsked) -> None:
    """Who was given to the dialplan stays there; who comes from here on is ours again."""
    if turn.state.draining is not None:
        turn.happened(DrainCancelled(at=turn.now, by=what.by))


def site_read(turn: Turn, what: i.SiteRead) -> None:
    """Rules reach those already waiting; who waits in a queue that is no more goes back to their program. The same
    files may mean other rules, to a version of ours whose calendar knows more holidays."""
    if what.changes:
        turn.happened(SiteEdited(at=turn.now, by=what.by, changes=what.changes))
    if what.site == turn.state.site and what.rules == turn.state.rules:
        return
    turn.happened(RulesLoaded(at=turn.now, site=what.site, rules=what.rules, files=what.files))
    _look_anew(turn)


def people_read(turn: Turn, what: i.PeopleRead) -> None:
    """The agents as Postgres has them; the same again is no fact."""
    present = {agent.profile.id: agent.profile for agent in turn.state.agents.values()}
    seats = {seat.id: seat for seat in what.seats}
    anew = present != {profile.id: profile for profile in what.agents} or dict(turn.state.seats) != seats
    if anew or any(agent.removed for agent in turn.state.agents.values()):
        for gone in present.keys() - {profile.id for profile in what.agents}:
            who_leaves_is_done(turn, gone, "people")
        turn.happened(a.PeopleLoaded(at=turn.now, agents=what.agents, seats=what.seats))
        _look_anew(turn)


def agent_edit_asked(turn: Turn, what: i.AgentEditAsked) -> None:
    """What they can do holds at once, for who waits and for who is offered; a call that they have goes on."""
    agent = turn.state.agents.get(what.profile.id)
    if agent is None or agent.profile == what.profile:
        return
    turn.happened(a.AgentEdited(at=turn.now, agent=agent.id, profile=what.profile, before=agent.profile, by=what.by))
    _note_unserved(turn)
    release_unservable(turn)
    if turn.state.agents[agent.id].free:
        turn.freed[agent.id] = None


def _note_unserved(turn: Turn) -> None:
    """Queues that nobody could serve are told of when that changes; not before there are agents at all."""
    state = turn.state
    queues = state.rules.queues.values() if state.agents else ()
    unserved = tuple(sorted(each.name for each in queues if not whoever(state.engine.roster, each)))
    if unserved != state.unserved:
        turn.happened(QueuesUnserved(at=turn.now, queues=unserved))


def _look_anew(turn: Turn) -> None:
    """Queues or skills are others now: whoever is free may serve whoever waits."""
    _note_unserved(turn)
    release_unservable(turn)
    for agent in turn.state.free:
        turn.freed[agent] = None


def switch_dropped(turn: Turn, what: i.SwitchDropped) -> None:
    """Calls go on at the switch; only we do not see them for a while."""
    turn.happened(SwitchLost(at=turn.now, node=what.node, reason=what.reason))
    if what.node in turn.state.fallback_waits:
        let_go(turn)


def stood_still(turn: Turn, what: i.StoodStill) -> None:
    """Nothing changes; but what is told from here on may have happened before, since the pause began. It may be decided
    a while after its end."""
    late_ms = max(0, turn.now - what.until) if what.until is not None else 0
    turn.happened(SwitchUnwatched(at=turn.now, node=what.node, gap_ms=what.gap_ms + late_ms))


def switch_not_reached(turn: Turn, what: i.SwitchNotReached) -> None:
    """Told once; a connection that came in the meantime makes it untrue."""
    if not turn.state.nodes.get(what.node) and what.node not in turn.state.away:
        turn.happened(SwitchAway(at=turn.now, node=what.node))


def switch_stuck(turn: Turn, what: i.SwitchStuck) -> None:
    """A fact where it changes."""
    was = turn.state.wedged.get(what.node, "")
    if what.what and what.what != was:
        turn.happened(SwitchWedged(at=turn.now, node=what.node, what=what.what))
    elif was and not what.what:
        turn.happened(SwitchAnswers(at=turn.now, node=what.node))


FLOOR_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.IntentAsked: intent_asked,
    i.PlaneBegan: plane_began,
    i.DrainAsked: drain_asked,
    i.DrainCancelAsked: drain_cancel_asked,
    i.SiteRead: site_read,
    i.PeopleRead: people_read,
    i.AgentEditAsked: agent_edit_asked,
    i.SwitchDropped: switch_dropped,
    i.StoodStill: stood_still,
    i.SwitchNotReached: switch_not_reached,
    i.SwitchStuck: switch_stuck,
}
