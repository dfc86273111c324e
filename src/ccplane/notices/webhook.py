"""Notices by HTTP: a signed POST to a service of the operator's. Any 2xx is an answer that it was taken.

The service knows us by the signature (HMAC-SHA256 over the time and the body, with a secret that both know), and a
notice that it gets twice by its Idempotency-Key. Nothing of what is sent or answered is logged.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import httpx
import msgspec

from ccplane.contacts.notice import Notice
from ccplane.notices.outcome import NotNow, Outcome, Refused, Sent
from ccplane.notices.wording import link
from ccplane.site import Site

WITHIN_S: Final = 10.0
GONE: Final = 410
"""The service says that there is nobody any more, and asks not to be told again."""
TIMESTAMP: Final = "Ccplane-Timestamp"
SIGNATURE: Final = "Ccplane-Signature"
EVENT: Final = "message-stored"


def body_of(notice: Notice, base: str) -> bytes:
    """What the service is told. Times in ISO 8601 UTC, lengths in s; null where there is none."""
    return msgspec.json.encode(
        {
            "event": EVENT,
            "message": notice.message,
            "contact": notice.contact,
            "box": notice.box,
            "queue": notice.queue or None,
            "agent": notice.agent or None,
            "caller": notice.caller,
            "number_dialled": notice.number_dialled,
            "left_at": _iso(notice.left_at),
            "length_s": notice.ms / 1000,
            "answer_until": None if notice.answer_until is None else _iso(notice.answer_until),
            "url": link(notice, base),
            "audio": f"{link(notice, base)}/audio",
        }
    )


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256, in hexadecimal, of the time, a dot and the body."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()


class Webhooks:
    """Tells services. `site`: the one in force; `base`: where the API is; `now`: ms; `environment`: of secrets."""

    def __init__(
        self,
        site: Callable[[], Site],
        base: str,
        now: Callable[[], int],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._site, self._base, self._now, self._environment = site, base, now, environment
        self._client: httpx.AsyncClient | None = None

    async def send(self, notice: Notice) -> Outcome:
        """Within ten seconds."""
        rule = self._site().webhooks.get(notice.target)
        if rule is None:
            return NotNow(f"there is no webhook {notice.target} in acd/voicemail.toml")
        secret = self._environment.get(rule.secret_env, "")
        if not secret:
            return NotNow(f"{rule.secret_env}, the secret of webhook {rule.name}, is not set in ccplane's environment")
        body, timestamp = body_of(notice, self._base), str(self._now() // 1000)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "ccplane",
            "Idempotency-Key": f"{notice.message}-{notice.target}",
            TIMESTAMP: timestamp,
            SIGNATURE: signature(secret, timestamp, body),
        }
        try:
            async with asyncio.timeout(WITHIN_S):
                return await self._post(f"webhook {rule.name}", rule.url, headers, body)
        except TimeoutError:
            return NotNow(f"webhook {rule.name} does not answer")

    async def _post(self, who: str, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Of the answer the status counts; its body is not read."""
        client = await self._one()
        try:
            response = await client.send(client.build_request("POST", url, headers=headers, content=body), stream=True)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            return NotNow(f"{who} has an address that cannot be asked")
        except (httpx.HTTPError, OSError) as error:
            return NotNow(f"{who} cannot be reached: {type(error).__name__}")
        await response.aclose()
        if 200 <= response.status_code < 300:
            return Sent()
        said = f"{who} answers {response.status_code}"
        return Refused(said) if response.status_code == GONE else NotNow(said)

    async def _one(self) -> httpx.AsyncClient:
        """It follows no redirect, knows no proxy, and keeps no connection: of one that is kept nobody knows, when it
        breaks, whether the service was told."""
        if self._client is None:
            trusted = await asyncio.to_thread(ssl.create_default_context)
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
            self._client = httpx.AsyncClient(
                verify=trusted, trust_env=False, follow_redirects=False, timeout=None, limits=limits
            )
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
