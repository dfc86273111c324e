"""A child process is found again, never mistaken for another, and never left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ccplane.child import Child, ended, recorded, started

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


async def test_stop_asks_first_and_leaves_neither_process_nor_record(tmp_path: Path):
    child = Child(tmp_path / "record")
    child.start(["sleep", "60"], log=None)
    pid = child.pid
    assert recorded(child.record) == pid
    await child.stop()
    assert (child.returncode, child.running, started(pid)) == (-signal.SIGTERM, False, None)
    assert not child.record.exists()


async def test_one_that_does_not_listen_is_killed_after_its_grace(tmp_path: Path):
    child, log = Child(tmp_path / "record"), tmp_path / "log"
    child.start([sys.executable, "-u", "-c", STUBBORN], log=log)
    while "up" not in log.read_text():
        await asyncio.sleep(0.01)
    await child.stop(grace=0.05)
    assert child.returncode == -signal.SIGKILL


async def test_wait_tells_the_end_whoever_asks_and_however_often(tmp_path: Path):
    child = Child(tmp_path / "record")
    child.start(["sh", "-c", "exit 7"], log=None)
    assert await asyncio.gather(child.wait(), child.wait()) == [7, 7]
    assert await child.wait() == 7
    await child.stop()


async def test_one_whose_record_cannot_be_written_does_not_run_on(tmp_path: Path):
    """The next run could not find it."""
    (tmp_path / "record.partial").mkdir()
    child = Child(tmp_path / "record")
    with pytest.raises(IsADirectoryError):
        child.start(["sleep", "60"], log=None)
    assert await child.wait() == -signal.SIGKILL


async def test_what_an_earlier_run_left_is_ended(tmp_path: Path):
    earlier = Child(tmp_path / "record")
    earlier.start(["sleep", "60"], log=None, when_we_die=None)
    pid = earlier.pid
    assert await Child(tmp_path / "record").end_stale()
    assert await earlier.wait() == -signal.SIGKILL
    assert started(pid) is None
    assert not await Child(tmp_path / "record").end_stale()


async def test_a_stranger_with_the_recorded_pid_is_left_alone(tmp_path: Path):
    record = tmp_path / "record"
    with subprocess.Popen(["sleep", "60"]) as stranger:
        ours = {"pid": stranger.pid, "started": 1, "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip()}
        record.write_text(json.dumps(ours))
        assert not await Child(record).end_stale()
        assert stranger.poll() is None
        stranger.kill()


async def test_a_record_that_was_torn_means_nothing(tmp_path: Path):
    (tmp_path / "record").write_text('{"pid": 1')
    assert not await Child(tmp_path / "record").end_stale()


async def test_stopping_a_group_ends_its_children_too(tmp_path: Path):
    child, log = Child(tmp_path / "record"), tmp_path / "log"
    child.start(["sh", "-c", "sleep 60 & echo $!; wait"], log=log)
    while not log.read_text().endswith("\n"):
        await asyncio.sleep(0.01)
    grandchild = int(log.read_text())
    await child.stop(group=True)
    await asyncio.wait_for(ended(grandchild), 20)


async def test_ctrl_c_at_the_terminal_does_not_reach_it(tmp_path: Path):
    child = Child(tmp_path / "record")
    child.start(["sleep", "60"], log=None)
    assert os.getsid(child.pid) == child.pid != os.getsid(0)
    await child.stop()
