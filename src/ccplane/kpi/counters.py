"""What is counted for a queue, and what for the site. Counters only: rates are made from them, when they are shown."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final

import msgspec
from immutables import Map

from ccplane.contacts import facts as c
from ccplane.contacts.facts import MissCause, QueueOutcome, Withdrawal
from ccplane.contacts.facts import callbacks as cb
from ccplane.contacts.facts.callbacks import AnyCallbackFact, CallbackOutcome
from ccplane.contacts.surveys import Kind
from ccplane.facts import RepairMade
from ccplane.kpi.definitions import DETRACTOR, PROMOTER, RINGS, SHORT_MS, TOP_BOX
from ccplane.laws import Fact

SPREAD_BOUNDS_MS: Final = tuple(
    1_000 * seconds for seconds in (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1_200, 3_600)
)


class Spread(msgspec.Struct, frozen=True):
    """How long waits were, or how far estimates of them were off: how often up to each of SPREAD_BOUNDS_MS (and above
    the one before), and above all."""

    counts: tuple[int, ...] = (0,) * (len(SPREAD_BOUNDS_MS) + 1)
    sum_ms: int = 0

    def and_also(self, ms: int) -> Spread:
        at = bisect_left(SPREAD_BOUNDS_MS, ms)
        return Spread((*self.counts[:at], self.counts[at] + 1, *self.counts[at + 1 :]), self.sum_ms + ms)

    @property
    def total(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float) -> int | None:
        """What this share of them keeps, in ms: exact at the bounds, between two of them as if spread evenly; None
        without any. Beyond the last bound it is that bound."""
        wanted, below = share * self.total, 0
        if not self.total:
            return None
        for count, low, high in zip(self.counts, (0, *SPREAD_BOUNDS_MS), SPREAD_BOUNDS_MS, strict=False):
            if count and below + count >= wanted:
                return round(low + (high - low) * (wanted - below) / count)
            below += count
        return SPREAD_BOUNDS_MS[-1]


NOTHING_YET: Final = Spread()


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """A queue's counters over some time. Their meaning is in `definitions`, under the same names."""

    entered: int = 0
    answered: int = 0
    answered_within: int = 0
    abandoned: int = 0
    abandoned_short: int = 0
    abandoned_within: int = 0
    no_agents: int = 0
    timed_out: int = 0
    overflowed: int = 0
    closed: int = 0
    moved: int = 0
    left_by_key: int = 0
    callback: int = 0
    lost: int = 0
    answered_wait_ms: int = 0
    answered_contact_wait_ms: int = 0
    rang: int = 0
    rang_in_time: int = 0
    auto_answered: int = 0
    handled: int = 0
    talk_ms: int = 0
    wrap_up_ms: int = 0
    callbacks: int = 0
    callbacks_tried: int = 0
    callbacks_reached: int = 0
    callbacks_served: int = 0
    callbacks_expired: int = 0
    callbacks_cancelled: int = 0
    callbacks_given_up: int = 0
    callbacks_wait_ms: int = 0
    surveys_asked: int = 0
    surveys_rated: int = 0
    satisfaction_rated: int = 0
    satisfaction_top: int = 0
    nps_rated: int = 0
    nps_promoters: int = 0
    nps_detractors: int = 0
    missed_no_answer: int = 0
    missed_rejected: int = 0
    missed_busy: int = 0
    missed_unreachable: int = 0
    answered_ring_ms: int = 0
    answered_delayed: int = 0
    delayed_wait_ms: int = 0
    abandoned_wait_ms: int = 0

    def and_also(self, more: dict[str, int]) -> Counters:
        """These, and one more of each that is named, or as many as it says."""
        return msgspec.structs.replace(self, **{name: getattr(self, name) + count for name, count in more.items()})

    @property
    def ended(self) -> int:
        """Stays that are over, however. `entered` is this and those who still wait: nothing is lost from sight."""
        given_away = self.overflowed + self.closed + self.moved + self.left_by_key + self.callback
        return self.answered + self.abandoned + self.no_agents + self.timed_out + given_away + self.lost


