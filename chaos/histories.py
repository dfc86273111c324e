"""Call by call: what the phones saw of it, and beside it what the facts say of the same call. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from chaos.logs import Caller, Contact, Ended, Fact, Ring, Run


@dataclass(slots=True)
class Talk:
    """An answered ring, as the phone saw it. `known`: ccplane says that the two were joined."""

    agent: str
    since: int
    until: int
    how: Ended | None
    known: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A talk by the facts. `by`: who ended it."""

    agent: str
    since: int
    until: int
    by: str
    whole_seconds: bool = False
    """By the fallback's queue_log."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A caller's wait as their phone saw it. `late_entry`: the facts say that they came into the queue later."""

    since: int
    until: int
    late_entry: bool = False


@dataclass
class Call:
    """One caller, from all sides."""

    seen: Caller
    rings: list[Ring] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    waits: list[tuple[Wait, int]] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.seen.number

    @property
    def at(self) -> int:
        return self.seen.at

    @property
    def up_at(self) -> int | None:
        return self.seen.up_at

    @property
    def ended_at(self) -> int | None:
        return self.seen.ended_at

    @property
    def how(self) -> Ended | None:
        return self.seen.how

    @property
    def menu(self) -> bool:
        return self.seen.dialled == "4001"

    @property
    def queued(self) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind == "ContactQueued"]

    @property
    def fallback(self) -> bool:
        """The dialplan had this call from the beginning: it never came into a queue of ours."""
        return not self.queued

    @property
    def carried(self) -> bool:
        """It was in our queue, and the guard brought it to the fallback."""
        ends = [fact for fact in self.facts if fact.kind == "ContactEnded"]
        carried = any(fact.body.get("by") == "fallback" for fact in ends)
        return bool(self.queued) and (carried or any(fact.kind == "FallbackServed" for fact in self.facts))

    @property
    def refused_by_us(self) -> bool:
        """Its program said that nobody can take it: no agents were there."""
        return any(
            fact.kind == "ContactUnqueued" and fact.body.get("outcome") in ("no-agents", "timed-out")
            for fact in self.facts
        )

    @property
    def open(self) -> bool:
        return any(contact.ended_by is None for contact in self.contacts)


class Busy:
    """When each phone had a call, rung or up."""

    def __init__(self, rings: Iterable[Ring], ended_at: int) -> None:
        self.spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for ring in sorted(rings, key=lambda each: each.at):
            self.spans[ring.agent].append((ring.at, ring.ended_at or ended_at))

    def at(self, agent: str, since: int, until: int) -> bool:
        """Whether it had one at any moment of this time."""
        spans = self.spans[agent]
        first = max(0, bisect_left(spans, (since, 0)) - 3)
        return any(begin <= until and since <= end for begin, end in spans[first:] if begin <= until)


@dataclass
class History:
    """All calls, and what is asked of them together."""

    calls: dict[str, Call]
    busy: Busy
    intents: dict[str, list[Fact]]
    stays: dict[str, Counter[str]]

    def free(self, agent: str, run: Run) -> Iterable[tuple[int, int]]:
        """When the agent is ready, rested, and their phone has no call."""
        ready = self._ready(agent, run)
        calls = self.busy.spans[agent]
        rests = [
            ring.ended_at or ring.at
            for ring in run.rings
            if ring.agent == agent and ring.up_at is None and ring.how is not Ended.CANCELLED
        ]
        for since, until in ready:
            at = since
            for begin, end in calls:
                if begin > at:
                    yield at, min(begin, until)
                over = end + (run.rest_ms if any(abs(rest - end) < 1_000 for rest in rests) else 0)
                at = max(at, over)
                if at >= until:
                    break
            if at < until:
                yield at, until

    def _ready(self, agent: str, run: Run) -> list[tuple[int, int]]:
        spans, since = [], None
        for fact in self.intents[agent]:
            ready = fact.body["intent"] == "ready"
            if ready and since is None:
                since = max(fact.at, run.began_at)
            elif not ready and since is not None:
                spans.append((since, fact.at))
                since = None
        return spans if since is None else [*spans, (since, run.ended_at)]

    def unrung(self, calls: Iterable[Call]) -> list[tuple[int, int]]:
        """When somebody waits in a queue for whom no phone rings: whole stretches, by phones alone."""
        steps: list[tuple[int, int]] = []
        for call in calls:
            for begin, end in _unrung(call):
                steps += [(begin, 1), (end, -1)]
        spans, count, since = [], 0, 0
        for at, step in sorted(steps):
            if count == 0 and step > 0:
                since = at
            count += step
            if count == 0:
                spans.append((since, at))
        return spans


def _unrung(call: Call) -> Iterable[tuple[int, int]]:
    if call.up_at is None or call.menu or call.fallback or call.carried or call.refused_by_us:
        return
    at = call.up_at
    until = call.talks[0].since if call.talks else call.ended_at
    if until is None:
        return
    for ring in call.rings:
        if ring.at >= until:
            break
        if ring.at > at:
            yield at, ring.at
        at = max(at, until if ring.how is Ended.GONE else ring.ended_at or until)  # nobody knows that it rings no more
    if at < until:
        yield at, until


