"""The figures of the running day, of shifts and of the last hour, by site, queue, skill, number, team and agent.

What counts where is said in `slices`, and is the same here. A stay counts in the minute in which it was entered,
however late it ends; minutes are kept for as long as the longest window, the sums of the day and of shifts beside them.

Other than the board this is written on and on: rows of lanes in dictionaries are what makes it fast. There is one
writer, the fold; `copy` gives whoever reads later, or on another thread, all of it as it is now, and costs little.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ccplane.agents.facts import WrapUpDone
from ccplane.contacts import facts as c
from ccplane.contacts.facts import EndedBy
from ccplane.contacts.facts import callbacks as cb
from ccplane.contacts.facts.callbacks import AnyCallbackFact
from ccplane.ids import AgentId, CallbackId, ContactId, OfferId, QueueName
from ccplane.kpi.agent_times import AgentTimes
from ccplane.kpi.brought import OTHERS, Came
from ccplane.kpi.counters import OfferOver, for_answer, for_answered, for_callback, for_ended, for_offer, for_talk
from ccplane.kpi.lanes import BITS, BROUGHT, COUNTERS
from ccplane.kpi.rows import Rows, put
from ccplane.kpi.slices import By
from ccplane.kpi.spans import KEPT_MS, MINUTE_MS, minute_of, shift_at
from ccplane.laws import Fact
from ccplane.routing.rules import RulesLoaded

WITHIN_MS: Final = 20_000
NUMBERS_MOST: Final = 500
"""Numbers that are counted apart in a day: somebody may dial every number there is."""
SITE: Final = "site "
Keys = tuple[str, ...]


def key(by: By, name: str) -> str:
    """Of a row of counters."""
    return f"{by.value} {name}"


class Stay(msgspec.Struct, frozen=True, array_like=True):
    """A stay in a queue, or what else belongs to one: when it was entered, which queue, and what it counts for."""

    at: int
    queue: QueueName
    keys: Keys
    at_once: bool = False
    """They were offered to an agent the moment they came."""


class Offered(msgspec.Struct, frozen=True, array_like=True):
    """An offer that is not over."""

    stay: Stay
    keys: Keys
    """The stay's, and those of the agent to whom it was made."""
    auto_answer: bool


class Served(msgspec.Struct, frozen=True, array_like=True):
    """A talk, or the work after it, that is not over. `over_at`: when it was told that the talk is."""

    stay: Stay
    over_at: int | None = None


class Known(msgspec.Struct, frozen=True, array_like=True):
    """A contact that is not over: the key of the number that it dialled, and those of whom it talked with last."""

    number: str | None
    talked: Keys = ()
    carried: bool = False
    """It went to the fallback: what became of it there may still be told."""


class Span:
    """What was counted in [began_at, ends_at). `since`: from when on it was."""

    __slots__ = ("began_at", "ends_at", "rows", "since")

    def __init__(self, began_at: int, ends_at: int, rows: Rows, since: int) -> None:
        self.began_at, self.ends_at, self.rows, self.since = began_at, ends_at, rows, since

    def copy(self) -> Span:
        return Span(self.began_at, self.ends_at, self.rows, self.since)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Span):
            return NotImplemented
        return (self.began_at, self.ends_at, self.rows) == (other.began_at, other.ends_at, other.rows)

    __hash__ = None  # type: ignore[assignment]


