"""One leader: who may command the switch, whatever happens to Postgres, to the clock or to us."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.errors import StoreError
from ccplane.postgres.lease import ASK_WITHIN, Lease
from ccplane.postgres.pool import Database
from tests.postgres.failing import REFUSING

TERM, MARGIN = 10.0, 2.0


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now

    def passes(self, seconds):
        self.now += seconds


class Away:
    """A database whose Postgres can be taken away, or made to refuse."""

    def __init__(self, database):
        self._database, self.dsn, self.error = database, database.dsn, None

    async def connect(self, within=1.0):
        if self.error:
            raise StoreError(self.error, f"Postgres: {self.error}")
        return await self._database.connect(within)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def make_lease(db, clock):
    made = []

    def make(outbox="ours", **options):
        made.append(Lease(Away(db), "site", outbox, term=TERM, margin=MARGIN, clock=clock, **options))
        return made[-1]

    yield make
    for each in made:
        each._hang_up()


def goes_away(lease, error="postgres-unreachable"):
    lease._hang_up()
    lease._database.error = error


async def expire(db):
    """The database's clock, ten seconds on."""
    async with db.connection() as connection:
        await connection.execute("UPDATE lease SET expires_at = clock_timestamp() - interval '1 ms'")


async def test_epochs_rise_above_every_one_before_and_the_outboxes(make_lease, db):
    lease = make_lease()
    assert await lease.take(0) == 1
    assert await lease.take(1) == 2
    assert await lease.take(40) == 41
    assert await lease.take(3) == 42
    await expire(db)
    assert await make_lease("theirs").take(0) == 43


async def test_nobody_may_send_before_the_lease_is_taken(make_lease):
    lease = make_lease()
    assert not lease.may_send()
    assert lease.confirmed_ago() is None
    await lease.take(0)
    assert lease.may_send()
    assert lease.confirmed_ago() == 0


async def test_anothers_lease_is_refused_with_its_name_and_taken_once_it_has_run_out(make_lease, db):
    await make_lease("theirs").take(0)
    ours = make_lease()
    with pytest.raises(StoreError, match="led by the plane over outbox theirs") as caught:
        await ours.take(0)
    assert caught.value.code == "lease-held"
    assert 0 < caught.value.facts["expires_in"] <= TERM
    assert not ours.may_send()
    await expire(db)
    assert await ours.take(0) == 2


async def test_one_of_many_gets_a_lease_that_is_free(make_lease):
    rivals = [make_lease(f"box {n}") for n in range(8)]
    results = await asyncio.gather(*(each.take(0) for each in rivals), return_exceptions=True)
    assert [each for each in results if isinstance(each, int)] == [1]
    assert [each.may_send() for each in rivals].count(True) == 1


async def test_a_released_lease_can_be_taken_at_once(make_lease):
    ours = make_lease()
    await ours.take(0)
    await ours.release()
    assert not ours.may_send()
    assert await make_lease("theirs").take(0) == 2


async def test_renewing_keeps_it_also_after_it_ran_out_if_nobody_took_it(make_lease, db, clock):
    lease = make_lease()
    await lease.take(0)
    clock.passes(TERM + 1)
    assert not lease.may_send()
    await expire(db)
    await lease.renew()
    assert lease.may_send()


async def test_a_stolen_lease_is_noticed_told_once_and_never_sends_again(make_lease, db):
    ours, told = make_lease(), []
    ours.on_lost = told.append
    await ours.take(0)
    await expire(db)
    await make_lease("theirs").take(0)
    await asyncio.wait_for(ours.run(), 5)
    assert not ours.held
    assert not ours.may_send()
    assert len(told) == 1
    assert "outbox theirs" in told[0]
    await asyncio.wait_for(ours.run(), 5)
    assert len(told) == 1


async def test_when_postgres_goes_away_the_leader_goes_on(make_lease, clock):
    """Fresh, it needs no proof; too old to go by, one that was sought after that moment."""
    lease = make_lease()
    await lease.take(0)
    goes_away(lease)
    clock.passes(5)
    await lease.renew()
    assert lease.may_send()
    clock.passes(3)
    assert not lease.may_send(), "8 s old: the failure of 3 s ago proves nothing about now"
    await lease.renew()
    assert lease.may_send()
    for _ in range(10):
        clock.passes(2.5)
        assert lease.may_send()
        await lease.renew()
    lease._database.error = None
    await lease.renew()
    assert lease.may_send()
    assert lease.confirmed_ago() == 0


@pytest.mark.parametrize("code", ["postgres-refuses-us", "postgres-refused"])
async def test_a_postgres_that_is_there_but_refuses_us_is_as_good_as_away(make_lease, clock, code):
    """Whatever is wrong: a lease that could not be asked after is not a lease that was taken."""
    lease = make_lease()
    await lease.take(0)
    goes_away(lease, code)
    clock.passes(8)
    await lease.renew()
    assert lease.may_send()
    assert (lease.last_error, lease.away) == (f"Postgres: {code}",) * 2


