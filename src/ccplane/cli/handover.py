"""`handover`: an upgrade without a pause, and leaving without dropping anybody. The running plane does it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Final

import click

from ccplane.cli.api import NOBODY, admin_token, asking
from ccplane.cli.given import given_settings
from ccplane.errors import CcplaneError, SetupError

LOOK_EVERY_S: Final = 0.1
SILENT_S: Final = 20.0
"""Nobody has answered for so long."""
ROUTES_WITHIN_S: Final = 30.0
"""The new process answers, but does not say yet that it routes calls."""
TELL_EVERY_S: Final = 10.0
GONE_WITHIN_S: Final = 30.0
"""Its port is closed: what is left is to put the last facts away."""
WITHIN_AT_MOST_S: Final = 7 * 86_400
"""As the API takes it: a week."""


def _a_number(_: click.Context, __: click.Parameter, given: float | None) -> float | None:
    """`nan` is within every range."""
    if given is not None and math.isnan(given):
        raise click.BadParameter("is no number of seconds")
    return given


@click.command()
@click.option("--drain", is_flag=True, help="Take no new calls, finish those there are, and leave; no successor.")
@click.option(
    "--within",
    type=click.FloatRange(min=0, max=WITHIN_AT_MOST_S),
    callback=_a_number,
    help="With --drain: leave after so many seconds.",
)
@click.option("--cancel", is_flag=True, help="Give a drain up: take new calls again, and stay.")
def handover(drain: bool, within: float | None, cancel: bool) -> None:
    """Put a new process, of the version now installed, in the place of the running one; no caller notices.

    The running ccplane starts its successor, with its own command, settings and output. All that takes time is done
    beside it; then the successor takes Asterisk's events over, between two of them. If anything fails before that, the
    old one goes on. Exit code 0 once the new one routes calls, else 1.

    With --drain new callers are sent to the dialplan's fallback, and ccplane ends with its last call; calls that are
    still up after `--within` stay up, without it. Ctrl-C ends only the waiting for that; --cancel gives it up.

    \b
    Examples:
      ccplane handover
      ccplane handover --drain
      ccplane handover --drain --within 600
      ccplane handover --cancel
    """
    if within is not None and not drain:
        raise click.UsageError("--within goes with --drain")
    if drain and cancel:
        raise click.UsageError("--drain and --cancel exclude each other")
    settings = given_settings()
    with asking(settings, token=admin_token(settings)) as ask:
        if drain:
            _drain(ask, within)
        elif cancel:
            told = ask("DELETE", "/api/v1/handover/drain")
            click.echo(f"Process {told['pid']} takes new calls again, and stays.")
        else:
            _hand_over(ask)


def _hand_over(ask: Any) -> None:
    began = time.monotonic()
    before = ask("POST", "/api/v1/handover", expected=(202,))
    click.echo(f"Process {before['pid']} (version {before['version']}) prepares process {before['successor']} …")
    answers_since: float | None = None

    def settled(told: dict[str, Any]) -> bool:
        nonlocal answers_since
        if told["pid"] == before["pid"]:
            return _goes_on(told)
        if told["pid"] != before["successor"]:
            other = f"Calls are routed by process {told['pid']}, which was started after it."
            raise CcplaneError("handover-failed", other)
        answers_since = answers_since or time.monotonic()
        if told["stage"] != "done" and time.monotonic() - answers_since >= ROUTES_WITHIN_S:
            late = f"Process {told['pid']} has taken over, but routes no calls yet: ccplane status says what is away."
            raise CcplaneError("handover-failed", late)
        return bool(told["stage"] == "done")

    told = _until(ask, settled)
    took = told["took_ms"]
    click.echo(
        f"Process {told['pid']} (version {told['version']}) routes calls, after {time.monotonic() - began:.1f} s. "
        f"Events waited for {took.get('total', 0.0):.0f} ms, {took.get('undecided', 0.0):.0f} ms of them undecided."
    )


def _goes_on(told: dict[str, Any]) -> bool:
    """The old one still answers: never the end of it, unless it failed."""
    if told["stage"] == "failed":
        sentence = f"Nothing was handed over; process {told['pid']} goes on. {told['why']}"
        raise CcplaneError("handover-failed", sentence)
    return False


def _drain(ask: Any, within: float | None) -> None:
    told = ask("POST", "/api/v1/handover/drain", body={"within_s": within}, expected=(202,))
    pid, left = told["pid"], told["calls"]
    when = f"when the last of its {left} is over" if left else "at once, as it has none"
    click.echo(f"Process {pid} takes no new calls; it leaves {when}.")
    said_at = time.monotonic()

    def settled(now: dict[str, Any]) -> bool:
        nonlocal left, said_at
        if now["pid"] != pid:
            raise CcplaneError("not-left", "It has left, but another ccplane answers in its place.")
        if now["stage"] != "draining":
            raise CcplaneError("drain-cancelled", f"The drain was given up: process {pid} takes new calls, and stays.")
        if now["calls"] != left and now["calls"] and time.monotonic() - said_at >= TELL_EVERY_S:
            left, said_at = now["calls"], time.monotonic()
            click.echo(f"Calls that it waits for: {left}.")
        return False

    try:
        _until(ask, settled, refused_is_gone=True)
    except SetupError as error:
        if error.code != NOBODY:
            raise
        _gone(pid, told.get("started"))
        click.echo("It has left.")


def _gone(pid: int, born: int | None) -> None:
    """Its port is closed; the process, if it can be seen from here, ends a moment later. Of a container or of another
    machine the number may be a stranger's here: that one has not started with it."""
    from ccplane.child import started

    until = time.monotonic() + GONE_WITHIN_S
    while born is not None and started(pid) == born:
        if time.monotonic() >= until:
            raise CcplaneError("not-left", f"Process {pid} answers no more, but has not ended yet; its log says why.")
        time.sleep(LOOK_EVERY_S)


def _until(ask: Any, settled: Callable[[dict[str, Any]], bool], refused_is_gone: bool = False) -> dict[str, Any]:
    """Ask again and again; for a moment there may be nobody who answers, and one that is there may be slow."""
    silent_since: float | None = None
    while True:
        try:
            told: dict[str, Any] = ask("GET", "/api/v1/handover")
            silent_since = None
            if settled(told):
                return told
        except SetupError as error:
            if refused_is_gone and error.code == NOBODY:
                raise
            silent_since = silent_since or time.monotonic()
            if time.monotonic() - silent_since >= SILENT_S:
                raise
        time.sleep(LOOK_EVERY_S)
