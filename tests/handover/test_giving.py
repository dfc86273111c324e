"""Whatever a successor says or does not say: the hand-over ends, the plane goes on, and it is said why."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ccplane.child import started
from ccplane.errors import RequestError
from ccplane.handover.giving import Giving, Stage
from ccplane.handover.line import VARIABLE

SAYS = f"""
import os, socket, sys, time
end = socket.socket(fileno=int(os.environ["{VARIABLE}"]))
for word in sys.argv[1:]:
    end.send(word.encode())
time.sleep(60)
"""


class Plane:
    """As much of a plane as is asked before the application is taken."""

    frozen = False

    def __init__(self) -> None:
        self.state = SimpleNamespace(draining=None, contacts={}, epoch=1)

    def save(self) -> None:
        raise ZeroDivisionError("a fault of ours")

    async def written(self) -> None:
        pass


def giving(runtime: Path, *command: str) -> Giving:
    plane: Any = Plane()
    nothing: Any = SimpleNamespace()
    return Giving(plane, nothing, nothing, runtime, lambda: "", command)


async def has_failed(giving: Giving) -> str:
    """Why. The successor is gone then, and another hand-over may be begun."""
    told = await giving.begin()
    async with asyncio.timeout(20):
        while giving.stage is not Stage.FAILED:
            await asyncio.sleep(0.01)
    assert told.successor is not None
    assert started(told.successor) is None
    assert not giving.under_way()
    return giving.why


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (['{"word": "failed", "told": {"why": "acd/queues.toml:4: unknown key."}}'], "acd/queues.toml:4: unknown key."),
        (['{"word": "ready"}'], "said 'ready' where 'prepared' was due"),
        (['{"word": 7}'], "said what is no word"),
        (["no json"], "said what is no word"),
        (['{"word": "prepared"}'], "a fault of ours"),
    ],
)
async def test_a_hand_over_in_which_something_goes_wrong_fails_and_says_why(
    tmp_path: Path, words: list[str], why: str
) -> None:
    assert why in await has_failed(giving(tmp_path, sys.executable, "-c", SAYS, *words))


async def test_a_successor_that_ends_by_itself_is_told_with_its_status(tmp_path: Path) -> None:
    why = await has_failed(giving(tmp_path, sys.executable, "-c", "raise SystemExit(7)"))
    assert why == "The other process has ended. It ended with status 7; its log says why."


async def test_one_that_cannot_be_started_is_refused_and_the_next_may_be_tried(tmp_path: Path) -> None:
    hand_over = giving(tmp_path, "/nowhere/ccplane")
    for _ in range(2):
        with pytest.raises(RequestError, match="cannot be started"):
            await hand_over.begin()
    assert not hand_over.under_way()
