"""Figures over the API, by the real process beside it: what is sent is loaded, shown and given back."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ccplane.errors import RequestError, StoreError
from ccplane.http.app import create_app
from ccplane.kpi.schedule import Terms
from ccplane.workforce import beside
from ccplane.workforce.beside import Beside
from ccplane.workforce.process import Keep, Take
from tests.http.conftest import client_from
from tests.http.memory import TOKEN, Site
from tests.postgres.test_outside import DAY, HEADER, KINDS, MONDAY
from tests.postgres.test_workforce import AT, DID, HOUR, worked

pytestmark = pytest.mark.postgres
PATH = "/api/v1/figures"
DAYS = {"from": "2026-11-23", "to": "2026-11-23"}
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
async def asking(db):
    asking = Beside(db.dsn, lambda: AT + 72 * HOUR)
    yield asking
    await asking.close()


@pytest.fixture
async def api(db, asking):
    await worked(db, DID)
    async with db.connection() as connection:
        await connection.execute("INSERT INTO quarter_changed VALUES ($1, $2)", AT, AT + 48 * HOUR)
    app = create_app(replace(Site().ports(), figures=asking), admin_token=TOKEN)
    async with client_from(app) as client:
        yield client


async def test_what_is_put_is_shown_and_given_back(api):
    done = await api.put(f"{PATH}/schedules", content=MONDAY.encode(), headers=CSV, params={"by": "Lea"})
    assert done.json() == {
        "kind": "schedules", "first": "2026-11-23", "last": "2026-11-23",
        "rows": 3, "added": 3, "changed": 0, "removed": 0, "same": 0, "trial": False,
    }  # fmt: skip
    kept = (await api.get(f"{PATH}/schedules", params=DAYS)).json()
    assert [each["activity"] for each in kept["rows"]] == ["work", "meal", "work"]
    assert (await api.put(f"{PATH}/schedules", json=kept)).json()["same"] == 3
    as_csv = await api.get(f"{PATH}/schedules", params=DAYS | {"form": "csv"})
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert (await api.put(f"{PATH}/schedules", content=as_csv.content, headers=CSV)).json()["same"] == 3
    told = (await api.get(PATH, params=DAYS | {"by": "agent"})).json()
    assert {row["name"]: row["figures"]["attendance"] for row in told["rows"]} == {"1001": 1.0, "1002": 1.0}
    assert told["definitions"]["adherence"]["zh"] == "遵时率"
    site = (await api.get(PATH, params=DAYS)).json()["rows"][0]["figures"]
    assert site["utilisation"] is None


async def test_faults_are_told_by_row_and_column(api):
    bad = HEADER + "9999,2026-11-23 09:00,2026-11-23 08:00,work\n"
    problem = (await api.put(f"{PATH}/schedules", content=bad.encode(), headers=CSV)).json()
    assert (problem["status"], problem["code"], problem["detail"]) == (
        422, "bad-figures", "1 fault; nothing was loaded.",
    )  # fmt: skip
    (fault,) = problem["errors"]
    assert (fault["where"], fault["line"], fault["key"]) == ("row 2, column agent", 2, "agent")


async def test_first_contacts_by_queue_and_number(api, db):
    calls = [("c-1", "138", 1, "sales", "4001"), ("c-2", "138", 2, "support", "4002"), ("c-3", "139", 3, None, "4001")]
    async with db.connection() as connection:
        await connection.executemany(
            "INSERT INTO contact (id, caller, arrived_at, direction, queue, number_dialled)"
            " VALUES ($1, $2, instant($3), 'inbound', $4, $5)",
            [(each, who, AT + hour * HOUR, queue, number) for each, who, hour, queue, number in calls],
        )
    asked = DAYS | {"before_h": 24, "after_h": 24}

    async def by(group):
        rows = (await api.get(f"{PATH}/fcr", params=asked | {"by": group})).json()["rows"]
        return {row["name"]: (row["first_contacts"], row["resolved"], row["fcr"]) for row in rows}

    assert await by("site") == {"": (2, 1, 0.5)}
    assert await by("queue") == {"": (1, 1, 1.0), "sales": (1, 0, 0.0)}
    assert await by("number") == {"4001": (2, 1, 0.5)}


@pytest.mark.parametrize("params", [DAYS | {"to": "2026-11-22"}, DAYS | {"to": "2036-11-22"}, DAYS | {"by": "queue"}])
async def test_what_cannot_be_shown_is_refused(api, params):
    assert (await api.get(PATH, params=params)).status_code == 422


async def test_without_postgres_it_is_said_so(db):
    asking = Beside("postgresql://nobody@127.0.0.1:1/none", lambda: AT)
    with pytest.raises(StoreError) as refused:
        await asking.ask(Keep(kind="cost", first=DAY, last=DAY, form="csv"), Terms(), "UTC")
    await asking.close()
    assert refused.value.code == "postgres-unreachable"


async def endless():
    while True:
        yield b" "
        await asyncio.Event().wait()


TAKE = Take(kind="cost", form="csv", by="Lea")


async def test_two_are_answered_at_once_and_a_third_is_told_to_come_again(asking, monkeypatch):
    monkeypatch.setattr(beside, "WAIT_S", 0.2)
    keep = Keep(kind="cost", first=DAY, last=DAY, form="csv")
    held = [asyncio.create_task(asking.ask(TAKE, Terms(), "UTC", endless())) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(RequestError, match="Others are being answered"):
        await asking.ask(keep, Terms(), "UTC")
    for each in held:
        each.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    answer = await asking.ask(keep, Terms(), "UTC")
    assert b"".join([piece async for piece in answer.pieces]) == b"from,to,team,cost\r\n"


async def test_who_asks_for_too_long_is_told_so_and_nothing_goes_on(asking, monkeypatch):
    monkeypatch.setattr(beside, "WITHIN_S", 0.3)
    with pytest.raises(RequestError, match="takes too long"):
        await asking.ask(TAKE, Terms(), "UTC", endless())


async def test_an_answer_that_nobody_reads_holds_nobody_up(asking):
    keep = Keep(kind="cost", first=DAY, last=DAY, form="csv")
    for _ in range(beside.AT_ONCE + 1):
        await asking.ask(keep, Terms(), "UTC")


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_is_taken(api, db, kind):
    async with db.connection() as connection:
        await connection.execute(
            "INSERT INTO agent (id, name, seat, phone, sip_secret, team) VALUES ('=cmd', '', '', '', '', 'sales')"
        )
    answer = await api.put(f"{PATH}/{kind}", content=KINDS[kind].encode(), headers=CSV)
    assert answer.status_code == 200, answer.json()
