"""One connection to AMI: what is asked, what is answered, what is heard.

panoramisk frames the bytes, parses the messages and words the actions. Everything else of its own is fenced off here,
and `tests/asterisk/test_ami_faults.py` shows each fault on panoramisk alone:

| panoramisk | here |
|---|---|
| keeps unanswered actions and sends them again after a reconnect | a loss makes them Unknown |
| an exception in a callback closes the connection, and what came behind is lost | counted and logged |
| an action without an answer, or asked while disconnected, is awaited for ever | every action has a deadline |
| guesses by English sentences whether a list follows; one that is refused is awaited for ever | the asker says it |
| a letter that two packets share is dropped | only whole lines are decoded |
| a message without an end grows for ever, each packet joined to it anew | bounded |
| a long list is parsed in one go, on the loop of all calls | a slice at a time |
| writes whatever a value holds, line breaks too | refused (`ami_wording`) |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from panoramisk.ami_protocol import AMIProtocol  # type: ignore[import-untyped]

from ccplane.asterisk.actions import Action, Message
from ccplane.asterisk.ami_wording import fault_of, outcome_of, plain, worded
from ccplane.asterisk.outcomes import Done, Outcome, Refused, Unknown
from ccplane.asterisk.stats import AmiStats

log = structlog.get_logger(__name__)

SLICE: Final = 8 * 1024
"""So many bytes are parsed in one go, half a millisecond; then others on the loop get their turn (law 13)."""
LONGEST_MESSAGE: Final = 256 * 1024
MOST_UNREAD: Final = 16 * 1024 * 1024
"""Far more than a list of all phones of a large centre."""
MOST_UNWRITTEN: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Every wait and every bound of the client, in seconds and pieces."""

    opening: float = 5.0
    request: float = 3.0
    listing: float = 10.0
    booting: float = 10.0
    """How long after a login Asterisk is waited for to be fully booted, before lists are asked all the same."""
    probe_every: float = 5.0
    probe_echo: float = 3.0
    pings: int = 3
    """So many without an answer in a row, though events come: logged in, and yet of no use."""
    grace: float = 0.25
    """When we ourselves were late by more than this, a missing answer is our fault and is asked for again."""
    backlog: int = 1000
    """Unanswered actions; beyond it they are refused."""
    items: int = 100_000
    """Of one list."""
    first_wait: float = 0.05
    longest_wait: float = 5.0
    refused_wait: float = 15.0
    """After a wrong password: each try is a line in Asterisk's log."""
    settled: float = 5.0
    """A connection that lived for so long starts the waits anew."""


class _Asked:
    """An action on its way. `until` is the name of the event that ends its list, empty for a single response."""

    def __init__(self, until: str, began: float, timer: asyncio.TimerHandle) -> None:
        self.future: asyncio.Future[Outcome[Any]] = asyncio.get_running_loop().create_future()
        self.until, self.began, self.timer = until, began, timer
        self.items: list[Message] = []