async def test_a_row_that_we_may_only_read_outvotes_us_if_it_names_another(make_lease, clock, db, monkeypatch):
    """Our rights to change it were revoked, and another plane has taken the lease since."""
    ours, told = make_lease(), []
    ours.on_lost = told.append
    await ours.take(0)
    await expire(db)
    await make_lease("theirs").take(0)
    async with db.connection() as connection:
        await connection.execute(
            "CREATE ROLE reader; GRANT SELECT ON lease TO reader"
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = 'reader'")
            else "GRANT SELECT ON lease TO reader"
        )
    connect = ours._database.connect

    async def as_reader(within=1.0):
        connection = await connect(within)
        await connection.execute("SET ROLE reader")
        return connection

    ours._hang_up()
    monkeypatch.setattr(ours._database, "connect", as_reader)
    clock.passes(6)
    await ours.renew()
    assert not ours.may_send()
    assert "outbox theirs" in told[0]


async def test_after_a_pause_it_asks_before_it_sends(make_lease, clock, db):
    """Also if Postgres was away before the pause: that is old news."""
    lease = make_lease()
    await lease.take(0)
    goes_away(lease)
    clock.passes(8)
    await lease.renew()
    assert lease.may_send()
    clock.passes(3_600)
    assert not lease.may_send()
    lease._database.error = None
    await expire(db)
    await make_lease("theirs").take(0)
    await lease.renew()
    assert not lease.may_send()
    assert not lease.held


async def test_a_confirmation_counts_from_when_it_was_begun(make_lease, clock, db):
    """A process that was paused while the answer was on its way has an old answer."""
    lease = make_lease()
    await lease.take(0)
    ask = lease._row

    async def slow(*given):
        row = await ask(*given)
        clock.passes(9)
        return row

    lease._row = slow
    await lease.renew()
    assert lease.confirmed_ago() == 9
    assert not lease.may_send()


async def test_without_postgres_from_the_start_it_goes_on_under_the_outboxes_epoch(make_lease, clock):
    lease = make_lease()
    goes_away(lease)
    with pytest.raises(StoreError) as caught:
        await lease.take(4)
    assert caught.value.code == "postgres-unreachable"
    lease.go_on(4)
    assert (lease.epoch, lease.may_send()) == (4, True)
    clock.passes(9)
    assert not lease.may_send()
    await lease.renew()
    assert lease.may_send()


async def test_going_on_ends_when_postgres_comes_back_and_knows_another(make_lease, clock):
    await make_lease("theirs").take(0)
    ours = make_lease()
    goes_away(ours)
    ours.go_on(4)
    await ours.renew()
    assert ours.may_send()
    ours._database.error = None
    await ours.renew()
    assert not ours.held


async def test_releasing_without_postgres_does_no_harm(make_lease):
    lease = make_lease()
    await lease.take(0)
    goes_away(lease)
    await lease.release()
    assert not lease.may_send()


async def test_it_asks_again_as_soon_as_a_failure_counts(make_lease, clock):
    """Two seconds and a bit before the lease is too old: so long may a Postgres that hangs take to fail us."""
    lease = make_lease()
    await lease.take(0)
    assert lease._pause() == TERM / 4
    goes_away(lease)
    clock.passes(5)
    await lease.renew()
    assert 0.75 < lease._pause() < 0.76
    clock.passes(0.755)
    await lease.renew()
    assert lease._pause() == TERM / 8
    clock.passes(2.5)
    assert lease.may_send(), "8.25 s old, and found away 2.5 s ago"


@pytest.mark.parametrize("hung_after", [0.1, 1.0, 1.9, 2.4])
async def test_a_postgres_that_hangs_leaves_no_moment_in_which_nothing_may_be_sent(make_lease, clock, hung_after):
    """It fails us two seconds after each question; commands go all the while."""
    lease, refused = make_lease(), []
    await lease.take(0)

    async def hangs(*_):
        for _ in range(20):
            clock.passes(ASK_WITHIN / 20)
            refused.append(not lease.may_send())
        raise StoreError("postgres-unreachable", "Postgres hangs.")

    lease._row = hangs
    clock.passes(hung_after)
    for _ in range(10):
        await lease.renew()
        pause = lease._pause()
        for _ in range(10):
            clock.passes(pause / 10)
            refused.append(not lease.may_send())
    assert len(refused) == 300
    assert not any(refused)


async def test_a_question_during_which_we_were_paused_proves_nothing(make_lease, clock):
    """Its answer may have lain there all the while."""
    lease = make_lease()
    await lease.take(0)
    clock.passes(6)

    async def paused(*_):
        clock.passes(5)
        raise StoreError("postgres-unreachable", "Postgres did not answer in time.")

    lease._row = paused
    await lease.renew()
    assert not lease.may_send()


