"""Promises and claims in Postgres: each is one statement, and of two who want the same one gets it."""

from __future__ import annotations

import asyncio
from itertools import combinations

import pytest
from immutables import Map

from ccplane.contacts.callback import Callback
from ccplane.contacts.facts import callbacks as f
from ccplane.contacts.facts.callbacks import CallbackOutcome
from ccplane.core import State
from ccplane.ids import AgentId, CallbackId, ContactId, QueueName
from ccplane.postgres.callbacks import Callbacks, CallbacksWanted, Ledger, kept_as, list_for
from ccplane.postgres.queries import query
from ccplane.postgres.rebuild import rebuild
from ccplane.promising import Promises
from tests.postgres.histories import START
from tests.postgres.test_projections import all_rows, empty, store

pytestmark = pytest.mark.postgres

SUPPORT = QueueName("support")
HOUR = 3_600_000


def a_callback(number="5551234", name="cb-1", since=START):
    return Callback(
        id=CallbackId(name),
        number=number,
        queue=SUPPORT,
        since=since,
        asked_at=START,
        expires_at=START + 24 * HOUR,
        caller_name="Ann",
        number_dialled="4002",
        language="en",
        site="s",
    )


async def test_a_promise_is_kept_once_and_said_so_as_often_as_it_is_asked(db):
    ledger = Ledger(db)
    assert [await ledger.keep(a_callback()) for _ in range(3)] == ["", "", ""]
    (row,) = await ledger.live()
    assert (row.number, row.queue, row.since, row.turn, row.tries) == ("5551234", "support", START, 0, 0)


async def test_of_many_who_promise_the_same_number_at_once_one_is_heard(db):
    ledger = Ledger(db)
    said = await asyncio.gather(*(ledger.keep(a_callback(name=f"cb-{each}")) for each in range(12)))
    assert sorted(said) == ["", *["already-promised"] * 11]


async def test_a_number_that_is_barred_is_not_promised_until_its_time_is_over(db):
    ledger, callbacks = Ledger(db), Callbacks(db)
    await callbacks.bar("5551234", "asked not to be called", "api", START, START + 1)
    await callbacks.bar("5559999", "for good", "api", START, None)
    assert await ledger.keep(a_callback()) == "do-not-call"
    assert await ledger.keep(a_callback("5559999", "cb-2")) == "do-not-call"
    assert [each.number for each in await callbacks.barred(START)] == ["5551234", "5559999"]
    assert [each.number for each in await callbacks.barred(START + 1)] == ["5559999"]
    assert await callbacks.unbar("5559999")
    assert not await callbacks.unbar("5559999")
    assert await ledger.keep(a_callback("5559999", "cb-2")) == ""


async def test_of_many_who_claim_the_same_turn_at_once_one_may_dial(db):
    ledger = Ledger(db)
    await ledger.keep(a_callback())
    said = await asyncio.gather(*(ledger.claim(CallbackId("cb-1"), 1, START + 1, 3) for _ in range(12)))
    assert sorted(each.why for each in said) == ["", *["spent"] * 11]
    assert [each.tries for each in said if not each.why] == [1]


async def test_a_claim_is_refused_by_every_gate_in_the_statement_that_takes_it(db):
    ledger, callbacks = Ledger(db), Callbacks(db)
    await ledger.keep(a_callback())
    one = CallbackId("cb-1")
    assert (await ledger.claim(CallbackId("cb-2"), 1, START, 3)).why == "no-such-promise"
    assert (await ledger.claim(one, 1, START + 24 * HOUR, 3)).why == "expired"
    await callbacks.bar("5551234", "no", "api", START, None)
    assert (await ledger.claim(one, 1, START, 3)).why == "do-not-call"
    await callbacks.unbar("5551234")
    assert await ledger.claim(one, 1, START, 2) == (1, "")
    assert await ledger.claim(one, 1, START, 2) == (1, "spent")
    assert await ledger.claim(one, 2, START, 2) == (2, "")
    assert await ledger.claim(one, 3, START, 2) == (2, "tries-used")


def the_facts(name="cb-1", number="5551234"):
    about = {"callback": CallbackId(name)}
    turn = {"contact": ContactId(f"c-ast1-k-{name}-1"), "agent": AgentId("1001")}
    yield f.CallbackAsked(
        at=START, **about, number=number, queue=SUPPORT, since=START - 9, expires_at=START + HOUR, answer_by=START + 1,
        contact=ContactId("c-ast1-1"), language="en", site="s",
    )  # fmt: skip
    yield f.CallbackPromised(at=START + 1, **about, next_at=START + 2)
    yield f.CallbackQueued(at=START + 2, **about, contact=turn["contact"], turn=1, until=START + HOUR)
    yield f.CallbackClaiming(at=START + 3, **about, **turn, turn=1, deadline=START + 4)
    yield f.CallbackDialled(at=START + 4, **about, **turn, tries=1, deadline=START + 9)
    yield f.CallbackPutOff(at=START + 5, **about, why="busy", next_at=START + 50, tried=True)
    second = ContactId(f"c-ast1-k-{name}-2")
    yield f.CallbackQueued(at=START + 50, **about, contact=second, turn=2, until=START + HOUR)
    yield f.CallbackClaiming(at=START + 51, **about, contact=second, agent=AgentId("1002"), turn=2, deadline=START + 55)
    yield f.CallbackDialled(at=START + 52, **about, contact=second, agent=AgentId("1002"), tries=2, deadline=START + 59)
    yield f.CallbackReached(at=START + 53, **about, contact=second, waited_ms=62)
    yield f.CallbackEnded(at=START + 54, **about, outcome=CallbackOutcome.DONE)


