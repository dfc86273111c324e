from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import cycle, pairwise
from typing import Any

import httpx
import msgspec
import pytest

from ccplane.agents.facts import Phone
from ccplane.contacts.owed import Owed
from ccplane.core import inputs
from ccplane.core.state import State
from ccplane.http import wallboard
from ccplane.http.server import serve
from ccplane.http.views import iso
from ccplane.http.wallboard import AT_ONCE, EVERY_S, Newcomers, change_of
from ccplane.http.wallboard_people import People
from ccplane.ids import ContactId, MessageId
from ccplane.kpi.board import Board, evolve
from ccplane.plane import Snapshot
from tests.core.floor import a_queue, the_rules
from tests.http.conftest import client_from
from tests.http.memory import TOKEN, MemoryPlane
from tests.kpi.histories import AGENTS, QUEUES, random_history

ANA, *_ = AGENTS
SALES, _ = QUEUES


async def test_the_wallboard_has_what_its_surface_promises(site, admin):
    history = site.plane.history
    history.sign_in(ANA)
    history.call(SALES)
    history.wait(1_500)
    body = (await admin.get("/api/v1/wallboard")).json()
    assert body["queues"][0] == {
        "name": SALES,
        "waiting": 1,
        "longest_wait_s": 1.5,
        "offered": 1,
        "answered": 0,
        "abandoned": 0,
        "service_level": None,
        "three_rings": None,
        "groups": [],
        "unserved": False,
        "estimated_wait_s": None,
        "estimate_error_p50_s": None,
        "estimate_error_p90_s": None,
        "callbacks": 0,
        "messages": 0,
        "messages_overdue": 0,
        "surveys_asked": 0,
        "surveys_rated": 0,
        "response_rate": None,
        "satisfaction": None,
        "nps": None,
        "answered_within": 0,
        "overdue": 0,
        "rang": 0,
        "rang_in_time": 0,
        "satisfaction_rated": 0,
        "satisfaction_top": 0,
    }
    assert body["agents"][0] == {"id": ANA, "state": "offered", "since": "2023-11-15T23:00:00.000Z", "until": None}
    assert (body["at"], body["counted_from"]) == ("2023-11-15T23:00:01.500Z", "2023-11-15T00:00:00.000Z")


async def test_the_wallboard_counts_messages_by_the_queue_whose_agents_answer_them(site, admin):
    usual = {"contact": ContactId("c-9"), "box": "general", "caller": "0123", "left_at": 0, "ms": 4_200}
    for number, more in enumerate(({"queue": SALES}, {"queue": SALES, "overdue": True}, {"agent": ANA}), 1):
        message = Owed(id=MessageId(f"m-{number}"), **usual, **more)
        site.plane.history.give(inputs.OwedFound(message=message))
    shown, *others = (await admin.get("/api/v1/wallboard")).json()["queues"]
    assert (shown["name"], shown["messages"], shown["messages_overdue"]) == (SALES, 2, 1)
    assert all(each["messages"] == 0 for each in others)


async def test_the_wallboard_says_until_when_an_agent_wraps_up(site, admin):
    history = site.plane.history
    history.sign_in(ANA)
    contact = history.call(SALES)
    history.answer(contact)
    talk = history.state.contacts[contact].talk
    history.give(inputs.LegEnded(talk.offer, talk.leg, cause=16))
    (shown, *_) = (await admin.get("/api/v1/wallboard")).json()["agents"]
    assert shown == {"id": ANA, "state": "wrap-up", "since": iso(history.now), "until": iso(history.now + 2_000)}


async def test_a_stream_begins_with_how_it_is_and_goes_on_with_what_happens(site, app):
    async with reading(app) as events:
        event_id, first = await anext(events)
        assert first["queues"][0]["waiting"] == 0
        site.plane.history.call_waiting(SALES)
        site.plane.publish()
        later_id, second = await anext(events)
        assert second["queues"][0]["waiting"] == 1
        assert int(later_id) > int(event_id)


async def test_however_much_happens_at_once_the_stream_tells_the_latest(site, app):
    async with reading(app) as events:
        await anext(events)
        began = asyncio.get_running_loop().time()
        for _ in range(500):
            site.plane.history.call_waiting(SALES)
            site.plane.publish()
            await asyncio.sleep(0)
        seen = 0
        while (await anext(events))[1]["queues"][0]["waiting"] < 500:
            seen += 1
        assert seen <= 1 + (asyncio.get_running_loop().time() - began) / EVERY_S


