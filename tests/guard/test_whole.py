"""The guard as the process that it is, beside a plane with its own API: whom it carries, and what it tells of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ccplane.testing.siplab import answers, rings_for_ever
from tests.asterisk.test_fallback_agents import (  # noqa: F401
    are_members,
    centre,
    counted,
    dies,
    enters_the_queue,
    from_now_on,
    imported,
)
from tests.centre import TOKEN, Centre
from tests.guard.guarding import CARRIED, open_guard

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


def telling(centre: Centre) -> dict[str, str]:  # noqa: F811
    """The settings of a guard that ships this node's queue_log, from now on, to this plane."""
    runtime = centre.runtime / "guard"
    runtime.mkdir()
    from_now_on(centre, f"guard/guard-{centre.node.name}.json")
    return {
        "CCPLANE_GUARD_QUEUE_LOG": str(centre.node.log_dir / "queue_log"),
        "CCPLANE_GUARD_API": centre.url,
        "CCPLANE_ADMIN_TOKEN": TOKEN,
        "CCPLANE_NODE": centre.node.name,
        "CCPLANE_RUNTIME": str(runtime),
    }


async def test_whom_it_carries_agents_answer_and_back_again_ccplane_has_each_call_once_whenever_the_guard_dies(
    centre: Centre,  # noqa: F811
    tmp_path: Path,
) -> None:
    await centre.sign_in("1001")
    await are_members(centre, "support", "1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    settings = telling(centre)
    async with open_guard(centre.node, tmp_path, 5, **settings) as guard:
        talking = centre.lab.callers.dial("4002", "901")
        ring = await phone.next_ring()
        ring.answer()
        await centre.agent_is("1001", "talking")
        waited = centre.lab.callers.dial("4002", "902")
        await centre.until(lambda: waits_on_record(centre, "902"), what=lambda: "the wait of 902 to be on record")
        await dies(centre)
        await guard.says(CARRIED, within=30)
        await enters_the_queue(centre, "902")
        talking.hang_up()
        ring.hang_up()  # nobody is there who would do it for them
        await talking.over()
        ring = await phone.next_ring(within=20)
        assert ring.caller == "902"
        ring.answer()
        await asyncio.sleep(1.1)  # the log counts whole seconds
        waited.hang_up()
        await waited.over()
        fresh = centre.lab.callers.dial("4002", "903")
        ring = await phone.next_ring(within=20)
        assert ring.caller == "903"
        ring.answer()
        await fresh.up()
        await guard.says("could not be told to ccplane yet")
        guard.process.kill()
    async with open_guard(centre.node, tmp_path, 5, **settings) as guard:
        await centre.start()
        [carried] = await imported(centre, 1)
        fresh.hang_up()
        await fresh.over()
        found = await imported(centre, 2)
        assert [each["caller"] for each in found] == ["902", "903"]
        assert found[0]["id"] == carried["id"]
        assert await stays(centre, "902") == [("queue", "lost"), ("queue", "answered"), ("agent", None)]
        assert await stays(centre, "903") == [("queue", "answered"), ("agent", None)]
        (told,) = await centre.rows("SELECT count(*) AS n FROM fact WHERE kind = 'FallbackServed'")
        assert told["n"] == 2
        assert await counted(centre, "support") == (4, 3, 0)  # 902 twice: its first stay is lost
        assert guard.count(CARRIED) == 0


async def waits_on_record(centre: Centre, caller: str) -> bool:  # noqa: F811
    """Only what is on disk outlives a `kill -9`: the wallboard shows a wait some milliseconds earlier."""
    return bool(await centre.rows("SELECT FROM contact WHERE caller = $1 AND state = 'waiting'", caller))


async def stays(centre: Centre, caller: str) -> list[tuple[str, str | None]]:  # noqa: F811
    contact = await centre.contact_of(caller, within=20)
    return [(each["kind"], each["outcome"]) for each in contact["segments"]]


@pytest.mark.parametrize("pause", [1.5, 3.5])
async def test_whom_a_plane_that_is_back_rings_phones_for_the_guard_leaves_to_it(
    centre: Centre,  # noqa: F811
    tmp_path: Path,
    pause: float,
) -> None:
    """Callers wait and calls come all the while; it is back about when the term ends."""
    agents = ["1001", "1002"]
    await centre.sign_in(*agents)
    for agent in agents:
        centre.lab.phones.phone(agent).behaviour = answers(after=0.3)
    async with open_guard(centre.node, tmp_path, 5):
        calling = asyncio.create_task(calls_come(centre))
        await centre.until(lambda: many_wait(centre), within=30)
        await centre.kill()
        await asyncio.sleep(pause)
        await centre.start()
        before = await made(centre)
        await centre.until(lambda: more_made(centre, before + 4), within=60)
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        await centre.lab.callers.hang_up_all(within=10)
        await centre.until(lambda: all_ended(centre), within=30)
    cut = await centre.rows(
        "SELECT o.contact FROM fact o JOIN fact f ON f.contact = o.contact AND f.epoch = o.epoch "
        "WHERE o.kind = 'OfferMade' AND f.kind = 'ContactEnded' AND f.body ->> 'by' = 'fallback'"
    )
    assert cut == []


async def calls_come(centre: Centre) -> None:  # noqa: F811
    while True:
        centre.lab.callers.dial("4002", talk=1.0, patience=20)
        await asyncio.sleep(0.3)


async def many_wait(centre: Centre) -> bool:  # noqa: F811
    return bool((await centre.queue("support"))["waiting"] >= 10)


async def made(centre: Centre) -> int:  # noqa: F811
    (row,) = await centre.rows("SELECT count(*) AS n FROM fact WHERE kind = 'OfferMade'")
    return int(row["n"])


async def more_made(centre: Centre, count: int) -> bool:  # noqa: F811
    return await made(centre) >= count


async def all_ended(centre: Centre) -> bool:  # noqa: F811
    return not await centre.rows("SELECT FROM contact WHERE ended_at IS NULL")
