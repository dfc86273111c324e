"""What is said to whoever started it. An error is one sentence, and a status that says whose fault it is."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import click

from ccplane.errors import CcplaneError, MachineError


def say(words: str) -> None:
    """To the terminal; one that was closed must not keep us from ending the rest."""
    with suppress(OSError):
        click.echo(words)


def in_one_sentence(work: Coroutine[Any, Any, int]) -> int:
    """Runs it; an error is one sentence for people. The exit status."""
    try:
        return asyncio.run(work)
    except CcplaneError as error:
        told = error
    except OSError as error:
        if error.errno is None:  # no word of the system's, so a fault of ours
            raise
        told = MachineError(error)
    click.echo(f"ccplane: {told}", err=True)
    return told.exit_code
