"""Writes monitoring/grafana/: `python -m tests.monitoring.dashboards`. What a panel shows stands here, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from ccplane.settings import HOME

FOLDER: Final = HOME / "monitoring" / "grafana"
SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
WIDTH: Final = 24


class Panel(NamedTuple):
    """`queries`: PromQL by legend. `kind`: stat or timeseries, bars. `unit`: as Grafana names it."""

    title: str
    queries: dict[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    means: str = ""
    steps: tuple[tuple[str, float | None], ...] = (("green", None),)
    wide: int = 8
    stacked: bool = False


def of(metric: str, more: str = "") -> str:
    """The metric, of the chosen queues."""
    return f'{metric}{{queue=~"$queue"{more}}}'


def rise(metric: str, window: str, by: str = "", more: str = "") -> str:
    """By how much a counter of the chosen queues rose."""
    return f"sum{f' by ({by}) ' if by else ''}(increase({of(metric, more)}[{window}]))"


def a_minute(metric: str, by: str, most: int = 0) -> str:
    """How often, a minute; the `most` most."""
    found = f"sum by ({by}) (rate({metric}[5m])) * 60"
    return f"topk({most}, {found})" if most else found


def quantile(share: float, metric: str, window: str = "5m") -> str:
    """What this share of a histogram keeps."""
    return f"histogram_quantile({share}, sum by (le) (rate({metric}[{window}])))"


BUSY: Final = "talking|wrap-up|connecting|rejoining"
ENDED: Final = "ccplane_queue_ended_total"
SERVED_OR_NOT: Final = rise(ENDED, "30m", more=',outcome=~"answered|abandoned"')
IN_TIME: Final = rise("ccplane_queue_answered_within_total", "30m")
WAITS: Final = of("ccplane_queue_answer_seconds_bucket")
TOP: Final = rise("ccplane_queue_satisfaction_top_total", "1d", "queue")
RATED: Final = rise("ccplane_queue_satisfaction_rated_total", "1d", "queue")
LONG: Final = (("green", None), ("orange", 60), ("red", 180))
HIGH: Final = (("red", None), ("orange", 0.7), ("green", 0.8))
NONE: Final = (("green", None), ("red", 1))
ALL: Final = (("red", None), ("green", 1))

OPERATIONS: Final = (
    Panel("Waiting", {"waiting": f"sum({of('ccplane_queue_waiting')})"}, kind="stat", wide=4),
    Panel("Longest wait", {"longest": f"max({of('ccplane_queue_longest_wait_seconds')})"}, "s", "stat", "", LONG, 4),
    Panel(
        "Service level, 30 min",
        {"level": f"{IN_TIME} / ({SERVED_OR_NOT} > 0)"},
        "percentunit",
        "stat",
        "A_T ÷ (A + B) of the stays that ended; – where none did",
        HIGH,
        4,
    ),
    Panel("Agents ready", {"ready": 'sum(ccplane_agents{state="ready"})'}, kind="stat", wide=4),
    Panel("Agents talking", {"talking": 'sum(ccplane_agents{state="talking"})'}, kind="stat", wide=4),
    Panel("Messages overdue", {"late": "sum(ccplane_messages_overdue) or vector(0)"}, "short", "stat", "", NONE, 4),
    Panel("Who waits", {"{{queue}}": of("ccplane_queue_waiting")}, stacked=True, wide=12),
    Panel(
        "Longest and estimated wait",
        {
            "{{queue}}": of("ccplane_queue_longest_wait_seconds"),
            "{{queue}}, estimated": of("ccplane_queue_estimated_wait_seconds"),
        },
        "s",
        wide=12,
    ),
    Panel("Service level", {"{{queue}}": of("queue:ccplane_service_level:ratio30m")}, "percentunit"),
    Panel("Abandonment", {"{{queue}}": of("queue:ccplane_abandonment:ratio30m")}, "percentunit"),
    Panel("Arrivals a minute", {"{{queue}}": a_minute(of("ccplane_queue_entered_total"), "queue")}),
    Panel("How stays end, a minute", {"{{outcome}}": a_minute(of(ENDED), "outcome")}, stacked=True, wide=12),
    Panel(
        "Wait of those who were answered",
        {"half of them": quantile(0.5, WAITS, "30m"), "nine in ten": quantile(0.9, WAITS, "30m")},
        "s",
        wide=12,
    ),
    Panel("Callbacks open", {"{{queue}}": of("ccplane_queue_callbacks_open")}, stacked=True),
    Panel(
        "Callbacks of the last day",
        {
            "promised": rise("ccplane_queue_callbacks_total", "1d"),
            "served": rise("ccplane_queue_callbacks_served_total", "1d"),
            "expired": rise("ccplane_queue_callbacks_expired_total", "1d"),
        },
    ),
    Panel(
        "Calls by advertisement, an hour",
        {"{{attribution}}": "sum by (attribution) (increase(ccplane_brought_arrived_total[1h]))"},
        stacked=True,
    ),
)
AGENTS: Final = (
    Panel("Agents by what they do", {"{{state}}": "ccplane_agents"}, stacked=True, wide=24),
    Panel(
        "Occupancy now",
        {
            "occupancy": f'sum(ccplane_agents{{state=~"{BUSY}"}}) / '
            f'(sum(ccplane_agents{{state=~"{BUSY}|ready|offered"}}) > 0)'
        },
        "percentunit",
        means="Of those who work now, how many are busy. The report's is of their time.",
    ),
    Panel("Answered within three rings", {"{{queue}}": of("queue:ccplane_three_rings:ratio30m")}, "percentunit"),
    Panel("Handle time", {"{{queue}}": of("queue:ccplane_handle_time_seconds:mean30m")}, "s"),
    Panel(
        "What comes of offers, a minute",
        {"{{outcome}}": a_minute("ccplane_offers_total", "outcome")},
        stacked=True,
        wide=12,
    ),
    Panel(
        "Offer made to the phone's ringing",
        {
            "half": quantile(0.5, "ccplane_offer_ringing_seconds_bucket"),
            "99 in 100": quantile(0.99, "ccplane_offer_ringing_seconds_bucket"),
        },
        "s",
        wide=12,
    ),
    Panel("Further groups that serve", {"{{queue}} {{group}}": of("ccplane_queue_group_open")}),
    Panel("Agents' screens open", {"screens": "ccplane_agent_screens"}),
    Panel("Satisfied, of the last day", {"{{queue}}": f"{TOP} / ({RATED} > 0)"}, "percentunit"),
)
SYSTEM: Final = (
    Panel("Parts", {"{{part}}": "ccplane_part_up"}, kind="stat", wide=24, steps=ALL),
    Panel("Loop delay", {"99 in 100": "instance:ccplane_loop_delay_seconds:p99_5m"}, "s"),
    Panel("One input, all told", {"99 in 100": "instance:ccplane_step_seconds:p99_5m"}, "s"),
    Panel("Processor", {"cores": 'rate(process_cpu_seconds_total{job="ccplane"}[5m])'}),
    Panel("Memory", {"resident": 'process_resident_memory_bytes{job="ccplane"}'}, "bytes"),
    Panel("Facts a minute", {"{{kind}}": a_minute("ccplane_facts_total", "kind", most=10)}, stacked=True),
    Panel(
        "Fact to Postgres",
        {"99 in 100": "instance:ccplane_fact_lag_seconds:p99_5m", "behind": "ccplane_shipping_behind_seconds"},
        "s",
    ),
    Panel("Outbox", {"held": "ccplane_outbox_bytes", "limit": "ccplane_outbox_limit_bytes"}, "bytes"),
    Panel(
        "Asterisk's events a minute", {"{{type}}": a_minute("ccplane_ari_events_total", "type", most=10)}, stacked=True
    ),
    Panel("ARI round trip", {"probe": "ccplane_ari_probe_rtt_seconds"}, "s"),
    Panel(
        "What waits at ARI",
        {"events to be read": "ccplane_ari_inbox_depth", "commands to be answered": "ccplane_ari_commands_pending"},
    ),
    Panel("AMI round trip", {"99 in 100": quantile(0.99, "ccplane_ami_round_trip_seconds_bucket")}, "s"),
    Panel("Phones' answers to qualify", {"99 in 100": quantile(0.99, "ccplane_phone_latency_seconds_bucket")}, "s"),
    Panel("Put right, an hour", {"{{what}}": "sum by (what) (increase(ccplane_repairs_total[1h]))"}),
    Panel("Calls up", {"{{phase}}": "ccplane_contacts_live"}, stacked=True),
    Panel("Look-ups a minute", {"{{outcome}}": a_minute("ccplane_look_ups_total", "outcome")}, stacked=True),
)
DASHBOARDS: Final = {"operations": OPERATIONS, "agents": AGENTS, "system": SYSTEM}


def dashboard(name: str) -> dict[str, Any]:
    """As Grafana imports it."""
    return {
        "uid": f"ccplane-{name}",
        "title": f"ccplane: {name}",
        "tags": ["ccplane"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "15s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": list(_variables())},
        "panels": list(_placed(DASHBOARDS[name])),
    }


def _variables() -> Iterator[dict[str, Any]]:
    yield {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    yield {
        "name": "queue",
        "label": "Queue",
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": "label_values(ccplane_queue_waiting, queue)", "refId": "queues"},
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


def _placed(panels: tuple[Panel, ...]) -> Iterator[dict[str, Any]]:
    x = y = 0
    tall = 0
    for number, panel in enumerate(panels, 1):
        height = 4 if panel.kind == "stat" else 8
        if x + panel.wide > WIDTH:
            x, y, tall = 0, y + tall, 0
        yield _panel(number, panel) | {"gridPos": {"x": x, "y": y, "w": panel.wide, "h": height}}
        x, tall = x + panel.wide, max(tall, height)


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    steps = [{"color": color, "value": value} for color, value in panel.steps]
    custom = {"stacking": {"mode": "normal"}, "fillOpacity": 30} if panel.stacked else {}
    return {
        "id": number,
        "title": panel.title,
        "description": panel.means,
        "type": panel.kind,
        "datasource": SOURCE,
        "targets": [
            {"refId": chr(65 + at), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
            for at, (legend, expr) in enumerate(panel.queries.items())
        ],
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "noValue": "–",
                "custom": custom,
                "thresholds": {"mode": "absolute", "steps": steps},
            },
            "overrides": [],
        },
    }


def text(name: str) -> str:
    """The file."""
    return json.dumps(dashboard(name), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    for each in DASHBOARDS:
        (FOLDER / f"{each}.json").write_text(text(each))
