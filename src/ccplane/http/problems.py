"""Every error that leaves the API: RFC 9457 problem+json with a stable `code`. Only here errors become statuses."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ccplane.errors import (
    CcplaneError,
    IllegalMove,
    ProgramError,
    RequestError,
    SetupError,
    SiteError,
    StoreError,
    SwitchError,
)
from ccplane.site import SiteFaults

log = structlog.get_logger()

BY_CODE: Final[Mapping[str, int]] = {
    "no-such-agent": 404,
    "no-such-contact": 404,
    "no-such-queue": 404,
    "no-such-window": 404,
    "no-such-overlay": 404,
    "contact-not-waiting": 409,
    "contact-offered": 409,
    "nobody-signed-in": 409,
    "no-such-message": 404,
    "message-taken": 409,
    "no-such-notice": 404,
    "notice-sent": 409,
    "notice-over": 409,
    "no-audio": 404,
    "no-such-fax": 404,
    "no-pages": 404,
    "no-such-page": 404,
    "no-phone": 404,
    "no-such-recording": 404,
    "recording-not-stored": 409,
    "recording-gone": 410,
    "not-recorded": 409,
    "recording-being-changed": 409,
    "recording-not-changed": 503,
    "agent-busy": 409,
    "not-in-wrap-up": 409,
    "not-extendable": 409,
    "wrap-up-at-most": 409,
    "agent-unreachable": 409,
    "number-not-allowed": 403,
    "no-node": 503,
    "handing-over": 503,
    "draining": 503,
    "site-faults": 422,
    "cannot-hand-over": 409,
    "not-draining": 409,
    "cannot-reload": 409,
    "no-such-seat": 404,
    "no-such-callback": 404,
    "no-such-emergency": 404,
    "no-such-customer": 404,
    "number-withheld": 409,
    "no-such-prompt": 422,
    "bad-range": 422,
    "bad-time": 422,
    "cannot-be-spoken": 503,
    "no-such-number": 404,
    "not-offered": 409,
    "do-not-call": 409,
    "already-promised": 409,
    "being-called": 409,
    "unauthorised": 401,
    "wrong-pin": 401,
    "seat-not-yours": 403,
    "seat-taken": 409,
    "bad-pin": 422,
    "pin-locked": 429,
    "too-many-tries": 503,
    "not-yours": 403,
    "invalid-request": 422,
    "too-many-readers": 503,
    "too-many-questions": 503,
    "bad-figures": 422,
    "not-named": 422,
    "too-large": 413,
    "too-long": 422,
    "wrong-way": 422,
    "not-by": 422,
    "no-such-figure": 404,
    "no-such-kind": 422,
    "not-a-quarter": 422,
    "contact-on-its-way": 503,
}
BY_FAULT: Final[Mapping[type[CcplaneError], int]] = {
    RequestError: 400,
    StoreError: 503,
    SwitchError: 503,
    SiteError: 500,
    ProgramError: 500,
    SetupError: 500,
    IllegalMove: 500,
}
BY_STATUS: Final[Mapping[int, tuple[str, str]]] = {
    404: ("no-such-page", "There is nothing at this address; /api/docs shows what there is."),
    405: ("method-not-allowed", "This address does not know that method; /api/docs shows which it knows."),
}
HEADERS: Final[Mapping[int, Mapping[str, str]]] = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with a request: where it stands, and what is wrong. In a file: which, line and key."""

    where: str
    message: str
    path: str = ""
    line: int = 0
    key: str = ""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error. `code` is stable, for programs; `detail` is for people; `errors` are the faults of the request."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: tuple[Fault, ...] = ()


def problem(
    status: int, code: str, detail: str, errors: tuple[Fault, ...] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """The response that tells this error."""
    title = HTTPStatus(status).phrase
    body = Problem(f"urn:ccplane:problem:{code}", title, status, code, detail, errors)
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type="application/problem+json",
        headers={**HEADERS.get(status, {}), **(headers or {})},
    )


def status_of(error: CcplaneError) -> int:
    """By its code, else by whose fault it is."""
    by_fault = next((status for kind, status in BY_FAULT.items() if isinstance(error, kind)), 500)
    return BY_CODE.get(error.code, by_fault)


async def _told(_: Request, error: Exception) -> Response:
    assert isinstance(error, CcplaneError)
    status = status_of(error)
    if status >= 500:
        log.warning("a request failed", code=error.code, error=str(error))
    if isinstance(error, SiteFaults):
        faults = tuple(_site_fault(each) for each in error.faults)
        return problem(status, error.code, "The site has faults; nothing was changed.", faults)
    if isinstance(error, RequestError) and error.code == "bad-figures":
        return problem(status, error.code, str(error), tuple(_figures_fault(each) for each in error.facts["faults"]))
    return problem(status, error.code, str(error))


def _figures_fault(fault: Mapping[str, Any]) -> Fault:
    where = f"row {fault['row']}" + (f", column {fault['column']}" if fault["column"] else "")
    return Fault(where, fault["said"], line=fault["row"], key=fault["column"])


def _site_fault(fault: SiteError) -> Fault:
    where = ": ".join(filter(None, (f"{fault.path}:{fault.line}" if fault.line else fault.path, fault.key)))
    return Fault(where, fault.sentence, fault.path, fault.line, fault.key)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = tuple(Fault(_where(fault), str(fault["msg"])) for fault in error.errors())
    return problem(422, "invalid-request", "The request is not as it should be; `errors` says where.", faults)


def _where(fault: Any) -> str:
    return ".".join(str(part) for part in fault["loc"])


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = BY_STATUS.get(error.status_code, ("bad-request", str(error.detail)))
    return problem(error.status_code, code, detail, headers=error.headers)


async def _unforeseen(request: Request, _: Exception) -> Response:
    """A fault of ours. What exactly stands in the log, where the server puts the traceback, and nowhere else."""
    log.error("a request failed unforeseen", path=request.url.path)
    return problem(500, "internal-error", "ccplane failed at this; its log says why.")


def install(app: FastAPI) -> None:
    """Let every error of this app be told as a problem."""
    app.add_exception_handler(CcplaneError, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)
