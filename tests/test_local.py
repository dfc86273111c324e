"""`make run` brings everything up, keeps it up, and leaves nothing, however it ends."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccplane.child import started
from ccplane.errors import SetupError
from ccplane.local.stack import Stack, plane_environment
from ccplane.local.supervise import sole_instance
from ccplane.local.welcome import welcome
from ccplane.settings import Settings
from tests.children import killed_after
from tests.ports import free_block
from tests.stack import copy_cluster

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

STAND_IN = """
import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"parts": {"phones": {"ok": true}}}')
    def log_message(self, *_): pass
assert os.environ["CCPLANE_ARI_URL"].endswith("/ari") and os.environ["CCPLANE_ARI_PASSWORD"]
assert os.environ["CCPLANE_AMI_HOST"] and os.environ["CCPLANE_AMI_USERNAME"] and os.environ["CCPLANE_AMI_PASSWORD"]
assert os.environ["CCPLANE_DATABASE_URL"].startswith("postgresql://")
print("stand-in", os.getpid(), flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["CCPLANE_PORT"])), Ready).serve_forever()
"""
"""A plane that is ready at once; these tests are about what stands around it."""

SUPERVISOR = """
import asyncio, sys
from ccplane.local.supervise import run
from ccplane.settings import load
sys.exit(asyncio.run(run(load(), [sys.executable, "-c", sys.argv[1]])))
"""


REAL = """
import sys
from ccplane.cli import main
sys.argv = ["ccplane", "run"]
sys.exit(main())
"""
"""The plane itself."""


SAYS_WITHIN, ENDS_WITHIN = 90, 60
"""Seconds; a start takes five, an end two, but the machine may have other things to do."""


class Run:
    """One `make run` in a folder of its own."""

    def __init__(self, runtime: Path, environment: dict[str, str], plane: str = STAND_IN) -> None:
        self.runtime, self.environment = runtime, os.environ | environment
        command = [sys.executable, "-u", "-c", SUPERVISOR, plane]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment
        )
        self.said: list[str] = []

    def says(self, words: str) -> str:
        """Reads on until a line with these words; fails with all that was said if it ends before."""
        with killed_after(SAYS_WITHIN, self.process):
            for line in self.process.stdout:
                self.said.append(line)
                if words in line:
                    return line
        pytest.fail(f"never said {words!r}, in {SAYS_WITHIN} s at most:\n{''.join(self.said)}")

    def pids(self) -> dict[str, int]:
        records = {
            "plane": self.runtime / "plane.json",
            "guard": self.runtime / "guard.json",
            "asterisk": self.runtime / "node-ast1" / "run" / "process.json",
            "postgres": self.runtime / "postgres" / "process.json",
        }
        return {name: json.loads(path.read_text())["pid"] for name, path in records.items()}

    def asks(self, *words: str) -> str:
        """What `ccplane …` from another terminal says."""
        command = [sys.executable, "-m", "ccplane", *words]
        asked = subprocess.run(command, capture_output=True, text=True, env=self.environment, timeout=90, check=False)
        assert asked.returncode == 0, asked.stdout + asked.stderr
        return asked.stdout

    def ends(self, by: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(by)
        with killed_after(ENDS_WITHIN, self.process) as late:
            self.said += self.process.stdout
        assert not late.is_set(), f"did not end in {ENDS_WITHIN} s after {by.name}:\n{''.join(self.said)}"
        return self.process.wait(30)


@pytest.fixture
def environment(tmp_path: Path, asterisk_root: Path) -> dict[str, str]:
    start = free_block()
    return {
        "CCPLANE_RUNTIME": str(tmp_path / "runtime"),
        "CCPLANE_ASTERISK_ROOT": str(asterisk_root),
        "CCPLANE_PORT": str(start),
        "CCPLANE_SIP_PORT": str(start + 1),
        "CCPLANE_HTTP_PORT": str(start + 2),
        "CCPLANE_AMI_PORT": str(start + 3),
        "CCPLANE_RTP_FIRST": str(start + 10),
        "CCPLANE_RTP_LAST": str(start + 99),
    }


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str], cluster: Path, spoken: Path) -> Iterator[Callable[..., Run]]:
    """Begins one; the first with a Postgres whose folder is made and a node whose prompts are, unless nothing at all is
    to be there."""
    runs: list[Run] = []

    def begin(*, from_nothing: bool = False, **options: str) -> Run:
        if not (runs or from_nothing):
            copy_cluster(cluster, tmp_path / "runtime" / "postgres")
            shutil.copytree(spoken, tmp_path / "runtime" / "node-ast1" / "sounds")
        runs.append(Run(tmp_path / "runtime", environment, **options))
        return runs[-1]

    yield begin
    for each in runs:
        if each.process.poll() is None:
            each.ends()
        each.process.stdout.close()


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_says_what_to_open_and_dial_and_ends_leaving_nothing(run, tmp_path: Path, by: signal.Signals):
    mounts = Path("/proc/mounts").read_text()
    here = run(from_nothing=True)
    here.says("ccplane is ready")
    here.says("sip:4002@127.0.0.1:")
    pids = here.pids()
    assert all(started(pid) for pid in pids.values())
    assert here.ends(by) == 0
    assert {name: started(pid) for name, pid in pids.items()} == dict.fromkeys(pids)
    assert Path("/proc/mounts").read_text() == mounts
    with (tmp_path / "runtime" / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds it


def test_after_kill_9_nothing_runs_on_and_the_next_start_recovers(run):
    first = run()
    first.says("ccplane is ready")
    pids = first.pids()
    first.process.kill()
    first.process.wait()
    second = run()
    second.says("ccplane is ready")
    assert {name: started(pid) for name, pid in pids.items()} == dict.fromkeys(pids)
    assert second.ends() == 0


def test_a_second_start_takes_less_than_fifteen_seconds(run):
    run_once = run()
    run_once.says("ccplane is ready")
    run_once.ends()
    began = time.monotonic()
    run().says("ccplane is ready")
    assert time.monotonic() - began < 15


def test_ctrl_c_in_the_middle_of_a_start_ends_it_all(run):
    here = run(from_nothing=True)
    here.says("Asterisk: ready")
    assert here.ends() in (0, 130)
    assert not (here.runtime / "plane.json").exists()
    assert not (here.runtime / "node-ast1" / "run" / "process.json").exists()


def test_a_second_instance_is_told_who_is_there(run):
    here = run()
    here.says("ccplane is ready")
    with (
        pytest.raises(SetupError, match=rf"process {here.process.pid}\)") as refused,
        sole_instance(here.runtime),
    ):
        pass
    assert refused.value.code == "already-running"


@pytest.mark.parametrize(
    ("part", "name"), [("plane", "ccplane"), ("asterisk", "Asterisk"), ("postgres", "Postgres"), ("guard", "guard")]
)
def test_a_part_that_dies_is_started_again_and_the_others_are_left_alone(run, part: str, name: str):
    here = run()
    here.says("ccplane is ready")
    before = here.pids()
    os.kill(before[part], signal.SIGKILL)
    here.says(f"{name}: ended by itself (status -9)")
    here.says(f"{name}: ready")
    after = here.pids()
    assert after[part] != before[part]
    assert {each for each in before if before[each] != after[each]} == {part}


def test_a_plane_that_handed_over_is_followed_and_ctrl_c_ends_its_successor(run):
    here = run(plane=REAL)
    here.says("ccplane is ready")
    before = here.pids()
    assert "routes calls, after" in here.asks("handover")
    here.says("ccplane: handed over to process")
    after = here.pids()
    assert {part for part in before if before[part] != after[part]} == {"plane"}
    assert (started(before["plane"]), started(after["plane"]) is not None) == (None, True)
    assert here.ends() == 0
    assert {name: started(pid) for name, pid in after.items()} == dict.fromkeys(after)


def test_a_successor_that_dies_is_started_again_like_any_plane(run):
    here = run(plane=REAL)
    here.says("ccplane is ready")
    first = here.pids()["plane"]
    here.asks("handover")
    here.says("ccplane: handed over to process")
    successor = here.pids()["plane"]
    os.kill(successor, signal.SIGKILL)
    here.says("ccplane: ended by itself")
    here.says("ccplane: ready")
    assert here.pids()["plane"] not in (first, successor)
    assert "routes calls, after" in here.asks("handover"), "and it can be handed over again"
    here.says("ccplane: handed over to process")


def test_after_kill_9_of_it_a_successor_ends_too(run):
    here = run(plane=REAL)
    here.says("ccplane is ready")
    here.asks("handover")
    here.says("ccplane: handed over to process")
    pids = here.pids()
    here.process.kill()
    here.process.wait()
    until = time.monotonic() + 20
    while started(pids["plane"]) is not None and time.monotonic() < until:
        time.sleep(0.05)
    assert started(pids["plane"]) is None


def test_a_drained_plane_is_not_started_again_until_all_of_it_is(run):
    here = run(plane=REAL)
    here.says("ccplane is ready")
    assert here.asks("handover", "--drain").endswith("It has left.\n")
    here.says("ccplane: has left, as it was asked; it is not started again")
    assert here.ends() == 0


def test_a_plane_that_cannot_start_ends_it_all_with_its_own_status(run):
    here = run(plane="import sys; print('site/acd/queues.toml:3: strategy: no such one'); sys.exit(3)")
    here.says("no such one")
    assert here.process.wait(30) != 0
    assert "ended with status 3" in "".join([*here.said, *here.process.stdout])


def test_a_taken_port_is_named_before_anything_is_started(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        stack = Stack(Settings(runtime=tmp_path, port=port))
        with pytest.raises(SetupError, match=rf"{port} .*CCPLANE_PORT") as refused:
            asyncio.run(stack.start())
    assert refused.value.code == "port-taken"
    assert not list(tmp_path.iterdir())


def test_what_the_settings_name_is_not_started(tmp_path: Path):
    given = Settings(runtime=tmp_path, ari_url="http://127.0.0.1:9/ari", database_url="postgresql://elsewhere/db")
    assert "CCPLANE_SOUNDS" not in plane_environment(given, None, None)
    assert "http://127.0.0.1:9/ari" in welcome(given, Stack(given), 1.0)


def test_the_banner_says_that_a_token_of_ones_own_is_to_be_exported_there_and_does_not_show_it(tmp_path: Path):
    own = Settings(runtime=tmp_path, ari_url="http://127.0.0.1:9/ari", admin_token="a-token-of-ones-own")
    told = welcome(own, Stack(own), 1.0)
    assert "export CCPLANE_ADMIN_TOKEN=" in told
    assert "a-token-of-ones-own" not in told
    ours = Settings(runtime=tmp_path, ari_url="http://127.0.0.1:9/ari")
    assert "CCPLANE_ADMIN_TOKEN" not in welcome(ours, Stack(ours), 1.0)
