"""Customers in Postgres, and how the plane knows those whose calls are taken otherwise than others'."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ccplane.core import inputs as i
from ccplane.customers import Customers
from ccplane.errors import RequestError
from ccplane.ids import AgentId, ContactId
from ccplane.postgres import customers as rows
from ccplane.postgres.customers import CustomerRow, CustomerStore
from ccplane.routing.dialling import Dialling
from ccplane.routing.rules import Harassment
from tests.core.floor import NODE, an_arrival

pytestmark = pytest.mark.postgres

NOW = 1_795_000_000_000
DAY = 86_400_000
LI = CustomerRow(number="5551234", name="Ms Li", language="zh-CN", credit_s=120, note="two shops")


@dataclass
class Plane:
    """What Customers asks of the plane."""

    harassment: Harassment = field(default_factory=Harassment)
    facts: list[Any] = field(default_factory=list)
    contacts: dict[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> Any:
        rules = SimpleNamespace(dialling=Dialling(), harassment=self.harassment)
        return SimpleNamespace(rules=rules, contacts=self.contacts)

    async def ask(self, what: i.CustomersEdited) -> None:
        self.facts.append(what.fact)


@pytest.fixture
def plane() -> Plane:
    return Plane()


@pytest.fixture
def customers(db, plane) -> Customers:
    return Customers(plane, CustomerStore(db), lambda: NOW)


def caller(customers, number="5551234"):
    return customers.seen(replace(an_arrival("x"), caller=number)).customer


async def test_a_customer_is_read_as_they_were_put(db):
    store = CustomerStore(db)
    await store.put([LI, CustomerRow(number="139", blocked="threats", blocked_until=NOW + DAY)], "Lea", NOW)
    assert await store.customer("5551234") == replace(LI, changed_by="Lea", changed_at=NOW)
    assert [each.number for each in await store.customers("", 10)] == ["139", "5551234"]
    assert [each.number for each in await store.customers("139", 10)] == ["5551234"]
    assert [each.number for each in await store.customers("", 10, blocked=True)] == ["139"]
    assert await store.delete("139")
    assert not await store.delete("139")


async def test_a_call_meets_who_is_known_and_without_asking_postgres(customers, plane):
    assert caller(customers) is None
    await customers.put([LI], "Lea", ("name",))
    known = caller(customers)
    assert (known.name, known.language, known.credit_s, known.vip, known.blocked) == ("Ms Li", "zh-CN", 120, True, "")
    assert caller(customers, "555-1234") == known, "however it is written"
    assert caller(customers, "") is None
    assert [(each.number, each.what, each.by) for each in plane.facts] == [("5551234", ("name",), "Lea")]
    await customers.delete("5551234", "Lea")
    assert caller(customers) is None


async def test_a_survey_and_what_comes_late_say_who_calls_too(customers):
    await customers.put([LI], "Lea")
    arrival = replace(an_arrival("x"), caller="5551234")
    assert customers.seen(i.Late(arrival, NOW)).what.customer.name == "Ms Li"
    channels = {"x": i.ChannelSeen("x", False, arrival), "y": i.ChannelSeen("y", True)}
    surveyed = customers.seen(
        i.SwitchSurveyed(
            node=NODE, version="22", started_at=0, began_at=0, gap_ms=0, after_gap=False, channels=channels, rooms={},
            phones={}, journals={}, carried=(),
        )
    )  # fmt: skip
    assert surveyed.channels["x"].arrival.customer.name == "Ms Li"
    assert surveyed.channels["y"] == channels["y"]
    tick = i.Tick()
    assert customers.seen(tick) is tick


async def test_a_block_ends_at_its_time(customers):
    await customers.put([replace(LI, blocked="threats", blocked_until=NOW + 1)], "Lea")
    assert caller(customers).blocked == "threats"
    await customers.put([replace(LI, blocked="threats", blocked_until=NOW)], "Lea")
    assert caller(customers).blocked == ""


async def test_a_plane_that_begins_knows_all_with_an_effect_however_many(db, plane, monkeypatch):
    monkeypatch.setattr(rows, "PIECE", 7)
    many = [CustomerRow(number=f"138{each:04}", credit_s=each % 2) for each in range(40)]
    await CustomerStore(db).put(many, "Lea", NOW)
    again = Customers(plane, CustomerStore(db), lambda: NOW)
    await again.load()
    assert [caller(again, each.number) is not None for each in many] == [each.matters for each in many]


async def test_who_has_but_a_name_or_a_note_is_known_to_the_agent_too(db, customers, plane):
    await customers.put(
        [CustomerRow(number="5551234", name="Ms Li"), CustomerRow(number="139", note="two shops")], "Lea"
    )
    again = Customers(plane, CustomerStore(db), lambda: NOW)
    await again.load()
    for each in (customers, again):
        assert (caller(each).name, caller(each, "139").note) == ("Ms Li", "two shops")
    await customers.put([CustomerRow(number="139")], "Lea")
    assert caller(customers, "139") is None, "there is nothing to know"


async def test_where_there_is_no_room_for_all_names_give_way_to_those_whose_calls_are_taken_otherwise(
    db, plane, monkeypatch
):
    monkeypatch.setattr("ccplane.customers.MOST", 3)
    names = [CustomerRow(number=f"138{each}", name="Li") for each in range(3)]
    blocked = [CustomerRow(number=f"139{each}", blocked="threats") for each in range(3)]
    await CustomerStore(db).put([*names, blocked[0]], "Lea", NOW)
    customers = Customers(plane, CustomerStore(db), lambda: NOW)
    await customers.load()
    assert [caller(customers, each.number) is not None for each in names] == [True, True, False]
    assert caller(customers, "1390").blocked == "threats"
    for each in blocked[1:]:
        await customers.put([each], "Lea")
        assert caller(customers, each.number).blocked == "threats"
    assert [caller(customers, each.number) for each in names] == [None, None, None]
    assert caller(customers, "1390").blocked == "threats"


async def test_who_calls_so_too_often_is_blocked_for_a_while(customers, plane):
    plane.harassment = Harassment(marks=2, within_ms=30 * DAY, block_ms=7 * DAY)
    talk = SimpleNamespace(agent=AgentId("1001"))
    for each in ("c-1", "c-2"):
        plane.contacts[each] = SimpleNamespace(caller="5551234", talk=talk)
    await customers.put([LI], "Lea")
    first = await customers.mark(ContactId("c-1"), AgentId("1001"), "1001", "")
    assert (first.marks, first.blocked_until) == (1, None)
    again = await customers.mark(ContactId("c-1"), AgentId("1001"), "1001", "threats")
    assert (again.marks, caller(customers).blocked) == (1, ""), "a call counts once"
    second = await customers.mark(ContactId("c-2"), None, "Lea", "")
    assert (second.marks, second.blocked_until) == (2, NOW + 7 * DAY)
    known = caller(customers)
    assert (known.blocked, known.name) == ("harassment", "Ms Li")
    page = await customers.store.marks("5551234", after=None, limit=1)
    assert page.next is not None
    rest = await customers.store.marks("5551234", after=page.next, limit=5)
    assert {each.contact for each in (*page.marks, *rest.marks)} == {"c-1", "c-2"}
    assert plane.facts[-1] == second


async def test_marks_of_long_ago_do_not_count(customers, plane, db):
    plane.harassment = Harassment(marks=2, within_ms=30 * DAY, block_ms=7 * DAY)
    await CustomerStore(db).mark(ContactId("c-old"), "5551234", None, "Lea", "", NOW - 31 * DAY, 0)
    plane.contacts["c-1"] = SimpleNamespace(caller="5551234", talk=None)
    marked = await customers.mark(ContactId("c-1"), None, "Lea", "")
    assert (marked.marks, marked.blocked_until) == (1, None)


async def test_without_a_rule_nobody_is_blocked_by_marks(customers, plane):
    for each in range(5):
        plane.contacts[f"c-{each}"] = SimpleNamespace(caller="5551234", talk=None)
        marked = await customers.mark(ContactId(f"c-{each}"), None, "Lea", "")
        assert marked.blocked_until is None


async def test_an_agent_marks_no_call_but_their_own_and_a_withheld_number_is_nobodys(customers, plane):
    plane.contacts["c-1"] = SimpleNamespace(caller="5551234", talk=SimpleNamespace(agent=AgentId("1002")))
    plane.contacts["c-2"] = SimpleNamespace(caller="", talk=None)
    for contact, agent, code in (
        ("c-1", "1001", "not-yours"),
        ("c-2", None, "number-withheld"),
        ("c-3", None, "no-such-contact"),
    ):
        with pytest.raises(RequestError) as refused:
            await customers.mark(ContactId(contact), agent and AgentId(agent), "x", "")
        assert refused.value.code == code
