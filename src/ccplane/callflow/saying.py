"""What is not a text of the site but a value: which words say it, in which order, in each language. Pure.

Each word is a sound file (site/words.py), so that a key stops all of it; Asterisk's own `number:` can't be stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from types import ModuleType
from typing import Final, assert_never

from ccplane.callflow import chinese, english
from ccplane.contacts.verbs import KEYS
from ccplane.errors import ProgramError

TONGUES: Final[dict[str, ModuleType]] = {"en": english, "zh-CN": chinese}
BELOW: Final = 10**12
PLACES_MOST: Final = 10
DIGITS_LONGEST: Final = 64
BETWEEN: Final = " -().\t"
"""Written among digits for the eye, and not said."""


@dataclass(frozen=True)
class Number:
    """A number as one counts: `Number(1204)`, `Number("-3.5")`. Below 10^12 either way, 10 decimals at most."""

    value: int | str | Decimal


@dataclass(frozen=True)
class Money:
    """An amount: `Money("12.50", "CNY")`. Currencies: CNY, USD, EUR, GBP, HKD, JPY, in their own decimals."""

    amount: int | str | Decimal
    currency: str = "CNY"


@dataclass(frozen=True)
class Date:
    """A day: `Date("2026-11-23")`, `Date(call.arrived)`."""

    day: date | str


@dataclass(frozen=True)
class Time:
    """A time of day, to the minute: `Time("15:05")`, `Time(call.arrived)`."""

    time: time | datetime | str


@dataclass(frozen=True)
class Digits:
    """Digits and other keys one by one, as a telephone number is read: `Digits("1385550")`. Blanks and hyphens are not
    said."""

    keys: str


@dataclass(frozen=True)
class Text:
    """A text that no file of the site has: `Text("Your flight is at gate 12.")`, in the caller's language if none is
    given. It becomes a sound when it is to be heard, which takes a moment the first time."""

    text: str
    language: str = ""


Value = Number | Money | Date | Time | Digits


def words(value: Value, language: str) -> tuple[str, ...]:
    """The words that say it; ProgramError ("cannot-be-said") if it is none that can be."""
    tongue = TONGUES[language]
    match value:
        case Number():
            return tuple(tongue.number(_decimal(value, value.value, PLACES_MOST)))
        case Money():
            if value.currency not in english.CURRENCIES:
                raise _unsayable(value, f"currencies are {', '.join(english.CURRENCIES)}")
            places = 0 if english.CURRENCIES[value.currency][1] is None else 2
            return tuple(tongue.money(_decimal(value, value.amount, places), value.currency))
        case Date():
            return tuple(tongue.day(_day(value)))
        case Time():
            return tuple(tongue.clock(_time(value)))
        case Digits():
            return tuple(tongue.digits(_keys(value)))
        case _:
            assert_never(value)


def _decimal(value: Value, given: object, places: int) -> Decimal:
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        raise _unsayable(value, "that is no number") from None
    if not number.is_finite() or abs(number) >= BELOW:
        raise _unsayable(value, "numbers are said below 10^12")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places:
        raise _unsayable(value, f"{places} decimals at most")
    return number


def _day(value: Date) -> date:
    if isinstance(value.day, date):
        return value.day
    try:
        return date.fromisoformat(value.day)
    except (TypeError, ValueError):
        raise _unsayable(value, "a day is written 2026-11-23") from None


def _time(value: Time) -> time:
    if isinstance(value.time, datetime):
        return value.time.time()
    if isinstance(value.time, time):
        return value.time
    try:
        return time.fromisoformat(value.time)
    except (TypeError, ValueError):
        raise _unsayable(value, "a time is written 15:05") from None


def _keys(value: Digits) -> str:
    keys = "".join(each for each in str(value.keys) if each not in BETWEEN)
    if not keys or len(keys) > DIGITS_LONGEST or not set(keys) <= {*KEYS, "+"}:
        raise _unsayable(value, f"1 to {DIGITS_LONGEST} of {KEYS}+")
    return keys


def _unsayable(value: Value, why: str) -> ProgramError:
    return ProgramError("cannot-be-said", f"{value!r} cannot be said: {why}")
