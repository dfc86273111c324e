"""The commands. Each is a few lines around what does the work, which is imported only when that command runs.

Exit codes: 0 well; 1 something of ours or of the machine's failed; 2 the operator can put it right, and is told how.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ccplane import __version__
from ccplane.errors import CcplaneError, MachineError, RequestError, SetupError

if TYPE_CHECKING:
    from ccplane.settings import Settings
    from ccplane.site import Site

STATES: Final = ("ready", "paused", "offline")
PIN: Final = "pin"
UNLOCK: Final = "unlock"
TIMEOUT_S: Final = 10.0
LEGEND: Final = (
    "",
    "  Seconds beside a part: since when it is so, or was last proven. Counts: since midnight.",
    "  in time: answered within the queue's `within`; three rings: offers answered within three rings.",
    "  All of it: ccplane status --help",
)


class _Commands(click.Group):
    """An error is one sentence for people, and an exit code that says whose fault it is."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CcplaneError as error:
            told = error
        except OSError as error:
            if error.errno in (None, errno.EPIPE):  # a fault of ours; a reader who has gone, of whom click knows
                raise
            told = MachineError(error)
        click.echo(f"ccplane: {told}", err=True)
        raise SystemExit(told.exit_code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ccplane", message="%(prog)s %(version)s")
def main() -> None:
    """A contact-centre control plane for Asterisk.

    Settings are environment variables, CCPLANE_*; what callers hear and who answers them is in the site's folders.
    """


@main.command()
@click.option("--local", is_flag=True, help="Start a private Asterisk and Postgres too; what `make run` does.")
def run(local: bool) -> None:
    """Take calls, in the foreground, until Ctrl-C. Calls that are up stay up.

    \b
    Examples:
      ccplane run --local                     everything on this machine
      CCPLANE_ARI_URL=http://pbx:8088/ari \\
        CCPLANE_DATABASE_URL=postgresql://db/ccplane ccplane run
    """
    settings = _settings()
    if local:
        from ccplane import local as whole_machine

        raise SystemExit(asyncio.run(whole_machine.run(settings)))
    from ccplane import app

    raise SystemExit(app.run(settings))


@main.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path))
def check(directory: Path | None) -> None:
    """Find every fault in a site's folders, offline: file, line and key.

    \b
    Examples:
      ccplane check                           the site of CCPLANE_SITE, or the demo
      ccplane check /srv/callcentre           exit code 2 if there is a fault
    """
    from ccplane import site

    settings = _settings()
    report = site.check(directory or settings.site, settings.demo_agents)
    for line in report.lines():
        click.echo(line)
    if not report.ok or report.site is None:
        raise SystemExit(2)
    found = report.site
    counts = (
        f"queues {len(found.rules.queues)}, numbers {len(found.rules.numbers)}, programs {len(found.programs)}, "
        f"menus {len(found.menus)}, agents {len(found.agents)}"
    )
    click.echo(f"No fault found: {counts}.")


@main.command()
def status() -> None:
    """Show how the running plane does: its parts, queues and agents. Exit code 0 while calls are routed, else 1.

    Who is offered nothing after a refused or missed offer is named if the administrator's token can be read.

    \b
    The seconds beside a part:
      leader     since its lease was last confirmed
      ari        since what goes on at Asterisk was last looked through
      ami        since when it is connected, or not
      database   since when it is connected
      phones     since the accounts were pushed to Asterisk
      recordings whether talks can be recorded and kept, and why not
      outbox     how long its oldest fact has not been on disk

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
    """
    settings = _settings()
    try:
        with _api(settings, token=_known_token(settings)) as ask:
            ready = ask("GET", "/readyz", expected=(200, 503))
            board = ask("GET", "/api/v1/wallboard")
            held_back = list(_held_back(ask, board["at"]))
    except SetupError as error:
        click.echo(f"ccplane: {error}", err=True)
        raise SystemExit(1) from error
    click.echo(f"ccplane at {_url(settings)}: {ready['status']}")
    for line in (*_parts(ready["parts"]), *_queues(board["queues"]), *_agents(board["agents"]), *held_back, *LEGEND):
        click.echo(line)
    raise SystemExit(1 if ready["status"] == "not-ready" else 0)