def histories(run: Run) -> History:
    """Brings together what belongs together: a caller's number is unique in a run."""
    calls = {caller.number: Call(caller) for caller in run.callers}
    for ring in sorted(run.rings, key=lambda each: each.at):
        if (call := calls.get(ring.caller)) is not None:
            call.rings.append(ring)
    by_contact: dict[str, Call] = {}
    for contact in run.contacts:
        if (call := calls.get(contact.caller or "")) is not None:
            call.contacts.append(contact)
            by_contact[contact.id] = call
    intents: dict[str, list[Fact]] = defaultdict(list)
    for fact in run.facts:
        if fact.kind == "IntentChanged":
            intents[fact.agent or ""].append(fact)
        if fact.contact in by_contact:
            by_contact[fact.contact].facts.append(fact)
    for call in calls.values():
        call.rings += _unseen(call, run)
        call.rings.sort(key=lambda each: each.at)
        call.said = _said(call.facts, run.ended_at)
        call.talks = _talks(call, run.ended_at)
        call.waits = list(_waits(call))
    return History(calls, Busy(run.rings, run.ended_at), intents, _stays(run.facts))


OVER: Final = ("OfferAnswered", "OfferMissed", "OfferWithdrawn")


def _unseen(call: Call, run: Run) -> list[Ring]:
    """Offers to a phone that was away by plan: it saw none, and here alone ccplane's word is taken."""
    rings = []
    for fact in call.facts:
        agent = str(fact.body.get("agent"))
        if fact.kind == "OfferMade" and any(a.agent == agent and a.at <= fact.at <= a.until for a in run.aways):
            over = (each.at for each in call.facts if each.kind in OVER and each.body["offer"] == fact.body["offer"])
            ended = next(over, run.ended_at)
            rings.append(Ring(agent=agent, caller=call.number, at=fact.at, ended_at=ended, how=Ended.CANCELLED))
    return rings


def _said(facts: list[Fact], ended_at: int) -> list[Said]:
    """Talks by the facts; one that was never ended lasts to the end of the run."""
    talks: list[Said] = []
    open_: Fact | None = None
    for fact in facts:
        if fact.kind == "TalkStarted":
            open_ = fact
        elif fact.kind == "TalkEnded" and open_ is not None:
            talks.append(Said(fact.body["agent"], open_.at, fact.at, fact.body["by"]))
            open_ = None
        elif fact.kind == "FallbackServed" and fact.body.get("talk_ms") is not None:
            since = fact.body["queued_at"] + fact.body["waited_ms"]
            talks.append(Said(fact.body["agent"], since, since + fact.body["talk_ms"], fact.body["by"], True))
    if open_ is not None:
        talks.append(Said(open_.body["agent"], open_.at, ended_at, "nobody"))
    return talks


def _talks(call: Call, ended_at: int) -> list[Talk]:
    """Answered rings. One whose phone vanished and that was called back is one talk, as the facts have it."""
    talks: list[Talk] = []
    for ring in call.rings:
        if ring.up_at is None:
            continue
        until = ring.ended_at or ended_at
        before = talks[-1] if talks else None
        if before and before.how is Ended.GONE and before.agent == ring.agent and _rejoined(call, ring):
            before.until, before.how = until, ring.how
        else:
            talks.append(Talk(ring.agent, ring.up_at, until, ring.how))
    unmatched = list(talks)
    for said in call.said:
        theirs = [talk for talk in unmatched if talk.agent == said.agent and said.until >= talk.since - 1_000]
        if theirs:
            match = min(theirs, key=lambda talk: _apart(talk, said))
            unmatched.remove(match)
            match.known = True
    return talks


def _apart(talk: Talk, said: Said) -> int:
    """ms between the two; 0 if they overlap."""
    return max(0, talk.since - said.until, said.since - talk.until)


def _rejoined(call: Call, ring: Ring) -> bool:
    assert ring.up_at is not None
    return any(fact.kind == "PhoneRejoined" and abs(fact.at - ring.up_at) < 5_000 for fact in call.facts)


def _waits(call: Call) -> Iterable[tuple[Wait, int]]:
    """The first wait of the call, beside what the facts say of it in ms."""
    if call.up_at is None or not call.queued:
        return
    late = call.queued[0].at > call.up_at + 1_000
    for fact in call.facts:
        if fact.kind == "TalkStarted":
            answered = next((talk for talk in call.talks if talk.agent == fact.body["agent"]), None)
            if answered is not None:
                yield Wait(call.up_at, answered.since, late), fact.body["waited_ms"]
            return
        if fact.kind == "ContactUnqueued":
            if fact.body["outcome"] == "abandoned" and call.ended_at is not None:
                yield Wait(call.up_at, call.ended_at, late), fact.body["waited_ms"]
            return


def _stays(facts: list[Fact]) -> dict[str, Counter[str]]:
    """By queue: how many came into it, were answered, gave up."""
    stays: dict[str, Counter[str]] = defaultdict(Counter)
    for fact in facts:
        if fact.kind == "ContactQueued":
            stays[fact.body["queue"]]["entered"] += 1
        elif fact.kind == "TalkStarted":
            stays[fact.body["queue"]]["answered"] += 1
        elif fact.kind == "ContactUnqueued":
            stays[fact.body["queue"]][fact.body["outcome"]] += 1
        elif fact.kind == "FallbackServed":
            stays[fact.body["queue"]]["entered"] += 1
            stays[fact.body["queue"]][fact.body["outcome"]] += 1
    return stays
