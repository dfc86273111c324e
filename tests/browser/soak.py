"""Whether the wallboard's page grows: what it holds after many wallboards, less what it held after a few. `make soak`
goes on for hours and writes what it measured into bench/results/; the tests have a short form.

The plane is the real core in memory, the stream and the browser are real; only calls are made up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ccplane.agents.facts import Intent
from ccplane.core import inputs
from ccplane.http import wallboard
from ccplane.ids import QueueName
from ccplane.settings import HOME
from tests.browser.chromium import Chromium, Tab, chromium
from tests.browser.heap import heap
from tests.kpi.histories import AGENTS, History

RESULT = HOME / "bench" / "results" / "soak-wallboard.json"
MOST_KB = 20.0
"""All of the script's heap, for each 1,000 changes; a week has 2.4 million."""
MOST_HELD_KB = 10.0
"""What the page itself holds of it: without code, which V8 makes until all that runs often is compiled."""
MOST_NODES = 5.0
"""Elements of the document; which page of a list is there makes some difference."""
BOARD = "board=soaked&charts=course,service_level,agents&lang=en"
WARM = 300
"""Wallboards after which a page has made all that it needs."""
SALES, SUPPORT = QueueName("sales"), QueueName("support")


class Centre(Protocol):
    """`tests.browser.test_boards.Screen`."""

    site: Any

    def told(self) -> None: ...
    async def again(self) -> None: ...


class Growth(NamedTuple):
    """`heard`: how often the page changed; what it holds more since: nodes of the document, bytes of script without its
    code, and of what there is more."""

    heard: int
    nodes: int
    held: int
    of: str

    @property
    def each_thousand(self) -> float:
        """KiB for each 1,000 changes."""
        return self.held / 1024 / (self.heard / 1000)


async def grows(centre: Centre, tab: Tab, events: int, warm: int = WARM) -> Growth:
    """The growth while so many more things happen than it takes to warm up."""
    await tab.call("Performance.enable")
    await tab.evaluate(COUNT)
    await _happen(centre, tab, warm)
    before, heap_before = await _held(tab), await heap(tab)
    await _happen(centre, tab, events)
    after, heap_after = await _held(tab), await heap(tab)
    heard, nodes = after.heard - before.heard, after.nodes - before.nodes
    return Growth(heard, nodes, heap_after.held - heap_before.held, heap_after.more_than(heap_before))


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
        await asyncio.sleep(0.002)
    history.wait(1_000)
    centre.told()
    await tab.until("document.body.className === 'live' && document.querySelector('#tiles b').textContent === '0'", 60)


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


class Held(NamedTuple):
    heard: int
    nodes: int
    heap_kb: int


async def _held(tab: Tab) -> Held:
    for _ in range(3):
        await tab.call("HeapProfiler.collectGarbage")
    told = {each["name"]: each["value"] for each in (await tab.call("Performance.getMetrics"))["metrics"]}
    return Held(await tab.evaluate("window.heard"), int(told["Nodes"]), int(told["JSHeapUsedSize"]) // 1024)


DRAWN = """(async () => {
  const { draw } = await import(JSON.parse(document.getElementById("board").textContent).script);
  const canvas = document.querySelector("#charts figure div");
  for (let n = 0; n < %d; n++) {
    const values = Array.from({ length: 1 + n %% 90 }, (_, at) => (at * n) %% 17);
    const series = [{ name: "a", colour: "--ready", values }, { name: "b", colour: "--talking", values }];
    const names = values.map((_, at) => `${at}`);
    const [kind, share, line] = [["bar", false, null], ["row", false, null], ["line", true, 0.8]][n %% 3];
    draw(canvas, { kind, names, share, line, series });
    if (n %% 50 === 0) await new Promise((done) => setTimeout(done, 0));
  }
})()"""
ROUND, MOST_CHANGES = 500, 400_000
"""Changes at once, and about how many in all, however many hours it goes on: the plane in memory keeps every fact."""
DRAWN_FIRST = 6_000
"""Charts are drawn each two seconds: a week's worth of what V8 compiles of them is done by then, not in a soak."""


async def soak(browser: Chromium, hours: float, changes: int) -> list[dict[str, float]]:
    """What the page held, each tenth of the time, after at least so many changes altogether."""
    from tests.browser.test_boards import Screen, opened

    measured = []
    async with AsyncExitStack() as stack, browser.window() as window:
        screen = Screen(stack)
        await screen.start()
        tab = await opened(window, screen, BOARD)
        await tab.call("Performance.enable")
        await tab.evaluate(COUNT)
        await tab.until("document.querySelector('[data-chart=agents] div').dataset.points > 0", within=90)
        await tab.evaluate(DRAWN % DRAWN_FIRST)
        await tab.click("h1")  # from here on it is heard
        began = time.monotonic()
        for tenth in range(1, 11):
            until = began + tenth * hours * 360
            while time.monotonic() < until or await tab.evaluate("window.heard") < tenth * changes / 10:
                pause = asyncio.create_task(asyncio.sleep(hours * 3600 * ROUND / MOST_CHANGES))
                await _happen(screen, tab, ROUND)
                await pause
            await screen.again()  # the connection is lost, and found again
            await _happen(screen, tab, WARM)
            held, found = await _held(tab), await heap(tab)
            measured.append(
                {"hours": round((time.monotonic() - began) / 3600, 4), "changes": held.heard, "nodes": held.nodes}
                | {"heap_kb": held.heap_kb, "held_kb": found.held // 1024, "code_kb": found.notes // 1024}
            )
            print(measured[-1], flush=True)
        await screen.stop()
    return measured


def slope(measured: list[dict[str, float]], of: str) -> float:
    """By how much it grew for each 1,000 changes, over the later half: the line of least squares."""
    half = measured[len(measured) // 2 :]
    x, y = [each["changes"] / 1000 for each in half], [each[of] for each in half]
    middle = (sum(x) / len(x), sum(y) / len(y))
    return sum((a - middle[0]) * (b - middle[1]) for a, b in zip(x, y, strict=True)) / sum(
        (a - middle[0]) ** 2 for a in x
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--changes", type=int, default=30_000, help="at least so many")
    given = parser.parse_args()
    wallboard.EVERY_S = 0.001  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder, chromium(Path(folder), 440) as browser:
        measured = asyncio.run(soak(browser, given.hours, given.changes))
    grew = {of: round(slope(measured, of), 2) for of in ("heap_kb", "held_kb", "nodes")}
    kept = grew["heap_kb"] <= MOST_KB and grew["held_kb"] <= MOST_HELD_KB and grew["nodes"] <= MOST_NODES
    made = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "hours": given.hours, "each_thousand_changes": grew}
    RESULT.write_text(json.dumps(made | {"kept": kept, "measured": measured}, indent=1) + "\n")
    print(f"for each 1,000 changes of the later half: {grew}")
    if not kept:
        print(f"soak: the page grows by more than {MOST_KB:g} KiB for each 1,000 changes", file=sys.stderr)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
