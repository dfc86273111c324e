"""`python -m ccplane.asterisk.fax_sheets SOURCE TIFF`: a process that makes of a PDF, TIFF or PNG what machines send.

Each page is as wide as a fax's line, 1728 dots on 215 mm, in black and white at 204 by 196 dots an inch, and as long as
it is, A4 at least. It says `{"pages": 3}`. At the lowest priority, with bounded memory, and who asks gives up after a
while: a file is what somebody has put there.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pypdfium2
from PIL import Image

LOWEST: Final = 19
MEMORY: Final = 1 << 31
MOST_PAGES: Final = 100
WIDTH: Final = 1_728
ACROSS, DOWN = DOTS = (204.0, 196.0)
SHORTEST: Final = 2_200
"""Lines of an A4 page."""
LONGEST: Final = 4_400


def sheets(source: Path) -> Iterator[Image.Image]:
    """Its pages, black and white."""
    pages = _of_pdf(source) if source.suffix == ".pdf" else _of_image(source)
    for number, page in enumerate(pages, 1):
        if number > MOST_PAGES:
            raise ValueError(f"more than {MOST_PAGES} pages")
        yield _as_fax(page)


def _of_pdf(source: Path) -> Iterator[Image.Image]:
    with pypdfium2.PdfDocument(source) as document:
        for page in document:
            yield page.render(scale=WIDTH / page.get_width(), grayscale=True).to_pil()


def _of_image(source: Path) -> Iterator[Image.Image]:
    with Image.open(source, formats=("TIFF", "PNG")) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            across, down = map(float, image.info.get("dpi") or (1, 1))
            square = image.convert("L")
            if across and down and abs(across - down) > 1:  # as faxes are
                square = square.resize((square.width, round(square.height * across / down)))
            yield square


def _as_fax(page: Image.Image) -> Image.Image:
    lines = min(LONGEST, round(page.height * WIDTH / page.width * DOWN / ACROSS))
    sheet = Image.new("L", (WIDTH, max(SHORTEST, lines)), 255)
    sheet.paste(page.convert("L").resize((WIDTH, lines)))
    return sheet.convert("1")


def to_tiff(source: Path, tiff: Path) -> int:
    """How many pages were written. ValueError, OSError and the libraries' own if that cannot be."""
    pages = list(sheets(source))
    if not pages:
        raise ValueError("there is no page in it")
    pages[0].save(tiff, "TIFF", save_all=True, append_images=pages[1:], compression="group4", dpi=DOTS)
    return len(pages)


def main() -> int:
    os.setpriority(os.PRIO_PROCESS, 0, LOWEST)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    source, tiff = Path(sys.argv[1]), Path(sys.argv[2])
    part = tiff.with_name(f".{tiff.name}.part")
    try:
        pages = to_tiff(source, part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.chmod(0o644)  # Asterisk reads it
        part.replace(tiff)
    finally:
        part.unlink(missing_ok=True)
    sys.stdout.write(json.dumps({"pages": pages}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
