"""A real Postgres is killed, hangs, takes no writes, refuses us: calls go on, nothing is lost, and it is said."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from ccplane import app, parts
from ccplane.errors import StoreError
from ccplane.log.backlog import Backlog, Level
from ccplane.log.outbox import Outbox
from ccplane.log.shipping import Pace, Shipper
from ccplane.postgres.lease import Lease
from ccplane.postgres.pool import Database
from ccplane.postgres.store import PostgresFacts
from ccplane.settings import Settings
from tests.log.boxes import facts as repairs
from tests.ports import free_port
from tests.postgres.failing import REFUSALS, WAYS, by_password, password_rotated, read_only
from tests.postgres.histories import a_history
from tests.postgres.test_projections import all_rows, empty, store
from tests.stack import a_postgres

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

TERMS_S = {"killed": 5.0, "hanging": 10.0, "read-only": 5.0}
"""A question that hangs has failed only after two seconds: a lease whose term is too short for that stops us."""


@pytest.fixture
def server(own_postgres):
    return own_postgres


@pytest.fixture
async def opened(server):
    database = Database(server.url())
    await database.open()
    yield database
    await database.close()


async def at_once(ways, outlived, cluster, tmp_path):
    """Each of these ways with a Postgres of its own: they wait far more than they work. All are told that fail."""

    async def one(way):
        folder = tmp_path / way
        async with a_postgres(cluster, folder / "postgres") as server:
            database = Database(server.url())
            await database.open()
            try:
                await outlived(server, database, folder, way)
            finally:
                await database.close()

    ends = await asyncio.gather(*map(one, ways), return_exceptions=True)
    failed = {way: end for way, end in zip(ways, ends, strict=True) if end is not None}
    if failed:
        raise BaseExceptionGroup(", ".join(failed), list(failed.values()))


async def until(is_so, within=20.0):
    async with asyncio.timeout(within):
        while not is_so():
            await asyncio.sleep(0.02)


async def test_for_longer_than_a_term_commands_go_on_and_each_fact_is_stored_once(cluster, tmp_path):
    """Whichever way it is away: each has a Postgres of its own, and all are away at once."""
    await at_once(WAYS, _outlived, cluster, tmp_path)


async def _outlived(server, opened, tmp_path, way):
    """There is not one moment in which the leader may not send; what happened meanwhile is stored as if nothing was."""
    facts = a_history(11, steps=200, wrap_up_ms=1_000).facts
    box = Outbox(tmp_path / "outbox.db")
    box.open()
    box.begin(1)
    term = TERMS_S[way]
    lease = Lease(opened, "site", box.id, term=term, margin=term / 5)
    await lease.take(0)
    shipper = Shipper(box, PostgresFacts(opened), lambda: 0, pace=Pace(every=0.01, batch=20))
    tasks = [asyncio.create_task(each) for each in (shipper.run(), lease.run())]
    box.append(facts[:100])
    await asyncio.wait_for(shipper.shipped(100), 20)
    loop, rest, might = asyncio.get_running_loop(), facts[100:], []
    async with WAYS[way](server):
        ends = loop.time() + term + 1
        while loop.time() < ends:
            if rest:
                box.append(rest[:3])
                rest = rest[3:]
            might.append(lease.may_send())
            await asyncio.sleep(0.02)
        assert all(might)
        assert lease.away
        assert box.healthy
    box.append(rest)
    async with asyncio.timeout(30):
        await shipper.shipped(len(facts))
        await until(lambda: not lease.last_error)
    assert lease.held
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    afterwards = await all_rows(opened)
    await empty(opened)
    await store(opened, facts)
    assert await all_rows(opened) == afterwards
    await lease.release()
    await box.close()


async def test_a_postgres_that_refuses_us_stops_no_command(cluster, tmp_path):
    """Only a lease that another has taken does. Each refusal by a Postgres of its own, and all at once."""
    await at_once(REFUSALS, _refused, cluster, tmp_path)


async def _refused(server, _, tmp_path, way):
    """Facts wait, and are stored once when it lets us in again."""
    facts = a_history(11, steps=60, wrap_up_ms=1_000).facts
    database = Database(await by_password(server))
    await database.open()
    box = Outbox(tmp_path / "outbox.db")
    box.open()
    box.begin(1)
    lease = Lease(database, "site", box.id, term=4.0, margin=0.8)
    await lease.take(0)
    shipper = Shipper(box, PostgresFacts(database), lambda: 0, pace=Pace(every=0.01, batch=20, retry_most=0.5))
    tasks = [asyncio.create_task(each) for each in (shipper.run(), lease.run())]
    box.append(facts[:50])
    await asyncio.wait_for(shipper.shipped(50), 20)
    loop, might = asyncio.get_running_loop(), []
    async with REFUSALS[way](server):
        box.append(facts[50:])
        ends = loop.time() + 6.0
        while loop.time() < ends:
            might.append(lease.may_send())
            await asyncio.sleep(0.02)
        assert all(might), lease.last_error
        assert "refuses us" in lease.away
        assert "refuses us" in shipper.stats.last_error
        assert shipper.stats.shipped_seq == 50
    async with asyncio.timeout(30):
        await shipper.shipped(len(facts))
        await until(lambda: not lease.last_error)
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(DISTINCT seq) = count(*) FROM fact")
    await lease.release()
    await database.close()
    await box.close()


async def test_an_outbox_that_was_full_is_shipped_whole_and_has_room_again(server, opened, tmp_path):
    """The alarm came long before; what was decided when it was full waited in memory."""
    bound = 400_000
    box = Outbox(tmp_path / "outbox.db", max_bytes=bound)
    box.open()
    box.begin(1)
    backlog = Backlog(box, bound)
    shipper = Shipper(box, PostgresFacts(opened), lambda: 0, pace=Pace(every=0.01, retry_first=0.05, retry_most=0.1))
    alarmed = 0
    async with read_only(server):
        task = asyncio.create_task(shipper.run())
        while box.healthy:
            seq = box.append(repairs(20, 1 + box.stats.appended_seq, size=500))
            box.checkpoint(seq, lambda: b"the state")
            if backlog.look().level is Level.AMPLE:
                alarmed = seq
            await asyncio.sleep(0.02)
        seq = box.append(repairs(100, seq + 1, size=500))
        assert 0 < alarmed < seq * 0.7
        assert shipper.stats.shipped_seq == 0
    async with asyncio.timeout(60):
        await shipper.shipped(seq)
        await box.committed(box.append(repairs(1, seq + 1)))
        await shipper.shipped(seq + 1)
    assert box.healthy
    async with opened.connection() as connection:
        stored = await connection.fetchval("SELECT array_agg(seq ORDER BY seq) FROM fact")
    assert stored == list(range(1, seq + 2))
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await box.close()


# ------------------------------------------------------------------------------------------------- a whole plane


@pytest.fixture
async def settings(server, tmp_path, monkeypatch):
    """Of a plane whose Asterisk is not there."""

    async def render(*_: object) -> None:
        pass

    monkeypatch.setattr(parts, "render", render)
    return Settings(
        runtime=tmp_path / "runtime",
        database_url=server.url(),
        port=free_port(),
        ari_url="http://127.0.0.1:9/ari",
        ari_password="none",
        admin_token="token",
        demo_agents=2,
        lease_s=5,
    )


@asynccontextmanager
async def begun(settings):
    """The plane's task, and a client of its API."""
    headers = {"Authorization": "Bearer token"}
    async with (
        app.plane_of(settings) as running,
        httpx.AsyncClient(base_url=running.url, headers=headers, timeout=20, verify=False) as client,
    ):
        yield client


