"""Messages that wait for an answer: who takes them, gives them back, and says that they are answered.

They are listed as the plane knows them now; all that ever were, with what became of them, Postgres has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ccplane.agents.agent import Agent
from ccplane.contacts.owed import Owed
from ccplane.core import State
from ccplane.core.inputs import MessageAnswerSaid, MessageReturnAsked, MessageTakeAsked
from ccplane.errors import RequestError
from ccplane.http import sound
from ccplane.http.auth import Asker, By, Guard, OwnGuard
from ccplane.http.messages import SOUND, play
from ccplane.http.openapi import answers
from ccplane.http.ports import MessagesStore, Plane
from ccplane.http.views import readable, told, with_times
from ccplane.ids import AgentId, MessageId
from ccplane.routing.asking import could_serve

BY_API: Final = "api"
Name = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]

OWED: Final = readable(
    Owed,
    "OwedMessage",
    "A message without an answer.",
    {
        "queue": "Whose agents are to answer it; empty if nobody's.",
        "agent": "Whose own box it is in; empty if nobody's.",
        "answer_until": "Until when an answer is promised.",
        "state": "new, or taken by its owner.",
        "owner": "Which agent is to answer it; empty while it is anybody's.",
        "ms": "How long it is, measured.",
    },
)
_List: Final = msgspec.defstruct(
    "OwedMessages",
    [("messages", GenericAlias(list, (OWED,))), ("owed", int), ("overdue", int)],
    namespace={"__doc__": "Some of them, those overdue first; and how many there are in all."},
)


class TakeAsked(BaseModel):
    """Who is to answer it. `from`: whose it is as far as you know, empty for nobody's; by now it may be another's."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    agent: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,40}$")]
    held_by: Annotated[str, Field(alias="from", pattern=r"^[0-9A-Za-z_-]{0,40}$")] = ""
    by: By = ""


class SaidBy(BaseModel):
    """Who says so, for the record."""

    model_config = ConfigDict(extra="forbid")

    by: By = ""


def routes(plane: Plane, admin: Guard) -> APIRouter:
    """For whoever looks after all messages."""
    router = APIRouter(prefix="/api/v1/messages", tags=["messages"], dependencies=[Depends(admin)])

    @router.get("/owed", summary="Messages without an answer, those overdue first", responses=answers(_List))
    async def owed(
        box: Name = None,
        queue: Name = None,
        owner: Name = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 200,
    ) -> Response:
        """Then by the time that is promised, and by when they were left. `owner=`, empty: those that nobody has."""
        given = {"box": box, "queue": queue, "owner": owner}
        wanted = {name: value for name, value in given.items() if value is not None}
        every = plane.snapshot.state.owed.values()
        return told(_listed((each for each in every if _is(each, wanted)), limit))

    @router.post("/{message_id}/take", summary="Give it to an agent to answer", responses=answers(OWED))
    async def take(message_id: str, asked: TakeAsked) -> Response:
        """409 `message-taken` if it is another agent's than `from` says."""
        agent, by = AgentId(asked.agent), asked.by or BY_API
        return told(await _taken(plane, MessageId(message_id), agent, AgentId(asked.held_by), by))

    @router.post("/{message_id}/give-back", summary="Make it anybody's again", responses=answers(OWED))
    async def give_back(message_id: str, said: SaidBy) -> Response:
        message = _owed(plane.snapshot.state, MessageId(message_id))
        return told(await _given_back(plane, message, said.by or BY_API))

    @router.post("/{message_id}/answered", summary="It is answered", status_code=204, responses=answers(None))
    async def answered(message_id: str, said: SaidBy) -> Response:
        message = _owed(plane.snapshot.state, MessageId(message_id))
        await plane.ask(MessageAnswerSaid(message=message.id, by=said.by or BY_API))
        return Response(status_code=204)

    return router


