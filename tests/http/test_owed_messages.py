"""Messages that wait for an answer, by HTTP: who may see, take, give back and answer which."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from msgspec.structs import replace

from ccplane.contacts.facts import MessagePlayed
from ccplane.contacts.owed import Owed, OwedState
from ccplane.core.inputs import OwedFound
from ccplane.ids import ContactId, MessageId, QueueName
from tests.http.memory import Site
from tests.http.test_messages import MESSAGE_ID, ROW, SOUND
from tests.http.test_sign_in import ANA, BEN, signed_in

AT = ROW.left_at
FIRST = Owed(
    id=MessageId(MESSAGE_ID),
    contact=ContactId(ROW.contact),
    box="general",
    caller="13800138000",
    left_at=AT,
    ms=4_200,
    queue=QueueName("sales"),
    answer_until=AT + 60_000,
)
LATE = replace(FIRST, id=MessageId("m-2"), caller="", overdue=True, answer_until=AT - 1)
SOME_DAY = replace(FIRST, id=MessageId("m-3"), box="sales", queue=QueueName("support"), answer_until=None)
OWN = replace(FIRST, id=MessageId("m-4"), answer_until=AT + 90_000, box=BEN, queue=QueueName(""), agent=BEN)
PATH = "/api/v1/messages"


@pytest.fixture
async def site(tmp_path: Path) -> Site:
    site = Site()
    site.audio = tmp_path / "messages"
    sound = site.audio / ROW.file
    sound.parent.mkdir(parents=True)
    sound.write_bytes(SOUND)
    site.messages.stored[MESSAGE_ID] = ROW
    for each in (FIRST, LATE, SOME_DAY, OWN):
        await site.plane.ask(OwedFound(message=each))
    return site


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["messages"]]


async def test_those_overdue_come_first_then_by_the_promised_time(admin: httpx.AsyncClient):
    answer = await admin.get(f"{PATH}/owed")
    assert ids(answer) == ["m-2", MESSAGE_ID, "m-4", "m-3"]
    assert (answer.json()["owed"], answer.json()["overdue"]) == (4, 1)
    assert answer.json()["messages"][1]["answer_until"] == "2023-11-14T22:14:20.000Z"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("box=sales", ["m-3"]),
        ("queue=sales", ["m-2", MESSAGE_ID]),
        ("owner=", ["m-2", MESSAGE_ID, "m-4", "m-3"]),
        ("owner=ana", []),
        ("limit=1", ["m-2"]),
    ],
)
async def test_the_list_may_be_narrowed(admin: httpx.AsyncClient, asked: str, found: list[str]):
    assert ids(await admin.get(f"{PATH}/owed?{asked}")) == found


async def test_an_administrator_gives_it_to_an_agent_to_another_and_back(admin: httpx.AsyncClient, site: Site):
    taken = await admin.post(f"{PATH}/m-2/take", json={"agent": ANA, "by": "Lea"})
    assert (taken.status_code, taken.json()["owner"], taken.json()["state"]) == (200, ANA, "taken")
    again = await admin.post(f"{PATH}/m-2/take", json={"agent": BEN})
    assert (again.status_code, again.json()["code"]) == (409, "message-taken")
    assert again.json()["detail"] == f"Agent {ANA} has it already."
    assert (await admin.post(f"{PATH}/m-2/take", json={"agent": BEN, "from": ANA})).json()["owner"] == BEN
    back = await admin.post(f"{PATH}/m-2/give-back", json={"by": "Lea"})
    assert (back.json()["owner"], back.json()["state"]) == ("", "new")
    stale = await admin.post(f"{PATH}/m-2/take", json={"agent": ANA, "from": BEN})
    assert (stale.status_code, stale.json()["detail"]) == (409, "Nobody has it any more: it was given back.")


async def test_what_is_answered_is_in_no_list_any_more(admin: httpx.AsyncClient, site: Site):
    assert (await admin.post(f"{PATH}/m-2/answered", json={"by": "Lea"})).status_code == 204
    assert ids(await admin.get(f"{PATH}/owed")) == [MESSAGE_ID, "m-4", "m-3"]
    for way in ("answered", "give-back"):
        gone = await admin.post(f"{PATH}/m-2/{way}", json={})
        assert (gone.status_code, gone.json()["code"]) == (404, "no-such-message")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"agent": "7777"}, 404, "no-such-agent"),
        ({}, 422, "invalid-request"),
        ({"agent": ANA, "who": "x"}, 422, "invalid-request"),
        ({"agent": "1001\n"}, 422, "invalid-request"),
    ],
)
async def test_a_request_that_makes_no_sense_changes_nothing(admin: httpx.AsyncClient, body, status, code):
    answer = await admin.post(f"{PATH}/m-2/take", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await admin.get(f"{PATH}/owed")).json()["messages"][0]["owner"] == ""


async def test_nobody_sees_them_without_a_token(stranger: httpx.AsyncClient):
    assert (await stranger.get(f"{PATH}/owed")).status_code == 401
    assert (await stranger.get("/api/v1/agents/me/messages")).status_code == 401
    assert (await stranger.post(f"{PATH}/m-2/answered", json={})).status_code == 401


async def test_the_metrics_count_them_by_box(admin: httpx.AsyncClient):
    text = (await admin.get("/metrics")).text
    assert 'ccplane_messages_owed{box="general"} 2.0' in text
    assert 'ccplane_messages_overdue{box="general"} 1.0' in text
    assert 'ccplane_messages_owed{box="agents"} 1.0' in text


async def test_an_administrator_hears_and_handles_what_is_an_agents(admin: httpx.AsyncClient, site: Site):
    """As the agent themselves do with their own token."""
    mine = f"/api/v1/agents/{BEN}/messages"
    assert "m-4" in ids(await admin.get(mine))
    assert (await admin.post(f"{mine}/m-4/take")).json()["owner"] == BEN
    assert (await admin.post(f"{mine}/m-4/give-back")).json()["owner"] == ""
    assert (await admin.post(f"{mine}/m-4/answered")).status_code == 204
    hidden = await admin.post(f"/api/v1/agents/{ANA}/messages/m-4/take")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "no-such-message")


async def test_an_agent_with_their_own_token_has_what_is_theirs(site: Site, admin: httpx.AsyncClient, app: FastAPI):
    mine = "/api/v1/agents/me/messages"
    async with await signed_in(app) as agent:
        found = ids(await agent.get(mine))
        assert "m-4" not in found, "it is in the box of another"
        assert found[:2] == ["m-2", MESSAGE_ID]
        assert (await agent.get(f"{PATH}/owed")).status_code == 401
        heard = await agent.get(f"{mine}/{MESSAGE_ID}/audio")
        assert (heard.status_code, heard.content) == (200, SOUND)
        assert [fact.by for fact in site.plane.history.facts if isinstance(fact, MessagePlayed)] == [ANA]
        await admin.post(f"{PATH}/{MESSAGE_ID}/take", json={"agent": BEN})
        for way in ("take", "give-back", "answered"):
            late = await agent.post(f"{mine}/{MESSAGE_ID}/{way}")
            assert (late.status_code, late.json()["code"]) == (409, "message-taken")
        assert (await agent.post(f"{mine}/m-2/take")).json()["owner"] == ANA
        assert (await agent.post(f"{mine}/m-2/answered")).status_code == 204
    assert site.plane.snapshot.state.owed[MessageId(MESSAGE_ID)].state is OwedState.TAKEN
