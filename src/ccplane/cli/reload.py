"""`reload`: the site's folders are read again by the running plane."""

from __future__ import annotations

import click

from ccplane.cli.api import admin_token, asking
from ccplane.cli.given import given_settings


@click.command()
def reload() -> None:
    """Let the running ccplane read its site's folders again. Who waits already is under the new rules at once.

    A call that has begun keeps the program, menus and prompts it began with. With a fault in any file nothing is
    changed, and each fault is named by file, line and key; exit code 2.

    \b
    Examples:
      ccplane check && ccplane reload
    """
    settings = given_settings()
    with asking(settings, token=admin_token(settings), patience_s=180.0) as ask:
        told = ask("POST", "/api/v1/site/reload")
    if not told["changed"]:
        click.echo(f"Nothing has changed: site {told['site']}.")
        return
    for change in told["changed"]:
        click.echo(f"  {change['what']:<8} {change['file']}")
    made = f", {told['prompts']} prompts made" if told["prompts"] else ""
    click.echo(f"Site {told['site']} is in force{made}.")
