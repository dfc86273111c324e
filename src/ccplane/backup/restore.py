"""Makes a place of a backup: everything is read and judged before anything is changed, and nothing is left half done.

The rows are one transaction. It ends with a database that nobody may lead; only when the outbox has its place, too, is
that lifted. So whatever is cut off where, what is there is empty, or says that it is not whole, or is whole.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from ccplane.backup.archive import Backup, keep_names, opened
from ccplane.backup.manifest import OUTBOX, Manifest
from ccplane.backup.sounds import absent, missing, put_back, take_away
from ccplane.errors import RequestError, StoreError
from ccplane.log.outbox_copy import as_its_own, files_of
from ccplane.log.ownership import Ownership
from ccplane.postgres.copying import RESTORED_EPOCHS, Refill, finish, fits, made_by_migrations, refill
from ccplane.postgres.migrate import migrations
from ccplane.settings import Settings, make_runtime

BEFORE: Final = "before-restore"


class Restored(NamedTuple):
    """What was restored, after which epoch it goes on, which files of sound are missing, where the outbox is that was
    there before, and how many files of sound were missing already when the backup was made."""

    manifest: Manifest
    epoch: int
    missing: list[Path]
    set_aside: Path | None
    absent: int = 0


def look_at(path: Path) -> Manifest:
    """Everything in the backup is read and compared with its checksum; nothing is changed. StoreError if it is bad."""
    with opened(path) as backup:
        _acceptable(backup)
        backup.check()
        return backup.manifest


def _acceptable(backup: Backup) -> None:
    """Its rows are for tables of ours. StoreError "backup-newer", "-other", "-foreign"."""
    fits(backup.manifest.migrations)
    ours = set(made_by_migrations()[0])
    tables = [each.table for each in backup.manifest.tables]
    strange = [table.name for table in tables if table.name not in ours]
    strange += [name for table in tables for name in table.columns if not name.isprintable()]
    if strange:
        raise StoreError(
            "backup-foreign",
            f"{backup.path} was not made by ccplane backup: it has rows for {ascii(strange[0])[:60]}, which is no "
            "table or column of ccplane's. Take another backup.",
        )


def needs_room(settings: Settings, *, force: bool) -> None:
    """RequestError "place-not-empty" if there is an outbox already."""
    outbox = settings.runtime / "outbox.sqlite"
    if outbox.exists() and not force:
        raise RequestError(
            "place-not-empty",
            f"{settings.runtime} has an outbox already. Name a fresh folder with CCPLANE_RUNTIME; --force sets that "
            "outbox aside, and with it the facts that are not in Postgres yet.",
        )


Database = Callable[[], AbstractAsyncContextManager[str]]
"""Gives the address of the database, for as long as it is needed."""


async def restore(settings: Settings, database: Database, path: Path, *, force: bool = False) -> Restored:
    """Into this runtime folder and this database. StoreError or RequestError says why not; then all is as it was."""
    with opened(path) as backup:
        manifest = backup.manifest
        _acceptable(backup)
        needs_room(settings, force=force)
        backup.check()
        make_runtime(settings.runtime)
        epoch = manifest.epoch + RESTORED_EPOCHS
        async with database() as dsn:
            with _owned(settings.runtime / "outbox.sqlite") as outbox:
                set_aside = await _restored(backup, settings, dsn, outbox, epoch, force=force)
        return Restored(manifest, epoch, missing(backup, settings), set_aside, absent(backup))


async def _restored(
    backup: Backup, settings: Settings, dsn: str, outbox: Path, epoch: int, *, force: bool
) -> Path | None:
    """Where the outbox is now that was there before."""
    coming = outbox.with_name(outbox.name + ".restoring")
    made: list[Path] = []
    take_away(_files(coming))  # of one that was killed: SQLite would take its write-ahead log for this one's
    try:
        backup.extract(OUTBOX, coming)
        own = as_its_own(coming, epoch, backup.manifest.watermark)
        made = put_back(backup, settings)
        async with refill(dsn) as database:
            await _filled(database, backup, force=force)
            await database.mark(epoch, backup.manifest.outbox, own.outbox)
    except BaseException:
        take_away([*made, *_files(coming)])
        raise
    try:
        set_aside = _set_aside(outbox)
        coming.replace(outbox)
        keep_names(outbox.parent)
        await finish(dsn, own.outbox)
    except (OSError, StoreError) as error:
        raise StoreError(
            "not-finished", f"The last step of the restore failed ({error}): do the same again with --force."
        ) from error
    return set_aside


async def _filled(database: Refill, backup: Backup, *, force: bool) -> None:
    manifest = backup.manifest
    await database.empty(force=force)
    await database.build(manifest.migrations, manifest.days)
    for each in manifest.tables:
        if await database.fill(each.table, _rows(backup, each.part)) != each.rows:
            raise backup.damaged(each.part)
    await database.bring_up()
    same_schema = {each.name for each in manifest.migrations} == {each.name for each in migrations()}
    if same_schema and (now := await database.numbers()) != manifest.numbers:
        differ = sorted({key for key, _ in now.items() ^ manifest.numbers.items()})
        raise StoreError("numbers-differ", f"The numbers are not those of the backup: {', '.join(differ)}.")


async def _rows(backup: Backup, part: str) -> AsyncIterator[bytes]:
    for block in backup.blocks(part):
        yield block


@contextmanager
def _owned(outbox: Path) -> Iterator[Path]:
    """No plane may run over it meanwhile. StoreError "outbox-locked"."""
    ownership = Ownership(outbox)
    ownership.take()
    try:
        yield outbox
    finally:
        ownership.free()


def _set_aside(outbox: Path) -> Path | None:
    """What was there keeps what only it may have: facts that are not in Postgres."""
    if not (there := _files(outbox)):
        return None
    aside = outbox.with_name(f"{outbox.name}.{BEFORE}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    for each in there:
        each.replace(aside.with_name(aside.name + each.name.removeprefix(outbox.name)))
    return aside


def _files(outbox: Path) -> list[Path]:
    return [each for each in files_of(outbox) if each.exists()]
