"""Surges: measured at the edge, known here, so that they are told again neither after a restart nor each minute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from ccplane.contacts.facts.surges import SurgeBegan
from ccplane.core import inputs as i
from ccplane.core.turn import Turn


def seen(turn: Turn, what: i.SurgeSeen) -> None:
    """Told again, nothing happens."""
    if isinstance(what.fact, SurgeBegan) is (what.fact.number not in turn.state.surges):
        turn.happened(replace(what.fact, at=turn.now))


SURGE_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.SurgeSeen: seen}
