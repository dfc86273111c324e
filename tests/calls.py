"""Calls for tests that must be heard: a caller and an agent who really talk, by RTP, through a real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import Call, Lab, Ring, rings_for_ever


@dataclass(frozen=True, slots=True)
class Talk:
    """Both ends of a talk: 440 Hz comes from the caller, 880 Hz from the agent."""

    caller: Call
    agent: Ring

    async def heard_both_ways(self, within: float = 3.0) -> None:
        """Each hears the other's tone from now on; `NotHeard` says what came instead."""
        assert self.caller.audio
        assert self.agent.audio
        async with asyncio.TaskGroup() as group:
            group.create_task(self.agent.audio.hears(CALLER_TONE, within))
            group.create_task(self.caller.audio.hears(AGENT_TONE, within))

    async def hang_up_by(self, who: Call | Ring) -> None:
        """One side hangs up; returns when the other is over too."""
        who.hang_up()
        await asyncio.gather(self.caller.over(), self.agent.over())


@asynccontextmanager
async def talking_call(
    lab: Lab, exten: str, agent: str, number: str = "", *, within: float = 20
) -> AsyncIterator[Talk]:
    """A caller at `exten` who is connected to `agent`, each sending its tone. The lab must have `audio=True`.

    The agent's phone must be registered and, where a plane decides, ready. Proves nothing yet: ask `heard_both_ways`.
    """
    phone = lab.phones.phone(agent)
    phone.behaviour = rings_for_ever()
    phone.forget_rings()
    call = lab.callers.dial(exten, number)
    ring = await phone.next_ring(within)
    ring.answer()
    await call.up(within)
    assert call.audio, "open_lab(…, audio=True)"
    assert ring.audio
    call.audio.play(CALLER_TONE)
    ring.audio.play(AGENT_TONE)
    try:
        yield Talk(call, ring)
    finally:
        call.hang_up()
        await asyncio.gather(call.over(), ring.over())
