from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ccplane.agents.facts import Intent
from ccplane.contacts.facts import ContactRedirected, ContactReprioritised
from ccplane.core import inputs
from ccplane.facts import encode
from ccplane.ids import ContactId
from ccplane.postgres.contacts import ContactDetail, ContactRow, OfferRow, SegmentRow, Wanted
from tests.http.memory import Site
from tests.kpi.histories import AGENTS, MIDNIGHT, QUEUES

ANA, *_ = AGENTS
SALES, _ = QUEUES


def filled(row: type[msgspec.Struct], **known: object) -> Any:
    """A row of the store's in which everything else is unknown."""
    return row(**{name: known.get(name) for name in row.__struct_fields__})


def store(site: Site, contact: ContactId) -> None:
    """Have the store tell of this contact what the log has of it."""
    facts = [msgspec.json.decode(encode(fact)) for fact in site.plane.history.facts]
    mine = [fact for fact in facts if fact.get("contact") == contact]
    arrived = mine[0]
    known = {**arrived, "id": contact, "state": "waiting", "arrived_at": arrived["at"], "gap_ms": 0}
    segment = filled(SegmentRow, segment=1, kind="queue", started_at=arrived["at"], provisional=True)
    offers = [
        filled(OfferRow, id=fact["offer"], agent=fact["agent"], state="made", made_at=fact["at"])
        for fact in mine
        if fact["type"] == "OfferMade"
    ]
    site.contacts.stored[contact] = ContactDetail(filled(ContactRow, **known), [segment], offers, mine)


async def test_contacts_are_listed_with_readable_times(site, admin):
    contact = site.plane.history.call(SALES)
    store(site, contact)
    body = (await admin.get("/api/v1/contacts")).json()
    assert body["next"] is None
    assert [each["id"] for each in body["contacts"]] == [contact]
    assert body["contacts"][0]["arrived_at"] == "2023-11-15T23:00:00.000Z"


async def test_a_list_goes_on_at_its_cursor(site, admin):
    for _ in range(3):
        store(site, site.plane.history.call(SALES))
    first = (await admin.get("/api/v1/contacts", params={"limit": 2})).json()
    second = (await admin.get("/api/v1/contacts", params={"limit": 2, "after": first["next"]})).json()
    assert (len(first["contacts"]), len(second["contacts"]), second["next"]) == (2, 1, None)


async def test_filters_reach_the_store_with_times_in_ms(site, admin):
    wanted = {
        "state": "ended",
        "queue": SALES,
        "agent": ANA,
        "number_dialled": "4002",
        "since": "2023-11-16T01:00:00+01:00",
        "until": "2023-11-16T00:00:00.250Z",
    }
    assert (await admin.get("/api/v1/contacts", params=wanted)).status_code == 200
    assert site.contacts.wanted == Wanted(
        state="ended", queue=SALES, agent=ANA, number_dialled="4002", since=MIDNIGHT, until=MIDNIGHT + 250
    )