async def test_a_stream_tells_no_more_than_four_times_a_second(site, app):
    async with reading(app) as events:
        await anext(events)
        happening = asyncio.create_task(_keep_happening(site.plane))
        loop = asyncio.get_running_loop()
        times = [(await anext(events), loop.time())[1] for _ in range(4)]
        happening.cancel()
    assert all(later - earlier > 0.2 for earlier, later in pairwise(times[1:]))


async def _keep_happening(plane: MemoryPlane) -> None:
    for phone in cycle((Phone.REACHABLE, Phone.GONE)):
        await plane.ask(inputs.PhoneSeen(ANA, phone))
        await asyncio.sleep(0.01)


async def test_while_somebody_waits_their_time_goes_on_without_a_fact(site, app, monkeypatch):
    monkeypatch.setattr(wallboard, "WAITING_S", 0.01)
    site.plane.history.call_waiting(SALES)
    async with reading(app) as events:
        await anext(events)
        site.plane.history.now += 3_000
        assert (await anext(events))[1]["queues"][0]["longest_wait_s"] == 3.0


async def test_a_quiet_stream_shows_that_it_lives(site, app):
    stream = wallboard.Stream(site.plane, lambda: site.plane.history.now, heartbeat_s=0.01)
    events = stream.events()
    seen = [await anext(events) for _ in range(4)]
    assert seen[0].startswith(b"retry:")
    assert all(event.startswith(b"id: ") for event in seen[1:])
    stream.close()


async def test_nothing_is_computed_while_nobody_reads(site, app):
    stream, *_ = app.state.streams
    async with serve(app, "127.0.0.1", 0) as app.state.server:
        async with reading(app) as events:
            await anext(events)
            assert (stream.readers, site.plane.subscribers) == (1, 1)
        await until(lambda: stream.readers == 0 and site.plane.subscribers == 0)


async def test_all_readers_share_one_follower_of_the_plane(site, app):
    async with reading(app) as one, reading(app) as other:
        assert (await anext(one))[1] == (await anext(other))[1]
        assert site.plane.subscribers == 1


async def test_too_many_screens_are_told_so(site, app, monkeypatch):
    monkeypatch.setattr(wallboard, "MOST_READERS", 0)
    async with client_from(app) as client:
        answer = await client.get("/api/v1/wallboard/stream")
    assert (answer.status_code, answer.json()["code"]) == (503, "too-many-readers")


async def test_closing_ends_every_stream_cleanly(app):
    async with (
        serve(app, "127.0.0.1", 0) as server,
        httpx.AsyncClient(trust_env=False, timeout=30) as client,
        client.stream("GET", f"{server.url}/api/v1/wallboard/stream") as answer,
    ):
        lines = answer.aiter_lines()
        assert await anext(lines) == "retry: 1000"
        app.state.streams[0].close()
        assert [line async for line in lines][-1] == ""


