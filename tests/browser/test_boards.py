"""Wallboards in a real browser beside the real core in memory: what a board shows, when it worries, and how it ages."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from ccplane.asterisk.stats import AriStats
from ccplane.core import inputs
from ccplane.http import wallboard, wallboard_page
from ccplane.http.app import create_app
from ccplane.http.server import Server, serve
from ccplane.http.service_health import ServiceHealth
from ccplane.http.wallboard_page.words import WORDS
from ccplane.http.watchers import Watchers
from ccplane.ids import QueueName
from ccplane.kpi.surge import Measure, Measured
from ccplane.log.shipping import ShippingStats
from ccplane.postgres.course import Quarter
from ccplane.routing.rules import SurgeRule
from ccplane.site import parse
from tests.browser import soak
from tests.browser.chromium import Chromium, Tab
from tests.callflow.line import FILES
from tests.http.memory import TOKEN, Site
from tests.kpi.histories import AGENTS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ANA, BEN, *_ = AGENTS
SALES, SUPPORT = QueueName("sales"), QueueName("support")
ENGLISH, CHINESE = WORDS["en"], WORDS["zh-CN"]
LIVE, STALE = "document.body?.className === 'live'", "document.body?.className === 'stale'"
BOARDS = """
[floor]
title = { en = "Our floor", zh-CN = "客服大厅" }
theme = "dark"
tiles = ["waiting", "service_level", "agents_ready"]
ticker = { en = "Be <b>kind</b>.", zh-CN = "请友善。" }
[floor.thresholds]
waiting      = { warn = 1, alarm = 2, sound = "alarm" }
agents_ready = { warn = 1, alarm = 0 }

[one]
queues = ["support"]
show = ["queues"]

[drawn]
charts = ["course", "service_level", "agents"]
queues = ["sales"]

[wall]
wall = true
turn = "2s"
charts = ["agents"]

[soaked]
tiles = ["waiting", "answered", "agents_ready"]
ticker = { en = "Be kind." }
rows = 1
agents = 3
turn = "2s"
[soaked.thresholds]
waiting = { warn = 1, alarm = 2, sound = "alarm" }

[service]
tiles = ["surge_index"]
[service.thresholds]
surge_index = { warn = 2, alarm = 2.5 }
fact_lag = { warn = "1s", alarm = "3s" }

[sellers]
tiles = ["agents_ready", "agents_signed_in"]
teams = ["north"]
serving = ["sales"]

[turning]
rows = 1
agents = 3
turn = "2s"
"""
SCREENS = "a-token-for-screens"
PAINTED_S = 14
"""Less than a heartbeat of the stream: a chart does not wait for the next wallboard, which may be far off."""


class ThroughProxy:
    """As a proxy that is not ours sends requests on."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if "headers" in scope:
            scope["headers"] = [*scope["headers"], (b"x-forwarded-for", b"198.51.100.9")]
        await self._app(scope, receive, send)


