"""Seats: who sits where, with which phones, and why somebody can't."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from ccplane.agents.facts import Phone, Seat
from ccplane.core import State
from ccplane.core.inputs import IntentAsked
from ccplane.core.seats import why_not
from ccplane.errors import RequestError
from ccplane.http.auth import Guard
from ccplane.http.cursors import cursor_of, position_of
from ccplane.http.openapi import answers
from ccplane.http.ports import PhoneAccount, PhoneBook, Plane, Snapshot
from ccplane.http.views import told
from ccplane.ids import AgentId, DeviceName, SeatId, device_at

WHY_NOT: Final = {
    "no-such-seat": "There is no seat {seat}: agents have one each, shared ones stand in acd/seats.toml.",
    "seat-not-yours": "Seat {seat} is another agent's own, and not shared.",
    "seat-taken": "Somebody sits at {seat}; they have to sign out first.",
    "agent-busy": "The agent has a call at another phone; they can move once it is over.",
}


class DeviceTold(msgspec.Struct, frozen=True):
    """A phone at a seat, and what it can do now."""

    name: DeviceName
    phone: Phone


class SeatTold(msgspec.Struct, frozen=True, kw_only=True):
    """A seat. `owner`: whose own it is; `agent`: who sits there now, signed in or not; `devices`: its desk phone, its
    browser phone."""

    id: SeatId
    owner: AgentId | None
    shared: bool
    auto_answer: bool
    always_on: bool
    agent: AgentId | None
    devices: tuple[DeviceTold, ...]


class Seats(msgspec.Struct, frozen=True):
    """A page of seats, by id. `next`: the cursor of the following page, None on the last."""

    seats: tuple[SeatTold, ...]
    next: str | None


def routes(plane: Plane, phones: PhoneBook, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/seats", tags=["seats"], dependencies=[Depends(admin)])

    @router.get("", summary="All seats", responses=answers(Seats))
    async def seats(limit: Annotated[int, Query(ge=1, le=1000)] = 200, after: str | None = None) -> Response:
        """By id: agents' own, and shared ones. `after` is the `next` of the page before."""
        state, from_id = plane.snapshot.state, position_of(after) if after else ""
        found = sorted(each for each in {*state.homes, *state.seats} if each > from_id)
        page = tuple(_told(state, each) for each in found[:limit])
        return told(Seats(page, cursor_of(page[-1].id) if len(found) > limit else None))

    @router.get("/{seat_id}/phone", summary="How to set its phones up", responses=answers(PhoneAccount))
    async def phone(seat_id: str) -> Response:
        seat, state = SeatId(seat_id), plane.snapshot.state
        if seat not in state.homes and seat not in state.seats:
            raise refusal("no-such-seat", seat)
        account = await phones.at(seat)
        if account is None:
            raise RequestError("no-phone", f"Seat {seat} has no phone account.", seat=seat)
        return told(account, headers={"Cache-Control": "no-store"})

    return router


async def sit_down(plane: Plane, asked: IntentAsked) -> Snapshot:
    """Ask for an agent's intent, at a seat if it names one. RequestError with the reason if they can't sit there."""
    _judge(plane.snapshot.state, asked)
    after = await plane.ask(asked)
    if asked.seat is not None:
        agent = after.state.agents.get(asked.agent)
        if agent is None or agent.device != device_at(asked.seat, web=asked.web):
            _judge(after.state, asked)  # somebody was faster
            raise refusal("seat-taken", asked.seat)
    return after


def refusal(code: str, seat: SeatId) -> RequestError:
    """Why nobody, or not this agent, can sit there, for people."""
    return RequestError(code, WHY_NOT[code].format(seat=seat), seat=seat)


def _judge(state: State, asked: IntentAsked) -> None:
    agent = state.agents.get(asked.agent)
    if agent is not None and asked.seat is not None:
        code = why_not(state, agent, asked.seat, web=asked.web)
        if code is not None:
            raise refusal(code, asked.seat)


def _told(state: State, seat: SeatId) -> SeatTold:
    is_ = state.seats.get(seat, Seat(id=seat))
    devices = (device_at(seat, web=False), device_at(seat, web=True))
    return SeatTold(
        id=seat,
        owner=state.homes.get(seat),
        shared=is_.shared,
        auto_answer=is_.auto_answer,
        always_on=is_.always_on,
        agent=next((state.sitting[each] for each in devices if each in state.sitting), None),
        devices=tuple(DeviceTold(each, state.devices.get(each, Phone.GONE)) for each in devices),
    )
