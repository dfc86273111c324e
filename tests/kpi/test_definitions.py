"""A number that is made otherwise than before says so by its version: here each is pinned."""

from __future__ import annotations

from functools import reduce
from hashlib import sha256

import pytest

from ccplane.agents.facts import WrapUpDone
from ccplane.contacts import facts as c
from ccplane.contacts.facts import callbacks as cb
from ccplane.contacts.facts.callbacks import CallbackOutcome
from ccplane.contacts.surveys import Kind
from ccplane.ids import AgentId, CallbackId, ChannelId, ContactId, OfferId, QueueName
from ccplane.kpi.board import Board, evolve
from ccplane.kpi.counters import Counters
from ccplane.kpi.definitions import DEFINITIONS
from ccplane.kpi.health_definitions import HEALTH
from ccplane.kpi.rate_definitions import BROUGHT, RATES
from ccplane.kpi.wallboard import queues
from ccplane.kpi.workforce_definitions import WORKFORCE
from tests.core.floor import a_queue, the_rules

PINNED = {
    "offered": (2, "415d2a96fe8d", 443),
    "answered": (2, "659c28307c76", 8),
    "answered_within": (2, "399c0fa28a5b", 6),
    "abandoned": (2, "d1b0124885b0", 16),
    "abandoned_short": (2, "3eef69b11194", 4),
    "abandoned_within": (2, "b8986099fe24", 12),
    "no_agents": (2, "6b67af5d401c", 24),
    "timed_out": (2, "2d732ecf4221", 32),
    "overflowed": (1, "05c93a576990", 48),
    "closed": (1, "dff8e7bbfd34", 56),
    "moved": (1, "9fbb83702e7f", 64),
    "left_by_key": (1, "342b787351f2", 72),
    "callback": (1, "ee35550319ab", 80),
    "lost": (2, "49115f38076e", 40),
    "wait": (2, "8621e5d07e01", 100004),
    "contact_wait": (1, "784aa5fa9953", 100004),
    "estimated_wait": (1, "1e8512b0d488", 12.345),
    "estimate_error_p50": (1, "d520d52ebf09", 5.0),
    "estimate_error_p90": (1, "4d9937152e0d", 13.0),
    "callbacks": (1, "a21bd8eebfa8", 7),
    "callbacks_tried": (1, "13cbc2850827", 28),
    "callbacks_reached": (1, "bf12647d18a8", 7),
    "callbacks_served": (1, "b7ff63e38e73", 1),
    "callbacks_expired": (1, "d515cdeee107", 1),
    "callbacks_cancelled": (1, "63de4aba96d2", 1),
    "callbacks_given_up": (1, "55df30745fba", 2),
    "callbacks_wait": (1, "fd45ecee798e", 7000),
    "callbacks_open": (1, "299cfe2c8ab2", 1),
    "waiting": (1, "802eaf112209", 3),
    "longest_wait": (1, "53e720c4c257", 60.0),
    "service_level": (2, "b66c45f33fa5", 0.2222222222222222),
    "rang": (2, "794ca601cd9a", 18),
    "rang_in_time": (2, "794ca601cd9a", 1),
    "three_rings": (2, "05548a5c2f0e", 0.05555555555555555),
    "auto_answered": (1, "70b01a093633", 1),
    "missed_no_answer": (1, "3ff07c23263c", 4),
    "missed_rejected": (1, "697b34877142", 4),
    "missed_busy": (1, "8c9f84d21bd5", 4),
    "missed_unreachable": (1, "06227d902307", 4),
    "answered_ring": (1, "6cb6b901bd7f", 29999),
    "answered_delayed": (1, "eb98296462f1", 8),
    "delayed_wait": (1, "c6a4f0ebcd62", 100004),
    "abandoned_wait": (1, "943e31bc01e5", 200008),
    "handled": (1, "dc827b431e71", 1),
    "talk": (1, "bbcc4fd4dfa1", 60),
    "wrap_up": (1, "7f740025f18b", 25),
    "surveys_asked": (1, "a464fbde4b49", 15),
    "surveys_rated": (1, "7ecf8f551a02", 12),
    "response_rate": (1, "5914d82b1377", 0.8),
    "satisfaction_rated": (1, "af346794c62c", 12),
    "satisfaction_top": (1, "6a965f905b6b", 4),
    "satisfaction": (1, "3567e6210b8f", 0.3333333333333333),
    "nps_rated": (1, "0bee4c3b8a93", 11),
    "nps_promoters": (1, "4b8a55e573aa", 2),
    "nps_detractors": (1, "23307ff10cf5", 7),
    "nps": (1, "09c0e35bf84b", -45.45454545454545),
}
"""By key: its version; what it is said to be made of, and what it made of the same facts, in short.

A number that differs from this is another number: raise its `version` in `kpi/definitions.py`, then pin it.
"""
OF_CALLS = [key for key in DEFINITIONS if key not in {each.key for each in (*BROUGHT, *RATES, *WORKFORCE, *HEALTH)}]
NOON = 20_000 * 86_400_000 + 43_200_000
SALES = QueueName("sales")
ANA = AgentId("1001")
IN_TIME, LATE = 20_000, 20_001
COUNTERS = {
    "offered": "entered",
    "wait": "answered_wait_ms",
    "contact_wait": "answered_contact_wait_ms",
    "talk": "talk_ms",
    "wrap_up": "wrap_up_ms",
}
IN_SECONDS = ("longest_wait", "estimated_wait", "estimate_error_p50", "estimate_error_p90")
COUNTERS["callbacks_wait"] = "callbacks_wait_ms"
COUNTERS |= {"answered_ring": "answered_ring_ms", "delayed_wait": "delayed_wait_ms"}
COUNTERS["abandoned_wait"] = "abandoned_wait_ms"


