"""Time for tests does what it says."""

from __future__ import annotations

import asyncio
import time

import pytest

from ccplane.testing.clock import START, FakeClock, run


def test_a_fake_clock_stands_still_until_it_is_told():
    clock = FakeClock()
    assert clock.now() == START
    assert clock.advance(1500) == START + 1500
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_a_day_passes_in_milliseconds():
    async def sleeper() -> float:
        await asyncio.sleep(86_400)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert run(sleeper()) == pytest.approx(86_400)
    assert time.monotonic() - began < 10


def test_timers_fire_in_their_order_whatever_their_distance():
    async def main() -> list[str]:
        seen: list[str] = []

        async def later(delay: float, name: str) -> None:
            await asyncio.sleep(delay)
            seen.append(name)

        await asyncio.gather(later(3600, "hour"), later(0.001, "soon"), later(59, "minute"), later(0, "now"))
        return seen

    assert run(main()) == ["now", "soon", "minute", "hour"]


def test_a_clock_on_the_loop_runs_with_it():
    async def main() -> int:
        clock = FakeClock(monotonic=asyncio.get_running_loop().time)
        await asyncio.sleep(7200.0005)
        return clock.now() - START

    assert run(main()) == 7_200_000


def test_a_timeout_is_a_timeout():
    async def main() -> None:
        async with asyncio.timeout(1800):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run(main())


def test_time_waits_for_a_thread():
    async def main() -> float:
        loop = asyncio.get_running_loop()
        timer = asyncio.create_task(asyncio.sleep(100))
        await asyncio.to_thread(time.sleep, 0.05)
        seen = loop.time()
        timer.cancel()
        return seen

    assert run(main()) == 0


def test_a_test_that_can_never_end_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ccplane.testing.clock.STUCK_AFTER", 0.05)
    with pytest.raises(RuntimeError, match="nothing will ever happen"):
        run(asyncio.wait_for(asyncio.Event().wait(), None))