class Live:
    """Fold with `fold` and `brought`."""

    def __init__(self) -> None:
        self._mark = object()
        self.since: int | None = None
        """From when on it has counted; None: nothing yet."""
        self.minutes: dict[int, Rows] = {}
        self.today = Span(0, 0, Rows(self._mark), 0)
        self.yesterday = Span(0, 0, Rows(self._mark), 0)
        self.shifts: dict[str, Span] = {}
        self.hours: dict[str, tuple[int, int]] = {}
        self.timezone = "UTC"
        self.ring_cycle_ms = 5_000
        self.within_ms: dict[QueueName, int] = {}
        self.asked: dict[QueueName, Keys] = {}
        """What a stay in a queue counts for, whoever called."""
        self.numbers: dict[str, str] = {}
        """The keys of numbers that are counted apart today."""
        self.contacts: dict[ContactId, Known] = {}
        self.stays: dict[ContactId, Stay] = {}
        self.offers: dict[OfferId, Offered] = {}
        self.served: dict[AgentId, Served] = {}
        self.callbacks: dict[CallbackId, Stay] = {}
        self.times = AgentTimes()
        self._minute = 0
        self._named: dict[By, tuple[object, list[str]]] = {}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Live):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in (*PLAIN, *SPANS, "minutes", "times"))

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> Live:
        """All of it as it is now, whatever is folded later."""
        copy = Live()
        for name in PLAIN:
            value = getattr(self, name)
            setattr(copy, name, value.copy() if isinstance(value, dict) else value)
        copy.minutes = self.minutes.copy()
        copy.today, copy.yesterday = self.today.copy(), self.yesterday.copy()
        copy.shifts = {name: span.copy() for name, span in self.shifts.items()}
        copy.times = self.times.copy()
        copy._minute = self._minute
        self._mark = object()  # what was its own is the copy's too
        return copy

    def to_bytes(self) -> bytes:
        """For a checkpoint."""
        plain = {name: getattr(self, name) for name in PLAIN}
        plain["minutes"] = {at: rows.to_bytes() for at, rows in self.minutes.items()}
        plain["today"], plain["yesterday"] = _plain(self.today), _plain(self.yesterday)
        plain["shifts"] = {name: _plain(span) for name, span in self.shifts.items()}
        return msgspec.msgpack.encode({**plain, "times": self.times.plain()})

    @staticmethod
    def from_bytes(data: bytes) -> Live:
        """It again; msgspec.ValidationError if this is none."""
        live = Live()
        try:
            plain = msgspec.msgpack.decode(data, strict=False)
            for name, kind in PLAIN.items():
                setattr(live, name, msgspec.convert(plain[name], kind))
            live.minutes = {at: Rows.from_bytes(each, live._mark) for at, each in plain["minutes"].items()}
            live.today, live.yesterday = live._span(plain["today"]), live._span(plain["yesterday"])
            live.shifts = {name: live._span(span) for name, span in plain["shifts"].items()}
            live.times = AgentTimes.again(plain["times"])
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            raise msgspec.ValidationError(f"no live figures: {error}") from error
        live._minute = max(live.minutes, default=0)
        return live

    def _span(self, plain: Any) -> Span:
        began_at, ends_at, since, rows = plain
        return Span(began_at, ends_at, Rows.from_bytes(rows, self._mark), since)

    def fold(self, fact: Fact, began_at: int, ends_at: int) -> None:
        """With `fact`; the day that runs now is [began_at, ends_at)."""
        if fact.at >= self._minute + MINUTE_MS or ends_at != self.today.ends_at:
            self._go_on(fact.at, began_at, ends_at)
        fold = FOLDS.get(type(fact))
        if fold is not None:
            fold(self, fact)
        self.times.fold(fact, self._worked)

    def brought(self, came: Came, more: Mapping[str, int]) -> None:
        """What a contact that came from outside added."""
        keys, row = (SITE, self._number(came.number)), BROUGHT.packed(more)
        less = any(count < 0 for count in more.values())
        for rows in self._rows(came.at):
            if not less or all(rows.brought.get(each, 0) & ABANDONED for each in keys):
                put(rows.brought, keys, row)

    def _go_on(self, at: int, began_at: int, ends_at: int) -> None:
        """Another minute, perhaps another day or shift."""
        if self.since is None:
            self.since = at
        self._minute = minute_of(at)
        for old in [minute for minute in self.minutes if minute < self._minute - KEPT_MS]:
            del self.minutes[old]
        if began_at == self.today.began_at:
            self.today.ends_at = ends_at
        else:
            self.yesterday, self.today = self.today, self._begun(began_at, ends_at)
            self.numbers = {}
            self.times.forget(at - 2 * KEPT_MS)
        for name, hours in self.hours.items():
            span = self.shifts.get(name)
            if span is None or at >= span.ends_at:
                began_at, ends_at = shift_at(hours, at, self.timezone)
                if span is None or began_at != span.began_at:
                    self.shifts[name] = self._begun(began_at, ends_at)

    def _begun(self, began_at: int, ends_at: int) -> Span:
        """A span from its beginning, or in its midst with what the minutes still hold."""
        rows = Rows(self._mark)
        held = max(minute_of(self.since or 0), self._minute - KEPT_MS)
        for minute, those in self.minutes.items():
            if began_at <= minute < ends_at:
                for name in ("counters", "brought"):
                    for each, row in getattr(those, name).items():
                        put(getattr(rows, name), (each,), row)
        for each in self.times.firsts:
            if row := self.times.in_window(each, max(began_at, held)):
                rows.times[each] = row
        return Span(began_at, ends_at, rows, max(began_at, held))

    def _rows(self, at: int) -> list[Rows]:
        """Those in which something of that moment is counted, ready to be written."""
        mark, minute, found = self._mark, minute_of(at), []
        rows = self.minutes.get(minute)
        if rows is not None:
            rows = self.minutes[minute] = rows.owned(mark)
            found.append(rows)
        elif self._minute - KEPT_MS <= minute <= self._minute:
            rows = self.minutes[minute] = Rows(mark)
            found.append(rows)
        for span in self.spans():
            if span.began_at <= at < span.ends_at:
                rows = span.rows = span.rows.owned(mark)
                found.append(rows)
        return found

    def _add(self, stay: Stay, keys: Keys, more: Mapping[str, int]) -> None:
        row = COUNTERS.packed(more)
        if row:
            for rows in self._rows(stay.at):
                put(rows.counters, keys, row)

    def _worked(self, whose: str, began_at: int, ended_at: int, unit: int) -> None:
        """An interval of an agent is over."""
        for span in self.spans():
            took = min(ended_at, span.ends_at) - max(began_at, span.began_at)
            if took > 0:
                span.rows = span.rows.owned(self._mark)
                span.rows.times[whose] = span.rows.times.get(whose, 0) + took * unit

    def _number(self, number: str) -> str:
        found = self.numbers.get(number)
        if found is None:
            if len(self.numbers) >= NUMBERS_MOST:
                return key(By.NUMBER, OTHERS)
            found = self.numbers[number] = key(By.NUMBER, number)
        return found

    def _of_agent(self, agent: AgentId) -> Keys:
        return key(By.AGENT, agent), key(By.TEAM, self.times.team(agent))

    def spans(self) -> tuple[Span, ...]:
        """Today, yesterday, and each shift."""
        return (self.today, self.yesterday, *self.shifts.values())

    def named(self, by: By, found: Callable[[], list[str]]) -> list[str]:
        """What `found` gives, once more if anybody new was counted since: rows are added to a span, and never taken."""
        known = tuple((span.began_at, len(span.rows.counters), len(span.rows.brought)) for span in self.spans())
        now = (id(self.asked), known, len(self.numbers))
        was = self._named.get(by)
        if was is None or was[0] != now:
            was = self._named[by] = now, found()
        return was[1]

    def within(self, queue: QueueName) -> int:
        """The queue's threshold T, in ms."""
        return self.within_ms.get(queue, WITHIN_MS)

    def _stay(self, contact: ContactId, queue: QueueName, at: int) -> Stay:
        keys = self.asked.get(queue) or (SITE, key(By.QUEUE, queue))
        known = self.contacts.get(contact)
        return Stay(at, queue, (*keys, known.number) if known and known.number else keys)

    def _loaded(self, fact: RulesLoaded) -> None:
        rules = fact.rules
        self.ring_cycle_ms = rules.ring_cycle_ms
        self.within_ms = {name: queue.within_ms for name, queue in rules.queues.items()}
        self.asked = {
            name: (SITE, key(By.QUEUE, name), *(key(By.SKILL, skill) for skill in queue.steps[0].skills))
            for name, queue in rules.queues.items()
        }
        if (self.hours, self.timezone) != (rules.shifts, rules.timezone):
            same = {name for name in rules.shifts if self.hours.get(name) == rules.shifts[name]}
            kept = same if self.timezone == rules.timezone else set()
            self.shifts = {name: span for name, span in self.shifts.items() if name in kept}
            self.hours, self.timezone = rules.shifts, rules.timezone
            self._go_on(max(fact.at, self._minute), self.today.began_at, self.today.ends_at)

    def _arrived(self, fact: c.ContactArrived) -> None:
        self.contacts[fact.contact] = Known(self._number(fact.number_dialled))

    def _ended(self, fact: c.ContactEnded) -> None:
        known = self.contacts.pop(fact.contact, None)
        if known is not None and fact.by is EndedBy.FALLBACK and not known.carried:
            self.contacts[fact.contact] = Known(known.number, known.talked, True)

    def _queued(self, fact: c.ContactQueued) -> None:
        if fact.callback is not None:
            return
        since = fact.since if fact.entered_at is None else fact.entered_at
        stay = self._stay(fact.contact, fact.queue, fact.at if since is None else since)
        self.stays[fact.contact] = stay
        self._add(stay, stay.keys, ENTERED)

    def _answered(self, fact: c.TalkStarted) -> None:
        known, of_agent = self.contacts.get(fact.contact), self._of_agent(fact.agent)
        if known is not None:
            self.contacts[fact.contact] = Known(known.number, of_agent)
        stay = self.stays.pop(fact.contact, None)
        if stay is None:
            return
        over = for_answered(fact.waited_ms, self.within(fact.queue), fact.contact_waited_ms, not stay.at_once)
        self._add(stay, stay.keys, over)
        self._add(stay, of_agent, {**ENTERED, **over})
        self.served[fact.agent] = Served(Stay(stay.at, stay.queue, stay.keys + of_agent))

    def _talk_ended(self, fact: c.TalkEnded) -> None:
        served = self.served.get(fact.agent)
        if served is not None and served.over_at is None:
            self.served[fact.agent] = Served(served.stay, fact.at)
            self._add(served.stay, served.stay.keys, for_talk(fact.talk_ms))

    def _wrap_up_done(self, fact: WrapUpDone) -> None:
        served = self.served.pop(fact.agent, None)
        if served is not None:
            began = fact.at if served.over_at is None else served.over_at
            took = fact.at - began if fact.wrap_up_ms is None else fact.wrap_up_ms
            self._add(served.stay, served.stay.keys, {"wrap_up_ms": took})

    def _unqueued(self, fact: c.ContactUnqueued) -> None:
        stay = self.stays.pop(fact.contact, None)
        if stay is not None:
            self._add(stay, stay.keys, for_ended(fact.outcome, fact.waited_ms, self.within(fact.queue)))

    def _fallback_served(self, fact: c.FallbackServed) -> None:
        stay = self._stay(fact.contact, fact.queue, fact.queued_at)
        talked = self._of_agent(fact.agent) if fact.talk_ms is not None and fact.agent is not None else ()
        over = for_ended(fact.outcome, fact.waited_ms, self.within(fact.queue))
        self._add(stay, stay.keys + talked, {**ENTERED, **over, **for_talk(fact.talk_ms or 0)})
        if (known := self.contacts.get(fact.contact)) and known.carried:
            del self.contacts[fact.contact]

    def _callback_asked(self, fact: cb.CallbackAsked) -> None:
        keys = (SITE, key(By.QUEUE, fact.queue)) if fact.queue else (SITE,)
        self.callbacks[fact.callback] = Stay(fact.at, fact.queue, keys)

    def _callback(self, fact: AnyCallbackFact) -> None:
        stay = self.callbacks.get(fact.callback)
        if stay is None:
            return
        if isinstance(fact, cb.CallbackRefused | cb.CallbackEnded):
            del self.callbacks[fact.callback]
        self._add(stay, stay.keys, for_callback(fact))

    def _surveyed(self, fact: c.SurveyAsked | c.SurveyAnswered) -> None:
        if fact.queue is None:
            return
        known = self.contacts.get(fact.contact)
        talked = known.talked if known and fact.talked_with is not None else ()
        at = fact.at if isinstance(fact, c.SurveyAsked) else fact.asked_at
        stay = Stay(at, fact.queue, (SITE, key(By.QUEUE, fact.queue), *talked))
        self._add(stay, stay.keys, {"surveys_asked": 1} if isinstance(fact, c.SurveyAsked) else for_answer(fact))

    def _offer_made(self, fact: c.OfferMade) -> None:
        stay = self.stays.get(fact.contact)
        if stay is not None:
            if fact.at <= stay.at and not stay.at_once:
                self.stays[fact.contact] = Stay(stay.at, stay.queue, stay.keys, True)
            self.offers[fact.offer] = Offered(stay, stay.keys + self._of_agent(fact.agent), fact.auto_answer)

    def _offer_over(self, fact: OfferOver) -> None:
        offer = self.offers.pop(fact.offer, None)
        if offer is not None:
            self._add(offer.stay, offer.keys, for_offer(fact, self.ring_cycle_ms, offer.auto_answer))