def of_agents(plane: Plane, store: MessagesStore, folder: Path, own: OwnGuard, clock: Callable[[], int]) -> APIRouter:
    """For an agent: what is in their own box and in those of queues that they serve, and what they have taken."""
    audit = sound.Audit(plane, clock)
    router = APIRouter(prefix="/api/v1/agents/{agent_id}/messages", tags=["messages"])
    of_theirs = Depends(own)

    @router.get("", summary="Messages that they may answer, those overdue first", responses=answers(_List))
    async def messages(asker: Asker = of_theirs, limit: Annotated[int, Query(ge=1, le=500)] = 200) -> Response:
        state = plane.snapshot.state
        agent = _agent(state, asker.agent)
        return told(_listed((each for each in state.owed.values() if may_answer(state, agent, each)), limit))

    @router.get("/{message_id}/audio", summary="How it sounds", responses=answers(None) | SOUND)
    async def audio(message_id: str, request: Request, asker: Asker = of_theirs) -> Response:
        """As for an administrator; of messages alone that they may answer and that have no answer yet."""
        message = _theirs(plane.snapshot.state, asker.agent, MessageId(message_id))
        return await play(store, folder, audit, message.id, request, asker.by)

    @router.post("/{message_id}/take", summary="Take it, to answer it", responses=answers(OWED))
    async def take(message_id: str, asker: Asker = of_theirs) -> Response:
        """409 `message-taken` if another agent has it."""
        message = _theirs(plane.snapshot.state, asker.agent, MessageId(message_id))
        held_by = AgentId("") if message.owner != asker.agent else asker.agent
        return told(await _taken(plane, message.id, asker.agent, held_by, asker.by))

    @router.post("/{message_id}/give-back", summary="Leave it to others", responses=answers(OWED))
    async def give_back(message_id: str, asker: Asker = of_theirs) -> Response:
        message = _theirs(plane.snapshot.state, asker.agent, MessageId(message_id))
        _need_owner(message, asker.agent)
        return told(await _given_back(plane, message, asker.by))

    @router.post("/{message_id}/answered", summary="It is answered", status_code=204, responses=answers(None))
    async def answered(message_id: str, asker: Asker = of_theirs) -> Response:
        """409 `message-taken` if another agent has it."""
        message = _theirs(plane.snapshot.state, asker.agent, MessageId(message_id))
        _need_owner(message, asker.agent)
        await plane.ask(MessageAnswerSaid(message=message.id, by=asker.by))
        return Response(status_code=204)

    return router


def may_answer(state: State, agent: Agent, message: Owed) -> bool:
    """Whether a message is this agent's to answer, or might be."""
    if agent.id in (message.agent, message.owner):
        return True
    queue = state.rules.queues.get(message.queue)
    return queue is not None and could_serve(agent.profile, queue)


def in_order(messages: Iterable[Owed]) -> list[Owed]:
    """Those overdue first, then by the promised time; those without one last, the oldest first."""
    return sorted(messages, key=lambda each: (not each.overdue, each.answer_until or 1 << 62, each.left_at, each.id))


def _listed(found: Iterable[Owed], limit: int) -> Any:
    every = in_order(found)
    page = with_times(msgspec.to_builtins(every[:limit]))
    return {"messages": page, "owed": len(every), "overdue": sum(each.overdue for each in every)}


def _is(message: Owed, wanted: dict[str, str]) -> bool:
    return all(getattr(message, name) == value for name, value in wanted.items())


def _owed(state: State, message: MessageId) -> Owed:
    found = state.owed.get(message)
    if found is None:
        sentence = "No message of this id waits for an answer: it has one, was deleted, or its box promises none."
        raise RequestError("no-such-message", sentence, message=message)
    return found


def _agent(state: State, agent: AgentId) -> Agent:
    if agent not in state.agents:
        raise RequestError("no-such-agent", "There is no agent with this id.", agent=agent)
    return state.agents[agent]


def _theirs(state: State, agent: AgentId, message: MessageId) -> Owed:
    """What is not theirs is as if it were not there."""
    found = _owed(state, message)
    if not may_answer(state, _agent(state, agent), found):
        return _owed(state, MessageId(""))
    return found


def _need_owner(message: Owed, agent: AgentId) -> None:
    if message.owner not in ("", agent):
        raise _another(message)


def _another(message: Owed) -> RequestError:
    return RequestError("message-taken", f"Agent {message.owner} has it already.", owner=message.owner)


async def _taken(plane: Plane, message: MessageId, agent: AgentId, held_by: AgentId, by: str) -> Any:
    _agent(plane.snapshot.state, agent)
    _owed(plane.snapshot.state, message)
    after = await plane.ask(MessageTakeAsked(message=message, agent=agent, held_by=held_by, by=by))
    found = _owed(after.state, message)
    if found.owner == agent:
        return _told(found)
    if found.owner:
        raise _another(found)
    raise RequestError("message-taken", "Nobody has it any more: it was given back.", owner="")


async def _given_back(plane: Plane, message: Owed, by: str) -> Any:
    after = await plane.ask(MessageReturnAsked(message=message.id, held_by=message.owner, by=by))
    found = _owed(after.state, message.id)
    _need_owner(found, message.owner)
    return _told(found)


def _told(message: Owed) -> Any:
    return with_times(msgspec.to_builtins(message))
