"""A mail with a message's sound in it, as the lines that are handed in; and handing them in bit by bit (law 13).

A library would make and check the whole of it at once, which for a minute of sound holds the loop for 10 ms.
"""

from __future__ import annotations

import asyncio
from base64 import encodebytes
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Final

import aiosmtplib

MOST_BYTES: Final = 8_000_000
"""Eight minutes; a longer message is not attached."""
BIT: Final = 57 * 500
"""Bytes of sound at a time: whole lines of base64."""
PLACE: Final = b"the sound stands here".ljust(57, b".")
START_INPUT: Final = 354
TAKEN: Final = 250


def with_place(mail: EmailMessage, name: str) -> None:
    """Attach a WAV file of this name, whose sound comes later."""
    mail.add_attachment(PLACE, maintype="audio", subtype="wav", filename=name)


def lines_of(mail: bytes, sound: bytes) -> Iterator[bytes]:
    """The mail with this sound in its place, bit by bit; lines end with CR LF, and none of them is a dot alone."""
    before, _, after = mail.partition(encodebytes(PLACE).replace(b"\n", b"\r\n"))
    yield _stuffed(before)
    for at in range(0, len(sound), BIT):
        yield encodebytes(sound[at : at + BIT]).replace(b"\n", b"\r\n")
    yield _stuffed(after)


def size_of(mail: bytes, sound: bytes) -> int:
    """How many bytes that is."""
    lines = -(-len(sound) // 57)
    return len(mail) + 4 * -(-len(sound) // 3) + 2 * lines


async def hand_in(client: aiosmtplib.SMTP, origin: str, address: str, mail: bytes, sound: bytes) -> None:
    """Raises as `aiosmtplib.SMTP.sendmail` does."""
    options = [f"size={size_of(mail, sound)}"] if client.supports_extension("size") else []
    await client.mail(origin, options=options)
    try:
        await client.rcpt(address)
    except aiosmtplib.SMTPRecipientRefused as error:
        raise aiosmtplib.SMTPRecipientsRefused([error]) from error
    started = await client.execute_command(b"DATA")
    if started.code != START_INPUT:
        raise aiosmtplib.SMTPDataError(started.code, started.message)
    protocol = client.protocol
    if protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    for lines in lines_of(mail, sound):
        protocol.write(lines)
        await asyncio.sleep(0)
    protocol.write(b".\r\n")
    taken = await protocol.read_response(timeout=client.timeout)
    if taken.code != TAKEN:
        raise aiosmtplib.SMTPDataError(taken.code, taken.message)


def _stuffed(lines: bytes) -> bytes:
    """A dot at the beginning of a line is doubled (RFC 5321, 4.5.2)."""
    doubled = lines.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled
