"""The guard's process: what it needs to begin, and that nothing beside the watching ends it."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from ccplane.cli import main
from ccplane.guard import run
from ccplane.local.stack import guard_environment
from ccplane.settings import Settings
from ccplane.testing import FakeAmi


class OpenAmi(FakeAmi):
    """One that is connected for ever."""

    host, port = "127.0.0.1", 5038

    async def run(self):
        await asyncio.Event().wait()


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_without_an_account_it_ends_with_a_sentence_that_says_which_settings(options, tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("CCPLANE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CCPLANE_RUNTIME", str(tmp_path))
    answer = CliRunner().invoke(main, ["guard", *options])
    assert answer.exit_code == 2
    assert "CCPLANE_GUARD_AMI_USERNAME" in answer.output
    assert not list(tmp_path.iterdir())


async def test_what_fails_beside_the_watching_is_begun_again_and_the_watching_goes_on(monkeypatch):
    monkeypatch.setattr(run, "AGAIN_S", 0.0)
    ami, tries = OpenAmi(), []
    often = asyncio.Event()

    async def work():
        tries.append(1)
        if len(tries) == 3:
            often.set()
        raise OSError("no space left")

    with capture_logs() as said:
        guarding = asyncio.create_task(run.guard(ami, 20.0, (work,)))
        await asyncio.wait_for(often.wait(), 20)
        assert any(each["Action"] == "Getvar" for each in ami.asked)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(guarding, 20)
    assert said[-1]["event"] == "the guard ends; nobody watches this node now"


@pytest.mark.parametrize(
    ("own", "username", "password"),
    [({"guard_ami_username": "guard", "guard_ami_password": "its"}, "guard", "its"), ({}, "ours", "ami")],
    ids=["with an account of its own", "with none: the plane's at AMI, and nothing else"],
)
def test_the_guard_is_handed_no_secret_but_that_of_its_account(own, username, password, tmp_path):
    """It has no use for the database, the administrator's token or ARI."""
    asterisk = {"ari_url": "http://ast.example:8088/ari", "ami_username": "ours", "ami_password": "ami"}
    given = Settings(runtime=tmp_path, **asterisk, **own)
    ours = ("DATABASE_URL", "ARI_PASSWORD", "AMI_PASSWORD", "ADMIN_TOKEN")
    secrets = {"PGPASSWORD", *(f"CCPLANE_{each}" for each in ours)}
    planes = dict.fromkeys(secrets, "secret") | {"PATH": "/bin", "CCPLANE_NODE": "ast1", "CCPLANE_GUARD_S": "30"}
    handed = guard_environment(given, planes, None)
    assert not secrets & handed.keys()
    assert handed == {
        "PATH": "/bin",
        "CCPLANE_NODE": "ast1",
        "CCPLANE_GUARD_S": "30",
        "CCPLANE_AMI_HOST": "ast.example",
        "CCPLANE_GUARD_AMI_USERNAME": username,
        "CCPLANE_GUARD_AMI_PASSWORD": password,
    }
