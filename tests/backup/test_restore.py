"""A fresh place made of a backup is the same place: every row, every number, every fact; and whole or not at all."""

from __future__ import annotations

import stat
import zipfile

import msgspec
import pytest
from msgspec.structs import replace

from ccplane.backup import restore as restoring
from ccplane.backup.manifest import NAME, Manifest
from ccplane.errors import RequestError, StoreError
from ccplane.log.outbox import Outbox
from ccplane.log.ownership import Ownership
from ccplane.postgres import copying
from ccplane.postgres import migrate as migrating
from ccplane.postgres.copying import RESTORED_EPOCHS, UNFINISHED
from ccplane.postgres.lease import Lease
from ccplane.postgres.migrate import Migration, migrate, migrations, pending
from ccplane.postgres.people import import_agents
from ccplane.postgres.pool import Database
from tests.backup.places import SITE, folded_over, lives_through, living
from tests.notices.telling import stored as a_message_that_is_told
from tests.postgres.histories import START, a_history
from tests.postgres.test_projections import store

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

MIDNIGHT = START - START % 86_400_000 + 86_400_000
FACTS = a_history(3, steps=80, start=MIDNIGHT - 60_000).facts


@pytest.fixture
async def file(place, tmp_path):
    """The backup of a place that has shipped all but its last 40 facts."""
    await lives_through(place, FACTS, shipped=len(FACTS) - 40)
    await place.backed_up(tmp_path / "b.zip")
    return tmp_path / "b.zip"


async def nothing_is_there(fresh):
    left = {each.name for each in fresh.settings.runtime.iterdir()}
    tables = await fresh.rows("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    return left <= {"outbox.sqlite.lock"} and not tables


# -------------------------------------------------------------------------------------------------------- the same


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))])
async def test_given_a_backup_when_it_is_restored_in_a_fresh_place_then_all_is_equal_to_the_integer(
    place, fresh, tmp_path, seed
):
    """Over midnight: two partitions, two days on the board."""
    facts = a_history(seed, wrap_up_ms=seed % 2 * 6_000, start=MIDNIGHT - 60_000).facts
    await lives_through(place, facts, seed=seed)
    made = await place.backed_up(tmp_path / "b.zip")
    restored = await fresh.restored(tmp_path / "b.zip")
    assert (made.seq, restored.manifest) == (len(facts), made)
    assert made.numbers["facts"] == len(facts)
    assert await fresh.all_rows() == await place.all_rows()
    state, board = await fresh.known()
    assert (state, board) == await place.known()
    assert board == folded_over(facts)[1]
    assert board.ever, "which has seen calls"


async def test_given_facts_that_only_the_outbox_has_when_restored_then_they_are_shipped_from_there(place, fresh, file):
    """And what comes of it is as if nothing had been."""
    await fresh.restored(file)
    assert list((await fresh.facts()).values()) == FACTS
    assert (await fresh.known())[1] == folded_over(FACTS)[1]
    for each in (place, fresh):
        async with living(each, epoch=RESTORED_EPOCHS + 2) as life:
            await life.shipped()
    assert await fresh.all_rows() == await place.all_rows()
    assert len(await fresh.rows("SELECT FROM fact")) == len(FACTS)


async def test_people_and_what_their_phones_register_with_come_back(place, fresh, tmp_path):
    database = Database(place.dsn)
    await database.open()
    await import_agents(database, SITE.agents)
    await database.close()
    await lives_through(place, FACTS[:40])
    async with living(place) as life:
        life.box.put_note("agent-sessions", b"[]")
    await place.backed_up(tmp_path / "b.zip")
    await fresh.restored(tmp_path / "b.zip")
    assert await fresh.rows("SELECT * FROM agent ORDER BY id") == await place.rows("SELECT * FROM agent ORDER BY id")
    box = Outbox(fresh.outbox)
    box.open()
    assert box.note("agent-sessions") == b"[]"
    await box.close()


# ------------------------------------------------------------------------------------------- a place of its own


