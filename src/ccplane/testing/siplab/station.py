"""A place with phones: one UDP socket, the accounts behind it, and the calls that are up there."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ccplane.testing.siplab.call import Call
from ccplane.testing.siplab.leg import Leg
from ccplane.testing.siplab.links import Address, Link, UdpLink
from ccplane.testing.siplab.phones import Behaviour, Phone, _Registration, answers
from ccplane.testing.siplab.record import Record
from ccplane.testing.siplab.ring import Ring
from ccplane.testing.siplab.wire import Message, NotSip, address, parse, response, unique

_numbers: Final = itertools.count(1)
_REMEMBERED: Final = 4_000  # ended dialogs kept for requests and responses that come late


@dataclass(frozen=True, slots=True)
class Dialling:
    """How a call is made. Times in seconds; see `Station.dial`."""

    exten: str
    number: str
    from_header: str
    talk: float | None = None
    hang_up_after: float | None = None
    patience: float | None = None
    secret: str = ""


class Station:
    """Phones and callers behind one socket. `audio`: each leg gets real RTP (tests); else SDP names a sink (load)."""

    def __init__(self, pbx: Address, record: Record, *, port: int = 0, audio: bool = False) -> None:
        self.pbx, self.record, self.audio = pbx, record, audio
        self.link: Link = UdpLink(self.received, port)
        self.links: list[Link] = [self.link]
        self.phones: dict[str, Phone] = {}
        self.legs: dict[str, Leg] = {}
        self.registrations: dict[str, _Registration] = {}
        self.lag: float | None = 0.0
        """So many seconds late everything is heard here; None: not at all, as if its power were gone."""
        self.behaviour: Behaviour = answers()  # of phones that are asked for the first time
        self._ended: dict[str, Leg] = {}
        self._sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # never read: the kernel drops what comes
        self._sink.bind(("127.0.0.1", 0))
        self.sink_port: int = self._sink.getsockname()[1]

    @property
    def port(self) -> int:
        return self.link.port

    def phone(self, user: str) -> Phone:
        """The phone of this account; made when first asked for."""
        if user not in self.phones:
            self.phones[user] = Phone(self, user, self.behaviour)
        return self.phones[user]

    async def register(self, secrets: dict[str, str], at_once: int = 20) -> None:
        """Register many phones ({user: secret}), `at_once` in flight."""
        free = asyncio.Semaphore(at_once)

        async def one(user: str, secret: str) -> None:
            async with free:
                await self.phone(user).register(secret)

        async with asyncio.TaskGroup() as group:
            for user, secret in secrets.items():
                group.create_task(one(user, secret))

    def behave(self, behaviour: Behaviour, users: Iterable[str] | None = None) -> None:
        """From the next call that rings, these phones (None: all there are by now) act so by themselves.

        A behaviour is what a phone does with a call, until told otherwise; one that rings already goes on as it began.
        A phone that was given none answers after 0.05 s. There are (seconds; see `phones`):

        answers(after, hang_up_after)  rings, answers; hangs up itself, or (None) leaves that to the other side
        rejects(code, after)           rings, then 486 busy, 603 decline, 480 unavailable or any other final code
        rings_for_ever()               rings and does no more: the test answers, rejects and hangs up its `Ring` by hand
        says_nothing()                 not even a 100, as if its power were gone; it stays registered
        """
        for user in list(self.phones) if users is None else users:
            self.phone(user).behaviour = behaviour

    def dial(
        self,
        exten: str,
        number: str = "",
        *,
        display: str = "",
        talk: float | None = None,
        hang_up_after: float | None = None,
        patience: float | None = None,
        secret: str = "",
        from_header: str = "",
        link: Link | None = None,
    ) -> Call:
        """Call `exten`. The INVITE is on its way when this returns.

        number         From user; escaped as SIP needs, otherwise any string. Default: a fresh one for each call.
        display        display name: any string without line breaks.
        talk           hang up this long after a phone of this lab has answered the caller.
        hang_up_after  hang up this long after the caller's own call came up (a queue may have answered it).
        patience       give up (CANCEL or BYE) if no phone of this lab has answered by then.
        secret         answers a digest challenge, for own calls of a phone account.
        from_header    the From header's value as it shall stand, with its tag; for what `display` refuses.
        """
        number = number or f"188{next(_numbers):08d}"
        said = from_header or address(number, self.pbx[0], display, tag=unique())
        dialling = Dialling(exten, number, said, talk, hang_up_after, patience, secret)
        call = Call(self, dialling, link or self.link, self.pbx)
        self.legs[call.call_id] = call
        self.record.dialled(call)
        call.start()
        return call

    # ── what comes in ──

    def received(self, data: bytes, link: Link, sender: Address, at: float) -> None:
        if len(data) < 16 or self.lag is None:  # a keep-alive
            return
        if self.lag:
            asyncio.get_running_loop().call_later(self.lag, self._hear, data, link, sender, at + self.lag)
        else:
            self._hear(data, link, sender, at)

    def _hear(self, data: bytes, link: Link, sender: Address, at: float) -> None:
        try:
            message = parse(data, at)
        except NotSip:
            self.record.trouble["not-sip"] += 1
            return
        if message.code:
            self._response(message)
        else:
            self._request(message, link, sender)

    def _response(self, message: Message) -> None:
        call_id = message.call_id
        target = self.legs.get(call_id) or self._ended.get(call_id) or self.registrations.get(call_id)
        if target is not None:
            target.on_response(message)

    def _request(self, message: Message, link: Link, sender: Address) -> None:
        call_id = message.call_id
        if (leg := self.legs.get(call_id)) is not None:
            leg.on_request(message, link, sender)
        elif (leg := self._ended.get(call_id)) is not None:
            leg.after_the_end(message)
        elif message.method == "INVITE" and "tag=" not in message.first("to").rpartition(">")[2]:
            self._invited(message, link, sender)
        elif message.method != "ACK":
            code = 200 if message.method in ("OPTIONS", "NOTIFY", "MESSAGE") else 481
            link.send(response(message, code, tag=unique()), sender)

    def _invited(self, message: Message, link: Link, sender: Address) -> None:
        phone = self.phones.get(message.request_user)
        if phone is None:
            link.send(response(message, 404, tag=unique()), sender)
            return
        ring = Ring(self, message, link, sender)
        self.legs[ring.call_id] = ring
        self.record.rang(ring)
        phone.rang(ring)

    def leg_ended(self, leg: Leg) -> None:
        del self.legs[leg.call_id]
        self._ended[leg.call_id] = leg
        if len(self._ended) > _REMEMBERED:
            self._ended.pop(next(iter(self._ended))).silence()
        if isinstance(leg, Ring):
            self.phone(leg.agent).calls.remove(leg)
            self.record.freed(leg)
        elif isinstance(leg, Call):
            self.record.ended(leg)

    def vanish(self) -> None:
        """Its power is gone: calls are over without a word, and nothing is heard until `lag` is 0.0 again."""
        self.lag = None
        self.forget_calls()

    def forget_calls(self) -> None:
        """All calls are over without a word: who was at the other end is no more."""
        for leg in list(self.legs.values()):
            leg.forget()

    async def hang_up_all(self, within: float = 5.0) -> int:
        """End every call; returns how many didn't end."""
        legs = list(self.legs.values())
        for leg in legs:
            leg.hang_up()
        if legs:
            await asyncio.wait([leg.ended for leg in legs], timeout=within)
        return sum(not leg.ended.done() for leg in legs)

    def close(self) -> None:
        for leg in (*self.legs.values(), *self._ended.values()):
            leg.silence()
        for registration in self.registrations.values():
            registration.stop()
        for link in self.links:
            link.close()
        self._sink.close()
