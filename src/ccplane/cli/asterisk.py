"""`asterisk`: the console of the private Asterisk that `make run` started."""

from __future__ import annotations

import os

import click

from ccplane.cli.given import given_settings
from ccplane.errors import SetupError


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def asterisk(command: tuple[str, ...]) -> None:
    """Ask the private Asterisk's own console, while `make run` runs; without a COMMAND, stay at it (`exit` leaves).

    An Asterisk of your own has its console where it runs: asterisk -rx COMMAND

    \b
    Examples:
      ccplane asterisk core show channels
      ccplane asterisk pjsip show contacts
      ccplane asterisk                        the console itself
    """
    from ccplane.asterisk.console import at_console, process_of

    given = given_settings()
    pid = process_of(given.node_dir)
    if pid is None:
        raise SetupError(
            "no-asterisk-here",
            f"No Asterisk of ours runs out of {given.node_dir}: start one with `make run`, or name its folder with "
            "CCPLANE_RUNTIME. One of your own is asked where it runs: asterisk -rx COMMAND",
        )
    if os.geteuid() != 0:
        raise SetupError("no-rights", "The private Asterisk runs as root: ask it as root.")
    program = at_console(pid, " ".join(command))
    os.execvp(program[0], program)
