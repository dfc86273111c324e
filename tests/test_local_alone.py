"""What `make run` does about its parts, with stand-ins for them: no Asterisk, no Postgres."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from ccplane.child import Child, recorded, started
from ccplane.cli.new import SITE
from ccplane.errors import SetupError, StoreError
from ccplane.local import __main__ as make_run
from ccplane.local import plane_process
from ccplane.local.parts import keep_up
from ccplane.local.plane_process import PlaneEnded
from ccplane.local.stack import Stack, local_node
from ccplane.local.supervise import run
from ccplane.local.terminal import say
from ccplane.local.welcome import welcome
from ccplane.settings import HOME, Settings
from ccplane.testing import run as in_virtual_time
from tests.ports import free_port

PLANE = """
import http.server, json, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.3), sys.exit(0)))
port, routes, pushed = int(sys.argv[1]), *map(float, sys.argv[2:4])
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if time.time() > routes else 503)
        self.end_headers()
        self.wfile.write(json.dumps({"parts": {"phones": {"ok": time.time() > pushed}}}).encode())
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Ready)
print("up", flush=True)
server.serve_forever()
"""
"""A plane that routes calls from one time on, and has pushed the phones at another. It takes a moment to end."""


def test_the_node_has_the_queues_of_the_site_and_of_one_with_faults_none(tmp_path: Path):
    """What is wrong with it the plane says; Asterisk runs all the same."""
    assert [each.name for each in local_node(Settings(runtime=tmp_path, site=HOME)).queues] == [
        "support",
        "sales",
        "anyone",
    ]
    (tmp_path / "acd").mkdir()
    (tmp_path / "acd" / "queues.toml").write_text("[support")
    assert local_node(Settings(runtime=tmp_path, site=tmp_path)).queues == ()


class Flaky:
    """A part that dies at once, and whose restart fails as told."""

    def __init__(self, *faults: Exception | None) -> None:
        self.faults, self.started_at = list(faults), []

    async def start(self) -> None:
        self.started_at.append(asyncio.get_running_loop().time())
        if fault := self.faults.pop(0):
            raise fault

    async def wait(self) -> int:
        if not self.faults:
            await asyncio.Event().wait()
        return 1


def test_whatever_keeps_a_part_from_starting_is_said_and_tried_again_with_a_growing_pause(capsys):
    full = OSError(errno.ENOSPC, "No space left on device")
    part = Flaky(full, StoreError("postgres-died", "Postgres ended"), ValueError("ours"), full, None)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(keep_up("Postgres", part), 3600)

    in_virtual_time(main())
    assert [round(b - a, 1) for a, b in pairwise(part.started_at)] == [0.5, 1, 2, 5]
    said = capsys.readouterr().out
    assert "No space left on device" in said
    assert "Postgres: Postgres ended\n" in said
    assert "ValueError('ours')" in said


@pytest.fixture
def stack(tmp_path: Path):
    """Everything but the plane is named by the settings; `make(routes, pushed)` says when the plane does what."""

    def make(routes: float = 0.0, pushed: float = 0.0, port: int | None = None) -> Stack:
        port = port or free_port()
        given = Settings(runtime=tmp_path, port=port, ari_url="http://127.0.0.1:9/ari", database_url="postgresql://no")
        return Stack(given, [sys.executable, "-c", PLANE, str(port), str(routes), str(pushed)])

    return make


@pytest.mark.slow
async def test_a_plane_that_an_earlier_run_left_is_ended_before_its_port_is_found_taken(stack, tmp_path: Path):
    port = free_port()
    earlier, log = Child(tmp_path / "plane.json"), tmp_path / "log"
    earlier.start([sys.executable, "-c", PLANE, str(port), "0", "0"], log=log)
    while "up" not in log.read_text():
        await asyncio.sleep(0.01)
    pid = earlier.pid
    here = stack(port=port)
    await here.start()
    assert await earlier.wait() == 0
    assert started(pid) is None
    await here.stop()


@pytest.mark.slow
async def test_ready_means_that_phones_can_register_too(stack):
    now = time.time()
    here = stack(routes=now + 0.5, pushed=now + 1.0)
    await here.start()
    assert time.time() >= now + 1.0
    await here.stop()


async def test_calls_are_not_kept_waiting_for_phones_that_cannot_be_pushed(stack, monkeypatch, capsys):
    monkeypatch.setattr(plane_process, "PHONES_WITHIN", 0.3)
    here = stack(pushed=float("inf"))
    await asyncio.wait_for(here.start(), 20)
    assert "not all phones can register yet" in capsys.readouterr().out
    await here.stop()


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (SetupError("port-taken", "Port 1 is taken."), 2, "ccplane: Port 1 is taken."),
        (StoreError("postgres-died", "Postgres ended."), 1, "ccplane: Postgres ended."),
        (PlaneEnded(2), 2, "ended with status 2"),
        (PlaneEnded(-signal.SIGKILL), 1, "ended with status -9"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/x"), 1, "refused: Permission denied (/x)."),
    ],
)
def test_a_fault_is_one_sentence_and_a_status_that_says_whose_it_is(monkeypatch, capsys, fault, status, words):
    async def run(settings: Settings) -> int:
        raise fault

    monkeypatch.setattr(make_run, "run", run)
    assert make_run.main() == status
    assert words in capsys.readouterr().err


def test_a_runtime_folder_that_cannot_be_had_is_named(monkeypatch, capsys):
    monkeypatch.setenv("CCPLANE_RUNTIME", "/proc/nope")
    assert make_run.main() == 2
    assert "CCPLANE_RUNTIME" in capsys.readouterr().err


@pytest.fixture
def at_home(monkeypatch) -> None:
    """In the project's folder, as `make run` is, with nothing set."""
    monkeypatch.chdir(HOME)
    monkeypatch.setattr(sys, "executable", str(HOME / ".venv/bin/python"))
    for name in list(os.environ):
        if name.startswith("CCPLANE_"):
            monkeypatch.delenv(name)


