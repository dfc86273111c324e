"""Callers and agents, and a log of all that their phones saw. They know nothing of ccplane but numbers to dial.

Every choice comes from chance with a seed of its own, so that a run begins like the one that it repeats; how it goes
on depends on the machine too.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Final

from ccplane.testing.siplab import Call, How, Record, Station
from ccplane.testing.siplab import Ring as PhoneCall
from ccplane.testing.siplab.phones import rings_for_ever
from chaos.logs import Away, Caller, Ended, Ring

ENDS: Final = {
    How.HUNG_UP: Ended.SELF,
    How.PEER_HUNG_UP: Ended.PEER,
    How.CANCELLED: Ended.CANCELLED,
    How.REFUSED: Ended.REFUSED,
    How.LOST: Ended.LOST,
}
KEYS: Final = ("0", "1", "2")
TIRED_OF_SILENCE: Final = 15.0
"""Who should hang up and hears that nobody is there does so this long after the other should have."""


@dataclass(frozen=True)
class Habits:
    """Seconds and shares. With 60 agents and 10 calls a second these keep everybody at work, and somebody waiting."""

    ring: tuple[float, float] = (0.2, 1.8)
    talk: tuple[float, float] = (1.0, 8.0)
    patience: tuple[float, float] = (6.0, 40.0)
    rejects: float = 0.02
    misses: float = 0.003
    menu: float = 0.1
    sales: float = 0.4


class People(Record):
    """What all phones saw, and what they do about it."""

    def __init__(self, seed: int, habits: Habits) -> None:
        super().__init__()
        self._habits = habits
        self._chance = random.Random(f"people {seed}")
        self._offset = time.time() - time.monotonic()
        self.seen_callers: list[Caller] = []
        self.seen_rings: list[Ring] = []
        self.aways: list[Away] = []
        self.talking: dict[str, PhoneCall] = {}
        """By the caller's number: the phone where they are being talked to."""
        self.excuse: dict[int, Ended] = {}
        """Stations (by id) whose calls now end for a reason that is no phone's."""
        self.last_answer = 0.0
        self._of: dict[str, Caller] = {}
        self._at: dict[str, Ring] = {}
        """What was seen, by the SIP call, while it lasts."""

    def ms(self, monotonic: float) -> int:
        return round((monotonic + self._offset) * 1000)

    def now(self) -> int:
        return self.ms(time.monotonic())

    # ── callers ──

    def call(self, station: Station) -> Call:
        """Somebody calls, and will see."""
        chance, habits = self._chance, self._habits
        menu = chance.random() < habits.menu
        exten = "4001" if menu else "4003" if chance.random() < habits.sales else "4002"
        call = station.dial(exten)
        seen = Caller(number=call.number, dialled=exten, at=self.ms(call.started))
        self.seen_callers.append(seen)
        call.answered.add_done_callback(lambda up: self._caller_up(seen, up))
        self._of[call.call_id] = seen
        if menu:
            key, after = chance.choice(KEYS), chance.uniform(0.5, 3.0)
            call.answered.add_done_callback(lambda _: call.after(after, lambda: call.press(key)))
        call.after(chance.uniform(*habits.patience), lambda: self._lose_patience(call))
        return call

    def _caller_up(self, seen: Caller, up: asyncio.Future[float]) -> None:
        if not up.cancelled():
            seen.up_at = self.ms(up.result())

    def ended(self, call: Call) -> None:
        super().ended(call)
        seen, end = self._of.pop(call.call_id), call.ended.result()
        seen.ended_at, seen.code = self.ms(end.at), end.code
        seen.how = Ended.SELF if end.how is How.CANCELLED else self._how(call.station, end.how)

    def _lose_patience(self, call: Call) -> None:
        if call.number not in self.talking:
            self.gave_up(call)
            call.hang_up()

    # ── agents ──

    def rang(self, ring: PhoneCall) -> None:
        super().rang(ring)
        chance, habits = self._chance, self._habits
        seen = Ring(agent=ring.agent, caller=ring.caller, at=self.ms(ring.at), busy=self.busy[ring.agent] - 1)
        self.seen_rings.append(seen)
        ring.station.phone(ring.agent).behaviour = rings_for_ever()
        ring.answered.add_done_callback(lambda up: self._agent_up(ring, seen, up))
        self._at[ring.call_id] = seen
        after, choice = chance.uniform(*habits.ring), chance.random()
        if choice < habits.rejects:
            ring.after(after, lambda: ring.reject(486))
        elif choice >= habits.rejects + habits.misses:
            ring.after(after, ring.answer)

    def _agent_up(self, ring: PhoneCall, seen: Ring, up: asyncio.Future[float]) -> None:
        if up.cancelled():
            return
        seen.up_at = self.ms(up.result())
        self.last_answer = time.monotonic()
        self.talking[ring.caller] = ring
        talk = self._chance.uniform(*self._habits.talk)
        first, second = talk, talk + TIRED_OF_SILENCE
        if self._chance.random() < 0.5:
            first, second = second, first
        ring.after(first, ring.hang_up)
        if (call := self.live.get(ring.caller)) is not None:
            call.after(second, lambda: self._say_goodbye(call, ring))

    def _say_goodbye(self, call: Call, ring: PhoneCall) -> None:
        """Unless they are talking to somebody else by now."""
        if self.talking.get(call.number, ring) is ring:
            call.hang_up()

    def freed(self, ring: PhoneCall) -> None:
        super().freed(ring)
        seen, end = self._at.pop(ring.call_id), ring.ended.result()
        seen.ended_at = self.ms(end.at)
        seen.how = Ended.SELF if end.how is How.REFUSED else self._how(ring.station, end.how)
        if self.talking.get(ring.caller) is ring:
            del self.talking[ring.caller]
            call = self.live.get(ring.caller)
            if seen.how is Ended.GONE and call is not None:  # they hear that they are to hold, and wait again
                call.after(self._chance.uniform(*self._habits.patience), lambda: self._lose_patience(call))

    def _how(self, station: Station, how: How) -> Ended:
        return self.excuse.get(id(station), ENDS[how]) if how is How.LOST else ENDS[how]
