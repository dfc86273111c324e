"""Outboxes on a real disk."""

from __future__ import annotations

from contextlib import suppress

import pytest

from ccplane.errors import StoreError
from ccplane.log.outbox import Outbox


@pytest.fixture
async def make_outbox(tmp_path):
    """Opens outboxes on one file, one after the other; the last is closed with the test."""
    made = []

    def make(**options):
        made.append(Outbox(tmp_path / "outbox.db", **options))
        return made[-1]

    yield make
    for each in made:
        with suppress(StoreError):
            await each.close(within=0)
