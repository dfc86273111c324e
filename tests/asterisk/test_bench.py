"""`make bench` measures: each peer connects calls and refills agents, in small."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.switching.__main__ import arguments, run

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]


@pytest.mark.parametrize("peer", ["floor", "app_queue", "ccplane"])
async def test_a_peer_is_measured_and_loses_nobody(asterisk_root: Path, tmp_path: Path, peer: str):
    options = arguments([f"--root={asterisk_root}", f"--work={tmp_path}", f"--peers={peer}", "--scenarios=idle,refill",
                         "--calls=20", "--no-files"])  # fmt: skip
    made = await run(options)
    idle, refill = (made["scenarios"][each][peer] for each in ("idle", "refill"))
    assert idle["talked"] == idle["idle_to_ring_ms"]["n"] == 20
    assert refill["freed_to_ring_ms"]["n"] >= 20
    for figures in (idle, refill):
        assert figures.get("contacts_in_postgres", figures["dialled"]) == figures["dialled"]
        assert figures["lost"] == figures["stuck"] == figures["double_booked"] == figures["channels_left"] == 0
