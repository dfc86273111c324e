"""The queues of the fallback: what queues.conf says of each queue of the site. (Who answers there: members.py.)"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ccplane.core.members import EVERYBODY
from ccplane.routing.rules import Queue

TAKEN: Final = frozenset({EVERYBODY, "general"})
"""Sections that queues.conf has for itself: callers of queues of these names are served by everybody."""
SAFE: Final = re.compile(r"\w[\w-]*")
SECOND_MS: Final = 1_000
WITHOUT_END_MS: Final = 60_000
"""app_queue's agents can say to nobody that they are done: they have this long, or the queue's `most`."""


def sections(queues: Iterable[Queue]) -> str:
    """The text that follows asterisk-docker/etc/queues.conf."""
    return "".join(map(_section, (each for each in queues if each.name not in TAKEN and SAFE.fullmatch(each.name))))


def _section(queue: Queue) -> str:
    """app_queue rings one member or all: a queue that rings a few at once rings one there."""
    music = queue.music if SAFE.fullmatch(queue.music) else "default"
    return (
        f"\n[{queue.name}](of.fallback)\n"
        f"strategy = {'ringall' if queue.ring_at_once is None else 'leastrecent'}\n"
        f"timeout = {_seconds(queue.ring_ms)}\n"
        f"wrapuptime = {_seconds(_wrap_up_ms(queue))}\n"
        f"musicclass = {music}\n"
    )


def _wrap_up_ms(queue: Queue) -> int:
    lasts = queue.wrap_up.ends_at(0)
    return WITHOUT_END_MS if lasts is None else lasts


def _seconds(ms: int) -> int:
    return -(-ms // SECOND_MS)
