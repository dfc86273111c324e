"""The browser's phone on a real Asterisk: it registers, rings, is heard, and comes back."""

from __future__ import annotations

import re

import pytest

from bench.rtp import AGENT_TONE, CALLER_TONE
from tests.browser.chromium import Chromium
from tests.browser.desk import REGISTERED, call_is, open_phone, registered_phone
from tests.centre import Centre
from tests.proxy import Proxy

pytestmark = [pytest.mark.browser, pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


async def test_a_signed_in_page_registers_and_is_seen_at_the_switch(browser: Chromium, centre: Centre):
    async with browser.window() as window:
        await registered_phone(window, centre)

        async def reachable() -> bool:
            return "Avail" in await centre.node.cli("pjsip show contacts")

        await centre.until(reachable)


async def test_a_denied_microphone_is_told_with_what_to_do_and_nothing_rings(browser: Chromium, centre: Centre):
    async with browser.window(microphone=False) as window:
        tab = await open_phone(window, centre)
        await tab.until("document.body.dataset.page === 'trouble'")
        assert "allow the microphone" in await tab.text("#notice")
        assert "1001-web" not in await centre.node.cli("pjsip show contacts")


async def test_a_call_that_rings_in_the_browser_is_answered_and_heard_in_both_directions(
    browser: Chromium, centre: Centre
):
    """Tones are measured: the caller's in the page's loudspeaker, the microphone's in the RTP that the caller gets."""
    async with browser.window() as window:
        tab = await registered_phone(window, centre)
        call = centre.lab.callers.dial("5001", "13800138000")
        await call_is(tab, "offered")
        assert await tab.text("#caller") == "13800138000"
        await tab.click("#answer")
        await call.up()
        call.audio.play(CALLER_TONE)
        await tab.hears(CALLER_TONE)
        await call.audio.hears(AGENT_TONE, 8)
        assert re.search(r"1001-web-\S+ +\S+ +ulaw", await centre.node.cli("pjsip show channelstats"))
        await tab.click("#mute")
        await call.audio.hears_silence(8)
        await tab.click("#mute")
        await call.audio.hears(AGENT_TONE, 8)
        await tab.click("#hang-up")
        await call.over()
        await call_is(tab, "none")


async def contact(centre: Centre) -> str:
    """Where Asterisk has the browser now: an address and a port; empty if nowhere."""
    found = re.search(r"1001-web/sip:\S+", await centre.node.cli("pjsip show contacts"))
    return found[0] if found else ""


async def test_a_cut_line_is_mended_by_itself_and_the_talk_goes_on(browser: Chromium, remote: Centre, proxy: Proxy):
    """Sound takes another way than the line to the switch: it isn't interrupted."""
    async with browser.window() as window:
        tab = await registered_phone(window, remote)
        call = remote.lab.callers.dial("5001", "1")
        await tab.click("#answer")
        await call.up()
        call.audio.play(CALLER_TONE)
        proxy.cut()
        await tab.until("document.body.dataset.line === 'connecting'")
        await tab.hears(CALLER_TONE)
        proxy.mend()
        await tab.until(REGISTERED)
        await tab.hears(CALLER_TONE)
        await call.audio.hears(AGENT_TONE, 8)
        await tab.click("#hang-up")
        await call.over()


async def test_a_line_that_carries_nothing_any_more_is_noticed(browser: Chromium, remote: Centre, proxy: Proxy):
    """As after a sleep: the socket looks open for minutes. What is asked is not answered, so a new one is made."""
    async with browser.window() as window:
        tab = await registered_phone(window, remote)
        before = await contact(remote)
        proxy.swallow()
        await tab.evaluate("dispatchEvent(new Event('online'))")

        async def elsewhere() -> bool:
            return await contact(remote) not in ("", before)

        await remote.until(elsewhere, within=25)
        await tab.until(REGISTERED)


async def test_a_page_that_was_frozen_registers_again_when_it_wakes(browser: Chromium, remote: Centre, proxy: Proxy):
    async with browser.window() as window:
        tab = await registered_phone(window, remote)
        await tab.call("Page.setWebLifecycleState", state="frozen")
        proxy.cut()

        async def gone() -> bool:
            return await contact(remote) == ""

        async def back() -> bool:
            return await contact(remote) != ""

        await remote.until(gone)
        proxy.mend()
        await tab.call("Page.setWebLifecycleState", state="active")
        await remote.until(back, within=20)
        await tab.until(REGISTERED)


async def test_a_second_tab_says_where_the_phone_is_and_may_take_it_over(browser: Chromium, centre: Centre):
    async with browser.window() as window:
        first = await registered_phone(window, centre)
        second = await window.open(f"{centre.url}/phone")
        await second.until("document.body.dataset.page === 'trouble'")
        assert "another tab" in await second.text("#notice")
        await second.click("#again")
        await second.until(REGISTERED)
        assert "taken over" in await first.text("#notice")


async def test_a_wrong_token_is_told(browser: Chromium, centre: Centre):
    async with browser.window() as window:
        tab = await window.open(f"{centre.url}/phone")
        await tab.fill("[name=agent]", "1001")
        await tab.fill("[name=secret]", "guessed")
        await tab.click("#sign-in button")
        await tab.until("document.querySelector('#notice').innerText.includes('valid token')")


async def test_keys_are_heard_at_the_other_end(browser: Chromium, centre: Centre):
    async with browser.window() as window:
        tab = await registered_phone(window, centre)
        call = centre.lab.callers.dial("5001", "1")
        await tab.click("#answer")
        await call.up()
        await call_is(tab, "talking")
        for key in "7#":
            await tab.click(f"#keys button:nth-child({'123456789*0#'.index(key) + 1})")

        async def pressed() -> bool:
            return call.audio.keys == "7#"

        await centre.until(pressed)


async def test_the_page_speaks_chinese(browser: Chromium, centre: Centre):
    async with browser.window() as window:
        tab = await window.open(f"{centre.url}/phone")
        await tab.click("#language")
        assert await tab.text("#sign-in button") == "签入"
        await tab.reload()
        assert await tab.text("h1") == "电话"
