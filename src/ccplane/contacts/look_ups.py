"""A look-up: what a program asks of a service outside, and what can come of it. Data alone: it is journalled."""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

Why = Literal[
    "timeout",
    "unreachable",
    "status",
    "too-large",
    "not-json",
    "circuit-open",
    "busy",
    "bad-value",
    "not-configured",
    "interrupted",
]
"""Why nothing was learnt. `interrupted`: ccplane stopped meanwhile, and nobody knows whether it was done."""
WHYS: tuple[str, ...] = get_args(Why)


class LookUp(msgspec.Struct, frozen=True, tag=True):
    """Ask what ivr/lookups.toml has under this name. `given`: its values by name, in order of the names."""

    name: str
    given: tuple[tuple[str, str], ...]
    longest_ms: int
    """All tries, and the pauses between them."""
    after_ms: int = 0
    """So long there is silence; then the caller hears `sounds`, and music after them."""
    sounds: tuple[str, ...] = ()
    music: str = ""
    """The class; "" for none."""

    @property
    def heard(self) -> bool:
        """Whether there is something to hear for who waits for the answer."""
        return bool(self.sounds or self.music)


class Found(msgspec.Struct, frozen=True, tag=True):
    """The answer: a JSON value. To a program objects are mappings and lists are sequences that nobody can change, and
    numbers with a fraction are Decimal."""

    data: Any


class NotFound(msgspec.Struct, frozen=True, tag=True):
    """The service answered, and has no such thing: 404, 410 or 204."""


class LookUpFailed(msgspec.Struct, frozen=True, tag=True):
    """Nothing was learnt. `status`: what the service answered, if it did."""

    why: Why
    status: int | None = None


LookUpResult = Found | NotFound | LookUpFailed
