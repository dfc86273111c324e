"""What a plane begins with when Postgres goes away at any step of its beginning."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ccplane import beginning
from ccplane.asterisk.provision import Provisioned
from ccplane.core.inputs import PeopleRead
from ccplane.errors import StoreError
from ccplane.log.outbox import Outbox
from ccplane.postgres import migrate as migrating
from ccplane.postgres.lease import Lease
from ccplane.postgres.migrate import Migration, migrate
from ccplane.postgres.overlays import Laid, decode_overlays, encode_overlays, replace_overlays
from ccplane.postgres.people import Person, encode_people
from ccplane.postgres.seats import Desk, encode_desks
from ccplane.settings import HOME, Settings
from ccplane.site import parse, read

pytestmark = pytest.mark.postgres

AWAY = StoreError("postgres-unreachable", "Postgres is away.")
KEPT = (Person(id="1007", name="Kept", skills={}, seat="agent", phone="1007", secret="s"),)
SEATS = (Desk(id="2007", shared=True, auto_answer=False, secret="s"),)
LAID = (Laid(path="acd/site.toml: rest", value="9s", by="Lea", since=1_000, until=None),)


class Away:
    """The database as the lease sees it, which loses Postgres when told."""

    def __init__(self, database) -> None:
        self._database, self.dsn, self.gone = database, database.dsn, False

    async def connect(self, within: float = 1.0):
        if self.gone:
            raise AWAY
        return await self._database.connect(within)


class World:
    def __init__(self, db, tmp_path: Path) -> None:
        self.db, self.away = db, Away(db)
        self.settings = Settings(runtime=tmp_path, database_url=db.dsn, demo_agents=2)
        self.site = parse(read(HOME), 2)
        self.outbox = Outbox(tmp_path / "outbox.sqlite")
        self.recovered = self.outbox.open()
        self.lease = Lease(self.away, "site", self.outbox.id)

    async def begin(self) -> beginning.Begun:
        given = (self.settings, self.site, self.outbox, self.recovered, self.db, self.lease)
        return await asyncio.wait_for(beginning.begin(*given), 20)

    def keeps(self) -> None:
        """There was a beginning before this one."""
        self.outbox.put_note("people", encode_people(KEPT))
        self.outbox.put_note("seats", encode_desks(SEATS))
        self.outbox.put_note("overlays", encode_overlays(LAID))


class LateParts:
    """The plane, the phone book and the executor, as far as those who come late need them."""

    def __init__(self) -> None:
        self.held: tuple[Person, ...] = ()
        self.seats: tuple[Desk, ...] = ()
        self.posted: list[PeopleRead] = []
        self.pushed: list[object] = []
        self.switch = object()

    def hold(self, persons: tuple[Person, ...], seats: tuple[Desk, ...] | None = None) -> None:
        self.held = persons
        self.seats = self.seats if seats is None else seats

    def post(self, what: PeopleRead) -> None:
        self.posted.append(what)

    async def push(self, switch: object) -> Provisioned:
        self.pushed.append(switch)
        return Provisioned()


@pytest.fixture
async def world(db, tmp_path: Path):
    world = World(db, tmp_path)
    yield world
    world.lease._hang_up()
    await world.outbox.close()


async def test_with_postgres_people_are_imported_and_kept(world: World):
    begun = await world.begin()
    assert (begun.epoch, begun.with_postgres, len(begun.persons)) == (1, True, 2)
    assert world.outbox.note("people") == encode_people(begun.persons)


async def test_with_postgres_its_overlays_hold_and_are_kept_for_a_beginning_without_it(world: World):
    await replace_overlays(world.db, LAID, ())
    world.keeps()
    world.outbox.put_note("overlays", encode_overlays(()))
    assert (await world.begin()).overlays == LAID
    assert decode_overlays(world.outbox.note("overlays")) == LAID


async def test_postgres_gone_just_before_the_lease_is_a_beginning_without_it(world: World):
    world.keeps()
    world.away.gone = True
    assert await world.begin() == (KEPT, 0, False, SEATS, LAID)
    assert world.lease.may_send()


async def test_postgres_gone_just_before_the_people_leaves_the_lease_and_its_epoch(world: World, monkeypatch):
    async def people(*_: object) -> None:
        raise AWAY

    world.keeps()
    monkeypatch.setattr(beginning, "people", people)
    assert await world.begin() == (KEPT, 1, False, SEATS, LAID)
    assert world.lease.may_send()


async def test_postgres_gone_in_the_middle_of_migrating_is_a_beginning_without_it(world: World, monkeypatch):
    async def migrate(*_: object) -> None:
        raise ConnectionResetError("gone")

    world.keeps()
    world.away.gone = True
    monkeypatch.setattr(beginning, "migrate", migrate)
    assert await world.begin() == (KEPT, 0, False, SEATS, LAID)


@pytest.mark.parametrize("fails", ["people", "hold", "post", "push"])
async def test_whatever_goes_wrong_in_catching_up_is_told_once_and_tried_again(world: World, monkeypatch, fails: str):
    """A fault of ours, at any step: nothing else would take these people over before the next start."""
    monkeypatch.setattr(beginning, "TRY_POSTGRES_EVERY_S", 0.001)
    late, logged = LateParts(), []
    monkeypatch.setattr(beginning.log, "error", lambda told, **more: logged.append(more))
    owner, read = (beginning, beginning.people) if fails == "people" else (late, getattr(late, fails))
    times = 0

    def twice_wrong(*given: object) -> object:
        nonlocal times
        times += 1
        if times <= 2:
            raise ValueError("unforeseen")
        return read(*given)

    monkeypatch.setattr(owner, fails, twice_wrong)
    parts = (world.settings, world.site, world.outbox, world.db, late, late, late, late)
    await asyncio.wait_for(beginning.catch_up(*parts), 20)
    assert (len(late.held), len(late.posted[-1].agents), late.pushed[-1]) == (2, 2, late.switch)
    assert [desk.id for desk in late.seats] == [seat.id for seat in late.posted[-1].seats] == ["2001", "2002"]
    assert [(each["error"], str(each["exc_info"])) for each in logged] == [("ValueError('unforeseen')", "unforeseen")]


async def test_accounts_that_the_switch_refused_in_catching_up_are_pushed_again(world: World, monkeypatch):
    monkeypatch.setattr(beginning, "TRY_POSTGRES_EVERY_S", 0.001)
    late, said = LateParts(), iter([Provisioned(failed={"1001": "Refused"})])

    async def push(switch: object) -> Provisioned:
        late.pushed.append(switch)
        return next(said, Provisioned())

    monkeypatch.setattr(late, "push", push)
    parts = (world.settings, world.site, world.outbox, world.db, late, late, late, late)
    await asyncio.wait_for(beginning.catch_up(*parts), 20)
    assert len(late.pushed) == 2


async def test_the_first_beginning_of_all_says_that_it_needs_postgres(world: World):
    world.away.gone = True
    with pytest.raises(StoreError) as failed:
        await world.begin()
    assert failed.value.code == "postgres-needed-once"


async def test_a_postgres_that_takes_no_writes_is_a_beginning_without_it(world: World, for_reading):
    world.keeps()
    await for_reading()
    assert await world.begin() == (KEPT, 0, False, SEATS, LAID)
    assert world.lease.may_send()


async def test_the_first_beginning_says_so_if_postgres_takes_no_writes(world: World, for_reading):
    await for_reading()
    with pytest.raises(StoreError, match=r"At its first start .* takes no writes at present") as failed:
        await world.begin()
    assert failed.value.code == "postgres-needed-once"


async def test_what_was_left_out_is_caught_up_on_once_postgres_takes_writes_again(
    world: World, for_reading, monkeypatch
):
    monkeypatch.setattr(beginning, "TRY_POSTGRES_EVERY_S", 0.01)
    await for_reading()
    late, tries, check = LateParts(), [], world.db.check

    async def checked() -> None:
        await check()
        tries.append("it answers")

    monkeypatch.setattr(world.db, "check", checked)
    parts = (world.settings, world.site, world.outbox, world.db, late, late, late, late)
    catching_up = asyncio.create_task(beginning.catch_up(*parts))
    async with asyncio.timeout(20):
        while len(tries) < 3:  # two have failed then, after it had answered
            await asyncio.sleep(0.001)
    assert not late.posted
    await for_reading(False)
    await world.db.close()  # sessions of before keep what they were told
    await world.db.open()
    await asyncio.wait_for(catching_up, 20)
    assert len(late.posted[-1].agents) == 2


@pytest.fixture
async def may_not_migrate(world: World, without_create, monkeypatch):
    """A version with a table more than the database has, and whose role may create none. Or again, if told."""
    more = Migration("9999_more.sql", "CREATE TABLE more (id int);\n")
    all_of_them = [*migrating.migrations(), more]
    monkeypatch.setattr(migrating, "migrations", lambda: all_of_them)
    world.keeps()
    await without_create()
    return without_create


async def test_a_right_that_is_missing_leaves_the_lease_and_what_can_be_written(world: World, may_not_migrate):
    assert await world.begin() == (KEPT, 1, False, SEATS, LAID)
    await world.lease.renew()
    assert (world.lease.may_send(), world.lease.away) == (True, "")


async def test_a_right_that_is_missing_takes_nothing_from_who_leads(world: World, may_not_migrate, monkeypatch):
    monkeypatch.setattr(beginning, "TRY_LEASE_EVERY_S", 0.01)
    said = asyncio.Event()
    monkeypatch.setattr(beginning.log, "warning", lambda *_, **__: said.set())
    other = Lease(world.db, "site", "another")
    await other.take(0)
    waiting = asyncio.create_task(world.begin())
    await asyncio.wait_for(said.wait(), 20)
    assert not waiting.done()
    assert not world.lease.may_send()
    await other.release()
    assert await waiting == (KEPT, 2, False, SEATS, LAID)


async def test_a_right_that_is_missing_is_told_until_it_is_back(world: World, may_not_migrate, monkeypatch):
    monkeypatch.setattr(beginning, "TRY_POSTGRES_EVERY_S", 0.001)
    late, logged, told, often = LateParts(), [], [], asyncio.Event()
    monkeypatch.setattr(beginning.log, "error", lambda told, **more: logged.append(more))

    def tell(why: str) -> None:
        told.append(why)
        if len(told) == 3:
            often.set()

    parts = (world.settings, world.site, world.outbox, world.db, late, late, late, late)
    catching_up = asyncio.create_task(beginning.catch_up(*parts, tell=tell))
    await asyncio.wait_for(often.wait(), 20)
    assert "refuses us: permission denied" in told[-1]
    assert [each["error"] for each in logged] == [told[-1]], "once"
    await may_not_migrate(False)
    await asyncio.wait_for(catching_up, 20)
    assert told[-1] == ""
    assert len(late.posted[-1].agents) == 2


async def test_who_knows_that_another_leads_waits_though_postgres_goes_away(world: World, monkeypatch):
    """The other leads on without Postgres, too."""
    monkeypatch.setattr(beginning, "TRY_LEASE_EVERY_S", 0.01)
    await migrate(world.db.dsn)
    other = Lease(world.db, "site", "another")
    await other.take(0)
    world.keeps()
    waiting = asyncio.create_task(world.begin())
    held, take = asyncio.Event(), world.lease.take

    async def take_and_tell(epoch: int) -> int:
        try:
            return await take(epoch)
        except StoreError as error:
            if error.code == "lease-held":
                world.away.gone = True
                world.lease._hang_up()
            else:
                held.set()
            raise

    world.lease.take = take_and_tell
    await asyncio.wait_for(held.wait(), 20)
    assert not waiting.done()
    assert not world.lease.may_send()
    world.away.gone = False
    await other.release()
    assert (await waiting).epoch == 2
