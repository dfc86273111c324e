"""asterisk-docker/install.sh: what it accepts, what it refuses, and that it says what to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ccplane.settings import HOME

SCRIPT = HOME / "asterisk-docker" / "install.sh"


def install(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
    return subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, env=plain | environment)


@pytest.mark.parametrize("version", ["1:22.10.1+dfsg+~cs6.17-1", "1:22.11.0+dfsg-1", "1:23.0.0~rc1+dfsg-1"])
def test_a_good_version_is_accepted(version: str):
    assert install("judge", version).stdout == "good\n"


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("1:22.9.0+dfsg-1", "22.9.0 is older than 22.10.1"),
        ("1:20.6.0~dfsg+~cs6.13-2", "older than"),
        ("1:22.10.1~rc1+dfsg-1", "older than"),
        ("1:22.11.0~rc1+dfsg-1", "22.11.0~rc1 is known to be bad"),
        ("22.11.0-rc1", "22.11.0~rc1 is known to be bad"),
    ],
)
def test_a_bad_version_is_refused_with_the_reason(version: str, why: str):
    judged = install("judge", version)
    assert judged.returncode != 0
    assert why in judged.stdout


def test_a_mirror_that_is_given_is_taken():
    assert install("mirror", CCPLANE_DEBIAN_MIRROR="http://127.0.0.1:9/debian").stdout == "http://127.0.0.1:9/debian\n"


def test_without_arguments_it_says_how_it_is_used():
    said = install()
    assert said.returncode == 2
    assert "install.sh root DIR" in said.stderr


@pytest.mark.asterisk
def test_without_network_it_says_what_to_do_and_leaves_no_root(tmp_path: Path):
    said = install("root", tmp_path / "root", CCPLANE_DEBIAN_MIRROR="http://127.0.0.1:9/debian")
    assert said.returncode == 3, said.stderr
    assert "connect this machine" in said.stderr
    assert "CCPLANE_DEBIAN_MIRROR" in said.stderr
    assert not (tmp_path / "root").exists()


@pytest.mark.asterisk
def test_a_whole_root_is_taken_as_it_is_without_network_or_rights(asterisk_root: Path):
    again = install("root", asterisk_root, CCPLANE_DEBIAN_MIRROR="http://127.0.0.1:9/debian")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


@pytest.mark.asterisk
def test_the_root_has_music_in_the_phones_codecs_and_places_for_a_nodes_folders(asterisk_root: Path):
    music = sorted(path.suffix for path in (asterisk_root / "usr/share/asterisk/moh").iterdir())
    assert set(music) == {".alaw", ".ulaw"}
    assert (asterisk_root / "usr/share/asterisk/sounds/ccplane").is_dir()


@pytest.mark.asterisk
def test_a_run_that_was_cut_off_just_before_its_end_is_finished_by_the_next(tmp_path: Path, asterisk_root: Path):
    partial = tmp_path / "root.partial" / "etc"
    partial.mkdir(parents=True)
    (partial / "ccplane-root").write_text((asterisk_root / "etc/ccplane-root").read_text())
    assert install("root", tmp_path / "root").returncode == 0
    assert (tmp_path / "root" / "etc" / "ccplane-root").exists()
    assert not (tmp_path / "root.partial").exists()
