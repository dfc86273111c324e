"""A lamp on a desk phone: it SUBSCRIBEs to a number's dialog state and shows what the NOTIFYs say. Raw SIP over UDP."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ccplane.testing.siplab.wire import Message, authorization, parse, request, response, unique


class Lamp(asyncio.DatagramProtocol):
    """One subscription. `states`: what each NOTIFY's body said, in order."""

    def __init__(self, pbx: tuple[str, int], user: str, secret: str, number: str) -> None:
        self.pbx, self.user, self.secret, self.number = pbx, user, secret, number
        self.uri = f"sip:{number}@{pbx[0]}"
        self.call_id, self.tag, self.cseq, self.remote = unique(), unique(), 0, ""
        self.answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.states: list[str] = []
        self.news = asyncio.Event()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def subscribe(self, *extra: str, expires: int = 600) -> None:
        self.cseq += 1
        headers = [
            f"From: <sip:{self.user}@{self.pbx[0]}>;tag={self.tag}", f"To: <{self.uri}>{self.remote}",
            f"Call-ID: {self.call_id}", f"CSeq: {self.cseq} SUBSCRIBE", f"Expires: {expires}", "Event: dialog",
            "Accept: application/dialog-info+xml", f"Contact: <sip:{self.user}@127.0.0.1:{self.port}>", *extra,
        ]  # fmt: skip
        via = f"UDP 127.0.0.1:{self.port};rport;branch=z9hG4bK{unique()}"
        self.transport.sendto(request("SUBSCRIBE", self.uri, via, headers), self.pbx)

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        message = parse(data, time.monotonic())
        if message.method == "NOTIFY":
            self.transport.sendto(response(message, 200), sender)
            self.shows(message)
        elif message.code == 401 and self.cseq == 1:
            said = authorization(message.first("www-authenticate"), "SUBSCRIBE", self.uri, self.user, self.secret)
            self.subscribe(f"Authorization: {said}")
        elif message.code >= 200 and not self.answer.done():
            self.answer.set_result(message.code)

    def shows(self, message: Message) -> None:
        found = re.search(r"<state>(\w+)</state>", message.body)
        if found:
            self.states.append(found[1])
            self.news.set()

    async def becomes(self, state: str, within: float = 20) -> None:
        """`terminated` is off, `early` blinks, `confirmed` is on."""
        try:
            async with asyncio.timeout(within):
                while not self.states or self.states[-1] != state:
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            raise AssertionError(f"the lamp of {self.number} never became {state}: {self.states}") from None


@asynccontextmanager
async def lamp(pbx: tuple[str, int], user: str, secret: str, number: str) -> AsyncIterator[Lamp]:
    """A lamp that watches `number`, as the phone `user`; `answer` is what the switch said to the SUBSCRIBE."""
    loop = asyncio.get_running_loop()
    transport, watching = await loop.create_datagram_endpoint(
        lambda: Lamp(pbx, user, secret, number), local_addr=("127.0.0.1", 0)
    )
    try:
        watching.subscribe()
        async with asyncio.timeout(20):
            await asyncio.shield(watching.answer)
        yield watching
    finally:
        transport.close()
