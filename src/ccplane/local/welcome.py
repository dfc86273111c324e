"""What a start ends with saying: every command in it works as it stands, in that folder, with that start's settings."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from ccplane.local.stack import Stack
from ccplane.settings import Settings


def welcome(settings: Settings, stack: Stack, took: float) -> str:
    """What to open and what to dial: the README's own commands, with this start's settings."""
    url = f"http://{settings.bind}:{settings.port}"
    sip = f"{settings.external_address}:{settings.sip_port}"
    first, last = 1001, 1000 + settings.demo_agents
    token = "$CCPLANE_ADMIN_TOKEN" if settings.admin_token else f"$(cat {_from_here(settings.runtime / 'admin-token')})"
    ccplane = _exports(settings) + _from_here(Path(sys.executable).with_name("ccplane"))
    first_of_all = (
        "\n  first     export CCPLANE_ADMIN_TOKEN=…   the token this start was given\n" if settings.admin_token else ""
    )
    asterisk = f"log {stack.node.log_dir / 'messages.log'}" if stack.node else settings.ari_url
    return f"""
ccplane is ready ({took:.1f} s). Ctrl-C ends everything. From another terminal, in this folder:
{first_of_all}
  phones    {first} to {last}, SIP {sip} (UDP or TCP); a phone's secret:
            TOKEN={token}
            curl -s -H "Authorization: Bearer $TOKEN" {url}/api/v1/agents/{first}/phone
  browser   {url}/phone, with the PIN of {ccplane} agent {first} pin
            or with that token
  sign in   {ccplane} agent {first} ready
  dial      sip:4001@{sip}   a menu: 1 sales, 2 support, 9 leave a message, 0 anyone
            sip:4002@{sip}   straight to support
            sip:4003@{sip}   straight to sales
            sip:4004@{sip}   menus of two levels, and an order's number
  look      {ccplane} status
  open      {url}/wallboard          queues and agents, live
            {url}/api/v1/wallboard   the same as JSON
            {url}/api/v1/messages    what callers said, with the token
            {url}/api/docs           the API
            {url}/readyz             what works and what doesn't
            {url}/metrics            for Prometheus
  asterisk  {asterisk}
"""


def _from_here(path: Path) -> str:
    """As one would type it in this folder."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _exports(settings: Settings) -> str:
    """What a command must be told to reach this plane: those of its settings that are not the usual ones."""
    asked = {name: getattr(settings, name) for name in ("runtime", "bind", "port")}
    unusual = {name: value for name, value in asked.items() if value != Settings.model_fields[name].default}
    return "".join(f"CCPLANE_{name.upper()}={shlex.quote(str(value))} " for name, value in unusual.items())
