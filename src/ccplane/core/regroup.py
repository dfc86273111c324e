"""Opens and closes further groups of agents, when it is time: those who wait are offered to them in the same turn."""

from __future__ import annotations

from itertools import takewhile

from ccplane.core.groups import group_of, key_of, seen
from ccplane.core.turn import Turn
from ccplane.core.waits import release_unservable
from ccplane.facts import DeadlineDropped
from ccplane.routing import groups as g
from ccplane.routing.groups import GroupClosed, GroupOpened
from ccplane.routing.rules import Measure


def regroup(turn: Turn) -> bool:
    """Whether a group was due, and was opened or closed; what cannot be decided loses its deadline. After a pause of
    ours who waits is read first."""
    if turn.state.behind or not turn.state.groups:
        return False
    facts = len(turn.facts)
    due = takewhile(lambda each: each[0] <= turn.now, turn.state.deadlines)
    for name in [whose for _, kind, whose in due if kind == "group"]:
        due_at = turn.state.due.get(("group", name))
        if due_at is None or due_at > turn.now:
            continue  # not any more: another one of its queue has just closed, and let go who waited
        if not turn.attempt(name, _regroup, turn, name):
            turn.happened(DeadlineDropped(at=turn.now, kind="group", whose=name))
    return len(turn.facts) > facts


def _regroup(turn: Turn, name: str) -> None:
    key = key_of(name)
    group, opening = group_of(turn.state, key), turn.state.groups[key]
    assert group is not None
    values = g.measured(group, seen(turn.state, key), turn.now)
    if not opening.open:
        found = g.bad(group, values)
        assert found is not None, "it is due to open, and nothing is bad"
        measure, value = found
        turn.happened(GroupOpened(at=turn.now, queue=key[0], group=key[1], measure=measure, value=value))
        for agent in turn.state.free:
            turn.freed[agent] = None
        return
    by = next(iter(group.closes), Measure.LONGEST_WAIT)
    turn.happened(GroupClosed(at=turn.now, queue=key[0], group=key[1], measure=by, value=values.get(by)))
    release_unservable(turn)  # whom only they could have served
