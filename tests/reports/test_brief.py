"""The manager's page: this time beside the time before, the worst hours, the largest queues, what numbers brought."""

from __future__ import annotations

import io
import json

import openpyxl

from ccplane.kpi.brought import Brought
from ccplane.kpi.counters import Counters
from ccplane.kpi.measures import Sums
from ccplane.kpi.slices import By, Slice
from ccplane.reports.brief import FEW, HEADLINE, Time, paper
from ccplane.reports.faults import Fault, summary
from ccplane.reports.papers_written import as_csv, as_json, as_text, as_xlsx

HOUR = 3_600_000
T = 1_795_000_000_000 // HOUR * HOUR
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


def made(hours, queues=(), numbers=(), faults=(), now=T + 24 * HOUR):
    time = Time(hours, queues, numbers, BEFORE)
    return paper(time, summary(faults, 0), T, T + 24 * HOUR, "UTC", now)


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
    queues = [of(By.QUEUE, name, **stays(n, n, n)) for name, n in (("sales", 3), ("support", 9), ("idle", 0))]
    queues.append(of(By.QUEUE, "sales", T + HOUR, **stays(7, 7, 7)))
    numbers = [of(By.NUMBER, "4001", brought={"arrived": 5, "answered": 4})]
    told = made([of(**stays(19, 19, 19))], queues, numbers)
    assert [row[:2] for row in section(told, "queues").rows] == [("sales", 10), ("support", 9)]
    assert section(told, "numbers").rows == (("4001", 5, 0, 4, 0, 0),)


def test_sections_without_anything_are_left_out_and_an_open_time_says_so():
    told = made([of(**stays(1, 1, 1))], now=T + HOUR)
    assert [each.key for each in told.sections] == ["headline", "busiest"]
    assert told.provisional
    assert "provisional" in as_text(told, "en")
    assert "provisional" not in as_text(made([of(**stays(1, 1, 1))]), "en")


def test_it_is_printed_in_two_languages_and_goes_into_a_workbook():
    told = made([of(**stays(80, 60, 45))], faults=[Fault(what="plane-away", at=T, took_ms=4_000)])
    text = as_text(told, "zh-CN")
    assert text.startswith("服务中心简报")
    assert "控制面离线" in text
    line = next(line for line in as_text(told, "en").splitlines() if line.startswith("service level "))
    assert line.split() == ["service", "level", "56.2", "%", "40.0", "%", "+16.2", "%"]
    plain = json.loads(as_json(told, "en"))
    assert plain["sections"]["headline"][2] == {"figure": "offered", "now": 80, "before": 50, "change": 30}
    assert plain["definitions"]["offered"]["formula"]
    assert "headline,offered,80,50,30\r\n" in as_csv(told, "en")
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(told, "en")))
    rows = {row[0]: row[1:] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)}
    assert rows["offered"][:3] == (80, 50, 30)
    assert abs(rows["service level"][0] - 45 / 80) < 1e-9
    assert book.sheetnames[-1] == "What it means"
