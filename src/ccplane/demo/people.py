"""Who calls and who answers, and how they behave: tables of weights. One more behaviour is one more line.

Pure: chance is an argument, so that a seed tells the whole story. Times are seconds as people feel them: a day is
pressed into minutes, a talk is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from math import exp, log
from random import Random
from typing import Final, NamedTuple, Protocol, TypeVar


class Span(NamedTuple):
    """A time that differs from one to the next: half of them are shorter than `median`, none leaves the two bounds."""

    least: float
    median: float
    most: float
    spread: float = 0.6

    def draw(self, random: Random) -> float:
        """Log-normal, as people's times are."""
        return min(max(exp(random.gauss(log(self.median), self.spread)), self.least), self.most)


class Weighed(Protocol):
    @property
    def weight(self) -> float: ...


Kind = TypeVar("Kind", bound=Weighed)


def one_of(kinds: Sequence[Kind], random: Random) -> Kind:
    """One of them, by their weights."""
    return random.choices(kinds, [kind.weight for kind in kinds])[0]


# ── callers ──

THINKS: Final = Span(1.5, 4.0, 9.0, 0.4)
PATIENCE: Final = Span(4.0, 45.0, 300.0, 0.9)
TALKS: Final = Span(5.0, 22.0, 120.0)
LONG_TALKS: Final = Span(8.0, 30.0, 180.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerKind:
    """What a kind of caller does. `weight`: how many of them there are, against the others.

    `presses`: keys, one after the other, each after `thinks`. `leaves_after`: hangs up so long after the last key,
    whoever is on the line then (None: waits for a person, and talks).
    """

    name: str
    weight: float
    dials: str
    presses: str = ""
    thinks: Span = THINKS
    patience: Span = PATIENCE
    talks: Span = TALKS
    leaves_after: Span | None = None


CALLERS: Final = (
    CallerKind(name="sales, by the menu", weight=20, dials="4001", presses="1"),
    CallerKind(name="support, by the menu", weight=25, dials="4001", presses="2", talks=LONG_TALKS),
    CallerKind(name="anyone, by the menu", weight=6, dials="4001", presses="0"),
    CallerKind(name="presses nothing", weight=4, dials="4001"),
    CallerKind(name="presses a wrong key first", weight=4, dials="4001", presses="52"),
    CallerKind(name="leaves in the menu", weight=3, dials="4001", leaves_after=Span(1, 4, 9)),
    CallerKind(name="support line", weight=20, dials="4002", talks=LONG_TALKS),
    CallerKind(name="sales line", weight=14, dials="4003"),
    CallerKind(name="in a hurry", weight=4, dials="4003", patience=Span(1, 6, 15)),
)

SURNAMES: Final = ("Berg", "Costa", "Dubois", "Eriksen", "Fischer", "Novak", "Okafor", "Rossi", "王", "李", "张", "陈")
GIVEN_NAMES: Final = ("Ana", "Ben", "Chiara", "David", "Eva", "Farid", "Grace", "Hugo")
CUSTOMERS: Final = 400
"""So many people call, in turns: who calls again is known by the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One call that will be made: all of its caller's choices, drawn beforehand. Times in seconds."""

    kind: CallerKind
    number: str
    name: str
    keys: tuple[tuple[float, str], ...]
    patience: float
    talk: float
    leaves_after: float | None
    voice: int


def callers(random: Random) -> Iterator[Caller]:
    """Callers without end."""
    for number, name in cycle([_customer(n, random) for n in range(CUSTOMERS)]):
        kind = one_of(CALLERS, random)
        yield Caller(
            kind=kind,
            number=number,
            name=name,
            keys=tuple((kind.thinks.draw(random), key) for key in kind.presses),
            patience=kind.patience.draw(random),
            talk=kind.talks.draw(random),
            leaves_after=kind.leaves_after.draw(random) if kind.leaves_after else None,
            voice=random.randrange(1000),
        )


def _customer(n: int, random: Random) -> tuple[str, str]:
    number = f"1{random.choice('3589')}{random.randrange(10**6):06d}{n:03d}"
    return number, f"{random.choice(GIVEN_NAMES)} {random.choice(SURNAMES)}"


def mean_talk() -> float:
    """Seconds of an agent's time that a caller takes, about: what the load is reckoned with."""
    served = [kind for kind in CALLERS if kind.leaves_after is None]
    talks = sum(kind.weight * kind.talks.median * exp(kind.talks.spread**2 / 2) for kind in served)
    return talks / sum(kind.weight for kind in CALLERS)


# ── agents ──

AT_ONCE: Final = Span(0.8, 2.5, 10.0, 0.5)
NO_TIME: Final = Span(0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What an agent does when the phone rings. `after`: seconds; `rejects`: with this SIP code, else answers."""

    name: str
    weight: float
    after: Span = AT_ONCE
    rejects: int | None = None
    hears: bool = True


REACTIONS: Final = (
    Reaction(name="answers", weight=92),
    Reaction(name="is slow", weight=4, after=Span(6.0, 9.0, 14.0)),
    Reaction(name="rejects", weight=2, rejects=486),
    Reaction(name="does not hear it", weight=2, hears=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """What may follow a talk. `reason`: what the pause says; "" is none: ready for the next."""

    reason: str
    weight: float
    lasts: Span = NO_TIME


BREAKS: Final = (
    Break(reason="", weight=85),
    Break(reason="notes", weight=10, lasts=Span(4.0, 10.0, 30.0)),
    Break(reason="coffee", weight=4, lasts=Span(15.0, 40.0, 90.0)),
    Break(reason="team meeting", weight=1, lasts=Span(40.0, 60.0, 90.0)),
)

HANGS_UP_FIRST: Final = 0.3
"""How often it is the agent who ends the talk."""


class Shift(NamedTuple):
    """Hours of the day: from, until, and when lunch begins."""

    begins: float
    ends: float
    lunch: float


SHIFTS: Final = (Shift(8, 17, 11.75), Shift(8, 17, 12.5), Shift(10, 20, 14), Shift(8, 17, 12.25), Shift(10.5, 20, 13))
"""In turns, agent by agent."""

LUNCH: Final = 0.5
"""Hours."""


class Intent(NamedTuple):
    """What an agent wants to be: the API's `state` and `reason`."""

    state: str
    reason: str = ""


def by_the_clock(shift: Shift, hour: float) -> Intent:
    """What the shift says, whatever the calls do."""
    if not shift.begins <= hour < shift.ends:
        return Intent("offline")
    if shift.lunch <= hour < shift.lunch + LUNCH:
        return Intent("paused", "lunch")
    return Intent("ready")
