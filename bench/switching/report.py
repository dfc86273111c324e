"""What the figures say: checks against the promised limits, JSON for machines, a table for people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ccplane.asterisk.node import HOME

RESULTS: Final = HOME / "bench" / "results"
PAGE: Final = HOME / "docs" / "performance.md"
BEGIN, END = "<!-- bench:switching:begin -->", "<!-- bench:switching:end -->"
Found = dict[str, dict[str, dict[str, Any]]]  # scenario → peer → figures
LATENCIES: Final = (
    ("idle", "idle_to_ring_ms", "idle agent → ring"),
    ("refill", "freed_to_ring_ms", "freed agent → next ring, callers waiting"),
    ("refill", "first_freed_to_ring_ms", "of these, the first 20 of each round"),
    ("load", "idle_to_ring_ms", "the same as the first under load"),
)
SCATTER: Final = ("idle_to_ring_ms", "freed_to_ring_ms")
CALLS: Final = (
    ("calls talked", "{talked} of {dialled}, {lost} lost, {stuck} stuck"),
    ("CPU of Asterisk", "{asterisk_cpu_s} s"),
    ("CPU of the peers not in turn", "{others_cpu_s} s in {wall_s} s"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One promise: `value` may be at most `limit`. None: it was not measured, which is a miss."""

    what: str
    value: float | None
    limit: float
    unit: str

    @property
    def kept(self) -> bool:
        return self.value is not None and self.value <= self.limit


def checks(found: Found) -> list[Check]:
    """Of what was measured: a promise relative to a peer that did not run is not looked at."""
    return [*_latencies(found), *_whole(found), *_record(found), *_rest(found)]


def _latencies(found: Found) -> list[Check]:
    made: list[Check] = []
    for scenario, key, allowed_p99 in (("idle", "idle_to_ring_ms", 15.0), ("refill", "freed_to_ring_ms", 20.0)):
        peers = found.get(scenario, {})
        if "ccplane" not in peers:
            continue
        ours = peers["ccplane"][key]
        if "floor" in peers:
            floor = peers["floor"][key]
            made += [_above(f"{scenario} p50", ours["p50"], floor["p50"], 3.5)]
            made += [_above(f"{scenario} p99", ours["p99"], floor["p99"], allowed_p99)]
        if scenario == "refill" and "app_queue" in peers and (other := peers["app_queue"][key]["p50"]):
            made.append(Check("refill p50 against a 50th of app_queue's", ours["p50"], round(other / 50, 2), "ms"))
    return made


def _above(what: str, ours: float | None, floor: float | None, allowed: float) -> Check:
    return Check(f"{what} against floor + {allowed} ms", ours, round((floor or 0.0) + allowed, 2), "ms")


def _whole(found: Found) -> list[Check]:
    """Nobody lost, nothing stuck at phones or switch, no agent stuck or with two calls."""
    return [
        Check(f"{scenario}: {count.replace('_', ' ')}", peers["ccplane"][count], 0, "calls")
        for scenario, peers in found.items()
        if "ccplane" in peers and "lost" in peers["ccplane"]
        for count in ("lost", "stuck", "double_booked", "channels_left", "agents_not_ready")
        if count in peers["ccplane"]
    ]


def _record(found: Found) -> list[Check]:
    made = []
    for scenario, peers in found.items():
        if (ours := peers.get("ccplane")) and "contacts_in_postgres" in ours:
            missing = abs(ours["dialled"] - ours["contacts_in_postgres"])
            made.append(Check(f"{scenario}: calls at the phones less contacts in Postgres", missing, 0, "calls"))
    if ours := found.get("load", {}).get("ccplane"):
        made.append(Check("load: fact to queryable p99", ours["fact_lag_ms"]["p99"], 250, "ms"))
    return made


def _rest(found: Found) -> list[Check]:
    ours = found.get("rest", {}).get("ccplane")
    if not ours:
        return []
    return [Check("at rest: CPU", ours["cpu_percent"], 3, "% of a core"),
            Check("at rest: memory", ours["rss_mb"], 150, "MB")]  # fmt: skip


# ── for people ──


