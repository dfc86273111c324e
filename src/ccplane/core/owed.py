"""Messages that are owed an answer: who gives it, until when, and which boxes are full.

A message is anybody's until an agent takes it, and then theirs until they answer it or give it back; one whose agent
is no more is anybody's again. That the promised time is over is noted once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from ccplane.agents.facts import PeopleLoaded
from ccplane.contacts import facts as c
from ccplane.contacts.notice import AGENT, NoticeKind
from ccplane.contacts.owed import Owed, OwedState
from ccplane.core import inputs as i
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.ids import AgentId
from ccplane.routing.boxes import Box, promised

GONE: Final = "agent-removed"
"""Who gives back what an agent had who is no more."""


def box_of(state: State, name: str) -> Box | None:
    """The box of this name, or an agent's own; None if nothing is owed for what is left there."""
    box = state.rules.boxes.get(name)
    if box is not None or state.rules.agents_box is None or AgentId(name) not in state.agents:
        return box
    return replace(state.rules.agents_box, agent=AgentId(name))


def is_full(state: State, name: str) -> bool:
    """Whether so many wait for an answer there that no more are taken."""
    box = box_of(state, name)
    return box is not None and sum(each.box == name for each in state.owed.values()) >= box.most


def with_promise(state: State, stored: c.MessageStored) -> c.MessageStored:
    """The fact with what its box promises, as the rules are now."""
    box = box_of(state, stored.box)
    if box is None:
        return stored
    answer_until = promised(box, state.rules.hours.get(box.hours), stored.left_at)
    return replace(stored, owed=True, queue=box.queue, agent=box.agent, answer_until=answer_until, tell=told(box))


def told(box: Box) -> tuple[c.Tell, ...]:
    """Who is to be told of a message in this box, each once."""
    addresses = dict.fromkeys(each.replace(AGENT, box.agent) for each in box.emails)
    service = (c.Tell(NoticeKind.WEBHOOK, box.webhook),) if box.webhook else ()
    return (*(c.Tell(NoticeKind.EMAIL, each) for each in addresses), *service)


def take(turn: Turn, what: i.MessageTakeAsked) -> None:
    message = turn.state.owed.get(what.message)
    if message is None or message.owner != what.held_by or what.agent not in turn.state.agents:
        return
    if message.owner != what.agent:
        turn.happened(
            c.MessageTakenOn(at=turn.now, message=message.id, contact=message.contact, owner=what.agent, by=what.by)
        )


def give_back(turn: Turn, what: i.MessageReturnAsked) -> None:
    message = turn.state.owed.get(what.message)
    if message is not None and message.state is OwedState.TAKEN and message.owner == what.held_by:
        _given_back(turn, message, what.by)


def answered(turn: Turn, what: i.MessageAnswerSaid) -> None:
    message = turn.state.owed.get(what.message)
    if message is not None:
        turn.happened(c.MessageAnswered(at=turn.now, message=message.id, contact=message.contact, by=what.by))


def found(turn: Turn, what: i.OwedFound) -> None:
    """Of another outbox. What we know better is left as it is."""
    message = what.message
    if message.id in turn.state.owed or message.id in turn.state.messages or message.id in turn.state.answered:
        return
    turn.happened(
        c.MessageFound(
            at=turn.now,
            message=message.id,
            contact=message.contact,
            box=message.box,
            caller=message.caller,
            left_at=message.left_at,
            ms=message.ms,
            queue=message.queue,
            agent=message.agent,
            answer_until=message.answer_until,
            owner=message.owner,
            overdue=message.overdue,
        )
    )
    if message.owner and turn.state.agents and message.owner not in turn.state.agents:
        _given_back(turn, message, GONE)


def owed_due(turn: Turn, message: Owed) -> None:
    """Its promised time is over."""
    turn.happened(c.MessageOverdue(at=turn.now, message=message.id, contact=message.contact, box=message.box))


def give_back_of_gone(turn: Turn) -> None:
    """After other people were loaded: what nobody is there to answer any more is anybody's."""
    if turn.state.owed and any(isinstance(fact, PeopleLoaded) for fact in turn.facts):
        for message in list(turn.state.owed.values()):
            if message.owner and message.owner not in turn.state.agents:
                _given_back(turn, message, GONE)


def _given_back(turn: Turn, message: Owed, by: str) -> None:
    turn.happened(c.MessageGivenBack(at=turn.now, message=message.id, contact=message.contact, by=by))


OWED_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.MessageTakeAsked: take,
    i.MessageReturnAsked: give_back,
    i.MessageAnswerSaid: answered,
    i.OwedFound: found,
}
