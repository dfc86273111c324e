"""What the API says, as plain structs: times as ISO-8601 UTC with milliseconds, everything else as the core has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec
from fastapi import Response

from ccplane.agents.agent import Agent, Shown, Work
from ccplane.agents.facts import Intent, Membership, Phone
from ccplane.agents.wrap_up import WrapUp
from ccplane.contacts.emergency import Emergency
from ccplane.core.fallback_first import is_held_back
from ccplane.core.state import State
from ccplane.ids import AgentId, ContactId, DeviceName, QueueName, SeatId
from ccplane.kpi.brought import AttributionView
from ccplane.kpi.wallboard import AgentView, QueueView, WallboardView

Time = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]

NAMES_OF_TIMES: Final = frozenset({"at", "since", "until", "deadline", "not_before"})
ENDINGS_OF_TIMES: Final = ("_at", "_until")
NESTED: Final = frozenset({dict, list, tuple})
EPOCH: Final = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=8192)
def iso(at: int) -> str:
    """Milliseconds as `2026-01-31T12:00:00.000Z`."""
    seconds, ms = divmod(at, 1000)
    days, seconds = divmod(seconds, 86_400)
    minutes, seconds = divmod(seconds, 60)
    return f"{_date(days)}T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{ms:03}Z"


@lru_cache(maxsize=1024)
def _date(days: int) -> str:
    """So many days after 1970 began."""
    return date.fromordinal(EPOCH + days).isoformat()


def with_times(data: Any) -> Any:
    """Plain data with every time in it made readable. Times are known by their names: `at`, `…_at`, `…_until`."""
    if isinstance(data, dict):
        read = data.copy()
        for key, value in data.items():  # a page has 10,000 values (law 13): nothing is done for most of them
            kind = type(value)
            if kind is int and _names_time(key):
                read[key] = iso(value)
            elif kind in NESTED:
                read[key] = with_times(value)
        return read
    if isinstance(data, list | tuple):
        return [with_times(each) for each in data]
    return data


@lru_cache(maxsize=1024)
def _names_time(key: object) -> bool:
    return isinstance(key, str) and (key in NAMES_OF_TIMES or key.endswith(ENDINGS_OF_TIMES))


def readable(
    struct: type[msgspec.Struct], name: str, doc: str, means: Mapping[str, str] | None = None
) -> type[msgspec.Struct]:
    """The struct as `with_times` makes it, for the description: the same fields, but times are texts.

    `means`: what a field says, where its name alone could be misread.
    """
    said = means or {}
    fields = [(each.name, _read_type(each, said.get(each.name))) for each in msgspec.structs.fields(struct)]
    return msgspec.defstruct(name, fields, kw_only=True, namespace={"__doc__": doc})


def _read_type(field: msgspec.structs.FieldInfo, means: str | None) -> Any:
    kind: Any = field.type
    if _names_time(field.name):
        kind = Time if field.type is int else Time | None
    return Annotated[kind, msgspec.Meta(description=means)] if means else kind


def told(what: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A struct as the JSON of a response."""
    return Response(msgspec.json.encode(what), status, headers, media_type="application/json")


def _iso(at: int | None) -> str | None:
    return None if at is None else iso(at)


def _since(agent: Agent | AgentView) -> str | None:
    return iso(agent.since) if agent.since else None


class WrapUpTold(msgspec.Struct, frozen=True):
    """A rule for the work after a call. `time_s`: null is until they are done."""

    time_s: float | None
    extend_s: float
    most_s: float | None


def _wrap_up(rule: WrapUp | None) -> WrapUpTold | None:
    if rule is None:
        return None
    time_s, most_s = (None if each is None else each / 1000 for each in (rule.time_ms, rule.most_ms))
    return WrapUpTold(time_s, rule.extend_ms / 1000, most_s)


class AgentTold(msgspec.Struct, frozen=True, kw_only=True):
    """An agent. `state` is what is shown, `next` what will be once the present work is done. `queues`: those they
    serve, none for all whose steps they meet. `seat`: where they sit, `device`: the phone there that offers ring,
    `phone_slow_ms`: how long it took to answer when it was found slow (above 300 ms, until it is below 200), else null.
    `rest_until`: offered nothing until then, after an offer that their phone refused; null if not resting.
    `wrap_up`: their own rule, null for that of each queue. `wrap_up_until`: when time ends their work after a call,
    null if only they do, or there is none;
    `wrap_up_extendable_until`: when, if it were extended as it stands, null if it can't be.
    `fallback_first`: offered nothing while callers are left in Asterisk's own queues, who came before.
    `pin_locked_until`: no PIN of theirs counts before, after five wrong ones."""

    id: AgentId
    name: str
    skills: dict[str, int]
    languages: tuple[str, ...]
    queues: dict[QueueName, Membership]
    capacity: dict[str, int]
    wrap_up: WrapUpTold | None
    team: str
    state: Shown
    next: Shown
    since: Time | None
    intent: Intent
    reason: str
    work: Work
    phone: Phone
    seat: SeatId
    device: DeviceName
    phone_slow_ms: int | None
    contact: ContactId | None
    missed_in_a_row: int
    rest_until: Time | None
    wrap_up_until: Time | None
    wrap_up_extendable_until: Time | None
    fallback_first: bool
    pin_locked_until: Time | None


