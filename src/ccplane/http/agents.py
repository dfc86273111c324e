"""Agents: who they are, what they do now, what they shall do, and the phone they do it with."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from ccplane.agents.agent import Agent
from ccplane.agents.facts import Intent
from ccplane.core.inputs import IntentAsked
from ccplane.errors import RequestError
from ccplane.http.auth import Guard
from ccplane.http.cursors import cursor_of, position_of
from ccplane.http.openapi import answers
from ccplane.http.ports import PhoneAccount, PhoneBook, Plane, Snapshot
from ccplane.http.views import Agents, AgentTold, agent_told, told
from ccplane.ids import AgentId


class StateAsked(BaseModel):
    """What an agent is to be. It takes effect when their present work allows; `reason` is shown beside a pause."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["ready", "paused", "offline"]
    reason: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


def routes(plane: Plane, phones: PhoneBook, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/agents", tags=["agents"], dependencies=[Depends(admin)])

    @router.get("", summary="All agents", responses=answers(Agents))
    async def agents(limit: Annotated[int, Query(ge=1, le=1000)] = 200, after: str | None = None) -> Response:
        """By id. `after` is the `next` of the page before."""
        from_id = position_of(after) if after else ""
        found = sorted(agent for agent in plane.snapshot.state.agents if agent > from_id)
        page = tuple(agent_told(plane.snapshot.state.agents[agent]) for agent in found[:limit])
        return told(Agents(page, cursor_of(page[-1].id) if len(found) > limit else None))

    @router.get("/{agent_id}", summary="One agent", responses=answers(AgentTold))
    async def agent(agent_id: str) -> Response:
        return told(agent_told(_known(plane.snapshot, agent_id)))

    @router.put("/{agent_id}/state", summary="Sign in, pause, sign out", responses=answers(AgentTold))
    async def put_state(agent_id: str, asked: StateAsked) -> Response:
        """Answers once it is safely recorded. `state` is what is shown now, `next` what comes after present work."""
        known = _known(plane.snapshot, agent_id)
        intent = Intent(asked.state)
        after = await plane.ask(IntentAsked(agent=known.id, intent=intent, reason=asked.reason, by="api"))
        return told(agent_told(_known(after, agent_id)))

    @router.get("/{agent_id}/phone", summary="How to set their phone up", responses=answers(PhoneAccount))
    async def phone(agent_id: str) -> Response:
        known = _known(plane.snapshot, agent_id)
        account = await phones.phone(known.id)
        if account is None:
            raise RequestError("no-phone", f"Agent {known.id} has no phone account.", agent=known.id)
        return told(account, headers={"Cache-Control": "no-store"})

    return router


def _known(snapshot: Snapshot, agent_id: str) -> Agent:
    agent = snapshot.state.agents.get(AgentId(agent_id))
    if agent is None:
        raise RequestError("no-such-agent", "There is no agent with this id.", agent=agent_id)
    return agent
