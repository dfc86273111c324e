"""Whom a caller is put through to who wants one agent and nobody else."""

from __future__ import annotations

import msgspec

from ccplane.ids import AgentId


class Direct(msgspec.Struct, frozen=True):
    """The one agent for whom somebody waits."""

    agent: AgentId
    ring_ms: int | None = None
    """How long their phone rings; None: as the queue says."""
    wait_ms: int = 0
    """How long they may be waited for who are busy."""