async def test_while_postgres_takes_no_writes_the_leader_goes_on_and_is_confirmed_when_it_does(
    make_lease, clock, for_reading
):
    lease = make_lease()
    await lease.take(0)
    await for_reading()
    lease._hang_up()
    for _ in range(4):
        clock.passes(6)
        await lease.renew()
        assert lease.may_send()
    assert "takes no writes" in lease.away
    await for_reading(False)
    lease._hang_up()
    await lease.renew()
    assert (lease.may_send(), lease.confirmed_ago(), lease.away) == (True, 0, "")


async def test_a_row_that_can_only_be_read_outvotes_us_if_it_names_another(make_lease, clock, db, for_reading):
    """We were led to a standby, say, and the other took the lease at the primary."""
    ours, told = make_lease(), []
    ours.on_lost = told.append
    await ours.take(0)
    await expire(db)
    await make_lease("theirs").take(0)
    await for_reading()
    ours._hang_up()
    clock.passes(6)
    await ours.renew()
    assert not ours.may_send()
    assert "outbox theirs" in told[0]


async def test_a_lease_of_anothers_is_respected_where_it_can_only_be_read(make_lease, db, for_reading):
    """Until it runs out: then its holder cannot have confirmed it, and who asks may go on as without Postgres."""
    await make_lease("theirs").take(0)
    await for_reading()
    ours = make_lease()
    with pytest.raises(StoreError) as caught:
        await ours.take(3)
    assert caught.value.code == "lease-held"
    await for_reading(False)
    await expire(db)
    await for_reading()
    ours._hang_up()
    with pytest.raises(StoreError) as caught:
        await ours.take(3)
    assert caught.value.code == "postgres-read-only"


@pytest.mark.parametrize(
    "state", ["25006", "40001", "40P01", "53100", "53200", "53300", "57014", "57P01", "57P03", "58030", "XX000"]
)
async def test_whatever_keeps_postgres_from_confirming_the_leader_goes_on(make_lease, clock, db, state):
    lease = make_lease()
    await lease.take(0)
    async with db.connection() as connection:
        await connection.execute(REFUSING.format(table="lease", state=state))
    clock.passes(6)
    await lease.renew()
    assert state != "25006" or "takes no writes" in lease.away
    clock.passes(3)
    assert lease.may_send()


async def test_where_there_is_no_lease_nobody_can_take_it(make_lease, clock, db):
    """While a database is being put back: neither the table nor, for a while, the database."""
    lease = make_lease()
    await lease.take(0)
    async with db.connection() as connection:
        await connection.execute("ALTER TABLE lease RENAME TO elsewhere")
    clock.passes(6)
    await lease.renew()
    clock.passes(3)
    assert lease.may_send()


async def test_no_postgres_at_all_is_unreachable_within_seconds(tmp_path):
    lease = Lease(Database(f"postgresql:///x?host={tmp_path}"), "site", "ours")
    with pytest.raises(StoreError) as caught:
        await lease.take(0)
    assert caught.value.code == "postgres-unreachable"


EVENTS = st.lists(st.tuples(st.sampled_from(["ours", "theirs"]), st.floats(0, 12)), max_size=40)


class World:
    """Two planes, one row, one clock: the rules of the row as SQL has them."""

    def __init__(self):
        self.clock, self.holder, self.epoch, self.expires = Clock(), None, 0, 0.0

    async def answer(self, name, *given):
        now = self.clock.now
        if name == "take_lease":
            if self.holder not in (None, given[1]) and self.expires >= now:
                return None
            self.holder, self.epoch, self.expires = given[1], max(self.epoch, given[2]) + 1, now + TERM
            return (self.epoch,)
        if name == "renew_lease" and (self.holder, self.epoch) == (given[1], given[2]):
            self.expires = now + TERM
            return (self.epoch,)
        if name == "who_leads":
            return {"holder": self.holder, "epoch": self.epoch, "expires_in": self.expires - now}
        return None


@given(EVENTS)
def test_as_long_as_postgres_is_there_never_two_may_send(events):
    """Each plane takes, renews, or sleeps for any time. What comes after Postgres was away, the switch itself tells."""
    asyncio.run(_two_planes(events))


async def _two_planes(events):
    world = World()
    planes = {
        name: Lease(None, "site", name, term=TERM, margin=MARGIN, clock=world.clock) for name in ("ours", "theirs")
    }
    for plane in planes.values():
        plane._row = world.answer
    for name, seconds in events:
        world.clock.passes(seconds)
        with suppress(StoreError):
            await (planes[name].renew() if planes[name].held else planes[name].take(0))
        assert [each for each, plane in planes.items() if plane.may_send()] in ([], [world.holder])
