"""What follows from a missed offer: how long the agent is left alone, and after how many in a row they are paused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from ccplane.contacts.facts import MissCause

NO_REST: Final = frozenset({MissCause.NO_ANSWER})
"""A phone that rang out has had its pause, unless a rule of its own says otherwise."""


class MissRule(msgspec.Struct, frozen=True):
    """What holds for one cause. None: what holds for all."""

    rest_ms: int | None = None
    limit: int | None = None
    """So many by this cause alone pause the agent, and none of them counts among the others."""


def rest_ms(rules: Mapping[MissCause, MissRule], cause: MissCause, usual_ms: int) -> int:
    """How long an agent is offered nothing after a miss by this cause."""
    rule = rules.get(cause)
    if rule is None or rule.rest_ms is None:
        return 0 if cause in NO_REST else usual_ms
    return rule.rest_ms


def too_many(
    rules: Mapping[MissCause, MissRule], missed: Mapping[str, int], cause: str, usual_limit: int
) -> tuple[int, bool]:
    """How many were missed in a row that count with this cause, the last included, and whether that pauses the agent.

    `missed`: how often by each cause since the last talk. Causes without a limit of their own count together.
    """
    limited = {each.value: rule.limit for each, rule in rules.items() if rule.limit is not None}
    limit = limited.get(cause)
    if limit is not None:
        count = missed.get(cause, 0)
        return count, count >= limit
    count = sum(times for each, times in missed.items() if each not in limited)
    return count, count >= usual_limit
