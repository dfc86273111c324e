"""Notices by e-mail: one mail to one address, handed to the operator's own server.

A mail that was handed in, but whose answer got lost, is handed in again: its Message-ID is the same each time, by which
mail servers and programs know it again. The password stands in no log and in no error.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Final

import aiosmtplib

from ccplane.addresses import MailServer
from ccplane.contacts.notice import Notice
from ccplane.notices.attached import MOST_BYTES, hand_in, with_place
from ccplane.notices.outcome import NotNow, Outcome, Refused, Sent
from ccplane.notices.wording import told
from ccplane.site import Site

STEP_S: Final = 20.0
"""A server that says nothing for so long is tried again later;"""
WITHIN_S: Final = 60.0
"""and so long does the whole of it take at most."""
WITH_SOUND: Final = 2
"""So many tries have the sound in the mail. Perhaps it is the sound that takes too long: then the mail alone comes."""
LEAVE_S: Final = 2.0
LINES: Final = SMTP.clone(cte_type="7bit")
"""What every server takes, whatever it says of itself."""
FOR_GOOD: Final = 500
TOO_LARGE: Final = 552
"""For the server, or for the mailbox."""
NOT_SET: Final = "CCPLANE_SMTP_URL is not set: ccplane knows no server that takes mail"


def sender(server: MailServer | None, given: str) -> str:
    """Whom mails are from: as set; else the server's account, if that is an address; else ccplane at this machine."""
    if given:
        return given
    if server is not None and "@" in server.user:
        return server.user
    return f"ccplane@{socket.gethostname()}"


def message_id(notice: Notice, origin: str) -> str:
    """The same for each try, and for no other notice."""
    digest = sha256(f"{notice.message}\0{notice.target}".encode()).hexdigest()[:32]
    return f"<message-{digest}@{origin.rpartition('@')[2]}>"


def mail(notice: Notice, site: Site, origin: str, base: str, *, attached: bool = False) -> EmailMessage:
    """The mail of this notice; `attached`: with a place for its sound."""
    said = told(notice, site.language, site.rules.timezone, base)
    made = EmailMessage(LINES)
    made["From"], made["To"], made["Subject"] = f"ccplane <{origin}>", notice.target, said.subject
    made["Message-ID"] = message_id(notice, origin)
    made["Date"] = format_datetime(datetime.fromtimestamp(notice.left_at / 1000, UTC))
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(said.text)
    if attached:
        with_place(made, f"{datetime.fromtimestamp(notice.left_at / 1000, UTC):%Y%m%dT%H%M%SZ}.wav")
    return made


class Mailer:
    """Hands mails to the server, each on its own connection. `site`: the one in force; `base`: where the API is.
    `sound`: what lies in this file of the folder of messages, None if it can't be had; blocking."""

    def __init__(
        self,
        server: MailServer | None,
        origin: str,
        site: Callable[[], Site],
        base: str,
        sound: Callable[[str], bytes | None] = lambda _: None,
    ) -> None:
        self._server, self._origin, self._site, self._base, self._sound = server, origin, site, base, sound
        self._trusted: ssl.SSLContext | None = None

    async def send(self, notice: Notice) -> Outcome:
        """Within a minute."""
        if self._server is None:
            return NotNow(NOT_SET)
        site, sound = self._site(), None
        if site.box(notice.box).attach and notice.bytes <= MOST_BYTES and notice.tries <= WITH_SOUND:
            sound = await asyncio.to_thread(self._sound, notice.file)
        outcome = await self._sent(self._server, notice, site, sound)
        if sound is not None and isinstance(outcome, Refused) and outcome.too_large:
            return await self._sent(self._server, notice, site, None)
        return outcome

    async def _sent(self, server: MailServer, notice: Notice, site: Site, sound: bytes | None) -> Outcome:
        content = mail(notice, site, self._origin, self._base, attached=sound is not None).as_bytes()
        client = await self._client(server)
        try:
            async with asyncio.timeout(WITHIN_S):
                return await self._hand_in(client, server.host, notice.target, content, sound)
        except TimeoutError:
            return NotNow(f"the mail server {server.host} takes too long")
        finally:
            await _leave(client)

    async def _client(self, server: MailServer) -> aiosmtplib.SMTP:
        if self._trusted is None and server.security != "smtp":
            self._trusted = await asyncio.to_thread(ssl.create_default_context)
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            local_hostname=self._origin.rpartition("@")[2],
            timeout=STEP_S,
            use_tls=server.security == "smtps",
            start_tls=server.security == "starttls",
            tls_context=self._trusted,
        )

    async def _hand_in(
        self, client: aiosmtplib.SMTP, host: str, address: str, content: bytes, sound: bytes | None
    ) -> Outcome:
        at = f"the mail server {host}"
        try:
            await client.connect()
            if sound is None:
                await client.sendmail(self._origin, [address], content)
            else:
                await hand_in(client, self._origin, address, content, sound)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _judged(f"{at} refuses this address", error.recipients[0])
        except aiosmtplib.SMTPDataError as error:
            return _judged(f"{at} refuses the mail", error)
        except aiosmtplib.SMTPSenderRefused as error:
            if error.code == TOO_LARGE and sound is not None:
                return Refused(f"{at} takes no mail of this size: {_words(error)}", too_large=True)
            return NotNow(f"{at} takes nothing from {self._origin}: {_words(error)}")
        except aiosmtplib.SMTPAuthenticationError as error:
            return NotNow(f"{at} refuses the user or the password of CCPLANE_SMTP_URL: {_words(error)}")
        except aiosmtplib.SMTPResponseException as error:
            return NotNow(f"{at} says {_words(error)}")
        except (aiosmtplib.SMTPException, OSError) as error:  # first: of what TLS refuses some is a ValueError as well
            return NotNow(f"{at} cannot be used: {error or type(error).__name__}")
        except ValueError as error:
            return Refused(f"no mail can be sent to this address: {error}")
        return Sent()


async def _leave(client: aiosmtplib.SMTP) -> None:
    """A word of farewell; what was handed in stays so, whatever is said to that."""
    with suppress(aiosmtplib.SMTPException, OSError):
        if client.is_connected:
            await client.quit(timeout=LEAVE_S)
    client.close()


def _judged(what: str, error: aiosmtplib.SMTPResponseException) -> Outcome:
    said = f"{what}: {_words(error)}"
    return Refused(said, too_large=error.code == TOO_LARGE) if error.code >= FOR_GOOD else NotNow(said)


def _words(error: aiosmtplib.SMTPResponseException) -> str:
    return " ".join(f"{error.code} {error.message}".split())
