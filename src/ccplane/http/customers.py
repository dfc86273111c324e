"""Customers known by their number: who comes first, who is spoken to in which language, who is not taken at all."""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from msgspec.structs import replace
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from ccplane.contacts.facts.customers import CallMarked
from ccplane.errors import RequestError
from ccplane.http.auth import Asker, By, Guard, OwnGuard
from ccplane.http.openapi import answers
from ccplane.http.ports import Customers
from ccplane.http.views import iso, readable, told, with_times
from ccplane.ids import ContactId
from ccplane.postgres.customers import CustomerRow, MarkRow

BY_API: Final = "api"
PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
NUMBER_LONGEST: Final = 20
AT_ONCE: Final = 300
"""Customers of one import: a body has 64 KiB at most."""
Number = Annotated[str, Field(min_length=1, max_length=40, pattern=PLAIN)]
Name = Annotated[str, Field(max_length=80, pattern=PLAIN)]
Note = Annotated[str, Field(max_length=200, pattern=PLAIN)]
NoteAsked = Annotated[str, Query(max_length=200, pattern=PLAIN)]
Why = Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]

CUSTOMER: Final = readable(
    CustomerRow,
    "Customer",
    "A customer known by their number.",
    {
        "language": "What they are spoken to in; null: as the number they dial says.",
        "credit_s": "Their priority, in seconds of waiting, in every queue.",
        "blocked": "Why their calls are not taken; empty if they are.",
        "blocked_until": "They are taken again then; null: never, while `blocked` is not empty.",
    },
)
MARK: Final = readable(MarkRow, "MarkedCall", "A call that was harassment, as `by` says.", {"agent": "Who had it."})
_Customers: Final = msgspec.defstruct(
    "Customers",
    [("customers", GenericAlias(list, (CUSTOMER,))), ("next", str | None)],
    namespace={"__doc__": "A page of customers, by number. `next`: give it as `after`; null on the last page."},
)
_Marks: Final = msgspec.defstruct(
    "MarkedCalls",
    [("marks", GenericAlias(list, (MARK,))), ("next", str | None)],
    namespace={"__doc__": "Calls that were marked, the latest first. `next`: the cursor of the following page."},
)
_Marked: Final = readable(
    CallMarked,
    "CallMarked",
    "What came of marking a call.",
    {"marks": "Of this number, within the site's time.", "blocked_until": "Until when their calls are not taken now."},
)


class CustomerWanted(BaseModel):
    """What is to be known of a number, in place of what was; whether it is blocked stays."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "Ms Li", "language": "zh-CN", "credit_s": 120, "note": "has two shops"}]
        },
    )

    name: Name = ""
    language: Literal["en", "zh-CN"] | None = None
    credit_s: Annotated[int, Field(ge=-86_400, le=86_400)] = 0
    note: Note = ""
    by: By = ""


class Imported(CustomerWanted):
    """One of many. `blocked`: why their calls are not taken; left out or empty: they are."""

    model_config = ConfigDict(extra="forbid")

    number: Number
    blocked: Note = ""
    blocked_until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _can_be(self) -> Imported:
        if self.blocked_until is not None and not self.blocked:
            raise PydanticCustomError("bad-customer", "has `blocked_until`, and `blocked` does not say why")
        return self


class ImportWanted(BaseModel):
    """Customers, each in place of what was known of their number."""

    model_config = ConfigDict(extra="forbid")

    customers: Annotated[list[Imported], Field(min_length=1, max_length=AT_ONCE)]
    by: By = ""


class BlockWanted(BaseModel):
    """Why, and until when; without, for good."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "threats", "by": "Lea"}]})

    why: Why
    until: AwareDatetime | None = None
    by: By = ""


