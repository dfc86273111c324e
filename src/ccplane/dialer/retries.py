"""When a lead is tried again, and at which of its numbers; or that it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from ccplane.dialer.results import Result

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """After one kind of result: `times` more tries of that number, `after_ms` apart. `other_number`: the lead's next
    one comes first; `other_hour`: not at an hour of the customer's day at which it was tried."""

    times: int
    after_ms: int
    other_number: bool = False
    other_hour: bool = False


USUAL: Final[Mapping[Result, Retry]] = {
    Result.BUSY: Retry(times=3, after_ms=10 * MINUTE_MS),
    Result.NO_ANSWER: Retry(times=3, after_ms=4 * HOUR_MS, other_number=True, other_hour=True),
    Result.UNAVAILABLE: Retry(times=2, after_ms=8 * HOUR_MS, other_number=True, other_hour=True),
    Result.REJECTED: Retry(times=1, after_ms=DAY_MS),
    Result.CONGESTION: Retry(times=20, after_ms=5 * MINUTE_MS),
    Result.NETWORK: Retry(times=20, after_ms=5 * MINUTE_MS),
}
"""Of a campaign that says nothing else. INVALID is never tried again; of an answer its disposition decides."""


class Tried(msgspec.Struct, frozen=True):
    """One line, over. `at`: when it was dialled, ms UTC; `number`: which of the lead's, from 0 on."""

    number: int
    at: int
    result: Result


class Over(StrEnum):
    """Why a lead is not tried again."""

    ANSWERED = "answered"
    NO_NUMBER_LEFT = "no-number-left"
    TIMES_USED = "times-used"


class Again(msgspec.Struct, frozen=True):
    """This number, not before `at` (ms UTC). Gates may make it later."""

    number: int
    at: int


def next_try(
    tried: Sequence[Tried],
    numbers: int,
    rules: Mapping[Result, Retry] = USUAL,
    *,
    offset_ms: int = 0,
    follow_up: Again | None = None,
) -> Again | Over:
    """What follows on the tries so far, in order; `numbers`: how many the lead has. `offset_ms`: of the customer's
    clock. `follow_up`: what was agreed with them, which goes before all rules."""
    if follow_up is not None:
        return follow_up
    if not tried:
        return Again(0, 0) if numbers else Over.NO_NUMBER_LEFT
    last = tried[-1]
    if last.result is Result.ANSWERED:
        return Over.ANSWERED
    gone = {each.number for each in tried if each.result is Result.INVALID}
    left = [number for number in range(numbers) if number not in gone]
    if not left:
        return Over.NO_NUMBER_LEFT
    rule = rules.get(last.result)
    if last.number in gone or (rule is not None and rule.other_number):
        left = [*(each for each in left if each > last.number), *(each for each in left if each <= last.number)]
        for number in left:
            if number != last.number and not any(each.number == number for each in tried):
                return Again(number, last.at)
    else:
        left = [last.number, *(each for each in left if each != last.number)]
    for number in left:
        at = _when(tried, number, rules, offset_ms)
        if at is not None:
            return Again(number, max(at, last.at))
    return Over.TIMES_USED


def _when(tried: Sequence[Tried], number: int, rules: Mapping[Result, Retry], offset_ms: int) -> int | None:
    """When this number may be tried again by the rule of what came of it last; None: no more."""
    own = [each for each in tried if each.number == number]
    if not own:
        return 0
    last = own[-1]
    rule = rules.get(last.result)
    if rule is None or sum(each.result is last.result for each in own) > rule.times:
        return None
    at = last.at + rule.after_ms
    if rule.other_hour and _hour(at, offset_ms) in {_hour(each.at, offset_ms) for each in own}:
        at += HOUR_MS
    return at


def _hour(at: int, offset_ms: int) -> int:
    return (at + offset_ms) // HOUR_MS % 24
