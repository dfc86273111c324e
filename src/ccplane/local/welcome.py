"""What a start ends with saying: every command in it works as it stands, in that folder, with that start's settings."""

from __future__ import annotations

import ast
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ccplane.errors import SiteError
from ccplane.ids import ProgramName
from ccplane.local.stack import Stack
from ccplane.settings import HOME, Settings
from ccplane.site import Site, parse, read

MOST_NUMBERS: Final = 12
"""So many are named: a large site has thousands."""


def welcome(settings: Settings, stack: Stack, took: float) -> str:
    """What to open and what to dial: the README's own commands, with this start's settings."""
    url = f"http://{settings.bind}:{settings.port}"
    sip = f"{settings.external_address}:{settings.sip_port}"
    site = _site(settings)
    agents = [str(agent.id) for agent in site.agents] if site else []
    first = agents[0] if agents else "1001"
    phones = f"{first} to {agents[-1]}" if len(agents) > 1 else first if agents else "none yet: acd/agents.toml"
    dial = "\n            ".join(_to_dial(site, sip))
    own_site = f"\n  site      {settings.site}\n" if settings.site != HOME else ""
    token = "$CCPLANE_ADMIN_TOKEN" if settings.admin_token else f"$(cat {_from_here(settings.runtime / 'admin-token')})"
    ccplane = _exports(settings) + _from_here(Path(sys.executable).with_name("ccplane"))
    first_of_all = (
        "\n  first     export CCPLANE_ADMIN_TOKEN=…   the token this start was given\n" if settings.admin_token else ""
    )
    asterisk = f"log {stack.node.log_dir / 'messages.log'}" if stack.node else settings.ari_url
    return f"""
ccplane is ready ({took:.1f} s). Ctrl-C ends everything. From another terminal, in this folder:
{first_of_all}{own_site}
  phones    {phones}, SIP {sip} (UDP or TCP); a phone's secret:
            TOKEN={token}
            curl -s -H "Authorization: Bearer $TOKEN" {url}/api/v1/agents/{first}/phone
  browser   {url}/phone, with the PIN of {ccplane} agent {first} pin
            or with that token
  sign in   {ccplane} agent {first} ready
  dial      {dial}
  look      {ccplane} status
  open      {url}/wallboard          queues and agents, live
            {url}/api/v1/wallboard   the same as JSON
            {url}/api/v1/messages    what callers said, with the token
            {url}/api/docs           the API
            {url}/readyz             what works and what doesn't
            {url}/metrics            for Prometheus
  asterisk  {asterisk}
"""


def _site(settings: Settings) -> Site | None:
    """None of one with faults, which the plane has told."""
    try:
        return parse(read(settings.site), settings.demo_agents)
    except SiteError:
        return None


def _to_dial(site: Site | None, sip: str) -> Iterator[str]:
    """Each number, and what its program says of itself. Feature codes are for the centre's own phones."""
    numbers = [each for each in site.rules.numbers.values() if not each.number.startswith("*")] if site else []
    if site is None or not numbers:
        yield "any number: ivr/numbers.toml names none yet"
        return
    wide = max(len(each.number) for each in numbers[:MOST_NUMBERS])
    for each in numbers[:MOST_NUMBERS]:
        queue = f" ({each.queue})" if each.queue else ""
        yield f"sip:{each.number}@{sip}{' ' * (wide - len(each.number))}   {_said_of(site, each.program)}{queue}"
    if len(numbers) > MOST_NUMBERS:
        yield f"and {len(numbers) - MOST_NUMBERS} more, in ivr/numbers.toml"


def _said_of(site: Site, name: ProgramName) -> str:
    """The first sentence of a program's docstring; its name, if it has none."""
    program = site.programs.get(name)
    first = (ast.get_docstring(ast.parse(program.source)) or "").split("\n")[0] if program else ""
    return first.split(". ")[0].rstrip(".") or str(name)


def _from_here(path: Path) -> str:
    """As one would type it in this folder."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _exports(settings: Settings) -> str:
    """What a command must be told to reach this plane: those of its settings that are not the usual ones."""
    asked = {name: getattr(settings, name) for name in ("runtime", "bind", "port")}
    unusual = {name: value for name, value in asked.items() if value != Settings.model_fields[name].default}
    return "".join(f"CCPLANE_{name.upper()}={shlex.quote(str(value))} " for name, value in unusual.items())
