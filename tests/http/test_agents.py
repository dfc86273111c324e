from __future__ import annotations

import pytest

from ccplane.agents.facts import AgentEdited, Phone, PinWay
from ccplane.core import inputs
from ccplane.core.pins import LOCK_MS
from ccplane.http.views import iso
from tests.kpi.histories import AGENTS, QUEUES

ANA, BEN, CEM, *_ = AGENTS
SALES, _ = QUEUES


async def test_agents_are_listed_by_id_with_what_is_shown_and_what_comes_next(admin):
    body = (await admin.get("/api/v1/agents")).json()
    assert [agent["id"] for agent in body["agents"]] == list(AGENTS)
    assert body["next"] is None
    assert body["agents"][0] == {
        "id": ANA,
        "name": "Agent 1001",
        "skills": {"sales": 5},
        "languages": [],
        "queues": {},
        "capacity": {"voice": 1},
        "wrap_up": None,
        "team": "",
        "state": "offline",
        "next": "offline",
        "since": "2023-11-15T23:00:00.000Z",  # when the people were read
        "intent": "offline",
        "reason": "",
        "work": "idle",
        "phone": "gone",
        "seat": "1001",
        "device": "1001",
        "phone_slow_ms": None,
        "contact": None,
        "missed_in_a_row": 0,
        "rest_until": None,
        "wrap_up_until": None,
        "wrap_up_extendable_until": None,
        "fallback_first": False,
        "pin_locked_until": None,
    }


