"""A real SMTP server that does what a test wants, also what no good one would."""

from __future__ import annotations

import asyncio
import email
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

Says = Callable[[], Awaitable[str]]


async def well() -> str:
    return "250 OK"


def says(*answers: str) -> Says:
    """One after the other; the last for all that follow."""
    left = list(answers)

    async def answer() -> str:
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


async def hangs() -> str:
    await asyncio.Event().wait()
    return ""


class PostOffice:
    """`mails`: what it has taken; `sender`, `to`, `whole`: what it says to whom a mail is from, to whom it goes, and to
    the mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.sender = self.to = self.whole = well
        self.came = asyncio.Event()
        self.before_answer = lambda: None
        """Done once a mail is taken, before that is said."""
        self.tried = 0
        self.port = 0
        self.users: list[tuple[str, str]] = []

    async def handle_MAIL(self, _, __, envelope, address, options):  # noqa: N802
        self.tried += 1
        said = await self.sender()
        if said.startswith("250"):
            envelope.mail_from = address
        return said

    async def handle_RCPT(self, _, __, envelope, address, options):  # noqa: N802
        said = await self.to()
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, _, __, envelope):  # noqa: N802
        said = await self.whole()
        if said.startswith("250"):
            self.mails.append(email.message_from_bytes(envelope.content, _class=EmailMessage, policy=default))
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
            self.before_answer()
        self.came.set()
        return said

    async def mail(self, count: int = 1) -> EmailMessage:
        """The `count`-th that it has taken."""
        while len(self.mails) < count:
            self.came.clear()
            async with asyncio.timeout(20):
                await self.came.wait()
        return self.mails[count - 1]

    def authenticator(self, server, session, envelope, mechanism, data):
        if isinstance(data, LoginPassword):
            self.users.append((data.login.decode(), data.password.decode()))
            return AuthResult(success=self.users[-1] == ("ccplane", "geheim#1"), handled=False)
        return AuthResult(success=False, handled=False)


@asynccontextmanager
async def a_post_office(
    port: int = 0, tls: ssl.SSLContext | None = None, *, login: bool = False
) -> AsyncIterator[PostOffice]:
    office = PostOffice()
    sessions: list[asyncio.Transport] = []

    class Session(SMTP):
        def connection_made(self, transport):
            sessions.append(transport)
            super().connection_made(transport)

    def session() -> SMTP:
        return Session(
            office,
            hostname="post.test",
            tls_context=tls,
            require_starttls=tls is not None,
            authenticator=office.authenticator if login else None,
            auth_required=login,
            auth_require_tls=tls is not None,
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", port)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        for transport in sessions:
            transport.abort()
        await server.wait_closed()
