"""What SIP looks like on the wire: reading it leniently, writing it correctly. Pure; no sockets, no clock."""

from __future__ import annotations

import hashlib
import itertools
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

ALLOW: Final = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO, NOTIFY"
AGENT: Final = "siplab"
COMPACT: Final = {"i": "call-id", "f": "from", "t": "to", "v": "via", "m": "contact", "l": "content-length",
                  "c": "content-type", "k": "supported", "s": "subject"}  # fmt: skip
REASONS: Final = {100: "Trying", 180: "Ringing", 200: "OK", 404: "Not Found", 405: "Method Not Allowed",
                  480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 486: "Busy Here",
                  487: "Request Terminated", 488: "Not Acceptable Here", 500: "Server Internal Error",
                  503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline"}  # fmt: skip
TELEPHONE_EVENT: Final = 101
_USER_SAFE: Final = "-_.!~*'()&=+$,;?/"  # what RFC 3261 lets stand unescaped in a URI's user part
_PARAM: Final = re.compile(r'(\w+)=(?:"([^"]*)"|([^",\s]+))')
_prefix: Final = secrets.token_hex(4)
_counter: Final = itertools.count(1)


def unique() -> str:
    """Unique over processes and cheap: good for a Call-ID, a tag or a branch."""
    return f"{_prefix}{next(_counter):x}"


@dataclass(slots=True)
class Message:
    """One SIP message. `at` is when it reached this machine, in `time.monotonic()` seconds."""

    start: str
    headers: dict[str, list[str]]
    body: str
    at: float
    method: str = ""  # empty for a response
    code: int = 0  # 0 for a request
    cseq: int = 0
    cseq_method: str = ""

    def first(self, name: str, default: str = "") -> str:
        values = self.headers.get(name)
        return values[0] if values else default

    @property
    def call_id(self) -> str:
        return self.first("call-id")

    @property
    def request_user(self) -> str:
        return user_of(self.start.split(" ", 2)[1])


class NotSip(ValueError):
    """The bytes are no SIP message: dropped and counted, never fatal."""


def parse(data: bytes, at: float) -> Message:
    """Bytes of one message → `Message`. Accepts compact names, folded lines and bytes that are no UTF-8."""
    head, _, body = data.decode("utf-8", "surrogateescape").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    headers: dict[str, list[str]] = {}
    values: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t") and values:
            values[-1] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        if not colon:
            continue
        name = name.strip().lower()
        values = headers.setdefault(COMPACT.get(name, name), [])
        values.append(value.strip())
    return _classified(Message(start, headers, body, at))


def _classified(message: Message) -> Message:
    words = message.start.split(" ", 2)
    number, _, method = message.first("cseq").partition(" ")
    if len(words) < 3 or not number.isdigit():
        raise NotSip(message.start[:80])
    message.cseq, message.cseq_method = int(number), method.strip()
    if words[0] == "SIP/2.0" and words[1].isdigit():
        message.code = int(words[1])
    elif words[2] == "SIP/2.0":
        message.method = words[0]
    else:
        raise NotSip(message.start[:80])
    return message


def uri_of(header: str) -> str:
    """The URI of a From, To or Contact header, without display name and header parameters."""
    _, bracket, rest = _after_display(header).partition("<")
    return rest.partition(">")[0] if bracket else header.partition(";")[0].strip()


def display_of(header: str) -> str:
    """The display name of a From header, unquoted."""
    rest = _after_display(header)
    shown = header[: len(header) - len(rest)].strip() if rest != header else rest.partition("<")[0].strip()
    if shown[:1] == '"':
        return re.sub(r"\\(.)", r"\1", shown[1:-1])
    return shown if "<" in rest else ""


def _after_display(header: str) -> str:
    """What follows a quoted display name: a name may itself hold `<`, `;` and escaped quotes."""
    if header[:1] != '"':
        return header
    end = re.match(r'"(?:[^"\\]|\\.)*"', header, re.DOTALL)
    return header[end.end() :] if end else header


def user_of(uri: str) -> str:
    """The user part of a SIP URI, unescaped."""
    rest = uri.partition(":")[2]
    return unquote(rest.partition("@")[0], errors="surrogateescape") if "@" in rest else ""


def address(user: str, host: str, display: str = "", tag: str = "") -> str:
    """A From or To header's value. The user is escaped as RFC 3261 says, the display name quoted."""
    shown = '"' + re.sub(r'(["\\])', r"\\\1", display) + '" ' if display else ""
    if "\r" in shown or "\n" in shown:
        raise ValueError("a line break would end the header: SIP can't carry it")
    uri = f"sip:{escape(user)}@{host}" if user else f"sip:{host}"
    return f"{shown}<{uri}>{f';tag={tag}' if tag else ''}"


@lru_cache(maxsize=4096)
def escape(user: str) -> str:
    """A URI's user part, everything escaped that RFC 3261 doesn't let stand."""
    return quote(user, safe=_USER_SAFE, errors="surrogateescape")


def request(method: str, uri: str, via: str, headers: Sequence[str], body: str = "") -> bytes:
    """A whole request. `via` is `UDP 127.0.0.1:6000;branch=…`, `headers` whole lines."""
    lines = [f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/{via}", "Max-Forwards: 70", f"User-Agent: {AGENT}", *headers]
    return _message(lines, body)


def response(to: Message, code: int, *, tag: str = "", contact: str = "", body: str = "") -> bytes:
    """A whole response to a request."""
    dialled = to.first("to")
    if tag and "tag=" not in dialled:
        dialled += f";tag={tag}"
    lines = [f"SIP/2.0 {code} {REASONS.get(code, 'Whatever')}"]
    lines += [f"Via: {value}" for value in to.headers.get("via", ())]
    lines += [f"Record-Route: {value}" for value in to.headers.get("record-route", ())]
    lines += [f"From: {to.first('from')}", f"To: {dialled}", f"Call-ID: {to.call_id}", f"CSeq: {to.first('cseq')}"]
    lines += [f"Contact: {contact}"] if contact else []
    return _message([*lines, f"Allow: {ALLOW}"], body)


def _message(lines: list[str], body: str) -> bytes:
    said = any(line.startswith("Content-Type:") for line in lines)
    kind = ["Content-Type: application/sdp"] if body and not said else []
    head = "\r\n".join([*lines, *kind, f"Content-Length: {len(body.encode())}"])
    return f"{head}\r\n\r\n{body}".encode("utf-8", "surrogateescape")


# ── digest (RFC 2617/7616, MD5: what a desk phone speaks) ──


def authorization(challenge: str, method: str, uri: str, username: str, secret: str) -> str:
    """The value of an Authorization header that answers `challenge`."""
    asked = {name: quoted or bare for name, quoted, bare in _PARAM.findall(challenge)}
    ha1, ha2 = _md5(f"{username}:{asked['realm']}:{secret}"), _md5(f"{method}:{uri}")
    said = {"username": username, "realm": asked["realm"], "nonce": asked["nonce"], "uri": uri}
    bare = ""
    if "qop" in asked:
        said["cnonce"] = unique()
        said["response"] = _md5(f"{ha1}:{asked['nonce']}:00000001:{said['cnonce']}:auth:{ha2}")
        bare = ", qop=auth, nc=00000001"
    else:
        said["response"] = _md5(f"{ha1}:{asked['nonce']}:{ha2}")
    if "opaque" in asked:
        said["opaque"] = asked["opaque"]
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in said.items()) + ", algorithm=MD5" + bare


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


# ── SDP ──


@dataclass(frozen=True, slots=True)
class Media:
    """Where the other side wants its audio, and the payload type of its telephone-events (None: none)."""

    host: str
    port: int
    telephone_event: int | None


def sdp(port: int, session: int = 1, version: int = 1) -> str:
    """An offer or answer for ulaw and telephone-event at 127.0.0.1:`port`."""
    return (
        f"v=0\r\no=- {session} {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0 {TELEPHONE_EVENT}\r\na=rtpmap:0 PCMU/8000\r\n"
        f"a=rtpmap:{TELEPHONE_EVENT} telephone-event/8000\r\na=fmtp:{TELEPHONE_EVENT} 0-16\r\n"
        "a=ptime:20\r\na=sendrecv\r\n"
    )


def media_of(body: str) -> Media | None:
    """The audio of a session description; None if there is none in it."""
    audio = re.search(r"^m=audio (\d+)", body, re.MULTILINE)
    host = re.search(r"^c=IN IP4 (\S+)", body, re.MULTILINE)
    if not audio or not host:
        return None
    event = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", body, re.MULTILINE | re.IGNORECASE)
    return Media(host.group(1), int(audio.group(1)), int(event.group(1)) if event else None)
