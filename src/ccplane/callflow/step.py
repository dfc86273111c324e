"""One verb on its way to the runner: what a program awaits, and nothing else."""

from __future__ import annotations

from collections.abc import Generator

from ccplane.contacts.verbs import Result, Verb


class Step:
    """Awaited, it suspends the program; the verb's result resumes it."""

    def __init__(self, verb: Verb) -> None:
        self._verb = verb

    def __await__(self) -> Generator[Verb, Result, Result]:
        return (yield self._verb)
