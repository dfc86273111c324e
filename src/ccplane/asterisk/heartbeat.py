"""The plane's sign of life for the guard: a global variable that moves while our loop runs and may send.

A chore of the connection: it ends with it, and what the loop does not get to is not said. The first sign comes before
anybody is looked for, so that the guard leaves alone whom we find.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count

from ccplane.asterisk.agreed import BEAT_EVERY_S, GUARD, HEARTBEAT
from ccplane.asterisk.models import Variable
from ccplane.asterisk.operations import GetGlobalVariable, SetGlobalVariable
from ccplane.asterisk.outcomes import Done, Outcome
from ccplane.asterisk.switch import HOUSE, Switch

AGAIN_S = 0.1
"""A plane that wakes from a pause may not send for a moment: the guard's term is nearly over then."""
UNGUARDED_S = 10.0
"""A guard that has not looked for so long is not there."""


class Heartbeat:
    """Beats, and sees whether anybody listens."""

    def __init__(self, epoch: Callable[[], int], may_send: Callable[[], bool]) -> None:
        self._epoch, self._may_send = epoch, may_send
        self._numbers = count(1)
        self._looks = ""
        self._looked_at: float | None = None

    async def beat(self, switch: Switch) -> None:
        """Until cancelled. No answer is waited for: one that is late says nothing about us."""
        while True:
            may = self._may_send()
            if may:
                self.sign(switch)
                switch.send(GetGlobalVariable(GUARD), HOUSE).add_done_callback(self._heard)
            await asyncio.sleep(BEAT_EVERY_S if may else AGAIN_S)

    def sign(self, switch: Switch) -> asyncio.Future[Outcome[None]]:
        """One beat. Once it is answered, a guard that reads the heartbeat knows that we are here."""
        return switch.send(SetGlobalVariable(HEARTBEAT, f"{self._epoch()}-{next(self._numbers)}"), HOUSE)

    def unguarded_for(self) -> float | None:
        """Seconds since a guard last looked; None if none ever did."""
        return None if self._looked_at is None else time.monotonic() - self._looked_at

    def _heard(self, answer: asyncio.Future[Outcome[Variable]]) -> None:
        said = None if answer.cancelled() else answer.result()
        if isinstance(said, Done) and said.value.value and said.value.value != self._looks:
            self._looked_at = time.monotonic() if self._looks else None
            self._looks = said.value.value
