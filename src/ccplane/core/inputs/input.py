"""The root of what reaches the core."""

from __future__ import annotations

import msgspec


class Input(msgspec.Struct, frozen=True):
    """The root of all inputs."""
