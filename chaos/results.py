"""What all runs together have shown: each run adds to `chaos/results.json`, and the page is made from that file.

A run that found something stays there with what it found; only a run of a later revision can show that it is mended.
Where the rules themselves were wrong its log is judged again, and what they had found then stays beside it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.switching.measure import machine, revision
from ccplane.asterisk.node import HOME
from chaos.checker import RULES, Verdict
from chaos.logs import Ended, Run

RESULTS: Final = HOME / "chaos" / "results.json"
PAGE: Final = HOME / "docs" / "reliability.md"
BEGIN: Final = "<!-- chaos:begin -->"
END: Final = "<!-- chaos:end -->"
TRIED: Final = ("src/ccplane", "dialplan", "asterisk-docker", "acd", "ivr", "ari_apps")
"""What a run tries: runs of commits that differ in nothing of this add up."""
SHOWN: Final = 12
"""Findings of a run that are kept in words."""

PROMISES: Final[Mapping[str, Sequence[str]]] = {
    "talking calls ended by a fault": ("talks-ended",),
    "waiting callers who lost place or clock (until the guard's term)": ("waiting-lost", "place-lost", "clock-lost"),
    "agents stuck or double-booked for more than 2 s after recovery": ("stuck", "left-alone", "double-booked"),
    "acknowledged facts lost": ("facts-lost",),
    "acknowledged facts counted twice": ("facts-doubled",),
    "calls of which phones' log and contacts differ": ("unequal", "counters"),
    "agents who answered in a gap and were not joined": ("not-joined",),
    "faults after which not all worked again within 30 s": ("not-whole",),
}
"""A line of the table, and the rules of the checker that it sums up. All must be 0."""


def entry(run: Run, verdict: Verdict, rate: float) -> dict[str, Any]:
    """One run, as it is kept."""
    kinds = {fault.number: fault.kind for fault in run.faults}
    recoveries = sorted(fault.whole_at - fault.over_at for fault in run.faults if fault.whole_at)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "code": code(),
        "machine": machine(),
        "seed": run.seed,
        "rate": rate,
        "agents": len(run.agents),
        "guard": run.guard_s is not None,
        "seconds": round((run.ended_at - run.began_at) / 1000),
        "faults": dict(sorted(Counter(kinds.values()).items())),
        "calls": len(run.callers),
        "calls_on_an_asterisk_that_died": sum(each.how is Ended.SWITCH for each in run.callers),
        "talks_compared": verdict.looked_at["talks compared"],
        "recovery_ms": {"p50": _at(recoveries, 0.5), "max": _at(recoveries, 1.0)},
        "found": {rule: verdict.count(rule) for rule in RULES},
        "looked_at": dict(sorted(verdict.looked_at.items())),
        "findings": [
            f"{each.rule}, {kinds.get(each.fault, 'no fault')} ({each.fault}): {each.what}"
            for each in verdict.findings[:SHOWN]
        ],
    }


def code(home: Path = HOME) -> str:
    """A name of all that a run tries, by its content."""
    content = hashlib.sha256()
    for path in sorted(path for folder in TRIED for path in (home / folder).rglob("*") if path.is_file()):
        if "__pycache__" not in path.parts and "static" not in path.parts:
            content.update(f"{path.relative_to(home)}\0".encode() + path.read_bytes())
    return content.hexdigest()[:12]


def _at(ordered: Sequence[int], share: float) -> int | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def told(run: Run, verdict: Verdict) -> str:
    """One run, for people."""
    kinds = {fault.number: fault.kind for fault in run.faults}
    seconds = (run.ended_at - run.began_at) / 1000
    lines = [f"seed {run.seed}: {len(run.faults)} faults, {len(run.callers)} calls in {seconds:.0f} s"]
    lines += [f"  {count:7} {what}" for what, count in sorted(verdict.looked_at.items())]
    lines += [f"  {verdict.count(rule):7} {words}" for rule, words in RULES.items()]
    for each in verdict.findings[:100]:
        after = (each.at - run.began_at) / 1000 if each.at else 0.0
        lines.append(f"  {each.rule} at {after:.3f} s, {kinds.get(each.fault, 'no fault')}: {each.what}")
    return "\n".join(lines)


def add(run: Run, verdict: Verdict, rate: float, results: Path = RESULTS, page: Path = PAGE) -> None:
    """This run too; and the page anew."""
    runs = known(results)
    runs.append(entry(run, verdict, rate))
    results.write_text(json.dumps({"runs": runs}, indent=1) + "\n")
    write_page(runs, page)


def judge_again(run: Run, verdict: Verdict, results: Path = RESULTS, page: Path = PAGE) -> None:
    """The same run by the rules of now. ValueError if it is not among the results."""
    runs = known(results)
    same = [each for each in runs if (each["seed"], each["calls"]) == (run.seed, len(run.callers))]
    if not same:
        raise ValueError(f"no run of seed {run.seed} with {len(run.callers)} calls is in {results}")
    before, now = same[-1], entry(run, verdict, same[-1]["rate"])
    before["found_then"] = before.get("found_then", before["found"])
    for what in ("talks_compared", "found", "looked_at", "findings"):
        before[what] = now[what]
    results.write_text(json.dumps({"runs": runs}, indent=1) + "\n")
    write_page(runs, page)


def known(results: Path = RESULTS) -> list[dict[str, Any]]:
    """All runs so far, the oldest first."""
    return list(json.loads(results.read_text())["runs"]) if results.exists() else []


def write_page(runs: Sequence[dict[str, Any]], page: Path = PAGE) -> None:
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{table(runs)}\n{END}{after}")


def table(runs: Sequence[dict[str, Any]]) -> str:
    """Markdown: the promises over the runs of the latest code and over all, the faults by kind, each run."""
    if not runs:
        return "No run yet."
    latest = [run for run in runs if _tried(run) == _tried(runs[-1])]
    lines = [
        f"{_size(runs)}; with the code of the last one, `{_tried(runs[-1])}`: {_size(latest)}.",
        "",
        "| what | must | that code | all runs |",
        "|---|---|---|---|",
    ]
    lines += [f"| {what} | 0 | {_found(latest, rules)} | {_found(runs, rules)} |" for what, rules in PROMISES.items()]
    lines += ["", "| fault | that code | all runs |", "|---|---|---|"]
    now, ever = _by_kind(latest), _by_kind(runs)
    lines += [f"| {kind} | {now[kind]} | {ever[kind]} |" for kind in sorted(ever)]
    lines += ["", "| run | revision | seed | guard | faults | calls | talks compared | broken promises |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for run in runs:
        broken = _broken(run["found"])
        if "found_then" in run:
            broken += f" (by the rules of then: {_broken(run['found_then'])})"
        guard = "yes" if run["guard"] else "no"
        lines.append(
            f"| {run['at'][:16]} | `{run['revision']}` | {run['seed']} | {guard} | {sum(run['faults'].values())} "
            f"| {run['calls']} at {run['rate']:g}/s | {run['talks_compared']} | {broken} |"
        )
    return "\n".join(lines)


def _tried(run: Mapping[str, Any]) -> str:
    return str(run.get("code") or run["revision"])


def _size(runs: Sequence[dict[str, Any]]) -> str:
    return f"{len(runs)} run{'s' * (len(runs) != 1)}, {_faults(runs)} faults, {_sum(runs, 'calls')} calls"


def _faults(runs: Iterable[dict[str, Any]]) -> int:
    return sum(sum(run["faults"].values()) for run in runs)


def _sum(runs: Iterable[dict[str, Any]], what: str) -> int:
    return sum(run[what] for run in runs)


def _found(runs: Iterable[dict[str, Any]], rules: Iterable[str]) -> int:
    return sum(run["found"].get(rule, 0) for run in runs for rule in rules)


def _by_kind(runs: Iterable[dict[str, Any]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for run in runs:
        counts.update(run["faults"])
    return counts


def _broken(found: Mapping[str, int]) -> str:
    return ", ".join(f"{rule} {count}" for rule, count in found.items() if count) or "none"
