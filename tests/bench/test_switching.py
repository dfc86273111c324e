"""The bench's own arithmetic: percentiles, pools, promises, the table, what a process costs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench.switching import pool, report
from bench.switching.__main__ import alone, arguments
from bench.switching.measure import milliseconds, percentile, usage
from bench.switching.peers import RTP
from bench.switching.pool import Seen
from bench.switching.scenarios import Size


def test_percentiles_are_values_that_were_seen():
    """The smallest value that so many don't exceed."""
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert percentile([3.0], 0.5) == 3.0
    assert percentile([], 0.5) is None
    assert milliseconds([0.002, 0.004])["p50"] == 2.0


def a_round(*seconds: float, **more: Any) -> Seen:
    counts = {"dialled": len(seconds), "stuck": 1, "cpu_s": 0.1}
    return Seen({"idle_to_ring": seconds}, counts, {"outcomes": Counter(talked=len(seconds))}, more)


def test_percentiles_are_taken_over_the_calls_of_all_rounds():
    """Not over the rounds' percentiles: a slow round of few calls weighs as much as its calls."""
    made = pool.figures([a_round(*[0.001] * 98), a_round(0.5, 0.9)])
    assert made["idle_to_ring_ms"] == {"n": 100, "p50": 1.0, "p95": 1.0, "p99": 500.0, "max": 900.0}
    assert [each["idle_to_ring_ms"]["p50"] for each in made["rounds"]] == [1.0, 500.0]


def test_counts_of_rounds_are_summed_and_levels_are_not():
    """Calls, faults and CPU add up; memory is the highest that any round saw."""
    made = pool.figures([a_round(0.1, 0.2, rss_mb=70.0), a_round(0.3, rss_mb=71.5), a_round(0.4, rss_mb=71.0)])
    assert (made["dialled"], made["stuck"], made["cpu_s"], made["rss_mb"]) == (4, 3, 0.3, 71.5)
    assert made["outcomes"] == {"talked": 4}


def test_the_rounds_together_offer_what_was_asked_for():
    """Also when the calls can't be divided evenly."""
    parts = [Size(calls=402, refills=7, rounds=5).of_round(number) for number in range(5)]
    assert [part.calls for part in parts] == [81, 81, 80, 80, 80]
    assert sum(part.refills for part in parts) == 7


@pytest.mark.parametrize("wrong", ["--peers=floor,cieling", "--scenarios=", "--rounds=0", "--calls=-1"])
def test_what_cannot_be_measured_is_refused_at_once(wrong: str):
    """Not after minutes of measuring."""
    with pytest.raises(SystemExit):
        arguments([wrong])


def test_peers_that_run_at_once_have_rtp_ports_of_their_own():
    """Nor may they take those that the kernel gives to the phones."""
    ends = [port for pair in sorted(RTP.values()) for port in pair]
    assert ends == sorted(set(ends))
    assert ends[-1] < int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


def latency(p50: float, p99: float) -> dict[str, Any]:
    return {"n": 300, "p50": p50, "p95": p99, "p99": p99, "max": p99}


def figures(key: str, p50: float, p99: float, **more: Any) -> dict[str, Any]:
    counts = {"dialled": 300, "talked": 300, "lost": 0, "stuck": 0, "double_booked": 0}
    costs = {"asterisk_cpu_s": 1.0, "others_cpu_s": 0.5, "wall_s": 62.0}
    rounds = [{key: latency(p50 - 1, p99)}, {key: latency(p50 + 1, p99)}]
    return {key: latency(p50, p99)} | counts | costs | {"rounds": rounds} | more


def a_run() -> report.Found:
    return {
        "idle": {
            "ccplane": figures("idle_to_ring_ms", 6.0, 15.0, contacts_in_postgres=300),
            "floor": figures("idle_to_ring_ms", 3.0, 5.0),
        },
        "refill": {
            "ccplane": figures("freed_to_ring_ms", 6.0, 15.0),
            "app_queue": figures("freed_to_ring_ms", 660.0, 870.0),
            "floor": figures("freed_to_ring_ms", 3.0, 5.0),
        },
        "load": {
            "ccplane": figures(
                "idle_to_ring_ms", 6.0, 15.0, contacts_in_postgres=300, fact_lag_ms=latency(20, 90),
                cpu_s=30.0, peak_mb=120.0,
            )
        },
        "rest": {"ccplane": {"cpu_percent": 1.2, "rss_mb": 90.0, "seconds": 30}},
    }  # fmt: skip


def test_a_good_run_keeps_every_promise():
    """All limits of the issue are looked at, and kept."""
    made = report.checks(a_run())
    assert len(made) == 5 + 9 + 2 + 1 + 2
    assert [check.what for check in made if not check.kept] == []


