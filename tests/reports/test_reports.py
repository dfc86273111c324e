"""Reports: each interval has its row, sums are sums, and what may still change says so. In both languages."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from ccplane.days import Calendar, Since
from ccplane.errors import RequestError
from ccplane.kpi.counters import Counters
from ccplane.kpi.slices import By, Slice
from ccplane.kpi.times import Times
from ccplane.reports.asked import Asked, report
from ccplane.reports.report import Interval, intervals
from ccplane.reports.tables import TABLES
from ccplane.reports.words import WORDS
from ccplane.reports.written import as_csv, as_json, as_text

BERLIN = "Europe/Berlin"
LONG = date(2026, 10, 25)  # 25 hours
HOUR = 3_600_000


def at(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).timestamp() * 1000)


def a_slice(began_at, name="", by=By.SITE, hours=1, provisional=False, corrected_at=None, **counters):
    return Slice(
        began_at=began_at, ends_at=began_at + hours * HOUR, by=by, name=name, counters=Counters(**counters),
        times=Times(ready_ms=600_000, talking_ms=600_000), provisional=provisional, corrected_at=corrected_at,
    )  # fmt: skip


class Kept:
    """Figures that are there."""

    def __init__(self, *slices):
        self.kept, self.counted = slices, None

    async def count(self, now):
        self.counted = now
        return 0

    async def calendar(self):
        return Calendar([Since(0, BERLIN)])

    async def slices(self, since, until, grain, by, *, most):
        those = [each for each in self.kept if since <= each.began_at < until and each.by is by]
        return sorted(those, key=lambda each: (each.began_at, each.name))[:most]

    async def sums(self, spans, grain, by, *, most):
        return await self.slices(spans[0][0], spans[-1][1], grain, by, most=most)


NINE = a_slice(at("2026-10-25T09:00"), entered=3, answered=2, answered_within=1, abandoned=1, answered_wait_ms=50_000)
TEN = a_slice(at("2026-10-25T10:00"), entered=1, answered=1, answered_within=1, answered_wait_ms=4_000)
LATER = at("2026-10-27T00:00")


async def made(*slices, now=LATER, first=LONG, last=LONG, **asked):
    wanted = {"table": "traffic", "interval": Interval.HOUR, **asked}
    return await report(Kept(*slices), Asked(first=first, last=last, **wanted), now)


async def test_a_day_of_25_hours_has_a_row_for_each_and_sums_of_them():
    found = await made(NINE, TEN)
    assert len(found.rows) == 25
    assert found.rows[10].began_at == NINE.began_at, "two o'clock came twice"
    assert dict(zip(found.columns, found.rows[10].figures, strict=True)) == {
        "offered": 3, "answered": 2, "abandoned": 1, "timed_out": 0, "overflowed": 0, "callback": 0,
        "service_level_past": 1 / 3, "abandonment": 1 / 3, "asa": 25_000, "aht": None,
    }  # fmt: skip
    total = dict(zip(found.columns, found.total, strict=True))
    assert (total["offered"], total["service_level_past"], total["asa"]) == (4, 2 / 4, 18_000)
    assert (found.balance.entered, found.balance.waiting, found.balance.holds) == (4, 0, True)
    assert not found.provisional


async def test_figures_are_counted_before_they_are_read():
    kept = Kept(NINE)
    await report(kept, Asked(table="traffic", first=LONG, last=LONG, interval=Interval.WHOLE), 77)
    assert kept.counted == 77


async def test_what_may_still_change_and_what_was_corrected_is_marked():
    found = await made(a_slice(NINE.began_at, provisional=True, entered=1), a_slice(TEN.began_at, corrected_at=5))
    marked = [(each.provisional, each.corrected_at) for each in found.rows if each.provisional or each.corrected_at]
    assert marked == [(True, None), (False, 5)]
    text = as_text(found, "en")
    assert "10-25 09:00 +0100*" in text
    assert "10-25 10:00 +0100+" in text
    assert WORDS["en"]["provisional"] in text
    assert WORDS["en"]["corrected"] in text
    assert found.balance.holds, "one may still wait"


async def test_a_day_that_runs_is_provisional():
    found = await made(NINE, now=at("2026-10-25T09:30"), interval=Interval.DAY)
    assert [each.provisional for each in found.rows] == [True]
    assert "\ntotal*" in as_text(found, "en")
    assert "\ntotal*" not in as_text(await made(NINE, interval=Interval.DAY), "en")


@pytest.mark.parametrize(
    ("interval", "last", "labels"),
    [
        (Interval.MONTH, date(2026, 11, 3), ["10-25–10-31", "11-01–11-03"]),
        (Interval.MONTH, date(2026, 11, 30), ["10-25–10-31", "2026-11"]),
        (Interval.MONTH, date(2027, 1, 31), ["2026-10-25–10-31", "2026-11", "2026-12", "2027-01"]),
        (Interval.WHOLE, date(2027, 1, 2), ["2026-10-25–2027-01-02"]),
    ],
)
async def test_part_of_a_month_is_called_by_its_days_and_more_than_one_year_by_each(interval, last, labels):
    lines = as_text(await made(last=last, interval=interval), "en").splitlines()
    assert [line.split()[0].rstrip("*") for line in lines[3 : 3 + len(labels)]] == labels


async def test_a_balance_that_does_not_hold_says_so_and_what_to_do():
    found = await made(a_slice(NINE.began_at, entered=2, answered=1))
    assert not found.balance.holds
    assert "report rebuild" in as_text(found, "en")
    assert "report rebuild" in as_text(found, "zh-CN")


async def test_groups_have_rows_where_there_is_anything_and_names_that_are_harmless():
    slices = (a_slice(NINE.began_at, name, By.QUEUE, entered=1, lost=1) for name in ("b", "=1+1", "a"))
    found = await made(*slices, by=By.QUEUE, interval=Interval.WHOLE)
    assert [each.name for each in found.rows] == ["=1+1", "a", "b"]
    lines = list(csv.DictReader(io.StringIO(as_csv(found, "en"))))
    assert [each["queue"] for each in lines] == ["'=1+1", "a", "b"]
    assert lines[1]["from"] == "2026-10-25T00:00:00+02:00"
    assert lines[1]["to"] == "2026-10-26T00:00:00+01:00"
    assert (lines[1]["offered"], lines[1]["aht"]) == ("1", ""), "no data is no nought"


async def test_who_asks_for_two_skills_is_in_no_sum_twice():
    """There were three, of whom one asked for both."""
    slices = (a_slice(NINE.began_at, name, By.SKILL, entered=2, answered=2) for name in ("french", "sales"))
    found = await made(*slices, by=By.SKILL, interval=Interval.WHOLE)
    assert [each.figures[0] for each in found.rows] == [2, 2]
    assert set(found.total) == {None}
    for language, words in WORDS.items():
        assert words["skills"] in as_text(found, language)
        assert words["skills"] not in as_text(await made(NINE), language)


@pytest.mark.parametrize("by", [By.AGENT, By.TEAM])
async def test_of_whom_nobody_answered_no_agent_has_a_rate_or_a_number(by):
    """Neither 0 % abandoned nor 100 % connected: it isn't counted for agents."""
    talked = a_slice(NINE.began_at, "1001", by, entered=2, answered=2, answered_within=1)
    found = await made(talked, by=by, interval=Interval.WHOLE, table="service")
    figures = dict(zip(found.columns, found.rows[0].figures, strict=True))
    assert {figures[key] for key in ("abandonment", "abandonment_net", "connected_share")} == {None}
    assert figures["service_level_answered"] == 1 / 2
    traffic = await made(talked, by=by, interval=Interval.WHOLE)
    figures = dict(zip(traffic.columns, traffic.total, strict=True))
    assert {figures[key] for key in ("abandoned", "timed_out", "overflowed", "callback")} == {None}
    assert (await made(NINE)).total[2] == 1, "of the site it is counted"


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("language", WORDS)
async def test_each_table_is_written_with_what_its_columns_mean(table, language):
    by = TABLES[table].by[0]
    found = await made(a_slice(NINE.began_at, "1001" if by is By.AGENT else "", by, entered=1, answered=1), table=table)
    text, plain = as_text(found, language), json.loads(as_json(found, language))
    assert text.startswith(TABLES[table].zh if language == "zh-CN" else TABLES[table].en)
    for key in found.columns:
        assert plain["definitions"][key]["formula"] in text
    assert plain["rows"][0]["figures"].keys() == set(found.columns)
    assert plain["notes"]


