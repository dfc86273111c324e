"""Figures of the past, cut into intervals: what Postgres keeps and reports are made of.

What counts where. A stay in a queue counts, with its talk and wrap-up, in the interval in which it was entered: for the
site, for its queue, for each skill that the queue's first step asked for then, for the number that its contact dialled,
and, if it led to a talk, for the agent who talked and the team that they were in then. Its offers count in that
interval too: for site, queue, skill and number as the stay does, and for the agent to whom they were made and their
team. A callback counts where it was asked for, for site and queue; a survey where it was asked, for site and queue, and
for the agent talked with before it and their team. A contact (`brought`) counts where it arrived, for site and number.
Agents' state times are clipped at the interval's edges, for site, team and agent.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from ccplane.kpi.brought import Brought
from ccplane.kpi.counters import NOTHING, Counters
from ccplane.kpi.times import NO_TIME, Times


class Grain(StrEnum):
    """How long the kept intervals are. Hours and days are those of the site's clock: a day may have 23 or 25 hours."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"


class By(StrEnum):
    """What figures are grouped by."""

    SITE = "site"
    QUEUE = "queue"
    SKILL = "skill"
    NUMBER = "number"
    TEAM = "team"
    AGENT = "agent"


QUARTER_MS: Final = 900_000
WHOLE_SITE: Final = ""
"""The one name of By.SITE; of By.TEAM it is who is in none."""


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one interval [began_at, ends_at), ms UTC, and one group.

    `brought`, `times`: nothing in groups for which they are not counted. `provisional`: it may still change: something
    of it is not over, nobody watched for a while, or the interval itself is not over. `corrected_at`: when facts that
    came late changed it last, after it had settled; None: never.
    """

    began_at: int
    ends_at: int
    by: By
    name: str
    counters: Counters = NOTHING
    brought: Brought = Brought()
    times: Times = NO_TIME
    provisional: bool = False
    corrected_at: int | None = None
