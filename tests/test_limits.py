"""A test that never ends fails where it waits, whatever it waits in; what it opened is closed, and the rest goes on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.suite import begin

WAITING = """
import asyncio, subprocess, threading, time
from contextlib import asynccontextmanager, suppress
from pathlib import Path
import pytest

async def never():
    await asyncio.Event().wait()

@asynccontextmanager
async def opened():
    try:
        yield
    finally:
        await asyncio.sleep(0)
        Path("closed").touch()

async def deaf():
    while True:
        with suppress(asyncio.CancelledError):
            await never()

@pytest.fixture
async def torn_down():
    yield
    Path("torn-down").touch()

@pytest.fixture
async def never_torn_down():
    yield
    await never()

@pytest.fixture(scope="module")
def never_set_up():
    asyncio.run(never())


async def test_a_task(torn_down):
    async with opened():
        await never()

async def test_what_goes_on_when_it_is_cancelled():
    with suppress(asyncio.CancelledError):
        await never()

async def test_what_hears_no_cancelling():
    await deaf()

async def test_that_leaves_what_hears_no_cancelling():
    asyncio.create_task(deaf())
    await asyncio.sleep(0)

def test_a_setup(never_set_up): pass

async def test_a_teardown_after_a_failure(never_torn_down):
    assert False, "a failure of its own"

def test_a_lock():
    threading.Lock().acquire() and threading.Event().wait()

def test_a_pipe_that_a_grandchild_holds():
    subprocess.run("sleep 60 & exit", shell=True, capture_output=True)

def test_a_child_that_is_not_ended():
    with subprocess.Popen(["sleep", "60"]):
        assert False, "a failure of its own"

async def test_a_loop_without_a_pause():
    while True: pass

def test_nothing(): pass
"""
HELD = """
import ctypes
def test_a_call_that_never_comes_back(): ctypes.PyDLL(None).sleep(60)
def test_after_it(): pass
"""


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_what_never_ends_fails_and_all_else_goes_on(tmp_path: Path):
    said, _ = begin(tmp_path, 0.5, "-n0", test_waiting=WAITING).communicate(timeout=100)

    failed = dict(re.findall(r"^FAILED test_waiting.py::test_(\w+) - (.*)$", said, re.MULTILINE))
    late = "Failed: it was not over within 0.5 s."
    own = "AssertionError: a failure of its own"
    assert failed == {
        "a_task": late,
        "what_goes_on_when_it_is_cancelled": late,
        "what_hears_no_cancelling": late,
        "a_teardown_after_a_failure": own,
        "a_lock": late,
        "a_pipe_that_a_grandchild_holds": late,
        "a_child_that_is_not_ended": late,
        "a_loop_without_a_pause": late,
    }
    clearing = dict(
        re.findall(r"^FAILED test_waiting.py::test_(\w+) \(at its (.*)\) - Failed: its", said, re.MULTILINE)
    )
    assert clearing == {
        "what_hears_no_cancelling": "teardown",
        "that_leaves_what_hears_no_cancelling": "teardown",
        "a_setup": "setup",
        "a_teardown_after_a_failure": "teardown",
    }
    assert (tmp_path / "closed").exists()
    assert (tmp_path / "torn-down").exists()
    assert re.search(r"waits in\nE +\S+test_waiting.py:\d+ test_a_task\nE +\S+test_waiting.py:\d+ never\n", said)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_worker_that_nothing_brings_back_is_ended_with_its_stack_and_only_its_test_fails(tmp_path: Path):
    said, _ = begin(tmp_path, 0.5, test_held=HELD, test_other="def test_other(): pass").communicate(timeout=100)
    assert re.search(r'^  File "\S+test_held.py", line 3 in test_a_call_that_never_comes_back$', said, re.MULTILINE)
    assert said.count("FAILED test_held.py::test_a_call_that_never_comes_back - worker 'gw") == 2  # at once; summed up
    assert "= 1 failed, 2 passed in " in said