async def test_in_a_restored_place_notices_of_new_messages_stand_beside_those_that_came_with_it(place, fresh, tmp_path):
    await lives_through(place, FACTS)
    await stored_in(place, [a_message_that_is_told(1)])
    await place.backed_up(tmp_path / "b.zip")
    await fresh.restored(tmp_path / "b.zip")
    before = await place.rows("SELECT * FROM notice")
    assert await fresh.rows("SELECT * FROM notice") == before
    assert len(before) == 1
    await stored_in(fresh, [a_message_that_is_told(2)], epoch=2)
    assert len(await fresh.rows("SELECT id FROM notice WHERE state = 'due'")) == 2
    assert len(await fresh.rows("SELECT id FROM message WHERE file IS NOT NULL")) >= 2


async def stored_in(place, facts, epoch=1):
    """By another outbox than the place's own."""
    database = Database(place.dsn)
    await database.open()
    await store(database, facts, epoch=10_000_000 + epoch, outbox=f"box-{epoch}")
    await database.close()


async def test_a_restored_place_may_lead_at_once_under_an_epoch_that_its_original_never_had(place, fresh, file):
    before = await place.rows("SELECT max(epoch) AS last FROM fact")
    await fresh.restored(file)
    box, database = Outbox(fresh.outbox), Database(fresh.dsn)
    recovered = box.open()
    await database.open()
    lease = Lease(database, "site", recovered.outbox)
    epoch = await lease.take(recovered.epoch)
    await lease.release()
    assert epoch > before[0]["last"] + RESTORED_EPOCHS
    assert recovered.epoch == before[0]["last"] + RESTORED_EPOCHS, "under which it goes on if Postgres is away"
    await database.close()
    await box.close()


async def test_given_the_original_at_the_database_of_its_copy_then_it_ships_nothing_there(place, fresh, file):
    """The two are different outboxes: neither ever goes on behind the other's watermark."""
    await fresh.restored(file)
    rows = await fresh.all_rows()
    place.dsn = fresh.dsn
    async with living(place, ships=False) as original, living(fresh, ships=False) as copy:
        assert original.box.id != copy.box.id
        database = Database(fresh.dsn)
        await database.open()
        original.shipper._store._database = database
        with pytest.raises(StoreError) as refused:
            await original.shipper._ship_on()
        assert refused.value.code in ("epoch-taken", "outbox-gap")
        await original.shipper._store.close()
        await database.close()
    assert await fresh.all_rows() == rows


# ---------------------------------------------------------------------------------------------- what is in the way


async def test_a_place_that_has_an_outbox_is_left_alone(place, fresh, file):
    box = Outbox(fresh.outbox)
    box.open()
    await box.close()
    with pytest.raises(RequestError, match="has an outbox already") as refused:
        await fresh.restored(file)
    assert refused.value.code == "place-not-empty"


async def test_a_database_with_rows_in_it_is_left_alone(place, fresh, file):
    before = await place.all_rows()
    fresh.dsn = place.dsn
    with pytest.raises(RequestError, match="not empty") as refused:
        await fresh.restored(file)
    assert refused.value.code == "database-not-empty"
    assert await place.all_rows() == before
    assert not fresh.outbox.exists()


async def test_with_force_what_is_there_is_replaced_and_the_outbox_set_aside(place, file, tmp_path):
    before, known = await place.all_rows(), await place.known()
    async with living(place, ships=False) as life:
        life.append(FACTS[:3])
    restored = await place.restored(file, force=True)
    assert (await place.all_rows(), await place.known()) == (before, known)
    aside = Outbox(restored.set_aside)
    assert aside.open().seq == len(FACTS) + 3
    await aside.close()


async def test_a_database_that_a_plane_leads_is_not_replaced_even_with_force(place, file):
    database = Database(place.dsn)
    await database.open()
    lease = Lease(database, "site", "another")
    await lease.take(0)
    with pytest.raises(StoreError, match="leads this database") as refused:
        await place.restored(file, force=True)
    assert refused.value.code == "database-in-use"
    await lease.release()
    await database.close()


