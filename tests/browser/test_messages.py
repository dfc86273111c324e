"""Messages on the phone page, with a real Asterisk: how many wait for the agent is seen as it changes."""

from __future__ import annotations

import pytest

from tests.asterisk.test_voicemail import records
from tests.browser.desk import Desk

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asterisk,
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="package"),
]
SAYS = "document.querySelector('#messages').textContent === '{}'"


async def test_a_message_that_a_caller_leaves_is_counted_until_it_is_taken_and_answered(desk: Desk):
    tab = await desk.registered()
    assert await tab.text("#messages") == ""
    call = desk.centre.lab.callers.dial("4001", desk.caller)
    await call.up()
    await call.audio.press("9")
    await records(call, desk.centre)
    call.hang_up()
    await tab.until(SAYS.format("New messages: 1"))
    own = f"/api/v1/agents/{desk.agent}/messages"
    [message] = (await desk.centre.get(own))["messages"]
    assert (await desk.centre.api.post(f"{own}/{message['id']}/take")).status_code == 200
    await tab.until(SAYS.format("Taken by you: 1"))
    await tab.click("#language")
    await tab.until(SAYS.format("由您处理: 1"))
    await tab.click("#language")
    assert (await desk.centre.api.post(f"{own}/{message['id']}/answered")).status_code == 204
    await tab.until(SAYS.format(""))