def stay(number, waited_ms=None, outcome=None):
    """A stay that began at noon, and how it ended, if it did."""
    contact = ContactId(f"c-{number}")
    queued = c.ContactQueued(at=NOON, contact=contact, queue=SALES, segment=1, estimate_ms=10_000)
    if outcome is None:
        return [queued]
    if outcome is c.QueueOutcome.ANSWERED:
        offer = OfferId(f"{contact}-1-1")
        over = c.TalkStarted(
            at=NOON + waited_ms, contact=contact, offer=offer, agent=ANA, segment=2, queue=SALES, queue_segment=1,
            waited_ms=waited_ms,
        )  # fmt: skip
    else:
        over = c.ContactUnqueued(
            at=NOON + waited_ms, contact=contact, queue=SALES, segment=1, outcome=outcome, waited_ms=waited_ms
        )
    return [queued, over]


def in_the_fallback(number, waited_ms, outcome):
    return c.FallbackServed(
        at=NOON + 99_000, contact=ContactId(f"f-{number}"), segment=101, queue=SALES, queued_at=NOON, outcome=outcome,
        waited_ms=waited_ms,
    )  # fmt: skip


def offers():
    """To one who waits, each over in its own way."""
    contact = ContactId("c-rung")
    yield c.ContactQueued(at=NOON + 1, contact=contact, queue=SALES, segment=1)
    ways = [
        lambda who, ms: c.OfferAnswered(**who, deadline=0, ring_ms=ms),
        *(
            lambda who, ms, cause=cause, rang=rang: c.OfferMissed(
                **who, cause=cause, sip=0, ring_ms=ms, rang=rang, rest_until=None
            )
            for cause in c.MissCause
            for rang in (False, True)
        ),
        *(
            lambda who, ms, reason=reason: c.OfferWithdrawn(**who, reason=reason, ring_ms=ms, rang=True)
            for reason in c.Withdrawal
        ),
    ]
    for n, (way, ms) in enumerate((way, ms) for way in ways for ms in (14_999, 15_000)):
        offer = OfferId(f"{contact}-1-{n}")
        yield c.OfferMade(
            at=NOON + 2, contact=contact, offer=offer, agent=ANA, queue=SALES, segment=1, attempt=n,
            leg=ChannelId(offer), deadline=0, trace=c.Trace("longest-idle", 1.0),
        )  # fmt: skip
        yield way({"at": NOON + 3, "contact": contact, "offer": offer, "agent": ANA}, ms)


