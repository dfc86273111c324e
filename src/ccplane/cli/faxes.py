"""`faxes`: what callers sent, and its pages. The running plane knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from ccplane.cli.api import admin_token, asking, segment
from ccplane.cli.given import given_settings
from ccplane.cli.listing import Listing

PATH: Final = "/api/v1/faxes"
MOST: Final = 100


@click.group(cls=Listing, invoke_without_command=True)
@click.option("--box", default="", help="Of this box alone.")
@click.pass_context
def faxes(context: click.Context, box: str) -> None:
    """Show the faxes that callers sent, the latest first: at most 100.

    Programs receive them: call.receive_fax("orders").

    \b
    Examples:
      ccplane faxes
      ccplane faxes --box orders
      ccplane faxes get f-c-ast1-1700000000.1-3-1 order.pdf
      ccplane faxes delete f-c-ast1-1700000000.1-3-1
    """
    if context.invoked_subcommand is None:
        found = _ask("GET", f"{PATH}?limit={MOST}{f'&box={segment(box)}' if box else ''}")
        for line in lines(found):
            click.echo(line)


@faxes.command()
@click.argument("fax")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def get(fax: str, file: Path) -> None:
    """Write the pages of FAX into FILE, a PDF. That it was fetched is recorded.

    \b
    Examples:
      ccplane faxes get f-c-ast1-1700000000.1-3-1 order.pdf
    """
    pdf = _ask("GET", f"{PATH}/{segment(fax)}/pdf")
    file.write_bytes(pdf)
    click.echo(f"{file}: {len(pdf)} bytes")


@faxes.command()
@click.argument("fax")
def delete(fax: str) -> None:
    """Delete the pages of FAX for good; that it came stays known.

    \b
    Examples:
      ccplane faxes delete f-c-ast1-1700000000.1-3-1
    """
    _ask("DELETE", f"{PATH}/{segment(fax)}", expected=(204,))
    click.echo("It is deleted.")


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The answer of the API as text."""
    if not found["faxes"]:
        yield "No fax has come."
    for each in found["faxes"]:
        caller, station = each["caller"] or "a withheld number", each["station"]
        pages = f"{each['pages']} page{'s' if each['pages'] != 1 else ''}"
        whole = "" if each["complete"] else f", NOT ALL: {each['reason']}"
        came = datetime.fromisoformat(each["came_at"]).astimezone().strftime("%d %b %H:%M")
        who = f"{caller} ({station})" if station else caller
        new = "" if each["read_at"] else ", new"
        yield f"{each['id']}  {each['box']}  {who}, {pages}{whole}, {came}{new}"
    if found["next"]:
        yield "… and more: --box, or GET /api/v1/faxes"


def _ask(method: str, path: str, *, expected: tuple[int, ...] = (200,)) -> Any:
    settings = given_settings()
    with asking(settings, token=admin_token(settings)) as ask:
        return ask(method, path, expected=expected)
