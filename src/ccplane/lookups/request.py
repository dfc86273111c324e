"""One request of a look-up, and what came of it. Whatever a service does, this gives a result, in time and bounded.

Nothing of what is asked or answered is logged: it is customers' data, and the headers are secrets.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import httpx
import msgspec

from ccplane.contacts.look_ups import Found, LookUpFailed, LookUpResult, NotFound
from ccplane.site.look_up import LookUpRule, filled, filled_body

NOT_FOUND: Final = frozenset({204, 404, 410})
SICK: Final = frozenset({429, 500, 502, 503, 504})
"""What a service answers that may well be better in a moment."""
DEEPEST: Final = 32
HOLDING: Final = frozenset({dict, list})
WAYS: Final = ("", ".", "..")
"""Values that would make another path of it."""
POOLED: Final = httpx.Limits(max_connections=None, max_keepalive_connections=20)
ONCE: Final = httpx.Limits(max_connections=None, max_keepalive_connections=0)
"""A kept connection may just be closed by the service: then nobody knows whether it has done what it was asked."""

_decoder: Final = msgspec.json.Decoder()


class TooDeep(ValueError):
    """Brackets within brackets."""


class Clients(NamedTuple):
    """What asks: for requests that may be made again, on connections that are kept, and for others."""

    repeatable: httpx.AsyncClient
    once: httpx.AsyncClient

    def of(self, rule: LookUpRule) -> httpx.AsyncClient:
        return self.repeatable if rule.repeatable else self.once

    async def aclose(self) -> None:
        await self.repeatable.aclose()
        await self.once.aclose()


async def clients() -> Clients:
    """They follow no redirect, trust the machine's authorities alone, and know no proxy. Made once: it takes 20 ms."""
    trusted = await asyncio.to_thread(ssl.create_default_context)

    def one(limits: httpx.Limits) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=trusted, trust_env=False, follow_redirects=False, timeout=None, limits=limits)

    return Clients(one(POOLED), one(ONCE))


def request(
    http: httpx.AsyncClient, rule: LookUpRule, given: Mapping[str, str], environment: Mapping[str, str], key: str
) -> httpx.Request | LookUpFailed:
    """What is sent. `key`: the same for each try of the same look-up, so that a service can know it again."""
    if any(f"{{{name}}}" in rule.url and value in WAYS for name, value in given.items()):
        return LookUpFailed("bad-value")
    try:
        url = filled(rule.url, given, environment, escaped=True)
        headers = {name: filled(text, given, environment) for name, text in rule.headers.items()}
        body = None if rule.body is None else msgspec.json.encode(filled_body(rule.body, given, environment))
        own = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "ccplane"}
        if rule.method != "GET":
            own["Idempotency-Key"] = key
        if body is not None:
            own["Content-Type"] = "application/json"
        return http.build_request(rule.method, url, headers=own | headers, content=body)
    except (KeyError, httpx.InvalidURL, ValueError, TypeError):  # an environment that lacks a variable, or has nonsense
        return LookUpFailed("not-configured")


async def answer(http: httpx.AsyncClient, rule: LookUpRule, asked: httpx.Request) -> LookUpResult:
    """What the service says to one request, within the look-up's time-out."""
    try:
        async with asyncio.timeout(rule.timeout_ms / 1000):
            response = await http.send(asked, stream=True)
            try:
                return await _read(response, rule.largest)
            finally:
                await response.aclose()
    except TimeoutError:
        return LookUpFailed("timeout")
    except (httpx.UnsupportedProtocol, httpx.InvalidURL):
        return LookUpFailed("not-configured")
    except (httpx.HTTPError, OSError):
        return LookUpFailed("unreachable")


async def _read(response: httpx.Response, largest: int) -> LookUpResult:
    if response.status_code in NOT_FOUND:
        return NotFound()
    if not 200 <= response.status_code < 300:
        return LookUpFailed("status", response.status_code)
    said = response.headers.get("content-length", "")
    if said.isdigit() and int(said) > largest:
        return LookUpFailed("too-large", response.status_code)
    if response.headers.get("content-encoding", "identity") != "identity":
        return LookUpFailed("not-json", response.status_code)  # a few bytes may stand for gigabytes
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > largest:
            return LookUpFailed("too-large", response.status_code)
    try:
        return Found(kept(_decoder.decode(bytes(body))))
    except (ValueError, RecursionError):
        return LookUpFailed("not-json", response.status_code)


def kept(value: Any) -> Any:
    """A JSON value that the log can hold and read again. TooDeep beyond 32 levels."""
    within, levels = [value], 0
    while within := [part for each in within if type(each) in HOLDING for part in _parts(each)]:
        levels += 1
        if levels > DEEPEST:
            raise TooDeep(f"more than {DEEPEST} levels")
    return value


def _parts(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if type(value) is dict else value


def again(rule: LookUpRule, result: LookUpResult) -> bool:
    """Whether another try may help, and does no harm."""
    return rule.repeatable and sick(result) and isinstance(result, LookUpFailed) and result.why != "too-large"


def sick(result: LookUpResult) -> bool:
    """Whether the service did not do what it should. One that refuses what it is asked is well."""
    if not isinstance(result, LookUpFailed):
        return False
    if result.why == "status":
        return result.status in SICK
    return result.why in ("timeout", "unreachable", "too-large", "not-json")
