"""Customers by the API."""

from __future__ import annotations

import pytest

from tests.http.test_sign_in import signed_in
from tests.kpi.histories import AGENTS

ANA, *_ = AGENTS
LI = {"name": "Ms Li", "language": "zh-CN", "credit_s": 120, "note": "has two shops", "by": "Lea"}


async def test_a_customer_is_known_shown_listed_and_forgotten(site, admin):
    told = (await admin.put("/api/v1/customers/138-0013-8000", json=LI)).json()
    assert (told["number"], told["name"], told["credit_s"], told["changed_by"]) == ("13800138000", "Ms Li", 120, "Lea")
    assert (await admin.get("/api/v1/customers/13800138000")).json() == told
    await admin.put("/api/v1/customers/139", json={})
    page = (await admin.get("/api/v1/customers", params={"limit": 1})).json()
    assert page == {"customers": [told], "next": "13800138000"}
    page = (await admin.get("/api/v1/customers", params={"limit": 1, "after": page["next"]})).json()
    assert ([each["number"] for each in page["customers"]], page["next"]) == (["139"], None)
    assert (await admin.delete("/api/v1/customers/13800138000")).status_code == 204
    answer = await admin.get("/api/v1/customers/13800138000")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-customer")


async def test_a_block_leaves_what_else_is_known_and_is_lifted(admin):
    await admin.put("/api/v1/customers/138", json=LI)
    asked = {"why": "threats", "until": "2030-01-01T00:00:00Z"}
    told = (await admin.put("/api/v1/customers/138/block", json=asked)).json()
    assert (told["blocked"], told["blocked_until"], told["name"]) == ("threats", "2030-01-01T00:00:00.000Z", "Ms Li")
    assert (await admin.get("/api/v1/customers?blocked=true")).json()["customers"] == [told]
    told = (await admin.put("/api/v1/customers/138", json=LI)).json()
    assert told["blocked"] == "threats", "what is known of them says nothing of that"
    told = (await admin.delete("/api/v1/customers/138/block")).json()
    assert (told["blocked"], told["blocked_until"]) == ("", None)
    assert (await admin.get("/api/v1/customers?blocked=true")).json()["customers"] == []


async def test_a_block_that_is_over_before_it_begins_is_refused(site, admin):
    asked = {"why": "threats", "until": "2001-01-01T00:00:00Z"}
    answer = await admin.put("/api/v1/customers/138/block", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-time"), answer.text
    assert site.customers.rows == {}


async def test_many_are_taken_over_at_once(site, admin):
    many = [{"number": f"138 {each}", "credit_s": each} for each in range(300)]
    assert (await admin.post("/api/v1/customers", json={"customers": many})).json() == {"customers": 300}
    assert site.customers.rows["1387"].credit_s == 7


@pytest.mark.parametrize(
    "customers",
    [
        [],
        [{"number": "abc"}],
        [{"number": "1" * 21}],
        [{"number": "138", "credit_s": 86_401}],
        [{"number": "138", "language": "fr"}],
        [{"number": "138", "name": "a\nb"}],
        [{"number": "138", "unknown": 1}],
        [{"number": "138", "blocked_until": "2030-01-01T00:00:00Z"}],
        [{"number": str(each)} for each in range(301)],
        [{"number": "138"}, {"number": "?"}],
    ],
)
async def test_what_cannot_be_taken_over_is_refused_and_none_of_it_is_known(site, admin, customers):
    answer = await admin.post("/api/v1/customers", json={"customers": customers})
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["code"] == "invalid-request"
    assert site.customers.rows == {}


async def test_while_postgres_is_away_nothing_is_changed_and_that_is_said(site, admin):
    site.customers.away = True
    answer = await admin.put("/api/v1/customers/138", json=LI)
    assert (answer.status_code, answer.json()["code"]) == (503, "postgres-unreachable")


async def test_a_call_is_marked_by_who_leads_or_by_the_agent_who_had_it(site, app, admin):
    told = (await admin.post("/api/v1/contacts/c-1/harassment?note=threats&by=Lea")).json()
    assert (told["contact"], told["marks"], told["agent"], told["blocked_until"]) == ("c-1", 1, None, None)
    async with await signed_in(app, ANA) as ana:
        answer = await ana.post("/api/v1/agents/me/harassment", json={"contact": "c-2", "note": "again"})
        assert answer.json()["agent"] == ANA, answer.text
        assert (await ana.get("/api/v1/harassment")).status_code == 401
        assert (await ana.get("/api/v1/customers")).status_code == 401
    marks = (await admin.get("/api/v1/harassment")).json()["marks"]
    assert [(each["contact"], each["by"]) for each in marks] == [("c-2", ANA), ("c-1", "Lea")]


async def test_what_is_no_contact_is_marked_by_nobody(admin):
    answer = await admin.post("/api/v1/contacts/nonsense/harassment")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-contact")


async def test_a_stranger_sees_no_customers(stranger):
    for path in ("/api/v1/customers", "/api/v1/customers/138", "/api/v1/harassment"):
        assert (await stranger.get(path)).status_code == 401
