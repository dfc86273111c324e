"""The bank's months as facts of our own, as they would have been written had its callers come through us.

Every row that asked for a person is a stay in the one queue: queued, and then joined to the server of the log or gone.
The log's clock is taken for UTC, and its waits and talks for what they are said to be (rows of which they are not from
their begin to their end are the log's, not ours).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ccplane.contacts.facts import (
    ContactArrived,
    ContactEnded,
    ContactQueued,
    ContactUnqueued,
    EndedBy,
    OfferAnswered,
    OfferMade,
    OfferRinging,
    QueueOutcome,
    TalkEnded,
    TalkStarted,
    Trace,
)
from ccplane.facts import AnyFact, RulesLoaded
from ccplane.ids import AgentId, ChannelId, ContactId, NodeName, OfferId, ProgramName, QueueName
from ccplane.routing.rules import Queue, Rules, Step
from ccplane.simulate.bank import BankCall, BankLog

BANK = QueueName("bank")
NODE = NodeName("ast1")
RULES = Rules(
    numbers={},
    queues={BANK: Queue(name=BANK, steps=(Step({"bank": 1}),), within_ms=20_000)},
    default_program=ProgramName("queue"),
    timezone="UTC",
)


def midnight(date: str) -> int:
    """In ms."""
    return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()) * 1_000


def facts_of(log: BankLog) -> list[AnyFact]:
    """All facts of the month, in the order in which they happened."""
    first = midnight(min(call.date for call in log.calls))
    offered = sorted((call for call in log.calls if call.offered), key=_joined_at)
    free_at: dict[AgentId, int] = {}
    facts = [fact for n, call in enumerate(offered) for fact in _of(n, call, _agent(call, free_at))]
    facts.sort(key=lambda fact: fact.at)  # stable: those of one moment stay in their order
    return [RulesLoaded(at=first, site="bank", rules=RULES, files={}), *facts]


def _came_at(call: BankCall) -> int:
    return midnight(call.date) + 1_000 * (call.queued or call.served)


def _joined_at(call: BankCall) -> int:
    return _came_at(call) + 1_000 * call.waited


def _agent(call: BankCall, free_at: dict[AgentId, int]) -> AgentId:
    """The server of the log; where it has them in two calls at once, a second one of that name."""
    at, line = _joined_at(call), 1
    while free_at.get(agent := AgentId(f"{call.server}-{line}"), 0) > at:
        line += 1
    free_at[agent] = at + 1_000 * call.talked
    return agent


def _of(n: int, call: BankCall, agent: AgentId) -> Iterator[AnyFact]:
    came, gone = _came_at(call), _joined_at(call)
    channel = ChannelId(f"{came // 1000}.{n}")
    contact = ContactId(f"c-{NODE}-{channel}")
    yield ContactArrived(
        at=came, contact=contact, node=NODE, channel=channel, number_dialled=call.kind, caller="", caller_name="",
        language="en", attribution="", switch_at=came, site="bank",
    )  # fmt: skip
    yield ContactQueued(at=came, contact=contact, queue=BANK, segment=1)
    if call.outcome == "AGENT":
        yield from _served(call, contact, agent, came, gone)
    else:
        yield ContactUnqueued(
            at=gone, contact=contact, queue=BANK, segment=1, outcome=QueueOutcome.ABANDONED, waited_ms=gone - came
        )
        yield ContactEnded(at=gone, contact=contact, by=EndedBy.CALLER, cause=16)


def _served(call: BankCall, contact: ContactId, agent: AgentId, came: int, joined: int) -> Iterator[AnyFact]:
    which = {"contact": contact, "offer": OfferId(f"o-{contact}-1"), "agent": agent}
    ended = joined + 1_000 * call.talked
    yield OfferMade(
        at=joined, **which, queue=BANK, segment=1, attempt=1, leg=ChannelId(f"l-{contact}-1"), deadline=joined + 20_000,
        trace=Trace(strategy="longest-idle", winner_score_s=0.0, runner_up=None, candidates=1, excluded={}),
    )  # fmt: skip
    yield OfferRinging(at=joined, **which)
    yield OfferAnswered(at=joined, **which, deadline=joined + 2_000, ring_ms=0)
    yield TalkStarted(at=joined, **which, segment=2, queue=BANK, queue_segment=1, waited_ms=joined - came)
    yield TalkEnded(at=ended, **which, segment=2, by=EndedBy.CALLER, talk_ms=1_000 * call.talked, wrap_up_until=ended)
    yield ContactEnded(at=ended, contact=contact, by=EndedBy.CALLER, cause=16)


def golden_of(golden: dict[str, int]) -> dict[str, int]:
    """What was counted from the log by another's hand, under our names."""
    return {
        "entered": golden["offered"],
        "answered": golden["answered"],
        "abandoned": golden["abandoned_in_queue"],
        "answered_within": golden["answered_le_20s"],
        "abandoned_within": golden["abandoned_le_20s"],
        "abandoned_short": golden["abandoned_le_5s"],
        "answered_wait_ms": golden["sum_wait_answered_s"] * 1_000,
        "abandoned_wait_ms": golden["sum_wait_abandoned_s"] * 1_000,
        "talk_ms": golden["sum_service_s"] * 1_000,
    }
