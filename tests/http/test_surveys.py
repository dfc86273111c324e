"""What callers think, by HTTP."""

from __future__ import annotations

from tests.http.test_problems import is_problem


async def test_the_rates_stand_beside_what_they_are_made_of(site, admin):
    asked = {"since": "2026-11-01T00:00:00Z", "until": "2026-11-02T00:00:00Z", "queue": "support"}
    told = (await admin.get("/api/v1/surveys", params=asked)).json()
    assert told["since"] == "2026-11-01T00:00:00.000Z"
    assert told["total"] == {
        "name": None, "asked": 10, "rated": 4, "partly": 1, "declined": 6, "response_rate": 0.4,
        "satisfaction_rated": 4, "satisfaction": 0.75, "nps_rated": 3, "nps": 100 / 3,
    }  # fmt: skip
    assert [each["name"] for each in told["queues"] + told["agents"]] == ["support", "1001"]
    assert (site.contacts.opinions_of.queue, site.contacts.opinions_of.agent) == ("support", None)


async def test_while_postgres_is_away_it_is_not_known(site, admin):
    site.contacts.away = True
    answer = await admin.get("/api/v1/surveys")
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (503, "postgres-unreachable")


async def test_it_takes_a_token_and_a_range_that_is_one(stranger, admin):
    assert (await stranger.get("/api/v1/surveys")).status_code == 401
    asked = {"since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"}
    answer = await admin.get("/api/v1/surveys", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-range")
