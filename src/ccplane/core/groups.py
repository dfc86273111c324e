"""Further groups of agents, by queue: what is measured for them, and what follows once they open and close."""

from __future__ import annotations

from immutables import Map
from msgspec.structs import replace

from ccplane.contacts import facts as c
from ccplane.contacts.facts import QueueOutcome
from ccplane.core.estimates import by_rates_ms
from ccplane.core.follows import rescheduled, watches
from ccplane.core.state import GroupKey, State
from ccplane.errors import IllegalMove
from ccplane.facts import PlaneStarted, SwitchFound, SwitchLost
from ccplane.ids import QueueName
from ccplane.laws import Fact
from ccplane.routing import groups as g
from ccplane.routing.engine import regrouped
from ccplane.routing.ordered import Ordered
from ccplane.routing.rules import Group, Measure, Queue, Rules, RulesLoaded

OF_ALL = (RulesLoaded, PlaneStarted, SwitchFound, SwitchLost)
"""After these each group is looked at."""


def name_of(key: GroupKey) -> str:
    """By which a group stands among the deadlines."""
    return "/".join(key)


def key_of(name: str) -> GroupKey:
    queue, _, group = name.partition("/")
    return QueueName(queue), group


def group_of(state: State, key: GroupKey) -> Group | None:
    queue = state.rules.queues.get(key[0])
    return next((each for each in queue.groups if each.name == key[1]), None) if queue else None


def seen(state: State, key: GroupKey) -> g.Seen:
    """What the measures of a group's queue are made of, now."""
    queue = state.rules.queues.get(key[0])
    within_ms = queue.within_ms if queue else 20_000
    stays, decided = state.stays.get(key[0], Ordered()), state.decided.get(key[0], ())
    return g.Seen(stays, decided, within_ms, state.groups[key].estimate_ms)


def _estimated(state: State, key: GroupKey, opening: g.Opening, at: int) -> g.Opening:
    """With the estimated wait as it is now, if the group looks at it."""
    group = group_of(state, key)
    if group is None or not {Measure.ESTIMATED_WAIT} & {*group.opens, *group.closes}:
        return opening
    return replace(opening, estimate_ms=by_rates_ms(state, key[0], at))


def _others(state: State) -> tuple[object, ...]:
    """All but those who wait that an estimate is made from: who works, who is free, and what was measured."""
    return state.working, state.engine.idle, state.paces


def with_groups(rules: Rules, groups: Map[GroupKey, g.Opening]) -> Rules:
    """The rules with what the groups that are open add to them."""
    queues = {name: _widened(queue, groups) if queue.groups else queue for name, queue in rules.queues.items()}
    return replace(rules, queues=queues)


def _widened(queue: Queue, groups: Map[GroupKey, g.Opening]) -> Queue:
    """The queue, each of whose steps those may meet, too, whose group is open."""
    opened = ((group, groups.get((queue.name, group.name))) for group in queue.groups)
    also = tuple(group.step for group, opening in opened if opening is not None and opening.open)
    return replace(queue, steps=tuple(replace(step, also=also) for step in queue.steps))


def kept(groups: Map[GroupKey, g.Opening], rules: Rules, at: int) -> Map[GroupKey, g.Opening]:
    """The groups that these rules have: as they are, and those that are new, closed."""
    new = g.Opening(since=at, looked_at=at)
    keys = [(name, group.name) for name, queue in rules.queues.items() for group in queue.groups]
    return Map({key: groups.get(key, new) for key in keys})


def moved(state: State, fact: g.GroupFact) -> State:
    """The state once a group opened or closed."""
    key = (fact.queue, fact.group)
    opening = state.groups.get(key)
    opens = isinstance(fact, g.GroupOpened)
    if opening is None or opening.open is opens:
        raise IllegalMove("group", None if opening is None else "open" if opening.open else "closed", fact)
    after = g.Opening(open=opens, since=fact.at, looked_at=fact.at, measure=fact.measure, value=fact.value)
    groups = state.groups.set(key, after)
    queue = _widened(state.rules.queues[fact.queue], groups)
    rules = replace(state.rules, queues={**state.rules.queues, queue.name: queue})
    state = replace(state, groups=groups, rules=rules, engine=regrouped(state.engine, queue))
    after = _estimated(state, key, after, fact.at)
    return _due(replace(state, groups=groups.set(key, after)), key)


def counted(state: State, fact: Fact) -> State:
    """What came of a stay in a queue whose group looks at the service level."""
    came: int | None = None
    if isinstance(fact, c.ContactFact) and _called_back(state, fact):
        return state
    match fact:
        case c.TalkStarted(queue=name):
            came = fact.waited_ms
        case c.ContactUnqueued(queue=name, outcome=QueueOutcome.ABANDONED):
            pass
        case _:
            return state
    queue = state.rules.queues.get(name)
    windows = [each.window_ms for each in queue.groups if Measure.SERVICE_LEVEL in each.opens] if queue else []
    if queue is None or not windows:
        return state
    good = came is not None and came <= queue.within_ms
    decided = g.and_also(state.decided.get(name, ()), fact.at, good, max(windows))
    return replace(state, decided=state.decided.set(name, decided))


def _called_back(state: State, fact: c.ContactFact) -> bool:
    """Callbacks are counted apart."""
    contact = state.contacts.get(fact.contact)
    return contact is not None and contact.callback is not None


def looked_at(before: State, state: State, fact: Fact) -> State:
    """The state with its groups as of this fact, each with the deadline that follows from it."""
    state = counted(state, fact)
    for key in state.groups:
        name = key[0]
        group, opening = group_of(state, key), state.groups[key]
        assert group is not None
        same = before.stays.get(name) is state.stays.get(name) and before.decided.get(name) is state.decided.get(name)
        if same and Measure.ESTIMATED_WAIT in group.opens:
            same = _others(before) == _others(state)
        if same and not isinstance(fact, OF_ALL):
            continue
        if not isinstance(fact, RulesLoaded):
            opening = g.looked(opening, group, seen(before, key), fact.at)
        opening = _estimated(state, key, opening, fact.at)
        state = _due(replace(state, groups=state.groups.set(key, opening)), key)
    return state


def scheduled(state: State) -> State:
    """The state with the deadlines of all its groups."""
    for key in state.groups:
        state = _due(state, key)
    return state


def _due(state: State, key: GroupKey) -> State:
    """Nothing opens or closes while nobody watches: who waits then is not known."""
    group = group_of(state, key)
    assert group is not None
    at = g.changes_at(state.groups[key], group, seen(state, key)) if watches(state) else None
    return rescheduled(state, "group", name_of(key), at)
