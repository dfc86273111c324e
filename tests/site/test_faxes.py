"""ivr/faxes/: what may be faxed to callers, by name and content; and what is told of what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccplane.errors import ProgramError
from ccplane.settings import HOME
from ccplane.site import SiteFaults, parse, read
from ccplane.site.faxes import FaxFile
from tests.site.sites import faults

DEMO = read(HOME)
PDF = b"%PDF-1.7\nwhatever"
SENDS = {"ari_apps/on_demand.py": 'async def main(call):\n    await call.send_fax("prices")\n'}


def a_site(folder: Path, **files: bytes) -> Path:
    for name, text in DEMO.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "ivr/faxes").mkdir()
    for name, content in files.items():
        (folder / "ivr/faxes" / name.replace("_", ".")).write_bytes(content)
    return folder


def test_a_file_is_known_by_its_content_and_changes_the_site(tmp_path: Path):
    folder = a_site(tmp_path, prices_pdf=PDF)
    site = parse(read(folder))
    fax = site.fax("prices")
    assert (fax.path, len(fax.content)) == ("ivr/faxes/prices.pdf", 32)
    (folder / "ivr/faxes/prices.pdf").write_bytes(PDF + b"!")
    after = parse(read(folder))
    assert after.fax("prices").pages != fax.pages
    assert after.hash != site.hash


@pytest.mark.parametrize(("name", "content", "told"), [
    ("prices_pdf", b"", "an empty file"),
    ("prices_pdf", b"PK\3\4", "no PDF: it begins with"),
    ("prices_tif", PDF, "no TIF: it begins with"),
    ("prices_docx", b"PK\3\4", "no PDF, TIFF or PNG"),
])  # fmt: skip
def test_what_can_be_no_fax_is_told_with_its_file(tmp_path: Path, name: str, content: bytes, told: str):
    with pytest.raises(SiteFaults) as caught:
        read(a_site(tmp_path, **{name: content}))
    (fault,) = caught.value.faults
    assert str(fault).startswith(f"ivr/faxes/{name.replace('_', '.')}")
    assert told in str(fault)


def test_a_fax_that_a_program_names_and_there_is_none_of_is_told_with_the_program():
    (fault,) = faults(DEMO | SENDS)
    assert "ari_apps/on_demand.py:2: call.send_fax: there is no fax `prices`" in str(fault)
    assert parse(DEMO | SENDS | {"ivr/faxes/prices.pdf": "0" * 32}).fax("prices").content == "0" * 32


def test_two_files_of_one_name_are_told():
    (fault,) = faults(DEMO | {"ivr/faxes/prices.pdf": "0" * 32, "ivr/faxes/prices.tif": "1" * 32})
    assert "ivr/faxes/prices.pdf has this name, too" in str(fault)


def test_a_name_that_is_only_known_when_it_is_sent_fails_the_program_in_words():
    with pytest.raises(ProgramError, match=r"There is no prices.pdf, .tif or .png in ivr/faxes/"):
        parse(DEMO).fax("prices")
    assert FaxFile("ivr/faxes/a.pdf", "0123456789abcdef0123456789abcdef").pages == "fax-1-0123456789abcdef"
