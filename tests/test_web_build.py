"""`web/build.sh`: what is built is taken as it is, and who lacks something is told what to do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ccplane.settings import HOME

TOOLS = (
    "bash",
    "sh",
    "env",
    "cat",
    "cut",
    "flock",
    "realpath",
    "sha256sum",
    "dirname",
    "mkdir",
    "mv",
    "rm",
    "touch",
    "sed",
)
NODE = '#!/bin/sh\ncase "$1" in build.mjs) mkdir -p "$2/assets" && echo page > "$2/phone.html" ;; esac\n'


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Our sources, on a machine that has neither Node nor a network."""
    shutil.copytree(HOME / "web", tmp_path / "web", ignore=shutil.ignore_patterns("node_modules", ".lock"))
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    program(tmp_path / ".venv" / "bin" / "python", "#!/bin/sh\nexit 1\n")
    return tmp_path


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(folder / "bin"), "LANG": "C.UTF-8"}
    return subprocess.run([folder / "web" / "build.sh"], env=environment, capture_output=True, text=True)


def page(folder: Path) -> Path:
    return folder / "src" / "ccplane" / "http" / "static" / "phone.html"


def test_without_node_and_network_it_says_what_to_install(fresh: Path):
    said = build(fresh)
    assert said.returncode == 4
    assert "Install Node 18 or later with npm" in said.stderr
    assert not page(fresh).exists()


def test_without_network_it_says_that_it_is_needed_once(fresh: Path):
    program(fresh / "bin" / "node", NODE)
    program(fresh / "bin" / "npm", '#!/bin/sh\n[ "$1" = --version ]\n')
    said = build(fresh)
    assert said.returncode == 3
    assert "The network is needed once" in said.stderr


def test_it_builds_when_a_source_has_changed_and_says_nothing_when_none_has(fresh: Path):
    program(fresh / "bin" / "node", NODE)
    program(fresh / "bin" / "npm", "#!/bin/sh\nmkdir -p node_modules\n")
    assert "the pages are built" in build(fresh).stdout
    again = build(fresh)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    page(fresh).unlink()
    (fresh / "web" / "src" / "texts.ts").write_text("// other words")
    assert build(fresh).stdout == "web: the pages are built\n"
    assert page(fresh).exists()
