"""`ccplane new`: what it writes is without a fault, runs, and its own test passes; nothing is ever written over."""

from __future__ import annotations

import subprocess

from click.testing import CliRunner, Result

from ccplane.cli import main
from ccplane.cli.new import SITE


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_new_site_has_no_fault_and_no_warning_and_its_test_passes(tmp_path):
    site = tmp_path / "site"
    done = call("new", "site", str(site))
    assert done.exit_code == 0
    assert "warning" not in done.output
    checked = call("check", str(site))
    assert (checked.exit_code, checked.output.startswith("No fault found: queues 1, numbers 1, programs 2")) == (
        0,
        True,
    )
    module = {"__file__": str(site / "tests" / "test_programs.py")}
    exec(SITE["tests/test_programs.py"], module)
    tests = [each for name, each in module.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_pytest_runs_a_new_sites_tests_without_a_warning_and_a_failure_shows_the_tests_own_line_alone(tmp_path):
    site = tmp_path / "site"
    told = call("new", "site", str(site)).output
    (command,) = (line for line in told.splitlines() if line.strip().endswith(f"pytest {site}"))
    ran = subprocess.run(command.split(), capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 passed" in ran.stdout
    assert "arning" not in ran.stdout + ran.stderr
    path = site / "tests" / "test_programs.py"
    path.write_text(path.read_text().replace('hears("welcome")', 'hears("thank-you")'))
    ran = subprocess.run([*command.split(), "-q"], capture_output=True, text=True)
    assert "did not hear «thank-you»" in ran.stdout
    assert "scripted.py" not in ran.stdout


def test_a_new_program_runs_and_is_not_written_twice(tmp_path, monkeypatch):
    site = tmp_path / "site"
    call("new", "site", str(site))
    monkeypatch.setenv("CCPLANE_SITE", str(site))
    done = call("new", "program", "after_hours")
    assert (done.exit_code, "no fault found" in done.output) == (0, True)
    assert "  2  notes name pressed, value 5" in call("try", "after_hours", "--script", "5 served").output
    path = site / "ari_apps" / "after_hours.py"
    path.write_text(mine := path.read_text() + "# mine\n")
    again = call("new", "program", "after_hours")
    assert again.exit_code == 2
    assert "is there already: nothing was written" in again.stderr
    assert path.read_text() == mine


def test_a_folder_that_is_not_empty_is_left_as_it_is(tmp_path):
    (tmp_path / "letters.txt").write_text("dear")
    done = call("new", "site", str(tmp_path))
    assert done.exit_code == 2
    assert "is there already, and not an empty folder: nothing was written" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["letters.txt"]


def test_a_name_that_no_program_can_have_is_refused(tmp_path, monkeypatch):
    call("new", "site", str(tmp_path / "site"))
    monkeypatch.setenv("CCPLANE_SITE", str(tmp_path / "site"))
    for name in ("After", "../x", "1st", "a-b"):
        done = call("new", "program", name)
        assert done.exit_code == 2, name
        assert "cannot be a program's name" in done.stderr


def test_in_a_site_without_a_queue_what_the_program_lacks_is_told(tmp_path, monkeypatch):
    CliRunner().invoke(main, ["new", "site", str(tmp_path / "site")])
    monkeypatch.setenv("CCPLANE_SITE", str(tmp_path / "site"))
    (tmp_path / "site/acd/queues.toml").write_text("")
    (tmp_path / "site/ivr/main.toml").write_text(
        'prompt = "welcome"\nno_input = "1"\n[keys]\n1 = { program = "sorry" }\n'
    )
    done = CliRunner().invoke(main, ["new", "program", "mine"])
    assert done.exit_code == 2
    assert "there is no queue `support`" in done.output
