"""The course of the day: what is asked of Postgres, and how often, however many screens ask."""

from __future__ import annotations

import pytest

from ccplane.http import course
from ccplane.http.course import HOLDS_MS
from ccplane.http.views import iso
from ccplane.postgres.course import Quarter
from tests.kpi.histories import MIDNIGHT

PATH = "/api/v1/wallboard/course"
DAY_MS = 86_400_000


@pytest.fixture
def courses(site):
    site.courses.quarters = [
        Quarter(began_at=MIDNIGHT - 900_000, offered=3, answered=2, abandoned=1, answered_within=1, provisional=True)
    ]
    return site.courses


async def test_it_is_today_since_the_sites_midnight_of_the_queues_that_are_named(site, admin, courses):
    told = (await admin.get(PATH, params={"queues": "support,sales,support"})).json()
    now = site.plane.history.now
    assert courses.asked == [(MIDNIGHT - DAY_MS, now, ("sales", "support"))]
    assert told == {
        "at": iso(now),
        "counted_from": iso(MIDNIGHT - DAY_MS),
        "queues": ["sales", "support"],
        "quarters": [
            {
                "began_at": iso(MIDNIGHT - 900_000),
                "offered": 3,
                "answered": 2,
                "abandoned": 1,
                "answered_within": 1,
                "provisional": True,
            }
        ],
    }


async def test_however_many_screens_ask_postgres_is_asked_once_in_a_while(site, admin, courses):
    for _ in range(50):
        await admin.get(PATH)
    assert len(courses.asked) == 1
    site.plane.history.wait(HOLDS_MS)
    await admin.get(PATH)
    assert len(courses.asked) == 2


async def test_whatever_is_asked_for_few_answers_are_kept(admin, courses, monkeypatch):
    monkeypatch.setattr(course, "KEPT_MOST", 2)
    for queues in ("a", "b", "c", "b", "c", "a"):
        await admin.get(PATH, params={"queues": queues})
    assert [each[2] for each in courses.asked] == [("a",), ("b",), ("c",), ("a",)]


async def test_without_postgres_it_says_so(admin, courses):
    courses.away = True
    answer = await admin.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (503, "postgres-unreachable")


async def test_others_need_a_token(stranger):
    assert (await stranger.get(PATH)).status_code == 401
