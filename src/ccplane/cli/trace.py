"""`trace`: what calls do, step by step, as it happens. The running plane tells it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import click

from ccplane.cli.api import admin_token, asking, listening, segment
from ccplane.cli.given import given_settings

SIGNS: Final = {
    "arrived": ">>",
    "program": "--",
    "key": "  #",
    "result": "  =",
    "unplayed": "  ! no sound:",
    "offer": "  *",
    "talk": "  *",
    "failed": "!!",
    "ended": "<<",
}


@click.command()
@click.argument("contact", required=False)
@click.option("--number", help="All calls to this number, as they come.")
@click.option("--program", help="All calls that this program takes.")
def trace(contact: str | None, number: str | None, program: str | None) -> None:
    """Show what a call's program does: each step, the line of the program, keys, results, agents rung.

    CONTACT is its id, as `GET /api/v1/contacts` and the log have it: what it did so far is shown, and all until
    it is over. Without one, all calls are shown as they come, or those to a number or of a program; Ctrl-C ends it.
    Keys that a program asks for in secret are not shown.

    \b
    Examples:
      ccplane trace c-ast1-1795332955.0
      ccplane trace --number 4001
      ccplane trace --program orders
    """
    settings = given_settings()
    token = admin_token(settings)
    names = {"contact": contact, "number_dialled": number, "program": program}
    asked = {name: text for name, text in names.items() if text is not None}
    seen: list[dict[str, Any]] = []
    if contact is not None:
        with asking(settings, token=token) as ask:
            path = f"/api/v1/contacts/{segment(contact)}/steps"
            seen = ask("GET", path)["steps"]
        for line in lines(seen):
            click.echo(line)
        if any(each["event"] == "ended" for each in seen):
            return
    shown = {_which(each) for each in seen}
    with listening(settings, "/api/v1/steps/stream", asked, token) as events:
        if contact is None:
            click.echo("Waiting for calls; Ctrl-C ends it.", err=True)
        told = (json.loads(data) | {"name": name} for name, data in events)
        told = (each for each in told if _which(each) not in shown)
        for line in lines(told, alone=contact is not None):
            click.echo(line)


def lines(told: Iterable[dict[str, Any]], *, alone: bool = True) -> Iterator[str]:
    """What the API tells, as text. `alone`: of one call, whose id need not be said each time."""
    for each in told:
        if each.get("name") == "left-out":
            yield f"… {each['lines']} lines left out: there was more than could be shown"
            continue
        whose = "" if alone else f"{each['contact']}  "
        yield f"{_clock(each['at'])}  {whose}{_line(each)}"


def _which(each: dict[str, Any]) -> tuple[Any, ...]:
    """By what a step is the same, be it told as one that began or as one that stands."""
    return (each.get("event"), each.get("step"), each.get("try"), each.get("at") if each.get("event") != "step" else "")


def _line(each: dict[str, Any]) -> str:
    if each["event"] == "step":
        again = f" (begun again, {each['try']})" if (each.get("try") or 1) > 1 else ""
        where = f"  [{each['where'].removeprefix('ari_apps/')}]" if each.get("where") else ""
        return f"{each['step']:3}  {each['text']}{again}{where}"
    took = f" ({each['ms'] / 1000:.1f} s)" if each.get("ms") else ""
    return f"{SIGNS.get(each['event'], each['event'])} {each['text']}{took}"


def _clock(at: str) -> str:
    """The time of the day, where this command runs, to the ms."""
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S.%f")[:-3]