async def test_an_outbox_that_a_plane_has_is_not_replaced_even_with_force(place, file):
    owner = Ownership(place.outbox)
    owner.take()
    with pytest.raises(StoreError, match="in use by"):
        await place.restored(file, force=True)
    owner.free()


async def test_tables_that_are_not_ours_stay(place, fresh, file):
    await place.rows("CREATE TABLE mine AS SELECT 1 AS one")
    await place.restored(file, force=True)
    assert await place.rows("SELECT * FROM mine") == [{"one": 1}]


async def test_a_database_that_is_migrated_and_empty_is_a_fresh_one(fresh, file):
    await migrate(fresh.dsn)
    assert (await fresh.restored(file)).manifest.seq == len(FACTS)


# ------------------------------------------------------------------------------------------------ whole or not at all


@pytest.mark.parametrize("at", ["build", "fill", "bring_up", "mark"])
async def test_given_a_fault_on_the_way_then_all_is_as_it_was(fresh, file, monkeypatch, at):
    async def fails(*given, **named):
        raise StoreError("cut", "The connection is gone.")

    monkeypatch.setattr(copying.Refill, at, fails)
    with pytest.raises(StoreError, match="is gone"):
        await fresh.restored(file)
    assert await nothing_is_there(fresh)


async def test_given_other_numbers_than_were_written_down_then_nothing_is_restored(fresh, file, monkeypatch):
    async def off_by_one(connection):
        return {key: number + (key == "ms rung") for key, number in (await numbers(connection)).items()}

    numbers = copying.numbers
    monkeypatch.setattr(copying, "numbers", off_by_one)
    with pytest.raises(StoreError, match=r"not those of the backup: ms rung\."):
        await fresh.restored(file)
    assert await nothing_is_there(fresh)


async def test_given_an_end_before_the_outbox_has_its_place_then_no_plane_leads_and_it_can_be_done_again(
    fresh, file, monkeypatch
):
    """Killed between the rows and the outbox."""
    with monkeypatch.context() as cut:
        cut.setattr(restoring, "_set_aside", lambda outbox: (_ for _ in ()).throw(OSError(5, "killed")))
        with pytest.raises(StoreError) as refused:
            await fresh.restored(file)
    assert refused.value.code == "not-finished"
    database = Database(fresh.dsn)
    await database.open()
    lease = Lease(database, "site", "a plane")
    with pytest.raises(StoreError, match=UNFINISHED) as held:
        await lease.take(9_999)
    await lease.release()
    assert held.value.code == "lease-held"
    await database.close()
    assert (await fresh.restored(file)).manifest.seq == len(FACTS)
    assert list((await fresh.facts()).values()) == FACTS


# ------------------------------------------------------------------------------------------------- over versions


async def test_a_backup_of_an_older_schema_becomes_a_database_of_this_one(place, fresh, file, monkeypatch):
    newer = Migration("9999_later.sql", "ALTER TABLE contact ADD COLUMN later integer NOT NULL DEFAULT 7;")
    later = [*migrations(), newer]
    for module in (migrating, copying, restoring):
        monkeypatch.setattr(module, "migrations", lambda: later)
    await fresh.restored(file)
    contacts = await fresh.rows("SELECT id, later FROM contact ORDER BY id")
    assert [each["id"] for each in contacts] == [
        each["id"] for each in await place.rows("SELECT id FROM contact ORDER BY id")
    ]
    assert {each["later"] for each in contacts} == {7}
    assert await pending(fresh.dsn) == []


async def test_a_backup_of_a_newer_ccplane_is_refused_by_name(fresh, file, monkeypatch):
    ours = migrations()
    monkeypatch.setattr(copying, "migrations", lambda: ours[:-1])
    with pytest.raises(StoreError, match=ours[-1].name) as refused:
        await fresh.restored(file)
    assert refused.value.code == "backup-newer"
    assert await nothing_is_there(fresh)


