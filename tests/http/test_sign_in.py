"""Signing in and out, and what an agent's token opens: their own, and nothing else."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from ccplane.agents.facts import Intent
from ccplane.core import inputs
from ccplane.http.app import create_app
from ccplane.http.sessions import LASTS_MS
from ccplane.http.views import iso
from ccplane.log.outbox import Outbox
from tests.http.conftest import client_from
from tests.http.memory import TOKEN, Site
from tests.kpi.histories import AGENTS, QUEUES

ANA, BEN, *_ = AGENTS
SALES, _ = QUEUES


async def signed_in(app: FastAPI, agent: str = ANA, **place: object):
    """A client with the token of a session."""
    async with client_from(app, token=None) as client:
        answer = await client.post("/api/v1/session", json={"agent": agent, "pin": "123456", **place})
    assert answer.status_code == 201, answer.text
    return client_from(app, token=answer.json()["token"])


async def test_a_sign_in_tells_the_token_once_and_all_that_a_screen_begins_with(site, stranger):
    answer = await stranger.post("/api/v1/session", json={"agent": ANA, "pin": "123456"})
    told = answer.json()
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert len(told.pop("token")) >= 40
    assert (told["agent"]["id"], told["agent"]["state"]) == (ANA, "paused"), "signed in, and not ready yet"
    assert told["phone"]["username"] == ANA
    assert told["expires_at"] == iso(site.plane.history.now + LASTS_MS)


async def test_a_sign_out_at_a_process_that_has_handed_over_is_to_be_asked_again(app, site, tmp_path):
    async with await signed_in(app) as client:
        given = Outbox(tmp_path / "outbox.sqlite")
        given.open()
        await given.close()
        site.notes.put_note = given.put_note
        answer = await client.delete("/api/v1/session")
    assert (answer.status_code, answer.json()["code"]) == (503, "handing-over")
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize(("asked", "state"), [("ready", "unreachable"), ("paused", "paused")])
async def test_a_sign_in_says_at_once_what_the_agent_is_to_be(app, site, asked, state):
    async with await signed_in(app, state=asked) as client:
        assert (await client.get("/api/v1/session")).json()["agent"]["state"] == state


async def test_a_sign_in_leaves_a_ready_agent_ready_and_their_reason_as_it_is(app, site):
    site.plane.history.sign_in(ANA)
    async with await signed_in(app) as client:
        assert (await client.get("/api/v1/agents/me")).json()["state"] == "ready"
    await site.plane.ask(inputs.IntentAsked(agent=ANA, intent=Intent.PAUSED, reason="lunch", by="test"))
    async with await signed_in(app) as client:
        assert (await client.get("/api/v1/agents/me")).json()["reason"] == "lunch"


async def test_who_signs_in_at_the_browser_phone_is_rung_there(app, site):
    async with await signed_in(app, device="web") as client:
        told = (await client.get("/api/v1/agents/me")).json()
    assert (told["seat"], told["device"]) == (ANA, f"{ANA}-web")


@pytest.mark.parametrize(
    ("agent", "seat", "status", "code"),
    [(ANA, "nowhere", 404, "no-such-seat"), (ANA, BEN, 403, "seat-not-yours")],
)
async def test_a_seat_that_may_not_be_taken_is_refused_and_changes_nothing(site, stranger, agent, seat, status, code):
    before = site.plane.snapshot.state
    answer = await stranger.post("/api/v1/session", json={"agent": agent, "pin": "123456", "seat": seat})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert site.plane.snapshot.state is before


async def test_in_mid_call_nobody_changes_their_phone(site, stranger):
    site.plane.history.sign_in(ANA)
    site.plane.history.answer(site.plane.history.call(SALES))
    answer = await stranger.post("/api/v1/session", json={"agent": ANA, "pin": "123456", "device": "web"})
    assert (answer.status_code, answer.json()["code"]) == (409, "agent-busy")


async def test_a_wrong_pin_opens_nothing_and_ends_nobodys_session(app, stranger):
    async with await signed_in(app) as client:
        answer = await stranger.post("/api/v1/session", json={"agent": ANA, "pin": "4321"})
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong-pin")
        assert (await client.get("/api/v1/session")).status_code == 200


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"agent": ANA}, "body.pin"),
        ({"agent": "no such/agent", "pin": "1"}, "body.agent"),
        ({"agent": ANA, "pin": "1" * 65}, "body.pin"),
        ({"agent": ANA, "pin": "123456", "seat": "a b"}, "body.seat"),
        ({"agent": ANA, "pin": "123456", "device": "mobile"}, "body.device"),
        ({"agent": ANA, "pin": "123456", "state": "offline"}, "body.state"),
        ({"agent": ANA, "pin": "123456", "admin": True}, "body.admin"),
    ],
)
async def test_a_sign_in_that_is_none_is_refused(stranger, body, where):
    answer = await stranger.post("/api/v1/session", json=body)
    assert (answer.status_code, [fault["where"] for fault in answer.json()["errors"]]) == (422, [where])


async def test_an_administrator_needs_no_pin_to_open_a_session(app, admin):
    opened = await admin.post(f"/api/v1/agents/{ANA}/session", json={"state": "ready"})
    assert opened.status_code == 201
    async with client_from(app, token=opened.json()["token"]) as client:
        assert (await client.get("/api/v1/agents/me")).json()["intent"] == "ready"


async def test_an_administrators_session_is_for_an_agent_that_exists(admin):
    answer = await admin.post("/api/v1/agents/9999/session", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-agent")


async def test_an_agent_may_what_is_their_own(app):
    async with await signed_in(app) as client:
        for whose in ("me", ANA):
            assert (await client.get(f"/api/v1/agents/{whose}")).json()["id"] == ANA
            assert (await client.get(f"/api/v1/agents/{whose}/phone")).json()["username"] == ANA
            put = await client.put(f"/api/v1/agents/{whose}/state", json={"state": "paused", "reason": "tea"})
            assert put.json()["reason"] == "tea"


async def test_an_agent_may_have_a_call_made_for_themselves(app, site):
    site.plane.history.sign_in(ANA)
    async with await signed_in(app) as client:
        assert (await client.post("/api/v1/agents/me/calls", json={"to": BEN})).status_code == 201
    assert site.plane.history.state.agents[ANA].shown == "own-call"


async def test_what_an_agent_asks_for_themselves_is_recorded_as_theirs(app, site):
    async with await signed_in(app) as client:
        await client.put("/api/v1/agents/me/state", json={"state": "ready"})
    assert site.plane.history.facts[-1].by == ANA


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"/api/v1/agents/{BEN}", 403, "not-yours"),
        ("PUT", f"/api/v1/agents/{BEN}/state", 403, "not-yours"),
        ("GET", f"/api/v1/agents/{BEN}/phone", 403, "not-yours"),
        ("POST", f"/api/v1/agents/{BEN}/calls", 403, "not-yours"),
        ("POST", f"/api/v1/agents/{ANA}/session", 401, "unauthorised"),
        ("DELETE", f"/api/v1/agents/{BEN}/session", 401, "unauthorised"),
        ("GET", "/api/v1/agents", 401, "unauthorised"),
        ("GET", "/api/v1/contacts", 401, "unauthorised"),
        ("GET", "/api/v1/wallboard", 401, "unauthorised"),
    ],
)
async def test_an_agents_token_opens_nothing_else(app, site, method, path, status, code):
    async with await signed_in(app) as client:
        before = site.plane.snapshot.state
        answer = await client.request(method, path, json={"state": "ready"} if method == "PUT" else None)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert site.plane.snapshot.state is before


async def test_an_administrator_is_no_agent(admin):
    assert (await admin.get("/api/v1/agents/me")).json()["code"] == "no-such-agent"
    assert (await admin.get("/api/v1/session")).status_code == 401


async def test_a_second_sign_in_ends_the_first_session_and_no_call(app, site):
    site.plane.history.sign_in(ANA)
    contact = site.plane.history.call(SALES)
    site.plane.history.answer(contact)
    async with await signed_in(app) as first, await signed_in(app) as second:
        assert (await first.get("/api/v1/session")).status_code == 401
        assert (await second.get("/api/v1/session")).json()["agent"]["state"] == "talking"
    assert site.plane.history.state.contacts[contact].talk


async def test_who_signs_out_has_no_session_and_is_offline_once_their_work_allows(app, site):
    site.plane.history.sign_in(ANA)
    site.plane.history.answer(site.plane.history.call(SALES))
    async with await signed_in(app) as client:
        assert (await client.delete("/api/v1/session")).status_code == 204
        assert (await client.get("/api/v1/session")).json()["code"] == "unauthorised"
    agent = site.plane.history.state.agents[ANA]
    assert (agent.shown, agent.next) == ("talking", "offline")


async def test_a_new_pin_ends_the_session_and_leaves_the_agent_as_they_are(app, site, admin):
    site.plane.history.sign_in(ANA)
    async with await signed_in(app) as client:
        assert (await admin.put(f"/api/v1/agents/{ANA}/pin", json={})).status_code == 200
        assert (await client.get("/api/v1/session")).json()["code"] == "unauthorised"
    assert site.plane.history.state.agents[ANA].shown == "ready"


async def test_a_pin_that_could_not_be_put_ends_no_session(app, admin):
    async with await signed_in(app) as client:
        assert (await admin.put(f"/api/v1/agents/{ANA}/pin", json={"pin": "1"})).status_code == 422
        assert (await client.get("/api/v1/session")).status_code == 200


async def test_an_administrator_signs_an_agent_out_be_there_a_session_or_not(app, site, admin):
    async with await signed_in(app, state="ready") as client:
        for _ in range(2):
            assert (await admin.delete(f"/api/v1/agents/{ANA}/session")).status_code == 204
        assert (await client.get("/api/v1/session")).json()["code"] == "unauthorised"
    assert site.plane.history.state.agents[ANA].shown == "offline"
    assert (await admin.delete("/api/v1/agents/9999/session")).json()["code"] == "no-such-agent"


async def test_a_session_survives_a_restart_and_only_its_hash_is_kept(app, site):
    async with await signed_in(app) as client:
        token = client.headers["authorization"].removeprefix("Bearer ")
    assert token.encode() not in site.notes.kept["agent-sessions"]
    again = create_app(Site_again(site).ports(), admin_token=TOKEN)
    async with client_from(again, token=token) as client:
        assert (await client.get("/api/v1/session")).json()["agent"]["id"] == ANA
    async with await signed_in(again), client_from(again, token=token) as client:
        assert (await client.get("/api/v1/session")).status_code == 401


async def test_a_session_ends_by_itself(app, site):
    async with await signed_in(app) as client:
        site.plane.history.now += LASTS_MS
        assert (await client.get("/api/v1/session")).status_code == 401


async def test_sessions_that_cannot_be_read_keep_no_plane_from_starting(site):
    site.notes.put_note("agent-sessions", b'[{"of": "another version"}]')
    app = create_app(site.ports(), admin_token=TOKEN)
    async with await signed_in(app) as client:
        assert (await client.get("/api/v1/session")).status_code == 200


class Site_again(Site):  # noqa: N801 - the same site, its plane begun again
    def __init__(self, before: Site) -> None:
        super().__init__()
        self.plane, self.notes = before.plane, before.notes
