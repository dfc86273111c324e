"""`make run` on a fresh machine: it says how far the Python environment is, and that it failed if it did."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ccplane.settings import HOME

BENCHES = (
    "switching",
    "menus",
    "announcing",
    "pop",
    "recording",
    "recovery",
    "handover",
    "routing",
    "simulation",
    "fold",
    "screen",
)
PIP = """#!/bin/sh
case "$*" in *"-r few.lock"*) ;; *) exit 0 ;; esac
for n in 1 2 3 4 5 6 7; do echo "Collecting package-$n==1.0 (from -r few.lock (line $n))"; done
echo "Requirement already satisfied: package-8==1.0 in /there (from -r few.lock (line 8)) (1.0)"
for n in 9 10 11 12 13 14 15 16; do echo "Processing /mirror/package_$n-1.0-py3-none-any.whl (from -r few.lock)"; done
echo "Installing collected packages: package-1"
exit $STATUS
"""


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A folder with our Makefile, a lock of 16 packages, and a stand-in for Python that talks as pip does."""
    shutil.copy(HOME / "Makefile", tmp_path)
    (tmp_path / "few.lock").write_text("".join(f"package-{n}==1.0 \\\n    --hash=sha256:0\n" for n in range(1, 17)))
    for path, text in ((".venv/bin/python", PIP), ("asterisk-docker/install.sh", "#!/bin/sh\necho none\n")):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
        (tmp_path / path).chmod(0o755)
    return tmp_path


def install(folder: Path, status: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "-s", ".venv/run", "LOCK=few.lock"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "STATUS": str(status)},
        capture_output=True,
        text=True,
    )


def test_the_first_start_shows_how_far_python_is_and_the_second_says_nothing(fresh: Path):
    assert install(fresh, 0).stdout.splitlines() == [
        "python: making .venv, with the 16 packages that few.lock names; up to a minute",
        "python: 8 of 16, package-8==1.0",
        "python: 16 of 16, package_16-1.0-py3-none-any.whl",
        "python: unpacking and compiling them",
    ]
    again = install(fresh, 0)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_an_install_that_fails_is_not_taken_for_done(fresh: Path):
    failed = install(fresh, 1)
    assert failed.returncode != 0
    assert "python: not complete" in failed.stderr
    assert not list(fresh.glob(".venv/run-*"))


def bench(folder: Path, *given: str) -> subprocess.CompletedProcess[str]:
    """`make bench`, where the menus miss their promise."""
    python = folder / "bench-python"
    python.write_text('#!/bin/sh\necho "$@"\n[ "$2" != bench.menus ]\n')
    python.chmod(0o755)
    made = (f"--assume-old={each}" for each in ("env-dev", "host-test", "asterisk-root", "web"))
    return subprocess.run(
        ["make", "-s", *made, f"PY={python}", *given],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
    )


def test_make_bench_runs_all_benches_and_names_the_one_that_missed_its_promise(fresh: Path):
    made = bench(fresh, "bench")
    ran = [line for line in made.stdout.splitlines() if line.startswith("-m")]
    assert ran == [f"-m bench.{each}" for each in BENCHES]
    assert "bench: not as promised: menus\n" in made.stderr
    assert made.returncode != 0


def test_each_bench_has_a_target_that_takes_arguments_and_all_of_them_take_none(fresh: Path):
    for each in BENCHES:
        assert bench(fresh, f"bench-{each}", "ARGS=--no-files").stdout == f"-m bench.{each} --no-files\n"
    assert "bench-pop" in bench(fresh, "bench", "ARGS=--no-files").stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_is_not_root_is_told_so_before_anything_is_installed(fresh: Path):
    told = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", "make", "-s", "-f", "-", "run"],
        input=(fresh / "Makefile").read_text(),
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
    )
    assert told.returncode != 0
    assert told.stdout == ""
    assert "needs root" in told.stderr
    assert "CCPLANE_ARI_URL" in told.stderr
