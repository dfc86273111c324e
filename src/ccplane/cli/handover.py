"""`handover`: an upgrade without a pause, and leaving without dropping anybody. The running plane does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from ccplane.cli.api import admin_token, asking
from ccplane.cli.given import given_settings
from ccplane.errors import CcplaneError, SetupError

if TYPE_CHECKING:
    from ccplane.settings import Settings

LOOK_EVERY_S: Final = 0.1
SILENT_S: Final = 20.0
"""Nobody has answered for so long."""


@click.command()
@click.option("--drain", is_flag=True, help="Take no new calls, finish those there are, and leave; no successor.")
@click.option("--within", type=click.FloatRange(min=0), help="With --drain: leave after so many seconds.")
def handover(drain: bool, within: float | None) -> None:
    """Put a new process, of the version now installed, in the place of the running one; no caller notices.

    The running ccplane starts its successor, with its own command, settings and output. All that takes time is done
    beside it; then the successor takes Asterisk's events over, between two of them. If anything fails before that, the
    old one goes on. Exit code 0 once the new one routes calls, else 1.

    With --drain new callers are sent to the dialplan's fallback, and ccplane ends with its last call; calls that are
    still up after `--within` stay up, without it.

    \b
    Examples:
      ccplane handover
      ccplane handover --drain
      ccplane handover --drain --within 600
    """
    if within is not None and not drain:
        raise click.UsageError("--within goes with --drain")
    settings = given_settings()
    with asking(settings, token=admin_token(settings)) as ask:
        if drain:
            _drain(settings, ask, within)
        else:
            _hand_over(ask)


def _hand_over(ask: Any) -> None:
    began = time.monotonic()
    before = ask("POST", "/api/v1/handover", expected=(202,))
    click.echo(f"Process {before['pid']} (version {before['version']}) prepares process {before['successor']} …")

    def settled(told: dict[str, Any]) -> bool:
        if told["stage"] == "failed":
            sentence = f"Nothing was handed over; process {told['pid']} goes on. {told['why']}"
            raise CcplaneError("handover-failed", sentence)
        return bool(told["pid"] != before["pid"] and told["stage"] != "given")

    told = _until(ask, settled)
    if told["pid"] != before["successor"]:
        raise CcplaneError("handover-failed", f"Calls are routed by process {told['pid']}, which was started after it.")
    took = told["took_ms"]
    click.echo(
        f"Process {told['pid']} (version {told['version']}) routes calls, after {time.monotonic() - began:.1f} s. "
        f"Events waited for {took.get('total', 0.0):.0f} ms, {took.get('undecided', 0.0):.0f} ms of them undecided."
    )


def _drain(settings: Settings, ask: Any, within: float | None) -> None:
    told = ask("POST", "/api/v1/handover/drain", body={"within_s": within}, expected=(202,))
    when = f"when the last of its {told['calls']} is over" if told["calls"] else "at once, as it has none"
    click.echo(f"Process {told['pid']} takes no new calls; it leaves {when}.")
    try:
        _until(ask, lambda now: bool(now["pid"] != told["pid"]), silent_s=0.0)
    except SetupError:
        click.echo("It has left.")
    else:
        raise CcplaneError("not-left", "It has left, but another ccplane answers in its place.")


def _until(ask: Any, settled: Callable[[dict[str, Any]], bool], silent_s: float = SILENT_S) -> dict[str, Any]:
    """Ask again and again; for a moment there may be nobody who answers."""
    silent_since: float | None = None
    while True:
        try:
            told: dict[str, Any] = ask("GET", "/api/v1/handover")
            silent_since = None
            if settled(told):
                return told
        except SetupError:
            silent_since = silent_since or time.monotonic()
            if time.monotonic() - silent_since >= silent_s:
                raise
        time.sleep(LOOK_EVERY_S)