NOTHING: Final = Counters()


def for_answered(
    waited_ms: int, within_ms: int, contact_waited_ms: int | None = None, delayed: bool = False
) -> dict[str, int]:
    """What one answered stay adds. `contact_waited_ms`: the whole wait, of who came from another queue. `delayed`: they
    were offered to nobody the moment they came."""
    later = {"answered_delayed": 1, "delayed_wait_ms": waited_ms} if delayed else {}
    return later | {
        "answered": 1,
        "answered_within": int(waited_ms <= within_ms),
        "answered_wait_ms": waited_ms,
        "answered_contact_wait_ms": waited_ms if contact_waited_ms is None else contact_waited_ms,
    }


def for_ended(outcome: QueueOutcome, waited_ms: int, within_ms: int) -> dict[str, int]:
    """What one stay adds that ended with `outcome`."""
    match outcome:
        case QueueOutcome.ANSWERED:
            return for_answered(waited_ms, within_ms, delayed=True)
        case QueueOutcome.ABANDONED:
            short, within = int(waited_ms <= SHORT_MS), int(waited_ms <= within_ms)
            return {
                "abandoned": 1,
                "abandoned_short": short,
                "abandoned_within": within,
                "abandoned_wait_ms": waited_ms,
            }
        case (
            QueueOutcome.NO_AGENTS
            | QueueOutcome.TIMED_OUT
            | QueueOutcome.OVERFLOWED
            | QueueOutcome.CLOSED
            | QueueOutcome.MOVED
            | QueueOutcome.LEFT_BY_KEY
            | QueueOutcome.CALLBACK
            | QueueOutcome.LOST
        ):
            return {outcome.value.replace("-", "_"): 1}


def for_talk(talk_ms: int) -> dict[str, int]:
    """What one talk that is over adds."""
    return {"handled": int(talk_ms > 0), "talk_ms": talk_ms}


def for_callback(fact: AnyCallbackFact) -> dict[str, int]:
    """What a fact adds to its queue's callbacks."""
    match fact:
        case cb.CallbackPromised():
            return {"callbacks": 1}
        case cb.CallbackDialled():
            return {"callbacks_tried": 1}
        case cb.CallbackReached():
            return {"callbacks_reached": 1, "callbacks_wait_ms": fact.waited_ms}
        case cb.CallbackEnded():
            return {ENDS[fact.outcome]: 1} if fact.outcome in ENDS else {}
        case _:
            return {}


def for_answer(fact: c.SurveyAnswered) -> dict[str, int]:
    """What one answer to a survey adds; the first of a caller makes the survey a rated one."""
    rated = {"surveys_rated": int(fact.nth == 1)}
    match fact.kind:
        case Kind.SATISFACTION:
            return rated | {"satisfaction_rated": 1, "satisfaction_top": int(fact.value >= TOP_BOX)}
        case Kind.NPS:
            promoter, detractor = int(fact.value >= PROMOTER), int(fact.value <= DETRACTOR)
            return rated | {"nps_rated": 1, "nps_promoters": promoter, "nps_detractors": detractor}
        case Kind.YES_NO:
            return rated


ENDS: Final = {
    CallbackOutcome.DONE: "callbacks_served",
    CallbackOutcome.EXPIRED: "callbacks_expired",
    CallbackOutcome.CANCELLED: "callbacks_cancelled",
    CallbackOutcome.TRIES_USED: "callbacks_given_up",
    CallbackOutcome.BARRED: "callbacks_given_up",
}

MISSES: Final = {
    MissCause.NO_ANSWER: "missed_no_answer",
    MissCause.REJECTED: "missed_rejected",
    MissCause.BUSY: "missed_busy",
    MissCause.UNREACHABLE: "missed_unreachable",
}
OfferOver = c.OfferAnswered | c.OfferMissed | c.OfferWithdrawn


