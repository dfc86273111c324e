"""`python -m ccplane.asterisk.fax_pages TIFF PDF`: a process that makes a PDF of a received fax, page by page.

It says `{"pages": 3}`: how many there are, 0 if there is nothing to be read. What comes from outside is opened in here
alone: at the lowest priority, with bounded memory, and who asks gives up after a while. A page that is damaged, and all
behind it, is left out. Pages keep their size in the world, although a fax's dots are not square.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

LOWEST: Final = 19
MEMORY: Final = 1 << 30
MOST_PAGES: Final = 1_000
AT_ONCE: Final = 20
"""Pages in memory, at 4 MB each: all of a long fax have no room in it."""
STANDARD: Final = (204.0, 98.0)
"""Dots an inch of a fax that does not say it."""


def to_pdf(tiff: Path, pdf: Path) -> int:
    """How many pages were written; with none there is no file. OSError if that cannot be written."""
    try:
        with Image.open(tiff, formats=("TIFF",)) as image:
            whole = _whole(image)
            dots = image.info.get("dpi") or STANDARD
            for at in range(0, whole, AT_ONCE):
                first, *rest = [_page(image, number) for number in range(at, min(at + AT_ONCE, whole))]
                said = {"dpi": dots, "title": "Fax", "producer": "ccplane"}
                first.save(pdf, "PDF", save_all=True, append_images=rest, append=at > 0, **said)
    except (UnidentifiedImageError, FileNotFoundError, SyntaxError, Image.DecompressionBombError):
        return 0
    return whole


def _whole(image: Image.Image) -> int:
    """The pages, from the first, that can be read."""
    for number in range(min(getattr(image, "n_frames", 1), MOST_PAGES)):
        try:
            image.seek(number)
            image.load()
        except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
            return number
    return min(getattr(image, "n_frames", 1), MOST_PAGES)


def _page(image: Image.Image, number: int) -> Image.Image:
    image.seek(number)
    return image.copy()


def main() -> int:
    os.umask(0o077)  # what was faxed is for the owner alone
    os.setpriority(os.PRIO_PROCESS, 0, LOWEST)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    tiff, pdf = Path(sys.argv[1]), Path(sys.argv[2])
    part = pdf.with_suffix(".part")
    pages = to_pdf(tiff, part)
    if pages:
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(pdf)
    sys.stdout.write(json.dumps({"pages": pages}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
