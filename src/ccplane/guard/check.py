"""How the guard of a node does, for people: `ccplane guard --check`. It looks for a while, and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from ccplane.asterisk.actions import Actions
from ccplane.asterisk.agreed import GUARD, HEARTBEAT
from ccplane.asterisk.outcomes import Done
from ccplane.guard.guard import missing_places
from ccplane.guard.watch import EVERY_S

LOOK_S: Final = EVERY_S * 3
"""Long enough for whatever moves to have moved."""


class Finding(NamedTuple):
    ok: bool
    line: str


async def check(ami: Actions, look_s: float = LOOK_S) -> Sequence[Finding]:
    """Whether the plane's heartbeat and the guard's own sign of life move, and the dialplan has its contexts."""
    before = await _signs(ami)
    await asyncio.sleep(look_s)
    after = await _signs(ami)
    missing = await missing_places(ami)
    if before is None or after is None:
        return [Finding(False, "AMI does not answer what the guard asks: check its account in manager.conf.")]
    return [
        _moving("ccplane", "its heartbeat", before[0], after[0]),
        _moving("guard", "its sign of life", before[1], after[1]),
        Finding(False, f"dialplan   AWAY  there is no {'; '.join(sorted(missing))}: copy ccplane's dialplan/*.conf")
        if missing
        else Finding(True, "dialplan   ok    the fallback's contexts are there"),
    ]


def _moving(who: str, what: str, before: str, after: str) -> Finding:
    if after and after != before:
        return Finding(True, f"{who:<10} ok    {what} moves ({after})")
    how = f"stands still at {after}" if after else "was never set"
    return Finding(False, f"{who:<10} AWAY  {what} {how}")


async def _signs(ami: Actions) -> tuple[str, str] | None:
    said = [await ami.ask({"Action": "Getvar", "Variable": name}) for name in (HEARTBEAT, GUARD)]
    values = [each.value.get("value", "") for each in said if isinstance(each, Done)]
    return (values[0], values[1]) if len(values) == len(said) else None
