"""What facts add to what is measured in each queue, and who came or went: what estimates are made from."""

from __future__ import annotations

from msgspec.structs import replace

from ccplane.agents.agent import Agent
from ccplane.agents.facts import WrapUpDone
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import ContactUnqueued, QueueOutcome, TalkEnded, TalkStarted
from ccplane.core.state import State
from ccplane.ids import AgentId, QueueName
from ccplane.routing.estimate import NO_PACE, Pace


def left(state: State, contact: Contact, fact: ContactUnqueued) -> State:
    """A wait ended without a talk: whoever did not give up would have waited on. Who is called back has no patience."""
    if contact.callback is not None:
        return state
    pace = _of(state, fact.queue).waited(fact.waited_ms, fact.outcome is QueueOutcome.ABANDONED)
    return _with(state, fact.queue, pace)


def talked(state: State, contact: Contact, fact: TalkStarted | TalkEnded) -> State:
    """A talk began or ended. `contact`: as it was before."""
    if isinstance(fact, TalkStarted):
        if contact.callback is not None:
            return state
        pace = _of(state, fact.queue).waited(fact.waited_ms, gave_up=False)
        made_at = next((each.made_at for each in contact.offers if each.id == fact.offer), None)
        return _with(state, fact.queue, pace if made_at is None else pace.answered(fact.at - made_at))
    if contact.talk is None:
        return state
    return _with(state, contact.talk.queue, _of(state, contact.talk.queue).talked(fact.talk_ms))


def wrap_up_ms(agent: Agent, fact: WrapUpDone) -> int:
    """How long it was, however late its end is told. `agent`: as they were before."""
    return fact.at - agent.since if fact.wrap_up_ms is None else fact.wrap_up_ms


def wrapped_up(state: State, agent: Agent, fact: WrapUpDone) -> State:
    """`agent`: as they were before."""
    queue = agent.wrapping_up
    return state if queue is None else _with(state, queue, _of(state, queue).wrapped_up(wrap_up_ms(agent, fact)))


def restaffed(before: State, after: State, agent: AgentId, at: int) -> State:
    """The state, knowing whether this agent began to work or ceased."""
    was, now = before.agents.get(agent), after.agents.get(agent)
    if (was is not None and was.works) is (now is not None and now.works):
        return after
    return replace(after, restaffed=after.restaffed.with_one(agent, at))


def _of(state: State, queue: QueueName) -> Pace:
    return state.paces.get(queue, NO_PACE)


def _with(state: State, queue: QueueName, pace: Pace) -> State:
    return replace(state, paces=state.paces.set(queue, pace))