def for_offer(fact: OfferOver, cycle_ms: int, auto_answer: bool = False) -> dict[str, int]:
    """What one offer that is over adds to "within three rings" and to the misses; one that nobody has to pick up is
    counted apart."""
    if auto_answer:
        return {"auto_answered": int(isinstance(fact, c.OfferAnswered))}
    in_time = fact.ring_ms < RINGS * cycle_ms
    match fact:
        case c.OfferAnswered():
            return {"rang": 1, "rang_in_time": int(in_time), "answered_ring_ms": fact.ring_ms}
        case c.OfferMissed():
            # A phone that sent no 180 and then rang out rang from the INVITE on; one that was busy never rang.
            rang = {"rang": int(fact.rang or fact.cause is MissCause.NO_ANSWER)}
            return rang | ({MISSES[fact.cause]: 1} if fact.cause in MISSES else {})
        case c.OfferWithdrawn():
            # After a gap nobody knows how long it rang.
            return {"rang": int(not in_time and fact.reason is not Withdrawal.SWITCH_LOST)}


RING_BOUNDS_MS: Final = (5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)


class Delays(msgspec.Struct, frozen=True):
    """How long something took: how often up to each of RING_BOUNDS_MS (and above the one before), and above all."""

    counts: tuple[int, ...] = (0,) * (len(RING_BOUNDS_MS) + 1)
    sum_ms: int = 0

    def and_also(self, ms: int) -> Delays:
        at = bisect_left(RING_BOUNDS_MS, ms)
        return Delays((*self.counts[:at], self.counts[at] + 1, *self.counts[at + 1 :]), self.sum_ms + ms)


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The site's counters since the fold began; they only ever rise."""

    facts: Map[str, int] = Map()
    """By the fact's type."""
    offers: Map[str, int] = Map()
    """By what came of them: answered, missed-busy, withdrawn-caller-gone, failed-agent-gone …"""
    repairs: Map[str, int] = Map()
    """By what the reconciler found."""
    contacts: Map[str, int] = Map()
    """Ended, by whom."""
    blocked: int = 0
    """Arrived, and were not taken: customers who are blocked."""
    self_served: int = 0
    """Ended, served by a program and never in a queue."""


def counted(totals: Totals, fact: Fact) -> Totals:
    """The totals with this fact."""
    if isinstance(fact, c.ContactEnded) and fact.self_served:
        totals = msgspec.structs.replace(totals, self_served=totals.self_served + 1)
    if isinstance(fact, c.ContactArrived) and fact.customer and fact.customer.blocked:
        totals = msgspec.structs.replace(totals, blocked=totals.blocked + 1)
    kind = type(fact).__name__
    facts = _one_more(totals.facts, kind)
    detail = DETAILS.get(type(fact))
    if detail is None:
        return msgspec.structs.replace(totals, facts=facts)
    field, key = detail[0], detail[1](fact)
    return msgspec.structs.replace(totals, facts=facts, **{field: _one_more(getattr(totals, field), key)})


DETAILS: Final[dict[type[Fact], tuple[str, Callable[[Any], str]]]] = {
    c.OfferAnswered: ("offers", lambda _: "answered"),
    c.OfferMissed: ("offers", lambda fact: f"missed-{fact.cause.value}"),
    c.OfferWithdrawn: ("offers", lambda fact: f"withdrawn-{fact.reason.value}"),
    c.ConnectFailed: ("offers", lambda fact: f"failed-{fact.cause.value}"),
    RepairMade: ("repairs", lambda fact: fact.what),
    c.ContactEnded: ("contacts", lambda fact: fact.by.value),
}


def _one_more(counts: Map[str, int], key: str) -> Map[str, int]:
    return counts.set(key, counts.get(key, 0) + 1)
