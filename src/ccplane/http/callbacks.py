"""Callbacks: promise one, see which there are, take one back; and the numbers that are not called at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from secrets import token_hex
from types import GenericAlias
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ccplane.contacts.callback import Callback
from ccplane.contacts.facts.callbacks import CallbackPromised, CallbackRefused
from ccplane.core.inputs import CallbackCancelWanted, CallbackWanted
from ccplane.core.promises import ANSWER_MS, AWAY, why_not_promised
from ccplane.errors import RequestError, StoreError
from ccplane.http.auth import Guard
from ccplane.http.openapi import answers
from ccplane.http.ports import CallbackStore, Plane, Snapshot
from ccplane.http.views import readable, told, with_times
from ccplane.ids import CallbackId, QueueName
from ccplane.laws import Fact
from ccplane.postgres.callbacks import BarredNumber, CallbackRow, CallbacksWanted
from ccplane.routing.dialling import bare, plain

FURTHEST_MS: Final = 31 * 86_400_000
BY_API: Final = "api"
Text = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
SENTENCES: Final = {
    "not-offered": "This site calls nobody back: acd/callbacks.toml says whom it may (`allow`).",
    "no-such-queue": "There is no queue of this name.",
    "do-not-call": "This number is on the do-not-call list.",
    "already-promised": "This number is promised a callback already, and is called back once.",
}

CALLBACK: Final = readable(
    CallbackRow,
    "Callback",
    "A customer who is called back when their turn comes.",
    {
        "state": "asked, pending, waiting, claiming, dialling, reached, refused; or how it ended: done, left, "
        "tries-used, expired, cancelled, barred.",
        "why": "Why it was refused, put off last, or ended.",
        "since": "The customer's clock: their place in the line is by it.",
        "asked_in": "The contact that asked; null: the API.",
        "contact": "The last contact that stood in the line for them, or called them.",
        "tries": "How often the customer was called.",
        "waited_ms": "From `since` until they answered.",
        "next_at": "Not before then.",
        "not_before": "They chose a time, which begins then and ends with `expires_at`; null: when it is their turn.",
    },
)
_Page: Final = msgspec.defstruct(
    "Callbacks",
    [("callbacks", GenericAlias(list, (CALLBACK,))), ("next", str | None)],
    namespace={"__doc__": "A page of callbacks. `next`: the cursor of the following page, null on the last."},
)
BARRED: Final = readable(
    BarredNumber, "BarredNumber", "A number that is not called.", {"until": "Until when; null: for good."}
)
_Barred: Final = msgspec.defstruct(
    "BarredNumbers",
    [("numbers", GenericAlias(list, (BARRED,)))],
    namespace={"__doc__": "Numbers that are not called, in order."},
)


class CallbackAskedFor(BaseModel):
    """Whom to call back, and in which queue's line they stand: from now on and as long as the site says, or from
    `not_before` and until `until`, at most 31 days ahead."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"number": "5551000", "queue": "support", "name": "Ms Li"}]}
    )

    number: Annotated[str, Field(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]
    queue: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    not_before: AwareDatetime | None = None
    until: AwareDatetime | None = None


class Bar(BaseModel):
    """Why a number is not called, and until when; without, for good."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "asked not to be called"}]})

    why: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
    until: AwareDatetime | None = None


class Answers:
    """What came of each wish that somebody waits for."""

    def __init__(self, plane: Plane) -> None:
        self._waiting: dict[CallbackId, asyncio.Future[str]] = {}
        plane.follow(self._follow)

    def expect(self, callback: CallbackId) -> asyncio.Future[str]:
        """Why it is not promised; "" if it is."""
        self._waiting[callback] = future = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda _: self._waiting.pop(callback, None))
        return future

    def _follow(self, _: Snapshot, facts: Sequence[Fact], __: int) -> None:
        for fact in facts:
            if isinstance(fact, CallbackPromised | CallbackRefused):
                waits = self._waiting.get(fact.callback)
                if waits is not None and not waits.done():
                    waits.set_result(fact.why if isinstance(fact, CallbackRefused) else "")


def routes(plane: Plane, store: CallbackStore, admin: Guard, clock: Callable[[], int]) -> APIRouter:
    router = APIRouter(prefix="/api/v1", tags=["callbacks"], dependencies=[Depends(admin)])
    promised = Answers(plane)

    @router.get("/callbacks", summary="Callbacks, the latest asked for first", responses=answers(_Page))
    async def callbacks(
        queue: Text = None,
        state: Text = None,
        number: Text = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        after: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response:
        """`state`: one of theirs, or `open`: all that are not over."""
        wanted = CallbacksWanted(queue=queue, state=state, number=number)
        page = await store.callbacks(wanted, after=after, limit=limit)
        return told(_timed(page))

    @router.get("/callbacks/{callback_id}", summary="One callback", responses=answers(CALLBACK))
    async def callback(callback_id: str) -> Response:
        row = await store.callback(CallbackId(callback_id)) if callback_id.isprintable() else None
        live = plane.snapshot.state.callbacks.get(CallbackId(callback_id))
        if row is None and live is not None:
            row = _row(live)  # Postgres does not have its facts yet
        if row is None:
            raise _unknown(callback_id)
        return told(_timed(row))

    @router.post(
        "/callbacks",
        summary="Promise to call somebody back",
        status_code=201,
        responses=answers(None, also={201: CALLBACK}),
    )
    async def promise(asked: CallbackAskedFor) -> Response:
        """Answers 201 once Postgres has it: from then on it is kept, whatever fails. 503 `database-away`: it is not
        promised. 409 `already-promised`, `do-not-call`, `not-offered`; 403 `number-not-allowed`."""
        queue = QueueName(asked.queue)
        if why := why_not_promised(plane.snapshot.state, asked.number, queue):
            raise _refused(why)
        window = _window(asked, clock())
        callback = CallbackId(f"cb-{token_hex(8)}")
        answer = promised.expect(callback)
        number = plain(plane.snapshot.state.rules.dialling, bare(asked.number))
        wanted = CallbackWanted(
            callback=callback, number=number, queue=queue, caller_name=asked.name, by=BY_API, window=window
        )
        try:
            await plane.ask(wanted)
            async with asyncio.timeout(ANSWER_MS / 1000 + 1):
                why = await answer
        except TimeoutError:
            why = AWAY
        finally:
            answer.cancel()
        if why:
            raise _refused(why)
        live = plane.snapshot.state.callbacks.get(callback)
        if live is None:
            raise _unknown(callback)
        return told(_timed(_row(live)), status=201)

    @router.delete("/callbacks/{callback_id}", summary="Take a promise back", status_code=204, responses=answers(None))
    async def cancel(callback_id: str) -> Response:
        """409 `being-called`: the customer's phone rings already, or they talk."""
        callback = CallbackId(callback_id)
        if callback not in plane.snapshot.state.callbacks:
            row = await store.callback(callback) if callback_id.isprintable() else None
            if row is None:
                raise _unknown(callback_id)
            return Response(status_code=204)  # over already
        after = await plane.ask(CallbackCancelWanted(callback=callback, by=BY_API))
        if callback in after.state.callbacks:
            raise RequestError("being-called", "The customer is being called: it is too late.", callback=callback_id)
        return Response(status_code=204)

    @router.get("/do-not-call", summary="Numbers that are not called", responses=answers(_Barred))
    async def barred(
        after: Annotated[str, Query(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 500,
    ) -> Response:
        """`after`: the last number of the page before."""
        numbers = await store.barred(clock(), after=after, limit=limit)
        return told(_timed({"numbers": numbers}))

    @router.put("/do-not-call/{number}", summary="Call this number no more", status_code=204, responses=answers(None))
    async def bar(number: str, asked: Bar) -> Response:
        """Holds for every dialling whose claim is not committed yet; a promise of it ends when its turn comes."""
        until = None if asked.until is None else round(asked.until.timestamp() * 1000)
        await store.bar(_plain(plane, number), asked.why, BY_API, clock(), until)
        return Response(status_code=204)

    @router.delete("/do-not-call/{number}", summary="It may be called again", status_code=204, responses=answers(None))
    async def unbar(number: str) -> Response:
        if not await store.unbar(_plain(plane, number)):
            raise RequestError("no-such-number", "This number is not on the do-not-call list.", number=number)
        return Response(status_code=204)

    return router


def _window(asked: CallbackAskedFor, now: int) -> tuple[int | None, int | None]:
    begins, ends = (
        None if each is None else round(each.timestamp() * 1000) for each in (asked.not_before, asked.until)
    )
    first = now if begins is None else max(begins, now)
    if (begins is not None and begins > now + FURTHEST_MS) or (
        ends is not None and not first < ends <= now + FURTHEST_MS
    ):
        raise RequestError("bad-time", "`until` is later than now and than `not_before`; both within 31 days.")
    if begins is not None and ends is None:
        raise RequestError("bad-time", "With `not_before` say `until`, too: when the promise ends.")
    return begins, ends


def _timed(what: object) -> Any:
    return with_times(msgspec.to_builtins(what))


def _plain(plane: Plane, number: str) -> str:
    """As callbacks have it."""
    found = plain(plane.snapshot.state.rules.dialling, bare(number))
    digits = found.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
        raise RequestError("invalid-request", "A number is at most 20 digits, perhaps after a +.", number=number)
    return found


def _refused(why: str) -> Exception:
    if why == AWAY:
        return StoreError(AWAY, "Postgres is away: nothing is promised that might not be kept.")
    code = why if why in SENTENCES else "number-not-allowed"
    return RequestError(code, SENTENCES.get(why, f"This number is not called back: {why}."), rule=why)


def _unknown(callback: str) -> RequestError:
    return RequestError("no-such-callback", "There is no callback with this id.", callback=callback)


def _row(callback: Callback) -> CallbackRow:
    """As its row will be, once Postgres has the facts."""
    return CallbackRow(
        id=callback.id,
        number=callback.number,
        queue=callback.queue,
        asked_in=callback.asked_in,
        asked_by=BY_API,
        state=callback.state.value,
        why=callback.last_why or None,
        contact=callback.contact,
        agent=callback.agent,
        tries=callback.tries,
        waited_ms=None,
        since=callback.since,
        asked_at=callback.asked_at,
        expires_at=callback.expires_at,
        next_at=callback.deadline,
        reached_at=None,
        ended_at=None,
        not_before=callback.not_before,
    )
