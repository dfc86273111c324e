"""What was seen at the phones, and the figures that follow from it.

idle → ring: caller's INVITE sent → INVITE received at a phone, when a phone was idle as the caller dialled.
freed → ring: a phone's call ended → the next INVITE at that phone, when callers were waiting as it ended.
A caller is told apart by its number, so concurrent callers of one run need different ones.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ccplane.testing.siplab.leg import How

if TYPE_CHECKING:
    from ccplane.testing.siplab.call import Call
    from ccplane.testing.siplab.ring import Ring


class Record:
    """Everything counted since the last `clear`. Times are seconds."""

    def __init__(self) -> None:
        self.serving: set[str] = set()  # the phones that take calls in this run
        self.busy: dict[str, int] = {}  # phone → how many calls it has at this moment
        self.waiting: dict[str, Call] = {}  # callers that no phone has rung for yet
        self.live: dict[str, Call] = {}
        self._gave_up: set[str] = set()
        self.clear()

    def clear(self) -> None:
        """Start counting afresh; calls that are up stay known."""
        self._freed: dict[str, float] = {}
        self._saw_idle: set[str] = set()
        self.idle_to_ring: list[float] = []
        self.freed_to_ring: list[float] = []
        self.dials = self.rings = self.talks = self.double_booked = 0
        self.outcomes: Counter[str] = Counter()
        self.trouble: Counter[str] = Counter()

    @property
    def lost(self) -> int:
        """Callers who ended without having talked and without having lost patience."""
        return sum(count for outcome, count in self.outcomes.items() if outcome not in ("talked", "gave-up"))

    def dialled(self, call: Call) -> None:
        self.dials += 1
        if len(self.serving) > len(self.busy) + len(self.waiting):
            self._saw_idle.add(call.number)
        self.waiting[call.number] = self.live[call.number] = call

    def rang(self, ring: Ring) -> None:
        self.rings += 1
        agent, caller = ring.agent, ring.caller
        self.busy[agent] = self.busy.get(agent, 0) + 1
        if self.busy[agent] > 1:
            self.double_booked += 1
        freed = self._freed.pop(agent, None)
        if freed is not None:
            self.freed_to_ring.append(ring.at - freed)
        call = self.waiting.pop(caller, None)
        if call is not None and caller in self._saw_idle:
            self.idle_to_ring.append(ring.at - call.started)
        self._saw_idle.discard(caller)

    def answered(self, ring: Ring) -> None:
        self.talks += 1
        if (call := self.live.get(ring.caller)) is not None:
            call.taken(ring.agent)

    def freed(self, ring: Ring) -> None:
        """A phone's call is over, however it ended."""
        left = self.busy.get(ring.agent, 1) - 1
        if left:
            self.busy[ring.agent] = left
            return
        self.busy.pop(ring.agent, None)
        end = ring.ended.result()
        talked = end.how in (How.HUNG_UP, How.PEER_HUNG_UP)
        if talked and len(self.waiting) > len(self._freed):  # else another freed phone may get the last caller
            self._freed[ring.agent] = end.at

    def gave_up(self, call: Call) -> None:
        self._gave_up.add(call.number)

    def ended(self, call: Call) -> None:
        self.outcomes[self._outcome(call)] += 1
        for known in (self.waiting, self.live):
            if known.get(call.number) is call:
                del known[call.number]
        self._saw_idle.discard(call.number)
        self._gave_up.discard(call.number)

    def _outcome(self, call: Call) -> str:
        end = call.ended.result()
        if call.connected.done():
            return "talked" if end.how in (How.HUNG_UP, How.PEER_HUNG_UP) else f"talked-then-{end.how}"
        if call.number in self._gave_up:
            return "gave-up"
        if end.how is How.HUNG_UP:
            return "hung-up-waiting"
        return f"refused-{end.code}" if end.how is How.REFUSED else f"not-served-{end.how}"
