"""Contacts, live and past: what happened to them, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import GenericAlias
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ccplane.core.edits import why_not
from ccplane.core.estimates import Expected, expected
from ccplane.core.inputs import ContactEditAsked
from ccplane.errors import RequestError, StoreError
from ccplane.http.auth import By, Guard
from ccplane.http.live import known
from ccplane.http.messages import MESSAGE
from ccplane.http.openapi import answers
from ccplane.http.ports import ContactsStore, Plane
from ccplane.http.recordings import Recording
from ccplane.http.views import readable, told, with_times
from ccplane.ids import ContactId, QueueName
from ccplane.postgres.contacts import ContactDetail, ContactRow, OfferRow, SegmentRow, Wanted

Text = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]

_Row: Final = readable(
    ContactRow,
    "Contact",
    "A contact. `queue` and `agent`: the last ones.",
    {
        "answered_at": "When the PBX took the call, so that the caller hears us; not when an agent answered, which is "
        "`answered_at` of the offer, and begins the agent's segment a moment later.",
        "cause": "Why the call ended, by Q.850: 16 is a normal hang-up; 0 where the switch did not say.",
        "gap_ms": "How long the call went on while no ccplane watched it.",
        "self_served": "Whether a program served it, so that it never came into a queue; known once it has ended.",
        "fallback": "Whether the switch's own queues had it while ccplane was away, wholly or in the end.",
        "provisional": "Whether it goes on, or one of its times, or of its segments', was found out only after a gap.",
    },
)
_Segment: Final = readable(
    SegmentRow,
    "Segment",
    "A stay in a queue, or with an agent.",
    {
        "started_at": "In a queue: when they entered it. With an agent: when both could hear each other.",
        "waited_ms": "In a queue: the wait there, until both could hear each other or it ended without an agent.",
        "contact_waited_ms": "In a queue: the wait by their clock, which an overflow keeps: over all queues up to the "
        "end of this stay.",
        "estimate_ms": "In a queue: how long we thought, when they entered it, that they would wait there; null if "
        "that could not be told.",
        "provisional": "Whether it, or its wrap-up, goes on; or it began or ended in a gap, and was found out "
        "only afterwards: then it may be longer here than it was.",
    },
)
_Offer: Final = readable(
    OfferRow,
    "Offer",
    "One attempt to give the contact to one agent. `trace`: why to them.",
    {
        "made_at": "When the agent was chosen, and their phone called.",
        "ringing_at": "When the agent's phone said that it rings (180); null if it never did.",
        "answered_at": "When the agent's phone was picked up; the contact's own `answered_at` is when the PBX took "
        "the call.",
        "ended_at": "When it came to something: connected, missed or withdrawn. Not the end of the talk.",
        "cause": "Why it was missed, withdrawn or not connected.",
        "sip": "Of a missed one: the final code of the agent's phone, 0 if it gave none.",
        "ring_ms": "From the phone's 180, else from `made_at`, to the answer or the end.",
    },
)
_Page: Final = msgspec.defstruct(
    "Contacts",
    [("contacts", GenericAlias(list, (_Row,))), ("next", str | None)],
    namespace={"__doc__": "A page of contacts. `next`: the cursor of the following page, null on the last."},
)
_POSITION: Final = Annotated[
    int | None, msgspec.Meta(description="While it waits: 1 is who is served next of its queue; else null.")
]
_ESTIMATED: Final = Annotated[
    float | None,
    msgspec.Meta(
        description="While it waits: how much longer, as far as can be told (KPI `estimated_wait`); else null."
    ),
]
_InFull: Final = msgspec.defstruct(
    "ContactInFull",
    [
        ("segments", GenericAlias(list, (_Segment,))),
        ("offers", GenericAlias(list, (_Offer,))),
        ("recordings", GenericAlias(list, (Recording,))),
        ("messages", GenericAlias(list, (MESSAGE,))),
        ("facts", list[dict[str, Any]]),
        ("trace", list[dict[str, Any]]),
        ("live", bool),
        ("position", _POSITION),
        ("estimated_wait_s", _ESTIMATED),
    ],
    bases=(_Row,),
    kw_only=True,
    namespace={"__doc__": "A contact with its stays, offers, messages, facts, and the trace of each routing decision."},
)


class ContactWanted(BaseModel):
    """What a waiting contact is to be; what is left out stays. `credit_s`: its priority, in s of waiting; `queue`:
    where it waits on, with its clock; `by`: who wants it so, for the record."""

    model_config = ConfigDict(extra="forbid")

    credit_s: Annotated[int | None, Field(ge=-86_400, le=86_400)] = None
    queue: Annotated[str | None, Field(max_length=40, pattern=r"^\w[\w-]*$")] = None
    by: By = ""


class ContactEdited(msgspec.Struct, frozen=True):
    """A waiting contact as it is now, or, with an agent already, as it was when it waited."""

    contact: ContactId
    queue: QueueName
    credit_s: int


EDIT_FAULTS: Final = {
    "no-such-contact": "There is no live contact with this id.",
    "contact-not-waiting": "It does not wait in a queue just now.",
    "no-such-queue": "There is no such queue in acd/queues.toml.",
    "contact-offered": "An agent's phone rings for it just now; ask again when that is over.",
    "nobody-signed-in": "Nobody who could serve that queue is signed in; it would go back to its program at once.",
}


def routes(plane: Plane, store: ContactsStore, admin: Guard) -> APIRouter:
    router = APIRouter(prefix="/api/v1/contacts", tags=["contacts"], dependencies=[Depends(admin)])

    @router.get("", summary="Contacts, the latest first", responses=answers(_Page))
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
        """Those that arrived in [since, until). `after` is the `next` of the page before."""
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

    @router.get("/{contact_id}", summary="One contact, with all that happened", responses=answers(_InFull))
    async def contact(contact_id: str) -> Response:
        """A live contact may lag by part of a second, and while Postgres is away shows only what is open now.

        `answered_at` of the contact is when the PBX took the call, that of an offer when the agent's phone answered.
        """
        wanted = ContactId(contact_id)
        live = plane.snapshot.state.contacts.get(wanted)
        if not (contact_id.startswith("c-") and contact_id.isprintable()):
            raise RequestError("no-such-contact", "No contact has such an id; they begin with `c-`.")
        try:
            found = await store.contact(wanted)
        except StoreError:
            if live is None:
                raise
            found = None
        if found is None and live is not None:
            found = known(live)
        if found is not None:
            where = expected(plane.snapshot.state, live) if live is not None else None
            return told(_in_full(found, live is not None, where))
        if wanted in plane.snapshot.state.ended:
            raise RequestError("contact-on-its-way", "This contact has ended and is just being stored; ask again.")
        raise RequestError("no-such-contact", "There is no contact with this id.", contact=contact_id)

    @router.patch("/{contact_id}", summary="Change its priority or queue", responses=answers(ContactEdited))
    async def edit(contact_id: str, asked: ContactWanted) -> Response:
        """Of one that waits. At once: a free agent who may serve it now is rung. Both or nothing; its clock is kept."""
        wanted, queue = ContactId(contact_id), QueueName(asked.queue) if asked.queue else None
        before = plane.snapshot.state
        if why := why_not(before, wanted, queue):
            raise RequestError(why, EDIT_FAULTS[why], contact=contact_id)
        waiting = before.contacts[wanted].waiting
        assert waiting is not None
        after = await plane.ask(
            ContactEditAsked(contact=wanted, by=asked.by or "api", credit_s=asked.credit_s, queue=queue)
        )
        credit_s = waiting.credit_s if asked.credit_s is None else asked.credit_s
        contact = after.state.contacts.get(wanted)
        now = contact.waiting if contact else None
        if now is not None and (now.credit_s != credit_s or now.queue != (queue or now.queue)):
            raise RequestError("contact-offered", EDIT_FAULTS["contact-offered"], contact=contact_id)  # meanwhile
        return told(ContactEdited(wanted, queue or waiting.queue, credit_s))

    return router


def _ms(moment: AwareDatetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _in_full(detail: ContactDetail, live: bool, where: Expected | None) -> dict[str, Any]:
    plain = with_times(msgspec.to_builtins(detail))
    row: dict[str, Any] = plain.pop("contact") | plain
    wait_ms = where.wait_ms if where else None
    waits = {
        "position": where.position if where else None,
        "estimated_wait_s": None if wait_ms is None else wait_ms / 1000,
    }
    return row | waits | {"trace": list(trace_of(plain["facts"])), "live": live}


def trace_of(facts: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each routing decision: to whom, and why."""
    for fact in facts:
        if fact["type"] == "OfferMade":
            yield {name: fact[name] for name in ("at", "offer", "agent", "queue")} | fact["trace"]
