"""Whether anything comes from a phone: the switch counts the packets of each channel, and is asked twice."""

from __future__ import annotations

import asyncio
from typing import Final

from ccplane.asterisk.operations import GetChannelVariable
from ccplane.asterisk.outcomes import Done
from ccplane.asterisk.switch import HOUSE, Switch
from ccplane.ids import ChannelId

RECEIVED: Final = "CHANNEL(rtcp,rxcount)"
"""Packets of the channel's sound that have come so far."""


async def something_came(switch: Switch | None, channel: ChannelId, within: float) -> bool | None:
    """Whether packets came from this phone within so many seconds; None if the switch does not say."""
    before = await _received(switch, channel)
    await asyncio.sleep(within)
    after = await _received(switch, channel)
    return None if before is None or after is None else after > before


async def _received(switch: Switch | None, channel: ChannelId) -> int | None:
    if switch is None:
        return None
    said = await switch.send(GetChannelVariable(channel, RECEIVED), HOUSE)
    return int(said.value.value) if isinstance(said, Done) and said.value.value.isdigit() else None
