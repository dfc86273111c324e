"""Settings: defaults that work, and every fault named by its variable."""

from __future__ import annotations

import os
import re
import traceback
from pathlib import Path

import pytest

from ccplane import settings
from ccplane.errors import SetupError
from tests import settings_page


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch):
    for name in [each for each in os.environ if each.startswith("CCPLANE_")]:
        monkeypatch.delenv(name)


def test_without_any_variable_everything_has_a_value_that_works_on_one_machine():
    given = settings.load()
    assert (given.bind, given.port, given.sip_port, given.http_port, given.ami_port) == (
        "127.0.0.1", 8080, 5060, 8088, 5038,
    )  # fmt: skip
    assert given.site == settings.HOME
    assert given.node_dir == given.runtime / "node-ast1"


def test_a_variable_sets_its_field(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("CCPLANE_RUNTIME", str(tmp_path))
    monkeypatch.setenv("CCPLANE_SIP_PORT", "15060")
    given = settings.load()
    assert given.sip_port == 15060
    assert given.root_dir == tmp_path / "asterisk-root"


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CCPLANE_SIP_PORT", "")
    assert settings.load().sip_port == 5060


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CCPLANE_SIP_PORT", "70000", "CCPLANE_SIP_PORT: .*65535"),
        ("CCPLANE_SIP_PORT", "sip", "CCPLANE_SIP_PORT: .*integer"),
        ("CCPLANE_BIND", "0.0.0.0", "CCPLANE_BIND: 0.0.0.0 is not a loopback address; anything else waits for TLS"),
        ("CCPLANE_BIND", "here", "CCPLANE_BIND: 'here' is not an IPv4 address"),
        ("CCPLANE_NODE", "a b", "CCPLANE_NODE: a node's name"),
        ("CCPLANE_ARI_URL", "127.0.0.1", "CCPLANE_ARI_URL"),
        ("CCPLANE_AMI_HOST", "tcp://pbx", "CCPLANE_AMI_HOST"),
        ("CCPLANE_QUALIFY_S", "0", "CCPLANE_QUALIFY_S"),
        ("CCPLANE_RTP_LAST", "10001", "CCPLANE_RTP_LAST: must be at least 3 above CCPLANE_RTP_FIRST"),
        ("CCPLANE_DATABSE_URL", "x", "there is no such setting; did you mean CCPLANE_DATABASE_URL"),
        ("CCPLANE_ASTERISK", "docker", "CCPLANE_ASTERISK: Input should be 'root'"),
    ],
)
def test_a_fault_names_the_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(SetupError, match=says) as refused:
        settings.load()
    assert refused.value.code == "bad-setting"


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CCPLANE_PORT", "0")
    monkeypatch.setenv("CCPLANE_COLOUR", "red")
    with pytest.raises(SetupError) as refused:
        settings.load()
    assert len(refused.value.facts["faults"]) == 2


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DATABASE_URL", "postgresql://u:geheim#1@h/db", "percent-encode"),
        ("DATABASE_URL", "postgresql://u:geheim/1@h/db", "percent-encode"),
        ("DATABASE_URL", "postgresql://u:42/geheim@h/db", "percent-encode"),
        ("DATABASE_URL", "postgresql://u:42?geheim@h/db", "percent-encode"),
        ("DATABASE_URL", "postgresql://u:42#geheim@h/db", "percent-encode"),
        ("DATABASE_URL", "postgresql://u:geheim[s@h/db", "percent-encode"),
        ("DATABASE_URL", "postgresql://u:geheim[s]@h/db", "percent-encode"),
        ("DATABASE_URL", "postgresql://u:geheim\N{ACCOUNT OF}@h/db", "percent-encode"),
        ("DATABASE_URL", "postgresql://u:geheim@h:seven/db", "behind the colon of its host"),
        ("DATABASE_URL", "host=h password=geheim", "must begin with postgresql://"),
        ("ARI_URL", "http://[::1/geheim", "cannot be read as an address"),
        ("ARI_URL", "http://pbx:geheim/ari", "behind the colon of its host"),
        ("ARI_URL", "http:///geheim", "has no host"),
        ("GUARD_API", "http://[::1/geheim", "cannot be read as an address"),
        ("ADMIN_TOKEN", "geheim\N{LATIN SMALL LETTER U WITH DIAERESIS}", "of ASCII"),
        ("ADMIN_TOKEN", "geheim\n", "no space before or after it"),
        ("GUARD_TOKEN", "\N{SNOWMAN}geheim", "of ASCII"),
    ],
)
def test_an_address_or_token_that_cannot_be_used_is_refused_and_not_quoted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
):
    monkeypatch.setenv(f"CCPLANE_{name}", value)
    with pytest.raises(SetupError, match=f"CCPLANE_{name}: .*{re.escape(says)}") as refused:
        settings.load()
    assert "geheim" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db/ccplane",
        "postgresql://u:p%23w@h:5432/db?sslmode=require",
        "postgresql://u:p@ss:w@h/db",
        "postgresql://one:5432,two:5433/db",
        "postgresql:///db?host=/run/pg&user=a@b",
        "postgres://[::1]:5432/db",
        "postgresql://server/db?user=me@corp&password=x",
        "postgresql://server/db?application_name=a#b",
    ],
)
def test_an_address_of_a_database_may_be_all_that_postgres_takes(monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("CCPLANE_DATABASE_URL", url)
    assert settings.load().database_url == url


HIDDEN = {"DATABASE_URL": "postgresql://u:hidden-value@h/db"}


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch):
    for name in ("ADMIN_TOKEN", "ARI_PASSWORD", "AMI_PASSWORD", "DATABASE_URL"):
        monkeypatch.setenv(f"CCPLANE_{name}", HIDDEN.get(name, "hidden-value"))
    assert "hidden-value" not in repr(settings.load())


def test_ami_is_where_ari_is_unless_it_is_said_to_be_elsewhere(monkeypatch: pytest.MonkeyPatch):
    assert settings.load().ami_address == "127.0.0.1"
    monkeypatch.setenv("CCPLANE_ARI_URL", "http://pbx:8088/ari")
    assert settings.load().ami_address == "pbx"
    monkeypatch.setenv("CCPLANE_AMI_HOST", "10.0.0.7")
    assert settings.load().ami_address == "10.0.0.7"


def test_a_runtime_folder_that_cannot_be_had_is_named_with_its_variable(tmp_path: Path):
    (tmp_path / "file").write_text("")
    for runtime in (Path("/proc/nope"), tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(SetupError, match=rf"{runtime} .*CCPLANE_RUNTIME") as refused:
            settings.make_runtime(runtime)
        assert refused.value.code == "bad-runtime"
    settings.make_runtime(tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder").is_dir()


def test_each_setting_says_what_it_means():
    assert [name for name, said in settings_page.docstrings().items() if not said] == []


def test_the_page_of_settings_is_what_the_program_reads():
    assert settings_page.DOC.read_text(encoding="utf-8") == settings_page.document(), (
        "run: python -m tests.settings_page"
    )
    named = settings.READ_ELSEWHERE - {"CCPLANE_HANDOVER", "CCPLANE_SUPERVISOR"}  # between our own processes
    assert {name for name in named if f"`{name}`" not in settings_page.document()} == set()
