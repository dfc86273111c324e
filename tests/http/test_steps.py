"""What calls do, told while they do it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from ccplane.core import inputs
from ccplane.facts import encode
from ccplane.http import steps
from ccplane.http.live import known
from tests.http.conftest import client_from
from tests.http.memory import MemoryPlane
from tests.kpi.histories import QUEUES

SALES, SUPPORT = QUEUES


@asynccontextmanager
async def watching(site, app, **asked: str) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    """Events of the stream, beginning with the next."""
    readers = app.state.streams[1]
    wanted = steps.Calls(asked.get("contact"), asked.get("number"), asked.get("program"))
    texts = readers.events(wanted)
    assert await anext(texts) == b"retry: 1000\n\n"

    async def events() -> AsyncIterator[dict[str, str]]:
        async for text in texts:
            head, _, data = text.decode().partition("\ndata: ")
            if data:
                yield json.loads(data) | {"name": head.removeprefix("event: ")}

    try:
        yield events()
    finally:
        await texts.aclose()


async def some(events, count):
    async with asyncio.timeout(5):
        return [await anext(events) for _ in range(count)]


async def test_all_calls_are_told_as_they_come(site, app):
    async with watching(site, app) as events:
        contact = site.plane.history.call_waiting(SALES)
        site.plane.publish()
        arrived, program, *_ = await some(events, 2)
    assert (arrived["name"], arrived["contact"]) == ("arrived", contact)
    assert arrived["text"].endswith(f"calls {SALES}")
    assert arrived["at"].endswith("Z")
    assert (program["event"], program["text"]) == ("program", "queue")


async def test_only_those_that_were_asked_for_are_told(site, app):
    async with watching(site, app, number=SUPPORT) as events:
        site.plane.history.call_waiting(SALES)
        wanted = site.plane.history.call_waiting(SUPPORT)
        site.plane.publish()
        told = await some(events, 2)
    assert {each["contact"] for each in told} == {wanted}


async def test_a_program_that_is_not_asked_for_is_not_told(site, app):
    async with watching(site, app, program="orders") as events:
        site.plane.history.call_waiting(SALES)
        site.plane.publish()
        app.state.streams[1].close()
        assert [each async for each in events] == []


async def test_of_one_call_first_where_it_stands_and_the_stream_ends_with_it(site, app):
    contact = site.plane.history.call_waiting(SALES)
    site.plane.history.call_waiting(SALES)
    site.plane.publish()
    async with watching(site, app, contact=contact) as events:
        (stands,) = await some(events, 1)
        assert (stands["event"], stands["verb"]) == ("step", "EnterQueue")
        site.plane.history.give(inputs.CallerGone(contact, cause=16))
        site.plane.publish()
        told = [each async for each in events]
    assert told[-1]["event"] == "ended"
    assert {each["contact"] for each in told} == {contact}


async def test_who_reads_too_slowly_is_told_how_much_was_left_out(site, app, monkeypatch):
    monkeypatch.setattr(steps, "MOST_LINES", 3)
    async with watching(site, app) as events:
        for _ in range(4):
            site.plane.history.call_waiting(SALES)
        site.plane.publish()
        told = await some(events, 4)
    assert [each["name"] for each in told[:3]] == ["arrived", "program", "step"]
    assert told[3]["name"] == "left-out"
    assert int(told[3]["lines"]) > 3


async def test_nothing_is_made_while_nobody_watches(site, app, monkeypatch):
    async with watching(site, app):
        pass
    monkeypatch.setattr(steps.Reader, "take", lambda *_: pytest.fail("somebody is told"))
    site.plane.history.call_waiting(SALES)
    site.plane.publish()


async def test_a_quiet_stream_shows_that_it_lives():
    readers = steps.Readers(MemoryPlane(), lambda _: None, heartbeat_s=0.01)  # type: ignore[arg-type,return-value]
    texts = readers.events(steps.Calls(None, None, None))
    assert [await anext(texts) for _ in range(2)] == [b"retry: 1000\n\n", b": nothing new\n\n"]
    await texts.aclose()


async def test_too_many_who_watch_are_told_so(app, monkeypatch):
    monkeypatch.setattr(steps, "MOST_READERS", 0)
    async with client_from(app) as client:
        answer = await client.get("/api/v1/steps/stream")
    assert (answer.status_code, answer.json()["code"]) == (503, "too-many-readers")


async def test_a_call_that_is_not_up_is_told_so(admin):
    answer = await admin.get("/api/v1/steps/stream", params={"contact": "c-none"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-contact")


async def test_what_a_call_did_so_far_is_read_from_the_log(site, admin):
    contact = site.plane.history.call_waiting(SALES)
    facts = [each for each in site.plane.history.facts if getattr(each, "contact", None) == contact]
    as_stored = [{"epoch": 1, "seq": n, **json.loads(encode(each))} for n, each in enumerate(facts)]
    detail = known(site.plane.state.contacts[contact])
    site.contacts.stored[contact] = msgspec.structs.replace(detail, facts=as_stored)
    answer = await admin.get(f"/api/v1/contacts/{contact}/steps")
    told = answer.json()["steps"]
    assert [each["event"] for each in told][:3] == ["arrived", "program", "step"]
    assert told[2]["text"] == f"waits in queue {SALES}"


@pytest.mark.parametrize("contact", ["c-none", "nonsense", "c-%00"])
async def test_of_a_call_that_was_never_there_nothing_is_told(admin, contact):
    answer = await admin.get(f"/api/v1/contacts/{contact}/steps")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-contact")


async def test_a_stranger_sees_no_steps(stranger):
    assert (await stranger.get("/api/v1/steps/stream")).status_code == 401
    assert (await stranger.get("/api/v1/contacts/c-1/steps")).status_code == 401
