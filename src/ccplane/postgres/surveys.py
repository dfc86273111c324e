"""What callers answered when they were asked after their talk: counted by queue and by agent."""

from __future__ import annotations

from typing import Final

import msgspec

from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

MOST: Final = 500


class SurveysWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Those asked in [since, until), ms UTC. What is None is not asked for."""

    since: int
    until: int
    queue: str | None = None
    agent: str | None = None
    survey: str | None = None


class SurveyCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Counters; the rates are made of them. `name`: the queue or agent; None of all, and where there was no talk."""

    name: str | None = None
    asked: int = 0
    rated: int = 0
    partly: int = 0
    satisfaction_rated: int = 0
    satisfaction_top: int = 0
    nps_rated: int = 0
    nps_promoters: int = 0
    nps_detractors: int = 0


class Surveys(msgspec.Struct, frozen=True):
    """All together, and by queue and by agent: at most MOST of each, the most asked first."""

    total: SurveyCounts
    queues: list[SurveyCounts]
    agents: list[SurveyCounts]


async def surveys(database: Database, wanted: SurveysWanted) -> Surveys:
    """As of one moment. StoreError if Postgres can't be asked."""
    asked = msgspec.structs.astuple(wanted)
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        total, queues, agents = [
            [SurveyCounts(**row) for row in await connection.fetch(query("count_surveys"), *asked, by, MOST)]
            for by in ("all", "queue", "agent")
        ]
    return Surveys(total[0] if total else SurveyCounts(), queues, agents)