def table(report: dict[str, Any]) -> str:
    """Markdown: what was measured, what was promised."""
    found: Found = report["scenarios"]
    peers = [peer for peer in ("ccplane", "app_queue", "floor") if any(peer in each for each in found.values())]
    lines = [f"| | {' | '.join(peers)} |", "|---" * (len(peers) + 1) + "|"]
    for scenario, key, what in LATENCIES:
        lines += _latency_rows(found.get(scenario, {}), peers, key, what)
    for scenario, each in found.items():
        if scenario != "rest":
            for what, shape in CALLS:
                cells = [_cell(each.get(peer), shape) for peer in peers]
                lines.append(f"| {scenario}: {what} | {' | '.join(cells)} |")
    lines += _plane_rows(found, len(peers))
    for peer, why in report["failed"].items():
        lines += ["", f"**{peer} failed**; its figures, if any, are those of its turns before: `{why}`"]
    lines += ["", "| promised | at most | measured | |", "|---|---|---|---|"]
    for check in report["checks"]:
        value = "not measured" if check["value"] is None else check["value"]
        kept = "kept" if check["kept"] else "**missed**"
        lines.append(f"| {check['what']} | {check['limit']} {check['unit']} | {value} | {kept} |")
    return "\n".join(lines)


def _latency_rows(each: dict[str, dict[str, Any]], peers: list[str], key: str, what: str) -> list[str]:
    """Over all rounds, and how far the rounds lie apart."""
    if not each:
        return []
    figures = [each.get(peer, {}) for peer in peers]
    rows = [f"| {what}, p50 / p99 | {' | '.join(_pool(of, key) for of in figures)} |"]
    if key in SCATTER and any(len(of["rounds"]) > 1 for of in each.values()):
        rows.append(f"| p50 of its rounds, lowest to highest | {' | '.join(_scatter(of, key) for of in figures)} |")
    return rows


def _pool(figures: dict[str, Any], key: str) -> str:
    pool = figures.get(key)
    return "{p50} / {p99} ms (n={n})".format(**pool) if pool and pool["n"] else "–"


def _scatter(figures: dict[str, Any], key: str) -> str:
    seen = [each[key]["p50"] for each in figures.get("rounds", ()) if each[key]["n"]]
    return f"{min(seen)} to {max(seen)} ms" if seen else "–"


def _plane_rows(found: Found, peers: int) -> list[str]:
    empty = " | –" * (peers - 1)
    lines = []
    if ours := found.get("load", {}).get("ccplane"):
        lines.append(f"| load: fact → queryable in Postgres, p99 | {ours['fact_lag_ms']['p99']} ms{empty} |")
        lines.append(
            f"| load: CPU, peak memory | {ours['cpu_s']} s in {ours['wall_s']} s, {ours['peak_mb']} MB{empty} |"
        )
    if ours := found.get("rest", {}).get("ccplane"):
        lines.append(f"| at rest, agents signed in | {ours['cpu_percent']} % of a core, {ours['rss_mb']} MB{empty} |")
    return lines


def _cell(figures: dict[str, Any] | None, shape: str) -> str:
    return shape.format(**figures) if figures else "–"


def write(report: dict[str, Any], name: str) -> Path:
    """JSON into bench/results/, the table into docs/performance.md between its markers; of a run in which a peer failed
    only JSON, under a name of its own."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / (f"{name}-failed.json" if report["failed"] else f"{name}.json")
    path.write_text(json.dumps(report, indent=1) + "\n")
    if not report["failed"]:
        _into_page(report, path)
    return path


def _into_page(report: dict[str, Any], path: Path) -> None:
    machine = report["machine"]
    said = (
        f"{report['at'][:10]}, revision `{report['revision'] or '?'}`, {machine['cores']} cores of {machine['cpu']}, "
        f"{report['asterisk']}; everything, the phones too, on this one machine. "
        f"{_how(report['size']['rounds'])} "
        f"All figures: [`{path.relative_to(HOME)}`](../{path.relative_to(HOME)})."
    )
    block = f"{BEGIN}\n{said}\n\n{table(report)}\n{END}"
    page = PAGE.read_text() if PAGE.exists() else f"# Performance\n\n{BEGIN}\n{END}\n"
    before, begin, rest = page.partition(BEGIN)
    after = rest.partition(END)[2] if begin else "\n"
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(before + block + after)


def _how(rounds: int) -> str:
    if rounds == 1:
        return "idle and refill: one turn for each peer, all of them up at once."
    return (
        f"idle and refill: {rounds} rounds in which the peers, all of them up at once, have their turns one after "
        "another; percentiles are over a peer's calls of all rounds together."
    )


def as_json(made: list[Check]) -> list[dict[str, Any]]:
    return [asdict(check) | {"kept": check.kept} for check in made]
