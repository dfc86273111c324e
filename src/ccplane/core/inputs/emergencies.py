"""What people ask of emergencies."""

from __future__ import annotations

from ccplane.contacts.emergency import Emergency
from ccplane.core.inputs.input import Input


class EmergencyWanted(Input, frozen=True):
    """It is to hold from now on, in place of one of the same name. Its sounds are made already; `since` is now."""

    emergency: Emergency


class EmergencyLifted(Input, frozen=True):
    """It is over. `by`: who asks."""

    name: str
    by: str
