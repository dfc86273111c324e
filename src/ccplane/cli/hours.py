"""`hours`: what holds now and next, as the site's files say it. Offline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Final

import click

from ccplane.cli.given import given_settings, given_site
from ccplane.errors import SetupError

if TYPE_CHECKING:
    from ccplane.routing.hours import Hours
    from ccplane.site import Site

CHANGES: Final = 5
"""How many openings and closings to come are shown."""


@click.command()
@click.argument("name", required=False)
@click.option("--at", "moment", help="Another moment than now, on the clock of these hours: 2026-10-01T10:00.")
def hours(name: str | None, moment: str | None) -> None:
    """Say which hours of ivr/hours.toml are open, why, and what comes next.

    \b
    Examples:
      ccplane hours                           all of them, now
      ccplane hours main                      and their next openings and closings
      ccplane hours main --at 2026-10-01T10:00
    """
    site = given_site(given_settings())
    known = site.rules.hours
    if name is not None and name not in known:
        raise SetupError("no-such-hours", f"There are no hours `{name}` in ivr/hours.toml{_there_are(site)}")
    if not known:
        click.echo("There is no ivr/hours.toml: every queue is always open.")
    for each in known.values() if name is None else (known[name],):
        for line in lines(each, zone_of(site, each.name), moment, 0 if name is None else CHANGES):
            click.echo(line)


def zone_of(site: Site, name: str) -> tzinfo:
    """The clock of these hours."""
    from ccplane.days import zone

    return zone(site.rules.hours[name].zone or site.rules.timezone)


def lines(hours: Hours, there: tzinfo, moment: str | None, changes: int) -> Iterator[str]:
    """One line for what holds, and one for each change to come."""
    at = instant(moment, there) if moment else round(datetime.now(UTC).timestamp() * 1000)
    clock = datetime.fromtimestamp(at / 1000, there).strftime("%a %Y-%m-%d %H:%M %Z")
    yield f"{hours.name}: {_said(hours, at, there)}   (it is {clock})"
    if late := stale(hours, at):
        yield f"  {late}"
    for _ in range(changes):
        following = hours.closes_after(at) if hours.open_at(at) else hours.opens_after(at)
        if following is None:
            break
        at = following
        yield f"  {_clock(at, there)}  {_said(hours, at, there)}"


def stale(hours: Hours, at: int) -> str:
    """A sentence where `at` lies beyond the weekends worked instead of holidays that the calendar knows; else ""."""
    from ccplane.site.special_days import date_of

    if hours.worked_until is None or at < hours.worked_until * 86_400_000:
        return ""
    return (
        f"{hours.name}: weekends that are worked instead of holidays are known until {date_of(hours.worked_until)}; "
        f"later ones come with a newer ccplane, or stand in [{hours.name}.days] of ivr/hours.toml"
    )


def _said(hours: Hours, at: int, there: tzinfo) -> str:
    from ccplane.contacts.verbs import Open

    now = hours.now(at)
    why = f" ({now.reason})" if now.reason else ""
    if isinstance(now, Open):
        return f"open{why}, " + (f"until {_clock(now.closes_at, there)}" if now.closes_at is not None else "always")
    return f"closed{why}, " + (f"opens {_clock(now.opens_at, there)}" if now.opens_at is not None else "for ever")


def _clock(at: int, there: tzinfo) -> str:
    return datetime.fromtimestamp(at / 1000, there).strftime("%a %Y-%m-%d %H:%M")


def instant(moment: str, there: tzinfo) -> int:
    """A moment that somebody gave, on that clock unless it says which; ms UTC. SetupError if it is none."""
    try:
        given = datetime.fromisoformat(moment)
    except ValueError as error:
        sentence = f"--at is {moment!r}, which is no moment: write 2026-10-01T10:00"
        raise SetupError("bad-moment", sentence) from error
    return round((given if given.tzinfo else given.replace(tzinfo=there)).timestamp() * 1000)


def _there_are(site: Site) -> str:
    from ccplane.site.faults import listed

    return f"; there is {listed(sorted(site.rules.hours))}." if site.rules.hours else ": there is no such file."
