"""A site's own dialplan: completed with what ccplane itself needs, and what else it lacks is said."""

from __future__ import annotations

from pathlib import Path

from ccplane.asterisk import agreed
from ccplane.core.reach import LINES
from ccplane.local.stack import dialplan_of
from ccplane.site import check
from ccplane.site.dialplan import NEEDED, OURS, completed, contexts, lacking
from tests.site.sites import TOP, a_site

OURS_ALL = TOP / "dialplan"


def own(site: Path, **files: str) -> Path:
    folder = site / "dialplan"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.conf").write_text(text)
    return folder


def names(files: list[Path]) -> list[str]:
    return [each.name for each in files]


def test_each_context_that_we_need_stands_in_the_file_of_ours_that_is_named():
    for context, file in NEEDED.items():
        assert context in contexts([OURS_ALL / file]), context


def test_what_is_needed_is_what_the_program_and_the_configuration_name():
    named = {agreed.DOOR, LINES, agreed.TO_FALLBACK, agreed.FALLBACK, agreed.PHONE_FALLBACK}
    configured = (TOP / "asterisk-docker" / "etc" / "pjsip.conf").read_text()
    assert named < NEEDED.keys()
    assert "from-trunk" in configured


def test_a_dialplan_without_the_door_is_given_ours_and_its_files_stay_as_they_are(tmp_path: Path):
    folder = own(tmp_path, mine="[from-trunk]\n")
    assert [each.parent for each in completed(folder, OURS_ALL)] == [folder, OURS_ALL]
    assert names(completed(folder, OURS_ALL)) == ["mine.conf", OURS]


def test_a_dialplan_with_a_door_of_its_own_is_given_nothing(tmp_path: Path):
    folder = own(tmp_path, all="[ccplane-lines]\n[ccplane-door]\n")
    assert names(completed(folder, OURS_ALL)) == ["all.conf"]
    (folder / "all.conf").rename(folder / OURS)
    assert [each.parent for each in completed(folder, OURS_ALL)] == [folder]


def test_our_own_dialplan_is_whole():
    assert names(completed(OURS_ALL, OURS_ALL)) == sorted({*NEEDED.values()})
    assert lacking(TOP) == []


def test_a_site_without_a_dialplan_takes_ours(tmp_path: Path):
    assert dialplan_of(tmp_path) == OURS_ALL
    assert lacking(tmp_path) == []
    assert dialplan_of(own(tmp_path, mine="").parent) == tmp_path / "dialplan"


def test_check_names_each_context_that_a_sites_own_dialplan_lacks_and_the_file_to_copy(tmp_path: Path):
    for path, text in a_site().items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    folder = own(tmp_path, calls=(OURS_ALL / "calls.conf").read_text(), fallback="[ccplane-fallback]\n")
    report = check(tmp_path)
    assert report.ok
    assert report.lines() == [
        f"dialplan: {context}: warning: no file has the context [{context}]; ccplane's dialplan/{file} has one to copy"
        for context, file in (("ccplane-guard", "guard.conf"), ("ccplane-lamps", "lamps.conf"))
    ]
    (folder / OURS).write_text("; a bell\n")
    assert [each.key for each in lacking(tmp_path)][2:] == ["ccplane-door", "ccplane-lines"]
