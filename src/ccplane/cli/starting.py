"""`run`, and what may be done ahead of it: `check`, `migrate`. None of them asks a plane that runs already."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from time import time

import click

from ccplane.cli.given import given_database, given_settings
from ccplane.cli.hours import stale


@click.command()
@click.option("--local", is_flag=True, help="Start a private Asterisk and Postgres too; what `make run` does.")
def run(local: bool) -> None:
    """Take calls, in the foreground, until Ctrl-C. Calls that are up stay up.

    \b
    Examples:
      ccplane run --local                     everything on this machine
      CCPLANE_ARI_URL=http://pbx:8088/ari \\
        CCPLANE_DATABASE_URL=postgresql://db/ccplane ccplane run
    """
    settings = given_settings()
    if local:
        from ccplane.local import supervise as whole_machine

        raise SystemExit(asyncio.run(whole_machine.run(settings)))
    gc.disable()  # what is imported lives as long as we: to look through it again and again is a tenth of a start
    from ccplane import app

    gc.freeze()
    gc.enable()
    raise SystemExit(app.run(settings))


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path))
def check(directory: Path | None) -> None:
    """Find every fault in a site's folders, offline: file, line and key.

    \b
    Examples:
      ccplane check                           the site of CCPLANE_SITE, or the demo
      ccplane check /srv/callcentre           exit code 2 if there is a fault
    """
    from ccplane import site

    settings = given_settings()
    report = site.check(directory or settings.site, settings.demo_agents)
    for line in report.lines():
        click.echo(line)
    if not report.ok or report.site is None:
        raise SystemExit(2)
    found = report.site
    for hours in found.rules.hours.values():
        if late := stale(hours, round(time() * 1000)):
            click.echo(f"ivr/hours.toml: warning: {late}")
    counts = (
        f"queues {len(found.rules.queues)}, numbers {len(found.rules.numbers)}, programs {len(found.programs)}, "
        f"menus {len(found.menus)}, agents {len(found.agents)}"
    )
    click.echo(f"No fault found: {counts}.")


@click.command()
def migrate() -> None:
    """Bring the database to this version's schema. `run` does it too; this is for doing it ahead of time.

    \b
    Examples:
      ccplane migrate                         the one that `ccplane run --local` started
      CCPLANE_DATABASE_URL=postgresql://db/ccplane ccplane migrate
    """
    from ccplane.postgres.migrate import migrate as migrated

    with given_database(given_settings()) as url:
        applied = asyncio.run(migrated(url))
    for name in applied:
        click.echo(f"applied {name}")
    click.echo("The database is as this version needs it.")
