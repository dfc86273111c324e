"""What a look-up is: a service that is asked by HTTP, as ivr/lookups.toml describes it. Frozen; secrets stay outside.

A template has two sorts of blanks: `{order}` is a value that the program gives, escaped where it goes into a URL, and
`${ORDERS_TOKEN}` a variable of ccplane's environment, filled in when the service is asked and kept nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

BLANK: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\{([a-z_][a-z0-9_]*)\}")
BACKOFF_MS: Final = 100
"""Before the second try; twice as long before each further one."""
SAFE: Final = frozenset({"GET"})
"""Methods that may be tried again without harm."""


@dataclass(frozen=True)
class LookUpRule:
    """One look-up of ivr/lookups.toml. Times in ms, `largest` in bytes."""

    name: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """What is sent, as JSON; its texts are templates. None: nothing."""
    timeout_ms: int = 3_000
    """Of each try."""
    retries: int = 1
    repeatable: bool = True
    """Whether asking again does no harm: by its method, or as the file says of a service that knows a request again by
    its Idempotency-Key."""
    largest: int = 65_536
    meanwhile: str = ""
    """A prompt for who waits longer than `after_ms`, and the music (a class) after it."""
    music: str = ""
    after_ms: int = 1_000
    failures: int = 5
    """So many tries that fail one after the other open the circuit: it is not asked for `rest_ms`."""
    rest_ms: int = 30_000

    @property
    def tries(self) -> int:
        return 1 + (self.retries if self.repeatable else 0)

    @property
    def longest_ms(self) -> int:
        """All tries, and the pauses between them."""
        return self.tries * self.timeout_ms + sum(backoff_ms(after) for after in range(1, self.tries))

    @property
    def values(self) -> set[str]:
        """The names of what a program has to give."""
        return {name for _, name in self._blanks() if name}

    @property
    def variables(self) -> set[str]:
        """The variables of the environment that it needs."""
        return {name for name, _ in self._blanks() if name}

    def _blanks(self) -> list[tuple[str, str]]:
        texts = (self.url, *self.headers.values(), *texts_of(self.body))
        return [each for text in texts for each in BLANK.findall(text)]


def backoff_ms(after: int) -> int:
    """How long to wait after so many tries."""
    return int(BACKOFF_MS * 2 ** (after - 1))


def texts_of(body: Any) -> list[str]:
    """All texts that stand in it."""
    if isinstance(body, Mapping):
        return [text for each in body.values() for text in texts_of(each)]
    if isinstance(body, list | tuple):
        return [text for each in body for text in texts_of(each)]
    return [body] if isinstance(body, str) else []


def filled(template: str, given: Mapping[str, str], environment: Mapping[str, str], *, escaped: bool = False) -> str:
    """The template with its blanks filled in, in one pass: what is filled in is never looked at again. KeyError names
    the variable that the environment lacks."""

    def fill(blank: re.Match[str]) -> str:
        if blank[1]:
            return environment[blank[1]]
        return quote(given[blank[2]], safe="") if escaped else given[blank[2]]

    return BLANK.sub(fill, template)


def filled_body(body: Any, given: Mapping[str, str], environment: Mapping[str, str]) -> Any:
    """A body with the blanks of its texts filled in."""
    if isinstance(body, Mapping):
        return {key: filled_body(each, given, environment) for key, each in body.items()}
    if isinstance(body, list | tuple):
        return [filled_body(each, given, environment) for each in body]
    return filled(body, given, environment) if isinstance(body, str) else body