@pytest.mark.parametrize(
    "wrong",
    [{"since": "yesterday"}, {"since": "2023-11-16T00:00:00"}, {"limit": 0}, {"limit": 501}, {"queue": "a\x00b"}],
)
async def test_a_filter_that_means_nothing_is_refused(admin, wrong):
    answer = await admin.get("/api/v1/contacts", params=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert answer.json()["errors"][0]["where"] == f"query.{next(iter(wrong))}"


async def test_a_cursor_that_is_none_of_ours_is_refused(admin):
    answer = await admin.get("/api/v1/contacts", params={"after": "nonsense"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor")


async def test_one_contact_has_its_segments_offers_facts_and_the_trace_of_each_decision(site, admin):
    history = site.plane.history
    history.sign_in(ANA)
    contact = history.call(SALES)
    store(site, contact)
    body = (await admin.get(f"/api/v1/contacts/{contact}")).json()
    assert (body["id"], body["live"]) == (contact, True)
    assert body["segments"][0]["started_at"] == "2023-11-15T23:00:00.000Z"
    assert body["facts"][0]["type"] == "ContactArrived"
    assert {fact["at"] for fact in body["facts"]} == {"2023-11-15T23:00:00.000Z"}
    assert body["offers"][0]["id"] == body["trace"][0]["offer"]
    assert body["trace"] == [
        {
            "at": "2023-11-15T23:00:00.000Z",
            "offer": f"o-{contact}-1-1",
            "agent": ANA,
            "queue": SALES,
            "strategy": "longest-idle",
            "winner_score_s": 0.0,
            "runner_up": None,
            "excluded": {"offline": 3},
            "candidates": 1,
            "runner_up_contact": None,
        }
    ]


@pytest.mark.parametrize("away", [False, True])
async def test_a_live_contact_that_is_not_stored_is_told_by_the_plane_itself(site, admin, away):
    history = site.plane.history
    history.sign_in(ANA)
    contact = history.call(SALES)
    site.contacts.away = away
    body = (await admin.get(f"/api/v1/contacts/{contact}")).json()
    assert (body["id"], body["live"], body["state"], body["queue"]) == (contact, True, "waiting", SALES)
    (segment,) = body["segments"]
    assert (segment["kind"], segment["queue"], segment["provisional"]) == ("queue", SALES, True)
    assert segment["started_at"] == "2023-11-15T23:00:00.000Z"
    assert [offer["agent"] for offer in body["offers"]] == [ANA]
    history.answer(contact)
    body = (await admin.get(f"/api/v1/contacts/{contact}")).json()
    assert (body["state"], body["agent"], body["segments"][0]["kind"]) == ("talking", ANA, "agent")


async def test_a_contact_that_just_ended_is_on_its_way_to_the_store(site, admin):
    contact = site.plane.history.call(SALES)
    site.plane.history.give(inputs.CallerGone(contact, 16))
    answer = await admin.get(f"/api/v1/contacts/{contact}")
    assert (answer.status_code, answer.json()["code"]) == (503, "contact-on-its-way")
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("contact", ["c-ast1-nobody", "1", "c-%00", "c-\u202e"])
async def test_a_contact_that_does_not_exist_is_a_404(admin, contact):
    answer = await admin.get(f"/api/v1/contacts/{contact}")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-contact")


@pytest.mark.parametrize("path", ["/api/v1/contacts", "/api/v1/contacts/c-ast1-past"])
async def test_a_store_that_is_away_is_a_503(site, admin, path):
    site.contacts.away = True
    answer = await admin.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "postgres-unreachable")


async def test_what_is_told_of_a_contact_is_what_is_described(site, admin):
    contact = site.plane.history.call(SALES)
    shapes = (await admin.get("/api/openapi.json")).json()["components"]["schemas"]
    assert set((await admin.get(f"/api/v1/contacts/{contact}")).json()) == set(shapes["ContactInFull"]["required"])
    store(site, contact)
    assert set((await admin.get(f"/api/v1/contacts/{contact}")).json()) == set(shapes["ContactInFull"]["required"])
    assert set((await admin.get("/api/v1/contacts")).json()) == set(shapes["Contacts"]["required"])
    assert shapes["Contact"]["properties"]["arrived_at"] == {"type": "string", "format": "date-time"}


async def test_a_waiting_contact_is_given_another_priority_and_queue_by_whoever_says_who_they_are(site, admin):
    history = site.plane.history
    history.sign_in(AGENTS[1])  # support
    history.give(inputs.IntentAsked(agent=AGENTS[0], intent=Intent.PAUSED, by="test"))
    contact = history.call(SALES)
    history.give(inputs.IntentAsked(agent=AGENTS[1], intent=Intent.PAUSED, by="test"))
    wanted = {"credit_s": 60, "queue": "support", "by": "Lea"}
    response = await admin.patch(f"/api/v1/contacts/{contact}", json=wanted)
    assert (response.status_code, response.json()) == (200, {"contact": contact, "queue": "support", "credit_s": 60})
    told = [fact for fact in history.facts if isinstance(fact, ContactReprioritised | ContactRedirected)]
    assert [(type(fact).__name__, fact.by) for fact in told] == [
        ("ContactReprioritised", "Lea"),
        ("ContactRedirected", "Lea"),
    ]


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"queue": "gone"}, 404, "no-such-queue"),
        ({"queue": "support"}, 409, "nobody-signed-in"),
        ({"credit_s": 90_000}, 422, "invalid-request"),
        ({"credits": 1}, 422, "invalid-request"),
    ],
)
async def test_a_change_that_cannot_be_made_says_why(site, admin, wanted, status, code):
    history = site.plane.history
    history.give(inputs.IntentAsked(agent=AGENTS[0], intent=Intent.PAUSED, by="test"))
    contact = history.call(SALES)
    response = await admin.patch(f"/api/v1/contacts/{contact}", json=wanted)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_a_contact_that_is_not_there_cannot_be_changed(admin):
    response = await admin.patch("/api/v1/contacts/c-ast1-1.1", json={"credit_s": 1})
    assert (response.status_code, response.json()["code"]) == (404, "no-such-contact")
