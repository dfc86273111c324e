"""Whether the wallboard's page grows: what it holds after many wallboards, less what it held after a few. `make soak`
goes on for hours and writes what it measured into bench/results/; the tests have a short form.

The plane is the real core in memory, the stream and the browser are real; only calls are made up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ccplane.agents.facts import Intent
from ccplane.core import inputs
from ccplane.http import wallboard
from ccplane.ids import QueueName
from ccplane.settings import HOME
from tests.browser.chromium import Chromium, Tab, chromium
from tests.kpi.histories import AGENTS, History

RESULT = HOME / "bench" / "results" / "soak-wallboard.json"
WARM = 300
"""Wallboards after which a page has made all that it needs."""
SALES, SUPPORT = QueueName("sales"), QueueName("support")


class Centre(Protocol):
    """`tests.browser.test_boards.Screen`."""

    site: Any

    def told(self) -> None: ...


class Growth(NamedTuple):
    """`heard`: how often the page changed; what it holds more since: nodes of the document, KiB of script."""

    heard: int
    nodes: int
    heap_kb: int


async def grows(centre: Centre, tab: Tab, events: int) -> Growth:
    """The growth while so many more things happen than it takes to warm up."""
    await tab.call("Performance.enable")
    await tab.evaluate(COUNT)
    await _happen(centre, tab, WARM)
    before = await _held(tab)
    await _happen(centre, tab, events)
    after = await _held(tab)
    return Growth(*(later - earlier for earlier, later in zip(before, after, strict=True)))


COUNT = """if (window.heard === undefined) {
  window.heard = 0;
  new MutationObserver(() => window.heard++).observe(
    document.body, { subtree: true, childList: true, characterData: true });
}"""


async def _happen(centre: Centre, tab: Tab, events: int) -> None:
    history: History = centre.site.plane.history
    for n in range(events):
        one_more(history, n)
        centre.told()
        await asyncio.sleep(0.004)
    history.wait(1_000)
    centre.told()
    await tab.until("document.body.className === 'live' && document.querySelector('#tiles b').textContent === '0'")


def one_more(history: History, n: int) -> None:
    """A caller comes, waits, and leaves again; agents come and go; and a second passes."""
    queue, agent = (SALES, SUPPORT)[n % 2], AGENTS[n // 3 % 3]
    match n % 3:
        case 0:
            history.sign_in(agent)
        case 1:
            contact = history.call_waiting(queue)
            history.wait(1_000)
            history.give(inputs.CallerGone(contact, 16))
            history.give(inputs.ProgramReturned(contact))
        case _:
            history.give(inputs.IntentAsked(agent=agent, intent=Intent.OFFLINE, by="soak"))


async def _held(tab: Tab) -> tuple[int, int, int]:
    for _ in range(3):
        await tab.call("HeapProfiler.collectGarbage")
    told = {each["name"]: each["value"] for each in (await tab.call("Performance.getMetrics"))["metrics"]}
    return await tab.evaluate("window.heard"), int(told["Nodes"]), int(told["JSHeapUsedSize"]) // 1024


async def soak(browser: Chromium, hours: float) -> list[dict[str, float]]:
    """What the page held, each tenth of the time."""
    from tests.browser.test_boards import Screen, opened

    measured = []
    async with AsyncExitStack() as stack, browser.window() as window:
        screen = Screen(stack)
        await screen.start()
        tab = await opened(window, screen, "board=wall&charts=course,agents&tiles=waiting,answered,agents_ready")
        began = time.monotonic()
        total = 0
        for _ in range(10):
            until = time.monotonic() + hours * 360
            while time.monotonic() < until:
                total += (await grows(screen, tab, 2_000)).heard
            _, nodes, heap_kb = await _held(tab)
            passed = (time.monotonic() - began) / 3600
            measured.append({"hours": passed, "changes": total, "nodes": nodes, "heap_kb": heap_kb})
            print(measured[-1], flush=True)
        await screen.stop()
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=8.0)
    hours = parser.parse_args().hours
    wallboard.EVERY_S = 0.02  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder, chromium(Path(folder), 440) as browser:
        measured = asyncio.run(soak(browser, hours))
    RESULT.write_text(json.dumps({"hours": hours, "measured": measured}, indent=1) + "\n")
    first, last = measured[0], measured[-1]
    if last["nodes"] > first["nodes"] + 100 or last["heap_kb"] > 1.5 * first["heap_kb"]:
        raise SystemExit(f"soak: the page grows: {first} → {last}")


if __name__ == "__main__":
    main()
