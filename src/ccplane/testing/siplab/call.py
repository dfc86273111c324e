"""A call that we dialled: INVITE, what comes back, and the way out of it in every state."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from ccplane.testing.siplab.leg import How, Leg, State
from ccplane.testing.siplab.links import Address, Link, Resend
from ccplane.testing.siplab.wire import Message, authorization, escape, unique, uri_of

if TYPE_CHECKING:
    from ccplane.testing.siplab.station import Dialling, Station


class Call(Leg):
    """A call that we dialled."""

    def __init__(self, station: Station, dialling: Dialling, link: Link, peer: Address) -> None:
        super().__init__(station, link, peer, unique(), dialling.number)
        loop = asyncio.get_running_loop()
        self.dialling, self.number = dialling, dialling.number
        self.ringing: asyncio.Future[float] = loop.create_future()  # the first 18x
        self.connected: asyncio.Future[str] = loop.create_future()  # which phone of this lab took it
        self.target = f"sip:{escape(dialling.exten)}@{peer[0]}:{peer[1]}{link.uri_suffix}"
        self.local = dialling.from_header
        self.remote = f"<sip:{escape(dialling.exten)}@{peer[0]}>"
        self._to, self._uri = self.remote, self.target
        self._branch = unique()
        self._acks: dict[int, bytes] = {}  # by the INVITE's CSeq: a final response that comes again is answered again
        self._heard_back = self._giving_up = self._tried = False

    def start(self) -> None:
        if self.dialling.patience is not None:
            self.after(self.dialling.patience, self.give_up)
        self.started = time.monotonic()
        self._invite()

    def _invite(self, *extra: str) -> None:
        data = self._request("INVITE", self.cseq, self._uri, self._branch, self._to, self._sdp(), extra)
        self._unanswered["INVITE"] = Resend(self.link, data, self.peer, self._no_reply, cap=64.0)

    def _no_reply(self) -> None:
        self._unanswered.pop("INVITE", None)
        self._end(How.LOST)

    def give_up(self) -> None:
        """Lose patience now: CANCEL or BYE, unless a phone of this lab has answered."""
        if not self.connected.done():
            self.station.record.gave_up(self)
            self.hang_up()

    def hang_up(self) -> None:
        if self.state in (State.CALLING, State.RINGING):
            self._giving_up = True
            if self._heard_back:  # RFC 3261 §9.1: not before a provisional response
                self._cancel()
            return
        super().hang_up()

    def _cancel(self) -> None:
        if "CANCEL" in self._unanswered:
            return
        data = self._request("CANCEL", self.cseq, self._uri, self._branch, self._to)
        self._unanswered["CANCEL"] = Resend(self.link, data, self.peer, self._no_reply)
        self.after(32.0, self._no_reply)

    def taken(self, by: str) -> None:
        """A phone of this lab has answered this caller."""
        if not self.connected.done():
            self.connected.set_result(by)
            if self.dialling.talk is not None:
                self.after(self.dialling.talk, self.hang_up)

    # ── responses ──

    def on_response(self, message: Message) -> None:
        if message.cseq_method != "INVITE":
            super().on_response(message)
        elif message.cseq != self.cseq and self.state in (State.CALLING, State.RINGING):
            self._ack_again(message)
        elif message.code < 200:
            self._progress(message)
        elif message.code < 300:
            self._accepted(message)
        else:
            self._refused(message)

    def _ack_again(self, message: Message) -> None:
        ack = self._acks.get(message.cseq)
        if ack is not None and message.code >= 200:
            self.link.send(ack, self.peer)

    def _stop_inviting(self) -> None:
        if (sent := self._unanswered.pop("INVITE", None)) is not None:
            sent.stop()

    def _progress(self, message: Message) -> None:
        self._stop_inviting()
        if self.state not in (State.CALLING, State.RINGING):
            return
        self._heard_back = True
        if message.code > 100:
            self.state = State.RINGING
            self._heard(message.body)
            if not self.ringing.done():
                self.ringing.set_result(message.at)
        if self._giving_up:
            self._cancel()

    def _accepted(self, message: Message) -> None:
        self._stop_inviting()
        if message.cseq in self._acks:
            self._ack_again(message)
            return
        self.remote = message.first("to")
        self.target = uri_of(message.first("contact")) or self.target
        self.routes = message.headers.get("record-route", [])[::-1]
        self._ack(message, self.target, unique())
        if self.state is State.ENDED:
            self._send("BYE")
            return
        self.state = State.UP
        self._heard(message.body)
        self.answered.set_result(message.at)
        if self._giving_up:  # the answer crossed our CANCEL
            self.hang_up()
        elif self.dialling.hang_up_after is not None:
            self.after(self.dialling.hang_up_after, self.hang_up)

    def _refused(self, message: Message) -> None:
        self._stop_inviting()
        if message.cseq in self._acks:
            self._ack_again(message)
            return
        self.remote = message.first("to")
        self._ack(message, self._uri, self._branch)
        if message.code in (401, 407) and self.dialling.secret and not self._tried:
            self._authorize(message)
            return
        how = How.CANCELLED if message.code == 487 and self._giving_up else How.REFUSED
        self._end(how, message.code, message.first("reason"), message.at)

    def _ack(self, message: Message, uri: str, branch: str) -> None:
        self._acks[message.cseq] = ack = self._request("ACK", message.cseq, uri, branch, self.remote)
        self.link.send(ack, self.peer)

    def _authorize(self, message: Message) -> None:
        self._tried = True
        self.cseq += 1
        self._branch, self._heard_back = unique(), False
        name, header = (
            ("www-authenticate", "Authorization")
            if message.code == 401
            else ("proxy-authenticate", "Proxy-Authorization")
        )
        said = authorization(message.first(name), "INVITE", self._uri, self.number, self.dialling.secret)
        self._invite(f"{header}: {said}")