@main.command()
@click.argument("agent_id", metavar="AGENT")
@click.argument("state", required=False, type=click.Choice((*STATES, PIN, UNLOCK)))
@click.argument("pin", required=False)
@click.option("--reason", default="", help="Shown beside a pause.")
def agent(agent_id: str, state: str | None, pin: str | None, reason: str) -> None:
    """Show an agent's state, or set it. It takes effect once their present work allows.

    `pin` gives them a PIN (six digits; without them one is made) and prints it: nobody can read it later.
    `unlock` lets their PIN count again after five wrong ones.

    The administrator's token is CCPLANE_ADMIN_TOKEN, else what the plane left in .runtime/admin-token.

    \b
    Examples:
      ccplane agent 1001                      show
      ccplane agent 1001 ready
      ccplane agent 1001 paused --reason lunch
      ccplane agent 1001 pin
    """
    if pin is not None and state != PIN:
        raise click.UsageError(f"what is {pin!r} for? A PIN is given by: ccplane agent {agent_id} pin {pin}")
    settings = _settings()
    with _api(settings, token=_token(settings)) as ask:
        path = f"/api/v1/agents/{_segment(agent_id)}"
        if state == PIN:
            made = ask("PUT", f"{path}/pin", body={"pin": pin})
            click.echo(f"The PIN of {made['id']} is now {made['pin']}; it is not shown again.")
            return
        if state == UNLOCK:
            ask("DELETE", f"{path}/pin/lock")
            state = None
        asked = {"state": state, "reason": reason}
        known = ask("PUT", f"{path}/state", body=asked) if state else ask("GET", path)
    after = f", then {known['next']}" if known["next"] != known["state"] else ""
    why = f" ({known['reason']})" if known["reason"] else ""
    click.echo(f"{_name(known)}: {known['state']}{after}{why}{_how_reached(settings, known)}{_locked(known)}")


@main.group(invoke_without_command=True)
@click.pass_context
def prompts(ctx: click.Context) -> None:
    """List what callers hear: text or recording, length and level of each, in each language.

    \b
    The columns:
      source   who says it: an engine of ivr/voices.toml, or recorded (ivr/sounds/LANGUAGE/NAME.wav)
      length   seconds; - where it is not rendered yet
      speech   level of the speech without its pauses, dB below full scale; -26 is usual
      rms      level of the whole; peak: the loudest sample

    \b
    Examples:
      ccplane prompts                         what there is
      ccplane prompts render                  make what is missing now; `run` does it too
      ccplane prompts check                   exit code 2 if one is silent, clipped, too loud, too long …
      CCPLANE_SITE=/srv/callcentre ccplane prompts check
    """
    if ctx.invoked_subcommand is None:
        from ccplane.asterisk.levels import table

        settings = _settings()
        for line in table(_site(settings), settings.sounds_dir):
            click.echo(line)


@prompts.command("render")
def prompts_render() -> None:
    """Make the sound of every prompt that has none yet.

    \b
    Example:
      ccplane prompts render                  into the folder that CCPLANE_SOUNDS names, or .runtime/
    """
    from ccplane.asterisk.prompts import render

    settings = _settings()
    made = asyncio.run(render(_site(settings), settings.sounds_dir, settings.site))
    click.echo(f"Made {made} sounds in {settings.sounds_dir}.")


@prompts.command("check")
def prompts_check() -> None:
    """Measure every prompt as callers hear it; what is not rendered yet is, for this alone. Exit code 2 at a fault.

    \b
    A fault is a prompt that
      is silent, or clipped
      has speech louder than -16 dB or softer than -36 dB
      lasts longer than 120 s
      is not a telephone's 8 kHz, 16 bit, mono; or cannot be made at all

    \b
    Examples:
      ccplane prompts check
      CCPLANE_SITE=/srv/callcentre ccplane prompts check
    """
    from ccplane.asterisk.levels import faults

    settings = _settings()
    site = _site(settings)
    found = asyncio.run(faults(site, settings.sounds_dir, settings.site))
    for line in found:
        click.echo(line)
    if found:
        raise SystemExit(2)
    click.echo(f"No fault found: prompts {len(site.spoken)}, sounds {len(site.all_prompts())}.")


@main.command()
def migrate() -> None:
    """Bring the database to this version's schema. `run` does it too; this is for doing it ahead of time.

    \b
    Examples:
      ccplane migrate                         the one that `ccplane run --local` started
      CCPLANE_DATABASE_URL=postgresql://db/ccplane ccplane migrate
    """
    from ccplane.postgres.embedded import EmbeddedPostgres
    from ccplane.postgres.migrate import migrate as migrated

    settings = _settings()
    applied = asyncio.run(migrated(settings.database_url or EmbeddedPostgres(settings.postgres_dir).url()))
    for name in applied:
        click.echo(f"applied {name}")
    click.echo("The database is as this version needs it.")


# --------------------------------------------------------------------------------------------------- the running plane


