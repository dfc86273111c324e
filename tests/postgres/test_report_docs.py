"""Each command that docs/reports.md and docs/figures.md show is run, over a small history."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from ccplane.cli import main
from tests.postgres.test_report_command import facts, kept

__all__ = ["facts", "kept"]
pytestmark = pytest.mark.postgres
DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = [
    re.sub(r" +#.*", "", line)
    for page in ("reports.md", "figures.md")
    for block in re.findall(r"```sh\n(.*?)```", (DOCS / page).read_text(), re.S)
    for line in block.splitlines()
    if line.startswith("ccplane report")
]


def test_there_are_some():
    assert len(COMMANDS) > 8


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_does_what_it_says(facts, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(main, shlex.split(command)[1:])
    assert made.exit_code == 0, made.output
    assert made.output or list(tmp_path.iterdir())
