"""The dearest files first: who is done early then has many small ones left to share, instead of nothing.

Workers take whole files (`--dist loadfile`), so that what a file has started serves all of its tests.
"""

from __future__ import annotations

from collections import Counter

import pytest

DEAREST = {
    "asterisk/test_api_docs.py": 6,
    "asterisk/test_backup.py": 35,
    "asterisk/test_bad_days.py": 40,
    "asterisk/test_bench.py": 95,
    "asterisk/test_callbacks.py": 35,
    "asterisk/test_dead_media.py": 30,
    "asterisk/test_handover.py": 40,
    "asterisk/test_kill_anywhere.py": 85,
    "asterisk/test_postgres_away.py": 80,
    "asterisk/test_recordings.py": 70,
    "asterisk/test_sign_in.py": 40,
    "asterisk/test_switch_trouble.py": 60,
    "asterisk/test_voicemail.py": 75,
    "backup/test_make.py": 30,
    "backup/test_restore.py": 35,
    "chaos/test_short.py": 80,
    "core/test_always.py": 40,
    "core/test_callbacks_always.py": 45,
    "demo/test_demo.py": 40,
    "guard/test_absence.py": 70,
    "guard/test_open_lines.py": 35,
    "guard/test_switch.py": 70,
    "guard/test_whole.py": 60,
    "postgres/test_away.py": 65,
    "postgres/test_projections.py": 40,
    "test_local.py": 50,
}
"""Seconds, where the marks say too little of it."""
ASTERISK_S, SLOW_S, QUICK_S = 3.0, 4.0, 0.05
"""What a test costs, by its marks."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each worker does the same, as they must agree on the order."""
    costs = Counter[str]()
    for item in items:
        costs[_file(item)] += _by_its_marks(item)
    for file in costs:
        costs[file] = next((cost for ends, cost in DEAREST.items() if file.endswith(f"/{ends}")), costs[file])
    items.sort(key=lambda item: -costs[_file(item)])


def _file(item: pytest.Item) -> str:
    return item.path.as_posix()


def _by_its_marks(item: pytest.Item) -> float:
    if item.get_closest_marker("asterisk") or item.get_closest_marker("browser"):
        return ASTERISK_S
    return SLOW_S if item.get_closest_marker("slow") else QUICK_S
