"""What can become of a command: a closed set, so that nobody has to read status codes twice.

| outcome | means | Asterisk says |
|---|---|---|
| Done | accepted; only an event proves that it happened (law 8) | 200, 204 |
| Gone | the thing is no more, or never was | 404; addChannel: **400 `Channel not found`** |
| Conflict | the id exists already: our own earlier try got through | 409 |
| Busy | there, but can't now: leaving, or not in Stasis (yet, any more) | 412, 422, 409 `… not in Stasis …` |
| Refused | anything else that is definite | 400, 403, 405; 500 `Allocation failed`: no phone there |
| Refused, status 0 | it never left us: `fenced`, `closed`, `backlog` | |
| Unknown | may have happened or not: ask by a GET, never try again blindly (law 7) | no answer, or no legible one |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from ccplane.asterisk.events import RestResponse

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Done(Generic[T_co]):
    value: T_co


@dataclass(frozen=True, slots=True)
class Gone:
    message: str


@dataclass(frozen=True, slots=True)
class Conflict:
    message: str


@dataclass(frozen=True, slots=True)
class Busy:
    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    status: int
    message: str


@dataclass(frozen=True, slots=True)
class Unknown:
    reason: str


Outcome = Done[T] | Gone | Conflict | Busy | Refused | Unknown

NOT_IN_STASIS = "not in Stasis"


class _Complaint(msgspec.Struct):
    """Asterisk says `message`, and `error` when an originate fails."""

    message: str = ""
    error: str = ""


_complaint = msgspec.json.Decoder(_Complaint)


def classify(response: RestResponse, read: Callable[[bytes], T]) -> Outcome[T]:
    """The outcome of an answered request; `read` decodes the body of a success."""
    status = response.status_code
    if 200 <= status < 300:
        return _done(response, read)
    message = _message(response)
    match status:
        case 404:
            return Gone(message)
        case 400 if message == "Channel not found":  # addChannel alone says it with 400
            return Gone(message)
        case 409 if NOT_IN_STASIS not in message:
            return Conflict(message)
        case 409 | 412 | 422:
            return Busy(message)
        case _:
            return Refused(status, message)


def _done(response: RestResponse, read: Callable[[bytes], T]) -> Outcome[T]:
    try:
        return Done(read(response.message_body.encode()))
    except msgspec.MsgspecError as fault:
        return Unknown(f"undecodable: {fault}")


def _message(response: RestResponse) -> str:
    try:
        complaint = _complaint.decode(response.message_body.encode())
    except msgspec.MsgspecError:
        return response.reason_phrase
    return complaint.message or complaint.error or response.reason_phrase
