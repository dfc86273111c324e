"""Signing in and out: a session for an agent, by their PIN or by an administrator.

Who signs in is no longer offline; whether they are ready they say now or later. Who signs out is offline once their
present work allows. A second sign-in of an agent ends the first session, never a call.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field

from ccplane.agents.agent import Agent
from ccplane.agents.facts import Intent
from ccplane.core.inputs import IntentAsked
from ccplane.errors import RequestError
from ccplane.http.auth import AgentGuard, Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import PhoneAccount, PhoneBook, Pins, Plane
from ccplane.http.seats import DeviceWanted, SeatWanted, sit_down
from ccplane.http.sessions import Session, Sessions
from ccplane.http.views import AgentTold, Time, agent_told, iso, told
from ccplane.ids import AgentId, SeatId, device_of, seat_of

NO_STORE: Final = {"Cache-Control": "no-store"}


class Place(BaseModel):
    """Where an agent sits, and which phone there rings: where they were, if neither is said; their own seat, if only
    the device is. `state`: what they are to be; not said, they stay what they are, or are paused if they were offline.
    """

    model_config = ConfigDict(extra="forbid")

    seat: SeatWanted | None = None
    device: DeviceWanted | None = None
    state: Literal["ready", "paused"] | None = None


class SignIn(Place):
    """Who signs in, by their PIN."""

    agent: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_-]+$")]
    pin: Annotated[str, Field(min_length=1, max_length=64)]


class SessionTold(msgspec.Struct, frozen=True, kw_only=True):
    """A session. `phone`: the accounts of the phones at the seat where the agent sits."""

    agent: AgentTold
    phone: PhoneAccount | None
    expires_at: Time


class SessionOpened(SessionTold, frozen=True, kw_only=True):
    """A session, and its token: told once, and kept nowhere."""

    token: str


class Desk:
    """Where sessions are begun and ended."""

    def __init__(self, plane: Plane, phones: PhoneBook, sessions: Sessions) -> None:
        self._plane, self._phones, self._sessions = plane, phones, sessions

    async def begin(self, agent_id: str, place: Place, by: str) -> Response:
        agent = self._plane.snapshot.state.agents.get(AgentId(agent_id))
        if agent is None:
            raise RequestError("no-such-agent", "There is no agent with this id.", agent=agent_id)
        await sit_down(self._plane, self._meant(agent, place, by))
        token, session = self._sessions.begin(agent.id, by)
        await self._sessions.kept()
        fields = msgspec.structs.asdict(await self._told(session))
        return told(SessionOpened(token=token, **fields), status=201, headers=NO_STORE)

    def _meant(self, agent: Agent, place: Place, by: str) -> IntentAsked:
        """What the agent is to be, and where."""
        present = Intent.PAUSED if agent.intent is Intent.OFFLINE else agent.intent
        intent = Intent(place.state) if place.state else present
        reason = agent.reason if intent is agent.intent else ""
        asked = IntentAsked(agent=agent.id, intent=intent, reason=reason, by=by)
        if place.seat is None and place.device is None:
            return asked
        seat = SeatId(place.seat) if place.seat else seat_of(device_of(agent.profile.endpoint))
        return replace(asked, seat=seat, web=place.device == "web")

    async def show(self, session: Session) -> Response:
        return told(await self._told(session), headers=NO_STORE)

    async def end(self, session: Session) -> Response:
        self._sessions.end(session, "signed-out")
        return await self._left(session.agent, by=session.agent)

    async def end_for(self, agent_id: str) -> Response:
        agent = self._plane.snapshot.state.agents.get(AgentId(agent_id))
        if agent is None:
            raise RequestError("no-such-agent", "There is no agent with this id.", agent=agent_id)
        self._sessions.end_of(agent.id, "signed-out-by-administrator")
        return await self._left(agent.id, by="api")

    async def _left(self, agent: AgentId, *, by: str) -> Response:
        await self._plane.ask(IntentAsked(agent=agent, intent=Intent.OFFLINE, by=by))
        return Response(status_code=204)

    async def _told(self, session: Session) -> SessionTold:
        found = self._plane.snapshot.state.agents.get(session.agent)
        if found is None:
            raise RequestError("no-such-agent", "This agent is no more.", agent=session.agent)
        return SessionTold(
            agent=agent_told(found, self._plane.snapshot.state),
            phone=await self._phones.at(found.seat),
            expires_at=iso(session.expires_at),
        )


def routes(desk: Desk, pins: Pins, admin: Guard, agent: AgentGuard) -> APIRouter:
    router = APIRouter(tags=["sessions"])
    of_asker, opened = Depends(agent), answers(None, also={201: SessionOpened})

    @router.post("/api/v1/session", summary="Sign in", status_code=201, responses=opened)
    async def sign_in(asked: SignIn, request: Request) -> Response:
        """By PIN. The token is told once. A session of this agent before it ends: its screen is told and leaves."""
        whence = request.client.host if request.client else ""
        await pins.check(AgentId(asked.agent), asked.pin, whence=whence)
        return await desk.begin(asked.agent, asked, asked.agent)

    @router.get("/api/v1/session", summary="My session", responses=answers(SessionTold))
    async def show(session: Session = of_asker) -> Response:
        return await desk.show(session)

    @router.delete("/api/v1/session", summary="Sign out", status_code=204, responses=answers(None))
    async def sign_out(session: Session = of_asker) -> Response:
        """The session ends at once, and the agent is offline as soon as their present work is done."""
        return await desk.end(session)

    @router.post(
        "/api/v1/agents/{agent_id}/session",
        summary="Open a session for an agent",
        status_code=201,
        responses=opened,
        dependencies=[Depends(admin)],
    )
    async def open_for(agent_id: str, place: Place) -> Response:
        """For an administrator, who needs no PIN: tests, demonstrations, another sign-on in front of ccplane."""
        return await desk.begin(agent_id, place, "api")

    @router.delete(
        "/api/v1/agents/{agent_id}/session",
        summary="Sign an agent out",
        status_code=204,
        responses=answers(None),
        dependencies=[Depends(admin)],
    )
    async def end_for(agent_id: str) -> Response:
        """Their session ends at once, if they have one, and they are offline as soon as their present work is done."""
        return await desk.end_for(agent_id)

    return router