# ---------------------------------------------------------------------------------------------- not made by us


def altered(file, table, change):
    """Its manifest says something else of this table."""
    with zipfile.ZipFile(file) as zipped:
        parts = {name: zipped.read(name) for name in zipped.namelist()}
    manifest = msgspec.json.decode(parts[NAME], type=Manifest)
    tables = tuple(change(each) if each.table.name == table else each for each in manifest.tables)
    more = {each.part: parts[f"database/{table}.copy"] for each in tables if each.part not in parts}
    parts |= {NAME: msgspec.json.encode(replace(manifest, tables=tables))}
    with zipfile.ZipFile(file, "w") as zipped:
        for name, data in parts.items() | more.items():
            zipped.writestr(name, data)


def into(**other):
    return lambda copied: replace(copied, table=replace(copied.table, **other))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (into(name="mine"), "'mine'"),
        (into(name="pg_authid"), "'pg_authid'"),
        (into(name="contact\0; x"), r"'contact\\x00; x'"),
        (into(columns=("id\0",)), r"'id\\x00'"),
        (into(columns=("id\nand",)), r"'id\\nand'"),
    ],
)
async def test_given_rows_for_what_is_no_table_of_ours_then_one_sentence_refuses_them(fresh, file, change, words):
    """Before anything is read or changed: a table of somebody else's in that database is not ours to fill."""
    await fresh.rows("CREATE TABLE mine AS SELECT * FROM (VALUES ('1')) AS one (id)")
    altered(file, "contact", change)
    with pytest.raises(StoreError, match=f"not made by ccplane backup: it has rows for {words}") as refused:
        await fresh.restored(file, force=True)
    with pytest.raises(StoreError) as looked_at:
        restoring.look_at(file)
    assert refused.value.code == looked_at.value.code == "backup-foreign"
    assert "\n" not in str(refused.value)
    assert not fresh.outbox.exists()
    assert await fresh.rows("SELECT * FROM mine") == [{"id": "1"}]


async def test_given_a_column_that_the_table_does_not_have_then_all_is_as_it_was(fresh, file):
    altered(file, "contact", into(columns=("id", "whatever")))
    with pytest.raises(StoreError, match='column "whatever" of relation "contact" does not exist'):
        await fresh.restored(file)
    assert await nothing_is_there(fresh)


# --------------------------------------------------------------------------------------------------------- its sound


async def with_sound(place):
    """Files that the rows speak of: of two of three recordings."""
    rows = await place.rows("SELECT opus FROM recording WHERE opus <> '' ORDER BY id")
    for n, row in enumerate(rows[:-1]):
        path = place.settings.recordings_dir / row["opus"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound %d" % n)
    return [row["opus"] for row in rows]


async def test_without_their_files_the_index_says_which_are_missing(place, fresh, tmp_path):
    """One that was missing already is counted apart."""
    await lives_through(place, a_history(5, steps=400).facts)
    *there, gone = await with_sound(place)
    await place.backed_up(tmp_path / "b.zip")
    restored = await fresh.restored(tmp_path / "b.zip")
    assert restored.missing == [fresh.settings.recordings_dir / name for name in there]
    assert gone not in map(str, restored.missing)
    assert restored.absent == 1


async def test_with_their_files_they_are_put_back_for_their_owner_alone(place, fresh, tmp_path):
    await lives_through(place, a_history(5, steps=400).facts)
    *there, _ = await with_sound(place)
    made = await place.backed_up(tmp_path / "b.zip", recordings=True)
    assert (made.sounds, made.absent, made.no_folder) == (len(there) + 1, 1, ())
    restored = await fresh.restored(tmp_path / "b.zip")
    assert (restored.missing, restored.absent) == ([], 1)
    for n, name in enumerate(there):
        path = fresh.settings.recordings_dir / name
        assert path.read_bytes() == b"sound %d" % n
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
