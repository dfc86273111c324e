"""`diff`: what holds otherwise than the site's files say."""

from __future__ import annotations

import json
from typing import Any

import click

from ccplane.cli.api import admin_token, asking
from ccplane.cli.given import given_settings


@click.command()
def diff() -> None:
    """Show what holds otherwise than the site's files say: overlays, edits that a reload would take up, edited agents.

    \b
    Examples:
      ccplane diff
      ccplane diff && ccplane reload
    """
    settings = given_settings()
    with asking(settings, token=admin_token(settings), patience_s=60.0) as ask:
        found = ask("GET", "/api/v1/site/diff")
    for line in lines(found):
        click.echo(line)


def lines(found: dict[str, Any]) -> list[str]:
    """One line each, under a heading for each kind."""
    said = []
    if found["overlays"]:
        said.append("Laid over the files (PUT, DELETE /api/v1/overlays):")
        for each in found["overlays"]:
            until = f" until {each['until']}" if each["until"] else ""
            said.append(f"  {each['path']}: {_shown(each['file'])} -> {_shown(each['value'])}")
            said.append(f"      by {each['by']} since {each['since']}{until}")
    if found["faults"]:
        said.append("A reload would be refused:")
        said += [f"  {each}" for each in found["faults"]]
    for heading, kind in (("A reload would change:", "folder"), ("Agents, otherwise than acd/agents.toml:", "people")):
        if found[kind]:
            said.append(heading)
            said += [f"  {each['path']}: {_shown(each['before'])} -> {_shown(each['after'])}" for each in found[kind]]
    return said or ["All holds as the files say."]


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
