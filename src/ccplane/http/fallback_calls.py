"""Where the guard tells of calls that the switch's own queues had while ccplane was away.

It tells of each at least once, also over our crash and its own; each is taken once. Each is answered by itself: one
that is wrong, or that we can't take, holds up no other.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from ccplane.contacts.facts import EndedBy, QueueOutcome
from ccplane.core.inputs import FallbackCallImported, FallbackStay
from ccplane.errors import CcplaneError
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import Plane
from ccplane.http.views import told
from ccplane.ids import AgentId, ChannelId, NodeName, QueueName, contact_id
from ccplane.plane import UNDECIDED

MOST: Final = 100
DAY_MS: Final = 86_400_000
LONGEST: Final = 200


def _printable(text: str) -> str:
    """What others have chosen (a caller their number, a site its members' names) is taken as far as it can be shown."""
    return "".join(filter(str.isprintable, text))[:LONGEST]


Text = Annotated[str, AfterValidator(_printable)]
Name = Annotated[Text, Field(min_length=1)]
Channel = Annotated[str, Field(pattern=r"^\w[\w.-]{0,79}$")]
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

    channel: Channel
    number_dialled: Text
    caller: Text = ""
    arrived_at: AwareDatetime
    ended_at: AwareDatetime
    stay: Stay | None = None


Told = Annotated[Call | Any, Field(union_mode="left_to_right")]


class Calls(BaseModel):
    """Calls that one node's fallback has had."""

    model_config = ConfigDict(extra="forbid")

    node: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,20}$")]
    calls: Annotated[list[Told], Field(max_length=MOST)]
    """What is no call is refused by itself."""


class Refusal(msgspec.Struct, frozen=True):
    """A call that is none; told again it would be refused again. `channel` is empty where there is no name at all."""

    channel: str
    why: str


class Taken(msgspec.Struct, frozen=True):
    """`taken`: those that ccplane has now, or had before. `later`: it still takes them for live, and wants to be told
    of them again. `undecided`: it can't decide them, by a fault of its own; tell of them again, less and less often.
    `refused`: what is no call."""

    taken: list[str]
    later: list[str]
    undecided: list[str]
    refused: list[Refusal]


def routes(plane: Plane, may_tell: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/fallback-calls", tags=["contacts"], dependencies=[Depends(may_tell)])

    @router.post("", summary="Tell of calls that the fallback has had", responses=answers(Taken))
    async def tell(told_of: Calls) -> Response:
        """For `ccplane guard`. Answers once they are safely recorded; each is counted once, however often told of."""
        node = NodeName(told_of.node)
        calls = [each for each in told_of.calls if isinstance(each, Call)]
        decided = await asyncio.gather(*(_decided(plane, _input(node, each)) for each in calls))
        live = plane.snapshot.state.contacts
        undecided = {each.channel for each, done in zip(calls, decided, strict=True) if not done}
        later = {each.channel for each in calls if contact_id(node, ChannelId(each.channel)) in live} - undecided
        taken = [each.channel for each in calls if each.channel not in later | undecided]
        refused = [_refusal(each) for each in told_of.calls if not isinstance(each, Call)]
        return told(Taken(taken, sorted(later), sorted(undecided), refused))

    return router


async def _decided(plane: Plane, what: FallbackCallImported) -> bool:
    """False for a fault of ours, which concerns this call alone; the log has it."""
    try:
        await plane.ask(what)
    except CcplaneError as error:
        if error.code != UNDECIDED:
            raise
        return False
    return True


def _refusal(call: object) -> Refusal:
    if not isinstance(call, dict):
        return Refusal("", "is no call")
    try:
        Call.model_validate(call)
    except ValidationError as error:
        why = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    else:
        why = "is no call"
    return Refusal(str(call.get("channel", "")), why)


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
