"""Percentiles, and what a process costs: read from /proc, its descendants included."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccplane.asterisk.node import HOME


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of all don't exceed; None without values."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(share * 1000) // 1000) - 1)] if ordered else None


def milliseconds(seconds: Sequence[float]) -> dict[str, float | int | None]:
    """n, p50, p95, p99 and the highest, in ms."""
    found: dict[str, float | int | None] = {"n": len(seconds)}
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)):
        value = percentile(seconds, share)
        found[name] = None if value is None else round(value * 1000, 2)
    return found


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds spent so far; memory now and at its peak, MB."""

    cpu_s: float
    rss_mb: float
    peak_mb: float


def usage(pid: int) -> Usage:
    """Of a process and all its descendants. Their shared pages are counted for each: an upper bound."""
    tick = os.sysconf("SC_CLK_TCK")
    cpu = rss = peak = 0.0
    for each in _family(pid):
        try:
            times = Path(f"/proc/{each}/stat").read_text().rpartition(") ")[2].split()
            status = Path(f"/proc/{each}/status").read_text()
        except OSError:
            continue  # ended meanwhile
        cpu += (int(times[11]) + int(times[12])) / tick
        rss += _kilobytes(status, "VmRSS") / 1024
        peak += _kilobytes(status, "VmHWM") / 1024
    return Usage(cpu, round(rss, 1), round(peak, 1))


def _family(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        try:
            for task in Path(f"/proc/{each}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def _kilobytes(status: str, name: str) -> int:
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith(name)), 0)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    models = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / (1 << 20), 1),
        "python": platform.python_version(),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def revision() -> str:
    """The commit measured; `+` if files differ from it; empty outside a clone."""
    try:
        head, changed = _git("rev-parse", "--short=12", "HEAD"), _git("status", "--porcelain")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + ("+" if changed else "")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=HOME, capture_output=True, text=True, check=True).stdout.strip()
