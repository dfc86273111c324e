"""The browser's phone on a real Asterisk: it registers, rings, is heard, and mends its line."""

from __future__ import annotations

import re

import pytest

from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from tests.browser.chromium import Chromium
from tests.browser.desk import REGISTERED, WITHIN, Desk, call_is, heard_both_ways
from tests.centre import TOKEN

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asterisk,
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="package"),
]


async def test_a_signed_in_page_registers_and_is_seen_at_the_switch(desk: Desk):
    await desk.registered()

    async def reachable() -> bool:
        agent = await desk.centre.get(f"/api/v1/agents/{desk.agent}")
        return (agent["device"], agent["phone"]) == (desk.device, "reachable")

    await desk.centre.until(reachable)
    assert await desk.contact()


async def test_an_agent_signs_in_with_their_own_pin_and_with_no_other(desk: Desk):
    """A wrong PIN is told in words and opens nothing; the right one registers their phone."""
    answer = await desk.centre.api.put(f"/api/v1/agents/{desk.agent}/pin", json={"pin": "483920"})
    answer.raise_for_status()
    tab = await desk.signed_in(secret="111111")
    await tab.until("document.querySelector('#notice').textContent.includes('PIN')")
    assert not await desk.contact()
    await tab.fill("[name=secret]", "483920")
    await tab.click("#sign-in button")
    await tab.until(REGISTERED)


async def test_an_agent_at_a_shared_seat_has_that_seats_phone(desk: Desk):
    tab = await desk.page()
    await tab.fill("[name=agent]", desk.agent)
    await tab.fill("[name=secret]", TOKEN)
    await tab.fill("[name=seat]", "2001")
    await tab.click("#sign-in button")
    await tab.until(REGISTERED)
    agent = await desk.centre.get(f"/api/v1/agents/{desk.agent}")
    assert (agent["seat"], agent["device"]) == ("2001", "2001-web")


async def test_a_denied_microphone_is_told_with_what_to_do_and_nothing_rings(desk: Desk, browser: Chromium):
    async with browser.window(microphone=False) as window:
        tab = await desk.signed_in(window)
        await tab.until("document.body.dataset.page === 'trouble'")
        assert "allow the microphone" in await tab.text("#notice")
        assert not await desk.contact()


async def test_a_call_is_answered_and_heard_in_both_directions(desk: Desk):
    """In the caller's own codec; muted, the caller hears silence."""
    tab = await desk.registered()
    async with desk.rung(tab) as call:
        assert await tab.text("#caller") == desk.caller
        await heard_both_ways(call, tab)
        assert re.search(rf"{desk.device}-\S+ +\S+ +ulaw", await desk.centre.node.cli("pjsip show channelstats"))
        await tab.click("#mute")
        await call.audio.hears_silence(WITHIN)
        await tab.click("#mute")
        await call.audio.hears(AGENT_TONE, WITHIN)
        await tab.click("#hang-up")
        await call.over()
        await call_is(tab, "none")


async def test_keys_are_heard_at_the_other_end(desk: Desk):
    tab = await desk.registered()
    async with desk.rung(tab) as call:
        for key in "7#":
            await tab.click(f"#keys button:nth-child({'123456789*0#'.index(key) + 1})")

        async def pressed() -> bool:
            return call.audio.keys == "7#"

        await desk.centre.until(pressed)


async def test_a_cut_line_is_mended_by_itself_and_the_talk_goes_on(desk: Desk):
    """Sound takes another way than the line to the switch: it isn't interrupted."""
    tab = await desk.registered()
    async with desk.rung(tab) as call:
        desk.line.cut()
        await tab.until("document.body.dataset.line === 'connecting'")
        await tab.hears(CALLER_TONE, WITHIN)
        desk.line.mend()
        await tab.until(REGISTERED)
        await heard_both_ways(call, tab)
        await tab.click("#hang-up")
        await call.over()


async def test_a_line_that_carries_nothing_any_more_is_noticed(desk: Desk):
    """As after a sleep: the socket looks open for minutes. What is asked is not answered, so a new one is made."""
    tab = await desk.registered()
    before = await desk.contact()
    desk.line.swallow()
    await tab.evaluate("dispatchEvent(new Event('online'))")

    async def elsewhere() -> bool:
        return await desk.contact() not in ("", before)

    await desk.centre.until(elsewhere, within=25)
    await tab.until(REGISTERED)


async def test_a_page_that_was_frozen_registers_again_when_it_wakes(desk: Desk):
    tab = await desk.registered()
    await tab.call("Page.setWebLifecycleState", state="frozen")
    desk.line.cut()

    async def gone() -> bool:
        return not await desk.contact()

    async def back() -> bool:
        return bool(await desk.contact())

    await desk.centre.until(gone)
    desk.line.mend()
    await tab.call("Page.setWebLifecycleState", state="active")
    await desk.centre.until(back, within=20)
    await tab.until(REGISTERED)


async def test_a_second_tab_says_where_the_phone_is_and_may_take_it_over(desk: Desk):
    first = await desk.registered()
    second = await desk.page()
    await second.until("document.body.dataset.page === 'trouble'")
    assert "another tab" in await second.text("#notice")
    await second.click("#again")
    await second.until(REGISTERED)
    assert "taken over" in await first.text("#notice")


async def test_a_wrong_token_is_told(desk: Desk):
    tab = await desk.signed_in(secret="guessed")
    await tab.until("document.querySelector('#notice').innerText.includes('valid token')")


async def test_the_page_speaks_chinese(desk: Desk):
    tab = await desk.page()
    await tab.click("#language")
    assert await tab.text("#sign-in button") == "签入"
    await tab.reload()
    assert await tab.text("h1") == "电话"
