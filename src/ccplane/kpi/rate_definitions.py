"""What rates, means and contacts of reports mean: a chapter of `definitions`; `measures` makes them of counters."""

from __future__ import annotations

from typing import Final

from ccplane.kpi.definition import Definition

_STAYS: Final = "ContactQueued, TalkStarted, ContactUnqueued, FallbackServed"
_WORK: Final = "TalkEnded, WrapUpDone, FallbackServed"
_OFFERS: Final = "OfferMade, OfferAnswered, OfferMissed, OfferWithdrawn"

_CAME: Final = f"ContactArrived, ContactEnded, {_STAYS}"

BROUGHT: Final = (
    Definition("contacts_arrived", "contacts arrived", "来话量", "contacts", "came from outside, each once", _CAME),
    Definition("contacts_queued", "asked for a person", "转人工量", "contacts", "of those, ever in a queue", _CAME),
    Definition("contacts_answered", "contacts answered", "来话接听量", "contacts", "an agent ever did", _CAME),
    Definition(
        "contacts_abandoned",
        "contacts abandoned",
        "来话放弃量",
        "contacts",
        "no agent ever answered, and they left while waiting",
        _CAME,
    ),
    Definition(
        "contacts_self_served",
        "self-served",
        "自助完成量",
        "contacts",
        "a program served them, and they were never in a queue",
        _CAME,
    ),
)
"""Contacts from outside, each once."""
RATES: Final = (
    Definition("service_level_past", "service level", "服务水平", "fraction", "A_T ÷ (A + B)", _STAYS),
    Definition(
        "service_level_answered", "service level, answered only", "服务水平（仅接听）", "fraction", "A_T ÷ A", _STAYS
    ),
    Definition(
        "service_level_excluding",
        "service level, excluding",
        "服务水平（剔除）",
        "fraction",
        "A_T ÷ (A + B − B_T)",
        _STAYS,
    ),
    Definition(
        "service_level_crediting",
        "service level, crediting",
        "服务水平（计入）",
        "fraction",
        "(A_T + B_T) ÷ (A + B)",
        _STAYS,
    ),
    Definition(
        "service_level_net", "service level, net of short", "服务水平（净）", "fraction", "A_T ÷ (A + B − B_s)", _STAYS
    ),
    Definition("abandonment", "abandonment", "放弃率", "fraction", "B ÷ (A + B)", _STAYS),
    Definition(
        "abandonment_net", "abandonment, net of short", "净放弃率", "fraction", "(B − B_s) ÷ (A + B − B_s)", _STAYS
    ),
    Definition("connected_share", "connected share", "人工接通率", "fraction", "A ÷ (A + B)", _STAYS),
    Definition(
        "connected_share_system",
        "connected share, system",
        "系统接通率",
        "fraction",
        "contacts self-served or answered ÷ contacts that arrived from outside",
        f"ContactArrived, ContactEnded, {_STAYS}",
    ),
    Definition("asa", "average speed of answer", "平均应答速度", "ms", "Σ wait of answered ÷ A", _STAYS),
    Definition(
        "patience",
        "patience",
        "平均耐心时长",
        "ms",
        "1/θ: (Σ wait of answered + Σ wait of abandoned) ÷ B: how long callers wait on average before they give up, if "
        "nobody answers. Who was answered would have waited longer, so their wait counts above the line",
        _STAYS,
    ),
    Definition(
        "asa_delayed",
        "speed of answer of the delayed",
        "延迟应答平均等待",
        "ms",
        "Σ wait ÷ number of those answered who were offered to nobody the moment they entered",
        f"{_STAYS}, OfferMade",
    ),
    Definition("aht", "average handle time", "平均处理时长", "ms", "Σ (talk + hold + wrap-up) ÷ handled", _WORK),
    Definition("att", "average talk time", "平均通话时长", "ms", "Σ talk, hold included, ÷ handled", _WORK),
    Definition("acw", "average wrap-up", "平均话后时长", "ms", "Σ wrap-up ÷ handled", _WORK),
    Definition(
        "rona",
        "ring, no answer",
        "振铃未接率",
        "fraction",
        "offers missed (rang out, rejected, busy, unreachable) ÷ these and those answered by hand",
        _OFFERS,
    ),
)
