"""Calls of the fallback, told by HTTP: each is taken once, and one that is wrong is refused as a whole."""

from __future__ import annotations

import pytest

from ccplane.contacts.facts import ContactArrived, ContactEnded, FallbackServed
from ccplane.core import inputs
from ccplane.ids import ChannelId
from tests.http.conftest import client_from
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
        assert (answer.status_code, answer.json()) == (200, {"taken": ["ast1-1700000000.1"], "later": []})
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
    assert answer.json() == {"taken": ["7.2"], "later": ["7.1"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "a b"},
        {"caller": "\x07"},
        {"caller": "5" * 81},
        {"arrived_at": "yesterday"},
        {"arrived_at": "2023-11-15T22:10:00"},
        {"stay": {**STAY, "outcome": "forgotten"}},
        {"stay": {**STAY, "waited_ms": -1}},
        {"more": 1},
    ],
)
async def test_what_is_no_call_is_refused_and_nothing_of_the_batch_is_taken(admin, site, wrong):
    answer = await admin.post(PATH, json=told(a_call("7.2"), a_call(**wrong)))
    assert answer.status_code == 422
    assert kinds(site) == []


async def test_nobody_but_an_administrator_may_tell(app):
    async with client_from(app, token=None) as stranger:
        assert (await stranger.post(PATH, json=told(a_call()))).status_code == 401
