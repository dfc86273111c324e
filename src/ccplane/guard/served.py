"""Who has talked with an agent in an absence, and whether that agent has hung up.

Hung up is what the switch says with cause 16. A phone that died has not (no sound came for a while: 44), and neither
has one of which we were told nothing: whose agent was lost waits again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ccplane.asterisk.actions import Message
from ccplane.asterisk.ami_events import Events
from ccplane.guard.whom import with_agents
from ccplane.ids import offer_of_leg

NORMAL: Final = "16"
"""Q.850, as AMI writes it."""


class Served:
    """What was seen and heard since it began anew."""

    def __init__(self, events: Events) -> None:
        self._legs: dict[str, set[str]] = {}
        """Of each caller who has talked with agents, those agents' legs."""
        self._causes: dict[str, str] = {}
        """Of each leg that has ended, why."""
        self._talking: set[str] = set()
        self._just_alone: set[str] = set()
        """Who talked when we looked before, and does not now."""
        events.on("Hangup", self._heard)

    def begin_anew(self) -> None:
        self._legs.clear()
        self._causes.clear()

    def see(self, channels: Sequence[Message]) -> None:
        """Of all channels, who talks with an agent now; who is there no more is forgotten."""
        talking, there = with_agents(channels), {each.get("uniqueid", "") for each in channels}
        self._legs = {caller: legs for caller, legs in self._legs.items() if caller in there}
        for caller, legs in talking.items():
            self._legs.setdefault(caller, set()).update(legs)
        self._just_alone, self._talking = self._talking - talking.keys(), set(talking)

    @property
    def over(self) -> set[str]:
        """Callers whose agents have all hung up."""
        return {caller for caller, legs in self._legs.items() if all(self._causes.get(each) == NORMAL for each in legs)}

    @property
    def unclear(self) -> set[str]:
        """Callers who are alone since just now, and the word of why may be on its way: it comes when the leg is no
        more, a moment after it has left the room."""
        return {each for each in self._just_alone if not self._legs.get(each, set()) <= self._causes.keys()}

    def _heard(self, event: Message) -> None:
        leg = event.get("uniqueid", "")
        if offer_of_leg(leg) is not None:
            self._causes[leg] = event.get("cause", "")
