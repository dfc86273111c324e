"""Agents: who they are, what they do now, what they shall do, and the phone they do it with."""

from __future__ import annotations

from secrets import token_hex
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from msgspec import UNSET
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from ccplane.agents.agent import Agent
from ccplane.agents.facts import Intent, Membership
from ccplane.agents.wrap_up import WrapUp
from ccplane.core.inputs import CallAsked, IntentAsked, WrapUpEnded, WrapUpExtendAsked
from ccplane.core.own_calls import call_of, why_not_call
from ccplane.errors import RequestError
from ccplane.http.auth import Asker, By, Guard, OwnGuard
from ccplane.http.cursors import cursor_of, position_of
from ccplane.http.openapi import answers
from ccplane.http.ports import AgentChange, PhoneAccount, PhoneBook, Pins, Plane, Snapshot, Staff
from ccplane.http.seats import DeviceWanted, SeatWanted, sit_down
from ccplane.http.sessions import Sessions
from ccplane.http.views import Agents, AgentTold, agent_told, told
from ccplane.http.wrap_up import extendable, wrapping_up
from ccplane.ids import AgentId, ContactId, QueueName, SeatId


class StateAsked(BaseModel):
    """What an agent is to be. It takes effect when their present work allows; `reason` is shown beside a pause.

    `seat`: where they sit down, `device`: with which of its phones; without either they stay where they sit.
    """

    model_config = ConfigDict(extra="forbid")

    state: Literal["ready", "paused", "offline"]
    reason: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    seat: SeatWanted | None = None
    device: DeviceWanted | None = None

    @model_validator(mode="after")
    def _seats_are_for_signing_in(self) -> StateAsked:
        if self.state == "offline" and (self.seat or self.device):
            raise ValueError("`seat` and `device` are for who signs in; signing out needs none")
        return self


Level = Annotated[int, Field(ge=1, le=10)]
Named = Annotated[str, Field(max_length=40, pattern=r"^\w[\w-]*$")]


class MembershipWanted(BaseModel):
    """How they belong to a queue: how good they are there, and when they are asked, the lowest number first."""

    model_config = ConfigDict(extra="forbid")

    level: Level = 5
    priority: Annotated[int, Field(ge=1, le=99)] = 1


class WrapUpWanted(BaseModel):
    """A rule of their own for the work after a call: `time_s` null is until they are done, 0 is none."""

    model_config = ConfigDict(extra="forbid")

    time_s: Annotated[int, Field(ge=0, le=3_600)] | None
    extend_s: Annotated[int, Field(ge=0, le=3_600)] = 0
    most_s: Annotated[int, Field(ge=1, le=28_800)] | None = None

    @model_validator(mode="after")
    def _agrees(self) -> WrapUpWanted:
        if self.extend_s and not self.time_s:
            raise ValueError("there is nothing to extend where `time_s` is 0 or null")
        if self.most_s is not None and self.time_s is not None and self.most_s < self.time_s:
            raise ValueError("`most_s` is at least `time_s`")
        return self

    def rule(self) -> WrapUp:
        times = (None if each is None else each * 1000 for each in (self.time_s, self.most_s))
        time_ms, most_ms = times
        return WrapUp(time_ms, self.extend_s * 1000, most_ms)


class AgentWanted(BaseModel):
    """What an agent is to be; what is left out stays. In `skills`, `queues` and `capacity` each key is set for itself,
    and null takes it away, as it does their own `wrap_up`. `by`: who wants it so, for the record."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str | None, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")] = None
    skills: Annotated[dict[Named, Level | None], Field(max_length=500)] = {}
    languages: Annotated[list[Literal["en", "zh-CN"]] | None, Field(max_length=20)] = None
    queues: Annotated[dict[Named, MembershipWanted | None], Field(max_length=500)] = {}
    capacity: dict[Literal["voice"], Annotated[int, Field(ge=0, le=1)] | None] = {}
    wrap_up: WrapUpWanted | None = None
    team: Annotated[str | None, Field(pattern=r"^(\w[\w-]{0,39})?$")] = None
    by: By = ""

    def change(self) -> AgentChange:
        """The same as the core names it."""
        queues = {
            QueueName(name): None if each is None else Membership(each.level, each.priority)
            for name, each in self.queues.items()
        }
        languages = None if self.languages is None else tuple(self.languages)
        capacity = {str(each): most for each, most in self.capacity.items()}
        own = self.wrap_up.rule() if self.wrap_up else None
        wrap_up = own if "wrap_up" in self.model_fields_set else UNSET
        return AgentChange(self.name, self.skills, languages, queues, capacity, wrap_up, self.team)


class CallWanted(BaseModel):
    """Whom to call: a colleague's id, or a number outside that acd/dialling.toml allows. `claim`: one for each call,
    so that asking again after a lost answer makes no second one."""

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
    "draining": "This ccplane takes no new calls; it is about to leave.",
    "no-node": "No Asterisk is connected just now.",
}


class PinAsked(BaseModel):
    """The PIN that an agent is to have: six digits. Without one a PIN is made by chance."""

    model_config = ConfigDict(extra="forbid")

    pin: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None


class PinTold(msgspec.Struct, frozen=True):
    """An agent's new PIN. Nobody can read it again."""

    id: AgentId
    pin: str


