"""`agent`: one agent's state and PIN, shown and set. No digit of a PIN comes from the command line (`ps` shows it)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from ccplane.cli.api import admin_token, asking, segment, url_of
from ccplane.cli.given import given_settings

if TYPE_CHECKING:
    from ccplane.settings import Settings

STATES: Final = ("ready", "paused", "offline")
PIN: Final = "pin"
STDIN: Final = "-"
UNLOCK: Final = "unlock"
WRAP_UPS: Final = {"wrap-up-done": "done", "wrap-up-extend": "extend"}


@click.command()
@click.argument("agent_id", metavar="AGENT")
@click.argument("state", required=False, type=click.Choice((*STATES, *WRAP_UPS, PIN, UNLOCK)))
@click.argument("given", metavar="[-]", required=False)
@click.option("--reason", default="", help="Shown beside a pause.")
def agent(agent_id: str, state: str | None, given: str | None, reason: str) -> None:
    """Show an agent's state, or set it. It takes effect once their present work allows.

    `pin` makes them a PIN of six digits and prints it: nobody can read it later. `pin -` asks for the digits instead,
    or reads them from stdin; never on the command line, where `ps` and the shell's history show them.
    `unlock` lets their PIN count again after five wrong ones.

    `wrap-up-done` ends their work after a call, `wrap-up-extend` makes it longer, as far as its rule in acd/ allows.

    The administrator's token is CCPLANE_ADMIN_TOKEN, else what the plane left in .runtime/admin-token.

    \b
    Examples:
      ccplane agent 1001                      show
      ccplane agent 1001 ready
      ccplane agent 1001 paused --reason lunch
      ccplane agent 1001 wrap-up-done
      ccplane agent 1001 pin
      ccplane agent 1001 pin -
    """
    if given is not None and (state, given) != (PIN, STDIN):
        raise click.UsageError(f"after the state stands nothing; PINs are asked for by: ccplane agent {agent_id} pin -")
    settings = given_settings()
    with asking(settings, token=admin_token(settings)) as ask:
        path = f"/api/v1/agents/{segment(agent_id)}"
        if state == PIN:
            made = ask("PUT", f"{path}/pin", body={"pin": _typed_pin() if given else None})
            click.echo(f"The PIN of {made['id']} is now {made['pin']}; it is not shown again.")
            return
        if state == UNLOCK:
            ask("DELETE", f"{path}/pin/lock")
            state = None
        if state in WRAP_UPS:
            ask("POST", f"{path}/wrap-up/{WRAP_UPS[state]}")
            state = None
        asked = {"state": state, "reason": reason}
        known = ask("PUT", f"{path}/state", body=asked) if state else ask("GET", path)
    after = f", then {known['next']}" if known["next"] != known["state"] else ""
    why = f" ({known['reason']})" if known["reason"] else ""
    click.echo(f"{name_of(known)}: {known['state']}{after}{why}{_how_reached(settings, known)}{_locked(known)}")


def _typed_pin() -> str:
    """From whoever types it, who doesn't see it, or from a program."""
    if _at_a_terminal():
        return str(click.prompt("PIN, six digits", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().strip()


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


def name_of(agent: dict[str, Any]) -> str:
    """Id and name; a name that has the id in it, as the demo's, says both."""
    return str(agent["name"]) if agent["id"] in agent["name"].split() else f"{agent['id']} {agent['name']}".rstrip()


def _how_reached(settings: Settings, agent: dict[str, Any]) -> str:
    """What is missing of one who wants to be ready, but has no phone that is registered, or no open line."""
    if agent["next"] != "unreachable":
        return ""
    if agent["phone"] == "reachable":
        return "; ready as soon as they pick up: their seat is always-on"
    account = f"{url_of(settings)}/api/v1/agents/{segment(agent['id'])}/phone"
    return f"; ready as soon as their phone registers (its account: GET {account}, see README, Dial and see)"


def _locked(agent: dict[str, Any]) -> str:
    from datetime import UTC, datetime

    until = agent["pin_locked_until"]
    if until is None or datetime.fromisoformat(until) <= datetime.now(UTC):
        return ""
    return f"; PIN locked until {until} after wrong ones (ccplane agent {agent['id']} unlock)"
