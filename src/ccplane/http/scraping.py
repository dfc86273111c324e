"""`/metrics`: a scrape is made ready and encoded in steps, between which the loop may go on (law 13)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

END: Final = b"# EOF\n"
"""Of a text in the OpenMetrics format; the older one has none."""


@dataclass(frozen=True)
class _One(Collector):
    """A registry of one metric, for the encoder."""

    metric: Metric

    def collect(self) -> Iterator[Metric]:
        yield self.metric


async def encoded(registry: CollectorRegistry, encode: Callable[[Collector], bytes]) -> bytes:
    """All of it, one metric after the other: between two of them the loop may go on (law 13)."""
    pieces, end = list[bytes](), b""
    for metric in registry.collect():
        for part in _parts(metric):
            piece = encode(_One(part))
            end = END if piece.endswith(END) else b""
            piece = piece.removesuffix(END)
            pieces.append(piece if part is metric or part.samples[0] is metric.samples[0] else _samples(piece))
            await asyncio.sleep(0)
    return b"".join((*pieces, end))


SAMPLES_AT_ONCE: Final = 250
"""Some 2 ms."""


def _parts(metric: Metric) -> Iterator[Metric]:
    """The metric, or, of one with many samples, some of them at a time."""
    if len(metric.samples) <= SAMPLES_AT_ONCE:
        yield metric
        return
    for first in range(0, len(metric.samples), SAMPLES_AT_ONCE):
        part = Metric(metric.name, metric.documentation, metric.type, metric.unit)
        part.samples = metric.samples[first : first + SAMPLES_AT_ONCE]
        yield part


def _samples(piece: bytes) -> bytes:
    """Without the lines that say what the metric is: they came with its first part."""
    return b"".join(line for line in piece.splitlines(keepends=True) if not line.startswith(b"# "))


def routes(registry: CollectorRegistry, before: Iterable[Callable[[], Awaitable[None]]]) -> APIRouter:
    """`before`: what is made ready for a scrape in steps that do not hold the loop."""
    router = APIRouter(tags=["health"])

    @router.get("/metrics", summary="For Prometheus", response_class=Response)
    async def metrics(request: Request) -> Response:
        for each in before:
            await each()
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(await encoded(registry, encode), media_type=content_type)

    return router
