"""Who served a customer last, by the number that they show."""

from __future__ import annotations

from ccplane.contacts.served import Served
from ccplane.ids import AgentId


def test_callers_who_show_no_number_are_not_one_customer():
    told = Served().told("anonymous", AgentId("ana"), 5)
    assert told.get("anonymous") is None
    assert told.told("5551", AgentId("ana"), 5).get("5551") is not None
