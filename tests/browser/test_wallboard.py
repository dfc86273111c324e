"""The wallboard's page in a real browser, beside a real plane: it shows what the API says, and says when it can't."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.http.wallboard_page.words import WORDS
from ccplane.testing.siplab import rings_for_ever
from tests.browser.chromium import Chromium, Tab
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.browser, pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

ENGLISH, CHINESE = WORDS["en"], WORDS["zh-CN"]
LIVE = "document.body?.className === 'live'"
STALE = "document.body?.className === 'stale'"
CLOCK_WRONG_BY_AN_HOUR = "const now = Date.now; Date.now = () => now() + 3_600_000"


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path) as centre:
        centre.lab.phones.behaviour = rings_for_ever()
        yield centre


@pytest.fixture
async def tab(browser: Chromium, centre: Centre) -> AsyncIterator[Tab]:
    """The page, with nobody signed in at it."""
    async with browser.window() as window:
        tab = await window.open(f"{centre.url}/wallboard?lang=en")
        await tab.until(LIVE)
        yield tab


def cell(queue: str, column: int) -> str:
    """JavaScript: what the page shows of this queue."""
    return f"document.querySelector('#queues [data-key={queue}]').children[{column}].textContent"


def state(agent: str) -> str:
    return f"document.querySelector('#agents [data-key=\"{agent}\"]').children[1].textContent"


def in_state(agent: str) -> str:
    return f"document.querySelector('#agents [data-key=\"{agent}\"] time').textContent"


def shown(board: dict[str, Any]) -> dict[str, list[list[str]]]:
    """What the page must show of this wallboard, but for the times."""

    def rate(number: float | None) -> str:
        return "–" if number is None else f"{round(number * 100)}%"

    def estimate(seconds: float | None) -> str:
        if seconds is None:
            return "–"
        up = math.ceil(seconds / 5) * 5 if seconds < 60 else math.ceil(seconds / 30) * 30
        return f"{up // 60}:{up % 60:02}"

    return {
        "queues": [
            [queue["name"], str(queue["waiting"]), estimate(queue["estimated_wait_s"]),
             *(str(queue[name]) for name in ("offered", "answered", "abandoned")),
             rate(queue["service_level"]), rate(queue["three_rings"]), str(queue["messages"])]
            for queue in board["queues"]
        ],
        "agents": [[agent["id"], ENGLISH["states"][agent["state"]]] for agent in board["agents"]],
    }  # fmt: skip


async def seen(tab: Tab) -> dict[str, list[list[str]]]:
    return await tab.evaluate(
        """(() => {
          const texts = (rows, keep) => [...document.querySelectorAll(rows)].map(
            (row) => [...row.children].map((each) => each.textContent).filter((_, n) => keep(n)));
          return { queues: texts("#queues tr", (n) => n !== 2), agents: texts("#agents li", (n) => n !== 2) };
        })()"""
    )


async def test_it_shows_a_call_as_it_goes_and_then_what_the_api_says(centre: Centre, tab: Tab):
    await centre.sign_in("1001")
    await tab.until(f"{state('1001')} === 'ready'")
    call = centre.lab.callers.dial("4002", "13800138000")
    ring = await centre.lab.phones.phone("1001").next_ring()
    await tab.until(f"{state('1001')} === 'offered'")
    await tab.until(f"{cell('support', 1)} === '1'")
    first = await tab.evaluate(cell("support", 2))
    await tab.until(f"{cell('support', 2)} !== {first!r}")
    ring.answer()
    await tab.until(f"{state('1001')} === 'talking' && {cell('support', 4)} === '1'")
    await tab.until(f"{cell('support', 2)} === '–'")
    await tab.until(f"{in_state('1001')} === '0:02'")
    call.hang_up()
    await centre.agent_is("1001", "ready")
    await tab.until(f"{state('1001')} === 'ready'")
    await tab.until(f"{cell('support', 3)} === '0:05'")
    assert await seen(tab) == shown(await centre.get("/api/v1/wallboard"))


async def test_time_is_the_servers_also_at_a_browser_whose_clock_is_wrong(centre: Centre, tab: Tab):
    await tab.call("Page.addScriptToEvaluateOnNewDocument", source=CLOCK_WRONG_BY_AN_HOUR)
    await tab.reload()
    await tab.until(LIVE)
    await centre.sign_in("1001")
    await tab.until(f"{state('1001')} === 'ready' && {in_state('1001')}.startsWith('0:0')")
    at = datetime.fromisoformat((await centre.get("/api/v1/wallboard"))["at"])
    h, m, s = map(int, (await tab.text("#clock")).split(":"))
    passed = (h * 3600 + m * 60 + s) - (at.hour * 3600 + at.minute * 60 + at.second)
    zone = await tab.evaluate("new Date().getTimezoneOffset() * 60")
    assert abs((passed + zone + 43_200) % 86_400 - 43_200) < 60


async def test_when_the_plane_dies_the_figures_are_old_and_say_so_until_it_is_back(centre: Centre, tab: Tab):
    await centre.sign_in("1001")
    await tab.until(f"{state('1001')} === 'ready'")
    await centre.kill()
    await tab.until(STALE)
    clock = await tab.text("#clock")
    before, between, after = re.split(r"\{\w+\}", ENGLISH["lost"])
    banner = await tab.text("#banner")
    assert re.fullmatch(f"{re.escape(before)}[0-9:]+{between}[0-9:]+{after}", banner), banner
    await tab.until(f"document.querySelector('#banner').textContent !== {banner!r}")
    assert await tab.evaluate("Number(getComputedStyle(document.querySelector('main')).opacity)") < 0.6
    await tab.evaluate("new Promise((done) => setTimeout(done, 1500))")
    assert await tab.text("#clock") == clock, "a stale clock stands still"
    await centre.start()
    await tab.until(LIVE, within=20)
    assert await tab.evaluate("document.querySelector('#banner').checkVisibility()") is False
    await tab.until(f"{state('1001')} === 'ready'")
    await tab.until(f"document.querySelector('#clock').textContent !== {clock!r}")


async def test_a_connection_that_is_open_but_silent_is_not_believed(centre: Centre, tab: Tab):
    """A plane that was stopped holds its connections; the browser's clock is moved on instead of waiting."""
    await centre.pause()
    try:
        await tab.evaluate(f"{{ {CLOCK_WRONG_BY_AN_HOUR} }}")
        await tab.until(STALE)
        assert (await tab.text("#banner")).startswith(ENGLISH["silent"].split("{time}")[0])
    finally:
        await centre.resume()
    await tab.until(LIVE)


