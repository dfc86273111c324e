"""The second half of `make bench-menus`: many calls in menus at once, with prompts playing, and what it costs us.

Real calls by SIP, to which a real Asterisk plays; their keys come by SIP INFO, and nobody listens to what is played:
the sound itself is the switch's work, and is measured on one call by the first half. Each caller presses a key about
every second and a half, which ends a prompt, is noted, and begins the next: two verbs of the journal.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Mapping
from typing import Any, Final

from bench.switching.plane import Plane
from ccplane.testing.siplab import Call, Lab, State

NUMBER: Final = "4002"
EVERY_S: Final = 1.5
BEGIN_S: Final = 30.0
"""In which all have called."""
DELAY_LIMIT_MS: Final = 20.0
VERB_LIMIT_MS: Final = 2.0


async def crowd(plane: Plane, lab: Lab, calls: int, seconds: float) -> dict[str, Any]:
    """So many calls for so long, once all are up."""
    up = [call async for call in _all_up(lab, calls)]
    before = await plane.metrics()
    pressed = await _press(up, seconds)
    after = await plane.metrics()
    dropped = sum(call.state is State.ENDED for call in up) + calls - len(up)
    for call in up:
        call.hang_up()
    delay, step = _quantile(before, after, "loop_delay", 0.99), _quantile(before, after, "step", 0.99)
    chosen = _counted(before, after, "MenuChosen")
    verbs, cpu_s = _counted(before, after, "StepEnded"), _grown(before, after, "process_cpu_seconds_total")
    verb_ms = round(1000 * cpu_s / max(verbs, 1), 3)
    return {
        "calls": calls,
        "seconds": seconds,
        "dropped": dropped,
        "keys": pressed,
        "keys_taken": chosen,
        "verbs_per_s": round(verbs / seconds, 1),
        "verb_ms": verb_ms,
        "loop_delay_p99_ms": delay,
        "step_p99_ms": step,
        "step_mean_ms": _mean(before, after),
        "cpu_percent": round(100 * cpu_s / seconds, 1),
        "kept": dropped == 0 and delay <= DELAY_LIMIT_MS and verb_ms <= VERB_LIMIT_MS and chosen >= pressed * 0.99,
    }


async def _all_up(lab: Lab, calls: int) -> Any:
    for _ in range(calls):
        call = lab.callers.dial(NUMBER)
        await asyncio.sleep(BEGIN_S / calls)
        await call.up(within=30)
        yield call


async def _press(up: list[Call], seconds: float) -> int:
    pressed = 0
    ends = asyncio.get_running_loop().time() + seconds

    async def one(call: Call) -> None:
        nonlocal pressed
        await asyncio.sleep(random.uniform(0, EVERY_S))
        while asyncio.get_running_loop().time() < ends and call.state is State.UP:
            call.press("2")
            pressed += 1
            await asyncio.sleep(random.uniform(0.7, 1.3) * EVERY_S)

    async with asyncio.TaskGroup() as group:
        for call in up:
            group.create_task(one(call))
    return pressed


def _quantile(before: Mapping[str, float], after: Mapping[str, float], name: str, share: float) -> float:
    """The bound of the bucket in which it lies, in ms: it is at most that."""
    start = f'ccplane_{name}_seconds_bucket{{le="'
    grown = {_bound(key, start): after[key] - before.get(key, 0.0) for key in after if key.startswith(start)}
    wanted = grown[math.inf] * share
    return next(bound * 1000 for bound in sorted(grown) if grown[bound] >= wanted)


def _bound(key: str, start: str) -> float:
    return float(key.removeprefix(start).removesuffix('"}'))


def _mean(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    count = _grown(before, after, "ccplane_step_seconds_count")
    return round(1000 * _grown(before, after, "ccplane_step_seconds_sum") / max(count, 1), 3)


def _counted(before: Mapping[str, float], after: Mapping[str, float], kind: str) -> int:
    return round(_grown(before, after, f'ccplane_facts_total{{kind="{kind}"}}'))


def _grown(before: Mapping[str, float], after: Mapping[str, float], name: str) -> float:
    return after.get(name, 0.0) - before.get(name, 0.0)


def rows(made: Mapping[str, Any]) -> tuple[str, ...]:
    """Markdown."""
    kept = "kept" if made["kept"] else "**missed**"
    return (
        f"{made['calls']} calls in menus at once for {made['seconds']:.0f} s, a key each {EVERY_S} s, prompts playing:",
        "",
        "| | |",
        "|---|---|",
        f"| calls dropped | {made['dropped']} |",
        f"| keys pressed / taken | {made['keys']} / {made['keys_taken']} |",
        f"| verbs of the journal | {made['verbs_per_s']} /s |",
        f"| the plane's loop late, p99 | at most {made['loop_delay_p99_ms']:g} ms |",
        f"| the plane's processor for a verb, journal and all | {made['verb_ms']} ms |",
        f"| one input on the loop, mean / p99 | {made['step_mean_ms']} / at most {made['step_p99_ms']:g} ms |",
        f"| the plane's processor | {made['cpu_percent']} % of a core |",
        f"| promised: none dropped, loop {DELAY_LIMIT_MS:.0f} ms late (p99), {VERB_LIMIT_MS:.0f} ms a verb | {kept} |",
    )
