"""A SIP lab: phones and callers by the hundred on loopback, for tests and measurements.

async with open_lab(pbx=("127.0.0.1", 5060)) as lab:
    await lab.phones.register({"1001": secret})
    call = lab.callers.dial("4002", "13800138000", talk=1.0)
    ring = await lab.phones.phone("1001").next_ring()
    end = await call.over()
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ccplane.testing.siplab.call import Call
from ccplane.testing.siplab.leg import CallEnded, End, How, Leg, State
from ccplane.testing.siplab.phones import (
    Behaviour,
    Phone,
    RegistrationRefused,
    answers,
    rejects,
    rings_for_ever,
    says_nothing,
)
from ccplane.testing.siplab.record import Record
from ccplane.testing.siplab.ring import Ring
from ccplane.testing.siplab.station import Station

__all__ = [
    "Behaviour", "Call", "CallEnded", "End", "How", "Lab", "Leg", "Phone", "Record", "RegistrationRefused", "Ring",
    "State", "Station", "answers", "open_lab", "rejects", "rings_for_ever", "says_nothing",
]  # fmt: skip


@dataclass(slots=True)
class Lab:
    """Phones at one station, callers at another, one record of what both saw."""

    record: Record
    phones: Station
    callers: Station

    @property
    def open_dialogs(self) -> int:
        return len(self.phones.legs) + len(self.callers.legs)

    async def drained(self, within: float = 10.0) -> int:
        """Waits until no call is up; returns how many dialogs are stuck."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while self.open_dialogs and loop.time() < deadline:  # a call may still ring after another has ended
            legs = [*self.phones.legs.values(), *self.callers.legs.values()]
            await asyncio.wait([leg.ended for leg in legs], timeout=deadline - loop.time())
        return self.open_dialogs


@asynccontextmanager
async def open_lab(
    pbx: tuple[str, int] = ("127.0.0.1", 5060), *, audio: bool = False, phone_port: int = 0, caller_port: int = 0
) -> AsyncIterator[Lab]:
    """A lab against this switch, closed at the end with every call hung up. Ports: 0 takes free ones."""
    record = Record()
    phones = Station(pbx, record, port=phone_port, audio=audio)
    try:
        callers = Station(pbx, record, port=caller_port, audio=audio)
    except BaseException:
        phones.close()
        raise
    try:
        yield Lab(record, phones, callers)
    finally:
        for station in (callers, phones):
            await station.hang_up_all(within=2.0)
            station.close()
