"""`status`: how the running plane does, as lines of text. Nothing is counted here; the wallboard has counted it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import click

from ccplane.cli.agents import name_of
from ccplane.cli.api import admin_token, asking, known_token, segment, url_of
from ccplane.cli.given import given_settings
from ccplane.errors import SetupError

PATIENCE_S: Final = 3.0
RECONCILE_S: Final = 10.0
"""Two surveys of a large switch."""
REPAIRED: Final = 3
"""The exit code where something had to be put right."""
LEGEND: Final = (
    "",
    "  Seconds beside a part: for how long it has been so. Counts: since midnight.",
    "  in time: answered within the queue's `within`; three rings: offers answered within three rings.",
    "  All of it: ccplane status --help",
)


@click.command()
@click.option("--reconcile", is_flag=True, help="Compare with Asterisk now, and say what was put right.")
def status(reconcile: bool) -> None:
    """Show how the running plane does: its parts, queues and agents. Exit code 0 while calls are routed, else 1.

    Who is offered nothing after a refused or missed offer is named if the administrator's token can be read.

    \b
    The parts, and for how many seconds each has been ok, or AWAY:
      leader     whether this plane may command Asterisk
      ari        the connection that calls are commanded over
      ami        the one that tells of phones and records talks
      database   whether facts reach Postgres
      phones     whether all accounts are at Asterisk as they should be
      recordings whether talks can be recorded and kept
      messages   whether what callers leave is brought into safety
      guard      whether the node's guard looks, if there ever was one
      outbox     whether facts reach the disk, and it has room
      site       whether the site in force is the one in the folder
      look-ups   whether the services that programs ask answer

    \b
    The columns of a queue; what is counted, is since the site's midnight:
      longest      how long the one who waits longest has been waiting
      in time      service level: answered within the queue's `within`, of those
                   answered, abandoned, or waiting for longer than that now
      three rings  offers answered within three rings, of those that rang

    \b
    Examples:
      ccplane status
      watch -n 2 ccplane status
      ccplane status --reconcile      (exit code 3 if something had to be put right)
    """
    settings = given_settings()
    repaired: list[dict[str, Any]] = []
    try:
        token = admin_token(settings) if reconcile else known_token(settings)
        with asking(settings, token=token, patience_s=RECONCILE_S if reconcile else PATIENCE_S) as ask:
            if reconcile:
                repaired = ask("POST", "/api/v1/reconcile")["repaired"]
            ready = ask("GET", "/readyz", expected=(200, 503))
            board = ask("GET", "/api/v1/wallboard")
            held_back = list(_held_back(ask, board["at"]))
    except SetupError as error:
        click.echo(f"ccplane: {error}", err=True)
        raise SystemExit(1) from error
    click.echo(f"ccplane at {url_of(settings)}: {ready['status']}")
    queues = (*_queues(board["queues"]), *_gaps(board))
    for line in (
        *_parts(ready["parts"]),
        *_emergencies(board),
        *_surges(board),
        *queues,
        *_agents(board["agents"]),
        *held_back,
        *LEGEND,
    ):
        click.echo(line)
    if reconcile:
        for line in _repairs(repaired):
            click.echo(line)
    away = ready["status"] in ("not-ready", "draining")
    raise SystemExit(1 if away else REPAIRED if repaired else 0)


def _repairs(repaired: list[dict[str, Any]]) -> Iterator[str]:
    yield ""
    if not repaired:
        yield "  compared with Asterisk: nothing had to be put right"
    for each in repaired:
        yield f"  put right: {each['what']}, {each['subject']}{': ' if each['why'] else ''}{each['why']}"


def _parts(parts: dict[str, Any]) -> Iterator[str]:
    for name, part in parts.items():
        yield f"  {name:<10} {'ok' if part['ok'] else 'AWAY':<5} {part['age_s']:>8.1f} s  {part['detail']}".rstrip()


def _queues(queues: list[dict[str, Any]]) -> Iterator[str]:
    heads = ("queue", "waiting", "longest", "offered", "answered", "abandoned", "in time", "three rings")
    widths = (max([5, *(len(queue["name"]) for queue in queues)]), *(len(head) + 2 for head in heads[1:]))
    yield ""
    yield _row(heads, widths)
    for queue in queues:
        yield _row(
            (
                queue["name"],
                queue["waiting"],
                f"{queue['longest_wait_s']:.0f} s" if queue["waiting"] else "–",
                queue["offered"],
                queue["answered"],
                queue["abandoned"],
                _percent(queue["service_level"]),
                _percent(queue["three_rings"]),
            ),
            widths,
        )


def _emergencies(board: dict[str, Any]) -> Iterator[str]:
    """What callers are told, as it is easily forgotten."""
    for each in board.get("emergencies", ()):
        yield f"  EMERGENCY {each['name']}: {next(iter(each['says'].values()))} (ccplane emergency off {each['name']})"


def _surges(board: dict[str, Any]) -> Iterator[str]:
    """Where an emergency is proposed."""
    for each in board.get("surges", ()):
        whom = f" --number {each['number']}" if each["number"] else ""
        what = f"{each['arrivals']} called {each['number'] or 'the site'} in a slot, usually {each['usual']:g}"
        yield f"  SURGE {each['index']:g}: {what} (ccplane emergency on surge{whom} --text en=…)"


def _gaps(board: dict[str, Any]) -> Iterator[str]:
    """Why today's numbers are provisional."""
    if board.get("provisional"):
        times = ", ".join(f"{gap['from'][11:19]}–{gap['to'][11:19] if gap['to'] else 'now'}" for gap in board["gaps"])
        yield f"  provisional: calls were not watched {times} (UTC)"


def _row(cells: tuple[Any, ...], widths: tuple[int, ...]) -> str:
    first, *rest = (str(cell) for cell in cells)
    return f"  {first:<{widths[0]}}" + "".join(f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True))


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate * 100:.1f} %"


def _held_back(ask: Any, at: str) -> Iterator[str]:
    """Those who are offered nothing, and for how long or why: after offers that their phone refused or missed, or while
    the fallback's callers come first. A plane of before tells less."""
    page: dict[str, Any] = {"next": ""}
    while page.get("next") is not None:
        after = f"&after={segment(page['next'])}" if page["next"] else ""
        page = ask("GET", f"/api/v1/agents?limit=1000{after}", expected=(200, 401))
        for each in page.get("agents", ()):
            if each.get("fallback_first") and each["state"] == "ready":
                yield f"  {name_of(each)}: offered nothing while callers are left in Asterisk's own queues"
                continue
            missed = f"{each.get('missed_in_a_row', 0)} missed in a row"
            if each["state"] == "paused" and each.get("missed_in_a_row"):
                yield f"  {name_of(each)}: paused, {each['reason'] or missed}"
            elif each.get("rest_until"):
                yield f"  {name_of(each)}: offered nothing for {_seconds(at, each['rest_until']):.1f} s, {missed}"


def _seconds(since: str, until: str) -> float:
    from datetime import datetime

    return max(0.0, (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds())


def _agents(agents: list[dict[str, Any]]) -> Iterator[str]:
    counts: dict[str, int] = {}
    for each in agents:
        counts[each["state"]] = counts.get(each["state"], 0) + 1
    yield ""
    yield f"  agents: {', '.join(f'{count} {state}' for state, count in counts.items()) or 'none'}"