class MarkWanted(BaseModel):
    """Which contact it was."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"contact": "c-ast1-1795332955.0"}]})

    contact: Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
    note: Note = ""


class Taken(msgspec.Struct, frozen=True):
    """So many customers were taken over."""

    customers: int


def routes(customers: Customers, admin: Guard, clock: Callable[[], int]) -> APIRouter:
    router = APIRouter(prefix="/api/v1", tags=["customers"], dependencies=[Depends(admin)])

    @router.get("/customers", summary="Customers, by number", responses=answers(_Customers))
    async def listed(
        after: Annotated[str, Query(max_length=40, pattern=PLAIN)] = "",
        blocked: bool = False,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """`blocked`: those alone of whom that is said, also where its time is over."""
        rows = await customers.store.customers(after, limit + 1, blocked=blocked)
        following = rows[limit - 1].number if len(rows) > limit else None
        return told(_timed({"customers": rows[:limit], "next": following}))

    @router.get("/customers/{number}", summary="One customer", responses=answers(CUSTOMER))
    async def one(number: str) -> Response:
        return told(_timed(await _known(customers, number)))

    @router.put("/customers/{number}", summary="Know a customer", responses=answers(CUSTOMER))
    async def put(number: str, asked: CustomerWanted) -> Response:
        """For their next call. Who is in a call keeps what was known when they called."""
        wanted = _number(customers, number)
        before = await customers.store.customer(wanted) or CustomerRow(number=wanted)
        changed = asked.model_dump(exclude={"by"})
        what = tuple(name for name, value in changed.items() if getattr(before, name) != value)
        await customers.put([replace(before, **changed)], asked.by or BY_API, what or ("nothing",))
        return told(_timed(await _known(customers, wanted)))

    @router.delete("/customers/{number}", summary="Forget a customer", status_code=204, responses=answers(None))
    async def delete(number: str, by: By = "") -> Response:
        """Name, note and all; facts keep the number."""
        await customers.delete(_number(customers, number), by or BY_API)
        return Response(status_code=204)

    @router.put("/customers/{number}/block", summary="Take their calls no more", responses=answers(CUSTOMER))
    async def block(number: str, asked: BlockWanted) -> Response:
        """422 `bad-time` if `until` is over already."""
        wanted = _number(customers, number)
        until = None if asked.until is None else round(asked.until.timestamp() * 1000)
        if until is not None and until <= clock():
            raise RequestError("bad-time", f"It is {iso(clock())}: a block until then would be over already.")
        before = await customers.store.customer(wanted) or CustomerRow(number=wanted)
        after = replace(before, blocked=asked.why, blocked_until=until)
        await customers.put([after], asked.by or BY_API, ("blocked",))
        return told(_timed(await _known(customers, wanted)))

    @router.delete("/customers/{number}/block", summary="Take them again", responses=answers(CUSTOMER))
    async def unblock(number: str, by: By = "") -> Response:
        before = await _known(customers, number)
        await customers.put([replace(before, blocked="", blocked_until=None)], by or BY_API, ("blocked",))
        return told(_timed(await _known(customers, before.number)))

    @router.post("/customers", summary="Know many customers", responses=answers(Taken))
    async def take_over(asked: ImportWanted) -> Response:
        """At most 300 at once, all or none: `ccplane customers import` sends a file in such pieces."""
        rows = {row.number: row for row in (_row(customers, each) for each in asked.customers)}
        await customers.put(list(rows.values()), asked.by or BY_API)
        return told(Taken(len(rows)))

    @router.get("/harassment", summary="Calls that were marked", responses=answers(_Marks))
    async def marks(
        number: Annotated[str | None, Query(max_length=40, pattern=PLAIN)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        after: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        of = None if number is None else customers.number(number)
        return told(_timed(await customers.store.marks(of, after=after, limit=limit)))

    @router.post("/contacts/{contact_id}/harassment", summary="This was harassment", responses=answers(_Marked))
    async def mark(contact_id: str, note: NoteAsked = "", by: By = "") -> Response:
        return told(_timed(await customers.mark(_contact(contact_id), None, by or BY_API, note)))

    return router


def marking(customers: Customers, own: OwnGuard) -> APIRouter:
    """What agents do themselves."""
    router, of_theirs = APIRouter(prefix="/api/v1/agents", tags=["agents"]), Depends(own)

    @router.post("/{agent_id}/harassment", summary="My call was harassment", responses=answers(_Marked))
    async def mark(asked: MarkWanted, asker: Asker = of_theirs) -> Response:
        """In the talk, or after it. Where acd/site.toml says so, who calls so too often is blocked for a while."""
        marked = await customers.mark(_contact(asked.contact), asker.agent, asker.by, asked.note)
        return told(_timed(marked))

    return router


def _contact(given: str) -> ContactId:
    if not (given.startswith("c-") and given.isprintable()):
        raise RequestError("no-such-contact", "No contact has such an id; they begin with `c-`.")
    return ContactId(given)


def _row(customers: Customers, each: Imported) -> CustomerRow:
    until = None if each.blocked_until is None else round(each.blocked_until.timestamp() * 1000)
    return CustomerRow(
        number=_number(customers, each.number),
        name=each.name,
        language=each.language,
        credit_s=each.credit_s,
        note=each.note,
        blocked=each.blocked,
        blocked_until=until,
    )


async def _known(customers: Customers, given: str) -> CustomerRow:
    found = await customers.store.customer(_number(customers, given))
    if found is None:
        raise RequestError("no-such-customer", "No customer is known by this number.", number=given)
    return found


def _number(customers: Customers, given: str) -> str:
    found = customers.number(given)
    digits = found.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= NUMBER_LONGEST):
        raise RequestError("invalid-request", "A number is at most 20 digits, perhaps after a +.", number=given)
    return found


def _timed(what: object) -> Any:
    return with_times(msgspec.to_builtins(what))