def the_end_of_a_talk():
    """That which Ana began last, and the work after it."""
    who = {"contact": ContactId("c-4"), "offer": OfferId("c-4-1-1"), "agent": ANA}
    yield c.TalkEnded(at=NOON + 90_000, **who, segment=2, by="agent", talk_ms=60, wrap_up_until=NOON + 99_000)
    yield WrapUpDone(at=NOON + 90_100, agent=ANA, wrap_up_ms=25)


def an_open_line():
    """It takes an offer by itself."""
    who = {"contact": ContactId("c-rung"), "offer": OfferId("c-rung-1-99"), "agent": ANA}
    yield c.OfferMade(
        at=NOON + 4, **who, queue=SALES, segment=1, attempt=99, leg=ChannelId("l"), deadline=0,
        trace=c.Trace("longest-idle", 1.0), auto_answer=True,
    )  # fmt: skip
    yield c.OfferAnswered(at=NOON + 5, **who, deadline=0, ring_ms=1)


def callbacks():
    """One for each way in which it may end, tried and reached as often as it is far down, and one that is open."""
    for times, outcome in enumerate((*CallbackOutcome, None), 1):
        about = {"callback": CallbackId(f"cb-{times}"), "at": NOON}
        yield cb.CallbackAsked(
            **about, number="5", queue=SALES, since=0, expires_at=0, answer_by=0, language="en", site="s"
        )
        yield cb.CallbackPromised(**about, next_at=0)
        contact = ContactId(f"c-{times}")
        for tries in range(times):
            yield cb.CallbackDialled(**about, contact=contact, agent=ANA, tries=tries, deadline=0)
        yield cb.CallbackReached(**about, contact=contact, waited_ms=1_000)
        yield from [cb.CallbackEnded(**about, outcome=outcome)] * bool(outcome)


def surveys():
    """Fifteen are asked, twelve answer: one of each value, satisfaction first."""
    about = {"survey": "s", "queue": SALES, "talked_with": ANA}
    for number in range(15):
        contact = ContactId(f"s-{number}")
        yield c.SurveyAsked(at=NOON, contact=contact, questions=2, **about)
        if number < 12:
            given = [("a", Kind.SATISFACTION, number % 5 + 1), ("b", Kind.NPS, number)][: 2 if number <= 10 else 1]
            for nth, (question, kind, value) in enumerate(given, 1):
                yield c.SurveyAnswered(
                    at=NOON + nth, contact=contact, question=question, kind=kind, value=value, nth=nth,
                    of=2, asked_at=NOON, **about,
                )  # fmt: skip


def facts():
    """All that is counted, on either side of each threshold, in numbers that tell the outcomes apart."""
    number = 0
    told = [*offers(), *callbacks(), *surveys()]
    for times, outcome in enumerate(c.QueueOutcome, 1):
        for waited_ms in (5_000, 5_001, IN_TIME, LATE) * times:
            number += 1
            told += [*stay(number, waited_ms, outcome), in_the_fallback(number, waited_ms, outcome)]
    return [*told, *stay(9_998), *stay(9_999), *an_open_line(), *the_end_of_a_talk()]


def numbers():
    """What the facts give for each key; of agents' time see test_workforce.py."""
    board = reduce(evolve, sorted(facts(), key=lambda fact: fact.at), Board.begun())
    (view,) = queues(board, the_rules(a_queue(SALES)), NOON + 60_000, {SALES: 12_345})
    counted = board.today.queues[SALES]
    names = {key: COUNTERS.get(key, key) for key in OF_CALLS}
    shown = {key: getattr(view, f"{key}_s") for key in IN_SECONDS}
    shown["callbacks_open"] = view.callbacks
    return {
        key: getattr(counted, name) if name in Counters.__struct_fields__ else shown.get(key, getattr(view, key, None))
        for key, name in names.items()
    }


def short(*parts):
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:12]


@pytest.mark.parametrize("key", OF_CALLS)
def test_a_number_that_is_made_otherwise_has_another_version(key):
    made, number = DEFINITIONS[key], numbers()[key]
    assert number, "the facts say something of it"
    now = (made.version, short(made.unit, made.formula, made.source), number)
    assert now == PINNED.get(key), f"{key} is made otherwise: raise its version in kpi/definitions.py, then pin {now}"


def test_a_number_that_is_no_more_is_pinned_no_more():
    assert PINNED.keys() == set(OF_CALLS)
