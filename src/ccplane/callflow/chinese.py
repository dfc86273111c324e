"""Chinese (zh-CN), word by word: what `saying` puts together for callers who are spoken to in it.

A two is 两 where something is counted with it (两元, 两点, 两千 at the head of a number), else 二. A one is 幺 among
digits, as it is on every telephone.
"""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Final

from ccplane.site.words import DIGITS_ZH

UNITS: Final = ((1000, "千"), (100, "百"), (10, "十"))
TWO: Final = "二"
CURRENCIES: Final = {
    "CNY": ("元", "角", "分"),
    "HKD": ("港元", "角", "分"),
    "USD": ("美元", "", "美分"),
    "EUR": ("欧元", "", "欧分"),
    "GBP": ("英镑", "", "便士"),
    "JPY": ("日元", "", ""),
}
"""The whole, its tenth if that has a name in speech, its hundredth."""
KEYS: Final = {"1": "幺", "*": "星号", "#": "井号", "+": "加"}
PARTS_OF_DAY: Final = ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))


def cardinal(number: int) -> list[str]:
    """1204: 一千二百零四. 12 is 十二, 112 is 一百一十二. Below 10^12, and not below 0."""
    said = _whole(number)
    if said[:2] == ["一", "十"]:
        return said[1:]
    if said[0] == TWO and len(said) > 1 and said[1] in "百千万亿":
        return ["两", *said[1:]]
    return said


def _whole(number: int) -> list[str]:
    if number < 10:
        return [DIGITS_ZH[number]]
    for size, name in ((10**8, "亿"), (10**4, "万"), *UNITS):
        if number >= size:
            high, low = divmod(number, size)
            gap = ["零"] if 0 < low < size // 10 else []
            return [*_whole(high), name, *gap, *(_whole(low) if low else ())]
    raise AssertionError(number)


def count(number: int) -> list[str]:
    """As things are counted: two of them are 两."""
    return ["两"] if number == 2 else cardinal(number)


def number(value: Decimal) -> list[str]:
    whole, _, behind = f"{abs(value):f}".partition(".")
    said = [*(("负",) if value < 0 else ()), *cardinal(int(whole))]
    return [*said, "点", *(DIGITS_ZH[int(each)] for each in behind)] if behind else said


def money(value: Decimal, currency: str) -> list[str]:
    """12.50 CNY: 十二元五角; 12.05: 十二元零五分."""
    unit, tenth, hundredth = CURRENCIES[currency]
    whole, cents = divmod(round(abs(value) * 100), 100)
    said = ["负"] if value < 0 else []
    if whole or not cents:
        said += [*count(whole), unit]
    if tenth:
        if cents >= 10:
            said += [*count(cents // 10), tenth]
        elif cents and whole:
            said.append("零")
        cents %= 10
    return [*said, *count(cents), hundredth] if cents else said


def day(value: date) -> list[str]:
    """二零二六年十一月二十三日."""
    year = (DIGITS_ZH[int(each)] for each in str(value.year))
    return [*year, "年", *cardinal(value.month), "月", *cardinal(value.day), "日"]


def clock(value: time) -> list[str]:
    """下午三点零五分."""
    part = next(name for until, name in PARTS_OF_DAY if value.hour < until)
    hour = value.hour if value.hour <= 12 else value.hour - 12
    if not value.minute:
        return [part, *count(hour), "点", "整"]
    return [part, *count(hour), "点", *(("零",) if value.minute < 10 else ()), *cardinal(value.minute), "分"]


def digits(keys: str) -> list[str]:
    return [KEYS.get(key) or (DIGITS_ZH[int(key)] if key.isdecimal() else key) for key in keys]
