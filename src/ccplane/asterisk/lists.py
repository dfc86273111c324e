"""Whole lists, read by HTTP: **an answer of some 490 kB over a WebSocket segfaults Asterisk**, with all its calls.

res_http_websocket copies a frame onto its thread's stack of 496 kB. The list of channels is that long at some 450 of
them, that of bridges or phones later; over HTTP the answer lies in a buffer on the heap. Everything else stays on the
WebSockets: a list is read at each connect and every 15 s, and needs no order with the commands around it.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from importlib import import_module
from typing import Any, Final, TypeVar, cast

import httpx
import msgspec

from ccplane.asterisk import operations as op
from ccplane.asterisk.events import RestResponse
from ccplane.asterisk.outcomes import Done, Outcome, Refused, Unknown, classify
from ccplane.asterisk.stats import AriStats
from ccplane.asterisk.websocket import Address

T = TypeVar("T")

WHOLE: Final[tuple[type[op.Operation[Any]], ...]] = (
    op.ListChannels,
    op.ListBridges,
    op.ListEndpoints,
    op.ListDeviceStates,
    op.ListApplications,
)
"""What answers with more the more there is."""

PIECE: Final = 100
"""So many members of a list are decoded in one go: 1 ms."""
TIMEOUT: Final = Unknown("timeout")


# httpx imports these with its first client and its first request, which is 40-120 ms on the loop of all calls (law 13).
for _late in ("httpcore", "certifi", "anyio._backends._asyncio"):
    with suppress(ImportError):  # a later httpx may do without
        import_module(_late)


class Lists:
    """The HTTP client of one connection. Every future is resolved: by its answer, its deadline, or the end. `grace`: by
    how much we must have been late ourselves for an answer that is missing to be asked for again."""

    def __init__(self, deadline: float, grace: float, stats: AriStats) -> None:
        self._deadline, self._grace = deadline, grace
        self._stats = stats
        self._client: httpx.AsyncClient | None = None
        self._pending: set[asyncio.Task[Outcome[Any]]] = set()
        self._lost = False
        self.unanswered = False
        """The last list was asked for in vain."""

    def open(self, address: Address) -> None:
        """Connects to nothing yet; kept alive from one survey to the next."""
        self._client = httpx.AsyncClient(
            base_url=address.rest,
            auth=(address.username, address.password),
            verify=ssl.create_default_context() if address.secure else False,
            timeout=None,  # the deadline below is for the whole of it
            limits=httpx.Limits(max_connections=3, keepalive_expiry=30.0),
            trust_env=False,  # a proxy of the environment is not for us
        )

    def send(self, operation: op.Operation[T]) -> asyncio.Future[Outcome[T]]:
        """Ask now. Never raises; the future never carries an exception."""
        future: asyncio.Future[Outcome[T]] = asyncio.get_running_loop().create_future()
        if self._client is None or self._lost:
            self._settle(future, Refused(0, "closed"))
            return future
        task = asyncio.create_task(self._ask(self._client, operation), name="ari list")
        self._pending.add(task)
        self._stats.sent += 1
        self._stats.pending += 1
        task.add_done_callback(lambda done: self._asked(done, future))
        return future

    def lost(self) -> None:
        """Nothing will be answered any more."""
        self._lost = True
        for task in self._pending:
            task.cancel()

    async def close(self) -> None:
        self.lost()
        await asyncio.gather(*self._pending, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _ask(self, client: httpx.AsyncClient, operation: op.Operation[T]) -> Outcome[T]:
        """When we were late ourselves (a suspended machine, a loop held up), it is asked once more."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        outcome = await self._ask_once(client, operation)
        late = loop.time() - began >= self._deadline + self._grace
        return await self._ask_once(client, operation) if late and outcome == TIMEOUT else outcome

    async def _ask_once(self, client: httpx.AsyncClient, operation: op.Operation[T]) -> Outcome[T]:
        request = operation.request()
        try:
            async with asyncio.timeout(self._deadline):
                answer = await client.request(request.method, request.uri, params=dict(request.query))
                if answer.is_success:
                    return Done(await _decoded(operation, answer.content))
        except TimeoutError:
            return TIMEOUT
        except msgspec.MsgspecError as fault:
            return Unknown(f"undecodable: {fault}")
        except Exception:  # whatever httpx, or a closed transport beneath it, raises: there is no answer
            return Unknown("disconnected")
        return classify(RestResponse("", answer.status_code, answer.reason_phrase, answer.text), operation.read)

    def _asked(self, task: asyncio.Task[Outcome[T]], future: asyncio.Future[Outcome[T]]) -> None:
        self._pending.discard(task)
        self._stats.pending -= 1
        outcome = Unknown("disconnected") if task.cancelled() else task.result()
        if not task.cancelled():
            self.unanswered = outcome == TIMEOUT
        self._settle(future, outcome)

    def _settle(self, future: asyncio.Future[Outcome[T]], outcome: Outcome[T]) -> None:
        self._stats.outcomes[type(outcome).__name__] += 1
        if not future.done():  # its owner may have cancelled it
            future.set_result(outcome)


async def _decoded(operation: op.Operation[T], body: bytes) -> T:
    """In pieces, between which others on the loop get their turn (law 13)."""
    members = msgspec.json.decode(body, type=list[msgspec.Raw])
    whole: list[Any] = []
    for start in range(0, len(members), PIECE):
        piece = b",".join(bytes(member) for member in members[start : start + PIECE])
        whole += cast(list[Any], operation.read(b"[" + piece + b"]"))
        await asyncio.sleep(0)
    return cast(T, whole)
