"""What the numbers of the service itself mean, and the surge index: a chapter of `definitions`."""

from __future__ import annotations

from typing import Final

from ccplane.kpi.definition import Definition

HEALTH: Final = (
    Definition(
        "surge_index",
        "surge index",
        "话务突增指数",
        "ratio",
        "arrivals in the slot that runs, or in the last whole one if that is more, ÷ median of the same slot of the "
        "same weekday in the weeks before (acd/site.toml: surge)",
        "ContactArrived",
    ),
    Definition(
        "offer_latency",
        "offer latency",
        "派单时延",
        "ms",
        "from an offer made to the phone's 180",
        "OfferMade, OfferRinging",
    ),
    Definition(
        "fact_lag", "fact lag", "事实入库时延", "ms", "from decided to queryable in Postgres", "at each batch of facts"
    ),
    Definition(
        "ari_lag",
        "ARI lag",
        "ARI 时延",
        "ms",
        "the way of a probe to Asterisk's event thread and back to us, behind the events that wait there",
        "a probe every few seconds",
    ),
    Definition(
        "loop_delay",
        "loop delay",
        "循环时延",
        "ms",
        "how much later than asked the engine's event loop woke a sleeper",
        "twice a second",
    ),
)
