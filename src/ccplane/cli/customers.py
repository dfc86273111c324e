"""`customers`: who is known by their number. The running plane keeps them, in Postgres."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any, Final

import click

from ccplane.cli.api import admin_token, asking, segment
from ccplane.cli.given import given_settings
from ccplane.cli.listing import Listing
from ccplane.errors import SetupError
from ccplane.spreadsheets import harmless, plain

COLUMNS: Final = ("number", "name", "language", "credit_s", "note", "blocked", "blocked_until")
FAULTS_SHOWN: Final = 20
PIECE: Final = 300
BODY_MOST: Final = 60_000
"""Bytes of one request."""
PATH: Final = "/api/v1/customers"


@contextmanager
def _asking() -> Iterator[Callable[..., Any]]:
    settings = given_settings()
    with asking(settings, token=admin_token(settings), patience_s=30.0) as ask:
        yield ask


@click.group(cls=Listing)
def customers() -> None:
    """Know customers by their number: their language, who comes first, whose calls are not taken.

    \b
    Examples:
      ccplane customers set 13800138000 --name "Ms Li" --credit 120 --language zh-CN
      ccplane customers block 13800138001 --why threats --until 2026-12-31T00:00+08:00
      ccplane customers import customers.csv --dry-run
    """


@customers.command()
@click.argument("number")
def show(number: str) -> None:
    """Show what is known of NUMBER.

    \b
    Examples:
      ccplane customers show 13800138000
    """
    with _asking() as ask:
        for line in lines(ask("GET", f"{PATH}/{segment(number)}")):
            click.echo(line)


@customers.command("set")
@click.argument("number")
@click.option("--name", help="What they are called.")
@click.option("--language", type=click.Choice(["en", "zh-CN", "none"]), help="What they are spoken to in.")
@click.option("--credit", type=click.IntRange(-86_400, 86_400), help="Their priority, in seconds of waiting.")
@click.option("--note", help="For the agent who takes their call.")
@click.option("--by", default="", help="Who says so, for the record.")
def set_(number: str, name: str | None, language: str | None, credit: int | None, note: str | None, by: str) -> None:
    """Know something of NUMBER; what is not said stays.

    \b
    Examples:
      ccplane customers set 13800138000 --name "Ms Li" --credit 120 --language zh-CN --note "has two shops"
    """
    with _asking() as ask:
        at = f"{PATH}/{segment(number)}"
        before = ask("GET", at, expected=(200, 404))
        known = {each: before[each] for each in ("name", "language", "credit_s", "note") if each in before}
        said = {"name": name, "language": language, "credit_s": credit, "note": note}
        wanted = known | {each: value for each, value in said.items() if value is not None} | {"by": by}
        wanted["language"] = None if wanted.get("language") == "none" else wanted.get("language")
        for line in lines(ask("PUT", at, wanted)):
            click.echo(line)


@customers.command()
@click.argument("number")
@click.option("--why", required=True, help="For the record.")
@click.option("--until", metavar="TIME", help="Their calls are taken again then: 2026-12-31T00:00+08:00.")
@click.option("--by", default="", help="Who says so, for the record.")
def block(number: str, why: str, until: str | None, by: str) -> None:
    """Take the calls of NUMBER no more: for good, or until a time.

    \b
    Examples:
      ccplane customers block 13800138001 --why threats
    """
    when = None if until is None else _moment(until)
    with _asking() as ask:
        for line in lines(ask("PUT", f"{PATH}/{segment(number)}/block", {"why": why, "until": when, "by": by})):
            click.echo(line)


@customers.command()
@click.argument("number")
@click.option("--by", default="", help="Who says so, for the record.")
def unblock(number: str, by: str) -> None:
    """Take the calls of NUMBER again.

    \b
    Examples:
      ccplane customers unblock 13800138001
    """
    with _asking() as ask:
        for line in lines(ask("DELETE", f"{PATH}/{segment(number)}/block?by={segment(by)}")):
            click.echo(line)


@customers.command()
@click.argument("number")
@click.option("--by", default="", help="Who says so, for the record.")
def forget(number: str, by: str) -> None:
    """Forget all that is known of NUMBER: name, note, block. What happened in their calls stays in the log.

    \b
    Examples:
      ccplane customers forget 13800138000
    """
    with _asking() as ask:
        ask("DELETE", f"{PATH}/{segment(number)}?by={segment(by)}", expected=(204,))
    click.echo(f"{number} is forgotten.")


@customers.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@click.option("--dry-run", is_flag=True, help="Only say what is wrong with it.")
@click.option("--by", default="", help="Who says so, for the record.")
def import_(file: IO[str], dry_run: bool, by: str) -> None:
    """Take customers over from a CSV FILE, each in place of what was known of their number.

    Its first row names the columns: number, name, language, credit_s, note, blocked (why; empty: they are not),
    blocked_until. The whole file is judged first: with a fault nothing is taken over, and row and column are said. It
    goes in pieces of 300; broken off in the middle it may simply be begun again.

    \b
    Examples:
      ccplane customers import customers.csv --dry-run
      ccplane customers import customers.csv --by Lea
    """
    rows, faults = judged(file)
    if faults:
        more = f"\n  and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
        shown = "\n  ".join(faults[:FAULTS_SHOWN])
        raise SetupError("bad-customers", f"{file.name}: nothing was taken over.\n  {shown}{more}", faults=faults)
    if dry_run:
        click.echo(f"{file.name}: {len(rows)} customers, no fault.")
        return
    done = 0
    with _asking() as ask:
        for piece in pieces(rows):
            ask("POST", PATH, {"customers": piece, "by": by})
            done += len(piece)
            if sys.stderr.isatty():
                click.echo(f"\r{done} of {len(rows)}", nl=False, err=True)
    click.echo(f"{done} customers were taken over.")


@customers.command()
@click.argument("file", type=click.File("w", encoding="utf-8"), default="-")
def export(file: IO[str]) -> None:
    """Write all customers to FILE as CSV, as `import` takes it; or to the terminal.

    \b
    Examples:
      ccplane customers export customers.csv
    """
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    after = ""
    with _asking() as ask:
        while True:
            page = ask("GET", f"{PATH}?limit=500&after={segment(after)}")
            for each in page["customers"]:
                writer.writerow([_cell(name, each[name]) for name in COLUMNS])
            if page["next"] is None:
                return
            after = page["next"]


def lines(found: dict[str, Any]) -> Iterator[str]:
    """A customer as text."""
    yield f"{found['number']}  {found['name']}".rstrip()
    if found["language"]:
        yield f"  spoken to in {found['language']}"
    if found["credit_s"]:
        yield f"  comes as if they had waited {found['credit_s']} s longer"
    if found["note"]:
        yield f"  {found['note']}"
    if found["blocked"]:
        until = f" until {found['blocked_until']}" if found["blocked_until"] else ""
        yield f"  BLOCKED{until}: {found['blocked']}"
    yield f"  by {found['changed_by']}, {found['changed_at']}"


def judged(file: IO[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """The customers of a CSV file, and each fault with its row and column."""
    reader = csv.DictReader(file, strict=True)
    rows: list[dict[str, Any]] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    try:
        columns = reader.fieldnames or []
        if strange := [each for each in columns if each not in COLUMNS]:
            return [], [f"row 1: no such column {', '.join(map(repr, strange))}; there are {', '.join(COLUMNS)}"]
        if "number" not in columns:
            return [], ["row 1: the column `number` is missing"]
        for raw in reader:
            row = reader.line_num
            if None in raw or None in raw.values():
                faults.append(f"row {row}: has not as many cells as there are columns")
                continue
            found, wrong = _judged({name: (text or "").strip() for name, text in raw.items()})
            faults += [f"row {row}, {column}: {sentence}" for column, sentence in wrong]
            if not wrong and (before := seen.setdefault(found["number"], row)) != row:
                faults.append(f"row {row}, number: is in row {before}, too")
            rows.append(found)
    except (csv.Error, UnicodeDecodeError) as error:
        faults.append(f"row {reader.line_num + 1}: cannot be read: {error}")
    return rows, faults


def pieces(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """As many at once as one request may have."""
    piece: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        more = len(json.dumps(row)) + 2
        if piece and (len(piece) == PIECE or size + more > BODY_MOST):
            yield piece
            piece, size = [], 0
        piece.append(row)
        size += more
    if piece:
        yield piece


def _judged(raw: dict[str, str]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    wrong: list[tuple[str, str]] = []
    number = "".join(each for each in raw["number"] if each not in " -./()'")
    if not (number.removeprefix("+").isdecimal() and number.isascii() and len(number) <= 21):
        wrong.append(("number", f"{raw['number']!r} is no number: at most 20 digits, perhaps after a +"))
    found: dict[str, Any] = {"number": number}
    for name, longest in (("name", 80), ("note", 200), ("blocked", 200)):
        found[name] = plain(raw.get(name, ""))
        if len(found[name]) > longest or not found[name].isprintable():
            wrong.append((name, f"has at most {longest} characters, and no line breaks"))
    found["language"] = raw.get("language") or None
    if found["language"] not in (None, "en", "zh-CN"):
        wrong.append(("language", f"{found['language']!r} is none of en, zh-CN"))
    credit = raw.get("credit_s") or "0"
    if re.fullmatch(r"-?[0-9]{1,9}", credit) and abs(int(credit)) <= 86_400:
        found["credit_s"] = int(credit)
    else:
        wrong.append(("credit_s", f"{credit!r} is no number of seconds, at most a day: 86400"))
    found["blocked_until"] = None
    if until := raw.get("blocked_until"):
        try:
            found["blocked_until"] = _moment(until)
        except click.BadParameter as error:
            wrong.append(("blocked_until", error.message))
        if not found["blocked"]:
            wrong.append(("blocked", "is empty, so that nothing ends at `blocked_until`: say why they are blocked"))
    return found, wrong


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{text!r} is no time: 2026-12-31T00:00+08:00", param_hint="--until") from error


def _cell(column: str, value: Any) -> str:
    """What a spreadsheet would work out is kept from it by an apostrophe, which `import` takes away again."""
    text = "" if value is None else str(value)
    return text if column in ("number", "credit_s") else harmless(text)