async def test_a_list_goes_on_at_its_cursor_and_ends_with_none(admin):
    seen, cursor = [], None
    while True:
        page = (await admin.get("/api/v1/agents", params={"limit": 3, **({"after": cursor} if cursor else {})})).json()
        seen += [agent["id"] for agent in page["agents"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == list(AGENTS)


async def test_a_page_that_holds_all_is_the_last(admin):
    assert (await admin.get("/api/v1/agents", params={"limit": len(AGENTS)})).json()["next"] is None


@pytest.mark.parametrize("cursor", ["?", "ÿ", "a", "_w"])
async def test_a_cursor_that_is_none_of_ours_is_refused(admin, cursor):
    answer = await admin.get("/api/v1/agents", params={"after": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor")


async def test_a_state_that_was_put_is_decided_by_the_core_and_told_with_what_comes_next(site, admin):
    site.plane.history.sign_in(ANA)
    contact = site.plane.history.call(SALES)
    answer = await admin.put(f"/api/v1/agents/{ANA}/state", json={"state": "paused", "reason": "lunch"})
    told = answer.json()
    assert answer.status_code == 200
    assert (told["state"], told["next"], told["reason"], told["contact"]) == ("offered", "paused", "lunch", contact)


async def test_an_agent_whose_phone_refused_is_told_with_the_end_of_their_rest(site, admin):
    history = site.plane.history
    history.sign_in(ANA)
    contact = history.call(SALES)
    offer = history.state.contacts[contact].offer
    history.give(inputs.LegEnded(offer.id, offer.leg, cause=17, sip=486))
    told = (await admin.get(f"/api/v1/agents/{ANA}")).json()
    rest_until = history.now + history.state.rules.rest_ms
    assert (told["state"], told["missed_in_a_row"], told["rest_until"]) == ("ready", 1, iso(rest_until))


async def test_the_work_after_a_call_is_extended_and_ended_by_who_asks(site, admin):
    history = site.plane.history
    history.sign_in(ANA)
    history.reads(wrap_up_extend_ms=3_000)
    refused = await admin.post(f"/api/v1/agents/{ANA}/wrap-up/done")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-in-wrap-up")
    talks = history.call(SALES)
    history.answer(talks)
    talk = history.state.contacts[talks].talk
    history.give(inputs.LegEnded(talk.offer, talk.leg, cause=16))
    longer = (await admin.post(f"/api/v1/agents/{ANA}/wrap-up/extend")).json()
    assert (longer["state"], longer["wrap_up_until"]) == ("wrap-up", iso(history.now + 5_000))
    assert longer["wrap_up_extendable_until"] == iso(history.now + 8_000), "and once more, where there is no most"
    refused = await admin.post(f"/api/v1/agents/{ANA}/wrap-up/done", params={"since": iso(history.now - 1)})
    assert (refused.status_code, refused.json()["code"]) == (409, "not-in-wrap-up"), "another is meant"
    for wrong in ("2023-11-16T00:00:00", "now"):
        refused = await admin.post(f"/api/v1/agents/{ANA}/wrap-up/done", params={"since": wrong})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")
    done = (await admin.post(f"/api/v1/agents/{ANA}/wrap-up/done", params={"since": longer["since"]})).json()
    assert (done["state"], done["wrap_up_until"], done["wrap_up_extendable_until"]) == ("ready", None, None)
    assert history.facts[-1].by == "api"
    refused = await admin.post(f"/api/v1/agents/{ANA}/wrap-up/extend")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-in-wrap-up")


async def test_a_pin_is_given_or_made_told_once_and_kept_by_nobody_on_the_way(site, admin):
    answer = await admin.put(f"/api/v1/agents/{ANA}/pin", json={"pin": "135790"})
    assert (answer.status_code, answer.json()) == (200, {"id": ANA, "pin": "135790"})
    assert answer.headers["cache-control"] == "no-store"
    assert (await admin.put(f"/api/v1/agents/{ANA}/pin", json={})).json()["pin"] == site.pins.pins[ANA] != "135790"


@pytest.mark.parametrize("pin", ["12345", "1234567", "12345a", "", "１２３４５６", "123456\n", 123456])
async def test_a_pin_that_is_none_is_refused_and_changes_nothing(site, admin, pin):
    answer = await admin.put(f"/api/v1/agents/{ANA}/pin", json={"pin": pin})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert not site.pins.pins


async def test_a_lock_is_shown_and_lifted(site, admin):
    for _ in range(5):
        site.plane.history.give(inputs.PinTried(agent=ANA, right=False, way=PinWay.API, whence="192.0.2.1"))
    shown = (await admin.get(f"/api/v1/agents/{ANA}")).json()["pin_locked_until"]
    assert shown == iso(site.plane.history.now + LOCK_MS)
    lifted = await admin.delete(f"/api/v1/agents/{ANA}/pin/lock")
    assert (lifted.status_code, lifted.json()["pin_locked_until"]) == (200, None)
    assert (await admin.delete(f"/api/v1/agents/{ANA}/pin/lock")).status_code == 200, "nothing locked is no fault"


@pytest.mark.parametrize("state", ["ready", "paused", "offline"])
async def test_each_intent_can_be_asked_for(site, admin, state):
    told = (await admin.put(f"/api/v1/agents/{ANA}/state", json={"state": state})).json()
    assert told["intent"] == state
    assert site.plane.history.state.agents[ANA].intent == state


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"state": "asleep"}, "body.state"),
        ({}, "body.state"),
        ({"state": "ready", "reson": "x"}, "body.reson"),
        ({"state": "paused", "reason": "x" * 201}, "body.reason"),
        ({"state": "paused", "reason": "bell\x07"}, "body.reason"),
        ({"state": "ready", "seat": "a b"}, "body.seat"),
        ({"state": "ready", "seat": "2" * 33}, "body.seat"),
        (["ready"], "body"),
    ],
)
async def test_a_state_that_is_none_is_refused_and_changes_nothing(site, admin, body, where):
    before = site.plane.snapshot.state
    answer = await admin.put(f"/api/v1/agents/{ANA}/state", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert [fault["where"] for fault in answer.json()["errors"]] == [where]
    assert site.plane.snapshot.state is before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/agents/9999", None),
        ("PUT", "/api/v1/agents/9999/state", {"state": "ready"}),
        ("GET", "/api/v1/agents/9999/phone", None),
        ("GET", "/api/v1/agents/%00", None),
        ("PUT", "/api/v1/agents/9999/pin", {}),
        ("DELETE", "/api/v1/agents/9999/pin/lock", None),
    ],
)
async def test_an_agent_that_does_not_exist_is_a_404_with_a_stable_code(admin, method, path, body):
    answer = await admin.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-agent")


async def test_the_phone_of_an_agent_is_told_and_not_kept_by_anyone_on_the_way(admin):
    answer = await admin.get(f"/api/v1/agents/{ANA}/phone")
    assert answer.json() == {
        "username": "1001",
        "secret": "a-secret",
        "registrar": "sip:127.0.0.1:5060",
        "web_username": "1001-web",
        "websocket": "ws://127.0.0.1:8088/ws",
    }
    assert answer.headers["cache-control"] == "no-store"


async def test_an_agent_without_a_phone_is_a_404_of_its_own(admin):
    answer = await admin.get(f"/api/v1/agents/{BEN}/phone")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-phone")