class Session(AMIProtocol):  # type: ignore[misc]
    """Every future is resolved: by its answer, its deadline, or the end. `on_event` gets what nobody asked for."""

    def __init__(self, limits: Limits, stats: AmiStats, on_event: Callable[[Message], None]) -> None:
        self._limits, self._stats, self._on_event = limits, stats, on_event
        self._loop = asyncio.get_running_loop()
        self._pending: dict[str, _Asked] = {}
        self._number = 0
        self._unread = bytearray()
        self._reading_on = False
        self._over: asyncio.Future[str] = self._loop.create_future()
        self.heard_at = self._loop.time()
        """When anything was last read from it."""

    @property
    def ended(self) -> str | None:
        """Why it ended; None while it lives."""
        return self._over.result() if self._over.done() else None

    async def finished(self) -> str:
        """Wait for its end; the reason."""
        return await asyncio.shield(self._over)

    def ask(self, action: Action, *, until: str = "", within: float = 0.0) -> asyncio.Future[Outcome[Any]]:
        """Write it now. Never raises, and the future never carries an exception: Done(response), or with `until`
        Done(list of events)."""
        if refusal := self._refusal(action):
            future: asyncio.Future[Outcome[Any]] = self._loop.create_future()
            future.set_result(refusal)
            self._stats.outcomes["Refused"] += 1
            return future
        self._number += 1
        number = f"{'list' if until else 'ask'}-{self._number}"
        within = within or (self._limits.listing if until else self._limits.request)
        timer = self._loop.call_later(within, self._settle, number, Unknown("timeout"))
        self._pending[number] = asked = _Asked(until, self._loop.time(), timer)
        self._stats.sent += 1
        self._stats.pending += 1
        asked.future.add_done_callback(lambda _: self._settle(number, Unknown("cancelled")))  # by its owner
        assert self.transport is not None, "nothing is sent before the connection is made"
        self.transport.write(worded(action, number))
        return asked.future

    def end(self, reason: str) -> None:
        """Drop it. What is pending may have happened or not."""
        if self._over.done():
            return
        self._over.set_result(reason)
        for number in list(self._pending):
            self._settle(number, Unknown("disconnected"))
        self._unread.clear()
        if self.transport is not None:
            self.transport.abort()

    # asyncio.Protocol, as panoramisk has it

    transport: asyncio.Transport | None = None
    encoding = "utf-8"
    """Its own would be ASCII, without what isn't."""

    def data_received(self, data: bytes) -> None:
        if self._over.done():
            return
        self.heard_at = self._loop.time()
        self._unread += data
        if len(self._unread) > MOST_UNREAD:
            self.end("overflow")
        elif not self._reading_on:
            self._read_on()

    def connection_lost(self, fault: object) -> None:
        self.end(f"disconnected: {fault}" if isinstance(fault, Exception) else "disconnected")

    # what panoramisk calls, or would

    def handle_message(self, message: Any) -> None:
        """Each message, in order. In panoramisk this is the place where answers are matched and events dispatched."""
        said = plain(message)
        number = said.get("actionid", "")
        asked = self._pending.get(number)
        if asked is not None:
            self._answered(number, asked, said)
        elif "event" not in said or number.startswith("list-"):
            self._stats.late += 1
        else:
            self._on_event(said)

    # within

    def _refusal(self, action: Action) -> Refused | None:
        if self._over.done() or self.transport is None or self.transport.is_closing():
            return Refused(0, "closed")
        if len(self._pending) >= self._limits.backlog or self.transport.get_write_buffer_size() > MOST_UNWRITTEN:
            return Refused(0, "backlog")
        fault = fault_of(action)
        return Refused(0, fault) if fault else None

    def _read_on(self) -> None:
        self._reading_on = False
        if self._over.done():
            return
        whole = self._unread.rfind(b"\n", 0, SLICE) + 1
        if whole:
            lines = bytes(self._unread[:whole])
            del self._unread[:whole]
            self._parse(lines)
        if self._too_long():
            self.end("overflow")
        elif whole and self._unread:
            self._reading_on = True
            self._loop.call_soon(self._read_on)

    def _parse(self, lines: bytes) -> None:
        """A message on which the parser stumbles would be lost in silence, and what came behind it."""
        try:
            super().data_received(lines)
        except Exception as fault:
            log.exception("what AMI said could not be read; asking anew", exc_info=fault)
            self._stats.faults += 1
            self.end("unreadable")

    def _too_long(self) -> bool:
        """A line longer than a slice, or a message that doesn't end."""
        no_line = len(self._unread) >= SLICE and b"\n" not in self._unread[:SLICE]
        return no_line or any(len(rest) > LONGEST_MESSAGE for rest in self.queue)

    def _answered(self, number: str, asked: _Asked, said: Message) -> None:
        if "response" in said and "event" not in said:
            outcome = outcome_of(said)
            if not asked.until or not isinstance(outcome, Done):
                self._settle(number, outcome)
        elif said.get("event") == asked.until:
            self._settle(number, Done(asked.items))
        elif not asked.until:
            self._on_event(said)
        elif len(asked.items) >= self._limits.items:
            self._settle(number, Unknown("too long"))
        else:
            asked.items.append(said)

    def _settle(self, number: str, outcome: Outcome[Any]) -> None:
        asked = self._pending.pop(number, None)
        if asked is None:
            return
        asked.timer.cancel()
        self._stats.pending -= 1
        self._stats.outcomes[type(outcome).__name__] += 1
        if not isinstance(outcome, Unknown):
            self._stats.round_trips.observe(self._loop.time() - asked.began)
        if not asked.future.done():  # its owner may have cancelled it
            asked.future.set_result(outcome)
