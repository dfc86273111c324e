"""What tests of real phones wait for."""

from __future__ import annotations

import asyncio

from ccplane.asterisk.operations import GetEndpoint
from ccplane.asterisk.outcomes import Done
from ccplane.asterisk.switch import HOUSE, Switch


async def online(switch: Switch, *users: str, within: float = 20) -> None:
    """A phone is reachable only after its first qualify, a moment after its REGISTER was accepted."""
    for user in users:
        async with asyncio.timeout(within):
            while not await _is_online(switch, user):
                await asyncio.sleep(0.001)


async def _is_online(switch: Switch, user: str) -> bool:
    found = await switch.send(GetEndpoint("PJSIP", user), HOUSE)
    assert isinstance(found, Done), found
    return found.value.state == "online"
