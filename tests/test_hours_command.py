"""`ccplane hours`: what an operator is told of a site's hours, offline."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ccplane.cli import main, starting
from ccplane.site import parse, read
from ccplane.site.special_days import date_of
from tests.site.sites import WHOLE


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def a_site_with_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    for path, said in (WHOLE | {"ivr/hours.toml": text}).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(said)
    monkeypatch.setenv("CCPLANE_SITE", str(tmp_path))


def test_hours_says_what_holds_and_what_comes_next(tmp_path, monkeypatch):
    a_site_with_hours(
        tmp_path, monkeypatch, '[main]\nmon-fri = "09:00-18:00"\nholidays = "DE"\n[idle]\nsun = "10:00-11:00"'
    )
    everything = call("hours", "--at", "2026-12-24T19:00").stdout.splitlines()
    assert [line.partition("   ")[0] for line in everything] == [
        "main: closed, opens Mon 2026-12-28 09:00",
        "idle: closed, opens Sun 2026-12-27 10:00",
    ]
    one = call("hours", "main", "--at", "2026-12-25T12:00+02:00").stdout.splitlines()
    assert one[0].startswith(
        "main: closed (Erster Weihnachtstag), opens Mon 2026-12-28 09:00   (it is Fri 2026-12-25 10:00"
    )
    assert len(one) == 6


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["mian"], "There are no hours `mian` in ivr/hours.toml; there is `main`."),
        (["--at", "noon"], "no moment: write"),
    ],
)
def test_hours_says_what_is_wrong_with_what_it_was_asked(tmp_path, monkeypatch, given, sentence):
    a_site_with_hours(tmp_path, monkeypatch, '[main]\nmon-fri = "09:00-18:00"\n')
    result = call("hours", *given)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_a_calendar_that_ends_before_today_is_told_by_check_and_by_hours(tmp_path, monkeypatch):
    a_site_with_hours(tmp_path, monkeypatch, '[main]\nmon-fri = "09:00-18:00"\nholidays = "CN"\n')
    known = date_of(parse(read(tmp_path)).hours("main").worked_until)
    sentence = f"are known until {known}; later ones come with a newer ccplane, or stand in [main.days]"
    assert sentence in call("hours", "main", "--at", f"{known.year + 1}-12-01T12:00").stdout
    assert sentence not in call("hours", "main", "--at", f"{known.year}-01-02T12:00").stdout
    monkeypatch.setattr(starting, "time", lambda: (known - date(1970, 1, 1)).days * 86_400 + 86_400)
    checked = call("check")
    assert checked.exit_code == 0
    assert f"ivr/hours.toml: warning: main: weekends that are worked instead of holidays {sentence}" in checked.stdout
