"""Which numbers and advertisements bring calls, by HTTP."""

from __future__ import annotations

from ccplane.days import day_of
from ccplane.http.views import iso
from tests.http.test_docs import SALES
from tests.http.test_problems import is_problem


async def test_numbers_and_attributions_are_counted_between_two_moments(site, admin):
    asked = {"since": "2026-11-01T00:00:00Z", "until": "2026-11-02T00:00:00+08:00"}
    told = (await admin.get("/api/v1/numbers", params=asked)).json()
    assert (told["since"], told["until"]) == ("2026-11-01T00:00:00.000Z", "2026-11-01T16:00:00.000Z")
    assert told["numbers"] == [
        {
            "number_dialled": "4001",
            "attribution": "radio",
            "arrived": 3,
            "queued": 2,
            "answered": 1,
            "abandoned": 1,
            "self_served": 1,
        }
    ]
    assert told["attributions"][0]["attribution"] == "radio"
    since, until = site.contacts.counted
    assert until - since == 16 * 3_600_000


async def test_without_moments_it_is_since_the_sites_midnight(site, admin):
    assert (await admin.get("/api/v1/numbers")).status_code == 200
    assert site.contacts.counted[0] == day_of(site.plane.history.now, site.plane.state.rules.timezone)[0]


async def test_while_postgres_is_away_it_is_not_known(site, admin):
    site.contacts.away = True
    answer = await admin.get("/api/v1/numbers")
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (503, "postgres-unreachable")


async def test_it_takes_a_token(stranger):
    assert (await stranger.get("/api/v1/numbers")).status_code == 401


async def test_a_range_that_is_none_or_too_long_is_told(site, admin):
    for since, until in (("2026-11-02", "2026-11-01"), ("2026-11-02", "2026-11-02"), ("2024-01-01", "2026-01-01")):
        asked = {"since": f"{since}T00:00:00Z", "until": f"{until}T00:00:00Z"}
        answer = await admin.get("/api/v1/numbers", params=asked)
        assert is_problem(answer)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad-range")
        assert "at most 400 days" in answer.json()["detail"]
    assert site.contacts.counted == (0, 0), "Postgres was not asked"


async def test_today_is_told_live_and_also_while_postgres_is_away(site, admin):
    site.contacts.away = True
    site.plane.history.call(SALES)
    told = (await admin.get("/api/v1/numbers/today")).json()
    board = site.plane.snapshot.board
    assert told["since"] == iso(board.on_day(site.plane.history.now).today.began_at)
    assert [each["number_dialled"] for each in told["numbers"]]
    assert told["attributions"] == (await admin.get("/api/v1/wallboard")).json()["attributions"]
    assert sum(each["arrived"] for each in told["numbers"]) == sum(each["arrived"] for each in told["attributions"]) > 0
