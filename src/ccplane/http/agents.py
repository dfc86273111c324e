"""Agents: who they are, what they do now, what they shall do, and the phone they do it with."""

from __future__ import annotations

from secrets import token_hex
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from ccplane.agents.agent import Agent
from ccplane.agents.facts import Intent
from ccplane.core.inputs import CallAsked, IntentAsked
from ccplane.core.own_calls import why_not_call
from ccplane.errors import RequestError
from ccplane.http.auth import Asker, Guard, OwnGuard
from ccplane.http.cursors import cursor_of, position_of
from ccplane.http.openapi import answers
from ccplane.http.ports import PhoneAccount, PhoneBook, Plane, Snapshot
from ccplane.http.views import Agents, AgentTold, agent_told, told
from ccplane.ids import AgentId, ContactId, dialled_channel


class StateAsked(BaseModel):
    """What an agent is to be. It takes effect when their present work allows; `reason` is shown beside a pause."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["ready", "paused", "offline"]
    reason: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class CallWanted(BaseModel):
    """Whom to call: a colleague's id, or a number outside that acd/dialling.toml allows. `claim`: one for each call."""

    model_config = ConfigDict(extra="forbid")

    to: Annotated[str, Field(min_length=1, max_length=30, pattern=r"^\+?[0-9 ()./-]+$")]
    claim: Annotated[str | None, Field(min_length=8, max_length=40, pattern=r"^[A-Za-z0-9]+$")] = None


class CallTold(msgspec.Struct, frozen=True):
    """The contact that the call is."""

    contact: ContactId


CALL_FAULTS: Final = {
    "agent-busy": "They are with a contact, or their phone is in use.",
    "agent-unreachable": "Their phone is not there.",
    "number-not-allowed": "Their role may not dial this number; acd/dialling.toml says who may dial what.",
    "no-node": "No Asterisk is connected just now.",
}


def routes(plane: Plane, phones: PhoneBook, admin: Guard, own: OwnGuard) -> APIRouter:
    """`own`: what an agent may for themselves, too; their id is then also `me`."""
    router = APIRouter(prefix="/api/v1/agents", tags=["agents"])
    of_theirs = Depends(own)

    @router.get("", summary="All agents", responses=answers(Agents), dependencies=[Depends(admin)])
    async def agents(limit: Annotated[int, Query(ge=1, le=1000)] = 200, after: str | None = None) -> Response:
        """By id. `after` is the `next` of the page before."""
        from_id = position_of(after) if after else ""
        found = sorted(agent for agent in plane.snapshot.state.agents if agent > from_id)
        page = tuple(_told(plane.snapshot, agent) for agent in found[:limit])
        return told(Agents(page, cursor_of(page[-1].id) if len(found) > limit else None))

    @router.get("/{agent_id}", summary="One agent", responses=answers(AgentTold))
    async def agent(asker: Asker = of_theirs) -> Response:
        return told(_told(plane.snapshot, asker.agent))

    @router.put("/{agent_id}/state", summary="Sign in, pause, sign out", responses=answers(AgentTold))
    async def put_state(asked: StateAsked, asker: Asker = of_theirs) -> Response:
        """Answers once it is safely recorded. `state` is what is shown now, `next` what comes after present work."""
        known = _known(plane.snapshot, asker.agent)
        intent = Intent(asked.state)
        after = await plane.ask(IntentAsked(agent=known.id, intent=intent, reason=asked.reason, by=asker.by))
        return told(_told(after, asker.agent))

    @router.post("/{agent_id}/calls", summary="Call somebody for them", responses=answers(None, also={201: CallTold}))
    async def call(asked: CallWanted, asker: Asker = of_theirs) -> Response:
        """Their own phone rings first; once they pick up, the number is called. `claim`: the same again is one call."""
        known = _known(plane.snapshot, asker.agent)
        claim = asked.claim or token_hex(8)
        why = why_not_call(plane.snapshot.state, known, asked.to)
        after = await plane.ask(CallAsked(agent=known.id, number=asked.to, claim=claim))
        if why is not None:
            raise RequestError(why, CALL_FAULTS[why], agent=known.id)
        contact = next(
            (each.id for each in after.state.contacts.values() if each.channel == dialled_channel(claim)), None
        )
        if contact is None:
            raise RequestError("agent-busy", CALL_FAULTS["agent-busy"], agent=known.id)
        return told(CallTold(contact), status=201)

    @router.get("/{agent_id}/phone", summary="How to set their phone up", responses=answers(PhoneAccount))
    async def phone(asker: Asker = of_theirs) -> Response:
        known = _known(plane.snapshot, asker.agent)
        account = await phones.phone(known.id)
        if account is None:
            raise RequestError("no-phone", f"Agent {known.id} has no phone account.", agent=known.id)
        return told(account, headers={"Cache-Control": "no-store"})

    return router


def _told(snapshot: Snapshot, agent_id: AgentId) -> AgentTold:
    return agent_told(_known(snapshot, agent_id), snapshot.state.slow)


def _known(snapshot: Snapshot, agent_id: AgentId) -> Agent:
    agent = snapshot.state.agents.get(agent_id)
    if agent is None:
        raise RequestError("no-such-agent", "There is no agent with this id.", agent=agent_id)
    return agent
