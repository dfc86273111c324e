"""What a phone does when it rings, and the phone itself: registered, ringing, in a call."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ccplane.testing.siplab.call import Call
from ccplane.testing.siplab.links import Address, Link, Resend, TcpLink
from ccplane.testing.siplab.ring import Ring
from ccplane.testing.siplab.wire import Message, authorization, request, unique

if TYPE_CHECKING:
    from ccplane.testing.siplab.station import Station


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A script for every call that rings. Times in seconds; made by the functions below."""

    answer_after: float | None = None  # None: rings for ever
    reject: int | None = None  # says this code, after `answer_after`
    hang_up_after: float | None = None  # after its own answer
    silent: bool = False  # says nothing at all to an INVITE, still answers OPTIONS


def answers(after: float = 0.05, hang_up_after: float | None = None) -> Behaviour:
    """Rings, answers, and hangs up itself if told so."""
    return Behaviour(answer_after=after, hang_up_after=hang_up_after)


def rejects(code: int = 486, after: float = 0.0) -> Behaviour:
    """486 busy, 603 decline, 480 unavailable."""
    return Behaviour(answer_after=after, reject=code)


def rings_for_ever() -> Behaviour:
    """Mute: 180 and nothing more. Also for tests that act by hand on the `Ring`."""
    return Behaviour()


def says_nothing() -> Behaviour:
    """Not even a 100: a phone that lost its power, but is still registered."""
    return Behaviour(silent=True)


class RegistrationRefused(Exception):
    """The registrar said no. `code` is its answer, 0 if there was none."""

    def __init__(self, user: str, code: int) -> None:
        super().__init__(f"registration of {user} was refused: {code or 'no answer'}")
        self.code = code


class Phone:
    """One phone account at this lab."""

    def __init__(self, station: Station, user: str, behaviour: Behaviour) -> None:
        self.station, self.user, self.behaviour = station, user, behaviour
        self.secret = ""
        self.link: Link = station.link
        self.calls: list[Ring] = []  # that are ringing or up now
        self._rings: deque[Ring] = deque(maxlen=256)  # not yet asked for
        self._waiter: asyncio.Future[None] | None = None

    @property
    def idle(self) -> bool:
        return not self.calls

    # ── ringing ──

    def rang(self, ring: Ring) -> None:
        self.calls.append(ring)
        self._rings.append(ring)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        behaviour = self.behaviour
        if behaviour.silent:
            return
        ring.ring()
        if behaviour.answer_after is not None:
            ring.after(behaviour.answer_after, lambda: _act(ring, behaviour))

    async def next_ring(self, within: float | None = 20.0) -> Ring:
        """The next call that rang here and that nobody has asked for yet, in order; waits for it if need be.

        `within`: seconds, then TimeoutError; None waits for ever.
        """
        async with asyncio.timeout(within):
            while not self._rings:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter
        return self._rings.popleft()

    def forget_rings(self) -> None:
        """The next `next_ring` waits for a new one."""
        self._rings.clear()

    # ── registration, own calls ──

    async def register(self, secret: str, *, transport: Literal["udp", "tcp"] = "udp", expires: int = 3600) -> None:
        """REGISTER with digest. Over TCP the phone gets a connection of its own. Raises `RegistrationRefused`."""
        if transport == "tcp" and self.link is self.station.link:
            self.link = await TcpLink.connect(self.station.received, self.station.pbx)
            self.station.links.append(self.link)
        self.secret = secret
        code = await _Registration(self, expires).run()
        if code != 200:
            raise RegistrationRefused(self.user, code)

    async def unregister(self) -> None:
        await self.register(self.secret, expires=0, transport="udp")

    def dial(self, exten: str, *, hang_up_after: float | None = None, patience: float | None = None) -> Call:
        """An own call of this phone, with its account's secret if the switch asks."""
        return self.station.dial(
            exten, self.user, secret=self.secret, hang_up_after=hang_up_after, patience=patience, link=self.link
        )


def _act(ring: Ring, behaviour: Behaviour) -> None:
    if behaviour.reject is not None:
        ring.reject(behaviour.reject)
        return
    ring.answer()
    if behaviour.hang_up_after is not None:
        ring.after(behaviour.hang_up_after, ring.hang_up)


class _Registration:
    """One REGISTER, its challenge and its answer."""

    def __init__(self, phone: Phone, expires: int) -> None:
        self._phone, self._expires = phone, expires
        self._call_id, self._tag, self._cseq = unique(), unique(), 0
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._sent: Resend | None = None

    async def run(self) -> int:
        station = self._phone.station
        station.registrations[self._call_id] = self
        try:
            self._register()
            return await self._code
        finally:
            self.stop()
            del station.registrations[self._call_id]

    def stop(self) -> None:
        if self._sent is not None:
            self._sent.stop()

    def _register(self, *extra: str) -> None:
        phone, link, pbx = self._phone, self._phone.link, self._phone.station.pbx
        self._cseq += 1
        account = f"<sip:{phone.user}@{pbx[0]}>"
        headers = [f"From: {account};tag={self._tag}", f"To: {account}", f"Call-ID: {self._call_id}",
                   f"CSeq: {self._cseq} REGISTER", f"Expires: {self._expires}",
                   f"Contact: <sip:{phone.user}@127.0.0.1:{link.port}{link.uri_suffix}>", *extra]  # fmt: skip
        data = request("REGISTER", _registrar(pbx), f"{link.via};rport;branch=z9hG4bK{unique()}", headers)
        self._sent = Resend(link, data, pbx, lambda: self._finish(0))

    def on_response(self, message: Message) -> None:
        if message.code < 200 or message.cseq != self._cseq:
            return
        self.stop()
        if message.code == 401 and self._cseq == 1:
            phone = self._phone
            challenge, registrar = message.first("www-authenticate"), _registrar(phone.station.pbx)
            said = authorization(challenge, "REGISTER", registrar, phone.user, phone.secret)
            self._register(f"Authorization: {said}")
        else:
            self._finish(message.code)

    def _finish(self, code: int) -> None:
        if not self._code.done():
            self._code.set_result(code)


def _registrar(pbx: Address) -> str:
    return f"sip:{pbx[0]}:{pbx[1]}"
