"""A day of our own log, as it is to be run again: facts folded into stays, shifts and the rules that held. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from ccplane.agents.facts import AgentEdited, Intent, IntentChanged, PeopleLoaded, Profile, WrapUpDone
from ccplane.contacts.facts import (
    ContactArrived,
    ContactQueued,
    ContactUnqueued,
    OfferAnswered,
    QueueOutcome,
    TalkEnded,
    TalkStarted,
)
from ccplane.facts import AnyFact
from ccplane.ids import AgentId, ContactId
from ccplane.routing.rules import Rules, RulesLoaded
from ccplane.simulate.day import Shift
from ccplane.simulate.recorded import RecordedDay, Stay

BEFORE: Final = (RulesLoaded, PeopleLoaded, AgentEdited, IntentChanged)
"""Of these the last ones before a day say how it began."""
KINDS: Final = (
    *BEFORE,
    ContactArrived,
    ContactQueued,
    ContactUnqueued,
    OfferAnswered,
    TalkStarted,
    TalkEnded,
    WrapUpDone,
)
GROUP: Final = "agents"


def recorded_day(
    name: str, begins: int, ends: int, before: Iterable[AnyFact], facts: Iterable[AnyFact]
) -> RecordedDay | None:
    """The day [begins, ends), ms UTC. `before`: the last facts of `BEFORE` from earlier; `facts`: those of `KINDS` from
    its begin on, in order; they may go on beyond its end, where those who came that day were served or left.

    Who is ready counts as there. None if nobody had ever loaded rules.
    """
    fold = _Fold(begins, ends)
    for fact in before:
        fold.add(msgspec.structs.replace(fact, at=begins))
    for fact in facts:
        fold.add(fact)
    return fold.day(name)


class _Fold:
    def __init__(self, begins: int, ends: int) -> None:
        self._begins, self._ends = begins, ends
        self._rules: Rules | None = None
        self._people: dict[AgentId, Profile] = {}
        self._ready: dict[AgentId, int] = {}
        self._at_work: list[tuple[AgentId, int, int | None]] = []
        self._arrived: dict[ContactId, ContactArrived] = {}
        self._queued: dict[tuple[ContactId, int], ContactQueued] = {}
        self._stays: dict[tuple[ContactId, int], Stay] = {}
        self._talk: dict[AgentId, tuple[ContactId, int]] = {}
        self._talk_ended: dict[AgentId, int] = {}
        self._rang: list[int] = []
        self._began: dict[ContactId, int] = {}
        """By contact: with which stay its last wait began."""

    def add(self, fact: AnyFact) -> None:
        if isinstance(fact, RulesLoaded) and fact.at < self._ends:
            self._rules = fact.rules
        elif isinstance(fact, PeopleLoaded) and fact.at < self._ends:
            self._people = {each.id: each for each in fact.agents}
        elif isinstance(fact, AgentEdited) and fact.at < self._ends:
            self._people[fact.agent] = fact.profile
        elif isinstance(fact, IntentChanged) and fact.at < self._ends:
            self._wants(fact.agent, fact.intent, fact.at)
        elif isinstance(fact, ContactArrived):
            self._arrived[fact.contact] = fact
        elif isinstance(fact, ContactQueued) and fact.at < self._ends:
            self._queued.setdefault((fact.contact, fact.segment), fact)
        elif isinstance(fact, OfferAnswered):
            self._rang.append(fact.ring_ms)
        elif isinstance(fact, TalkStarted):
            self._ended(fact.contact, fact.queue_segment, QueueOutcome.ANSWERED, fact.waited_ms)
            self._talk[fact.agent] = (fact.contact, fact.queue_segment)
        elif isinstance(fact, ContactUnqueued):
            self._ended(fact.contact, fact.segment, fact.outcome, fact.waited_ms)
        elif isinstance(fact, TalkEnded):
            self._talk_ended[fact.agent] = fact.ended_at or fact.at
            self._say(fact.agent, talk_ms=fact.talk_ms, wrap_up_ms=0)
        elif isinstance(fact, WrapUpDone):
            self._wrapped_up(fact)

    def _wants(self, agent: AgentId, intent: Intent, at: int) -> None:
        if intent is Intent.READY:
            self._ready.setdefault(agent, at)
        elif (since := self._ready.pop(agent, None)) is not None and at > since:
            self._at_work.append((agent, since, at))

    def _ended(self, contact: ContactId, segment: int, outcome: QueueOutcome, waited_ms: int) -> None:
        queued = self._queued.get((contact, segment))
        if queued is None or (contact, segment) in self._stays:
            return
        arrived = self._arrived.get(contact)
        self._stays[contact, segment] = Stay(
            contact=self._name(queued),
            at=queued.at - self._begins,
            queue=queued.queue,
            waited_ms=waited_ms,
            outcome=outcome,
            credit_s=queued.credit_s,
            kind=arrived.number_dialled if arrived else "",
            language=arrived.language if arrived else "",
            goes_on=queued.entered_at is not None,
        )

    def _name(self, queued: ContactQueued) -> str:
        """The same for all queues that one wait led through."""
        if queued.entered_at is None:
            self._began[queued.contact] = queued.segment
        return f"{queued.contact}/{self._began.get(queued.contact, queued.segment)}"

    def _wrapped_up(self, fact: WrapUpDone) -> None:
        since = self._talk_ended.get(fact.agent)
        if since is not None:
            self._say(fact.agent, wrap_up_ms=max(0, fact.at - since) if fact.wrap_up_ms is None else fact.wrap_up_ms)
            self._talk.pop(fact.agent, None)

    def _say(self, agent: AgentId, **more: int) -> None:
        """Of the stay that led to this agent's talk."""
        at = self._talk.get(agent)
        if at is not None and at in self._stays:
            self._stays[at] = msgspec.structs.replace(self._stays[at], **more)

    def day(self, name: str) -> RecordedDay | None:
        if self._rules is None:
            return None
        queues = self._rules.queues
        return RecordedDay(
            name=name,
            queues=queues,
            stays=tuple(stay for stay in self._stays.values() if stay.queue in queues),
            shifts=tuple(self._shifts()),
            closes=self._ends - self._begins,
            pickup_ms=sum(self._rang) // len(self._rang) if self._rang else 0,
        )

    def _shifts(self) -> Iterable[Shift]:
        still = ((agent, since, None) for agent, since in self._ready.items())
        for agent, since, until in (*self._at_work, *still):
            if agent in self._people:
                ends = None if until is None else until - self._begins
                yield Shift(self._people[agent], since - self._begins, ends, GROUP)
