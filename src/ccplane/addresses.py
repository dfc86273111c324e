"""What an address or a token of the environment must be. Each may hold a secret, so no sentence quotes it."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

USERS: Final = frozenset({"user", "password"})
DATABASE_SCHEMES: Final = ("postgresql", "postgres")
MAIL_PORTS: Final = {"smtp": 25, "starttls": 587, "smtps": 465}
MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}")
ENCODE: Final = "percent-encode # / ? @ [ ] in its password (%23 %2F %3F %40 %5B %5D)"


def database_address(url: str) -> str:
    """The same, if asyncpg reads it as it was meant. ValueError says what is wrong."""
    if not url:
        return url
    parts = _split(url, ENCODE)
    if parts.scheme not in DATABASE_SCHEMES:
        raise ValueError("must begin with postgresql://")
    keys = parse_qs(parts.query)
    cut_off_at_query = parts.netloc and "@" not in parts.netloc and "@" in parts.query and not USERS & keys.keys()
    if "@" in parts.path or cut_off_at_query or ("#" in url and not keys):
        raise ValueError(f"breaks off before its host; {ENCODE}")
    for host in hosts(parts):
        _judge_port(_split(f"//{host}", ENCODE), ENCODE)
    return url


def hosts(parts: SplitResult) -> list[str]:
    """Each with its port, if it has one: Postgres takes several, with commas between them."""
    return parts.netloc.rpartition("@")[2].split(",")


def web_address(url: str) -> str:
    """The same, if a host and a port can be read from it. ValueError says what is wrong."""
    if not url:
        return url
    hint = "as in http://pbx:8088/ari or http://[::1]:8088/ari"
    parts = _split(url, hint)
    _judge_port(parts, hint)
    if not parts.hostname:
        raise ValueError(f"has no host; {hint}")
    return url


def token(given: str) -> str:
    """The same, if it can be sent in a header. ValueError says what is wrong."""
    if not (given.isascii() and given.isprintable() and given == given.strip()):
        raise ValueError("must be of letters, digits and signs of ASCII, with no space before or after it")
    return given


def networks(given: str) -> str:
    """The same, if it is a list of networks, `10.0.0.0/8, 192.168.7.20`. ValueError says what is wrong."""
    for each in networks_of(given):
        if each.prefixlen == 0:
            raise ValueError(f"{each} is everybody: name the networks that are yours")
    return given


def networks_of(given: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """ValueError says what is wrong."""
    found = []
    for each in filter(None, (each.strip() for each in given.split(","))):
        try:
            found.append(ipaddress.ip_network(each))
        except ValueError as error:
            raise ValueError(f"{error}; write it as in 10.0.0.0/8, 192.168.7.20") from None
    return tuple(found)


def screens_token(given: str) -> str:
    """The same, if it is one that nobody guesses. ValueError says what is wrong."""
    if given and len(token(given)) < 16:
        raise ValueError("must have at least 16 letters: it stands in an address that anybody may try")
    return given


def _split(url: str, hint: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise ValueError(f"cannot be read as an address; {hint}") from None


def _judge_port(parts: SplitResult, hint: str) -> None:
    try:
        _ = parts.port
    except ValueError:
        raise ValueError(f"has something else than a port (0 to 65535) behind the colon of its host; {hint}") from None


class MailServer(NamedTuple):
    """Where mail is handed in. `security`: smtp, nothing is encrypted; starttls, from the first word that matters;
    smtps, all is."""

    security: str
    host: str
    port: int
    user: str
    password: str


def mail_server(url: str) -> MailServer:
    """What the address says. ValueError says what is wrong."""
    hint = f"as in starttls://USER:PASSWORD@mail.example.com:587; {ENCODE}"
    parts = _split(url, hint)
    _judge_port(parts, hint)
    if parts.scheme not in MAIL_PORTS:
        raise ValueError(f"must begin with smtp://, starttls:// or smtps://, {hint}")
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"is a host and a port, {hint}")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ValueError(f"has a user without a password, or the other way round, {hint}")
    if user and parts.scheme == "smtp" and not _is_here(parts.hostname):
        raise ValueError("would send the password for all to read: starttls:// or smtps://")
    return MailServer(parts.scheme, parts.hostname, parts.port or MAIL_PORTS[parts.scheme], user, password)


def mail_address(url: str) -> str:
    """The same, if `mail_server` can read it."""
    if url:
        mail_server(url)
    return url


def mailbox(address: str) -> str:
    """The same, if mail can come from it, or nothing."""
    if address and not MAILBOX.fullmatch(address):
        raise ValueError("is an address of ASCII, as in ccplane@example.com")
    return address


def _is_here(host: str) -> bool:
    return host == "localhost" or host == "::1" or host.startswith("127.")
