"""`make bench` measures: peers that are up at once connect calls and refill agents by turns, in small."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench import menus, pop, recording
from bench.switching.__main__ import arguments, run
from tests.children import killed_after

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.timeout(300)]
PEERS = ("floor", "app_queue", "ccplane")


async def test_peers_are_measured_by_turns_and_lose_nobody(asterisk_root: Path, tmp_path: Path):
    """All three, on one machine at once: two rounds of each, pooled."""
    made = await run(arguments([f"--root={asterisk_root}", f"--work={tmp_path}", "--scenarios=idle,refill",
                                "--calls=40", "--rounds=2", "--no-files"]))  # fmt: skip
    assert made["failed"] == {}
    for peer in PEERS:
        idle, refill = (made["scenarios"][each][peer] for each in ("idle", "refill"))
        assert [each["idle_to_ring_ms"]["n"] for each in idle["rounds"]] == [20, 20]
        assert idle["talked"] == idle["idle_to_ring_ms"]["n"] == 40
        assert refill["talked"] == refill["dialled"] == 80  # each round: the refills, and a first call for each agent
        assert 30 <= refill["freed_to_ring_ms"]["n"] <= 40  # not those of a phone that another one forestalled
        for figures in (idle, refill):
            assert figures.get("contacts_in_postgres", figures["dialled"]) == figures["dialled"]
            assert figures["lost"] == figures["stuck"] == figures["double_booked"] == figures["channels_left"] == 0


def test_ctrl_c_stops_all_that_was_started(asterisk_root: Path, tmp_path: Path):
    """Everybody is stopped in order, not only killed by the kernel with us: no record of a process stays."""
    command = [sys.executable, "-m", "bench.switching", f"--root={asterisk_root}", f"--work={tmp_path}",
               "--scenarios=idle", "--calls=300", "--rounds=100", "--no-files"]  # fmt: skip
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as bench,
        ExitStack() as cleanup,
    ):
        assert bench.stdout
        cleanup.callback(bench.kill)  # before it is waited for, should anything here fail
        with killed_after(120, bench):
            assert bench.stdout.readline().startswith("idle 1 floor")
        records = [*tmp_path.glob("*/run/process.json"), *tmp_path.glob("ccplane/*/process.json"),
                   *tmp_path.glob("*/*.json"), *tmp_path.glob("ccplane/node/run/process.json")]  # fmt: skip
        assert {record.relative_to(tmp_path).parts[0] for record in records} == set(PEERS)
        bench.send_signal(signal.SIGINT)
        _, said = bench.communicate(timeout=60)
    assert bench.returncode == 130
    assert said.startswith("Interrupted")
    assert [record for record in records if record.exists()] == []


async def test_the_menus_bench_hears_a_prompt_after_every_key(
    asterisk_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(menus, "KEYS_A_CALL", 6)  # from each of its two menus to the other, three times
    crowd = ["--crowd=4", "--crowd-seconds=3"]
    options = menus.arguments(["--calls=1", *crowd, f"--root={asterisk_root}", f"--work={tmp_path}"])
    made = await menus.run(options)
    assert made["key_to_prompt_ms"]["n"] == menus.KEYS_A_CALL
    assert (made["never_came"], made["key_to_prompt_ms"]["min"] > 0) == (0, True)
    assert "p99 at most 50 ms" in menus.table(made)


async def test_the_pop_bench_sees_every_offer_on_its_agents_screen(asterisk_root: Path, tmp_path: Path):
    options = pop.arguments(["--screens=3", "--calls=4", "--rate=2", "--rest-seconds=1", f"--root={asterisk_root}",
                             f"--work={tmp_path}"])  # fmt: skip
    made = await pop.run(options)
    assert (made["dialled"], made["talked"], made["stuck"]) == (4, 4, 0)
    assert made["pop_ms"]["n"] == 4
    assert "200 ms" in pop.table(made)


async def test_the_recording_bench_finds_every_talk_in_the_store_with_its_sides_apart(
    asterisk_root: Path, tmp_path: Path
):
    options = recording.arguments(["--rate=2", "--seconds=2", "--talk=2", "--agents=4", f"--root={asterisk_root}",
                                   f"--work={tmp_path}"])  # fmt: skip
    found = await recording.measured(options)
    assert (found["calls"], found["talked"], found["lost"], found["stuck"]) == (4, 4, 0, 0)
    assert found["facts"]["RecordingStarted"] == found["facts"]["RecordingStored"] == 4
    assert found["sound"] == {"files": 4, "measured": 4, "sides_apart": 4}
    missed = [each["what"] for each in recording.checks(found) if not each["kept"]]
    assert [each for each in missed if not each.startswith("CPU")] == []