@pytest.mark.parametrize(
    ("scenario", "key", "value", "missed"),
    [
        ("idle", "idle_to_ring_ms", latency(6.6, 15), "idle p50 against floor + 3.5 ms"),
        ("idle", "idle_to_ring_ms", latency(6, 20.1), "idle p99 against floor + 15.0 ms"),
        ("refill", "freed_to_ring_ms", latency(6, 25.1), "refill p99 against floor + 20.0 ms"),
        ("load", "lost", 1, "load: lost"),
        ("load", "stuck", 1, "load: stuck"),
        ("load", "contacts_in_postgres", 299, "load: calls at the phones less contacts in Postgres"),
        ("load", "fact_lag_ms", latency(20, 251), "load: fact to queryable p99"),
        ("load", "fact_lag_ms", latency(20, 251) | {"p99": None}, "load: fact to queryable p99"),
        ("rest", "cpu_percent", 3.1, "at rest: CPU"),
        ("rest", "rss_mb", 151, "at rest: memory"),
    ],
)
def test_a_figure_over_its_limit_is_a_miss(scenario: str, key: str, value: Any, missed: str):
    """One figure that is off, or was not measured, is told by name."""
    run = a_run()
    run[scenario]["ccplane"][key] = value
    assert [check.what for check in report.checks(run) if not check.kept] == [missed]


def test_a_fiftieth_of_app_queue_is_asked_for():
    """The promise against app_queue stands beside the one against the floor."""
    run = a_run()
    run["refill"]["app_queue"]["freed_to_ring_ms"]["p50"] = 200.0
    assert [check.what for check in report.checks(run) if not check.kept] == [
        "refill p50 against a 50th of app_queue's"
    ]


def a_report(run: report.Found, **more: Any) -> dict[str, Any]:
    return {
        "at": "2026-01-01T00:00:00", "revision": "abc", "machine": {"cores": 2, "cpu": "a CPU"}, "asterisk": "22",
        "size": {"rounds": 2}, "scenarios": run, "failed": {}, "checks": report.as_json(report.checks(run)),
    } | more  # fmt: skip


def test_the_table_shows_how_far_rounds_lie_apart():
    """One median over all calls, and the lowest and the highest of any round."""
    lines = report.table(a_report(a_run())).splitlines()
    at = lines.index("| idle agent → ring, p50 / p99 | 6.0 / 15.0 ms (n=300) | – | 3.0 / 5.0 ms (n=300) |")
    assert lines[at + 1] == "| p50 of its rounds, lowest to highest | 5.0 to 7.0 ms | – | 2.0 to 4.0 ms |"
    assert "| idle: CPU of the peers not in turn | 0.5 s in 62.0 s | – | 0.5 s in 62.0 s |" in lines


def test_the_table_names_who_failed():
    """What a peer showed before is not taken for the whole."""
    assert "**floor failed**" in report.table(a_report(a_run(), failed={"floor": "OSError()"}))


def test_the_table_replaces_only_what_is_between_its_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What people wrote around it on the page stays."""
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    for name, value in (("PAGE", page), ("RESULTS", tmp_path / "results"), ("HOME", tmp_path)):
        monkeypatch.setattr(report, name, value)
    written = report.write(a_report(a_run()), "switching")
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| 660.0 / 870.0 ms (n=300) |" in text
    assert "2 rounds in which the peers, all of them up at once, have their turns one after another" in text
    assert written == tmp_path / "results" / "switching.json"


def test_a_run_in_which_a_peer_failed_does_not_replace_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    page = tmp_path / "performance.md"
    page.write_text(f"{report.BEGIN}\nold\n{report.END}\n")
    for name, value in (("PAGE", page), ("RESULTS", tmp_path / "results"), ("HOME", tmp_path)):
        monkeypatch.setattr(report, name, value)
    written = report.write(a_report(a_run(), failed={"ccplane": "OSError()"}), "switching")
    assert "old" in page.read_text()
    assert written.name == "switching-failed.json"


def test_usage_counts_children_too():
    """A process that works in its child is not free."""
    before = usage(os.getpid())
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"], stdin=-1, stdout=-1
    ) as child:
        assert child.stdout
        assert child.stdin
        child.stdout.readline()
        assert usage(os.getpid()).rss_mb > before.rss_mb + 3
        child.stdin.close()


def test_a_second_bench_over_the_same_folder_is_refused(tmp_path: Path):
    """Each clears away what it finds: two at once would end each other's servers."""
    with alone(tmp_path):
        with pytest.raises(SystemExit, match="Another bench is running"), alone(tmp_path):
            pytest.fail("both are in")
        with alone(tmp_path / "other"):
            pass
    with alone(tmp_path):
        pass
