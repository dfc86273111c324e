"""A day as a log has it, and what of it must be guessed to run it again: how long those who were answered would have
waited, and how long those who hung up would have talked. Guesses are drawn with a seed; what is known stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec

from ccplane.contacts.facts import QueueOutcome
from ccplane.ids import QueueName
from ccplane.routing.rules import Queue
from ccplane.simulate.chance import Empirical, stream
from ccplane.simulate.day import SLOT_MS, Arrival, Day, Shift
from ccplane.simulate.outcome import Outcome
from ccplane.simulate.patience import Patience
from ccplane.simulate.tally import Tallies

ENOUGH = 50
"""So many hang-ups in a queue make an estimate of its own; with fewer it is that of all."""


class Stay(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A contact's stay in a queue, as it was. `at`: when it came, ms from the day's begin."""

    contact: str
    at: int
    queue: QueueName
    waited_ms: int
    outcome: QueueOutcome
    talk_ms: int = 0
    wrap_up_ms: int | None = None
    """None: the log does not say."""
    credit_s: int = 0
    kind: str = ""
    language: str = ""
    goes_on: bool = False
    """Came from another queue: the stay before this one in the log is the same contact's, with the same `contact`."""


class RecordedDay(msgspec.Struct, frozen=True, kw_only=True):
    """What happened on one day. `name`: the date."""

    name: str
    queues: Mapping[QueueName, Queue]
    stays: tuple[Stay, ...]
    shifts: tuple[Shift, ...]
    closes: int
    opens_at: int = 0
    """The time of day at which it begins, ms from midnight."""
    pickup_ms: int = 0

    def as_it_was(self) -> Outcome:
        """Counted as the log has it. Of agents' times a log says too little to be compared."""
        tallies = Tallies(self._day(()))
        for stay in self.stays:
            arrival = _arrival(stay, stay.talk_ms, None)
            if stay.outcome is QueueOutcome.ANSWERED:
                tallies.answered(arrival, stay.waited_ms, stay.talk_ms + (stay.wrap_up_ms or 0))
            else:
                tallies.ended(arrival, stay.outcome, stay.waited_ms)
        return msgspec.structs.replace(tallies.outcome(), staff={})

    def again(self, guesses: Guesses, seed: int) -> Day:
        """To be run: the same customers at the same moments, as far as they can be known."""
        whole = sorted(whole_waits(self.stays), key=lambda stay: stay.at)
        return self._day(tuple(guesses.arrival(stay, seed) for stay in whole))

    def _day(self, arrivals: tuple[Arrival, ...]) -> Day:
        return Day(
            queues=self.queues,
            arrivals=arrivals,
            shifts=self.shifts,
            closes=self.closes,
            slot_ms=SLOT_MS,
            pickup_ms=self.pickup_ms,
            wait_without_agents=True,
        )


def whole_waits(stays: Iterable[Stay]) -> list[Stay]:
    """Each contact's wait from the queue that it asked for to its end, whatever queues took it over meanwhile: that is
    for the rules to decide anew."""
    found: dict[str, Stay] = {}
    for stay in sorted(stays, key=lambda stay: stay.at):
        first = found.get(stay.contact) if stay.goes_on else None
        if first is None:
            found[stay.contact] = stay
        else:
            waited_ms = stay.at + stay.waited_ms - first.at
            found[stay.contact] = msgspec.structs.replace(
                first,
                waited_ms=waited_ms,
                outcome=stay.outcome,
                talk_ms=stay.talk_ms,
                wrap_up_ms=stay.wrap_up_ms,
            )
    return list(found.values())


class Guesses:
    """What is drawn where a log is silent, by queue: learnt from all of its days."""

    def __init__(self, days: Iterable[RecordedDay]) -> None:
        stays = [stay for day in days for stay in day.stays]
        by_queue: dict[QueueName, list[Stay]] = defaultdict(list)
        for stay in stays:
            by_queue[stay.queue].append(stay)
        self._all = _Guess(stays)
        self._by_queue = {
            queue: _Guess(each) if sum(_hung_up(stay) for stay in each) >= ENOUGH else self._all
            for queue, each in by_queue.items()
        }

    def arrival(self, stay: Stay, seed: int) -> Arrival:
        """Who came, with what is not known of them drawn: the same for the same seed, whatever the rules."""
        guess, rng = self._by_queue.get(stay.queue, self._all), stream(seed, stay.contact)
        patience = guess.patience.longer_than(stay.waited_ms, rng)
        talk, wrap_up = guess.talk.draw(rng) or 0, guess.wrap_up.draw(rng) if guess.wrap_up is not None else None
        if stay.outcome is QueueOutcome.ANSWERED:
            return _arrival(stay, stay.talk_ms, patience, wrap_up)
        return _arrival(stay, talk, stay.waited_ms if _hung_up(stay) else patience, wrap_up)


class _Guess:
    def __init__(self, stays: Sequence[Stay]) -> None:
        self.patience = Patience.of((stay.waited_ms, _hung_up(stay)) for stay in stays)
        known = sorted(stay.wrap_up_ms for stay in stays if stay.wrap_up_ms is not None)
        self.wrap_up = Empirical.of(known) if known else None
        self.talk = Empirical.of(
            sorted(stay.talk_ms for stay in stays if stay.outcome is QueueOutcome.ANSWERED) or [180_000]
        )


def _hung_up(stay: Stay) -> bool:
    return stay.outcome is QueueOutcome.ABANDONED


def _arrival(stay: Stay, talk_ms: int, patience_ms: int | None, wrap_up_ms: int | None = None) -> Arrival:
    return Arrival(
        stay.at,
        stay.queue,
        talk_ms,
        patience_ms,
        stay.credit_s,
        stay.language,
        stay.kind,
        wrap_up_ms=wrap_up_ms if stay.wrap_up_ms is None else stay.wrap_up_ms,
    )


def at_work(talks: Iterable[tuple[str, int, int]], longest_gap_ms: int) -> list[tuple[str, int, int]]:
    """When agents were at work, of a log that says only when they talked: (agent, from, to) of each talk gives (agent,
    from, to) of each stretch without a longer gap than that."""
    stretches = []
    for agent, each in groupby(sorted(talks), key=lambda talk: talk[0]):
        begins = ends = None
        for _, talk_begins, talk_ends in each:
            if begins is not None and ends is not None and talk_begins - ends > longest_gap_ms:
                stretches.append((agent, begins, ends))
                begins = None
            begins = talk_begins if begins is None else begins
            ends = max(talk_ends, ends or 0)
        if begins is not None and ends is not None:
            stretches.append((agent, begins, ends))
    return stretches
