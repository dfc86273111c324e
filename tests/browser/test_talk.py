"""An agent whose phone is a browser: offered, heard, gone without a word, and back in the same talk."""

from __future__ import annotations

import pytest

from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import rings_for_ever
from tests.browser.chromium import Chromium
from tests.browser.desk import COLLEAGUE, REGISTERED, WITHIN, Desk, call_is, heard_both_ways

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asterisk,
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="package"),
]


async def test_an_offer_rings_in_the_browser_and_both_hear_each_other(desk: Desk):
    async with desk.talk() as (call, tab):
        assert await tab.text("#caller") == desk.caller
        assert (await tab.text("#about")).startswith("4002 · support · ")
        assert await tab.text("#state") == "Talking → Ready"
        await tab.click("#hang-up")
        await call.over()
        await desk.shown_as("ready")
        contact = await desk.centre.contact_of(desk.caller)
        assert [(each["agent"], each["state"]) for each in contact["offers"]] == [(desk.agent, "connected")]


async def test_who_is_known_is_shown_with_their_note_and_with_what_the_program_has_noted(desk: Desk):
    known = {"name": "Ms <b>Li</b>", "note": "has two shops"}
    answer = await desk.centre.api.put(f"/api/v1/customers/{desk.caller}", json=known)
    assert answer.status_code == 200, answer.text
    tab = await desk.ready()
    assert (await tab.text("#customer"), await tab.text("#noted")) == ("", "")
    call = desk.centre.lab.callers.dial("4011", desk.caller)
    await call.up()
    await call.audio.press("4711#")
    await call_is(tab, "offered")
    await tab.until("document.querySelector('#noted').textContent === 'order 4711'")
    assert await tab.text("#customer") == "Ms <b>Li</b> · has two shops"
    call.hang_up()
    await call_is(tab, "none")
    await tab.until("document.querySelector('#customer').textContent === ''")


async def test_a_rejected_offer_is_a_miss_and_the_caller_waits_on(desk: Desk):
    tab = await desk.ready()
    call = desk.centre.lab.callers.dial("4002", desk.caller)
    await tab.click("#reject")
    await call_is(tab, "none")
    await desk.centre.waiting("support", 1)
    call.hang_up()
    contact = await desk.centre.contact_of(desk.caller)
    assert [(each["agent"], each["state"], each["cause"]) for each in contact["offers"]] == [
        (desk.agent, "missed", "rejected")
    ]


async def test_a_closed_tab_is_rejoining_and_a_new_one_is_back_in_the_same_talk(desk: Desk):
    """Nothing is said when it closes: the caller isn't hung up on, and hears the agent again."""
    async with desk.talk() as (call, tab):
        await tab.close()
        await desk.shown_as("rejoining")
        back = await desk.page()
        await call_is(back, "talking")
        await desk.shown_as("talking")
        await heard_both_ways(call, back)
        await back.click("#hang-up")
        await call.over()
        kinds = [fact["type"] for fact in (await desk.centre.contact_of(desk.caller))["facts"]]
        assert kinds.count("TalkStarted") == kinds.count("TalkEnded") == 1
        assert "PhoneRejoined" in kinds


async def test_a_page_that_is_loaded_again_goes_on_by_itself(desk: Desk):
    async with desk.talk() as (call, tab):
        await tab.reload()
        await call_is(tab, "talking")
        await heard_both_ways(call, tab)


async def test_a_crashed_page_is_rejoining_too(desk: Desk):
    async with desk.talk() as (_, tab):
        await tab.crash()
        await desk.shown_as("rejoining")


async def test_who_does_not_come_back_leaves_the_caller_to_the_next_agent(desk: Desk):
    async with desk.talk() as (call, tab):
        await desk.centre.sign_in(COLLEAGUE)
        phone = desk.centre.lab.phones.phone(COLLEAGUE)
        phone.behaviour = rings_for_ever()
        await tab.close()
        ring = await phone.next_ring(20)
        ring.answer()
        ring.audio.play(AGENT_TONE)
        await ring.audio.hears(CALLER_TONE, WITHIN)
        await call.audio.hears(AGENT_TONE, WITHIN)
        await desk.centre.set_state(COLLEAGUE, "offline")


async def test_a_cut_line_is_rejoining_while_they_go_on_hearing_each_other(desk: Desk):
    """Called back, the page says that it is in the call: the leg stays, and no sound is lost."""
    async with desk.talk() as (call, tab):
        desk.line.cut()
        await desk.shown_as("rejoining")
        await heard_both_ways(call, tab)
        desk.line.mend()
        await desk.shown_as("talking")
        await tab.until(REGISTERED)
        await heard_both_ways(call, tab)
        await tab.click("#hang-up")
        await call.over()
        facts = (await desk.centre.contact_of(desk.caller))["facts"]
        legs = {each["type"]: each.get("leg") for each in facts}
        assert legs["PhoneRejoined"] == legs["OfferMade"] != legs["RejoinRung"]


async def test_who_was_cut_off_is_told_when_the_caller_hangs_up(desk: Desk):
    """The line that the call came by is gone: the page has told the switch of the new one."""
    async with desk.talk() as (call, tab):
        desk.line.cut()
        await desk.shown_as("rejoining")
        desk.line.mend()
        await desk.shown_as("talking")
        await tab.until(REGISTERED)
        call.hang_up()
        await call_is(tab, "none")


async def test_a_talk_that_ended_while_the_line_was_cut_is_over_when_it_is_mended(desk: Desk):
    async with desk.talk() as (call, tab):
        desk.line.cut()
        await desk.shown_as("rejoining")
        call.hang_up()
        await call.over()
        desk.line.mend()
        await call_is(tab, "none")
        await desk.shown_as("ready")


async def test_a_second_sign_in_elsewhere_takes_the_talk_along(desk: Desk, browser: Chromium):
    """The first browser is told and goes without a word; the second is called back into the talk."""
    async with browser.window() as other, desk.talk() as (call, tab):
        back = await desk.signed_in(other)
        await tab.until("document.querySelector('#notice').innerText.includes('signed in elsewhere')")
        await call_is(back, "talking")
        await heard_both_ways(call, back)


async def test_who_signs_out_has_hung_up_and_is_offline(desk: Desk):
    async with desk.talk() as (call, tab):
        await tab.click("#sign-out")
        await call.over()
        await desk.shown_as("offline")
        await tab.reload()
        await tab.until("document.body.dataset.page === 'signed-out'")


async def test_who_clicks_while_ccplane_is_away_for_a_moment_has_clicked(desk: Desk):
    """The page's connection is being made anew; what its agent wishes meanwhile goes with it."""
    tab = await desk.registered()
    await desk.centre.kill()
    await tab.until("fetch('/healthz').then(() => false, () => true)")
    await tab.click("#ready")
    await desk.centre.start()
    await desk.shown_as("ready")