async def test_a_callback_is_what_its_facts_say_in_whatever_batches(db):
    facts = list(the_facts())
    await store(db, facts)
    row = await Callbacks(db).callback(CallbackId("cb-1"))
    assert (row.state, row.tries, row.agent, row.contact) == ("done", 2, "1002", "c-ast1-k-cb-1-2")
    assert (row.since, row.asked_at, row.reached_at, row.ended_at) == (START - 9, START, START + 53, START + 54)
    assert (row.asked_in, row.waited_ms, row.next_at) == ("c-ast1-1", 62, None)
    whole = await all_rows(db)
    for cuts in (range(1, len(facts)), *combinations(range(1, len(facts)), 2)):
        await empty(db)
        await store(db, facts, cuts)
        assert await all_rows(db) == whole
    assert await rebuild(db) == len(facts)
    assert await all_rows(db) == whole


async def test_a_promise_that_is_over_lets_its_number_be_promised_again_and_is_never_kept_late(db):
    ledger = Ledger(db)
    await ledger.keep(a_callback())
    facts = list(the_facts())
    await store(db, facts)
    assert await ledger.live() == []
    assert (await ledger.claim(CallbackId("cb-1"), 9, START, 3)).why == "no-such-promise"
    assert await ledger.keep(a_callback(name="cb-2")) == ""
    assert await ledger.keep(a_callback()) != ""


async def test_a_promise_that_is_over_before_postgres_is_told_so_is_released_by_its_own_name_alone(db):
    ledger = Ledger(db)
    await ledger.keep(a_callback())
    assert not await ledger.release("5551234", [CallbackId("cb-9")])
    assert await ledger.keep(a_callback(name="cb-2")) == "already-promised"
    assert await ledger.release("5551234", [CallbackId("cb-9"), CallbackId("cb-1")])
    assert await ledger.keep(a_callback(name="cb-2")) == ""
    await store(db, list(the_facts()))
    (row,) = await ledger.live()
    assert row.id == "cb-2", "what is told later of the first changes nothing of the second"


class Line:
    """The plane as `Promises` sees it: the first callback has just been cancelled, the second is asked for."""

    def __init__(self, *over):
        second = a_callback(name="cb-2")
        self.state = State(callbacks=Map({second.id: second}), callbacks_ended=over)
        self.written_first, self.told = False, asyncio.Queue()

    def follow(self, follower):
        self.follower = follower

    @property
    def snapshot(self):
        return self

    async def written(self):
        self.written_first = True

    def post(self, what):
        self.told.put_nowait(what)

    async def asks(self):
        self.follower(self, [next(iter(the_facts("cb-2")))], 0)
        return (await self.told.get()).why


@pytest.mark.parametrize(("over", "why"), [((CallbackId("cb-1"),), ""), ((), "already-promised")])
async def test_who_changes_a_promise_has_the_new_one_although_the_end_of_the_old_one_is_not_shipped_yet(db, over, why):
    line, ledger = Line(*over), Ledger(db)
    Promises(line, ledger, lambda: START)
    await ledger.keep(a_callback())
    assert await line.asks() == why
    assert line.written_first is bool(over), "a crash does not forget what Postgres has been told"
    assert [each.id for each in await ledger.live()] == ["cb-2" if over else "cb-1"]


async def test_who_changes_a_promise_has_the_new_one_also_if_the_end_of_the_old_one_comes_that_very_moment(db):
    """Between the refusal and the release: there is nothing to be released any more."""

    class Shipping(Line):
        async def written(self):
            await super().written()
            ends = [
                f.CallbackEnded(at=START + 9, callback=CallbackId("cb-1"), outcome=CallbackOutcome.CANCELLED, why="")
            ]
            await store(db, [*list(the_facts())[:2], *ends])

    line, ledger = Shipping(CallbackId("cb-1")), Ledger(db)
    Promises(line, ledger, lambda: START)
    await ledger.keep(a_callback())
    assert await line.asks() == ""
    assert [each.id for each in await ledger.live()] == ["cb-2"]


