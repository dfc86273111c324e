"""When a phone is slow: the two limits, apart from each other, so that one at the edge makes no fact each minute.

People begin to talk over each other when speech lags by some 300 ms there and back (ITU-T G.114 draws the line of what
is acceptable at 400 ms one way, and of what nobody notices at 150). A slow phone is still offered to: a slow agent
serves a caller better than none. It is shown, so that somebody looks at that network.
"""

from __future__ import annotations

from typing import Final

from ccplane.agents.facts import PhoneQuickened, PhoneSlowed
from ccplane.core.turn import Turn
from ccplane.ids import DeviceName

SLOW_MS: Final = 300
QUICK_MS: Final = 200


def judge(turn: Turn, device: DeviceName, latency_ms: int) -> None:
    """A phone answered in so many ms."""
    slow = device in turn.state.slow
    if not slow and latency_ms > SLOW_MS:
        turn.happened(PhoneSlowed(at=turn.now, device=device, latency_ms=latency_ms))
    elif slow and latency_ms < QUICK_MS:
        turn.happened(PhoneQuickened(at=turn.now, device=device, latency_ms=latency_ms))
