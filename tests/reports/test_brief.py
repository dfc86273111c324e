"""The manager's page: this time beside the time before, the worst hours, the largest queues, what numbers brought."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime

import openpyxl

from ccplane.days import Calendar, Since
from ccplane.kpi.brought import Brought
from ccplane.kpi.counters import Counters
from ccplane.kpi.measures import Sums
from ccplane.kpi.slices import QUARTER_MS, By, Slice
from ccplane.reports.asked import Asked
from ccplane.reports.asked import paper as the_paper
from ccplane.reports.brief import FEW, HEADLINE, QUEUES_MOST, Time, paper
from ccplane.reports.faults import Fault, summary
from ccplane.reports.papers_written import as_csv, as_json, as_text, as_xlsx
from ccplane.reports.report import Interval
from ccplane.reports.words import WORDS

HOUR = 3_600_000
T = 1_795_000_000_000 // (24 * HOUR) * (24 * HOUR)
BEFORE = Sums(counters=Counters(entered=50, answered=40, answered_within=20, abandoned=10))


def of(by=By.SITE, name="", at=T, provisional=False, brought=None, **counts):
    return Slice(
        began_at=at,
        ends_at=at + HOUR,
        by=by,
        name=name,
        counters=Counters(**counts),
        brought=Brought(**(brought or {})),
        provisional=provisional,
    )


def stays(entered, answered, within, **more):
    return {"entered": entered, "answered": answered, "answered_within": within, "abandoned": entered - answered} | more


def made(hours, queues=(), numbers=(), faults=(), now=T + 24 * HOUR, before=BEFORE):
    time = Time(hours, queues, numbers, before)
    return paper(time, summary(faults, T, T + 24 * HOUR, 0), T, T + 24 * HOUR, "UTC", now)


def section(told, key):
    return next(each for each in told.sections if each.key == key)


def test_each_figure_stands_beside_that_of_the_time_before_and_the_difference():
    told = made([of(**stays(80, 60, 45)), of(at=T + HOUR, **stays(20, 20, 15))])
    rows = {row[0]: row[1:] for row in section(told, "headline").rows}
    assert tuple(rows) == HEADLINE
    assert rows["offered"] == (100, 50, 50)
    assert rows["service_level_past"] == (0.6, 0.4, 0.6 - 0.4), "of the sums, not of rates"
    assert rows["satisfaction"] == (None, None, None)
    assert rows["aht"] == (None, None, None), "no talk is no data, not 0"


def test_the_worst_hours_are_those_served_worst_with_enough_calls():
    hours = [of(at=T + n * HOUR, **stays(FEW + n, FEW, 10 - n)) for n in range(5)]
    hours.append(of(at=T + 5 * HOUR, **stays(FEW - 1, 0, 0)))
    told = made(hours)
    assert [row[0] for row in section(told, "worst").rows] == [T + n * HOUR for n in (4, 3, 2)]
    assert [row[0] for row in section(told, "busiest").rows] == [T + n * HOUR for n in (4, 3, 2)]


def test_queues_and_numbers_are_the_largest_first():
    queues = [of(By.QUEUE, name, **stays(n, n, n)) for name, n in (("sales", 10), ("support", 9), ("idle", 0))]
    numbers = [of(By.NUMBER, "4001", brought={"arrived": 5, "answered": 4})]
    told = made([of(**stays(19, 19, 19))], queues, numbers)
    assert [row[:2] for row in section(told, "queues").rows] == [("sales", 10), ("support", 9)]
    assert section(told, "numbers").rows == (("4001", 5, 0, 4, 0, 0),)


def test_who_sees_only_the_largest_is_told_so():
    queues = [of(By.QUEUE, f"q{n}", **stays(n, n, n)) for n in range(1, QUEUES_MOST + 1)]
    assert "largest" not in made([of(**stays(1, 1, 1))], queues).notes
    told = made([of(**stays(1, 1, 1))], [*queues, of(By.QUEUE, "more", **stays(99, 99, 99))])
    assert len(section(told, "queues").rows) == QUEUES_MOST
    assert WORDS["en"]["largest"] in as_text(told, "en")


def test_an_hour_in_which_all_were_served_in_time_is_none_of_the_worst():
    told = made([of(**stays(2 * FEW, 2 * FEW, 2 * FEW)), of(at=T + HOUR, **stays(FEW, FEW, FEW - 1))])
    assert [row[0] for row in section(told, "worst").rows] == [T + HOUR]


def test_without_a_time_before_there_is_nothing_to_compare_with():
    told = made([of(**stays(80, 60, 45))], before=None)
    assert {row[2:] for row in section(told, "headline").rows} == {(None, None)}


class Kept:
    """Ten entries in each quarter of an hour of two days; nobody was there before."""

    def __init__(self, since=T - 24 * HOUR):
        self.since = since

    async def count(self, now):
        return 0

    async def calendar(self):
        return Calendar([Since(self.since, "UTC")])

    async def slices(self, since, until, grain, by):
        return []

    async def sums(self, spans, grain, by, *, most):
        quarters = (min(spans[0][1], T + 24 * HOUR) - max(spans[0][0], self.since)) // QUARTER_MS
        return [of(entered=10 * quarters)] if by is By.SITE and quarters > 0 else []


class NoFaults:
    async def faults(self, since, until, most):
        return []


async def before(day, now, since=T - 24 * HOUR):
    asked = Asked(table="brief", first=day, last=day, interval=Interval.WHOLE)
    told = await the_paper(Kept(since), NoFaults(), asked, now)
    return next(row[2] for row in section(told, "headline").rows if row[0] == "offered")


async def test_a_morning_is_held_against_a_morning_and_a_day_against_a_day():
    day = datetime.fromtimestamp(T / 1000, UTC).date()
    assert await before(day, T + 9 * HOUR + 1) == 9 * 4 * 10
    assert await before(day, T + 24 * HOUR) == 24 * 4 * 10
    assert await before(day, T + 240 * HOUR) == 24 * 4 * 10


async def test_what_is_not_all_known_is_not_compared_with():
    """The plane was new then: half a day says nothing about a day."""
    day = datetime.fromtimestamp(T / 1000, UTC).date()
    assert await before(day, T + 24 * HOUR, since=T - 12 * HOUR) is None


async def test_the_day_before_a_change_of_the_clock_is_a_day_of_its_own_length():
    """25 hours are held against 24, and it says how: as many days."""
    calendar = Calendar([Since(0, "Europe/Berlin")])
    asked = Asked(table="brief", first=date(2026, 10, 25), last=date(2026, 10, 25), interval=Interval.WHOLE)
    spans = []

    class Asks(Kept):
        async def calendar(self):
            return calendar

        async def sums(self, those, grain, by, *, most):
            spans.append((by, those[0]))
            return []

    await the_paper(Asks(), NoFaults(), asked, calendar.dates(date(2026, 11, 1), date(2026, 11, 1))[0])
    saturday = calendar.dates(date(2026, 10, 24), date(2026, 10, 24))
    assert spans[-1] == (By.SITE, saturday)
    assert saturday[1] - saturday[0] == 24 * HOUR


def test_sections_without_anything_are_left_out_and_an_open_time_says_so():
    told = made([of(**stays(1, 1, 1))], now=T + HOUR)
    assert [each.key for each in told.sections] == ["headline", "busiest"]
    assert told.provisional
    assert "provisional" in as_text(told, "en")
    assert as_text(told, "en").splitlines()[0].endswith("*")
    assert "provisional" not in as_text(made([of(**stays(1, 1, 1))]), "en")


def test_it_is_printed_in_two_languages_and_goes_into_a_workbook():
    told = made([of(**stays(80, 60, 45))], faults=[Fault(what="plane-away", at=T, took_ms=4_000)])
    text = as_text(told, "zh-CN")
    assert text.startswith("服务中心简报")
    assert "控制面离线" in text
    line = next(line for line in as_text(told, "en").splitlines() if line.startswith("service level "))
    assert line.split() == ["service", "level", "56.2", "%", "40.0", "%", "+16.2", "points"]
    plain = json.loads(as_json(told, "en"))
    assert plain["sections"]["headline"][2] == {"figure": "offered", "now": 80, "before": 50, "change": 30}
    assert plain["definitions"]["offered"]["formula"]
    assert "headline,offered,80,50,30\r\n" in as_csv(told, "en")
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(told, "en")))
    rows = {row[0]: row[1:] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)}
    assert rows["offered"][:3] == (80, 50, 30)
    assert abs(rows["service level"][0] - 45 / 80) < 1e-9
    assert book.sheetnames[-1] == "What it means"
