"""Figures over the API: what is asked of the process beside, and who may."""

from __future__ import annotations

from datetime import date

import pytest

from ccplane.http import limits
from ccplane.kpi.slices import By
from ccplane.workforce.process import Keep, Resolve, Show, Take

DAYS = {"from": "2026-11-23", "to": "2026-11-24"}
FIRST, LAST = date(2026, 11, 23), date(2026, 11, 24)
PATH = "/api/v1/figures"


@pytest.mark.parametrize(
    ("path", "params", "what"),
    [
        ("", {"by": "team"}, Show(first=FIRST, last=LAST, by=By.TEAM)),
        ("/fcr", {"by": "queue", "after_h": 24}, Resolve(first=FIRST, last=LAST, by=By.QUEUE, after_ms=86_400_000)),
        ("/cost", {"form": "csv"}, Keep(kind="cost", first=FIRST, last=LAST, form="csv")),
    ],
)
async def test_what_is_asked_for_is_asked_beside(site, admin, path, params, what):
    assert (await admin.get(PATH + path, params=DAYS | params)).status_code == 200
    assert site.figures.asked == [(what, b"")]


async def test_a_file_is_handed_on_as_it_came(site, admin):
    told = {"dry_run": "true", "only_named": "true", "by": "Lea"}
    answer = await admin.put(
        f"{PATH}/schedules", params=DAYS | told, content=b"agent;from", headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 200
    what = Take(kind="schedules", form="csv", by="Lea", days=(FIRST, LAST), only_named=True, trial=True)
    assert site.figures.asked == [(what, b"agent;from")]


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/fcr"), ("GET", "/cost"), ("PUT", "/cost")])
async def test_without_a_token_nothing_is_asked(site, stranger, method, path):
    assert (await stranger.request(method, PATH + path, params=DAYS)).status_code == 401
    assert site.figures.asked == []


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("GET", "/wages", DAYS),
        ("GET", "", {"from": "2026-11-23"}),
        ("GET", "", DAYS | {"from": "yesterday"}),
        ("GET", "/fcr", DAYS | {"by": "agent"}),
        ("PUT", "/cost", {"from": "2026-11-23"}),
    ],
)
async def test_what_cannot_be_asked_is_refused(site, admin, method, path, params):
    answer = await admin.request(method, PATH + path, params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert site.figures.asked == []


async def test_a_file_may_be_larger_than_other_bodies_and_has_a_limit_too(site, admin):
    large = b" " * (limits.LARGEST_BODY + 1)
    assert (await admin.put(f"{PATH}/cost", content=large)).status_code == 200
    assert (await admin.put("/api/v1/customers/1", content=large)).status_code == 413
    headers = {"Content-Length": str(limits.LARGEST_FIGURES + 1)}
    answer = await admin.put(f"{PATH}/cost", content=b"", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
