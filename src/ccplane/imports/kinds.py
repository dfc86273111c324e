"""The kinds of figures: what their columns are called, and what stands in each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from ccplane.days import Calendar
from ccplane.imports import cells
from ccplane.imports.cells import Unreadable
from ccplane.kpi.schedule import Activity
from ccplane.postgres.outside import TABLES, Bounds, Known, Row, Table, Value

DAY_MS: Final = 86_400_000
LONGEST_NAME: Final = 100


class Where(msgspec.Struct, frozen=True):
    """What cells are read by: the site's clock, and whom figures may be of."""

    calendar: Calendar
    known: Known


Read = Callable[[str, Where], Value]
Write = Callable[[Any, Calendar], str]


class Column(NamedTuple):
    """`names`: what a header may call it beside `key`. One that is not `needed` may be missing, or empty."""

    key: str
    names: tuple[str, ...]
    read: Read
    write: Write
    needed: bool = True


class Kind(NamedTuple):
    """`longest`: of one row, where rows have an end."""

    key: str
    en: str
    zh: str
    columns: tuple[Column, ...]
    longest: timedelta = timedelta(0)

    @property
    def table(self) -> Table:
        return TABLES[self.key]

    def day(self, row: Row, calendar: Calendar) -> date:
        """To which it belongs: that on which it begins."""
        place = self.table.of(row, self.table.place)
        return place if isinstance(place, date) else calendar.date_of(place)

    def bounds(self, first: date, last: date, calendar: Calendar) -> Bounds:
        """Of what belongs to the days from `first` to `last`."""
        if self.table.place == "began_at":
            return calendar.dates(first, last)
        return first, last + timedelta(days=1)


ACTIVITIES: Final = {
    Activity.WORK: ("工作", "上班", "在岗"),
    Activity.BREAK: ("休息", "小休"),
    Activity.MEAL: ("用餐", "午餐", "就餐"),
    Activity.LEAVE: ("请假", "休假", "假期"),
    Activity.TRAINING: ("培训",),
    Activity.MEETING: ("会议", "开会"),
}
_ACTIVITY_OF: Final = {name: each.value for each, names in ACTIVITIES.items() for name in (each.value, *names)}


def _activity(text: str, _: Where) -> str:
    found = _ACTIVITY_OF.get(text.lower())
    if found is None:
        raise Unreadable(f"`{text}` is none of {', '.join(Activity)}")
    return found


def _agent(text: str, where: Where) -> str:
    if text not in where.known.agents:
        raise Unreadable(f"there is no agent `{text[:LONGEST_NAME]}`")
    return text


def _team(text: str, where: Where) -> str:
    if text and text not in where.known.teams:
        raise Unreadable(f"there is no team `{text[:LONGEST_NAME]}`; empty is the site")
    return text


def _moment(text: str, where: Where) -> int:
    return cells.moment(text, where.calendar)


def _of_text(read: Callable[[str], Value]) -> Read:
    return lambda text, _: read(text)


def _told(write: Callable[[Any], str]) -> Write:
    return lambda value, _: write(value)


_FROM: Final = ("开始", "开始时间", "起")
_TO: Final = ("结束", "结束时间", "止")
AGENT: Final = Column("agent", ("工号", "坐席", "座席", "客服代表"), _agent, _told(str))
TEAM: Final = Column("team", ("班组", "团队", "组"), _team, _told(str), needed=False)
FROM: Final = Column("from", _FROM, _moment, cells.moment_told)
TO: Final = Column("to", _TO, _moment, cells.moment_told)
FIRST: Final = Column("from", (*_FROM, "开始日期"), _of_text(cells.day), _told(str))
LAST: Final = Column("to", (*_TO, "结束日期"), _of_text(cells.day), _told(str))

KINDS: Final = {
    each.key: each
    for each in (
        Kind(
            "schedules",
            "schedules",
            "排班",
            (AGENT, FROM, TO, Column("activity", ("活动", "安排", "类型"), _activity, _told(str))),
            timedelta(hours=24),
        ),
        Kind(
            "paid_hours",
            "paid hours",
            "付薪工时",
            (
                AGENT,
                Column("day", ("日期",), _of_text(cells.day), _told(str)),
                Column("hours", ("工时", "小时", "付薪工时"), _of_text(cells.hours), _told(cells.hours_told)),
            ),
        ),
        Kind(
            "headcount",
            "headcount and leavers",
            "人员",
            (
                Column("month", ("月份", "月"), _of_text(cells.month), _told(lambda month: f"{month:%Y-%m}")),
                TEAM,
                Column("at_start", ("期初人数", "月初人数"), _of_text(cells.count), _told(str)),
                Column("at_end", ("期末人数", "月末人数"), _of_text(cells.count), _told(str)),
                Column("leavers", ("离职人数", "离职"), _of_text(cells.count), _told(str)),
            ),
        ),
        Kind(
            "cost",
            "cost",
            "成本",
            (FIRST, LAST, TEAM, Column("cost", ("成本", "费用"), _of_text(cells.money), _told(cells.money_told))),
            timedelta(days=366),
        ),
        Kind(
            "seats",
            "seats open",
            "开放席位",
            (FROM, TO, Column("seats", ("席位", "席位数", "座席数"), _of_text(cells.count), _told(str))),
            timedelta(days=31),
        ),
    )
}


def whole_days(first: date, last: date) -> int:
    """How many, both in it."""
    return (last - first).days + 1
