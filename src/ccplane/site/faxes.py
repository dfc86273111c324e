"""ivr/faxes/: what callers may have faxed to them, as a site keeps it: known by the hash of its content.

A site is text; so of a file it holds what follows from it, and the pages themselves stay a file. Whoever changes it
makes a new site and new pages, and calls that began with the old ones go on with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final

from ccplane.errors import SiteError
from ccplane.site.faults import Findings

FOLDER: Final = "ivr/faxes"
SIZE_LIMIT: Final = 32 * 1024 * 1024
TIFF: Final = (b"II*\0", b"MM\0*")
KINDS: Final = {".pdf": (b"%PDF-",), ".tif": TIFF, ".tiff": TIFF, ".png": (b"\x89PNG\r\n",)}
"""How the content of each kind of file begins."""
RENDITION: Final = 1
"""Counted up when pages are to be made otherwise: they then get new names."""


class NotAFax(Exception):
    """What was found instead, for the person who put the file there."""


@dataclass(frozen=True)
class FaxFile:
    """`path`: within the site; `content`: what the site holds of it."""

    path: str
    content: str

    @property
    def pages(self) -> str:
        """The name, at the switch, of what is sent."""
        return f"fax-{RENDITION}-{self.content[:16]}"


def written(suffix: str, content: bytes) -> str:
    """What a site holds of a file: 32 hex digits that follow from its content; NotAFax if it is unfit."""
    if suffix not in KINDS:
        raise NotAFax(f"no PDF, TIFF or PNG; one of {', '.join(sorted(KINDS))} can be faxed")
    if not content.startswith(KINDS[suffix]):
        raise NotAFax(f"no {suffix[1:].upper()}: it begins with {content[:8]!r}" if content else "an empty file")
    return sha256(content).hexdigest()[:32]


def faxes_in(files: Mapping[str, str], findings: Findings) -> dict[str, FaxFile]:
    """The faxes of the site, by name. Two files of one name are a fault."""
    found: dict[str, FaxFile] = {}
    for path in sorted(each for each in files if each.startswith(f"{FOLDER}/")):
        name = PurePosixPath(path).stem
        if name in found:
            findings.faults.append(SiteError("fax-twice", f"{found[name].path} has this name, too", path=path))
        found[name] = FaxFile(path, files[path])
    return found