async def test_it_speaks_chinese(browser: Chromium, centre: Centre):
    async with browser.window() as window:
        tab = await window.open(f"{centre.url}/wallboard?lang=zh-CN")
        await tab.until(LIVE)
        assert await tab.text("h1") == CHINESE["title"]
        assert await tab.evaluate("document.documentElement.lang") == "zh-CN"
        await centre.sign_in("1001")
        await tab.until(f"{state('1001')} === {CHINESE['states']['ready']!r}")
        heads = await tab.evaluate("[...document.querySelectorAll('thead th')].map((each) => each.textContent)")
        assert heads[1:] == [CHINESE[name] for name in (
            "waiting", "longest_wait", "estimated_wait", "offered", "answered", "abandoned", "service_level",
            "three_rings", "messages", "attribution", "arrived", "queued", "answered", "abandoned", "self_served",
        )]  # fmt: skip
        offline = f"19 {CHINESE['states']['offline']}"
        assert offline in await tab.text("#tally")
        await tab.click("nav a[lang=en]")
        await tab.until(f"{LIVE} && document.documentElement.lang === 'en'")


async def test_the_browser_itself_finds_nothing_against_the_pages_own_policy(browser: Chromium, centre: Centre):
    async with browser.window() as window:
        tab = await window.open(f"{centre.url}/wallboard")
        watch = "document.addEventListener('securitypolicyviolation', (e) => (window.broken = e.blockedURI))"
        await tab.call("Page.addScriptToEvaluateOnNewDocument", source=watch)
        await tab.reload()
        await tab.until(LIVE)
        assert await tab.evaluate("window.broken ?? null") is None
        smuggled = "Object.assign(document.createElement('script'), { textContent: 'window.ran = true' })"
        await tab.evaluate(f"document.head.append({smuggled})")
        await tab.until("window.broken === 'inline'")
        assert await tab.evaluate("window.ran ?? null") is None


async def test_an_emergency_is_shown_as_long_as_it_holds(centre: Centre, tab: Tab) -> None:
    asked = {"texts": {"en": "There is <b>no gas</b> today."}}
    answer = await centre.api.put("/api/v1/emergencies/gas", json=asked, timeout=30)
    assert answer.status_code == 200, answer.text
    said = "document.querySelector('#emergencies [data-key=gas]')?.textContent"
    await tab.until(f"{said} === 'gas: There is <b>no gas</b> today.'")
    assert (await centre.api.delete("/api/v1/emergencies/gas")).status_code == 204
    await tab.until("document.querySelector('#emergencies').children.length === 0")


async def test_what_each_advertisement_brings_is_shown_as_it_happens(centre: Centre, tab: Tab) -> None:
    assert await tab.evaluate("document.getElementById('brought').hidden")
    await centre.sign_in("1001")
    call = centre.lab.callers.dial("4002", "701")
    await call.up()
    line = "document.querySelector('#attributions [data-key=\"support line\"]')"
    figures = f"[...{line}.children].map((each) => each.textContent).join(' ')"
    await tab.until(f"{line} && {figures} === 'support line 1 1 0 0 0'")
    assert not await tab.evaluate("document.getElementById('brought').hidden")
    call.hang_up()
    await tab.until(f"{figures} === 'support line 1 1 0 1 0'")
