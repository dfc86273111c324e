"""What the terminal says of the plane's own numbers. Pure: wallboards in, text out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ccplane.agents.agent import Shown

Wallboard = Mapping[str, Any]
"""As `GET /api/v1/wallboard` gives it."""

COUNTS: Final = ("offered", "answered", "abandoned")


def since(begun: Wallboard, now: Wallboard) -> dict[str, Counter[str]]:
    """What was counted by queue since `begun`; at midnight the plane, and so this, begins at nothing."""
    before = {queue["name"]: queue for queue in begun["queues"]} if begun["counted_from"] == now["counted_from"] else {}
    return {queue["name"]: _counted(queue, before.get(queue["name"], {})) for queue in now["queues"]}


def _counted(now: Mapping[str, int], before: Mapping[str, int]) -> Counter[str]:
    return Counter({count: now[count] - before.get(count, 0) for count in COUNTS})


def line(hour: float, begun: Wallboard, now: Wallboard) -> str:
    """One line: the hour that is played, what was counted, who waits, what the agents do, the service levels."""
    total = sum(since(begun, now).values(), Counter())
    waiting = sum(queue["waiting"] for queue in now["queues"])
    longest = max((queue["longest_wait_s"] for queue in now["queues"]), default=0.0)
    states = Counter(agent["state"] for agent in now["agents"])
    parts = [
        " ".join(f"{count} {total[count]}" for count in COUNTS),
        f"waiting {waiting}" + (f" ({longest:.0f} s)" if waiting else ""),
        ", ".join(f"{states[state]} {state}" for state in reversed(Shown) if states[state]),
        "in time: " + ", ".join(f"{queue['name']} {percent(queue['service_level'])}" for queue in now["queues"]),
    ]
    return f"{int(hour):02d}:{int(hour % 1 * 60):02d}  " + " · ".join(parts)


def table(seconds: float, begun: Wallboard, now: Wallboard, outcomes: Mapping[str, int]) -> str:
    """The end: by queue what the plane counted since the demo began, and what the callers themselves saw."""
    return "\n".join(_table(seconds, begun, now, outcomes))


def _table(seconds: float, begun: Wallboard, now: Wallboard, outcomes: Mapping[str, int]) -> Iterator[str]:
    counted = since(begun, now)
    levels = {queue["name"]: queue["service_level"] for queue in now["queues"]}
    yield f"\nThe demo went on for {int(seconds // 60)} min {int(seconds % 60)} s. What the plane counted:\n"
    yield f"  {'queue':<12}" + "".join(f"{count:>11}" for count in COUNTS) + f"{'in time':>11}"
    for name, counts in counted.items():
        yield _row(name, counts, percent(levels[name]))
    yield _row("all", sum(counted.values(), Counter()))
    yield "  (in time: the service level since midnight, earlier calls of today included)\n"
    callers = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items() if count)
    yield f"What the {sum(outcomes.values())} callers saw: {callers or 'nothing'}."


def _row(name: str, counts: Mapping[str, int], level: str = "") -> str:
    return (f"  {name:<12}" + "".join(f"{counts[count]:>11}" for count in COUNTS) + f"{level:>11}").rstrip()


def percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.0%}"