async def test_a_wish_that_was_refused_before_it_was_asked_for_is_not_kept_any_more(db):
    asked = next(each for each in the_facts() if isinstance(each, f.CallbackAsked))
    await store(db, [asked, f.CallbackRefused(at=START + 1, callback=CallbackId("cb-1"), why="database-away")])
    ledger = Ledger(db)
    assert await ledger.keep(a_callback()) == "refused"
    assert await ledger.live() == []
    assert await ledger.keep(a_callback(name="cb-2")) == "", "and stands in nobody's way"


async def test_callbacks_are_listed_the_latest_first_by_state_and_number(db):
    open_one = list(the_facts("cb-2", "5550000"))[:6]
    await store(db, [*the_facts(), *open_one])
    callbacks = Callbacks(db)
    assert [each.id for each in (await callbacks.callbacks(CallbacksWanted())).callbacks] == ["cb-2", "cb-1"]
    (row,) = (await callbacks.callbacks(CallbacksWanted(state="open"))).callbacks
    assert (row.id, row.state, row.why, row.next_at) == ("cb-2", "pending", "busy", START + 50)
    assert [each.id for each in (await callbacks.callbacks(CallbacksWanted(number="5551234"))).callbacks] == ["cb-1"]
    page = await callbacks.callbacks(CallbacksWanted(), limit=1)
    assert [each.id for each in (await callbacks.callbacks(CallbacksWanted(), after=page.next)).callbacks] == ["cb-1"]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (CallbacksWanted(state="open"), "callback_open"),
        (CallbacksWanted(number="5557"), "callback_by_number"),
        (CallbacksWanted(number="5557", state="done"), "callback_by_number"),
        (CallbacksWanted(), "callback_by_time"),
    ],
)
async def test_of_many_callbacks_a_list_reads_no_more_than_it_shows(db, wanted, index):
    """Asked as often as a page is reloaded, by a plan that knows no values."""
    async with db.connection() as connection:
        await connection.execute(
            "INSERT INTO callback (id, number, queue, state, asked_at, ended_at)"
            " SELECT 'cb-' || n, '555' || n % 5000, 'support', CASE WHEN n < 5 THEN 'waiting' ELSE 'done' END,"
            " instant($1::bigint + n), CASE WHEN n < 5 THEN NULL ELSE instant($1::bigint + n) END"
            " FROM generate_series(1, 20000) AS n",
            START,
        )
        await connection.execute("ANALYZE callback")
    found = (await Callbacks(db).callbacks(wanted)).callbacks
    assert len(found) == (4 if wanted.state == "open" else 4 if wanted.number else 50)
    async with db.connection() as connection, connection.transaction():
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE listed AS {query(list_for(wanted))}")
        plan = await connection.fetch("EXPLAIN EXECUTE listed(NULL, NULL, '1', NULL, NULL, 50)")
        await connection.execute("DEALLOCATE listed")
    assert index in "\n".join(line for [line] in plan)


async def test_a_promise_that_is_committed_after_it_was_refused_does_not_keep_its_number_from_others(db):
    """Another holds the number up while ours is being kept; ours is refused meanwhile, for that took too long, and the
    refusal is shipped; then the other gives way. Nobody waits for ours any more, so it may not stand."""
    ledger, facts = Ledger(db), list(the_facts())
    async with db.connection() as other:
        holding = other.transaction()
        await holding.start()
        await other.execute(
            "INSERT INTO promise (id, number, queue, since, made_at, expires_at, caller_name, number_dialled, language)"
            " VALUES ('cb-9', '5551234', 'support', now(), now(), now(), '', '', 'en')"
        )
        keeping = asyncio.create_task(ledger.keep(a_callback()))
        await held_up(db)
        await store(db, [facts[0], f.CallbackRefused(at=START + 1, callback=CallbackId("cb-1"), why="database-away")])
        await holding.rollback()
        assert await keeping == "already-promised", "all that it could see of what stood in its way"
    assert await ledger.live() == []
    assert await ledger.keep(a_callback()) == "refused"
    assert await ledger.keep(a_callback(name="cb-2")) == ""


async def test_a_promise_that_is_under_way_while_its_refusal_is_shipped_is_taken_back_by_it(db):
    """It is made, and its commit comes late: the refusal waits for that, and then ends it."""
    ledger, facts = Ledger(db), list(the_facts())
    async with db.connection() as slow:
        keeping = slow.transaction()
        await keeping.start()
        assert await slow.fetchval(query("keep_promise"), *kept_as(a_callback())) == ""
        refused = f.CallbackRefused(at=START + 1, callback=CallbackId("cb-1"), why="database-away")
        shipping = asyncio.create_task(store(db, [facts[0], refused]))
        await held_up(db)
        await keeping.commit()
        await shipping
    assert await ledger.live() == []
    assert await ledger.keep(a_callback(name="cb-2")) == ""


async def held_up(db):
    """Until somebody waits for what another has not committed."""
    async with db.connection() as connection:
        while not await connection.fetchval(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
        ):
            await asyncio.sleep(0.01)