def test_the_welcome_has_the_readmes_commands_and_addresses(at_home):
    section = (HOME / "README.md").read_text().split("## Dial and see")[1].split("\n## ")[0]
    commands = [line for block in re.findall(r"```\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]
    looks = re.findall(r"^\| `?(http\S+?|\.venv\S+ \w+)`? \|", section, re.MULTILINE)
    assert len(commands) == 3
    assert len(looks) == 7
    lines = [line[12:] for line in welcome(Settings(), Stack(Settings()), 1.0).splitlines()]
    said = {*lines, *(line.split("   ")[0] for line in lines)}
    assert [each for each in (*commands, *looks) if each not in said] == []


def test_the_welcome_of_an_unusual_start_says_what_its_commands_need(at_home, tmp_path: Path):
    given = Settings(runtime=tmp_path / "a b", port=9090, admin_token="secret")
    told = welcome(given, Stack(given), 1.0)
    assert f"CCPLANE_RUNTIME='{tmp_path}/a b' CCPLANE_PORT=9090 .venv/bin/ccplane agent 1001 ready" in told
    assert told.index("ccplane agent 1001 pin") < told.index("or with that token"), "the browser's key is a PIN"
    assert "TOKEN=$CCPLANE_ADMIN_TOKEN\n" in told
    assert "secret" not in told.replace("a phone's secret", "")


def test_the_welcome_names_the_sites_own_numbers_and_agents(at_home, tmp_path: Path):
    for path, text in SITE.items():
        (tmp_path / "centre" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "centre" / path).write_text(text)
    given = Settings(site=tmp_path / "centre")
    told = welcome(given, Stack(given), 1.0)
    assert f"  site      {tmp_path}/centre\n" in told
    assert "  phones    1001 to 1003, SIP 127.0.0.1:5060" in told
    assert (
        "  dial      sip:4000@127.0.0.1:5060   The front door: ask what it is about, then put the caller through\n"
        in told
    )
    assert "4001" not in told


def test_the_welcome_of_the_demo_names_each_number_with_what_its_program_says_of_itself(at_home):
    told = welcome(Settings(), Stack(Settings()), 1.0)
    assert "sip:4004@127.0.0.1:5060   About an order: which one, and then an agent" in told
    assert "sip:4003@127.0.0.1:5060   No questions: the caller waits in the queue that" in told
    assert "(sales)" in told
    assert "*45" not in told


async def test_what_goes_on_beside_begins_when_calls_can_be_taken_and_its_end_ends_all(stack, tmp_path: Path):
    seen: list[int | None] = []
    here = stack()

    async def beside() -> None:
        seen.append(recorded(tmp_path / "plane.json"))

    command = here._plane._command
    assert await run(here.settings, command, beside=beside) == 0
    assert seen != [None]
    assert started(seen[0]) is None


async def test_what_goes_on_beside_is_cancelled_when_told_to_end_and_may_say_its_last_words(stack, capsys):
    here = stack()

    async def beside() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            say("last words")

    assert await run(here.settings, here._plane._command, beside=beside) == 0
    said = capsys.readouterr().out
    assert said.index("last words") < said.index("ccplane: ended")
