"""The operator's folders as text, and the hash that stands for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.site import SiteFaults, check, digest, parse, read
from ccplane.site.files import FILE_LIMIT, FILES_LIMIT, SITE_LIMIT
from tests.site.sites import WHOLE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in WHOLE.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_all_files_of_a_site_are_read_and_no_others(folder: Path):
    for other in ("acd/README.md", "acd/queues.toml~", "ivr/.main.toml.swp", "ivr/.hidden.toml", "notes.toml"):
        (folder / other).write_text("not ours")
    (folder / "ari_apps" / "__pycache__").mkdir()
    assert read(folder) == WHOLE


def test_what_windows_editors_write_is_read_too(folder: Path):
    text = WHOLE["acd/queues.toml"].replace("\n", "\r\n")
    (folder / "acd/queues.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert parse(read(folder)).rules == parse(WHOLE).rules


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path):
    with pytest.raises(SiteFaults, match="there is no such folder; CCPLANE_SITE says which one is read"):
        read(tmp_path / "nowhere")


def test_a_folder_that_is_no_site_is_said_so(tmp_path: Path):
    with pytest.raises(SiteFaults, match="no site: it has no files in ari_apps/, ivr/ or acd/"):
        read(tmp_path)


def test_a_file_that_is_not_utf8_is_told_with_its_line(folder: Path):
    (folder / "ivr/prompts.toml").write_bytes("[welcome]\nen = 'Grüß Gott'\n".encode("latin-1"))
    with pytest.raises(SiteFaults, match=r"^ivr/prompts.toml:2: not UTF-8"):
        read(folder)


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_judged_all_the_same(folder: Path):
    (folder / "acd/agents.toml").unlink()
    (folder / "acd/agents.toml").mkdir()
    (folder / "acd/queues.toml").write_text("[support]\nskils = {}\n")
    told = [(fault.path, fault.code) for fault in check(folder).faults]
    assert ("acd/agents.toml", "unreadable") in told
    assert ("acd/queues.toml", "unknown-key") in told


def test_a_file_that_is_too_big_is_refused_unread(folder: Path):
    with (folder / "ivr/prompts.toml").open("wb") as file:
        file.truncate(FILE_LIMIT + 1)
    with pytest.raises(SiteFaults, match=r"^ivr/prompts.toml: more than 256 KiB"):
        read(folder)


def test_a_site_that_is_too_big_is_refused(folder: Path):
    for number in range(SITE_LIMIT // FILE_LIMIT + 1):
        (folder / f"ivr/menu{number}.toml").write_text("#" * FILE_LIMIT)
    with pytest.raises(SiteFaults, match="more than 4 MiB of files"):
        read(folder)


def test_too_many_files_are_refused(folder: Path):
    for number in range(FILES_LIMIT):
        (folder / f"ivr/menu{number}.toml").touch()
    with pytest.raises(SiteFaults, match="more than 1000"):
        read(folder)


def test_the_hash_is_short_and_stable():
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"}) == "63662dceceaac3ca"
    assert parse(WHOLE).hash == digest(WHOLE)


@given(
    st.dictionaries(st.text(max_size=3), st.text(max_size=3)), st.dictionaries(st.text(max_size=3), st.text(max_size=3))
)
def test_other_files_have_another_hash(one: dict[str, str], other: dict[str, str]):
    assert (digest(one) == digest(other)) == (one == other)
