"""Hours as callers meet them: another program while it is closed, and a program that asks."""

from __future__ import annotations

from ccplane.contacts import facts as f
from ccplane.contacts.verbs import Closed, EnterQueue, Failed, LookHours, Open
from ccplane.ids import ProgramName
from ccplane.routing.hours import Day, Hours, Span
from ccplane.routing.rules import Number
from tests.core.floor import SUPPORT, a_floor, a_queue, ready

HOUR = 3_600_000
DAY = 24 * HOUR
LINES = tuple(Span(day * 1_440 + 540, day * 1_440 + 1_080) for day in range(7))
MAIN = Hours("main", LINES, lines=LINES, days=(Day(1, (), "Republic Day"),))
NUMBERS = {
    "4002": Number(number="4002", program=ProgramName("straight"), hours="main", closed=ProgramName("sorry")),
    "40*": Number(number="40*", program=ProgramName("straight"), attribution="radio"),
}


def a_centre(**more):
    return a_floor([ready("ana")], hours={"main": MAIN}, numbers=NUMBERS, patterns=("40*",), **more)


def program(floor, name):
    return floor.contact(name).program


def test_a_number_that_is_closed_has_another_program():
    floor = a_centre()
    floor.arrives("early", at=9 * 3_600 - 1)
    floor.arrives("late", at=9 * 3_600)
    assert (program(floor, "early"), program(floor, "late")) == ("sorry", "straight")


def test_a_number_of_a_pattern_has_its_program_and_attribution():
    floor = a_centre()
    arrived = floor.arrives("p", number="4077").facts[0]
    assert isinstance(arrived, f.ContactArrived)
    assert (arrived.number_dialled, arrived.attribution) == ("4077", "radio")


def asks(floor, name="main"):
    floor.arrives("x")
    ended = floor.asks("x", LookHours(name)).facts[-1]
    assert isinstance(ended, f.StepEnded)
    return ended.result


def test_who_asks_is_told_at_once_whether_it_is_open_and_until_when():
    floor = a_centre()
    floor.now = 10 * HOUR
    assert asks(floor) == Open(closes_at=18 * HOUR)


def test_who_asks_on_a_holiday_is_told_its_name_and_when_it_opens_again():
    floor = a_centre()
    floor.now = DAY + 10 * HOUR
    assert asks(floor) == Closed("Republic Day", opens_at=2 * DAY + 9 * HOUR)


def test_hours_that_were_taken_out_of_the_file_meanwhile_are_told_as_such():
    assert isinstance(asks(a_centre(), "gone"), Failed)


def test_a_queue_that_is_closed_says_why_and_until_when():
    floor = a_centre(queues=[a_queue(SUPPORT, hours="main", at_closing="program")])
    floor.now = DAY + 10 * HOUR
    floor.arrives("x")
    ended = floor.asks("x", EnterQueue(SUPPORT)).facts[-1]
    assert ended.result == Closed("Republic Day", opens_at=2 * DAY + 9 * HOUR)
