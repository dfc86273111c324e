"""`backup` and `restore` as an operator runs them; docs/backup.md says what is so."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ccplane.backup.archive import new_backup
from ccplane.cli import backup as command
from ccplane.local.supervise import sole_instance
from ccplane.postgres.copying import UNFINISHED
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.settings import HOME
from tests.backup.places import Place, an_empty_database, lives_through
from tests.forker import begin
from tests.postgres.histories import a_history
from tests.stack import copy_cluster

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

FACTS = a_history(3, steps=60).facts
PAGE = (HOME / "docs" / "backup.md").read_text()


@pytest.fixture
async def place(database, tmp_path):
    place = Place(tmp_path / "place", database)
    await lives_through(place, FACTS)
    return place


@pytest.fixture
async def fresh(embedded_postgres, tmp_path):
    async with an_empty_database(embedded_postgres) as dsn:
        yield Place(tmp_path / "fresh", dsn)


def environment(place, **more):
    """The operator's; with `ccplane` on its PATH."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CCPLANE_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
    given = {"CCPLANE_RUNTIME": str(place.settings.runtime), "CCPLANE_DATABASE_URL": place.dsn}
    return own | {"PATH": path} | given | more


async def run(place, *command, code=0, **more):
    """What a line in a shell says; on stderr, if it fails."""

    def call():
        return subprocess.run(command, env=environment(place, **more), capture_output=True, text=True, timeout=60)

    done = await asyncio.to_thread(call)
    return judged(code, done.returncode, done.stdout, done.stderr)


async def ccplane(place, *arguments, code=0, **more):
    """What `ccplane …` says; on stderr, if it fails."""
    with TemporaryDirectory() as folder:
        said, errors = Path(folder) / "said", Path(folder) / "errors"
        process = begin([str(each) for each in arguments], environment(place, **more), said, errors)
        try:
            ended = await asyncio.wait_for(process.wait(), 60)
        finally:
            process.kill()  # does nothing to one that has ended
        return judged(code, ended, said.read_text(), errors.read_text())


def judged(code, ended, said, errors):
    assert ended == code, said + errors
    assert "Traceback" not in errors
    return errors if code else said


async def test_a_backup_says_what_is_in_it_and_a_restore_the_same_and_what_is_next(place, fresh, tmp_path):
    file = tmp_path / "b.zip"
    made = await ccplane(place, "backup", file)
    what = made.partition(": ")[2].strip()
    assert made.startswith(f"{file} (0.")
    assert re.match(rf"contacts \d+, facts {len(FACTS)}, agents 0, up to 20\d\d-.*; recordings and messages \d+,", what)
    assert await ccplane(fresh, "restore", "--check", file) == f"{file} is whole: {what}\n"
    assert not fresh.outbox.exists()
    said = (await ccplane(fresh, "restore", file)).splitlines()
    assert said[0] == f"Restored in {fresh.settings.runtime}: {what}"
    assert "must not run at the same Asterisk any more" in said[2]
    assert await fresh.all_rows() == await place.all_rows()


async def test_errors_are_one_sentence_and_say_whose_fault_it_is(place, fresh, tmp_path):
    file, other = tmp_path / "b.zip", tmp_path / "other.zip"
    other.write_text("a shopping list")
    await ccplane(place, "backup", file)
    with new_backup(tmp_path / "now.zip", force=True):
        said = await ccplane(place, "backup", tmp_path / "now.zip", code=2)
    assert re.fullmatch(r"ccplane: Another backup to \S+now\.zip is being written at this moment: wait .*\n", said)
    for whose, arguments, code, words in (
        (place, ("backup", file), 2, "is there already"),
        (place, ("restore", file), 2, "has an outbox already"),
        (fresh, ("backup", tmp_path / "c.zip"), 2, "no plane has run there"),
        (fresh, ("restore", other), 1, "is no backup of ccplane"),
        (fresh, ("restore", tmp_path / "nowhere"), 1, "cannot be read: No such file"),
    ):
        said = await ccplane(whose, *arguments, code=code)
        assert said.startswith("ccplane: ")
        assert words in said
        assert said.count("\n") == 1