async def test_the_same_claim_again_is_one_call_and_gets_the_same_answer_even_when_it_is_over(site, admin):
    history = site.plane.history
    history.sign_in(ANA)
    call = {"to": BEN, "claim": "5f3a09c1d2e4"}
    first = await admin.post(f"/api/v1/agents/{ANA}/calls", json=call)
    live = await admin.post(f"/api/v1/agents/{ANA}/calls", json=call)
    history.give(inputs.CallerGone(first.json()["contact"], 16))
    history.give(inputs.PhoneSeen(ANA, Phone.GONE))
    over = await admin.post(f"/api/v1/agents/{ANA}/calls", json=call)
    assert [each.status_code for each in (first, live, over)] == [201] * 3
    assert first.json() == live.json() == over.json()
    assert [type(fact).__name__ for fact in history.facts].count("ContactArrived") == 1


async def test_a_claim_is_its_agents_alone(site, admin):
    for agent in (ANA, BEN):
        site.plane.history.sign_in(agent)
    calls = [
        (await admin.post(f"/api/v1/agents/{agent}/calls", json={"to": other, "claim": "5f3a09c1d2e4"})).json()
        for agent, other in ((ANA, CEM), (BEN, CEM))
    ]
    assert calls[0]["contact"] != calls[1]["contact"]
    assert [site.plane.history.state.contacts[each["contact"]].agent for each in calls] == [ANA, BEN]


async def test_what_an_agent_can_do_is_changed_key_by_key_and_told_with_who_did_it(site, admin):
    wanted = {
        "skills": {"support": 7, "sales": None},
        "queues": {"support": {"level": 8}},
        "languages": ["zh-CN"],
        "by": "Lea",
    }
    response = await admin.patch(f"/api/v1/agents/{ANA}", json=wanted)
    told = response.json()
    assert response.status_code == 200
    assert (told["skills"], told["languages"], told["capacity"]) == ({"support": 7}, ["zh-CN"], {"voice": 1})
    assert told["queues"] == {"support": {"level": 8, "priority": 1}}
    [fact] = [each for each in site.plane.history.facts if isinstance(each, AgentEdited)]
    assert (fact.by, fact.before.skills) == ("Lea", {"sales": 5})


async def test_an_agent_is_put_into_a_team_and_out_of_it(admin):
    assert (await admin.patch(f"/api/v1/agents/{ANA}", json={"team": "early"})).json()["team"] == "early"
    assert (await admin.patch(f"/api/v1/agents/{ANA}", json={"name": "Anna"})).json()["team"] == "early"
    assert (await admin.patch(f"/api/v1/agents/{ANA}", json={"team": ""})).json()["team"] == ""


@pytest.mark.parametrize("time_s", [45, None])
async def test_a_rule_of_ones_own_for_the_work_after_a_call_is_given_kept_and_taken_away(admin, time_s):
    rule = {"time_s": time_s, "extend_s": 15 if time_s else 0, "most_s": 120}
    told = (await admin.patch(f"/api/v1/agents/{ANA}", json={"wrap_up": rule})).json()
    assert told["wrap_up"] == rule
    assert (await admin.patch(f"/api/v1/agents/{ANA}", json={"name": "Anna"})).json()["wrap_up"] == rule
    assert (await admin.patch(f"/api/v1/agents/{ANA}", json={"wrap_up": None})).json()["wrap_up"] is None


@pytest.mark.parametrize(
    ("agent", "wanted", "status", "code"),
    [
        ("9999", {}, 404, "no-such-agent"),
        (ANA, {"queues": {"gone": {}}}, 404, "no-such-queue"),
        (ANA, {"skills": {"support": 11}}, 422, "invalid-request"),
        (ANA, {"skills": {"support": 0}}, 422, "invalid-request"),
        (ANA, {"queues": {"support": {"level": 12}}}, 422, "invalid-request"),
        (ANA, {"languages": ["zh"]}, 422, "invalid-request"),
        (ANA, {"capacity": {"voice": 2}}, 422, "invalid-request"),
        (ANA, {"wrap_up": {"time_s": None, "extend_s": 5}}, 422, "invalid-request"),
        (ANA, {"wrap_up": {"time_s": 60, "most_s": 30}}, 422, "invalid-request"),
        (ANA, {"wrap_up": {}}, 422, "invalid-request"),
        (ANA, {"team": "=1+1"}, 422, "invalid-request"),
        (ANA, {"skils": {}}, 422, "invalid-request"),
    ],
)
async def test_what_an_agent_cannot_be_is_refused(admin, agent, wanted, status, code):
    response = await admin.patch(f"/api/v1/agents/{agent}", json=wanted)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_without_postgres_nobody_is_changed(site, admin):
    site.staff.away = True
    response = await admin.patch(f"/api/v1/agents/{ANA}", json={"name": "Anna"})
    assert (response.status_code, response.json()["code"]) == (503, "postgres-unreachable")
    assert (await admin.get(f"/api/v1/agents/{ANA}")).json()["name"] == "Agent 1001"
