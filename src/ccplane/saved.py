"""CCPLANE_WATCH: the site is read again as soon as somebody saves a file of it. For whoever writes one; a centre that
takes calls reloads when its people say so.

The folders are looked at twice a second, as their times and sizes: that works on every file system, and needs nobody
who watches them for us. What two looks in a row find alike is taken; a save in the middle of another is waited out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import structlog

from ccplane.errors import CcplaneError
from ccplane.site.files import watched

EVERY_S: Final = 0.5
log = structlog.get_logger()

Look = dict[str, tuple[int, int]]


async def reload_what_is_saved(
    directory: Path, reload: Callable[[], Awaitable[object]], every_s: float = EVERY_S
) -> None:
    """For ever. A fault is said in the log with file and line, and the site in force stays."""
    taken = before = await asyncio.to_thread(_look, directory)
    log.info("files that are saved are in force at once", site=str(directory))
    while True:
        await asyncio.sleep(every_s)
        try:
            now = await asyncio.to_thread(_look, directory)
        except OSError as error:
            log.warning("the site's files cannot be looked at", error=str(error))
            continue
        if now == before != taken:
            taken = now
            try:
                await reload()
            except CcplaneError as error:
                log.warning("what was saved is not in force", error=str(error))
            except Exception:  # it is beside the calls: nothing of it may end the plane
                log.exception("what was saved is not in force")
        before = now


def _look(directory: Path) -> Look:
    found: Look = {}
    for path in watched(directory):
        try:
            status = path.stat()
        except OSError:  # deleted since it was listed
            continue
        found[str(path)] = (status.st_mtime_ns, status.st_size)
    return found
