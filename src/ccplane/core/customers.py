"""Customers: the edge knows them and says at each arrival who calls; what was changed of them is noted here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from ccplane.core import inputs as i
from ccplane.core.turn import Turn


def edited(turn: Turn, what: i.CustomersEdited) -> None:
    turn.happened(replace(what.fact, at=turn.now))


CUSTOMER_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.CustomersEdited: edited}