async def test_files_of_sound_that_are_missing_are_listed(database, fresh, tmp_path):
    place = Place(tmp_path / "place", database)
    await lives_through(place, a_history(5, steps=400).facts)
    for row in await place.rows("SELECT opus FROM recording WHERE opus <> ''"):
        path = place.settings.recordings_dir / row["opus"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")
    await ccplane(place, "backup", tmp_path / "b.zip")
    said = await ccplane(fresh, "restore", tmp_path / "b.zip")
    listed = (fresh.settings.runtime / command.MISSING).read_text().splitlines()
    assert f"are missing: {len(listed)}" in said
    assert listed
    assert {Path(each).parent for each in listed} == {fresh.settings.recordings_dir}
    file = fresh.settings.runtime / command.MISSING
    assert stat.S_IMODE(file.stat().st_mode) == 0o600, "names of files tell who was called when"
    for each in listed:
        Path(each).parent.mkdir(parents=True, exist_ok=True)
        Path(each).write_bytes(b"sound")
    assert "are missing" not in await ccplane(fresh, "restore", "--force", tmp_path / "b.zip")
    assert not file.exists(), "which would be that of the restore before"


async def test_a_backup_with_sound_whose_folder_is_not_there_says_so_and_so_does_its_restore(database, fresh, tmp_path):
    """A disk that is not mounted: rows are in safety, and cron mails what is not."""
    place, file = Place(tmp_path / "place", database), tmp_path / "b.zip"
    await lives_through(place, a_history(5, steps=400).facts)
    (stored,) = [row["n"] for row in await place.rows("SELECT count(*) AS n FROM recording WHERE opus <> ''")]
    said = await ccplane(place, "backup", "--recordings", file, code=1)
    assert f"there is no {place.settings.recordings_dir}" in said
    assert "Is its disk mounted" in said
    checked = await ccplane(fresh, "restore", "--check", file)
    assert "with 0 of their files" in checked
    assert f"missing already when the backup was made: {stored}." in await ccplane(fresh, "restore", file)
    said = await ccplane(place, "backup", "--force", file)
    assert f"without their files ({stored} are not there)" in said


async def test_the_postgres_that_comes_with_us_is_used_while_it_runs_and_started_while_it_does_not(cluster, tmp_path):
    place = Place(tmp_path / "place", "")
    copy_cluster(cluster, place.settings.postgres_dir)
    server = EmbeddedPostgres(place.settings.postgres_dir, durable=False)
    with sole_instance(place.settings.runtime):
        place.dsn = await server.start()
        await lives_through(place, FACTS)
        assert "facts" in await ccplane(place, "backup", tmp_path / "up.zip", CCPLANE_DATABASE_URL="")
        assert server.running
        await server.stop()
    await ccplane(place, "backup", tmp_path / "down.zip", CCPLANE_DATABASE_URL="")
    nobody = tmp_path / "nobody"
    nobody.mkdir()
    (nobody / "outbox.sqlite").write_bytes(place.outbox.read_bytes())
    lost = Place(nobody, "")
    assert "no database in" in await ccplane(lost, "backup", tmp_path / "c.zip", code=2, CCPLANE_DATABASE_URL="")
    assert not lost.settings.postgres_dir.exists()


HALTING = """
import sys, time
from ccplane import cli
from ccplane.backup import restore
from ccplane.postgres.copying import Refill

def halts(*given, **named):
    print("halted", flush=True)
    time.sleep(600)

place, name = sys.argv.pop(1).split(".")
setattr({"restore": restore, "Refill": Refill}[place], name, halts)
cli.main()
"""
"""`ccplane`, but at this function it stands still."""

READ, FILLED, HELD, PLACED, LED = "its outbox is read", "its rows are in", "no plane may lead it", "placed", "led"


async def stands(fresh):
    """How far a restore is, by what it has left there."""
    if not await fresh.rows("SELECT FROM pg_class WHERE relname = 'lease'"):
        filling = await fresh.rows(
            "SELECT FROM pg_locks WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        coming = fresh.outbox.with_name(fresh.outbox.name + ".restoring")
        return (FILLED if filling else READ) if coming.exists() and not fresh.outbox.exists() else ""
    (lease,) = await fresh.rows("SELECT holder FROM lease")
    if lease["holder"] != UNFINISHED:
        return LED if fresh.outbox.exists() else ""
    return PLACED if fresh.outbox.exists() else HELD


@pytest.mark.parametrize(
    ("at", "there"),
    [
        ("restore.as_its_own", READ),
        ("Refill.bring_up", FILLED),
        ("restore._set_aside", HELD),
        ("restore.finish", PLACED),
        ("restore.missing", LED),
    ],
)
async def test_a_restore_that_is_killed_leaves_nothing_that_a_plane_could_lead_half_and_can_be_done_again(
    place, fresh, tmp_path, at, there
):
    """Whatever it was at: a second one makes it whole."""
    file = tmp_path / "b.zip"
    await ccplane(place, "backup", file)
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HALTING, at, "restore", file, env=environment(fresh), stdout=subprocess.PIPE
    )
    try:
        assert await asyncio.wait_for(killed.stdout.readline(), 60) == b"halted\n"
        assert await stands(fresh) == there
    finally:
        killed.kill()
        await killed.wait()
    again = ("--force",) if fresh.outbox.exists() else ()
    assert "Restored in" in await ccplane(fresh, "restore", *again, file)
    assert list((await fresh.facts()).values()) == FACTS
    assert await fresh.all_rows() == await place.all_rows()


# --------------------------------------------------------------------------------------------------- docs/backup.md


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


async def test_the_commands_on_the_page_do_what_the_page_says(place, tmp_path):
    """All of them, one after the other, as they stand: a backup, its check, the drill."""
    script = "\n".join(("set -eu", f"cd {tmp_path}", f"export TMPDIR={tmp_path}", *blocks("sh")))
    said = await run(place, "bash", "-c", script)
    assert "ccplane.zip is whole: contacts" in said
    assert f"Restored in {tmp_path}/tmp." in said
    assert {each.name for each in tmp_path.iterdir()} == {"place", "ccplane.zip"}, "the drill leaves nothing"


async def test_the_crontab_on_the_page_makes_a_backup_and_keeps_two_weeks_of_them(place, tmp_path):
    (line,) = (line for line in blocks("cron")[0].splitlines() if not line.startswith("#"))
    work = line.split(" ", 6)[6].replace("\\%", "%").replace("/srv/ccplane", str(HOME))
    backups = tmp_path / "backups"
    backups.mkdir()
    old, young = backups / "2020-01-01.zip", backups / "2020-01-14.zip"
    for path, days in ((old, 16), (young, 13)):
        path.write_text("")
        os.utime(path, (path.stat().st_mtime - days * 86_400,) * 2)
    work = work.replace(".venv/bin/ccplane", "ccplane").replace("/var/backups/ccplane", str(backups))
    assert await run(place, "sh", "-c", work) == ""
    assert not old.exists()
    assert young.exists()
    assert len(list(backups.glob("20*.zip"))) == 2


def test_every_option_is_on_the_page():
    for each in (command.backup, command.restore):
        for parameter in each.params:
            assert any(
                f"`{name}" in PAGE or f" {name}" in PAGE for name in parameter.opts if name.startswith("--")
            ) or (parameter.name == "file")
