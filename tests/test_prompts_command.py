"""`ccplane prompts`: lists, renders and checks what callers hear, offline."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ccplane.cli import main
from tests.asterisk.test_levels import a_tone, recorded
from tests.site.test_recordings import a_wav, on_disk


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["prompts", *arguments])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site of one prompt, and where its sounds go."""
    monkeypatch.setenv("CCPLANE_SITE", str(on_disk(tmp_path / "site")))
    monkeypatch.setenv("CCPLANE_SOUNDS", str(tmp_path / "sounds"))
    monkeypatch.setenv("CCPLANE_RUNTIME", str(tmp_path / "runtime"))
    return tmp_path


@pytest.mark.parametrize("command", [[], ["render"], ["check"]])
def test_every_command_has_help_with_examples(command: list[str]):
    told = call(*command, "--help")
    assert told.exit_code == 0
    assert f"ccplane prompts {' '.join(command)}".strip() in told.output


def test_what_is_there_is_listed_before_and_after_it_is_rendered(folder: Path):
    assert "not rendered yet: ccplane prompts render" in call().output
    assert "Made 1 sounds" in call("render").output
    assert "Made 0 sounds" in call("render").output
    line = call().output.splitlines()[1].split()
    assert line[:3] == ["welcome", "en", "espeak-ng"]
    assert 0.3 < float(line[3]) < 2
    assert -32 < float(line[4]) < -18
    assert float(line[6]) == pytest.approx(-6, abs=0.2)


def test_a_site_whose_prompts_are_well_is_without_fault_and_nothing_is_left_behind(folder: Path):
    told = call("check")
    assert (told.exit_code, told.output) == (0, "No fault found: prompts 1, sounds 1.\n")
    assert not (folder / "sounds").exists()


def test_a_silent_recording_is_a_fault_with_its_file(folder: Path):
    on_disk(folder / "site", welcome=recorded(array("h", bytes(16_000))))
    told = call("check")
    assert told.exit_code == 2
    assert told.output.startswith("ivr/sounds/en/welcome.wav: is silent (1.0 s")


def test_a_recording_of_a_wrong_rate_is_a_fault_for_all_who_read_the_site(folder: Path):
    on_disk(folder / "site", welcome=a_wav(rate=1_000))
    for told in (call("check"), call("render"), call(), CliRunner().invoke(main, ["check"])):
        assert told.exit_code == 2
        assert "ivr/sounds/en/welcome.wav" in told.output
        assert "1000 samples a second" in told.output


def test_a_good_recording_is_listed_as_one(folder: Path):
    on_disk(folder / "site", welcome=recorded(a_tone(6_000, rate=16_000), 16_000))
    assert call("check").exit_code == 0
    call("render")
    line = call().output.splitlines()[1].split()
    assert line[:4] == ["welcome", "en", "recorded", "1.0"]