async def test_the_text_of_a_report_to_the_letter():
    found = await made(NINE, TEN, interval=Interval.WHOLE, table="agents", by=By.SITE)
    assert [line.split("  ")[0] for line in as_text(found, "en").splitlines()[:9]] == [
        "Agent workload · site · 2026-10-25 (Europe/Berlin)",
        "",
        "interval",
        "10-25–10-25",
        "total",
        "",
        "A contact counts, with all its wait, talk and wrap-up, in the interval when it entered the queue.",
        "Agents' state times are cut at the edges of the interval.",
        "entered 4 = ended 4 + still there 0",
    ]
    row = as_text(found, "en").splitlines()[3].split()
    assert row == [
        "10-25–10-25",
        "0:40:00",
        "0",
        "0:00:00",
        "0:00:00",
        "–",
        "–",
        "–",
        "50.0",
        "%",
        "0.0",
        "–",
        "0.0",
        "%",
    ]
    lines = as_text(found, "zh-CN").splitlines()
    assert lines[0] == "客服代表工作量统计表 · 全站 · 2026-10-25 (Europe/Berlin)"
    assert lines[2].split()[:3] == ["时段", "签入时长", "处理量"]


async def test_weeks_and_months_are_the_sites():
    dates = ("09-30", "10-01", "10-25", "10-26")
    days = [a_slice(at(f"2026-{day}T00:00"), hours=24, entered=1, lost=1) for day in dates]
    span = {"first": date(2026, 9, 30), "last": date(2026, 10, 26)}
    months = await made(*days, interval=Interval.MONTH, **span)
    assert [each.figures[0] for each in months.rows] == [1, 3]
    weeks = await made(*days, interval=Interval.WEEK, **span)
    assert [each.figures[0] for each in weeks.rows] == [2, 0, 0, 1, 1]
    assert weeks.rows[0].began_at == at("2026-09-30T00:00"), "not before what was asked for"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"table": "trafic"}, "no-such-table"),
        ({"table": "agents", "by": By.NUMBER}, "not-by"),
        ({"first": date(2026, 10, 26)}, "wrong-way"),
        ({"first": date(2016, 10, 26), "interval": Interval.QUARTER}, "too-long"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_reason(asked, code):
    with pytest.raises(RequestError) as refused:
        await made(**asked)
    assert refused.value.code == code


def test_ten_years_by_the_month_are_120_rows():
    calendar = Calendar([Since(0, BERLIN)])
    since, until = calendar.dates(date(2016, 1, 1), date(2025, 12, 31))
    assert len(intervals(calendar, since, until, Interval.MONTH)) == 120
