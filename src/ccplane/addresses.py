"""What an address or a token of the environment must be. Each may hold a secret, so no sentence quotes it."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

USERS: Final = frozenset({"user", "password"})
DATABASE_SCHEMES: Final = ("postgresql", "postgres")
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