@pytest.mark.slow
async def test_a_reader_that_takes_nothing_is_cut_off(site, app, monkeypatch):
    monkeypatch.setattr(wallboard, "EVERY_S", 0.001)
    large = b"data: " + b"x" * 200_000 + b"\n\n"
    stream, *_ = app.state.streams
    async with serve(app, "127.0.0.1", 0, stalled_s=0.5) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(b"GET /api/v1/wallboard/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readline()
        monkeypatch.setattr(stream, "_publish", lambda: _say(stream, large))
        happening = asyncio.create_task(_keep_happening(site.plane))
        await until(lambda: stream.readers == 0, seconds=20)
        happening.cancel()
        writer.close()


def _say(stream: wallboard.Stream, event: bytes) -> None:
    stream._event = bytes(bytearray(event))
    changed, stream._changed = stream._changed, asyncio.Event()
    changed.set()


async def until(true: Any, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


class reading:  # noqa: N801 - reads like a function
    """A stream's events over a real connection: (id, wallboard)."""

    def __init__(self, app: Any, query: str = "") -> None:
        self._app, self._query = app, query

    async def __aenter__(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        self._serving = serve(self._app, "127.0.0.1", 0) if not hasattr(self._app.state, "server") else None
        if self._serving:
            self._app.state.server = await self._serving.__aenter__()
        self._client = httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
        self._asking = self._client.stream("GET", f"{self._app.state.server.url}/api/v1/wallboard/stream{self._query}")
        answer = await self._asking.__aenter__()
        assert answer.headers["content-type"].startswith("text/event-stream")
        return _events(answer)

    async def __aexit__(self, *_: object) -> None:
        await self._asking.__aexit__(None, None, None)
        await self._client.aclose()
        if self._serving:
            await self._serving.__aexit__(None, None, None)


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            assert fields["event"] in ("wallboard", "change")
            yield fields["id"], json.loads(fields["data"])
            fields = {}


def test_of_many_queues_a_few_are_looked_at_each_time_until_all_were(monkeypatch):
    """Law 13: an estimate looks at every other queue."""
    looked = []
    monkeypatch.setattr(
        wallboard, "for_newcomers", lambda state, now, queues: looked.append(len(queues)) or dict.fromkeys(queues, now)
    )
    names = [f"q{number}" for number in range(3 * AT_ONCE)]
    state = State(rules=the_rules(*(a_queue(name) for name in names)))
    newcomers = Newcomers()
    for now in (1, 2, 3, 4):
        told = newcomers.waits(state, now)
    assert looked == [AT_ONCE] * 4
    assert sorted(told.values()) == [2] * AT_ONCE + [3] * AT_ONCE + [4] * AT_ONCE
    fewer = State(rules=the_rules(a_queue("q7")))
    assert newcomers.waits(fewer, 5) == {"q7": 5}


def test_a_change_and_what_was_before_are_what_is_now():
    """Over whatever happens; None only where other queues or agents are there."""
    history = random_history([(700, n * 7 + 3, n * 5) for n in range(150)])
    board, told, seen = Board.begun(), None, None
    changes = 0
    for number, fact in enumerate(history.facts):
        board = evolve(board, fact)
        snapshot = Snapshot(history.state, board, number, history.now)
        before, told = told, wallboard.shown(snapshot, history.now + number, Newcomers(), People())
        if seen is None or (change := change_of(before, told)) is None:
            seen = sent(told)
            continue
        changes += 1
        seen = after(seen, sent(change))
        assert seen == sent(told)
    assert changes > 50


def sent(what: Any) -> Any:
    return json.loads(msgspec.json.encode(what))


def after(seen: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """As the page does it."""
    keys = {"queues": "name", "agents": "id"}
    for part, key in keys.items():
        news = {each[key]: each for each in change[part]}
        seen = seen | {part: [news.get(each[key], each) for each in seen[part]]}
    return seen | {name: value for name, value in change.items() if name not in keys}


async def test_a_reader_of_changes_is_told_the_whole_once_and_then_what_differs(site, app):
    async with reading(app, "?changes=true") as events:
        _, first = await anext(events)
        assert len(first["queues"]) == 2
        site.plane.history.call_waiting(SALES)
        site.plane.publish()
        _, change = await anext(events)
        assert [each["name"] for each in change["queues"]] == [SALES]
        assert change["queues"][0]["waiting"] == 1
        assert "gaps" not in change


async def test_a_reader_that_missed_an_event_is_told_the_whole_again(site):
    stream = wallboard.Stream(site.plane, lambda: site.plane.history.now)
    events = stream.events(changes=True)
    told = []
    for missed in (0, 0, 1, 0):
        for _ in range(1 + missed):
            site.plane.history.call_waiting(SALES)
            stream._publish()
        told.append(await anext(events))
    await events.aclose()
    names = [event.split(b"event: ")[1].split(b"\n")[0] for event in told[1:]]
    assert names == [b"wallboard", b"wallboard", b"change"]


async def test_a_place_that_a_reader_leaves_is_the_next_ones(site):
    stream = wallboard.Stream(site.plane, lambda: site.plane.history.now)
    readers = [stream.events() for _ in range(3)]
    for each in readers:
        await anext(each)
    await readers[1].aclose()
    assert stream._places == {0, 2}
    await anext(stream.events())
    assert stream._places == {0, 1, 2}
    stream.close()
