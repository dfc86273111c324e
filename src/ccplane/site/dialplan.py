"""A site's own dialplan: which contexts it must have, and what it is completed with. No more of it is understood."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from ccplane.errors import SiteError

FOLDER: Final = "dialplan"
OURS: Final = "door.conf"
"""What ccplane itself needs: no site has a reason for one of its own."""

NEEDED: Final = {
    "from-trunk": "calls.conf",
    "from-phones": "calls.conf",
    "ccplane-phone-fallback": "calls.conf",
    "ccplane-fallback": "fallback.conf",
    "ccplane-guard": "guard.conf",
    "ccplane-lamps": "lamps.conf",
    "ccplane-door": OURS,
    "ccplane-lines": OURS,
}
"""The contexts that are named elsewhere, each with the file of ccplane's own dialplan that has it."""

CONTEXT: Final = re.compile(r"^\[([^\]]+)\]", re.MULTILINE)


def own(site: Path) -> list[Path]:
    """The files of a site's own dialplan; none if it has none, and takes ccplane's."""
    return sorted((site / FOLDER).glob("*.conf"))


def completed(folder: Path, ours: Path) -> list[Path]:
    """The files of a dialplan, and ccplane's door.conf if it has neither that file nor all of its contexts."""
    files = sorted(folder.glob("*.conf"))
    door = ours / OURS
    return files if _has_door(files) or not door.exists() else [*files, door]


def lacking(site: Path) -> list[SiteError]:
    """The contexts that a site's own dialplan lacks though it was completed."""
    files = own(site)
    if not files:
        return []
    there = contexts(files) | (set() if _has_door(files) else _contexts_of(OURS))
    return [
        SiteError(
            "no-context",
            f"no file has the context [{each}]; ccplane's dialplan/{file} has one to copy",
            path=FOLDER,
            key=each,
        )
        for each, file in NEEDED.items()
        if each not in there
    ]


def contexts(files: Iterable[Path]) -> set[str]:
    found: set[str] = set()
    for file in files:
        with suppress(OSError):
            found |= set(CONTEXT.findall(file.read_text(errors="replace")))
    return found


def _has_door(files: Iterable[Path]) -> bool:
    files = list(files)
    return any(file.name == OURS for file in files) or _contexts_of(OURS) <= contexts(files)


def _contexts_of(name: str) -> set[str]:
    return {context for context, file in NEEDED.items() if file == name}
