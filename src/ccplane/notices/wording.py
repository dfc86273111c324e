"""What a notice says, in the site's language. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ccplane.contacts.notice import Notice


class Told(NamedTuple):
    """A mail's subject and text."""

    subject: str
    text: str


class Words(NamedTuple):
    """The sentences of one language."""

    subject: str
    withheld: str
    seconds: str
    minutes: str
    opening: str
    rows: Mapping[str, str]
    no_promise: str
    closing: str
    between: str


WORDS: Final = {
    "en": Words(
        subject="New message in {box} from {caller}, {length}",
        withheld="a withheld number",
        seconds="{s} s",
        minutes="{m} min {s:02} s",
        opening="A caller has left a message.",
        rows={
            "caller": "From",
            "number_dialled": "Number dialled",
            "left": "Left at",
            "length": "Length",
            "box": "Box",
            "queue": "Queue",
            "agent": "Agent",
            "promise": "Answer promised by",
            "link": "Message",
            "audio": "Sound",
        },
        no_promise="no time",
        closing="This mail was written by ccplane. Nobody reads answers to it.",
        between=": ",
    ),
    "zh-CN": Words(
        subject="{box} 有新留言，来自 {caller}，{length}",
        withheld="隐藏号码",
        seconds="{s} 秒",
        minutes="{m} 分 {s:02} 秒",
        opening="有客户留言。",
        rows={
            "caller": "主叫号码",
            "number_dialled": "被叫号码",
            "left": "留言时间",
            "length": "时长",
            "box": "信箱",
            "queue": "队列",
            "agent": "座席",
            "promise": "承诺回复时间",
            "link": "留言",
            "audio": "录音",
        },
        no_promise="未承诺",
        closing="本邮件由 ccplane 发出，请勿回复。",
        between="：",
    ),
}


def told(notice: Notice, language: str, timezone: str, base: str) -> Told:
    """The mail of this notice. `base`: where the API is, as people reach it."""
    words = WORDS.get(language, WORDS["en"])
    zone = ZoneInfo(timezone)
    caller, length = plain(notice.caller) or words.withheld, _length(notice.ms, words)
    says = {
        "caller": caller,
        "number_dialled": plain(notice.number_dialled),
        "left": _moment(notice.left_at, zone),
        "length": length,
        "box": notice.box,
        "queue": notice.queue,
        "agent": notice.agent,
        "promise": words.no_promise if notice.answer_until is None else _moment(notice.answer_until, zone),
        "link": link(notice, base),
        "audio": f"{link(notice, base)}/audio",
    }
    rows = [f"{name}{words.between}{says[key]}" for key, name in words.rows.items() if says[key]]
    text = "\n".join((words.opening, "", *rows, "", "-- ", words.closing, ""))
    return Told(words.subject.format(box=notice.box, caller=caller, length=length), text)


def link(notice: Notice, base: str) -> str:
    """The message in the API."""
    return f"{base.rstrip('/')}/api/v1/messages/{notice.message}"


def plain(text: str) -> str:
    """In one line, without signs that nobody sees: a caller's number is whatever their network says it is."""
    return "".join(sign for sign in text if sign.isprintable())[:60].strip()


def _length(ms: int, words: Words) -> str:
    minutes, seconds = divmod(max(round(ms / 1000), 1), 60)
    return words.minutes.format(m=minutes, s=seconds) if minutes else words.seconds.format(s=seconds)


def _moment(ms: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, zone):%Y-%m-%d %H:%M} ({zone.key})"