@pytest.fixture
async def plane(settings):
    async with begun(settings) as client:
        await database_is(client, ok=True)
        yield client


async def database_is(client, *, ok, saying=""):
    """Waits until /readyz has it."""
    async with asyncio.timeout(15):
        while True:
            part = (await client.get("/readyz")).json()["parts"]["database"]
            if part["ok"] is ok and saying in part["detail"]:
                return part
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("way", ["killed", "hanging"])
async def test_what_needs_postgres_says_so_in_time_and_the_rest_answers(server, plane, way):
    async with WAYS[way](server):
        await database_is(plane, ok=False, saying="facts wait in the outbox")
        loop = asyncio.get_running_loop()

        async def says_so(method, path, body=None):
            began = loop.time()
            answer = await plane.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (503, "postgres-unreachable"), path
            assert answer.headers["content-type"] == "application/problem+json"
            assert loop.time() - began < 12, path

        await asyncio.gather(
            says_so("GET", "/api/v1/contacts"),
            says_so("GET", "/api/v1/recordings"),
            says_so("GET", "/api/v1/messages"),
            says_so("PUT", "/api/v1/agents/1001/pin", {"pin": "123456"}),
        )
        began = loop.time()
        assert (await plane.get("/api/v1/wallboard")).status_code == 200
        assert (await plane.get("/api/v1/agents")).status_code == 200
        answer = await plane.put("/api/v1/agents/1001/state", json={"state": "paused", "reason": "lunch"})
        assert answer.status_code == 200
        assert loop.time() - began < 4, "less than any wait for Postgres"
    await database_is(plane, ok=True)
    assert (await plane.get("/api/v1/contacts")).status_code == 200


async def test_a_postgres_that_takes_no_writes_is_told_apart_and_can_still_be_read(server, plane):
    async with read_only(server):
        await plane.put("/api/v1/agents/1001/state", json={"state": "paused", "reason": "lunch"})
        await database_is(plane, ok=False, saying="takes no writes at present")
        assert (await plane.get("/api/v1/contacts")).status_code == 200
        answer = await plane.put("/api/v1/agents/1001/pin", json={"pin": "123456"})
        assert (answer.status_code, answer.json()["code"]) == (503, "postgres-read-only")
    await database_is(plane, ok=True)
    assert (await plane.put("/api/v1/agents/1001/pin", json={"pin": "123456"})).status_code == 200


async def test_a_plane_whose_password_was_rotated_leads_on_says_so_and_can_be_restarted(server, settings):
    """For longer than a lease's term; at a start without its people it says what it lacks."""
    settings = settings.model_copy(update={"database_url": await by_password(server)})
    async with begun(settings) as plane:
        await database_is(plane, ok=True)
    async with password_rotated(server), begun(settings) as plane:
        await database_is(plane, ok=False, saying="refuses us: password authentication failed")
        ends = asyncio.get_running_loop().time() + 1.5 * settings.lease_s
        while asyncio.get_running_loop().time() < ends:
            assert (await plane.get("/readyz")).json()["parts"]["leader"]["ok"]
            await asyncio.sleep(0.05)
        answer = await plane.get("/api/v1/contacts")
        assert (answer.status_code, answer.json()["code"]) == (503, "postgres-refuses-us")
        assert (
            await plane.put("/api/v1/agents/1001/state", json={"state": "paused", "reason": "x"})
        ).status_code == 200
        fresh = settings.model_copy(update={"runtime": settings.runtime / "first", "port": free_port()})
        with pytest.raises(StoreError, match="password authentication failed") as caught:
            async with begun(fresh):
                pass
        assert caught.value.code == "postgres-needed-once"