class Screen:
    """A plane in memory, served; it can be taken away and come back at the same port."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.site = Site()
        self.site.files = parse(FILES | {"acd/wallboards.toml": BOARDS})
        self.stranger = False
        self.service: ServiceHealth | None = None
        self._stack, self._up = stack, AsyncExitStack()
        self._server: Server | None = None

    async def start(self) -> None:
        ports = dataclasses.replace(self.site.ports(), service=self.service)
        self._app = create_app(ports, admin_token=TOKEN, watchers=Watchers(TOKEN, SCREENS))
        if self.stranger:
            self._app.add_middleware(ThroughProxy)
        self._up = AsyncExitStack()
        port = self._server.port if self._server else 0
        self._server = await self._up.enter_async_context(serve(self._app, "127.0.0.1", port))

    async def stop(self) -> None:
        for stream in self._app.state.streams:
            stream.close()
        await self._up.aclose()

    async def again(self) -> None:
        await self.stop()
        await self.start()

    @property
    def url(self) -> str:
        assert self._server
        return self._server.url

    def told(self) -> None:
        self.site.plane.publish()

    async def shown(self) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{self.url}/api/v1/wallboard")).json()


@pytest.fixture
async def screen() -> AsyncIterator[Screen]:
    async with AsyncExitStack() as stack:
        screen = Screen(stack)
        await screen.start()
        yield screen
        await screen.stop()


@pytest.fixture
async def window(browser: Chromium) -> AsyncIterator[Any]:
    async with browser.window() as window:
        yield window


LATER = "const since = performance.now.bind(performance); performance.now = () => since() + 6000;"
"""The page's clock is six seconds ahead, so that the ticker's second line has its turn at once."""
THRICE = "const since = performance.now.bind(performance); performance.now = () => 3 * since();"
"""Its clock goes three times as fast: what has its turn for two seconds has it for 0.7."""


async def opened(window: Any, screen: Screen, query: str, clock: str = "") -> Tab:
    tab = await window.open(f"{screen.url}/wallboard?{query}", clock)
    await tab.until(LIVE)
    return tab


def tile(name: str, part: int = 0) -> str:
    return f"document.querySelector('#tiles [data-figure={name}]').children[{part}].textContent"


def worry(name: str) -> str:
    return f"(document.querySelector('#tiles [data-figure={name}]').dataset.worry ?? '')"


async def test_a_board_shows_the_tiles_of_its_file_and_each_worry_as_colour_and_word(window, screen):
    tab = await opened(window, screen, "board=floor&lang=en")
    assert await tab.text("h1") == "Our floor"
    figures = "[...document.querySelectorAll('#tiles li')].map((each) => each.dataset.figure)"
    assert await tab.evaluate(figures) == ["waiting", "service_level", "agents_ready"]
    assert await tab.evaluate(f"[{tile('service_level')}, {worry('service_level')}]") == ["–", ""]
    assert await tab.evaluate(f"[{tile('agents_ready')}, {worry('agents_ready')}]") == ["0", "alarm"]
    screen.site.plane.history.call_waiting(SALES)
    screen.told()
    await tab.until(f"{tile('waiting')} === '1' && {worry('waiting')} === 'warn'")
    assert await tab.evaluate(tile("waiting", 2)) == ENGLISH["warning"]
    screen.site.plane.history.call_waiting(SUPPORT)
    screen.told()
    await tab.until(f"{tile('waiting')} === '2' && {worry('waiting')} === 'alarm'")
    assert await tab.evaluate(tile("waiting", 2)) == ENGLISH["alarm"]
    colours = "((style) => [style.color, style.backgroundColor])(getComputedStyle(document.querySelector('#tiles li')))"
    assert await tab.evaluate(colours) == ["rgb(255, 255, 255)", "rgb(201, 56, 46)"]


async def test_a_board_is_dark_or_light_as_its_file_or_its_address_says(window, screen):
    ground = "getComputedStyle(document.body).backgroundColor"
    assert await (await opened(window, screen, "board=floor")).evaluate(ground) == "rgb(17, 20, 24)"
    assert await (await opened(window, screen, "board=floor&theme=light")).evaluate(ground) == "rgb(255, 255, 255)"


async def test_a_board_speaks_chinese_with_the_meaning_of_each_figure(window, screen):
    tab = await opened(window, screen, "board=floor&lang=zh-CN", LATER)
    assert await tab.text("h1") == "客服大厅"
    assert await tab.evaluate(tile("agents_ready", 1)) == CHINESE["figures"]["agents_ready"]
    assert (await tab.evaluate("document.querySelector('[data-figure=service_level]').title")).startswith("服务水平：")
    await tab.until("document.getElementById('ticker').textContent === '请友善。 (2/2)'")


async def test_a_board_of_one_queue_shows_and_sums_that_alone(window, screen):
    screen.site.plane.history.call_waiting(SALES)
    tab = await opened(window, screen, "board=one")
    assert await tab.evaluate("[...document.querySelectorAll('#queues tr')].map((each) => each.dataset.key)") == [
        "support"
    ]
    assert await tab.evaluate(tile("waiting")) == "0"
    assert await tab.evaluate("document.getElementById('part-agents').checkVisibility()") is False
    both = await opened(window, screen, "board=one&queues=sales,support")
    assert await both.evaluate(tile("waiting")) == "1"


async def test_a_board_of_a_team_shows_and_counts_its_agents_alone_also_when_somebody_joins_it(window, screen):
    history = screen.site.plane.history
    ana, ben, cem, _ = (history.state.agents[agent].profile for agent in AGENTS)
    for agent in AGENTS:
        history.sign_in(agent)
    for profile in (ana, ben):
        history.give(inputs.AgentEditAsked(profile=replace(profile, team="north"), by="test"))
    screen.told()
    grid = "[...document.querySelectorAll('#agents b')].map((each) => each.textContent).join()"
    tab = await opened(window, screen, "board=sellers&lang=en")
    await tab.until(f"{grid} === '{ana.id}'")
    assert await tab.evaluate(f"[{tile('agents_ready')}, {tile('agents_signed_in')}]") == ["1", "1"]
    assert await tab.text("#tally") == f"1 {ENGLISH['states']['ready']}"
    history.give(inputs.AgentEditAsked(profile=replace(cem, team="north"), by="test"))
    screen.told()
    await tab.until(f"{grid} === '{ana.id},{cem.id}' && {tile('agents_ready')} === '2'")
    other = await opened(window, screen, "board=sellers&serving=support&teams=north&lang=en")
    await other.until(f"{grid} === '{ben.id},{cem.id}'")


async def test_what_the_address_asks_for_in_vain_is_said_above_a_whole_board(window, screen):
    tab = await opened(window, screen, "lang=en&board=flor&tiles=waiting,<b>&theme=drak")
    said = await tab.evaluate("[...document.querySelectorAll('#complaints li')].map((each) => each.textContent)")
    assert [each.split("”")[0].split("“")[1] for each in said] == ["flor", "drak", "<b>"]
    assert await tab.evaluate(tile("waiting")) == "0"


async def test_names_and_texts_are_never_html(window, screen):
    tab = await opened(window, screen, "board=floor&lang=en", LATER)
    await tab.until("document.getElementById('ticker').textContent === 'Be <b>kind</b>. (2/2)'")
    assert await tab.evaluate("document.querySelectorAll('b b, footer b').length") == 0


async def test_lists_longer_than_a_page_turn_by_themselves(window, screen):
    tab = await opened(window, screen, "board=turning&lang=en", THRICE)
    row = "document.querySelector('#queues tr').dataset.key"
    await tab.until(f"{row} === 'sales' && document.getElementById('queues-page').textContent === 'Page 1 of 2'")
    await tab.until(f"{row} === 'support' && document.getElementById('queues-page').textContent === 'Page 2 of 2'")
    assert await tab.evaluate("document.querySelectorAll('#queues tr').length") == 1
    await tab.until("document.querySelectorAll('#agents li').length === 1")
    await tab.until("document.querySelectorAll('#agents li').length === 3")


async def test_a_sound_is_muted_until_somebody_clicks_and_then_heard_once_per_worry(window, screen):
    tab = await opened(window, screen, "board=floor&lang=en")
    await tab.until("document.getElementById('muted').checkVisibility()")
    assert await tab.text("#muted") == ENGLISH["muted"]
    await tab.click("h1")
    await tab.until("!document.getElementById('muted').checkVisibility()")
    for _ in range(3):
        screen.site.plane.history.call_waiting(SALES)
        screen.told()
    await tab.until(f"{worry('waiting')} === 'alarm'")
    await tab.until("document.body.dataset.sounds === 'alarm'")


async def test_a_board_without_sounds_says_nothing_of_them(window, screen):
    tab = await opened(window, screen, "board=one")
    assert await tab.evaluate("document.getElementById('muted').checkVisibility()") is False


async def test_figures_that_can_not_be_renewed_say_their_age_until_they_are(window, screen):
    tab = await opened(window, screen, "board=floor&lang=en")
    await screen.stop()
    await tab.until(STALE)
    age = "Number(document.getElementById('banner').textContent.match(/0:0?(\\d+) old/)[1])"
    first = await tab.evaluate(age)
    await tab.until(f"{age} > {first}")
    screen.site.plane.history.call_waiting(SALES)
    await screen.start()
    await tab.until(f"{LIVE} && {tile('waiting')} === '1'", within=20)


async def test_a_page_of_another_build_or_site_reads_itself_anew_once(window, screen):
    tab = await opened(window, screen, "board=floor&lang=en")
    await tab.evaluate("window.before = true")
    screen.site.files = parse(FILES | {"acd/wallboards.toml": BOARDS.replace("Our floor", "Their floor")})
    screen.site.plane.history.reads()
    screen.told()
    await tab.until(f"{LIVE} && !window.before && document.querySelector('h1').textContent === 'Their floor'")
    await tab.evaluate("window.before = true")
    screen.site.plane.history.call_waiting(SALES)
    screen.told()
    await tab.until(f"{tile('waiting')} === '1'")
    assert await tab.evaluate("window.before") is True


async def test_the_page_shows_what_the_api_says(window, screen):
    history = screen.site.plane.history
    history.sign_in(ANA)
    history.answer(history.call(SALES))
    history.call_waiting(SUPPORT)
    screen.told()
    tab = await opened(window, screen, "tiles=waiting,offered,answered,abandoned,service_level,agents_talking&lang=en")
    told = await screen.shown()
    sums = [
        str(sum(queue[name] for queue in told["queues"])) for name in ("waiting", "offered", "answered", "abandoned")
    ]
    shown = await tab.evaluate("[...document.querySelectorAll('#tiles b')].map((each) => each.textContent)")
    assert shown == [*sums, "100%", "1"]


async def test_how_the_service_itself_does_is_shown_as_the_api_says_it_and_may_be_a_worry(window, screen):
    ports, ari, shipping = screen.site.ports(), AriStats(), ShippingStats()
    surges = Measured(0, SurgeRule(), (Measure("", 25, 0, 10.0, 10.0),), (900_000, 1_800_000), (0, 900_000))
    service = ServiceHealth(ports.plane, ports.meters, ari, shipping, lambda: surges)
    screen.service = service
    await screen.again()
    service.look()
    ari.lag.observe(0.004)
    shipping.lag.observe(1.9)
    screen.told()
    tiles = ("surge_index", "ari_lag", "fact_lag", "loop_delay", "offer_latency")
    tab = await opened(window, screen, f"board=service&tiles={','.join(tiles)}&lang=en")
    told = (await screen.shown())["service"]
    assert (told["surge_index"], told["ari_lag_ms"], told["fact_lag_ms"], told["loop_delay_ms"]) == (2.5, 5, 2000, None)
    assert [await tab.evaluate(tile(name)) for name in tiles] == ["×2.5", "5 ms", "2 s", "–", "–"]
    assert [await tab.evaluate(worry(name)) for name in tiles[:3]] == ["alarm", "", "warn"]


async def test_a_token_in_the_address_is_gone_from_it_once_the_page_is_there(window, screen):
    """The test's browser is on this machine; that it comes through a proxy makes it a stranger."""
    screen.stranger = True
    await screen.again()
    tab = await window.open(f"{screen.url}/wallboard?board=one&token={SCREENS}")
    await tab.until(LIVE)
    assert await tab.evaluate("location.search") == "?board=one"
    assert await tab.evaluate("document.cookie") == "", "no script reads it"
    assert SCREENS not in await tab.evaluate("document.documentElement.outerHTML")
    await tab.reload()
    await tab.until(LIVE)


