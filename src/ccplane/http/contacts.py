"""Contacts, live and past: what happened to them, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from ccplane.contacts.contact import Contact
from ccplane.errors import RequestError, StoreError
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import ContactsStore, Plane
from ccplane.http.views import told, with_times
from ccplane.ids import ContactId
from ccplane.postgres.contacts import ContactDetail, Wanted

Text = Annotated[str | None, Query(max_length=100)]


def routes(plane: Plane, store: ContactsStore, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/contacts", tags=["contacts"], dependencies=[Depends(admin)])

    @router.get("", summary="Contacts, the latest first", responses=answers(None))
    async def contacts(
        state: Text = None,
        queue: Text = None,
        agent: Text = None,
        number_dialled: Text = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        after: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        """Those that arrived in [since, until). `after` is the `next` of the page before; `next` null: the last."""
        wanted = Wanted(
            state=state,
            queue=queue,
            agent=agent,
            number_dialled=number_dialled,
            since=_ms(since),
            until=_ms(until),
        )
        page = await store.contacts(wanted, after=after, limit=limit)
        return told(with_times(msgspec.to_builtins(page)))

    @router.get("/{contact_id}", summary="One contact, with all that happened", responses=answers(None))
    async def contact(contact_id: str) -> Response:
        """Segments, offers, facts, and the trace of each routing decision. A live one may lag by part of a second."""
        wanted = ContactId(contact_id)
        live = plane.snapshot.state.contacts.get(wanted)
        try:
            stored = await store.contact(wanted)
        except StoreError:
            if live is None:
                raise
            stored = None
        if stored:
            return told(_stored(stored, live))
        if live:
            return told(_live(live))
        if wanted in plane.snapshot.state.ended:
            raise RequestError("contact-on-its-way", "This contact has ended and is just being stored; ask again.")
        raise RequestError("no-such-contact", "There is no contact with this id.", contact=contact_id)

    return router


def _ms(moment: AwareDatetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _stored(detail: ContactDetail, live: Contact | None) -> dict[str, Any]:
    plain = msgspec.to_builtins(detail)
    told: dict[str, Any] = with_times(plain.pop("contact")) | with_times(plain)
    return told | {"live": live is not None, "trace": list(_trace(told["facts"]))}


def _trace(facts: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """Each routing decision: to whom, and why."""
    for fact in facts:
        if fact["type"] == "OfferMade":
            yield {name: fact[name] for name in ("at", "offer", "agent", "queue")} | dict(fact["trace"])


def _live(contact: Contact) -> dict[str, Any]:
    """A live contact that Postgres does not have yet, or cannot tell of: what the plane itself knows, in its shape."""
    told = {name: getattr(contact, name) for name in SAME_NAME}
    told |= {"state": contact.phase, "queue": None, "agent": None, "answered_at": None, "ended_at": None}
    told |= {"ended_by": None, "cause": None, "segments": _segments(contact), "offers": _offers(contact)}
    if segment := told["segments"]:
        told |= {name: segment[-1][name] for name in ("queue", "agent")}
    readable: dict[str, Any] = with_times(told)
    return readable | {"live": True, "facts": [], "trace": []}


SAME_NAME: Final = (
    "id",
    "node",
    "channel",
    "number_dialled",
    "caller",
    "caller_name",
    "language",
    "attribution",
    "site",
    "program",
    "arrived_at",
)


def _segments(contact: Contact) -> list[dict[str, Any]]:
    """The stay that is open; those before are in Postgres alone."""
    if stay := contact.waiting:
        known = {"segment": stay.segment, "queue": stay.queue, "agent": None, "started_at": stay.queued_at}
        return [{"kind": "queue", **known, "ended_at": None, "provisional": True}]
    if talk := contact.talk:
        known = {"segment": talk.segment, "queue": talk.queue, "agent": talk.agent, "started_at": talk.started_at}
        return [{"kind": "agent", **known, "ended_at": None, "provisional": True}]
    return []


def _offers(contact: Contact) -> list[dict[str, Any]]:
    offer = contact.offer
    return [{"id": offer.id, "agent": offer.agent, "state": offer.state, "ended_at": None}] if offer else []
