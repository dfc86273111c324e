"""What people changed of the site's files without writing into them (law 11): laid over what a file says, before it is
judged. So a bad one has the very fault that it would have in the file.

All of a site's overlays ride among its files, as one more: the site's hash, its log and its recovery know them by that.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, Final

import msgspec

from ccplane.errors import SiteError
from ccplane.site.faults import SiteFaults
from ccplane.site.locate import Path, key

FILE: Final = "overlays.json"
"""The name under which they ride among a site's files; there is no such file in a folder."""
PEOPLE: Final = frozenset({"acd/agents.toml", "acd/seats.toml"})
"""Files that are imported once: what they say is changed where people live, in Postgres."""

_WRITTEN: Final = re.compile(r"((?:acd|ivr|recordings)/[A-Za-z0-9_.-]+\.toml): (.+)", re.DOTALL)
_PART: Final = re.compile(r"""(?:^|\.)([A-Za-z0-9_-]+|"[^"\\\n]+")|\[(\d{1,4})\]""")


class Overlay(msgspec.Struct, frozen=True):
    """One value in a file's place. `path`: `acd/queues.toml: support.weight`; `value`: as JSON has it, and None for no
    such key."""

    path: str
    value: Any = None

    @property
    def file(self) -> str:
        return place(self.path)[0]

    @property
    def at(self) -> Path:
        return place(self.path)[1]


_decoder: Final = msgspec.json.Decoder(tuple[Overlay, ...])


def place(path: str) -> tuple[str, Path]:
    """File and key of a path as `ccplane check` writes it. SiteFaults if it is none, or none that may be laid over."""
    found = _WRITTEN.fullmatch(path)
    at = _key(found[2]) if found else None
    if found is None or at is None:
        sentence = "is no path; write it like `acd/queues.toml: support.steps[0].for`"
        raise SiteFaults([SiteError("bad-path", sentence, path=path[:200])])
    if found[1] in PEOPLE:
        sentence = "agents and seats are imported from this file once; PATCH /api/v1/agents/{id} changes an agent"
        raise SiteFaults([SiteError("people-live-in-postgres", sentence, path=found[1], key=found[2])])
    return found[1], at


def canonical(path: str) -> str:
    """The one way to write it. SiteFaults as `place`."""
    file, at = place(path)
    return f"{file}: {key(at)}"


def _key(written: str) -> Path | None:
    parts: list[str | int] = []
    end = 0
    while end < len(written):
        found = _PART.match(written, end)
        if found is None or (end and found[1] and written[end] != "."):
            return None
        parts.append(int(found[2]) if found[2] else found[1].strip('"'))
        end = found.end()
    return tuple(parts) if parts and isinstance(parts[0], str) else None


def laid(files: Mapping[str, str], overlays: Iterable[Overlay]) -> dict[str, str]:
    """A site's files with these overlays, and no others, among them."""
    bare = without(files)
    wanted = sorted(overlays, key=lambda each: (each.file, len(each.at), each.path))  # what is wider first
    return bare | ({FILE: msgspec.json.encode(wanted, order="deterministic").decode()} if wanted else {})


def without(files: Mapping[str, str]) -> dict[str, str]:
    """A site's files as they lie in their folders."""
    return {path: text for path, text in files.items() if path != FILE}


def among(files: Mapping[str, str]) -> tuple[Overlay, ...]:
    """The overlays of a site."""
    return _decoder.decode(files[FILE]) if FILE in files else ()


def lay(data: dict[str, Any], overlays: Iterable[Overlay]) -> list[Overlay]:
    """Lay them over what a file says; those for which it has no place are given back."""
    return [each for each in overlays if not _put(data, each.at, deepcopy(each.value))]


def _put(data: Any, at: Path, value: Any) -> bool:
    here = data
    for part in at[:-1]:
        if not _has(here, part):
            return False
        here = here[part]
    last = at[-1]
    if isinstance(here, list):
        if not isinstance(last, int) or not _has(here, last) or value is None:
            return False
        here[last] = value
        return True
    if not isinstance(here, dict) or not isinstance(last, str):
        return False
    here.pop(last, None)
    if value is not None:
        here[last] = value
    return True


def _has(here: Any, part: str | int) -> bool:
    if isinstance(here, dict):
        return part in here
    return isinstance(here, list) and isinstance(part, int) and part < len(here)


def said(files: Mapping[str, str], path: str) -> dict[str, Any]:
    """What a TOML file says, overlays aside; nothing of one that is not there, or is not TOML."""
    try:
        return tomllib.loads(files.get(path, ""))
    except (ValueError, RecursionError):
        return {}


def effective(files: Mapping[str, str], path: str) -> dict[str, Any]:
    """What holds in a file's place: what it says, and what is laid over that."""
    data = said(files, path)
    lay(data, (each for each in among(files) if each.file == path))
    return data


def value_at(data: Any, at: Path) -> Any:
    """What stands there; None if nothing does."""
    for part in at:
        if not _has(data, part):
            return None
        data = data[part]
    return data
