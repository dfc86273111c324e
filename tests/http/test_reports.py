"""Reports over the API: what is asked of the process beside, and who may."""

from __future__ import annotations

from datetime import date

import pytest

from ccplane.kpi.slices import By
from ccplane.reports.report import Interval
from ccplane.workforce.process import Tell

DAYS = {"from": "2026-11-22", "to": "2026-11-23"}
PLAIN = Tell(
    table="traffic", first=date(2026, 11, 22), last=date(2026, 11, 23), interval=Interval.DAY, by=None, form="json",
    language="en",
)  # fmt: skip
PATH = "/api/v1/reports"


async def test_what_is_asked_for_is_asked_beside(site, admin):
    assert (await admin.get(f"{PATH}/traffic", params=DAYS)).status_code == 200
    more = {"by": "queue", "interval": "quarter", "format": "csv", "lang": "zh-CN"}
    assert (await admin.get(f"{PATH}/service", params=DAYS | more)).status_code == 200
    (first, _), (second, _) = site.figures.asked
    assert first == PLAIN
    assert (second.table, second.by, second.interval) == ("service", By.QUEUE, Interval.QUARTER)
    assert (second.form, second.language) == ("csv", "zh-CN")


@pytest.mark.parametrize(
    ("accept", "form"),
    [("text/csv", "csv"), ("text/plain;q=0.9, */*", "text"), ("*/*", "json"), ("application/json", "json")],
)
async def test_without_a_format_it_is_as_the_asker_accepts(site, admin, accept, form):
    await admin.get(f"{PATH}/traffic", params=DAYS, headers={"Accept": accept})
    ((asked, _),) = site.figures.asked
    assert asked.form == form


async def test_without_a_token_nothing_is_asked(site, stranger):
    assert (await stranger.get(f"{PATH}/traffic", params=DAYS)).status_code == 401
    assert site.figures.asked == []


@pytest.mark.parametrize(
    ("table", "params"),
    [("wages", DAYS), ("traffic", {"from": "2026-11-22"}), ("traffic", DAYS | {"by": "moon"}),
     ("traffic", DAYS | {"format": "pdf"}), ("traffic", DAYS | {"interval": "blink"})],
)  # fmt: skip
async def test_what_cannot_be_asked_is_refused(site, admin, table, params):
    answer = await admin.get(f"{PATH}/{table}", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert site.figures.asked == []