def _site(settings: Settings) -> Site:
    from ccplane import site

    return site.parse(site.read(settings.site), settings.demo_agents)


def _settings() -> Settings:
    from ccplane.settings import load

    return load()


def _url(settings: Settings) -> str:
    host = f"[{settings.bind}]" if ":" in settings.bind else settings.bind
    return f"http://{host}:{settings.port}"


def _token_file(settings: Settings) -> Path:
    return settings.runtime / "admin-token"


def _known_token(settings: Settings) -> str:
    """The administrator's, or nothing."""
    from ccplane.private import read_private

    return settings.admin_token or read_private(_token_file(settings))


def _token(settings: Settings) -> str:
    token = _known_token(settings)
    if not token:
        path = _token_file(settings)
        raise SetupError(
            "no-token",
            f"There is no administrator's token in {path}: start ccplane, which makes it, or set CCPLANE_ADMIN_TOKEN.",
            path=str(path),
        )
    return token


def _segment(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


@contextmanager
def _api(settings: Settings, token: str = "") -> Iterator[Any]:
    """A function that asks the running plane: method, path, body, and which statuses are an answer."""
    import httpx

    def ask(method: str, path: str, body: Any = None, expected: tuple[int, ...] = (200,)) -> Any:
        try:
            response = client.request(method, path, json=body)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            sentence = f"No ccplane answers at {_url(settings)}: is it running, and is CCPLANE_PORT right? ({error})"
            raise SetupError("not-running", sentence) from error
        if response.status_code not in expected:
            _refused(response.status_code, answer)
        return answer

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=_url(settings), headers=headers, timeout=TIMEOUT_S, trust_env=False) as client:
        yield ask


def _refused(status: int, problem: dict[str, Any]) -> None:
    kind = RequestError if status < 500 else CcplaneError
    faults = "".join(f" {fault['where']}: {fault['message']}." for fault in problem.get("errors", ()))
    raise kind(problem["code"], problem["detail"] + faults)


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


def _row(cells: tuple[Any, ...], widths: tuple[int, ...]) -> str:
    first, *rest = (str(cell) for cell in cells)
    return f"  {first:<{widths[0]}}" + "".join(f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True))


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate * 100:.1f} %"


def _name(agent: dict[str, Any]) -> str:
    """Id and name; a name that has the id in it, as the demo's, says both."""
    return str(agent["name"]) if agent["id"] in agent["name"].split() else f"{agent['id']} {agent['name']}".rstrip()


def _how_reached(settings: Settings, agent: dict[str, Any]) -> str:
    """What is missing of one who wants to be ready, but has no phone that is registered, or no open line."""
    if agent["next"] != "unreachable":
        return ""
    if agent["phone"] == "reachable":
        return "; ready as soon as they pick up: their seat is always-on"
    account = f"{_url(settings)}/api/v1/agents/{_segment(agent['id'])}/phone"
    return f"; ready as soon as their phone registers (its account: GET {account}, see README, Dial and see)"


def _locked(agent: dict[str, Any]) -> str:
    from datetime import UTC, datetime

    until = agent["pin_locked_until"]
    if until is None or datetime.fromisoformat(until) <= datetime.now(UTC):
        return ""
    return f"; PIN locked until {until} after wrong ones (ccplane agent {agent['id']} unlock)"


def _held_back(ask: Any, at: str) -> Iterator[str]:
    """Those who are offered nothing after offers that their phone refused or missed, and for how long or why."""
    page: dict[str, Any] = {"next": ""}
    while page.get("next") is not None:
        after = f"&after={_segment(page['next'])}" if page["next"] else ""
        page = ask("GET", f"/api/v1/agents?limit=1000{after}", expected=(200, 401))
        for each in page.get("agents", ()):
            missed = f"{each['missed_in_a_row']} missed in a row"
            if each["state"] == "paused" and each["missed_in_a_row"]:
                yield f"  {_name(each)}: paused, {each['reason'] or missed}"
            elif each["rest_until"]:
                yield f"  {_name(each)}: offered nothing for {_seconds(at, each['rest_until']):.1f} s, {missed}"


def _seconds(since: str, until: str) -> float:
    from datetime import datetime

    return max(0.0, (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds())


def _agents(agents: list[dict[str, Any]]) -> Iterator[str]:
    counts: dict[str, int] = {}
    for each in agents:
        counts[each["state"]] = counts.get(each["state"], 0) + 1
    yield ""
    yield f"  agents: {', '.join(f'{count} {state}' for state, count in counts.items()) or 'none'}"
