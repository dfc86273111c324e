"""An agent whose phone is a browser: offered, heard, gone without a word, and back in the same talk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.rtp import AGENT_TONE, CALLER_TONE
from bench.siplab import Call, rings_for_ever
from tests.browser.chromium import Chromium, Tab, Window
from tests.browser.desk import REGISTERED, call_is, open_phone, ready_phone
from tests.centre import Centre
from tests.proxy import Proxy

pytestmark = [pytest.mark.browser, pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

CALLER = "13800138000"


async def heard_both_ways(call: Call, tab: Tab) -> None:
    """Each hears the other's tone from now on."""
    await tab.hears(CALLER_TONE)
    await call.audio.hears(AGENT_TONE, 8)


@asynccontextmanager
async def talk(window: Window, centre: Centre) -> AsyncIterator[tuple[Call, Tab]]:
    """A caller at 4002 who talks with 1001 in the browser; both have heard each other."""
    tab = await ready_phone(window, centre)
    call = centre.lab.callers.dial("4002", CALLER)
    await call_is(tab, "offered")
    await centre.agent_is("1001", "offered")
    await tab.click("#answer")
    await call.up()
    call.audio.play(CALLER_TONE)
    await heard_both_ways(call, tab)
    await centre.agent_is("1001", "talking")
    yield call, tab


async def test_an_offer_rings_in_the_browser_and_both_hear_each_other(browser: Chromium, centre: Centre):
    async with browser.window() as window, talk(window, centre) as (call, tab):
        assert await tab.text("#caller") == CALLER
        assert (await tab.text("#about")).startswith("4002 · support · ")
        assert await tab.text("#state") == "Talking → Ready"
        await tab.click("#hang-up")
        await call.over()
        await centre.agent_is("1001", "ready")
        contact = await centre.contact_of(CALLER)
        assert [(each["agent"], each["state"]) for each in contact["offers"]] == [("1001", "connected")]


async def test_a_closed_tab_is_rejoining_and_a_new_one_is_back_in_the_same_talk(browser: Chromium, centre: Centre):
    """Nothing is said when it closes: the caller isn't hung up on, and hears the agent again."""
    async with browser.window() as window, talk(window, centre) as (call, tab):
        await tab.close()
        await centre.agent_is("1001", "rejoining")
        back = await window.open(f"{centre.url}/phone")
        await call_is(back, "talking")
        await centre.agent_is("1001", "talking")
        await heard_both_ways(call, back)
        await back.click("#hang-up")
        await call.over()
        contact = await centre.contact_of(CALLER)
        kinds = [fact["type"] for fact in contact["facts"]]
        assert kinds.count("TalkStarted") == kinds.count("TalkEnded") == 1
        assert "PhoneRejoined" in kinds


async def test_a_page_that_is_loaded_again_goes_on_by_itself(browser: Chromium, centre: Centre):
    async with browser.window() as window, talk(window, centre) as (call, tab):
        await tab.reload()
        await call_is(tab, "talking")
        await heard_both_ways(call, tab)


async def test_a_cut_line_is_rejoining_while_they_go_on_hearing_each_other(
    browser: Chromium, remote: Centre, proxy: Proxy
):
    """Called back, the page says that it is in the call: the leg stays, and no sound is lost."""
    async with browser.window() as window, talk(window, remote) as (call, tab):
        proxy.cut()
        await remote.agent_is("1001", "rejoining")
        await heard_both_ways(call, tab)
        proxy.mend()
        await remote.agent_is("1001", "talking")
        await tab.until(REGISTERED)
        await heard_both_ways(call, tab)
        await tab.click("#hang-up")
        await call.over()
        facts = (await remote.contact_of(CALLER))["facts"]
        legs = {each["type"]: each.get("leg") for each in facts}
        assert legs["PhoneRejoined"] == legs["OfferMade"] != legs["RejoinRung"]


async def test_who_was_cut_off_is_told_when_the_caller_hangs_up(browser: Chromium, remote: Centre, proxy: Proxy):
    """The line that the call came by is gone: the page has told the switch of the new one."""
    async with browser.window() as window, talk(window, remote) as (call, tab):
        proxy.cut()
        await remote.agent_is("1001", "rejoining")
        proxy.mend()
        await remote.agent_is("1001", "talking")
        await tab.until(REGISTERED)
        call.hang_up()
        await call_is(tab, "none")


async def test_a_talk_that_ended_while_the_line_was_cut_is_over_when_it_is_mended(
    browser: Chromium, remote: Centre, proxy: Proxy
):
    async with browser.window() as window, talk(window, remote) as (call, tab):
        proxy.cut()
        await remote.agent_is("1001", "rejoining")
        call.hang_up()
        await call.over()
        proxy.mend()
        await call_is(tab, "none")
        await remote.agent_is("1001", "ready")


async def test_a_crashed_page_is_rejoining_too(browser: Chromium, centre: Centre):
    async with browser.window() as window, talk(window, centre) as (_, tab):
        await tab.crash()
        await centre.agent_is("1001", "rejoining")


async def test_who_does_not_come_back_leaves_the_caller_to_the_next_agent(browser: Chromium, centre: Centre):
    async with browser.window() as window, talk(window, centre) as (call, tab):
        await centre.sign_in("1002")
        phone = centre.lab.phones.phone("1002")
        phone.behaviour = rings_for_ever()
        await tab.close()
        ring = await phone.next_ring(20)
        ring.answer()
        ring.audio.play(AGENT_TONE)
        await ring.audio.hears(CALLER_TONE, 8)
        await call.audio.hears(AGENT_TONE, 8)


async def test_a_second_sign_in_elsewhere_takes_the_talk_along(browser: Chromium, centre: Centre):
    """The first browser is told and goes without a word; the second is called back into the talk."""
    async with browser.window() as window, browser.window() as other, talk(window, centre) as (call, tab):
        back = await open_phone(other, centre)
        await tab.until("document.querySelector('#notice').innerText.includes('signed in elsewhere')")
        await call_is(back, "talking")
        await heard_both_ways(call, back)


async def test_who_signs_out_has_hung_up_and_is_offline(browser: Chromium, centre: Centre):
    async with browser.window() as window, talk(window, centre) as (call, tab):
        await tab.click("#sign-out")
        await call.over()
        await centre.agent_is("1001", "offline")
        await tab.reload()
        await tab.until("document.body.dataset.page === 'signed-out'")
