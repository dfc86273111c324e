from __future__ import annotations

import pytest

from ccplane.agents.facts import Phone, Seat
from ccplane.core import inputs
from tests.kpi import histories
from tests.kpi.histories import AGENTS, QUEUES

ANA, BEN, *_ = AGENTS
SALES, _ = QUEUES


@pytest.fixture(autouse=True)
def shared_seat(site):
    seats = (
        Seat(id="2001", shared=True, auto_answer=True),
        Seat(id=ANA, auto_answer=True),
        Seat(id=BEN, always_on=True),
    )
    site.plane.history.give(inputs.PeopleRead(agents=histories.people(), seats=seats))
    for device in ("2001", f"{ANA}-web", f"{BEN}-web"):
        site.plane.history.give(inputs.PhoneSeen(device, Phone.REACHABLE))


async def put(admin, agent, state="ready", **where):
    return await admin.put(f"/api/v1/agents/{agent}/state", json={"state": state, **where})


async def test_seats_are_agents_own_and_shared_ones_with_who_sits_there_and_their_phones(admin):
    await put(admin, BEN, seat="2001")
    body = (await admin.get("/api/v1/seats")).json()
    assert body["next"] is None
    assert [seat["id"] for seat in body["seats"]] == [*AGENTS, "2001"]
    assert body["seats"][-1] == {
        "id": "2001",
        "owner": None,
        "shared": True,
        "auto_answer": True,
        "always_on": False,
        "agent": BEN,
        "devices": [{"name": "2001", "phone": "reachable"}, {"name": "2001-web", "phone": "gone"}],
    }
    own, left = body["seats"][:2]
    assert (own["owner"], own["shared"], own["auto_answer"], own["agent"]) == (ANA, False, True, ANA)
    assert (left["owner"], left["agent"], left["always_on"]) == (BEN, None, True)


async def test_a_list_of_seats_goes_on_at_its_cursor(admin):
    seen, cursor = [], None
    while True:
        page = (await admin.get("/api/v1/seats", params={"limit": 2, **({"after": cursor} if cursor else {})})).json()
        seen += [seat["id"] for seat in page["seats"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == [*AGENTS, "2001"]


async def test_an_agent_signs_in_at_a_shared_seat_and_gets_up_when_they_sign_out(admin):
    told = (await put(admin, ANA, seat="2001")).json()
    assert (told["state"], told["seat"], told["device"]) == ("ready", "2001", "2001")
    told = (await put(admin, ANA, "offline")).json()
    assert (told["state"], told["seat"], told["device"]) == ("offline", ANA, ANA)


@pytest.mark.parametrize(
    ("where", "device"),
    [
        ({"device": "web"}, f"{ANA}-web"),
        ({"device": "desk"}, ANA),
        ({"seat": ANA, "device": "web"}, f"{ANA}-web"),
        ({"seat": "2001", "device": "web"}, "2001-web"),
        ({"seat": "2001", "device": None}, "2001"),
        ({}, ANA),
    ],
)
async def test_a_device_is_one_of_the_seat_asked_for_or_else_of_where_they_sit(admin, where, device):
    assert (await put(admin, ANA, **where)).json()["device"] == device


async def test_who_says_nothing_of_a_seat_stays_where_they_sit(admin):
    await put(admin, ANA, seat="2001")
    assert (await put(admin, ANA, "paused", reason="lunch")).json()["seat"] == "2001"
    assert (await put(admin, ANA, device="web")).json()["device"] == "2001-web"


@pytest.mark.parametrize(
    ("seat", "status", "code"),
    [("2001", 409, "seat-taken"), (ANA, 403, "seat-not-yours"), ("9999", 404, "no-such-seat")],
)
async def test_a_seat_that_cannot_be_had_is_refused_and_changes_nothing(site, admin, seat, status, code):
    await put(admin, ANA, seat="2001")
    before = site.plane.snapshot.state
    answer = await put(admin, BEN, seat=seat)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert seat in answer.json()["detail"]
    assert site.plane.snapshot.state is before


async def test_who_has_a_call_cannot_move_but_may_pause(site, admin):
    await put(admin, ANA)
    site.plane.history.give(inputs.PhoneSeen(ANA, Phone.REACHABLE))
    site.plane.history.call(SALES)
    answer = await put(admin, ANA, seat="2001")
    assert (answer.status_code, answer.json()["code"]) == (409, "agent-busy")
    assert (await put(admin, ANA, "paused", seat=ANA)).json()["next"] == "paused", "where they sit already"


async def test_of_two_who_come_at_once_one_gets_the_seat_and_the_other_is_told(site, admin, monkeypatch):
    ask = site.plane.ask

    async def somebody_was_faster(what):
        if isinstance(what, inputs.IntentAsked) and what.agent == BEN:
            await ask(inputs.IntentAsked(agent=ANA, intent="ready", by="api", seat="2001"))
        return await ask(what)

    monkeypatch.setattr(site.plane, "ask", somebody_was_faster)
    answer = await put(admin, BEN, seat="2001")
    assert (answer.status_code, answer.json()["code"]) == (409, "seat-taken")
    assert site.plane.history.state.agents[BEN].intent == "offline"


@pytest.mark.parametrize("where", [{"seat": "2001"}, {"device": "web"}])
async def test_signing_out_names_no_seat(admin, where):
    answer = await put(admin, ANA, "offline", **where)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


@pytest.mark.parametrize(
    "where", [{"seat": ""}, {"seat": "1" * 33}, {"seat": "x y"}, {"seat": 2001}, {"device": "fax"}]
)
async def test_what_is_no_seat_or_device_at_all_is_refused(admin, where):
    assert (await put(admin, ANA, **where)).status_code == 422


async def test_the_phone_of_a_seat_is_told_to_an_administrator_and_not_kept(admin, stranger):
    answer = await admin.get("/api/v1/seats/2001/phone")
    assert answer.json() == {
        "username": "2001",
        "secret": "a-secret",
        "registrar": "sip:127.0.0.1:5060",
        "web_username": "2001-web",
        "websocket": "ws://127.0.0.1:8088/ws",
    }
    assert answer.headers["cache-control"] == "no-store"
    assert (await admin.get("/api/v1/seats/9999/phone")).json()["code"] == "no-such-seat"
    assert (await admin.get(f"/api/v1/seats/{BEN}/phone")).json()["code"] == "no-phone"
    assert (await stranger.get("/api/v1/seats/2001/phone")).status_code == 401
    assert (await stranger.get("/api/v1/seats")).status_code == 401
