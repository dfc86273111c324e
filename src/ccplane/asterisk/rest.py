"""REST over a WebSocket: requests are written in order, each gets exactly one outcome, in bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct, json

from ccplane.asterisk.events import RestResponse
from ccplane.asterisk.operations import Operation
from ccplane.asterisk.outcomes import Outcome, Refused, Unknown, classify
from ccplane.asterisk.stats import AriStats

T = TypeVar("T")

MAX_FRAME = 65_535
"""Asterisk closes the socket on a longer one."""


class _Pair(Struct):
    name: str
    value: str


class _RestRequest(Struct, tag_field="type", tag="RESTRequest", omit_defaults=True):
    transaction_id: str
    request_id: str
    method: str
    uri: str
    query_strings: list[_Pair] = []  # msgspec makes a new one each time
    content_type: str = ""
    message_body: str = ""


class _Pending(Struct):
    future: asyncio.Future[Any]
    read: Callable[[bytes], Any]
    due: float


class Rest:
    """The requests of one socket. Every future is resolved: by its answer, its deadline, or the loss of the socket.
    `grace`: by how much we must have been late ourselves for what waits in the socket to be read before that counts."""

    def __init__(
        self, write: Callable[[bytes], None], deadline: float, grace: float, backlog: int, stats: AriStats
    ) -> None:
        self._write = write
        self._deadline, self._grace = deadline, grace
        self._backlog = backlog
        self._stats = stats
        self._loop = asyncio.get_running_loop()
        self._pending: dict[str, _Pending] = {}
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None
        self._lost = False
        self._read_first = False
        """Deadlines were put off for what waits in the socket: once only, were we late each time."""
        self._answered_at = 0.0
        self._unanswered: dict[str, float] = {}
        """Since when each request waits, also when it has been given up: the socket may still be held up by it."""

    @property
    def waiting_since(self) -> float | None:
        """Since when an answer is owed and none has come; None if none is owed."""
        oldest = next(iter(self._unanswered.values()), None)
        return None if oldest is None else max(oldest, self._answered_at)

    def send(self, operation: Operation[T]) -> asyncio.Future[Outcome[T]]:
        """Write the request into the socket's buffer. Never raises; the future never carries an exception."""
        future: asyncio.Future[Outcome[T]] = self._loop.create_future()
        if refusal := self._refusal():
            self._settle(future, refusal)
            return future
        self._number += 1
        number = str(self._number)
        frame = encode(operation, number)
        if len(frame) > MAX_FRAME:
            self._settle(future, Refused(0, f"too long: {len(frame)} bytes"))
            return future
        self._remember(number, _Pending(future, operation.read, self._loop.time() + self._deadline))
        self._write(frame)
        return future

    @property
    def pending(self) -> int:
        """How many answers are being waited for."""
        return len(self._pending)

    def answered(self, response: RestResponse) -> None:
        self._answered_at = self._loop.time()
        self._moves_on(response.request_id)
        pending = self._pending.pop(response.request_id, None)
        if pending is None:
            self._stats.late += 1
            return
        self._stats.pending -= 1
        self._settle(pending.future, classify(response, pending.read))

    def lost(self) -> None:
        """The socket is gone: what is pending may have happened or not."""
        self._lost = True
        if self._timer is not None:
            self._timer.cancel()
        while self._pending:
            self._drop("disconnected")

    def _moves_on(self, number: str) -> None:
        """Requests are done in order: what was asked before this one will have no answer any more."""
        while number in self._unanswered:
            self._unanswered.pop(next(iter(self._unanswered)))

    def _refusal(self) -> Refused | None:
        if self._lost:
            return Refused(0, "closed")
        return Refused(0, "backlog") if len(self._pending) >= self._backlog else None

    def _remember(self, number: str, pending: _Pending) -> None:
        self._stats.sent += 1
        self._stats.pending += 1
        self._pending[number] = pending
        self._unanswered[number] = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_at(pending.due, self._overdue)

    def _overdue(self) -> None:
        """All deadlines are equally long, so the oldest request is due first and one timer serves them all."""
        assert self._timer is not None
        now, due = self._loop.time(), self._timer.when()
        self._read_first = now - due > self._grace and not self._read_first
        if self._read_first:  # we stood still: what was answered meanwhile may not have been read yet
            self._timer = self._loop.call_at(now + self._grace, self._overdue)
            return
        self._timer = None
        while self._pending:
            due = next(iter(self._pending.values())).due
            if due > now:
                self._timer = self._loop.call_at(due, self._overdue)
                return
            self._drop("timeout")

    def _drop(self, reason: str) -> None:
        pending = self._pending.pop(next(iter(self._pending)))
        self._stats.pending -= 1
        self._settle(pending.future, Unknown(reason))

    def _settle(self, future: asyncio.Future[Outcome[T]], outcome: Outcome[T]) -> None:
        self._stats.outcomes[type(outcome).__name__] += 1
        if not future.done():  # its owner may have cancelled it
            future.set_result(outcome)


def encode(operation: Operation[Any], number: str) -> bytes:
    request = operation.request()
    return json.encode(
        _RestRequest(
            transaction_id=number,
            request_id=number,
            method=request.method,
            uri=request.uri.lstrip("/"),
            query_strings=[_Pair(name, value) for name, value in request.query],
            content_type="application/json" if request.body else "",
            message_body=request.body.decode(),
        )
    )
