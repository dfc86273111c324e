"""The phone page as an agent uses it."""

from __future__ import annotations

from tests.browser.chromium import Tab, Window
from tests.centre import TOKEN, Centre

REGISTERED = "document.body.dataset.line === 'registered'"


async def open_phone(window: Window, centre: Centre, agent: str = "1001") -> Tab:
    """A tab in which this agent has just signed in, with the administrator's token; it may not have registered yet."""
    tab = await window.open(f"{centre.url}/phone")
    await tab.fill("[name=agent]", agent)
    await tab.fill("[name=secret]", TOKEN)
    await tab.click("#sign-in button")
    return tab


async def registered_phone(window: Window, centre: Centre, agent: str = "1001") -> Tab:
    """A tab in which this agent's phone can be rung."""
    tab = await open_phone(window, centre, agent)
    await tab.until(REGISTERED)
    return tab


async def call_is(tab: Tab, state: str) -> None:
    await tab.until(f"document.body.dataset.call === {state!r}")


async def ready_phone(window: Window, centre: Centre, agent: str = "1001") -> Tab:
    """A tab in which this agent is offered calls."""
    tab = await registered_phone(window, centre, agent)
    await tab.click("#ready")
    await centre.agent_is(agent, "ready")
    return tab
