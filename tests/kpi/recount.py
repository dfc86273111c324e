"""The numbers once more, from the sentences of the definitions: slow, plain, and by nothing of `ccplane.kpi`.

Facts become stays, offers, callbacks and surveys, each with what it counts and for whom; to ask for a number is to add
up those of them that belong there. What live figures and Postgres say is held against it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ccplane.agents.facts import AgentEdited, PeopleLoaded, WrapUpDone
from ccplane.contacts import facts as c
from ccplane.contacts.facts import callbacks as k
from ccplane.facts import RulesLoaded
from ccplane.laws import Fact
from ccplane.routing.rules import Rules

WITHIN_MS, CYCLE_MS, SHORT_MS = 20_000, 5_000, 5_000
OUTCOMES = {
    c.QueueOutcome.ABANDONED: "abandoned",
    c.QueueOutcome.NO_AGENTS: "no_agents",
    c.QueueOutcome.TIMED_OUT: "timed_out",
    c.QueueOutcome.OVERFLOWED: "overflowed",
    c.QueueOutcome.CLOSED: "closed",
    c.QueueOutcome.MOVED: "moved",
    c.QueueOutcome.LEFT_BY_KEY: "left_by_key",
    c.QueueOutcome.CALLBACK: "callback",
    c.QueueOutcome.LOST: "lost",
}
CAUSES = {
    c.MissCause.NO_ANSWER: "missed_no_answer",
    c.MissCause.REJECTED: "missed_rejected",
    c.MissCause.BUSY: "missed_busy",
    c.MissCause.UNREACHABLE: "missed_unreachable",
}
ENDS = {
    k.CallbackOutcome.DONE: "callbacks_served",
    k.CallbackOutcome.EXPIRED: "callbacks_expired",
    k.CallbackOutcome.CANCELLED: "callbacks_cancelled",
    k.CallbackOutcome.TRIES_USED: "callbacks_given_up",
    k.CallbackOutcome.BARRED: "callbacks_given_up",
}


@dataclass
class Item:
    """A stay, an offer, a callback or a survey. `at`: the moment by which it counts."""

    at: int
    queue: str | None = None
    number: str | None = None
    skills: tuple[str, ...] = ()
    agent: str | None = None
    team: str | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def groups(self) -> Iterable[tuple[str, str]]:
        """For whom it counts, each once."""
        yield "site", ""
        if self.queue is not None:
            yield "queue", self.queue
        if self.number is not None:
            yield "number", self.number
        for skill in self.skills:
            yield "skill", skill
        if self.agent is not None:
            yield "agent", self.agent
            yield "team", self.team or ""


@dataclass
class Stay(Item):
    entered_at: int = 0
    offered_at: list[int] = field(default_factory=list)
    over: bool = False


@dataclass
class Offer(Item):
    made_at: int = 0
    rang_at: int | None = None
    auto: bool = False
    over: bool = False


class Recount:
    """What all these facts, in the order of the log, come to."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.items: list[Item] = []
        self.rules: Rules | None = None
        self.teams: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.stays: dict[tuple[str, int], Stay] = {}
        self.open: dict[str, Stay] = {}
        self.for_callback: set[str] = set()
        self.offers: dict[str, Offer] = {}
        self.talks: dict[str, Stay] = {}
        self.wraps: dict[str, tuple[Stay, int]] = {}
        self.callbacks: dict[str, Item] = {}
        self.surveys: dict[str, Item] = {}
        self.talked_with: dict[str, tuple[str, str]] = {}
        for fact in facts:
            self.take(fact)

    def of(self, by: str, since: int = 0, until: int = 1 << 60) -> dict[str, dict[str, int]]:
        """The counters of each that has any, of what counts in [since, until), ms UTC."""
        found: dict[str, Counter[str]] = {}
        for item in self.items:
            if since <= item.at < until:
                for kind, name in item.groups():
                    if kind == by:
                        found.setdefault(name, Counter()).update(item.counts)
        return {
            name: {key: n for key, n in counts.items() if n} for name, counts in found.items() if any(counts.values())
        }

    def take(self, fact: Fact) -> None:
        match fact:
            case RulesLoaded():
                self.rules = fact.rules
            case PeopleLoaded():
                self.teams |= {each.id: each.team for each in fact.agents}
            case AgentEdited():
                self.teams[fact.agent] = fact.profile.team
            case c.ContactArrived():
                self.numbers[fact.contact] = fact.number_dialled
            case c.ContactQueued():
                self.queued(fact)
            case c.ContactUnqueued():
                self.left(fact.contact, fact.outcome, fact.waited_ms)
            case c.TalkStarted():
                self.answered(fact)
            case c.TalkEnded():
                self.talked(fact)
            case WrapUpDone():
                self.wrapped_up(fact)
            case c.FallbackServed():
                self.fallback(fact)
            case c.OfferMade():
                self.offered(fact)
            case c.OfferRinging() if fact.offer in self.offers:
                self.offers[fact.offer].rang_at = fact.at if fact.rang_at is None else fact.rang_at
            case c.OfferAnswered():
                self.offer_answered(fact)
            case c.OfferMissed():
                self.offer_missed(fact)
            case c.OfferWithdrawn():
                self.offer_withdrawn(fact)
            case k.CallbackAsked():
                self.callbacks[fact.callback] = Item(fact.at, fact.queue)
                self.items.append(self.callbacks[fact.callback])
            case k.CallbackPromised():
                self.callback(fact, callbacks=1)
            case k.CallbackDialled():
                self.callback(fact, callbacks_tried=1)
            case k.CallbackReached():
                self.callback(fact, callbacks_reached=1, callbacks_wait_ms=fact.waited_ms)
            case k.CallbackEnded() if fact.outcome in ENDS:
                self.callback(fact, **{ENDS[fact.outcome]: 1})
            case c.SurveyAsked():
                self.survey(fact)
            case c.SurveyAnswered():
                self.rated(fact)

    # stays

    def queued(self, fact: c.ContactQueued) -> None:
        if fact.callback is not None:  # apart from callers' stays
            self.for_callback.add(fact.contact)
            return
        at = next(at for at in (fact.entered_at, fact.since, fact.at) if at is not None)
        stay = self.stay(fact.contact, fact.queue, at)
        self.stays[fact.contact, fact.segment] = self.open[fact.contact] = stay

    def stay(self, contact: str, queue: str, at: int) -> Stay:
        known = self.rules.queues.get(queue) if self.rules else None  # type: ignore[call-overload]
        made = Stay(
            at,
            queue,
            self.numbers.get(contact),
            tuple(known.steps[0].skills) if known and known.steps else (),
            entered_at=at,
        )
        made.counts["entered"] = 1
        self.items.append(made)
        return made

    def answered(self, fact: c.TalkStarted) -> None:
        self.talked_with[fact.contact] = fact.agent, self.teams.get(fact.agent, "")
        stay = self.stays.get((fact.contact, fact.queue_segment))
        if stay is None:
            return
        self.open.pop(fact.contact, None)
        stay.over = True
        stay.agent, stay.team = fact.agent, self.teams.get(fact.agent, "")
        whole = fact.waited_ms if fact.contact_waited_ms is None else fact.contact_waited_ms
        self.count_answered(stay, fact.waited_ms, whole)
        self.talks[fact.offer] = stay

    def count_answered(self, stay: Stay, waited: int, whole: int) -> None:
        stay.counts["answered"] = 1
        stay.counts["answered_within"] = int(waited <= self.within_ms(stay))
        stay.counts["answered_wait_ms"] = waited
        stay.counts["answered_contact_wait_ms"] = whole
        if not any(at <= stay.entered_at for at in stay.offered_at):
            stay.counts["answered_delayed"] = 1
            stay.counts["delayed_wait_ms"] = waited

    def left(self, contact: str, outcome: c.QueueOutcome, waited: int) -> None:
        stay = self.open.pop(contact, None)
        if stay is not None:
            stay.over = True
            self.count_left(stay, outcome, waited)

    def count_left(self, stay: Stay, outcome: c.QueueOutcome, waited: int) -> None:
        stay.counts[OUTCOMES[outcome]] = 1
        if outcome == c.QueueOutcome.ABANDONED:
            stay.counts["abandoned_wait_ms"] = waited
            stay.counts["abandoned_short"] = int(waited <= SHORT_MS)
            stay.counts["abandoned_within"] = int(waited <= self.within_ms(stay))

    def within_ms(self, stay: Stay) -> int:
        """Of its queue, as it is when the wait ends."""
        known = self.rules.queues.get(stay.queue) if self.rules else None  # type: ignore[call-overload]
        return known.within_ms if known else WITHIN_MS

    def talked(self, fact: c.TalkEnded) -> None:
        stay = self.talks.pop(fact.offer, None)
        if stay is not None:
            stay.counts["talk_ms"] = fact.talk_ms
            stay.counts["handled"] = int(fact.talk_ms > 0)
            ended = fact.at if fact.ended_at is None else fact.ended_at
            self.wraps[fact.agent] = stay, ended

    def wrapped_up(self, fact: WrapUpDone) -> None:
        stay, since = self.wraps.pop(fact.agent, (None, 0))
        if stay is not None:
            stay.counts["wrap_up_ms"] = fact.at - since if fact.wrap_up_ms is None else fact.wrap_up_ms

    def fallback(self, fact: c.FallbackServed) -> None:
        stay = self.stay(fact.contact, fact.queue, fact.queued_at)
        if fact.outcome == c.QueueOutcome.ANSWERED:
            stay.agent, stay.team = fact.agent, self.teams.get(fact.agent or "", "")
            self.count_answered(stay, fact.waited_ms, fact.waited_ms)
            stay.counts["talk_ms"] = fact.talk_ms or 0
            stay.counts["handled"] = int((fact.talk_ms or 0) > 0)
        else:
            self.count_left(stay, fact.outcome, fact.waited_ms)

    # offers

    def offered(self, fact: c.OfferMade) -> None:
        stay = self.stays.get((fact.contact, fact.segment))
        if stay is None:
            return
        stay.offered_at.append(fact.at)
        team = self.teams.get(fact.agent, "")
        self.offers[fact.offer] = made = Offer(
            stay.at, stay.queue, stay.number, stay.skills, fact.agent, team, made_at=fact.at, auto=fact.auto_answer
        )
        self.items.append(made)

    def cycles(self) -> int:
        return 3 * (self.rules.ring_cycle_ms if self.rules else CYCLE_MS)

    def ended(self, offer: str) -> Offer | None:
        """The offer, if this is its end."""
        found = self.offers.get(offer)
        if found is None or found.over:
            return None
        found.over = True
        return found

    def offer_answered(self, fact: c.OfferAnswered) -> None:
        offer = self.ended(fact.offer)
        if offer is None:
            return
        if offer.auto:
            offer.counts["auto_answered"] = 1
            return
        offer.counts["rang"] = 1
        offer.counts["rang_in_time"] = int(fact.ring_ms < self.cycles())
        offer.counts["answered_ring_ms"] = fact.ring_ms

    def offer_missed(self, fact: c.OfferMissed) -> None:
        offer = self.ended(fact.offer)
        if offer is not None and not offer.auto:
            rang_out = fact.cause is c.MissCause.NO_ANSWER  # without a 180 it rang from the INVITE on
            offer.counts["rang"] = int(fact.rang or rang_out)
            if fact.cause in CAUSES:  # an open line that fails is no miss of the agent's
                offer.counts[CAUSES[fact.cause]] = 1

    def offer_withdrawn(self, fact: c.OfferWithdrawn) -> None:
        offer = self.ended(fact.offer)
        if offer is not None and not offer.auto:
            known = fact.reason is not c.Withdrawal.SWITCH_LOST  # after a gap nobody knows how long it rang
            offer.counts["rang"] = int(known and fact.ring_ms >= self.cycles())

    # callbacks, surveys

    def callback(self, fact: k.CallbackFact, **counts: int) -> None:
        if fact.callback in self.callbacks:
            self.callbacks[fact.callback].counts.update(counts)

    def survey(self, fact: c.SurveyAsked) -> None:
        """For the agent whom they talked with, and the team that they were in then; no survey without a queue."""
        if fact.queue is None:
            return
        agent, team = self.talked_with.get(fact.contact, (None, None)) if fact.talked_with else (None, None)
        self.surveys[fact.contact] = asked = Item(fact.at, fact.queue, agent=agent, team=team)
        self.items.append(asked)
        asked.counts["surveys_asked"] = 1

    def rated(self, fact: c.SurveyAnswered) -> None:
        survey = self.surveys.get(fact.contact)
        if survey is None:
            return
        survey.counts["surveys_rated"] = 1
        if fact.kind == "satisfaction":
            survey.counts.update(satisfaction_rated=1, satisfaction_top=int(fact.value >= 4))
        elif fact.kind == "nps":
            survey.counts.update(nps_rated=1, nps_promoters=int(fact.value >= 9), nps_detractors=int(fact.value <= 6))
