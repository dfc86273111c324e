"""The root of what reaches the core."""

from __future__ import annotations

import msgspec


class Input(msgspec.Struct, frozen=True):
    """The root of all inputs."""


class Late(Input, frozen=True):
    """What happened while this process stood still. `at`: when, by the switch, in ms of our clock.

    It is decided now, for what follows from it is only done now; but how long a wait or a talk took is measured by it.
    """

    what: Input
    at: int
