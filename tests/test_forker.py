"""A ccplane that is forked off with its imports done is what a command starts: it hears, says and ends the same."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ccplane.child import started
from ccplane.settings import HOME
from tests.forker import begin

pytestmark = pytest.mark.slow


def environment(**settings: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CCPLANE_")} | settings


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["--version"], {}),
        (["no-command"], {}),
        (["check"], {}),
        (["check"], {"CCPLANE_SITE": "/nowhere"}),
        (["check"], {"CCPLANE_LEASE_S": "0"}),
        (["status"], {"CCPLANE_RUNTIME": "/nowhere", "CCPLANE_ADMIN_TOKEN": "x", "CCPLANE_PORT": "9"}),
    ],
)
async def test_it_says_the_same_and_ends_with_the_same_code(
    tmp_path: Path, arguments: list[str], settings: dict[str, str]
):
    command, own = [sys.executable, "-m", "ccplane", *arguments], environment(**settings)
    by_itself = subprocess.run(command, cwd=HOME, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    forked = begin(arguments, own, tmp_path / "log")
    assert await forked.wait() == by_itself.returncode
    assert (tmp_path / "log").read_text() == by_itself.stdout


@pytest.mark.parametrize(("by", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 0), (signal.SIGINT, 0)])
async def test_signals_reach_it_and_how_it_ended_is_told(tmp_path: Path, by: signal.Signals, code: int):
    """A guard whose switch is not there waits for it until it is ended."""
    log = tmp_path / "log"
    account = {"CCPLANE_GUARD_AMI_USERNAME": "guard", "CCPLANE_GUARD_AMI_PASSWORD": "x"}
    forked = begin(["guard"], environment(CCPLANE_AMI_PORT="9", **account), log)
    async with asyncio.timeout(20):
        while not log.read_text():
            await asyncio.sleep(0.02)
    assert started(forked.pid)
    forked.send_signal(by)
    assert await forked.wait() == forked.returncode == code, log.read_text()
    assert started(forked.pid) is None
    forked.kill()  # no stranger, whoever has its number now
