"""What can't be done is tried less and less often, each thing by itself."""

from __future__ import annotations

import asyncio

from ccplane.put_off import PutOff
from ccplane.testing import run


def test_each_is_put_off_by_itself_and_for_longer_each_time():
    async def main() -> None:
        put_off = PutOff(first_s=10, longest_s=30)
        pauses = []
        for _ in range(4):
            put_off.put_off("a")
            assert not put_off.waits("b")
            pauses.append(await _waited(put_off, "a"))
        assert pauses == [10, 20, 30, 30]

    run(main())


def test_what_was_done_or_is_gone_begins_anew():
    async def main() -> None:
        put_off = PutOff(first_s=10, longest_s=30)
        for forget in (lambda: put_off.done("a"), lambda: put_off.only({"b"})):
            put_off.put_off("a")
            put_off.put_off("a")
            forget()
            assert not put_off.waits("a")
            put_off.put_off("a")
            assert await _waited(put_off, "a") == 10
            put_off.done("a")

    run(main())


async def _waited(put_off: PutOff, what: str) -> float:
    seconds = 0
    while put_off.waits(what):
        await asyncio.sleep(1)
        seconds += 1
    return seconds
