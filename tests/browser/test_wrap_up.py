"""Work after a call on the phone page, with a real Asterisk: it counts down, is extended and is ended there."""

from __future__ import annotations

import pytest

from tests.browser.desk import CLAIMS, Desk, call_is

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asterisk,
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="package"),
]
LEFT = "document.querySelector('#wrap-up-left').textContent"
HIDDEN = "getComputedStyle(document.querySelector('{}')).display === 'none'"


def seconds(text: str) -> int:
    minutes, rest = text.split(":")
    return int(minutes) * 60 + int(rest)


async def test_it_counts_down_is_extended_to_the_most_and_done_with_a_click(desk: Desk):
    """The caller hangs up; the page shows what is left of 20 s; `Longer` makes it 30 s, and no more; `Done` ends it."""
    async with desk.talk(CLAIMS) as (call, tab):
        assert await tab.evaluate(HIDDEN.format("#wrap-up-done"))
        call.hang_up()
        await desk.shown_as("wrap-up")
        await call_is(tab, "none")
        await tab.until(f"{LEFT} !== ''")
        before = seconds(await tab.text("#wrap-up-left"))
        assert before <= 20
        await tab.until(f"{LEFT}.endsWith(':{before - 1:02}')")
        assert await tab.text("#wrap-up-extend") == "Longer (+10 s)"
        await tab.click("#wrap-up-extend")
        await tab.until("document.querySelector('#wrap-up-extend').textContent === ''")
        assert before < seconds(await tab.text("#wrap-up-left")) <= 30
        agent = await desk.centre.get(f"/api/v1/agents/{desk.agent}")
        assert (agent["state"], agent["wrap_up_extendable_until"]) == ("wrap-up", None)
        await tab.click("#wrap-up-done")
        await desk.shown_as("ready")
        await tab.until(HIDDEN.format("#wrap-up-left"))