async def test_a_screen_that_may_not_watch_says_how_it_may(window, screen):
    screen.stranger = True
    await screen.again()
    tab = await window.open(f"{screen.url}/wallboard?lang=en")
    assert "CCPLANE_WALLBOARD_TOKEN" in await tab.evaluate("document.body.textContent")


def drawn(chart: str) -> str:
    """JavaScript: the values that were drawn last; a canvas can't be read."""
    return f"JSON.parse(document.querySelector('[data-chart={chart}] div').dataset.values ?? 'null')"


def a_quarter(began_at: int, **counts: int) -> Quarter:
    usual = {"offered": 0, "answered": 0, "abandoned": 0, "answered_within": 0}
    return Quarter(began_at=began_at, provisional=False, **(usual | counts))


async def test_charts_draw_the_course_of_the_day_and_who_does_what(pages, window, screen):
    first = screen.site.plane.history.now // 900_000 * 900_000 - 3 * 900_000
    screen.site.courses.quarters = [
        a_quarter(first, answered=3, abandoned=1, answered_within=2),
        a_quarter(first + 2 * 900_000, answered=5, answered_within=5),
    ]
    screen.site.plane.history.sign_in(ANA)
    await screen.again()
    tab = await opened(window, screen, "board=drawn&lang=en&theme=dark")
    await tab.until(f"{drawn('course')} !== null && {drawn('agents')} !== null", within=PAINTED_S)
    assert await tab.evaluate(drawn("course")) == [[3, 0, 5], [1, 0, 0]]
    assert await tab.evaluate(drawn("service_level")) == [[0.5, None, 1]]
    assert await tab.evaluate(drawn("agents")) == [[3, 1]]
    assert screen.site.courses.asked[0][2] == ("sales",)
    assert await tab.evaluate("document.querySelectorAll('#charts canvas').length") == 3
    lit = """(() => { const canvas = document.querySelector('[data-chart=course] canvas');
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      return data.some((value, n) => n % 4 === 3 && value > 0) })()"""
    assert await tab.evaluate(lit), "something is painted"
    assert await tab.evaluate("window.broken ?? null") is None


