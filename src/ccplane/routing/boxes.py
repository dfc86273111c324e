"""Boxes: where callers leave messages, who is to answer those, and until when."""

from __future__ import annotations

from typing import Final

import msgspec

from ccplane.ids import AgentId, QueueName
from ccplane.routing.hours import Hours

ROUNDS: Final = 400
"""Times of opening that a promise may span; one that spans more is none."""


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """`queue`: whose agents answer; `agent`: who alone does; "" both: whoever looks after messages. `most`: so many may
    be without an answer. `answer_within_ms`: promised; None: no time is. `hours`: only open time counts."""

    queue: QueueName = QueueName("")
    agent: AgentId = AgentId("")
    most: int = 100
    answer_within_ms: int | None = None
    hours: str = ""
    emails: tuple[str, ...] = ()
    """Who is told of each message; `{agent}` in an address is whose box it is."""
    webhook: str = ""
    """Which service is; "": none."""


def promised(box: Box, hours: Hours | None, left_at: int) -> int | None:
    """Until when a message that was left at `left_at` is to be answered, ms UTC; None if nothing is promised.

    With `hours` the clock stands still while they are closed.
    """
    left = box.answer_within_ms
    if left is None or hours is None:
        return None if left is None else left_at + left
    at = left_at
    for _ in range(ROUNDS):
        opens = at if hours.open_at(at) else hours.opens_after(at)
        if opens is None:
            return None
        closes = hours.closes_after(opens)
        if closes is None or opens + left <= closes:
            return opens + left
        left -= closes - opens
        at = closes
    return None
