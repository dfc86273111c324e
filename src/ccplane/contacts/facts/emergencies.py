"""Emergencies are switched on and off, and each contact that hears of one is told so."""

from __future__ import annotations

from enum import StrEnum

from ccplane.contacts.emergency import Emergency
from ccplane.contacts.facts.life import ContactFact
from ccplane.laws import Fact


class EmergencyOff(StrEnum):
    """Why one is over."""

    ASKED = "asked"
    EXPIRED = "expired"
    REPLACED = "replaced"


class EmergencyBegan(Fact, frozen=True, kw_only=True):
    """It holds from here on: for all who come, and those who wait hear it once."""

    emergency: Emergency


class EmergencyEnded(Fact, frozen=True, kw_only=True):
    """It holds no more. Who heard it already goes on as it said. `by`: who asked, "" for time."""

    name: str
    reason: EmergencyOff
    by: str = ""


class EmergencyPaced(Fact, frozen=True, kw_only=True):
    """Others who wait hear it later than this: not all of a long line at the same moment, and nobody while their agent
    is being called."""

    next_at: int


class EmergencyHeard(ContactFact, frozen=True, kw_only=True):
    """They were told of it, before their program began or while they wait. `emergency`: its id, `name@since`."""

    emergency: str
    waiting: bool = False


EmergencyFact = EmergencyBegan | EmergencyEnded | EmergencyPaced
