"""`trace`: what calls do, step by step, as it happens. The running plane tells it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import count
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final

import click

from ccplane.cli.api import admin_token, asking, listening, segment
from ccplane.cli.given import given_settings
from ccplane.errors import SetupError

if TYPE_CHECKING:
    from ccplane.settings import Settings

BACK_WITHIN_S: Final = 10.0
"""A successor answers sooner; a plane that was stopped does not."""
AGAIN_S: Final = 0.25
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
    shown: set[tuple[Any, ...]] = set()
    for again in count():
        if contact is not None and _so_far(settings, token, contact, shown):
            return
        with _listening(settings, asked, token, patient=again > 0) as events:
            if contact is None and not again:
                click.echo("Waiting for calls; Ctrl-C ends it.", err=True)
            told = (json.loads(data) | {"name": name} for name, data in events)
            for each in (each for each in told if _which(each) not in shown):
                for line in lines([each], alone=contact is not None):
                    click.echo(line)
                if contact is not None and each.get("event") == "ended":
                    return
        click.echo("ccplane hands over, or stops: what happens until it is back is not shown.", err=True)


def _so_far(settings: Settings, token: str, contact: str, shown: set[tuple[Any, ...]]) -> bool:
    """Say what the call did and was not said; whether it is over."""
    with asking(settings, token=token) as ask:
        seen = ask("GET", f"/api/v1/contacts/{segment(contact)}/steps")["steps"]
    for line in lines(each for each in seen if _which(each) not in shown):
        click.echo(line)
    shown.update(map(_which, seen))
    return any(each["event"] == "ended" for each in seen)


@contextmanager
def _listening(
    settings: Settings, asked: dict[str, str], token: str, *, patient: bool
) -> Iterator[Iterator[tuple[str, str]]]:
    """The steps as they come. `patient`: one that takes over is waited for."""
    deadline = monotonic() + BACK_WITHIN_S
    while True:
        with ExitStack() as open_:
            try:
                events = open_.enter_context(listening(settings, "/api/v1/steps/stream", asked, token))
            except SetupError:
                if not patient or monotonic() > deadline:
                    raise
                sleep(AGAIN_S)
                continue
            yield events
            return


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
