"""An agent's desk: their browser at the phone page, and a caller who may reach them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import Call
from tests.browser.chromium import Tab, Window
from tests.centre import TOKEN, Centre
from tests.proxy import Proxy

COLLEAGUE = "1040"
"""Somebody with a desk phone, whose desk no test has."""

CLAIMS = "4012"
"""A number whose calls have work after them: 20 s, extendable by 10, to 30 at the most."""

REGISTERED = "document.body.dataset.line === 'registered'"
WITHIN = 20


class Desk:
    """One agent, who is no other test's. `line`: the network between browsers and switch."""

    def __init__(self, centre: Centre, line: Proxy, agent: str, window: Window) -> None:
        self.centre, self.line, self.agent, self.window = centre, line, agent, window
        self.device = f"{agent}-web"
        self.caller = f"1380013{agent}"

    # -------------------------------------------------------------------------------------------------- the page

    async def page(self) -> Tab:
        """A tab at the page, as it is found."""
        return await self.window.open(f"{self.centre.url}/phone")

    async def signed_in(self, window: Window | None = None, secret: str = TOKEN) -> Tab:
        """A tab in which the agent has just signed in, with the administrator's token; nothing rings there yet."""
        tab = await (window or self.window).open(f"{self.centre.url}/phone")
        await tab.fill("[name=agent]", self.agent)
        await tab.fill("[name=secret]", secret)
        await tab.click("#sign-in button")
        return tab

    async def registered(self) -> Tab:
        """A tab in which the agent's phone can be rung."""
        tab = await self.signed_in()
        await tab.until(REGISTERED)
        return tab

    async def ready(self) -> Tab:
        """A tab in which the agent is offered calls."""
        tab = await self.registered()
        await tab.click("#ready")
        await self.shown_as("ready")
        return tab

    # ------------------------------------------------------------------------------------------------- a caller

    @asynccontextmanager
    async def rung(self, tab: Tab) -> AsyncIterator[Call]:
        """A caller whom the agent has answered, without a plane in between: 5001 rings 1001 in the browser."""
        call = self.centre.lab.callers.dial(f"5{self.agent[1:]}", self.caller)
        try:
            await tab.click("#answer")
            await call.up()
            call.audio.play(CALLER_TONE)
            await call_is(tab, "talking")
            yield call
        finally:
            call.hang_up()
            await call.over()

    @asynccontextmanager
    async def talk(self, number: str = "4002") -> AsyncIterator[tuple[Call, Tab]]:
        """A caller at this number who talks with the agent in the browser; both have heard each other."""
        tab = await self.ready()
        call = self.centre.lab.callers.dial(number, self.caller)
        try:
            await call_is(tab, "offered")
            await self.shown_as("offered")
            await tab.click("#answer")
            await call.up()
            call.audio.play(CALLER_TONE)
            await heard_both_ways(call, tab)
            await self.shown_as("talking")
            yield call, tab
        finally:
            call.hang_up()
            await call.over()

    # ------------------------------------------------------------------------------------------- how all stands

    async def shown_as(self, state: str) -> None:
        """Wait until the wallboard shows the agent so."""
        await self.centre.agent_is(self.agent, state)

    async def contact(self) -> str:
        """Where Asterisk has the browser now: an address and a port; empty if nowhere."""
        found = re.search(rf"{self.device}/sip:\S+", await self.centre.node.cli("pjsip show contacts"))
        return found[0] if found else ""


async def call_is(tab: Tab, state: str) -> None:
    await tab.until(f"document.body.dataset.call === {state!r}")


async def heard_both_ways(call: Call, tab: Tab) -> None:
    """Each hears the other's tone from now on: measured in the page's loudspeaker, and in the caller's RTP."""
    await tab.hears(CALLER_TONE, WITHIN)
    await call.audio.hears(AGENT_TONE, WITHIN)
