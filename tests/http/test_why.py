"""`GET /api/v1/contacts/{id}/why`: the full list, with the traces of the offers that were made."""

from __future__ import annotations

from ccplane.agents.facts import Intent
from ccplane.core import inputs
from tests.http.test_contacts import store
from tests.kpi.histories import AGENTS, QUEUES

ANA, BEN, CEM, DIA = AGENTS
SALES, _ = QUEUES


async def test_a_waiting_contact_is_told_with_its_steps_and_every_agent(site, admin):
    site.plane.history.give(inputs.IntentAsked(agent=ANA, intent=Intent.PAUSED, by="test"))
    contact = site.plane.history.call(SALES)
    body = (await admin.get(f"/api/v1/contacts/{contact}/why")).json()
    assert (body["because"], body["queue"], body["phase"]) == ("all-busy", SALES, "waiting")
    assert body["queued_at"] == "2023-11-15T23:00:00.000Z"
    assert body["gives_up_at"] == "2023-11-15T23:01:00.000Z"
    assert [step["asks"] for step in body["steps"]] == ["sales 1"]
    reasons = {each["id"]: each["reasons"] for each in body["agents"]}
    assert reasons == {ANA: ["paused"], BEN: ["skill", "offline"], CEM: ["offline"], DIA: ["offline"]}
    assert (body["agents_total"], body["agents_who_may"], body["earliest"]) == (4, 0, None)
    few = (await admin.get(f"/api/v1/contacts/{contact}/why?limit=1")).json()
    assert [each["id"] for each in few["agents"]] == [ANA], "who is the nearest to it"


async def test_one_that_was_offered_is_told_with_why_to_this_agent(site, admin):
    site.plane.history.sign_in(ANA)
    contact = site.plane.history.call(SALES)
    store(site, contact)
    body = (await admin.get(f"/api/v1/contacts/{contact}/why")).json()
    assert (body["because"], body["ringing"]) == ("ringing", [ANA])
    (decision,) = body["decisions"]
    assert (decision["agent"], decision["strategy"], decision["candidates"]) == (ANA, "longest-idle", 1)


async def test_one_that_is_over_has_its_decisions(site, admin):
    site.plane.history.sign_in(ANA)
    contact = site.plane.history.call(SALES)
    store(site, contact)
    live = site.plane.history.state.contacts[contact]
    site.plane.history.give(inputs.CallerGone(contact, 16))
    assert contact not in site.plane.history.state.contacts
    assert live.offer
    body = (await admin.get(f"/api/v1/contacts/{contact}/why")).json()
    assert (body["because"], body["agents"], len(body["decisions"])) == ("ended", [], 1)


async def test_one_that_never_was_is_not_found(admin):
    answer = await admin.get("/api/v1/contacts/c-nowhere-1/why")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-contact")