class Agents(msgspec.Struct, frozen=True):
    """A page of agents, by id. `next`: the cursor of the following page, None on the last."""

    agents: tuple[AgentTold, ...]
    next: str | None


def agent_told(agent: Agent, state: State) -> AgentTold:
    return AgentTold(
        id=agent.id,
        name=agent.profile.name,
        skills=agent.profile.skills,
        languages=agent.profile.languages,
        queues=agent.profile.queues,
        capacity=agent.profile.capacity,
        wrap_up=_wrap_up(agent.profile.wrap_up),
        team=agent.profile.team,
        state=agent.shown,
        next=agent.next,
        since=_since(agent),
        intent=agent.intent,
        reason=agent.reason,
        work=agent.work,
        phone=agent.phone,
        seat=agent.seat,
        device=agent.device,
        phone_slow_ms=state.slow.get(agent.device),
        contact=agent.contact,
        missed_in_a_row=agent.misses,
        rest_until=_iso(agent.rest_until),
        wrap_up_until=_iso(agent.wrap_up_until),
        wrap_up_extendable_until=_iso(agent.could_wrap_up_until(0)),
        fallback_first=is_held_back(state, agent),
        pin_locked_until=_iso(agent.pin_locked_until),
    )


class AgentOnBoard(msgspec.Struct, frozen=True):
    """An agent on the wallboard. `since`: null for one who never signed in. `until`: when the time of their wrap-up
    ends; null in every other state, and where only they end it."""

    id: AgentId
    state: Shown
    since: Time | None
    until: Time | None = None


class GapView(msgspec.Struct, frozen=True, rename={"began_at": "from", "ended_at": "to"}):
    """When nobody watched the calls; `to` is null while it lasts."""

    began_at: Time
    ended_at: Time | None


class EmergencyView(msgspec.Struct, frozen=True, kw_only=True):
    """An emergency that holds, for those who call `number`, from `area`, or wait in `queue`; for all if none is said.
    `says`: by language what they hear, a text or the sound of a prompt."""

    name: str
    since: Time
    until: Time | None
    number: str | None
    area: str | None
    queue: str | None
    says: dict[str, str]


class SurgeView(msgspec.Struct, frozen=True):
    """Far more call than usual: `number` ("": all numbers), `arrivals` in a slot and the `usual` ones when it began,
    and `index`, their ratio. An emergency would tell them why."""

    number: str
    since: Time
    arrivals: int
    usual: float
    index: float


class ServiceView(msgspec.Struct, frozen=True, kw_only=True):
    """How the service itself does: the surge index of the site, and what 99 in 100 of each delay kept in the last five
    minutes, ms. Null without data. `GET /api/v1/live/service` tells more."""

    surge_index: float | None = None
    offer_latency_ms: float | None = None
    fact_lag_ms: float | None = None
    ari_lag_ms: float | None = None
    loop_delay_ms: float | None = None


NOTHING_MEASURED: Final = ServiceView()


class Wallboard(msgspec.Struct, frozen=True):
    """The numbers now (`at`) and since the site's midnight (`counted_from`). They are `provisional` where `gaps` of
    today, a second or longer, touch them: what callers did meanwhile was found out afterwards, or not at all."""

    at: Time
    counted_from: Time
    queues: tuple[QueueView, ...]
    agents: tuple[AgentOnBoard, ...]
    provisional: bool
    gaps: tuple[GapView, ...]
    emergencies: tuple[EmergencyView, ...]
    surges: tuple[SurgeView, ...]
    """What callers are told now, while something is wrong."""
    attributions: tuple[AttributionView, ...]
    """What each advertisement brought since then, at most 50, the most first."""
    site: str
    """The hash of the site in force, and that of the page by which this is shown: one of another is to be read anew."""
    page: str
    people: str
    """Another word once the agents' teams, skills or queues may be others."""
    service: ServiceView


def _iso_or_none(at: int | None) -> Time | None:
    return None if at is None else iso(at)


def _emergency(each: Emergency) -> EmergencyView:
    return EmergencyView(
        name=each.name,
        since=iso(each.since),
        until=_iso_or_none(each.until),
        number=each.number,
        area=each.area,
        queue=each.queue,
        says=each.words,
    )


def wallboard_told(
    view: WallboardView, site: str, page: str, people: str, service: ServiceView = NOTHING_MEASURED
) -> Wallboard:
    return Wallboard(
        at=iso(view.at),
        counted_from=iso(view.began_at),
        queues=view.queues,
        agents=tuple(
            AgentOnBoard(agent.id, agent.state, _since(agent), _iso_or_none(agent.until)) for agent in view.agents
        ),
        provisional=view.provisional,
        emergencies=tuple(_emergency(each) for each in view.emergencies),
        surges=tuple(
            SurgeView(each.number, iso(each.at), each.arrivals, each.usual, each.index) for each in view.surges
        ),
        attributions=view.attributions,
        site=site,
        page=page,
        people=people,
        service=service,
        gaps=tuple(
            GapView(iso(gap.began_at), None if gap.ended_at is None else iso(gap.ended_at)) for gap in view.gaps
        ),
    )
