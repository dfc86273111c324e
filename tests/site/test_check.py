"""`ccplane check`: what it says of a whole site, offline."""

from __future__ import annotations

from pathlib import Path

from ccplane.site import check
from tests.site.sites import a_site


def put(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    return folder


def test_a_site_without_fault_is_given_back(tmp_path: Path):
    report = check(put(tmp_path, a_site()))
    assert (report.ok, report.lines()) == (True, [])
    assert report.site
    assert report.site.menu("main")


def test_faults_come_before_warnings_one_a_line_as_an_editor_understands_them(tmp_path: Path):
    report = check(
        put(tmp_path, a_site(queues="[support]\nskills = { suport = 1 }\nring = 5\n[b]\nskills = { c = 1 }\n"))
    )
    assert (report.ok, report.site) == (False, None)
    assert report.lines() == [
        'acd/queues.toml:3: support.ring: is a length of time with its unit, in quotes: "20s" or "3m"',
        "acd/queues.toml:5: b.skills.c: warning: no agent has the skill `c`; there is `support`",
    ]


def test_a_folder_that_is_no_site_is_a_fault_and_no_traceback(tmp_path: Path):
    [line] = check(tmp_path / "nowhere").lines()
    assert line.endswith("nowhere: there is no such folder; CCPLANE_SITE says which one is read")


def test_the_count_of_demo_agents_can_be_overridden(tmp_path: Path):
    report = check(put(tmp_path, a_site()), demo_agents=50)
    assert report.site
    assert len(report.site.agents) == 50
