"""How many lines to dial now, so that agents wait little and hardly anybody who answers finds nobody.

Answered, a line needs an agent: one who is free now, or who will be by then. Both sides are uncertain: who answers
(those that ring already, and those to be dialled), and whose talk is over when they do. Of all numbers of lines the
largest is taken of which the expected share of drops, E[(answers − agents)⁺] ÷ E[answers], stays under what the budget
of drops allows. With agents who are free for certain and no line ringing that is the table of Bin(n, p) (KPI.md).

Pure: what is known comes in, the number and why go out. Times in ms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from ccplane.dialer.chances import EXACT_MOST, added, counts_of, moments, shortfall, shortfall_of_many

FEW_AGENTS: Final = 10
"""With fewer, one drop is a large share: one line for each free agent."""
AHEAD: Final = 150.0
"""Answers over which what was dropped too much, or too little, is made good."""
GENEROUS: Final = 1.5
"""So many times the set-point at most, however little of the budget was used,"""
LITTLE: Final = 0.25
"""and so much of it at least, until the limit itself is near: to stop and go wastes agents, and drops no less."""
RESERVE: Final = 3
"""Drops that may still come of lines that ring when it stops."""
GAIN: Final = 0.1
LEAST, MOST = 0.3, 8.0


class Bound(StrEnum):
    """What kept the number from being larger."""

    SHARE = "share"
    """One line more, and too many would be dropped."""
    FEW_AGENTS = "few-agents"
    BUDGET = "budget"
    """It is used up: one line for each free agent, of whom nobody can be dropped."""
    LINES = "lines"
    """As many as may be dialled at once."""
    LEADS = "leads"
    """Nobody else may be called now."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`set_point`: the share of drops that is aimed at; `limit`: the one that is never to be passed, over any of the
    regulator's periods; `lines`: at once, those that ring included."""

    set_point: float = 0.028
    limit: float = 0.03
    lines: int = 1_000
    few_agents: int = FEW_AGENTS


class Spent(msgspec.Struct, frozen=True):
    """Of one of the regulator's periods (24 hours, 30 days): live answers, and how many of them were dropped."""

    answers: float = 0.0
    drops: float = 0.0


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """`free`: agents, now; `soon`: of each busy one, how likely they are free when a line that is dialled now is
    answered; `ringing`: of each line, how likely it is still answered; `chance`: that a new one is; `leads`: who may be
    called now. `caution`: as `Caution` has learned it."""

    free: int
    soon: Sequence[float] = ()
    ringing: Sequence[float] = ()
    chance: float
    leads: int = 1_000_000
    spent: Sequence[Spent] = ()
    caution: float = 1.0


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """`lines` more are to be dialled. The rest is why: the share of drops that was allowed, and what is expected of
    those that ring and these together."""

    lines: int
    bound: Bound
    allowed: float
    answers: float
    drops: float
    free: int
    soon: float
    ringing: int
    chance: float

    @property
    def share(self) -> float:
        """Of drops that is expected."""
        return self.drops / self.answers if self.answers > 0.0 else 0.0


def aim(answers: float, limits: Limits) -> float:
    """The share of drops that is aimed at in a period with so many answers so far: the set-point, and less while a few
    drops more would be past the limit."""
    return max(limits.limit / 2, min(limits.set_point, limits.limit - 2 * RESERVE / max(answers, 1.0)))


class Caution(msgspec.Struct, frozen=True):
    """By how much more is dropped than a decision expects: many follow on one another, and each takes a little risk
    with the same agents. Learned from what comes of them: a drop makes it more, an answer less, in balance at the share
    that is aimed at; never less than LEAST, nor more than MOST."""

    value: float = 1.5

    def seen(self, answers: int, drops: int, share: float) -> Caution:
        """So many live answers more, and how many of them were dropped; `share`: as `aim` says."""
        value = self.value * (1 + GAIN) ** (drops - share * answers)
        return Caution(min(MOST, max(LEAST, value)))


def allowed_share(spent: Sequence[Spent], limits: Limits, caution: float = 1.0) -> float:
    """What share of the next answers a decision may expect to drop, so that each period comes back to what is aimed at;
    0 once the next few drops would pass the limit of one that has had enough answers to tell."""
    allowed = (GENEROUS if spent else 1.0) * limits.set_point
    for each in spent:
        if each.answers >= RESERVE / limits.limit and each.drops + RESERVE > limits.limit * (each.answers + RESERVE):
            return 0.0
        allowed = min(allowed, (aim(each.answers, limits) * (each.answers + AHEAD) - each.drops) / AHEAD)
    return max(LITTLE * limits.set_point, allowed) / caution


def decide(known: Known, limits: Limits = Limits()) -> Decision:  # noqa: B008
    """How many lines more, and why."""
    room = max(0, limits.lines - len(known.ringing))
    most, bound = (room, Bound.LINES) if room <= known.leads else (known.leads, Bound.LEADS)
    allowed = allowed_share(known.spent, limits, known.caution)
    expected = _expected(known)
    if known.free + len(known.soon) < limits.few_agents or allowed <= 0.0:
        few = allowed > 0.0
        lines = max(0, known.free - len(known.ringing))
        if lines < most:
            most, bound = lines, Bound.FEW_AGENTS if few else Bound.BUDGET
        return _decided(known, most, bound, allowed, expected(most))
    lines, drops = _most(expected, known, most, allowed)
    return _decided(known, lines, bound if lines == most else Bound.SHARE, allowed, drops)


def _decided(known: Known, lines: int, bound: Bound, allowed: float, drops: float) -> Decision:
    return Decision(
        lines=lines,
        bound=bound,
        allowed=allowed,
        answers=sum(known.ringing) + lines * known.chance,
        drops=drops,
        free=known.free,
        soon=sum(known.soon),
        ringing=len(known.ringing),
        chance=known.chance,
    )


def _most(expected: Callable[[int], float], known: Known, most: int, allowed: float) -> tuple[int, float]:
    """The largest number within `allowed`, and the drops that go with it. The share rises with the number."""
    rings = sum(known.ringing)

    def fits(lines: int) -> bool:
        return expected(lines) <= allowed * (rings + lines * known.chance) + 1e-12

    if most == 0 or not fits(1):
        return 0, expected(0)
    low, high = 1, 2
    while high <= most and fits(high):
        low, high = high, 2 * high
    high = min(high, most + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low, expected(low)


def _expected(known: Known) -> Callable[[int], float]:
    """The drops that are expected with so many new lines."""
    less_mean, less_variance = moments(known.soon)
    more_mean, more_variance = moments(known.ringing)
    exact: list[list[float]] = []
    less: list[float] = []

    def drops(lines: int) -> float:
        if len(known.soon) + len(known.ringing) + lines > EXACT_MOST:
            p = known.chance
            mean = more_mean + lines * p - known.free - less_mean
            return shortfall_of_many(mean, more_variance + less_variance + lines * p * (1 - p))
        if not exact:
            exact.append(counts_of(known.ringing))
            less.extend(counts_of(known.soon))
        while len(exact) <= lines:
            exact.append(added(exact[-1], known.chance))
        return shortfall(exact[lines], less, known.free)

    return drops
