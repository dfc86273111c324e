"""A PDF, TIFF or PNG becomes what a fax machine sends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PIL import Image

from ccplane.asterisk.fax_files import render_faxes
from ccplane.asterisk.fax_sheets import LONGEST, SHORTEST, WIDTH, to_tiff
from ccplane.errors import SetupError
from ccplane.settings import HOME
from ccplane.site import parse, read
from tests.asterisk.fax_machine import write_pages

DEMO = read(HOME)


def pages(tiff: Path) -> list[tuple[int, int]]:
    with Image.open(tiff) as image:
        assert image.info["compression"] == "group4"
        assert tuple(map(float, image.info["dpi"])) == (204.0, 196.0)
        found = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            assert image.mode == "1"
            found.append(image.size)
        return found


def test_a_fax_is_sent_on_as_it_came(tmp_path: Path):
    write_pages(tmp_path / "a.tif", 3)
    assert to_tiff(tmp_path / "a.tif", tmp_path / "out.tif") == 3
    assert pages(tmp_path / "out.tif") == [(WIDTH, SHORTEST)] * 3


@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_a_page_fills_the_line_and_is_black_where_it_was(tmp_path: Path, kind: str):
    page = Image.new("L", (850, 1_100), 255)
    page.paste(0, (400, 500, 450, 600))
    page.save(tmp_path / f"a.{kind}", resolution=100.0) if kind == "pdf" else page.save(tmp_path / f"a.{kind}")
    assert to_tiff(tmp_path / f"a.{kind}", tmp_path / "out.tif") == 1
    with Image.open(tmp_path / "out.tif") as image:
        width, height = image.size
        assert (width, SHORTEST <= height <= LONGEST) == (WIDTH, True)
        assert image.getpixel((WIDTH // 2, round(550 * WIDTH / 850 * 196 / 204))) == 0
        assert image.getpixel((100, 100)) == 255


def test_they_are_made_once_and_what_is_none_is_told_by_its_name(tmp_path: Path):
    (tmp_path / "ivr/faxes").mkdir(parents=True)
    write_pages(tmp_path / "ivr/faxes/prices.tif", 1)
    site = parse(DEMO | {"ivr/faxes/prices.tif": "0" * 32})
    sounds = tmp_path / "sounds"
    assert asyncio.run(render_faxes(site, sounds, tmp_path)) == 1
    assert [each.name for each in sounds.iterdir()] == ["fax-1-0000000000000000.tif"]
    assert asyncio.run(render_faxes(site, sounds, tmp_path)) == 0
    (tmp_path / "ivr/faxes/broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    broken = parse(DEMO | {"ivr/faxes/broken.pdf": "1" * 32})
    with pytest.raises(SetupError, match=r"ivr/faxes/broken.pdf could not be made into a fax"):
        asyncio.run(render_faxes(broken, sounds, tmp_path))
    assert [each.name for each in sounds.iterdir()] == ["fax-1-0000000000000000.tif"]
