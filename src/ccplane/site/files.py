"""The operator's folders as text. The only module of site/ that touches a disk; it never writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from ccplane.errors import SiteError
from ccplane.site import faxes
from ccplane.site.faults import SiteFaults
from ccplane.site.recordings import FOLDER, SIZE_LIMIT, NotASound, written

FOLDERS: Final = {"ari_apps": ".py", "ivr": ".toml", "acd": ".toml", "recordings": ".toml"}
"""Which files of which folder make a site."""

FILE_LIMIT: Final = 256 * 1024
"""Bytes. A site is text that people write; it is kept with every reload, and by every plane."""

SITE_LIMIT: Final = 4 * 1024 * 1024
FILES_LIMIT: Final = 1_000


def read(directory: Path) -> dict[str, str]:
    """The text of all files of a site, by path within it ("acd/queues.toml"). SiteFaults if one cannot be read."""
    files, faults = read_what_can_be(directory)
    if faults:
        raise SiteFaults(faults)
    return files


def read_what_can_be(directory: Path) -> tuple[dict[str, str], list[SiteError]]:
    """As `read`, but what cannot be read is told beside what can."""
    paths = list(_paths(directory))
    if fault := _not_a_site(directory, paths):
        return {}, [fault]
    files: dict[str, str] = {}
    faults: list[SiteError] = []
    size = 0
    for path in paths:
        name = path.relative_to(directory).as_posix()
        try:
            files[name] = _text(path, name)
        except SiteError as fault:
            faults.append(fault)
        else:
            size += len(files[name].encode())
        if size > SITE_LIMIT:
            return files, [*faults, _too_big(directory, f"more than {SITE_LIMIT // 2**20} MiB of files")]
    files_of_sound, unfit = _recordings(directory)
    pages, unfit_pages = _faxes(directory)
    return files | files_of_sound | pages, [*faults, *unfit, *unfit_pages]


def watched(directory: Path) -> Iterator[Path]:
    """Each file that a site may be made of, readable or not."""
    yield from _paths(directory)
    yield from sorted((directory / FOLDER).glob("*/*"))
    yield from sorted((directory / faxes.FOLDER).glob("*"))


def recording(directory: Path, name: str) -> bytes:
    """The content of a recorded prompt, or of what may be faxed. SiteError if it cannot be read."""
    try:
        with (directory / name).open("rb") as file:
            raw = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise SiteError("unreadable", f"cannot be read: {error.strerror}", path=name) from error
    if len(raw) > SIZE_LIMIT:
        raise SiteError("too-big", f"more than {SIZE_LIMIT // 2**20} MiB", path=name)
    return raw


def _recordings(directory: Path) -> tuple[dict[str, str], list[SiteError]]:
    """Of each recorded prompt what a site holds of it."""
    found: dict[str, str] = {}
    faults: list[SiteError] = []
    for path in sorted((directory / FOLDER).glob("*/*")):
        name = path.relative_to(directory).as_posix()
        if path.name.startswith(".") or path.is_dir():
            continue
        try:
            if path.suffix != ".wav":
                raise SiteError("not-a-sound", "is no WAV file; save it as ….wav", path=name)
            found[name] = written(recording(directory, name))
        except NotASound as error:
            faults.append(SiteError("not-a-sound", f"is {error}", path=name))
        except SiteError as fault:
            faults.append(fault)
        if len(found) > FILES_LIMIT:
            return found, [*faults, _too_big(directory, f"more than {FILES_LIMIT} recorded prompts")]
    return found, faults


def _faxes(directory: Path) -> tuple[dict[str, str], list[SiteError]]:
    """Of each file that may be faxed what a site holds of it."""
    found: dict[str, str] = {}
    faults: list[SiteError] = []
    for path in sorted((directory / faxes.FOLDER).glob("*")):
        name = path.relative_to(directory).as_posix()
        if path.name.startswith(".") or path.is_dir():
            continue
        try:
            found[name] = faxes.written(path.suffix, recording(directory, name))
        except faxes.NotAFax as error:
            faults.append(SiteError("not-a-fax", f"is {error}", path=name))
        except SiteError as fault:
            faults.append(fault)
        if len(found) > FILES_LIMIT:
            return found, [*faults, _too_big(directory, f"more than {FILES_LIMIT} files in {faxes.FOLDER}")]
    return found, faults


def digest(files: Mapping[str, str]) -> str:
    """The hash of a site: 16 hex digits that follow from its paths and texts alone."""
    sum_ = sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path].encode()):
            sum_.update(len(part).to_bytes(8, "big") + part)
    return sum_.hexdigest()[:16]


def _paths(directory: Path) -> Iterator[Path]:
    for folder, suffix in FOLDERS.items():
        found = (path for path in (directory / folder).glob(f"*{suffix}") if not path.name.startswith("."))
        yield from sorted(found)


def _not_a_site(directory: Path, paths: list[Path]) -> SiteError | None:
    if not directory.is_dir():
        return SiteError("no-such-site", "there is no such folder; CCPLANE_SITE says which one is read", path=directory)
    if not paths:
        return SiteError("no-such-site", "no site: it has no files in ari_apps/, ivr/ or acd/", path=directory)
    if len(paths) > FILES_LIMIT:
        return _too_big(directory, f"{len(paths)} files, more than {FILES_LIMIT}")
    return None


def _text(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise SiteError("unreadable", f"cannot be read: {error.strerror}", path=name) from error
    if len(raw) > FILE_LIMIT:
        raise _too_big(name, f"more than {FILE_LIMIT // 1024} KiB")
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")  # the mark that Windows editors put in front
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SiteError("not-utf-8", "not UTF-8; save the file in that encoding", path=name, line=line) from error


def _too_big(path: Path | str, sentence: str) -> SiteError:
    return SiteError("too-big", f"{sentence}; a site is text that people write", path=path)
