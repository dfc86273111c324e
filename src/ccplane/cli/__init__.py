"""The commands. Each is a few lines around what does the work, which is imported only when that command runs.

Exit codes: 0 well; 1 something of ours or of the machine's failed; 2 the operator can put it right, and is told how.
"""

from __future__ import annotations

import errno
from typing import Any

import click

from ccplane import __version__
from ccplane.cli import (
    agents,
    asterisk,
    backup,
    customers,
    diff,
    emergency,
    export,
    faxes,
    figures,
    guard,
    handover,
    hours,
    messages,
    new,
    notices,
    prompts,
    reload,
    replay,
    report,
    simulate,
    starting,
    status,
    trace,
    try_,
    why,
)
from ccplane.cli.listing import Listing
from ccplane.errors import CcplaneError, MachineError


class _Commands(Listing):
    """An error is one sentence for people, and an exit code that says whose fault it is."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CcplaneError as error:
            told = error
        except OSError as error:
            if error.errno in (None, errno.EPIPE):  # a fault of ours; a reader who has gone, of whom click knows
                raise
            told = MachineError(error)
        click.echo(f"ccplane: {told}", err=True)
        raise SystemExit(told.exit_code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ccplane", message="%(prog)s %(version)s")
def main() -> None:
    """A contact-centre control plane for Asterisk.

    Settings are environment variables, CCPLANE_*; what callers hear and who answers them is in the site's folders.
    """


for command in (
    starting.run,
    starting.check,
    starting.migrate,
    status.status,
    guard.guard,
    agents.agent,
    asterisk.asterisk,
    prompts.prompts,
    backup.backup,
    backup.restore,
    handover.handover,
    reload.reload,
    simulate.simulate,
    customers.customers,
    faxes.faxes,
    figures.figures,
    diff.diff,
    emergency.emergency,
    export.export,
    messages.messages,
    notices.notices,
    hours.hours,
    replay.replay,
    report.report,
    why.why,
    trace.trace,
    new.new,
    try_.try_,
):
    main.add_command(command)
