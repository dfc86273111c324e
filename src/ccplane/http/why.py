"""Why a contact waits, why it went to whom it went, and when it could be served: the full list, when somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from ccplane.contacts.contact import Phase
from ccplane.core.why import AgentTold, WhyTold, agents_told, why, why_not_yet
from ccplane.errors import RequestError, StoreError
from ccplane.http.auth import Guard
from ccplane.http.contacts import trace_of
from ccplane.http.openapi import answers
from ccplane.http.ports import ContactsStore, Plane
from ccplane.http.views import readable, told, with_times
from ccplane.ids import CallbackId, ContactId
from ccplane.routing.why import StepTold

NOBODY: Final = {"agents": [], "agents_total": 0, "agents_who_may": 0, "earliest": None, "decisions": []}
AT_ONCE: Final = 100
"""So many agents are looked at before others have their turn (law 13)."""
NEVER: Final = 1 << 62

_Step: Final = readable(StepTold, "WhyStep", "A step of the queue: what it asks, and how many agents meet it.")
_Agent: Final = readable(AgentTold, "WhyAgent", "An agent, and all that keeps them from this contact now.")
_Why: Final = msgspec.defstruct(
    "Why",
    [
        ("steps", list[_Step]),  # type: ignore[valid-type]
        ("agents", list[_Agent]),  # type: ignore[valid-type]
        ("agents_total", int),
        ("agents_who_may", int),
        ("earliest", _Agent | None),
        ("decisions", list[dict[str, Any]]),
    ],
    bases=(readable(WhyTold, "WhyContact", "Why a contact waits."),),
    kw_only=True,
    namespace={
        "__doc__": "Why a contact waits, why it went to whom it went, and when it could be served.\n\n"
        "`agents`: those who may serve it first, then who could the soonest; `earliest`: who could at the first moment "
        "that is known, null where nobody can know; `decisions`: the trace of each offer so far."
    },
)


def routes(plane: Plane, store: ContactsStore, admin: Guard, clock: Callable[[], int]) -> APIRouter:
    router = APIRouter(prefix="/api/v1/contacts", tags=["contacts"], dependencies=[Depends(admin)])

    @router.get("/{contact_id}/why", summary="Why it waits, and why this agent", responses=answers(_Why))
    async def get(contact_id: str, limit: Annotated[int, Query(ge=0, le=10_000)] = 100) -> Response:
        """Worked out now. `limit`: so many agents are told in full. One that is over has its `decisions` alone. A
        callback's id is taken, too: of who stands in the line for them, or why nobody does yet."""
        snapshot = plane.snapshot
        now, state = max(clock(), snapshot.at), snapshot.state
        called = state.callbacks.get(CallbackId(contact_id))
        if called is not None and called.contact is None:
            return told(with_times(msgspec.to_builtins(why_not_yet(called)) | NOBODY))
        wanted = called.contact if called is not None and called.contact else ContactId(contact_id)
        contact = state.contacts.get(wanted)
        decisions = await _decisions(store, wanted)
        if contact is None and decisions is None:
            raise RequestError("no-such-contact", "There is no contact with this id.", contact=contact_id)
        found = why(state, contact, now) if contact else _over(wanted)
        people: list[AgentTold] = []
        if contact is not None and found.queue is not None:
            everyone = list(state.agents.values())
            for at in range(0, len(everyone), AT_ONCE):
                people += agents_told(state, contact, everyone[at : at + AT_ONCE], now)
                await asyncio.sleep(0)
        people.sort(key=soonest)
        earliest = next((each for each in people if each.could_at is not None), None)
        whole = msgspec.to_builtins(found) | {
            "agents": msgspec.to_builtins(people[:limit]),
            "agents_total": len(people),
            "agents_who_may": sum(not each.reasons for each in people),
            "earliest": msgspec.to_builtins(earliest),
            "decisions": decisions or [],
        }
        return told(with_times(whole))

    return router


def soonest(agent: AgentTold) -> tuple[bool, int, bool, int, str]:
    """Who may now, then who could the soonest, then who might some day, with the least in the way."""
    at = NEVER if agent.could_at is None else agent.could_at
    return bool(agent.reasons), at, agent.step is None, len(agent.reasons), agent.id


def _over(contact: ContactId) -> WhyTold:
    return WhyTold(contact=contact, phase=Phase.ENDED.value, because=Phase.ENDED.value)


async def _decisions(store: ContactsStore, contact: ContactId) -> list[dict[str, Any]] | None:
    """The trace of each offer; None where the store knows no such contact, or is away."""
    try:
        detail = await store.contact(contact)
    except StoreError:
        return None
    return None if detail is None else list(trace_of(msgspec.to_builtins(detail)["facts"]))
