"""One side of one call, as RFC 3261 has it: what `Call` (dialled by us) and `Ring` (at a phone of ours) share.

A leg never waits and never raises for what the other side does; what happened is told by its futures.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ccplane.testing.rtp import Audio
from ccplane.testing.siplab.links import Address, Link, Resend
from ccplane.testing.siplab.wire import (
    Media,
    Message,
    escape,
    media_of,
    request,
    response,
    sdp,
    unique,
)

if TYPE_CHECKING:
    from ccplane.testing.siplab.station import Station


class State(StrEnum):
    CALLING = "calling"  # ours: INVITE sent · theirs: INVITE here, nothing said yet
    RINGING = "ringing"
    UP = "up"
    ENDED = "ended"


class How(StrEnum):
    """Why a leg ended."""

    HUNG_UP = "hung-up"  # by us
    PEER_HUNG_UP = "peer-hung-up"
    CANCELLED = "cancelled"  # by whoever dialled, before the answer
    REFUSED = "refused"  # a final code of 300 or more
    LOST = "lost"  # no reply for 32 s


@dataclass(frozen=True, slots=True)
class End:
    """How a leg ended. `code`: the SIP code that said so (0: none); `reason`: the Reason header; `at`: monotonic s."""

    how: How
    code: int
    reason: str
    at: float


class Leg:
    """What both kinds share: a dialog, its audio, its end."""

    def __init__(self, station: Station, link: Link, peer: Address, call_id: str, user: str) -> None:
        loop = asyncio.get_running_loop()
        self.station, self.link, self.peer, self.call_id, self.user = station, link, peer, call_id, user
        self.state = State.CALLING
        self.started = time.monotonic()
        self.answered: asyncio.Future[float] = loop.create_future()  # when the call came up
        self.ended: asyncio.Future[End] = loop.create_future()
        self.audio = Audio() if station.audio else None
        self.reinvites = 0
        self.local = self.remote = self.target = ""
        self.routes: list[str] = []
        self.cseq = 1
        self.remote_cseq = 0
        self._timers: list[asyncio.TimerHandle] = []
        self._unanswered: dict[str, Resend] = {}  # requests of ours, by method
        self._unacked: Resend | None = None  # a final response to an INVITE
        self._said = b""  # the last response to their latest INVITE
        self._hang_up_when_acked = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.user} {self.state} {self.call_id}>"

    @property
    def contact(self) -> str:
        return f"<sip:{escape(self.user)}@127.0.0.1:{self.link.port}{self.link.uri_suffix}>"

    # ── what a test or a behaviour may do ──

    def hang_up(self) -> None:
        """End it, whatever state it is in: BYE, CANCEL or a refusal. Harmless when it has ended."""
        if self.state is State.ENDED:
            return
        if self._unacked is not None and self.state is State.UP:
            self._hang_up_when_acked = True  # RFC 3261 §15: the callee may not say BYE before the ACK
            return
        at = time.monotonic()  # before it leaves: the switch may act on it before we run again
        self._send("BYE")
        self._end(How.HUNG_UP, at=at)

    def press(self, key: str) -> None:
        """One key, by SIP INFO: for legs without audio. With audio use `audio.press`."""
        if self.state is State.UP:
            self._send("INFO", f"Signal={key}\r\nDuration=160\r\n", ("Content-Type: application/dtmf-relay",))

    def forget(self) -> None:
        """Over without a word, as for a phone that lost its power, or whose switch did."""
        if self.state is not State.ENDED:
            self._end(How.LOST)
            self.silence()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do this in `seconds`, unless the leg has ended by then."""
        self._timers.append(asyncio.get_running_loop().call_later(seconds, act))

    async def up(self, within: float = 20.0) -> float:
        """Waits for the answer; returns its time. `TimeoutError`, or `CallEnded` if it ended first."""
        return await self._before_the_end(self.answered, within)

    async def over(self, within: float = 20.0) -> End:
        """Waits for the end."""
        async with asyncio.timeout(within):
            return await asyncio.shield(self.ended)

    async def _before_the_end(self, wanted: asyncio.Future[float], within: float) -> float:
        await asyncio.wait((wanted, self.ended), timeout=within, return_when=asyncio.FIRST_COMPLETED)
        if wanted.done():
            return wanted.result()
        if self.ended.done():
            raise CallEnded(self.ended.result())
        raise TimeoutError(f"{self!r}: still waiting after {within} s")

    # ── requests of theirs ──

    def on_request(self, message: Message, link: Link, sender: Address) -> None:
        match message.method:
            case "ACK":
                self._acked(message)
            case "BYE":
                self._reply(message, 200)
                self._end(How.PEER_HUNG_UP, reason=message.first("reason"), at=message.at)
            case "INVITE":
                self._reinvited(message)
            case "UPDATE":
                self._heard(message.body)
                self._reply(message, 200, self._sdp() if message.body else "")
            case "OPTIONS" | "INFO" | "NOTIFY" | "MESSAGE":
                self._reply(message, 200)
            case "CANCEL":
                self._reply(message, 200)
            case _:
                self._reply(message, 405)

    def after_the_end(self, message: Message) -> None:
        """A request for a leg that has ended: late, or sent again since our answer was lost."""
        if message.method == "ACK":
            self._acked(message)
        elif message.method in ("BYE", "CANCEL"):
            self._reply(message, 200)
        elif message.method == "INVITE" and message.cseq == self.remote_cseq and self._said:
            self.link.send(self._said, self.peer)
        else:
            self._reply(message, 481)

    def _reinvited(self, message: Message) -> None:
        if message.cseq <= self.remote_cseq:  # sent again
            self.link.send(self._said, self.peer)
            return
        self.remote_cseq = message.cseq
        self.reinvites += 1
        self._heard(message.body)
        self._final(message, 200, self._sdp())

    def _acked(self, message: Message) -> None:
        if self._unacked is not None and message.cseq == self.remote_cseq:
            self._unacked.stop()
            self._unacked = None
            self._heard(message.body)
            if self._hang_up_when_acked:
                self.hang_up()

    def _reply(self, message: Message, code: int, body: str = "") -> None:
        self.link.send(response(message, code, body=body, contact=self.contact), self.peer)

    def _final(self, invite: Message, code: int, body: str = "", tag: str = "") -> None:
        """A final response to an INVITE, repeated until it is acknowledged."""
        if self._unacked is not None:
            self._unacked.stop()
        self._said = response(invite, code, tag=tag, contact=self.contact, body=body)
        self._unacked = Resend(self.link, self._said, self.peer, self._never_acked)

    def _never_acked(self) -> None:
        self._unacked = None
        self.station.record.trouble["no-ack"] += 1
        if self.state is State.UP:
            self.hang_up()

    # ── our own requests ──

    def on_response(self, message: Message) -> None:
        if message.code >= 200 and (sent := self._unanswered.pop(message.cseq_method, None)) is not None:
            sent.stop()
            if message.code != 200:
                self.station.record.trouble[f"{message.cseq_method.lower()}-{message.code}"] += 1

    def _send(self, method: str, body: str = "", extra: tuple[str, ...] = ()) -> None:
        self.cseq += 1
        data = self._request(method, self.cseq, self.target, unique(), self.remote, body, extra)
        self._unanswered[method] = Resend(self.link, data, self.peer, lambda: self._unheard(method))

    def _unheard(self, method: str) -> None:
        self._unanswered.pop(method, None)
        self.station.record.trouble[f"{method.lower()}-unanswered"] += 1

    def _request(
        self, method: str, cseq: int, uri: str, branch: str, to: str, body: str = "", extra: tuple[str, ...] = ()
    ) -> bytes:
        headers = [f"Route: {route}" for route in self.routes]
        headers += [f"From: {self.local}", f"To: {to}", f"Call-ID: {self.call_id}", f"CSeq: {cseq} {method}"]
        headers += [f"Contact: {self.contact}", *extra]
        return request(method, uri, f"{self.link.via};rport;branch=z9hG4bK{branch}", headers, body)

    # ── media, end ──

    def _sdp(self) -> str:
        return sdp(self.audio.port if self.audio else self.station.sink_port)

    def _heard(self, body: str) -> None:
        media: Media | None = media_of(body) if self.audio and body else None
        if media and self.audio:
            self.audio.connect((media.host, media.port), media.telephone_event)

    def _end(self, how: How, code: int = 0, reason: str = "", at: float = 0.0) -> None:
        if self.state is State.ENDED:
            return
        self.state = State.ENDED
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self.audio:
            self.audio.close()
        self.ended.set_result(End(how, code, reason, at or time.monotonic()))
        self.station.leg_ended(self)

    def silence(self) -> None:
        """Stop every timer: the lab closes."""
        for resend in (*self._unanswered.values(), self._unacked):
            if resend is not None:
                resend.stop()
        for timer in self._timers:
            timer.cancel()
        if self.audio:
            self.audio.close()


class CallEnded(Exception):
    """What was awaited can't come any more: the call is over. `end` says how."""

    def __init__(self, end: End) -> None:
        super().__init__(f"the call ended first: {end.how} {end.code or ''} {end.reason}".rstrip())
        self.end = end
