"""Calls of the fallback, told by HTTP: each is taken once, and one that is wrong holds up no other."""

from __future__ import annotations

import pytest

from ccplane.contacts.facts import ContactArrived, ContactEnded, FallbackServed
from ccplane.core import inputs
from ccplane.errors import CcplaneError
from ccplane.http.app import create_app
from ccplane.ids import ChannelId
from tests.http.conftest import client_from
from tests.http.memory import TOKEN
from tests.kpi.histories import NODE, QUEUES

SALES, SUPPORT = QUEUES
PATH = "/api/v1/fallback-calls"
STAY = {
    "queue": SUPPORT,
    "queued_at": "2023-11-15T22:10:01Z",
    "outcome": "answered",
    "waited_ms": 2000,
    "agent": "1001",
    "talk_ms": 5000,
    "by": "caller",
}


def a_call(channel="ast1-1700000000.1", **more):
    return {
        "channel": channel,
        "number_dialled": "4002",
        "caller": "5551",
        "arrived_at": "2023-11-15T22:10:00Z",
        "ended_at": "2023-11-15T22:10:08+00:00",
        "stay": STAY,
    } | more


def told(*calls):
    return {"node": "ast1", "calls": list(calls)}


def kinds(site):
    found = (ContactArrived, ContactEnded, FallbackServed)
    return [type(fact).__name__ for fact in site.plane.history.facts if isinstance(fact, found)]


async def test_a_call_is_taken_once_however_often_it_is_told(admin, site):
    for _ in range(3):
        answer = await admin.post(PATH, json=told(a_call()))
        assert (answer.status_code, answer.json()) == (
            200,
            {"taken": ["ast1-1700000000.1"], "later": [], "undecided": [], "refused": []},
        )
    assert kinds(site) == ["ContactArrived", "ContactEnded", "FallbackServed"]
    board = (await admin.get("/api/v1/wallboard")).json()
    row = next(each for each in board["queues"] if each["name"] == SUPPORT)
    assert (row["offered"], row["answered"], row["abandoned"], row["service_level"]) == (1, 1, 0, 1.0)


async def test_a_call_that_lives_by_our_own_word_is_wanted_later(admin, site):
    site.plane.history.sign_in("1001")
    site.plane.history.give(
        inputs.CallerArrived(
            node=NODE, channel=ChannelId("7.1"), number_dialled=SUPPORT, caller="1", caller_name="", switch_at=0
        )
    )
    answer = await admin.post(PATH, json=told(a_call("7.1"), a_call("7.2")))
    assert answer.json() == {"taken": ["7.2"], "later": ["7.1"], "undecided": [], "refused": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "a b"},
        {"caller": 5551},
        {"arrived_at": "yesterday"},
        {"arrived_at": "2023-11-15T22:10:00"},
        {"stay": {**STAY, "outcome": "forgotten"}},
        {"stay": {**STAY, "waited_ms": -1}},
        {"stay": {**STAY, "queue": "\x07"}},
        {"more": 1},
    ],
)
async def test_what_is_no_call_is_refused_by_name_and_holds_up_no_other(admin, site, wrong):
    answer = await admin.post(PATH, json=told(a_call("7.2"), a_call(**wrong)))
    assert (answer.status_code, answer.json()["taken"]) == (200, ["7.2"])
    [refusal] = answer.json()["refused"]
    assert refusal["channel"] == a_call(**wrong)["channel"]
    assert next(iter(wrong)) in refusal["why"]
    assert kinds(site) == ["ContactArrived", "ContactEnded", "FallbackServed"]


@pytest.mark.parametrize("wrong", [1, "call", None, [], 1.5, True])
async def test_what_is_not_even_an_object_is_refused_without_a_name_and_holds_up_no_other(admin, site, wrong):
    answer = await admin.post(PATH, json=told(wrong, a_call("7.2")))
    assert (answer.status_code, answer.json()["taken"]) == (200, ["7.2"])
    assert answer.json()["refused"] == [{"channel": "", "why": "is no call"}]


@pytest.mark.parametrize("wrong", [{"calls": 1}, {"calls": [], "node": "a b"}, {"calls": [a_call()] * 101}])
async def test_what_is_no_list_of_calls_of_a_node_is_refused_as_a_whole(admin, site, wrong):
    assert (await admin.post(PATH, json={"node": "ast1", **wrong})).status_code == 422
    assert kinds(site) == []


@pytest.mark.parametrize("name", ["PJSIP/2000", "Ana Maria", "Local/5@x/n", "王芳", "Ana\x07 Maria"])
async def test_whatever_a_member_is_called_and_a_caller_calls_himself_the_call_counts(admin, site, name):
    stay = {**STAY, "agent": name}
    answer = await admin.post(PATH, json=told(a_call(stay=stay, caller="5" * 300)))
    assert answer.json()["taken"] == ["ast1-1700000000.1"]
    [served] = [fact for fact in site.plane.history.facts if isinstance(fact, FallbackServed)]
    [arrived] = [fact for fact in site.plane.history.facts if isinstance(fact, ContactArrived)]
    assert served.agent == name.replace("\x07", "")
    assert arrived.caller == "5" * 200


async def test_one_that_cannot_be_decided_is_wanted_later_and_holds_up_no_other(admin, site, monkeypatch):
    ask = site.plane.ask

    async def cannot(what):
        if what.channel == "7.1":
            raise CcplaneError("not-decided", "a fault of ours")
        return await ask(what)

    monkeypatch.setattr(site.plane, "ask", cannot)
    answer = await admin.post(PATH, json=told(a_call("7.1"), a_call("7.2")))
    assert answer.json() == {"taken": ["7.2"], "later": [], "undecided": ["7.1"], "refused": []}


async def test_nobody_but_an_administrator_and_the_guard_may_tell(site):
    app = create_app(site.ports(), admin_token=TOKEN, guard_token="the-guards")
    for token, status in ((None, 401), ("", 401), ("another", 401), (TOKEN, 200), ("the-guards", 200)):
        async with client_from(app, token=token) as client:
            assert (await client.post(PATH, json=told(a_call()))).status_code == status


async def test_the_guards_token_opens_nothing_else(site):
    app = create_app(site.ports(), admin_token=TOKEN, guard_token="the-guards")
    async with client_from(app, token="the-guards") as guard:
        for path in ("agents", "contacts", "seats", "messages", "recordings", "wallboard"):
            assert (await guard.get(f"/api/v1/{path}")).status_code == 401


async def test_without_a_token_of_its_own_no_guard_may_tell(app):
    async with client_from(app, token=None) as stranger:
        answer = await stranger.post(PATH, json=told(a_call()), headers={"Authorization": "Bearer "})
        assert answer.status_code == 401
