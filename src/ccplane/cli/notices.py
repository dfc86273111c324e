"""`notices`: who was told of a message, and who could not be. The running plane knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import click

from ccplane.cli.api import admin_token, asking, segment
from ccplane.cli.given import given_settings

PATH: Final = "/api/v1/notices"
STATES: Final = ("due", "sent", "failed", "given-up")


@click.group(invoke_without_command=True)
@click.option("--state", type=click.Choice(STATES), help="Of this state alone.")
@click.option("--message", default="", help="Of this message alone.")
@click.pass_context
def notices(context: click.Context, state: str | None, message: str) -> None:
    """Show who was told of messages by e-mail or webhook, the latest first: at most 100.

    Who is told says acd/voicemail.toml. What cannot be sent is tried for three days.

    \b
    Examples:
      ccplane notices
      ccplane notices --state failed
      ccplane notices retry n-m-c-ast1-1700000000.1-3-1-1
      ccplane notices give-up n-m-c-ast1-1700000000.1-3-1-1 --by Lea
    """
    if context.invoked_subcommand is None:
        given = {"state": state, "message": message}
        asked = "".join(f"&{name}={segment(value)}" for name, value in given.items() if value)
        for line in lines(_ask("GET", f"{PATH}?limit=100{asked}")["notices"]):
            click.echo(line)


@notices.command()
@click.argument("notice")
def retry(notice: str) -> None:
    """Try NOTICE now, as if it were new: also one that was refused or given up.

    \b
    Examples:
      ccplane notices retry n-m-c-ast1-1700000000.1-3-1-1
    """
    _ask("POST", f"{PATH}/{segment(notice)}/retry")
    click.echo(f"{notice} is tried now.")


@notices.command("give-up")
@click.argument("notice")
@click.option("--by", default="", help="Who says so, for the record.")
def give_up(notice: str, by: str) -> None:
    """Do not try NOTICE any more.

    \b
    Examples:
      ccplane notices give-up n-m-c-ast1-1700000000.1-3-1-1 --by Lea
    """
    _ask("POST", f"{PATH}/{segment(notice)}/give-up", {"by": by})
    click.echo(f"{notice} is not tried any more.")


def lines(found: list[dict[str, Any]]) -> Iterator[str]:
    """The answer of the API as text."""
    if not found:
        yield "There are none."
    for each in found:
        what = f"{each['id']}  {each['state']}  {each['kind']} to {each['target']}, of {each['message']}"
        match each["state"]:
            case "sent":
                yield f"{what}, at {_clock(each['sent_at'])}"
            case "due":
                yield f"{what}; tried {each['tries']} times, next at {_clock(each['next_at'])}"
            case _:
                yield f"{what}; tried {each['tries']} times"
        if each["last_error"]:
            yield f"    {each['last_error']}"


def _ask(method: str, path: str, body: Any = None) -> Any:
    settings = given_settings()
    with asking(settings, token=admin_token(settings)) as ask:
        return ask(method, path, body)


def _clock(at: str) -> str:
    """Day and time, where this command runs."""
    return datetime.fromisoformat(at).astimezone().strftime("%d %b %H:%M")
