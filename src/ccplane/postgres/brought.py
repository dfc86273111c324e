"""What the numbers that callers dial have brought, by number and by the advertisement that a number stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from ccplane.postgres.pool import Database
from ccplane.postgres.queries import query

MOST: Final = 500


class ByAttribution(msgspec.Struct, frozen=True, kw_only=True):
    """Contacts, each counted once. `attribution`: "" is none."""

    attribution: str
    arrived: int
    queued: int
    answered: int
    abandoned: int
    self_served: int


class ByNumber(ByAttribution, frozen=True, kw_only=True):
    """The same, of one number that was dialled."""

    number_dialled: str | None


class Brought(msgspec.Struct, frozen=True):
    """At most MOST of each, those that brought most first."""

    numbers: list[ByNumber]
    attributions: list[ByAttribution]


async def brought(database: Database, since: int, until: int) -> Brought:
    """Of contacts that arrived from outside in [since, until), ms UTC, as of one moment. StoreError: no Postgres."""
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        numbers = await connection.fetch(query("count_by_number"), since, until, MOST)
        attributions = await connection.fetch(query("count_by_attribution"), since, until, MOST)
    return Brought([ByNumber(**each) for each in numbers], [ByAttribution(**each) for each in attributions])


class Arrivals:
    """`surging.Arrivals`, over Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def arrivals(self, slots: Sequence[tuple[int, int]]) -> list[dict[str, int]]:
        """How many from outside called each number in each of these slots, [from, to) in ms UTC."""
        found: list[dict[str, int]] = [{} for _ in slots]
        async with self._database.connection() as connection:
            columns = [each[0] for each in slots], [each[1] for each in slots]
            for row in await connection.fetch(query("count_arrivals"), *columns):
                found[row["n"] - 1][row["number_dialled"]] = row["arrived"]
        return found