ABANDONED: Final = BROUGHT.one["abandoned"] * ((1 << BITS) - 1)
"""Of a contact that was there before this began to count, nothing can be taken away."""
ENTERED: Final = {"entered": 1}
PLAIN: Final[dict[str, Any]] = {
    "since": int | None,
    "hours": dict[str, tuple[int, int]],
    "timezone": str,
    "ring_cycle_ms": int,
    "within_ms": dict[QueueName, int],
    "asked": dict[QueueName, Keys],
    "numbers": dict[str, str],
    "contacts": dict[ContactId, Known],
    "stays": dict[ContactId, Stay],
    "offers": dict[OfferId, Offered],
    "served": dict[AgentId, Served],
    "callbacks": dict[CallbackId, Stay],
}
"""What is kept as it is, and its kind."""
SPANS: Final = ("today", "yesterday", "shifts")
FOLDS: Final[dict[type[Fact], Callable[[Live, Any], None]]] = {
    RulesLoaded: Live._loaded,
    c.ContactArrived: Live._arrived,
    c.ContactEnded: Live._ended,
    c.ContactQueued: Live._queued,
    c.ContactUnqueued: Live._unqueued,
    c.TalkStarted: Live._answered,
    c.TalkEnded: Live._talk_ended,
    WrapUpDone: Live._wrap_up_done,
    c.FallbackServed: Live._fallback_served,
    c.SurveyAsked: Live._surveyed,
    c.SurveyAnswered: Live._surveyed,
    cb.CallbackAsked: Live._callback_asked,
    cb.CallbackPromised: Live._callback,
    cb.CallbackRefused: Live._callback,
    cb.CallbackDialled: Live._callback,
    cb.CallbackReached: Live._callback,
    cb.CallbackEnded: Live._callback,
    c.OfferMade: Live._offer_made,
    c.OfferAnswered: Live._offer_over,
    c.OfferMissed: Live._offer_over,
    c.OfferWithdrawn: Live._offer_over,
}


def _plain(span: Span) -> tuple[int, int, int, bytes]:
    return span.began_at, span.ends_at, span.since, span.rows.to_bytes()
