"""`guard`: the small process beside each Asterisk that carries callers to the fallback when ccplane stays away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from ccplane.cli.given import given_settings
from ccplane.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from ccplane.guard.run import Work
    from ccplane.settings import Settings


@click.command()
@click.option("--check", is_flag=True, help="Look for 6 s whether ccplane and the guard live; exit code 0 or 1.")
def guard(check: bool) -> None:
    """Watch over one Asterisk, in the foreground: callers whom ccplane has left alone are carried to the fallback.

    When ccplane's heartbeat has stood still for CCPLANE_GUARD_S seconds (20), callers who wait or are in a menu are
    taken to the dialplan's fallback, who waits longest first. Who talks is left alone. It needs nothing but AMI; with
    CCPLANE_GUARD_QUEUE_LOG it tells ccplane afterwards what became of them.

    \b
    Examples:
      ccplane guard                           `make run` starts one by itself
      ccplane guard --check                   is there a guard, and does it see ccplane?
      CCPLANE_AMI_HOST=127.0.0.1 CCPLANE_GUARD_AMI_USERNAME=guard \\
        CCPLANE_GUARD_AMI_PASSWORD=... ccplane guard
    """
    from ccplane.guard import run

    given = given_settings()
    ami = run.client(given.ami_address, given.ami_port, *_account(given))
    if not check:
        return run.run(ami, given.guard_s, given.log_level, _besides(given))
    findings = asyncio.run(run.checked(ami))
    for each in findings:
        click.echo(each.line)
    raise SystemExit(0 if all(each.ok for each in findings) else 1)


def _besides(given: Settings) -> list[Work]:
    """The queue_log is told of where there is one."""
    if given.guard_queue_log is None:
        return []
    from ccplane.guard.shipping import Api, Shipper
    from ccplane.settings import make_runtime

    make_runtime(given.runtime)
    api = Api(given.guard_tells, _token(given), given.node)
    return [Shipper(given.guard_queue_log, given.runtime / f"guard-{given.node}.json", api).run]


def _token(given: Settings) -> Path | str:
    """Its own; the administrator's, where an older ccplane was set up so; else the one that the plane makes here."""
    return given.guard_token or given.admin_token or given.runtime / "guard-token"


def _account(given: Settings) -> tuple[str, str]:
    """As it was given; else that of the Asterisk which `make run` started."""
    if given.guard_account[0]:
        return given.guard_account
    if given.ari_url or not (given.node_dir / "run" / "secrets.json").exists():
        raise SetupError(
            "no-guard-account",
            "The guard has no AMI account: set CCPLANE_GUARD_AMI_USERNAME and CCPLANE_GUARD_AMI_PASSWORD to one of "
            "manager.conf's (docs/guard.md has its section).",
        )
    from ccplane.local.stack import local_node

    node = local_node(given)
    return node.guard_username, node.guard_password
