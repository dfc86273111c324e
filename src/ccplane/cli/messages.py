"""`messages`: what callers left, and who answers it. The running plane knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import click

from ccplane.cli.api import admin_token, asking, segment
from ccplane.cli.given import given_settings
from ccplane.cli.listing import Listing

PATH: Final = "/api/v1/messages"


@contextmanager
def _asking() -> Iterator[Callable[..., Any]]:
    settings = given_settings()
    with asking(settings, token=admin_token(settings)) as ask:
        yield ask


@click.group(cls=Listing, invoke_without_command=True)
@click.option("--box", default="", help="Of this box alone.")
@click.option("--owner", default="", help="Of this agent alone.")
@click.pass_context
def messages(context: click.Context, box: str, owner: str) -> None:
    """Show the messages that wait for an answer, those overdue first.

    Which ones are promised an answer, and until when, says acd/voicemail.toml.

    \b
    Examples:
      ccplane messages
      ccplane messages --box general
      ccplane messages take m-c-ast1-1700000000.1-3-1 --agent 1001
      ccplane messages answered m-c-ast1-1700000000.1-3-1 --by Lea
    """
    if context.invoked_subcommand is None:
        given = {"box": box, "owner": owner}
        asked = "".join(f"&{name}={segment(value)}" for name, value in given.items() if value)
        with _asking() as ask:
            for line in lines(ask("GET", f"{PATH}/owed?limit=500{asked}")):
                click.echo(line)


@messages.command()
@click.argument("message")
@click.option("--agent", required=True, help="Who is to answer it.")
@click.option("--from", "held_by", default="", help="Who has it now, if anybody.")
@click.option("--by", default="", help="Who says so, for the record.")
def take(message: str, agent: str, held_by: str, by: str) -> None:
    """Give MESSAGE to an agent to answer.

    \b
    Examples:
      ccplane messages take m-c-ast1-1700000000.1-3-1 --agent 1001
    """
    with _asking() as ask:
        ask("POST", f"{PATH}/{segment(message)}/take", {"agent": agent, "from": held_by, "by": by})
    click.echo(f"{agent} is to answer it.")


@messages.command("give-back")
@click.argument("message")
@click.option("--by", default="", help="Who says so, for the record.")
def give_back(message: str, by: str) -> None:
    """Make MESSAGE anybody's again.

    \b
    Examples:
      ccplane messages give-back m-c-ast1-1700000000.1-3-1
    """
    with _asking() as ask:
        ask("POST", f"{PATH}/{segment(message)}/give-back", {"by": by})
    click.echo("Anybody may answer it.")


@messages.command()
@click.argument("message")
@click.option("--by", default="", help="Who says so, for the record.")
def answered(message: str, by: str) -> None:
    """Say that MESSAGE is answered.

    \b
    Examples:
      ccplane messages answered m-c-ast1-1700000000.1-3-1 --by Lea
    """
    with _asking() as ask:
        ask("POST", f"{PATH}/{segment(message)}/answered", {"by": by}, expected=(204,))
    click.echo("It is answered.")


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The answer of the API as text."""
    if not found["messages"]:
        yield "No message waits for an answer."
        return
    late = f", {found['overdue']} of them overdue" if found["overdue"] else ""
    yield f"{found['owed']} wait for an answer{late}."
    for each in found["messages"]:
        until = f"by {_clock(each['answer_until'])}" if each["answer_until"] else "some day"
        when = f"OVERDUE, {until}" if each["overdue"] else until
        who = f"{each['owner']} has it" if each["owner"] else "nobody has it"
        caller = each["caller"] or "a withheld number"
        length = f"{round(each['ms'] / 1000)} s"
        yield f"{each['id']}  {each['box']}  {caller}, {length}, {_clock(each['left_at'])}: {when}; {who}"
    if (more := found["owed"] - len(found["messages"])) > 0:
        yield f"… and {more} more: --box, --owner"


def _clock(at: str) -> str:
    """Day and time, where this command runs."""
    return datetime.fromisoformat(at).astimezone().strftime("%d %b %H:%M")
