"""Keeps figures of the past up to date, beside the calls: each minute what has changed is counted anew in Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from ccplane.errors import StoreError

EVERY_S: Final = 60.0
log = structlog.get_logger()


class Counted(Protocol):
    async def count(self, now: int) -> int:
        """Bring them up to date; how many quarters of an hour were counted. StoreError without Postgres."""


async def keep_counted(figures: Counted, now: Callable[[], int], every_s: float = EVERY_S) -> None:
    """For ever. What can't be counted now is counted the next time: the marks stay."""
    away = ""
    while True:
        try:
            await figures.count(now())
            away = ""
        except StoreError as error:
            if not away:
                log.warning("figures of the past are not counted; trying again each minute", error=error.sentence)
            away = error.sentence
        except Exception:  # it is beside the calls: nothing of it may end the plane
            log.exception("figures of the past could not be counted")
        await asyncio.sleep(every_s)
