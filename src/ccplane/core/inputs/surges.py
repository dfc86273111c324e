"""What was measured of arrivals."""

from __future__ import annotations

from ccplane.contacts.facts.surges import SurgeFact
from ccplane.core.inputs.input import Input


class SurgeSeen(Input, frozen=True):
    """A surge began, or is over. The fact's `at` is not looked at."""

    fact: SurgeFact