def editing(plane: Plane, staff: Staff, admin: Guard) -> APIRouter:
    """What agents can do, changed while they work."""
    router = APIRouter(prefix="/api/v1/agents", tags=["agents"], dependencies=[Depends(admin)])

    @router.patch("/{agent_id}", summary="Change what they can do", responses=answers(AgentTold))
    async def edit(agent_id: str, asked: AgentWanted) -> Response:
        """At once, also for who waits; a call that they have goes on. Without Postgres nothing is changed."""
        known = _known(plane.snapshot, AgentId(agent_id))
        for name, wanted in asked.queues.items():
            if wanted is not None and name not in plane.snapshot.state.rules.queues:
                raise RequestError("no-such-queue", f"There is no queue `{name}` in acd/queues.toml.", queue=name)
        after = await staff.edit(known.id, asked.change(), by=asked.by or "api")
        return told(_told(after, known.id))

    return router


def routes(plane: Plane, phones: PhoneBook, pins: Pins, sessions: Sessions, admin: Guard, own: OwnGuard) -> APIRouter:
    """`own`: what an agent may for themselves, too; their id is then also `me`."""
    router = APIRouter(prefix="/api/v1/agents", tags=["agents"])
    of_theirs, only_admin = Depends(own), [Depends(admin)]

    @router.get("", summary="All agents", responses=answers(Agents), dependencies=only_admin)
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
        seat = SeatId(asked.seat) if asked.seat else known.seat if asked.device else None
        intent, web = Intent(asked.state), asked.device == "web"
        after = await sit_down(
            plane, IntentAsked(agent=known.id, intent=intent, reason=asked.reason, by=asker.by, seat=seat, web=web)
        )
        return told(_told(after, asker.agent))

    @router.post("/{agent_id}/wrap-up/done", summary="The work after the call is done", responses=answers(AgentTold))
    async def wrap_up_done(asker: Asker = of_theirs, since: AwareDatetime | None = None) -> Response:
        """Before its time, or where it has none. `not-in-wrap-up` if there is nothing to be done with. `since`: that of
        the agent as it was shown: a click that comes late then ends no other work than it meant."""
        meant = wrapping_up(_known(plane.snapshot, asker.agent), since)
        return told(_told(await plane.ask(WrapUpEnded(asker.agent, asker.by, meant)), asker.agent))

    @router.post(
        "/{agent_id}/wrap-up/extend", summary="The work after the call takes longer", responses=answers(AgentTold)
    )
    async def wrap_up_extend(asker: Asker = of_theirs) -> Response:
        """By as much as the queue, or the agent's own rule, gives at a time; `wrap_up_until` is the new end."""
        extendable(_known(plane.snapshot, asker.agent))
        return told(_told(await plane.ask(WrapUpExtendAsked(asker.agent, asker.by)), asker.agent))

    @router.post("/{agent_id}/calls", summary="Call somebody for them", responses=answers(None, also={201: CallTold}))
    async def call(asked: CallWanted, asker: Asker = of_theirs) -> Response:
        """Their own phone rings first; once they pick up, the number is called. `claim`: the same again, by the same
        agent, is one call and gets the same answer, also when that call is over."""
        known, before = _known(plane.snapshot, asker.agent), plane.snapshot.state
        claim = asked.claim or token_hex(8)
        why = None if call_of(before, known.id, claim) else why_not_call(before, known, asked.to)
        after = await plane.ask(CallAsked(agent=known.id, number=asked.to, claim=claim))
        if why is not None:
            raise RequestError(why, CALL_FAULTS[why], agent=known.id)
        contact = call_of(after.state, known.id, claim)
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

    @router.put("/{agent_id}/pin", summary="Give them a PIN", responses=answers(PinTold), dependencies=only_admin)
    async def put_pin(agent_id: str, asked: PinAsked) -> Response:
        """Their old one is no good any more, nor is the session that it opened; a lock is lifted."""
        known = _known(plane.snapshot, AgentId(agent_id))
        pin = await pins.put(known.id, asked.pin, by="api")
        sessions.end_of(known.id, "pin-changed")
        return told(PinTold(known.id, pin), headers={"Cache-Control": "no-store"})

    @router.delete(
        "/{agent_id}/pin/lock",
        summary="Let their PIN count again",
        responses=answers(AgentTold),
        dependencies=only_admin,
    )
    async def unlock(agent_id: str) -> Response:
        """After five wrong ones in a row no PIN counts for 15 minutes; this ends it. No fault if nothing is locked."""
        known = _known(plane.snapshot, AgentId(agent_id))
        await pins.unlock(known.id, by="api")
        return told(_told(plane.snapshot, known.id))

    return router


def _told(snapshot: Snapshot, agent_id: AgentId) -> AgentTold:
    return agent_told(_known(snapshot, agent_id), snapshot.state)


def _known(snapshot: Snapshot, agent_id: AgentId) -> Agent:
    agent = snapshot.state.agents.get(agent_id)
    if agent is None:
        raise RequestError("no-such-agent", "There is no agent with this id.", agent=agent_id)
    return agent
