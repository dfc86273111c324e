"""`backup` and `restore`: all that ccplane knows in one file, and a fresh place made of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ccplane.cli.given import given_settings
from ccplane.errors import SetupError, StoreError
from ccplane.private import write_private

if TYPE_CHECKING:
    from ccplane.backup.manifest import Manifest
    from ccplane.backup.restore import Restored
    from ccplane.settings import Settings

FILE: Final = click.Path(path_type=Path)
SHOWN: Final = 5
"""Of the files that are missing; all of them are in a list."""
MISSING: Final = "missing-sounds.txt"


@click.command()
@click.argument("file", type=FILE)
@click.option("--recordings", is_flag=True, help="The sound of recordings and messages, too, not only their index.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
def backup(file: Path, recordings: bool, force: bool) -> None:
    """Write database, outbox and the index of recordings to FILE, while calls go on or while nothing runs.

    FILE has the phones' secrets and callers' numbers: it is for its owner alone (mode 0600). The administrator's token
    and the site's folders are not in it.

    \b
    Examples:
      ccplane backup /var/backups/ccplane.zip
      ccplane backup --recordings --force /mnt/usb/ccplane.zip
      CCPLANE_RUNTIME=/srv/ccplane CCPLANE_DATABASE_URL=postgresql://db/ccplane ccplane backup today.zip
    """
    from ccplane.backup.make import back_up

    settings, path = given_settings(), file.absolute()

    async def main() -> Manifest:
        async with _database(settings, fresh=False) as dsn:
            return await back_up(settings, dsn, path, recordings=recordings, force=force)

    os.nice(10)  # calls come first
    made = asyncio.run(main())
    click.echo(f"{file} ({file.stat().st_size / 1e6:.1f} MB): {_told(made)}")
    if recordings and made.no_folder:
        raise _without_sound(settings, made)


@click.command()
@click.argument("file", type=FILE)
@click.option("--check", is_flag=True, help="Only read all of FILE and say whether it is whole; change nothing.")
@click.option("--force", is_flag=True, help="Into a place that is not empty: what ccplane has there is replaced.")
def restore(file: Path, check: bool, force: bool) -> None:
    """Make of FILE, which `ccplane backup` wrote, what it was made of: in a fresh runtime folder and a fresh database.

    All of FILE is read before anything is changed; if it can't be done, all is as it was. The place that it was made of
    must not run at the same Asterisk any more: two would take the calls from each other.

    \b
    Examples:
      ccplane restore --check /var/backups/ccplane.zip
      CCPLANE_RUNTIME=/srv/ccplane ccplane restore /var/backups/ccplane.zip
      CCPLANE_RUNTIME=/srv/ccplane CCPLANE_DATABASE_URL=postgresql://db/ccplane ccplane restore today.zip
    """
    from ccplane.backup.restore import look_at
    from ccplane.backup.restore import restore as restored

    settings = given_settings()
    if check:
        click.echo(f"{file} is whole: {_told(look_at(file))}")
        return
    done = asyncio.run(restored(settings, lambda: _database(settings, fresh=True), file.absolute(), force=force))
    click.echo(f"Restored in {settings.runtime}: {_told(done.manifest)}")
    for line in _next(settings, done):
        click.echo(f"  {line}")


@asynccontextmanager
async def _database(settings: Settings, *, fresh: bool) -> AsyncIterator[str]:
    """The address of the database. The one that comes with us is started for as long as this takes, if it is not up.

    `fresh`: it may be made now, and nobody else may use it meanwhile.
    """
    if settings.database_url:
        yield settings.database_url
        return
    from ccplane.local.supervise import sole_instance
    from ccplane.postgres.embedded import EmbeddedPostgres

    server = EmbeddedPostgres(settings.postgres_dir)
    if not fresh and not settings.postgres_dir.is_dir():
        raise SetupError(
            "no-database",
            f"There is no database in {settings.runtime}: name its folder with CCPLANE_RUNTIME, "
            "or another database with CCPLANE_DATABASE_URL.",
        )
    with ExitStack() as stack:
        try:
            stack.enter_context(sole_instance(settings.runtime))
        except SetupError as error:
            if fresh or error.code != "already-running":
                raise
            yield server.url()
            return
        try:
            yield await server.start()
        finally:
            await server.stop()


def _without_sound(settings: Settings, made: Manifest) -> StoreError:
    """Of all that could be missing this is no chance: a disk is not mounted, or the folder is another one now."""
    from ccplane.backup.sounds import folder_of

    folders = " and ".join(str(folder_of(settings, kind)) for kind in made.no_folder)
    return StoreError(
        "no-sounds-folder",
        f"The backup is made, but without the sound of {' and '.join(made.no_folder)}: there is no {folders}. "
        "Is its disk mounted, and CCPLANE_RUNTIME right? Then make it again with --force.",
    )


def _told(made: Manifest) -> str:
    from datetime import UTC, datetime

    until = datetime.fromtimestamp(made.at / 1000, UTC).isoformat(timespec="seconds") if made.at else "nothing yet"
    absent = f" ({made.absent} are not there)" if made.absent else ""
    sounds = f"without their files{absent}"
    if made.with_sounds:
        sounds = f"with {made.sounds - made.absent} of their files" if made.absent else "with their files"
    return (
        f"contacts {made.rows('contact')}, facts {made.rows('fact') + made.seq - made.watermark}, "
        f"agents {made.rows('agent')}, up to {until}; recordings and messages {made.sounds}, {sounds}; "
        f"ccplane {made.ccplane}."
    )


def _next(settings: Settings, done: Restored) -> list[str]:
    """What is to be done now, and what to know."""
    lines = [
        f"It goes on after epoch {done.epoch}. Start it with this CCPLANE_RUNTIME and this database.",
        "The place that this was made of must not run at the same Asterisk any more.",
        "Phones register with the secrets they have. The administrator's token is this place's own.",
    ]
    if done.manifest.site != _site(settings):
        lines.append(f"The site's folders in {settings.site} are not those of the backup: see ccplane check.")
    if done.set_aside:
        lines.append(f"The outbox that was here is set aside: {done.set_aside}.")
    if done.absent:
        lines.append(f"Files of sound that were missing already when the backup was made: {done.absent}.")
    listed = settings.runtime / MISSING
    listed.unlink(missing_ok=True)  # of a restore before this one
    if done.missing:
        write_private(listed, "".join(f"{each}\n" for each in done.missing))
        lines.append(f"Files of sound that are missing: {len(done.missing)}, all of them in {listed}:")
        lines += [f"  {each}" for each in done.missing[:SHOWN]]
    return lines


def _site(settings: Settings) -> str:
    from ccplane.backup.make import site_of

    return site_of(settings)