async def test_a_course_that_can_not_be_had_says_so_and_all_else_goes_on(pages, window, screen):
    screen.site.courses.away = True
    await screen.again()
    tab = await opened(window, screen, "board=drawn&lang=en")
    heading = "document.querySelector('[data-chart=course] figcaption').textContent"
    await tab.until(
        f"{heading} === 'Calls by the quarter of an hour (–)' && {drawn('agents')} !== null", within=PAINTED_S
    )


async def test_charts_that_were_not_built_are_told_and_the_figures_are_there(window, screen, monkeypatch):
    monkeypatch.setattr(wallboard_page, "charts_script", lambda: "")
    await screen.again()
    tab = await opened(window, screen, "board=drawn&lang=en")
    await tab.until(f"document.querySelector('#charts div').textContent === {ENGLISH['no_charts']!r}")
    assert await tab.evaluate(tile("waiting")) == "0"


async def test_on_a_wall_what_does_not_fit_has_its_turn_and_nothing_is_cut_off(pages, window, screen):
    tab = await window.open("about:blank?small", THRICE)
    await tab.call("Emulation.setDeviceMetricsOverride", width=1280, height=720, deviceScaleFactor=1, mobile=False)
    await tab.load(f"{screen.url}/wallboard?board=wall&lang=en")
    parts = "['charts', 'part-queues', 'part-agents'].filter((id) => document.getElementById(id).checkVisibility())"
    await tab.until(f"{LIVE} && {parts}.length < 3 && {parts}.includes('charts')")
    await tab.until(f"{parts}.includes('part-agents') && !{parts}.includes('charts')")
    assert await tab.evaluate("document.querySelector('#tiles').checkVisibility()")
    await tab.until(f"{parts}.includes('charts') && !{parts}.includes('part-agents')")
    assert await tab.evaluate("document.querySelector('main').getBoundingClientRect().bottom <= innerHeight")
    await tab.call("Emulation.setDeviceMetricsOverride", width=1280, height=3000, deviceScaleFactor=1, mobile=False)
    await tab.until(f"{parts}.length === 3")


async def test_the_page_does_not_grow_however_much_it_hears_and_one_that_did_would_be_found(
    pages, window, screen, monkeypatch
):
    """A week has 2.4 million wallboards; what 1,000 leave behind would show. `make soak` goes on for hours."""
    monkeypatch.setattr(wallboard, "EVERY_S", 0.001)
    tab = await opened(window, screen, soak.BOARD)
    await tab.until(f"{drawn('agents')} !== null", within=PAINTED_S)
    grown = await soak.grows(screen, tab, events=1_000)
    assert grown.heard >= 800
    assert grown.nodes <= 50
    assert grown.each_thousand <= soak.MOST_HELD_KB, grown.of
    await tab.evaluate(LEAK)
    leaked = await soak.grows(screen, tab, events=400, warm=0)
    assert leaked.each_thousand > soak.MOST_HELD_KB
    assert "object Object" in leaked.of


LEAK = """window.leaked = [];
new MutationObserver(() => leaked.push({ at: performance.now(), why: Math.random() })).observe(
  document.getElementById("tiles"), { subtree: true, childList: true, characterData: true })"""
"""Some 30 KiB for each 1,000 changes: so little is found."""
