"""In what two readings of a site differ, key by key: the folders and what is in force, the people and their file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from ccplane.agents.facts import Profile
from ccplane.ids import AgentId
from ccplane.site.locate import Path, key
from ccplane.site.overlays import said, without
from ccplane.site.site import AgentEntry

THERE: Final = "there"
OTHERWISE: Final = "otherwise"
"""Of a file that is no TOML: that it is there, and that its text is another."""
COMPARED: Final = ("name", "skills", "role", "languages", "queues", "capacity", "wrap_up", "team")


class Difference(msgspec.Struct, frozen=True):
    """Something that stands here and not, or otherwise, there. `path`: a file, or a key in it; None: there is none."""

    path: str
    before: Any = None
    after: Any = None


def between(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    """What an edit of files changed, overlays aside: of TOML each key, of all else which files."""
    was, now = without(before), without(after)
    return tuple(each for path in sorted(was.keys() | now.keys()) for each in _of_file(path, was, now))


def _of_file(path: str, was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Difference]:
    if was.get(path) == now.get(path):
        return
    if path.endswith(".toml") and path in was and path in now:
        for at, before, after in _of_values((), said(was, path), said(now, path)):
            yield Difference(f"{path}: {key(at)}", before, after)
        return
    yield Difference(
        path, THERE if path in was else None, (OTHERWISE if path in was else THERE) if path in now else None
    )


def _of_values(at: Path, before: Any, after: Any) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in (*before, *(each for each in after if each not in before)):
            yield from _of_values((*at, name), before.get(name), after.get(name))
    elif before != after:
        yield at, before, after


def of_people(entries: Iterable[AgentEntry], profiles: Mapping[AgentId, Profile]) -> tuple[Difference, ...]:
    """Agents who are other than their file says: edited since they were imported, or not of the file at all."""
    found: list[Difference] = []
    for entry in entries:
        profile = profiles.get(entry.id)
        if profile is None:
            found.append(Difference(f"acd/agents.toml: {entry.id}", entry.name, None))
            continue
        file = entry.profile(profile.endpoint)
        for name in COMPARED:
            before, after = (msgspec.to_builtins(getattr(each, name)) for each in (file, profile))
            if before != after:
                found.append(Difference(f"acd/agents.toml: {entry.id}.{name}", before, after))
    known = {entry.id for entry in entries}
    found += [
        Difference(f"acd/agents.toml: {each}", None, profiles[each].name) for each in sorted(profiles.keys() - known)
    ]
    return tuple(found)
