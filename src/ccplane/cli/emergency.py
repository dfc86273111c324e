"""`emergency`: tell callers at once that something is wrong. The running plane does it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from ccplane.cli.api import admin_token, asking, segment
from ccplane.cli.given import given_settings
from ccplane.cli.listing import Listing

PATIENCE_S = 30.0


@click.group(cls=Listing, invoke_without_command=True)
@click.pass_context
def emergency(context: click.Context) -> None:
    """Tell callers at once that something is wrong: a text is spoken within seconds, before their program.

    Without a command it shows the emergencies that hold.

    \b
    Examples:
      ccplane emergency
      ccplane emergency on gas --area 021 --text en="There is no gas in Pudong today." --then hang-up --for 2h
      ccplane emergency on late --queue support --prompt all-late
      ccplane emergency off gas
    """
    if context.invoked_subcommand is None:
        settings = given_settings()
        with asking(settings, token=admin_token(settings)) as ask:
            found = ask("GET", "/api/v1/emergencies")
        for line in lines(found):
            click.echo(line)


@emergency.command()
@click.argument("name")
@click.option("--number", help="For those who call this number of ivr/numbers.toml.")
@click.option("--area", help="For those whose numbers begin so.")
@click.option("--queue", help="For those who wait in this queue, once each.")
@click.option("--text", "texts", multiple=True, metavar="LANGUAGE=TEXT", help="What is said: en=… or zh-CN=…")
@click.option("--prompt", default="", help="Or a prompt of ivr/prompts.toml.")
@click.option("--then", type=click.Choice(["go-on", "hang-up", "voicemail"]), default="go-on", show_default=True)
@click.option("--box", default="", help="With --then voicemail: whose messages they are.")
@click.option("--key", default="", help="Who presses it goes on to what they called for.")
@click.option("--for", "length", metavar="LENGTH", help="It ends by itself: 30m, 2h, 1h30m.")
@click.option("--until", metavar="TIME", help="Or at a time, as 18:00 today or 2026-11-23T18:00+08:00.")
@click.option("--by", default="", help="Who switches it on, for the record.")
def on(
    name: str,
    number: str | None,
    area: str | None,
    queue: str | None,
    texts: tuple[str, ...],
    prompt: str,
    then: str,
    box: str,
    key: str,
    length: str | None,
    until: str | None,
    by: str,
) -> None:
    """Switch an emergency on, or put another in the place of the one called NAME.

    For all callers, unless --number, --area or --queue says for whom. Who calls from now on hears it before anything
    else, and those who wait hear it once.

    \b
    Examples:
      ccplane emergency on gas --area 021 --text en="There is no gas in Pudong today." --then hang-up --key 1 --for 2h
    """
    if length is not None and until is not None:
        raise click.UsageError("either --for or --until")
    spoken = [_text(each) for each in texts]
    said = dict(spoken)
    if len(said) < len(spoken):
        twice = next(language for language in said if [each for each, _ in spoken].count(language) > 1)
        raise click.UsageError(f"two texts in {twice}: one is said")
    asked: dict[str, Any] = {"texts": said, "prompt": prompt, "then": then, "box": box, "key": key, "by": by}
    asked |= {"number": number, "area": area, "queue": queue, "until": _until(length, until)}
    settings = given_settings()
    with asking(settings, token=admin_token(settings), patience_s=PATIENCE_S) as ask:
        found = ask("PUT", f"/api/v1/emergencies/{segment(name)}", asked)
    for line in lines({"emergencies": [found], "yet_to_hear": 0}):
        click.echo(line)


@emergency.command()
@click.argument("name")
@click.option("--by", default="", help="Who switches it off, for the record.")
def off(name: str, by: str) -> None:
    """Switch the emergency called NAME off. Who heard it already goes on as it said.

    \b
    Examples:
      ccplane emergency off gas
    """
    settings = given_settings()
    with asking(settings, token=admin_token(settings)) as ask:
        ask("DELETE", f"/api/v1/emergencies/{segment(name)}?by={segment(by)}", expected=(204,))
    click.echo(f"{name} is off.")


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The answer of the API as text."""
    if not found["emergencies"]:
        yield "No emergency holds."
    for each in found["emergencies"]:
        until = f" until {_clock(each['until'])}" if each["until"] else ""
        yield f"{each['name']}: for {_whom(each)}, since {_clock(each['since'])}{until}, by {each['by']}"
        for language, text in each["says"].items():
            yield f"  {language}: {text}"
        key = f"; key {each['key']} goes on" if each["key"] else ""
        if each["then"] != "go-on":
            yield f"  then {each['then']} {each['box']}".rstrip() + key
    if found["yet_to_hear"]:
        yield f"{found['yet_to_hear']} who wait have yet to hear of it."


def _whom(each: dict[str, Any]) -> str:
    if each["number"]:
        return f"number {each['number']}"
    if each["area"]:
        return f"callers from {each['area']}"
    return f"those who wait in {each['queue']}" if each["queue"] else "all callers"


def _text(given: str) -> tuple[str, str]:
    language, sign, text = given.partition("=")
    if not sign or not text.strip():
        raise click.BadParameter(f"{given!r} is not LANGUAGE=TEXT, as en=…", param_hint="--text")
    return language, text.strip()


def _until(length: str | None, until: str | None) -> str | None:
    if length is not None:
        from ccplane.site.durations import milliseconds

        try:
            ms = milliseconds(length)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--for") from error
        return (datetime.now(UTC) + timedelta(milliseconds=ms)).isoformat()
    if until is None:
        return None
    now = datetime.now().astimezone()
    try:
        at = datetime.strptime(until, "%H:%M").time() if len(until) <= 5 else None
        when = datetime.combine(now, at).astimezone() if at else datetime.fromisoformat(until).astimezone()
    except ValueError as error:
        sentence = f"{until!r} is no time: 18:00, or 2026-11-23T18:00+08:00"
        raise click.BadParameter(sentence, param_hint="--until") from error
    return when.isoformat()


def _clock(at: str) -> str:
    """Day and time, where this command runs."""
    return datetime.fromisoformat(at).astimezone().strftime("%d %b %H:%M")
