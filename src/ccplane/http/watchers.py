"""Who may watch the wallboard: this machine, the administrator, a screen with the wallboard's own token, and whoever is
in a network that was opened. That token opens what can be watched and nothing else; a screen gives it once, in its
address, and gets a cookie for it, so that it stays in no address bar.

Behind a proxy an address is what the proxy says, and it is believed only if it is one of ours: the last address that
was added by none of ours is the screen's. Whatever stands before that anybody may have written.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Sequence
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from ccplane.http.auth import FORWARDED, Credentials, Guard, either_of, from_this_machine

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

COOKIE: Final = "ccplane_wallboard"
LASTS_S: Final = 400 * 86_400
"""The longest that browsers keep one; each visit of the page begins it anew."""
HOPS_MOST: Final = 20


class Watchers:
    """`networks`: open to them; `proxies`: ours; `names`: hosts by which we are asked for, beside addresses."""

    def __init__(
        self,
        admin_token: str,
        token: str = "",
        networks: Sequence[Network] = (),
        proxies: Sequence[Network] = (),
        names: Sequence[str] = (),
    ) -> None:
        self._token, self._networks, self._proxies, self._names = token, networks, proxies, names
        self._by_token = either_of(admin_token, token)

    @property
    def guard(self) -> Guard:
        """Lets through who may watch."""

        async def guard(request: Request, credentials: Credentials) -> None:
            if not self.known(request):
                await self._by_token(credentials)

        return guard

    def known(self, request: Request) -> bool:
        """Whether they may watch without a token in a header."""
        return from_this_machine(request) or self._has_cookie(request) or self._from_network(request)

    def let_in(self, request: Request) -> Response | None:
        """For whoever brings the token in the address: the same address without it, and a cookie. None: a wrong one."""
        given = request.query_params.get("token", "")
        if not self._token or not hmac.compare_digest(given.encode(), self._token.encode()):
            return None
        rest = [(key, value) for key, value in request.query_params.multi_items() if key != "token"]
        answer = RedirectResponse(f"{request.url.path}?{urlencode(rest)}" if rest else request.url.path, 303)
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Referrer-Policy"] = "no-referrer"
        self._give(answer, request)
        return answer

    def renew(self, answer: Response, request: Request) -> None:
        """A screen that is used keeps its cookie."""
        if self._has_cookie(request):
            self._give(answer, request)

    def _give(self, answer: Response, request: Request) -> None:
        secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", ""))
        answer.set_cookie(COOKIE, self._ticket, max_age=LASTS_S, path="/", httponly=True, samesite="lax", secure=secure)

    @property
    def _ticket(self) -> str:
        """Made of the token: with another token it is worth nothing, and the token can't be had from it."""
        return hmac.new(self._token.encode(), b"ccplane wallboard", sha256).hexdigest()

    def _has_cookie(self, request: Request) -> bool:
        given = request.cookies.get(COOKIE, "")
        return bool(self._token) and hmac.compare_digest(given.encode(), self._ticket.encode())

    def _from_network(self, request: Request) -> bool:
        if not self._networks or not self._names_us(request.headers.get("host", "")):
            return False
        address = self._address(request)
        return address is not None and _within(address, self._networks)

    def _names_us(self, host: str) -> bool:
        """A name that we don't know may be bound to our address by anybody (DNS rebinding)."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._names or _address(name) is not None

    def _address(self, request: Request) -> Address | None:
        """Whence it comes; None if that can't be known."""
        peer = _address(request.client.host) if request.client else None
        if peer is None:
            return None
        if not _within(peer, self._proxies):
            return None if any(header in request.headers for header in FORWARDED) else peer
        if "forwarded" in request.headers:
            return None
        hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        for hop in reversed(hops[-HOPS_MOST:]):
            address = _address(hop.strip())
            if address is None or not _within(address, self._proxies):
                return address
        return None


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
