"""English, word by word: what `saying` puts together for callers who are spoken to in it."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Final

from ccplane.site.words import MONTHS, ONES, ORDINALS, TENS, UNITS

SCALE: Final = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
CURRENCIES: Final = {
    "CNY": (("yuan", "yuan"), ("fen", "fen")),
    "USD": (("dollar", "dollars"), ("cent", "cents")),
    "EUR": (("euro", "euros"), ("cent", "cents")),
    "GBP": (("pound", "pounds"), ("penny", "pence")),
    "HKD": (("Hong Kong dollar", "Hong Kong dollars"), ("cent", "cents")),
    "JPY": (("yen", "yen"), None),
}
KEYS: Final = {"*": "star", "#": "hash", "+": "plus"}


def cardinal(number: int) -> list[str]:
    """1204: one thousand two hundred and four. Below 10^12, and not below 0."""
    for size, name in SCALE:
        if number >= size:
            high, low = divmod(number, size)
            return [*cardinal(high), name, *_rest(low)]
    if number >= 100:
        return [ONES[number // 100], UNITS[0], *_rest(number % 100)]
    if number >= 20:
        return [TENS[number // 10], *(cardinal(number % 10) if number % 10 else ())]
    return [ONES[number]]


def _rest(low: int) -> list[str]:
    return [*(("and",) if 0 < low < 100 else ()), *(cardinal(low) if low else ())]


def number(value: Decimal) -> list[str]:
    whole, _, behind = f"{abs(value):f}".partition(".")
    said = [*(("minus",) if value < 0 else ()), *cardinal(int(whole))]
    return [*said, "point", *digits(behind)] if behind else said


def money(value: Decimal, currency: str) -> list[str]:
    """12.50 USD: twelve dollars and fifty cents."""
    major, minor = CURRENCIES[currency]
    cents = round(abs(value) * 100)
    said = []
    if cents >= 100 or not cents or minor is None:
        said.append(_many(cents // 100, major))
    if minor is not None and cents % 100:
        said.append(_many(cents % 100, minor))
    joined = [*said[0], "and", *said[1]] if len(said) == 2 else said[0]
    return ["minus", *joined] if value < 0 else joined


def _many(count: int, unit: tuple[str, str]) -> list[str]:
    return [*cardinal(count), unit[count != 1]]


def day(value: date) -> list[str]:
    """November twenty-third twenty twenty-six."""
    return [MONTHS[value.month - 1], ORDINALS[value.day - 1], *year(value.year)]


def year(number: int) -> list[str]:
    """As years are read: nineteen oh five, two thousand and eight, twenty twenty-six."""
    century, rest = divmod(number, 100)
    if number < 1000 or (century % 10 == 0 and rest < 10):
        return cardinal(number)
    if rest == 0:
        return [*cardinal(century), "hundred"]
    return [*cardinal(century), *(("oh",) if rest < 10 else ()), *cardinal(rest)]


def clock(value: time) -> list[str]:
    """Three oh five p m; noon and midnight by their names, since twelve p m is both."""
    if value.minute == 0 and value.hour in (0, 12):
        return ["noon" if value.hour else "midnight"]
    half = "a m" if value.hour < 12 else "p m"
    minute = [*(("oh",) if 0 < value.minute < 10 else ()), *(cardinal(value.minute) if value.minute else ())]
    return [*cardinal(value.hour % 12 or 12), *minute, half]


def digits(keys: str) -> list[str]:
    return [ONES[int(key)] if key.isdecimal() else KEYS.get(key, key) for key in keys]
