"""What the terminal says of the plane's numbers."""

from __future__ import annotations

from typing import Any

from ccplane.demo.board import line, since, table

MIDNIGHT, NEXT = "2026-01-31T00:00:00.000Z", "2026-02-01T00:00:00.000Z"


def a_board(counted_from: str = MIDNIGHT, states: str = "", **queues: tuple[int, int, int]) -> dict[str, Any]:
    """`queues`: offered, answered, abandoned."""
    return {
        "at": counted_from,
        "counted_from": counted_from,
        "queues": [
            {"name": name, "waiting": counts[0] - counts[1] - counts[2], "longest_wait_s": 7.4, "service_level": 0.875,
             **dict(zip(("offered", "answered", "abandoned"), counts, strict=True))}
            for name, counts in queues.items()
        ],
        "agents": [{"id": str(n), "state": state} for n, state in enumerate(states.split())],
    }  # fmt: skip


def test_only_what_was_counted_since_the_beginning_is_told():
    told = since(a_board(sales=(10, 8, 2)), a_board(sales=(14, 11, 2), support=(3, 1, 1)))
    assert told["sales"] == {"offered": 4, "answered": 3, "abandoned": 0}
    assert told["support"] == {"offered": 3, "answered": 1, "abandoned": 1}


def test_past_midnight_the_plane_counts_afresh_and_so_do_we():
    told = since(a_board(sales=(10, 8, 2)), a_board(NEXT, sales=(1, 1, 0)))
    assert told["sales"] == {"offered": 1, "answered": 1, "abandoned": 0}


def test_a_line_tells_the_hour_the_counts_who_waits_and_what_agents_do():
    now = a_board(states="ready talking talking offline", sales=(10, 5, 2), support=(2, 2, 0))
    assert line(9.5, a_board(), now) == (
        "09:30  offered 12 answered 7 abandoned 2 · waiting 3 (7 s) · 2 talking, 1 ready, 1 offline · "
        "in time: sales 88%, support 88%"
    )


def test_the_table_sums_up_by_queue_and_by_what_callers_saw():
    told = table(75.4, a_board(), a_board(sales=(10, 5, 2), support=(2, 2, 0)), {"reached an agent": 7, "left": 0})
    assert "1 min 15 s" in told
    rows = [row.split() for row in told.splitlines()]
    assert ["sales", "10", "5", "2", "88%"] in rows
    assert ["all", "12", "7", "2"] in rows
    assert "What the 7 callers saw: 7 reached an agent." in told


def test_a_demo_of_nobody_has_a_table_too():
    now = a_board(sales=(0, 0, 0))
    now["queues"][0]["service_level"] = None
    told = table(1.0, now, now, {"reached an agent": 0})
    assert ["sales", "0", "0", "0", "–"] in [row.split() for row in told.splitlines()]
    assert "What the 0 callers saw: nothing." in told
