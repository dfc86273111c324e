"""Where the guard tells of calls that the switch's own queues had while ccplane was away.

It tells of each at least once, also over our crash and its own; each is taken once.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from ccplane.contacts.facts import EndedBy, QueueOutcome
from ccplane.core.inputs import FallbackCallImported, FallbackStay
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane
from ccplane.http.views import told
from ccplane.ids import AgentId, ChannelId, NodeName, QueueName, contact_id

MOST: Final = 100
DAY_MS: Final = 86_400_000


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has a character that can't be printed")
    return text


Text = Annotated[str, Field(max_length=80), AfterValidator(_printable)]
Name = Annotated[str, Field(pattern=r"^\w[\w.-]{0,79}$")]
Milliseconds = Annotated[int, Field(ge=0, le=30 * DAY_MS)]


class Stay(BaseModel):
    """A call's stay in a queue of the fallback, and the talk that it led to (`agent`, `talk_ms`, `by`)."""

    model_config = ConfigDict(extra="forbid")

    queue: Name
    queued_at: AwareDatetime
    outcome: QueueOutcome
    waited_ms: Milliseconds
    agent: Name | None = None
    talk_ms: Milliseconds | None = None
    by: EndedBy | None = None


class Call(BaseModel):
    """A call that is over. `channel`: its unique id at the switch; `stay`: null if it never entered a queue."""

    model_config = ConfigDict(extra="forbid")

    channel: Name
    number_dialled: Text
    caller: Text = ""
    arrived_at: AwareDatetime
    ended_at: AwareDatetime
    stay: Stay | None = None


class Calls(BaseModel):
    """Calls that one node's fallback has had."""

    model_config = ConfigDict(extra="forbid")

    node: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,20}$")]
    calls: Annotated[list[Call], Field(max_length=MOST)]


class Taken(msgspec.Struct, frozen=True):
    """`taken`: those that ccplane has now, or had before. `later`: it still takes them for live, and wants to be told
    of them again."""

    taken: list[str]
    later: list[str]


def routes(plane: Plane, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/fallback-calls", tags=["contacts"], dependencies=[Depends(admin)])

    @router.post("", summary="Tell of calls that the fallback has had", responses=answers(Taken))
    async def tell(told_of: Calls) -> Response:
        """For `ccplane guard`. Answers once they are safely recorded; each is counted once, however often told of."""
        node = NodeName(told_of.node)
        await asyncio.gather(*(plane.ask(_input(node, each)) for each in told_of.calls))
        live = plane.snapshot.state.contacts
        later = {each.channel for each in told_of.calls if contact_id(node, ChannelId(each.channel)) in live}
        return told(Taken([each.channel for each in told_of.calls if each.channel not in later], sorted(later)))

    return router


def _input(node: NodeName, call: Call) -> FallbackCallImported:
    return FallbackCallImported(
        node=node,
        channel=ChannelId(call.channel),
        number_dialled=call.number_dialled,
        caller=call.caller,
        arrived_at=_ms(call.arrived_at),
        ended_at=_ms(call.ended_at),
        stay=_stay(call.stay) if call.stay else None,
    )


def _stay(stay: Stay) -> FallbackStay:
    return FallbackStay(
        queue=QueueName(stay.queue),
        queued_at=_ms(stay.queued_at),
        outcome=stay.outcome,
        waited_ms=stay.waited_ms,
        agent=AgentId(stay.agent) if stay.agent else None,
        talk_ms=stay.talk_ms,
        by=stay.by,
    )


def _ms(moment: AwareDatetime) -> int:
    return round(moment.timestamp() * 1000)
