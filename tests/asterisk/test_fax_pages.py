"""A received fax becomes a PDF, page by page, in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from PIL.PdfParser import PdfParser

from ccplane.asterisk import fax_pages
from tests.asterisk.fax_machine import write_pages

CONFINED = "import sys; from ccplane.asterisk import fax_pages as p; p.MEMORY = 384 << 20; sys.exit(p.main())"


def damage_last_page(tiff: Path, pages: int) -> None:
    """What it says of where its lines stand leads nowhere."""
    with Image.open(tiff) as image:
        image.seek(pages - 1)
        place = image.tag_v2[273][-1]  # type: ignore[attr-defined]
    whole = tiff.read_bytes()
    tiff.write_bytes(whole.replace(int(place).to_bytes(4, "little"), b"\xff\xff\xff\x7f"))


@pytest.mark.parametrize("pages", [1, 19, 20, 21, 41])
def test_pages_are_kept_in_order_and_what_is_damaged_is_left_out(tmp_path: Path, pages: int) -> None:
    tiff, pdf = tmp_path / "a.tif", tmp_path / "a.pdf"
    write_pages(tiff, pages)
    assert fax_pages.to_pdf(tiff, pdf) == pages
    with PdfParser(str(pdf)) as made:
        assert len(made.pages) == pages
    damage_last_page(tiff, pages)
    pdf.unlink()
    assert fax_pages.to_pdf(tiff, pdf) == pages - 1
    assert pdf.exists() is (pages > 1)


def test_a_long_fax_that_was_cut_off_needs_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    """It would else be tried for ever, and never kept."""
    tiff, pdf = tmp_path / "a.tif", tmp_path / "a.pdf"
    write_pages(tiff, 100, lines=2200)
    damage_last_page(tiff, 100)
    made = subprocess.run([sys.executable, "-c", CONFINED, str(tiff), str(pdf)], capture_output=True, check=False)
    assert made.returncode == 0, made.stderr[-500:]
    assert json.loads(made.stdout) == {"pages": 99}
