"""Makes a backup beside a plane that runs, or without one: the plane is neither asked nor held up.

First the moment of the database, then that of the outbox. What was shipped up to the first is in the database; what
came after it is in the outbox, unless it was shipped and trimmed in the milliseconds between, which can be seen: then
both moments are taken again. From there on time does not matter for what we read, since either moment stays as it is.

It does for the database, which keeps every row of that moment until we let go of it. So only rows are read within it;
sound, which may take hours, is copied afterwards: those files never change.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ccplane import __version__
from ccplane.backup.archive import Writer, new_backup, not_written
from ccplane.backup.manifest import OUTBOX, Copied, Manifest
from ccplane.backup.sounds import Tally, copied, indexed
from ccplane.errors import CcplaneError, SetupError
from ccplane.log.outbox_copy import Held, files_of, held
from ccplane.postgres.copying import Moment, Table, moment
from ccplane.settings import Settings
from ccplane.site import digest, read

TRIES: Final = 50


class Moments(NamedTuple):
    """The database, and what was copied of the outbox, so that no fact is missing between them."""

    database: Moment
    outbox: Held
    watermark: int


async def back_up(
    settings: Settings, dsn: str, path: Path, *, recordings: bool = False, force: bool = False
) -> Manifest:
    """Write it to `path`. A CcplaneError says why not, and then there is nothing of it."""
    with new_backup(path, force=force) as writer, _beside(path) as copy:
        async with _moments(settings.runtime / "outbox.sqlite", dsn, copy) as at:
            _add_outbox(writer, copy, path)
            tables = [await _copied(writer, at.database, table) for table in await at.database.tables()]
            wanted = [each async for each in at.database.sounds()] if recordings else []
            tally = Tally() if recordings else await indexed(writer, at.database, settings)
            manifest = Manifest(
                ccplane=__version__,
                made_at=time.time_ns() // 1_000_000,
                site=site_of(settings),
                postgres=await at.database.server(),
                outbox=at.outbox.outbox,
                epoch=max(at.outbox.epoch, await at.database.epoch()),
                seq=at.outbox.seq,
                watermark=at.watermark,
                at=at.outbox.at,
                migrations=await at.database.applied(),
                days=await at.database.days(),
                tables=tuple(tables),
                numbers=await at.database.numbers(),
                sounds=0,
                with_sounds=recordings,
                parts={},
            )
        if recordings:
            tally = await copied(writer, settings, wanted)
        manifest = msgspec.structs.replace(manifest, **tally._asdict(), parts=dict(writer.parts))
        writer.seal(manifest)
    return manifest


@asynccontextmanager
async def _moments(path: Path, dsn: str, copy: Path) -> AsyncIterator[Moments]:
    """SetupError "not-its-database" if the two do not belong together.

    The outbox is copied at once and let go: as long as somebody reads it, its write-ahead log only grows.
    """
    for _ in range(TRIES):
        async with AsyncExitStack() as stack:
            with held(path) as before:
                outbox = before.outbox
            database = await stack.enter_async_context(moment(dsn))
            watermark = await database.watermark(outbox)  # the first read: this is the database's moment
            with held(path) as kept:
                if fits := kept.follows(watermark):
                    kept.copy(copy)
            if fits:
                yield Moments(database, kept, watermark)
                return
        await asyncio.sleep(0.05)
    raise SetupError(
        "not-its-database",
        f"The database has facts of the outbox {path} up to {watermark}, and the outbox those from {kept.first} to "
        f"{kept.seq}: they do not belong together. Name the plane's own database with CCPLANE_DATABASE_URL.",
    )


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Where the outbox is copied to on its way into the backup: SQLite copies into files alone."""
    partial = path.with_name(path.name + ".outbox.partial")
    _remove(partial)
    try:
        yield partial
    finally:
        _remove(partial)


def _add_outbox(writer: Writer, copy: Path, path: Path) -> None:
    try:
        writer.add_file(OUTBOX, copy)
    except OSError as error:
        raise not_written(path, error) from error
    _remove(copy)


def _remove(outbox: Path) -> None:
    for each in files_of(outbox):
        each.unlink(missing_ok=True)


async def _copied(writer: Writer, database: Moment, table: Table) -> Copied:
    with writer.part(Copied(table, 0).part) as write:

        async def sink(data: bytes) -> None:
            write(data)

        return Copied(table, await database.copy(table, sink))


def site_of(settings: Settings) -> str:
    """The hash of the site's folders as they are now; "" if they can't be read: no reason to have no backup."""
    try:
        return digest(read(settings.site))
    except CcplaneError:
        return ""
