"""A backup is whole whatever goes on beside it, and there or not there."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from ccplane.backup import make, sounds
from ccplane.errors import RequestError, SetupError, StoreError
from ccplane.log import writer
from ccplane.postgres.copying import Moment
from ccplane.postgres.migrate import migrate
from ccplane.private import write_private
from tests.backup.places import Place, an_empty_database, folded_over, lives_through, living
from tests.backup.tasks import ended
from tests.postgres.histories import a_history

pytestmark = pytest.mark.postgres

FACTS = a_history(3, steps=60).facts


async def test_it_is_for_its_owner_alone_and_nothing_else_is_left(place, tmp_path):
    await lives_through(place, FACTS)
    (tmp_path / "backups").mkdir()
    file = tmp_path / "backups" / "b.zip"
    made = await place.backed_up(file)
    assert [each.name for each in file.parent.iterdir()] == ["b.zip"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (made.rows("fact"), made.seq, made.watermark) == (len(FACTS), len(FACTS), len(FACTS))
    assert made.at == FACTS[-1].at


async def test_one_that_is_there_is_replaced_only_with_force(place, tmp_path):
    await lives_through(place, FACTS)
    write_private(tmp_path / "b.zip", "precious")
    with pytest.raises(RequestError, match="is there already") as refused:
        await place.backed_up(tmp_path / "b.zip")
    assert refused.value.code == "backup-exists"
    assert (tmp_path / "b.zip").read_text() == "precious"
    await place.backed_up(tmp_path / "b.zip", force=True)
    assert (tmp_path / "b.zip").read_bytes().startswith(b"PK")


# --------------------------------------------------------------------------------------------- beside what goes on


async def works(life, facts, chance):
    """Facts as they come, each checkpointed and trimmed at once."""
    at = 0
    while at < len(facts):
        size = chance.randint(1, 12)
        life.append(facts[at : at + size], checkpoint=chance.random() < 0.6)
        at += size
        await asyncio.sleep(chance.choice((0, 0.001, 0.004)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_given_facts_that_come_ship_and_go_when_backed_up_then_each_has_every_fact_up_to_its_last(
    place, embedded_postgres, tmp_path, monkeypatch, seed
):
    """And the numbers are those of exactly these facts."""
    monkeypatch.setattr(writer, "TRIM_EVERY", 0.0)
    facts = a_history(seed, steps=900).facts
    made = []
    async with living(place) as life, ended(works(life, facts, random.Random(seed))) as (working,):
        while not working.done():
            made.append(await place.backed_up(tmp_path / f"{len(made)}.zip"))
        await life.shipped()
    assert len({each.seq for each in made}) > 2, "while facts came"
    for number, each in enumerate(made[:6]):
        async with an_empty_database(embedded_postgres) as dsn:
            copy = Place(tmp_path / f"copy-{number}", dsn)
            await copy.restored(tmp_path / f"{number}.zip")
            assert list((await copy.facts()).items()) == list(enumerate(facts[: each.seq], 1))
            assert (await copy.known())[1] == folded_over(facts[: each.seq])[1]


async def test_given_facts_trimmed_between_the_two_moments_then_both_are_taken_again(
    place, fresh, tmp_path, monkeypatch
):
    monkeypatch.setattr(writer, "TRIM_EVERY", 0.0)
    seen = []
    async with living(place) as life:
        third = len(FACTS) // 3
        life.append(FACTS[:third], checkpoint=True)
        await life.shipped()

        async def watermark(moment, outbox):
            found = await read(moment, outbox)
            if not seen:
                await life.box.committed(life.append(FACTS[third : 2 * third], checkpoint=True))
                await life.shipped()
                await life.box.committed(life.append(FACTS[2 * third :], checkpoint=True))  # and the others trimmed
            seen.append(found)
            return found

        read = Moment.watermark
        monkeypatch.setattr(Moment, "watermark", watermark)
        made = await place.backed_up(tmp_path / "b.zip")
    assert (seen[0], len(seen)) == (third, 2)
    assert made.seq == len(FACTS)
    await fresh.restored(tmp_path / "b.zip")
    assert list((await fresh.facts()).values()) == FACTS


async def test_the_plane_over_the_outbox_is_not_held_up(place, tmp_path):
    """It commits while its outbox is being read, and is not asked."""
    async with living(place) as life:
        life.append(FACTS[:50])
        await life.shipped()
        with make.held(place.outbox) as moment:
            await life.box.committed(life.append(FACTS[50:90]))
            assert moment.seq == 50
            moment.copy(tmp_path / "copy.sqlite")
        assert life.box.healthy


async def test_while_tables_are_copied_nobody_reads_the_outbox_any_more(place, tmp_path, monkeypatch):
    """Its write-ahead log could not be begun anew: it would grow for as long as a large table takes."""
    moved = []

    async def copy(moment, table, write):
        with sqlite3.connect(place.outbox, isolation_level=None) as writing:
            busy, _, _ = writing.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        writing.close()
        moved.append(not busy)
        return await read(moment, table, write)

    read = Moment.copy
    monkeypatch.setattr(Moment, "copy", copy)
    async with living(place) as life:
        life.append(FACTS[:50])
        await life.shipped()
        await place.backed_up(tmp_path / "b.zip")
    assert moved
    assert all(moved)


async def test_while_sound_is_copied_no_transaction_of_ours_is_open(place, tmp_path, monkeypatch):
    """It may take hours, in which the database could not clear away a single row that is no more."""
    open_ones = []

    def seen(*given):
        asked = place.rows(
            "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND (xact_start IS NOT NULL OR backend_xmin IS NOT NULL) AND backend_type = 'client backend'"
        )
        with ThreadPoolExecutor(1) as thread:  # in which there is no loop: that of the backup is held up
            open_ones.append(thread.submit(asyncio.run, asked).result())
        return copied(*given)

    copied = sounds._copied
    monkeypatch.setattr(sounds, "_copied", seen)
    await lives_through(place, a_history(5, steps=400).facts)
    made = await place.backed_up(tmp_path / "b.zip", recordings=True)
    assert open_ones == [[]] * made.sounds
    assert made.sounds


# -------------------------------------------------------------------------------------------------- what can't be


async def test_without_an_outbox_the_sentence_says_where_it_was_looked_for(place, tmp_path):
    with pytest.raises(SetupError, match=r"no plane has run there.*CCPLANE_RUNTIME") as refused:
        await place.backed_up(tmp_path / "b.zip")
    assert refused.value.code == "no-outbox"
    assert not [each for each in tmp_path.iterdir() if "b.zip" in each.name]


async def test_a_database_of_another_place_is_recognised(place, fresh, tmp_path, monkeypatch):
    monkeypatch.setattr(make, "TRIES", 2)
    monkeypatch.setattr(writer, "TRIM_EVERY", 0.0)
    async with living(place) as life:
        life.append(FACTS[:50], checkpoint=True)
        await life.shipped()
        life.append(FACTS[50:90], checkpoint=True)
        await life.shipped()
    await migrate(fresh.dsn)
    place.dsn = fresh.dsn
    with pytest.raises(SetupError, match="do not belong together") as refused:
        await place.backed_up(tmp_path / "b.zip")
    assert refused.value.code == "not-its-database"


async def test_a_database_without_a_schema_is_none(place, fresh, tmp_path):
    await lives_through(place, FACTS)
    place.dsn = fresh.dsn
    with pytest.raises(SetupError, match="no tables of ccplane") as refused:
        await place.backed_up(tmp_path / "b.zip")
    assert refused.value.code == "no-database"


async def test_a_database_that_is_away_is_named(place, tmp_path):
    await lives_through(place, FACTS)
    place.dsn = "postgresql:///nowhere?host=/nowhere&user=ccplane"
    with pytest.raises(StoreError, match="/nowhere cannot be reached") as refused:
        await place.backed_up(tmp_path / "b.zip")
    assert refused.value.code == "postgres-unreachable"
    assert not [each for each in tmp_path.iterdir() if "b.zip" in each.name]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
@pytest.mark.parametrize("kb", [16, 40, 80])
async def test_given_a_disk_that_fills_up_then_one_sentence_says_so_and_nothing_is_left(place, tmp_path, kb):
    await lives_through(place, FACTS)
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kb}k", "tmpfs", small], check=True)
    try:
        with pytest.raises(StoreError, match=r"full|No space") as refused:
            await place.backed_up(small / "b.zip")
        assert refused.value.code == "backup-not-written"
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


async def test_a_folder_that_is_not_there_is_named(place, tmp_path):
    await lives_through(place, FACTS)
    with pytest.raises(StoreError, match=r"nowhere/b\.zip cannot be written: No such file") as refused:
        await place.backed_up(tmp_path / "nowhere" / "b.zip")
    assert refused.value.code == "backup-not-written"
