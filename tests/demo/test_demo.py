"""`make demo` as it is: a real Asterisk, a real Postgres, a real plane, callers and agents with real sound."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.child import started
from tests.centre import open_centre
from tests.children import killed_after
from tests.ports import BLOCK, free_block
from tests.stack import copy_cluster

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


SAYS_WITHIN, ENDS_WITHIN = 90, 60
"""Seconds; the machine may have other things to do."""


class Demo:
    """One `make demo` in a folder and on ports of its own."""

    def __init__(self, runtime: Path, root: Path, *options: str) -> None:
        self.runtime, start = runtime, free_block()
        own = {name: value for name, value in os.environ.items() if not name.startswith("CCPLANE_")}
        ports = {"PORT": 0, "SIP_PORT": 1, "HTTP_PORT": 2, "AMI_PORT": 3, "RTP_FIRST": 10, "RTP_LAST": BLOCK - 1}
        own |= {f"CCPLANE_{name}": str(start + offset) for name, offset in ports.items()}
        own |= {"CCPLANE_RUNTIME": str(runtime), "CCPLANE_ASTERISK_ROOT": str(root)}
        command = [sys.executable, "-u", "-m", "ccplane.demo", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=own)
        self.said: list[str] = []

    def says(self, pattern: str) -> re.Match[str]:
        """Reads on until a line like this; fails with all that was said if it ends before."""
        with killed_after(SAYS_WITHIN, self.process):
            for line in self.process.stdout:
                self.said.append(line)
                if found := re.search(pattern, line):
                    return found
        pytest.fail(f"never said {pattern!r}, in {SAYS_WITHIN} s at most:\n{''.join(self.said)}")

    def ends(self) -> int:
        """Reads on to the end; the exit status."""
        with killed_after(ENDS_WITHIN, self.process) as late:
            self.said += self.process.stdout
        assert not late.is_set(), f"did not end in {ENDS_WITHIN} s:\n{''.join(self.said)}"
        return self.process.wait(30)

    def pids(self) -> dict[str, int]:
        records = ("plane.json", "node-ast1/run/process.json", "postgres/process.json")
        return {name: json.loads((self.runtime / name).read_text())["pid"] for name in records}

    def row(self, queue: str) -> list[int]:
        """Offered, answered and abandoned in the last table."""
        found = re.search(rf"^  {queue} +(\d+) +(\d+) +(\d+)", "".join(self.said), re.MULTILINE)
        assert found, "".join(self.said)
        return [int(each) for each in found.groups()]


@pytest.fixture
def demo(tmp_path: Path, asterisk_root: Path, cluster: Path, spoken: Path) -> Iterator[Callable[..., Demo]]:
    """Begins one; with `made`, what the first `make demo` of all makes is there: Postgres's folder, and the prompts."""
    running: list[Demo] = []

    def begin(*options: str, made: bool = False) -> Demo:
        if made:
            copy_cluster(cluster, tmp_path / "runtime" / "postgres")
            shutil.copytree(spoken, tmp_path / "runtime" / "node-ast1" / "sounds")
        running.append(Demo(tmp_path / "runtime", asterisk_root, *options))
        return running[-1]

    yield begin
    for each in running:
        if each.process.poll() is None:
            each.process.terminate()
            each.ends()
        each.process.stdout.close()


def test_callers_are_served_and_ctrl_c_ends_it_with_a_table_and_nothing_left(demo, tmp_path: Path):
    here = demo("--minutes", "2", "--peak", "1", "--agents", "12")
    here.says("The demo plays 12 agents, 1001 to 1012")
    pids = here.pids()
    here.says(r"answered [1-9].* talking")
    here.process.send_signal(signal.SIGINT)
    assert here.ends() == 0
    offered, answered, abandoned = here.row("all")
    assert offered >= answered > 0
    reached = re.search(r"(\d+) reached an agent", "".join(here.said))
    assert reached, "".join(here.said)
    assert abs(int(reached.group(1)) - answered) <= 1, "the plane and the callers tell the same"
    assert offered - answered - abandoned == 0, "nobody is left in a queue"
    assert {name: started(pid) for name, pid in pids.items()} == dict.fromkeys(pids)
    with (tmp_path / "runtime" / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds it
    assert "Traceback" not in "".join(here.said)


def test_after_its_days_it_ends_by_itself(demo):
    here = demo("--minutes", "0.05", "--days", "1", made=True)
    here.says("The demo plays 15 agents")
    pids = here.pids()
    assert here.ends() == 0
    here.row("all")
    assert {name: started(pid) for name, pid in pids.items()} == dict.fromkeys(pids)


async def test_it_also_plays_at_a_plane_that_runs_already_and_leaves_it_running(
    local_node: LocalNode, database: str, tmp_path: Path
):
    async with open_centre(local_node, database, tmp_path) as centre:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ccplane.demo", "--attach", "--minutes", "0.2", "--days", "1", "--peak", "2"),
            env=centre.environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), 90)
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, said.decode()
        assert "reached an agent" in said.decode()
        board = await centre.get("/api/v1/wallboard")
        assert sum(queue["answered"] for queue in board["queues"]) > 0
        assert {agent["state"] for agent in board["agents"]} == {"offline"}, "everybody has signed out"


def test_without_a_plane_there_is_nothing_to_attach_to(tmp_path: Path, monkeypatch):
    told = subprocess.run(
        [sys.executable, "-m", "ccplane.demo", "--attach"],
        env=os.environ | {"CCPLANE_RUNTIME": str(tmp_path), "CCPLANE_ADMIN_TOKEN": "x", "CCPLANE_PORT": "9"},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 2
    assert "No ccplane answers the demo" in told.stderr
