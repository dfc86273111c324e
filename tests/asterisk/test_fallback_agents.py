"""ccplane is gone, and its agents answer all the same; back again it knows of every call, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.guard.log_file import read_on
from ccplane.guard.queue_log import entry_of
from ccplane.guard.shipping import Api, Progress, Shipper
from ccplane.testing.siplab import open_lab, rings_for_ever
from tests.asterisk.queue_members import forget_members, members_of
from tests.asterisk.sounds import write_tone
from tests.centre import TOKEN, Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    await forget_members(local_node)
    async with open_centre(local_node, database, tmp_path, start=False) as centre:
        await centre.start()
        brief_prompts(centre)
        yield centre


def brief_prompts(centre: Centre) -> None:
    """What callers hear before they are asked for is not waited for here."""
    for name in ("apology", "leave-a-message"):
        write_tone(centre.node.sounds_dir / f"{name}.wav", hz=700, seconds=0.2)


async def are_members(centre: Centre, queue: str, *phones: str) -> None:
    async def is_so() -> bool:
        return await members_of(centre.node, queue) == set(phones)

    await centre.until(is_so, 10, lambda: f"{phones} to be the members of {queue}")


async def nobody_holds_the_application(centre: Centre) -> None:
    """A call that comes in the moment between ccplane's death and Asterisk's noticing still waits for ccplane."""

    async def is_so() -> bool:
        return "ccplane" not in await centre.node.cli("ari show websocket sessions")

    await centre.until(is_so, 5, lambda: "Asterisk to notice")


async def dies(centre: Centre) -> None:
    await centre.kill()
    await nobody_holds_the_application(centre)


def from_now_on(centre: Centre, name: str = "progress") -> Path:
    """The progress of a guard that has read the log so far; other tests have used this Asterisk too."""
    log = centre.node.log_dir / "queue_log"
    piece = read_on(log, Progress().place)
    while piece.lines or piece.more:
        piece = read_on(log, piece.after)
    file = centre.runtime / name
    file.write_bytes(msgspec.json.encode(Progress(piece.after)))
    return file


@asynccontextmanager
async def shipping(centre: Centre, progress: Path) -> AsyncIterator[None]:
    """A guard's shipping of this node's queue_log."""
    api = Api(centre.url, TOKEN, centre.node.name)
    shipper = Shipper(centre.node.log_dir / "queue_log", progress, api, look_s=0.05, again_s=0.1)
    running = asyncio.create_task(shipper.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def imported(centre: Centre, count: int) -> list[dict[str, Any]]:
    """The contacts of the fallback, by arrival, once there are so many."""
    found: list[dict[str, Any]] = []

    async def is_so() -> bool:
        found[:] = await centre.rows(
            "SELECT * FROM contact WHERE fallback ORDER BY arrived_at, id",
        )
        return len(found) >= count

    await centre.until(is_so, 20, lambda: f"{count} contacts of the fallback, not {len(found)}")
    return found


async def counted(centre: Centre, queue: str) -> tuple[int, int, int]:
    """Offered, answered, abandoned."""
    board = await centre.get("/api/v1/wallboard")
    row = next((each for each in board["queues"] if each["name"] == queue), None)
    return (row["offered"], row["answered"], row["abandoned"]) if row else (0, 0, 0)


async def test_members_follow_what_agents_want_and_where_they_sit(centre: Centre) -> None:
    await centre.sign_in("1001", "1002")
    await are_members(centre, "support", "1001", "1002")
    await are_members(centre, "sales", "1001", "1002")
    await are_members(centre, "ccplane", "1001", "1002")
    await centre.set_state("1002", "paused", "lunch")
    await are_members(centre, "ccplane", "1001")
    await centre.set_state("1002", "ready")
    await are_members(centre, "support", "1001", "1002")
    await centre.set_state("1002", "offline")
    await are_members(centre, "support", "1001")
    await centre.node.cli("queue remove member PJSIP/1001 from support")
    await centre.kill()
    await centre.start()
    await are_members(centre, "support", "1001")


async def test_a_waiting_callers_channel_says_where_they_wait_and_since_when(centre: Centre) -> None:
    await centre.sign_in("1001")
    await centre.set_state("1001", "paused")
    call = centre.lab.callers.dial("4002", "5551")
    await centre.waiting("support", 1)
    shown = await centre.node.cli("core show channels concise")
    name = shown.partition("!")[0]
    variables = await centre.node.cli(f"core show channel {name}")
    assert "CCPLANE_QUEUE=support" in variables, variables
    since = int(variables.partition("CCPLANE_SINCE=")[2].split()[0])
    now = (await centre.get("/api/v1/wallboard"))["at"]
    assert abs(since - _seconds(now)) < 5
    centre.lab.phones.phone("1001").behaviour = rings_for_ever()
    await centre.set_state("1001", "ready")
    ring = await centre.lab.phones.phone("1001").next_ring()
    ring.answer()
    await centre.agent_is("1001", "talking")

    async def told() -> bool:
        return "CCPLANE_QUEUE=\n" in await centre.node.cli(f"core show channel {name}")

    await centre.until(told, 5, lambda: "the queue to be taken back")
    call.hang_up()
    await call.over()


async def test_while_ccplane_is_dead_its_agents_answer_and_back_again_it_counts_every_call_once(
    centre: Centre,
) -> None:
    """Five calls while there is no ccplane: two answered, one of them to the menu's number; one given up; one to
    voicemail; and one that nobody could answer in time goes on while ccplane is back."""
    await centre.sign_in("1001")
    await are_members(centre, "support", "1001")
    await are_members(centre, "ccplane", "1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    progress = from_now_on(centre)
    again = from_now_on(centre, "again")
    await dies(centre)

    first = centre.lab.callers.dial("4002", "5551")
    ring = await phone.next_ring(within=20)
    assert ring.caller == "5551"
    ring.answer()
    await first.up()
    second = centre.lab.callers.dial("4002", "5552")  # waits behind the first, and gives up
    await enters_the_queue(centre, "5552")
    await asyncio.sleep(1.1)  # the log counts whole seconds
    second.hang_up()
    await second.over()
    first.hang_up()
    await first.over()

    third = centre.lab.callers.dial("4001", "5553")  # a menu's number: everybody
    ring = await phone.next_ring(within=20)
    ring.answer()
    await third.up()
    await asyncio.sleep(1.1)
    ring.hang_up()
    await third.over()

    await centre.node.cli("queue remove member PJSIP/1001 from sales")
    fourth = centre.lab.callers.dial("4003", "5554")  # nobody is there for them
    await fourth.up()
    await leaves_a_message(centre, "4003")
    fourth.hang_up()
    await fourth.over()

    fifth = centre.lab.callers.dial("4002", "5555")
    ring = await phone.next_ring(within=20)
    ring.answer()
    await enters_the_queue(centre, "5555")

    await centre.start()
    sixth = centre.lab.callers.dial("4002", "5556")  # ccplane has it
    await centre.waiting("support", 1)
    assert len(phone.calls) == 1  # the agent is on a call of the fallback: they are offered nothing
    await centre.agent_is("1001", "own-call")
    async with shipping(centre, progress):
        await imported(centre, 4)
        assert not fifth.ended.done()
        ring.hang_up()
        await fifth.over()
        ring = await phone.next_ring(within=10)  # free now
        assert ring.caller == "5556"
        ring.answer()
        await centre.agent_is("1001", "talking")
        sixth.hang_up()
        await sixth.over()
        found = await imported(centre, 5)
        await whole(centre, found)
    async with shipping(centre, again):  # a guard that has lost what it knew since then tells of all again
        await centre.until(lambda: _all_is_told(centre, again), 10)
        await whole(centre, await imported(centre, 5))


async def whole(centre: Centre, found: list[dict[str, Any]]) -> None:
    """What the report says is what the phones saw."""
    assert [each["caller"] for each in found] == ["5551", "5552", "5553", "5554", "5555"]
    by_caller = {each["caller"]: await centre.get(f"/api/v1/contacts/{each['id']}") for each in found}
    assert all(each["fallback"] and each["ended_at"] for each in by_caller.values())
    stays = {
        caller: [(each["kind"], each["queue"], each["outcome"], each["agent"]) for each in contact["segments"]]
        for caller, contact in by_caller.items()
    }
    assert stays == {
        "5551": [("queue", "support", "answered", None), ("agent", "support", None, "1001")],
        "5552": [("queue", "support", "abandoned", None)],
        "5553": [("queue", "ccplane", "answered", None), ("agent", "ccplane", None, "1001")],
        "5554": [],
        "5555": [("queue", "support", "answered", None), ("agent", "support", None, "1001")],
    }
    assert [by_caller[each]["segments"][1]["ended_by"] for each in ("5551", "5553", "5555")] == [
        "caller",
        "agent",
        "agent",
    ]
    assert by_caller["5552"]["segments"][0]["waited_ms"] >= 1000
    for caller in by_caller:
        served = [each for each in by_caller[caller]["facts"] if each["type"] == "FallbackServed"]
        assert len(served) == (caller != "5554")
    assert await counted(centre, "support") == (4, 3, 1)  # and the sixth, ccplane's own
    assert await counted(centre, "ccplane") == (1, 1, 0)
    assert await counted(centre, "sales") == (0, 0, 0)
    page = await centre.get("/api/v1/contacts")
    assert sorted(each["caller"] for each in page["contacts"]) == ["5551", "5552", "5553", "5554", "5555", "5556"]


async def _all_is_told(centre: Centre, progress: Path) -> bool:
    known = msgspec.json.decode(progress.read_bytes(), type=Progress)
    return known.place.offset == (centre.node.log_dir / "queue_log").stat().st_size and not known.untold


async def enters_the_queue(centre: Centre, caller: str) -> None:
    async def is_so() -> bool:
        return f"ENTERQUEUE||{caller}|" in (centre.node.log_dir / "queue_log").read_text()

    await centre.until(is_so, 20, lambda: f"{caller} to enter a queue")


async def leaves_a_message(centre: Centre, number: str) -> None:
    async def is_so() -> bool:
        return any((centre.node.spool_dir / "recording" / "fallback").glob(f"{number}-*.wav"))

    await centre.until(is_so, 20, lambda: "a message to be recorded")


async def test_an_agent_whom_the_fallback_rings_when_ccplane_comes_back_is_offered_nothing(centre: Centre) -> None:
    await centre.sign_in("1001")
    await are_members(centre, "support", "1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    await dies(centre)
    first = centre.lab.callers.dial("4002", "5551")
    ring = await phone.next_ring(within=20)
    await centre.start()
    second = centre.lab.callers.dial("4002", "5552")
    await centre.waiting("support", 1)
    assert [each.caller for each in phone.calls] == ["5551"]
    ring.answer()
    await first.up()
    await centre.agent_is("1001", "own-call")
    assert [each.caller for each in phone.calls] == ["5551"]
    first.hang_up()
    await first.over()
    ring = await phone.next_ring(within=10)
    assert ring.caller == "5552"
    ring.answer()
    await centre.agent_is("1001", "talking")
    second.hang_up()
    await second.over()
    assert centre.lab.record.double_booked == 0


async def test_a_waiting_caller_who_is_carried_is_one_contact_with_a_lost_stay_and_what_came_of_it(
    centre: Centre,
) -> None:
    """They are asked for in the queue in which they waited, though they had dialled a menu's number."""
    await centre.sign_in("1001")
    await are_members(centre, "support", "1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    busy = centre.lab.callers.dial("4002", "5551")
    ring = await phone.next_ring()
    ring.answer()
    await centre.agent_is("1001", "talking")
    call = centre.lab.callers.dial("4002", "5552")
    await centre.waiting("support", 1)
    progress = from_now_on(centre)
    rows: list[dict[str, Any]] = []

    async def shipped() -> bool:
        rows[:] = await centre.rows("SELECT id, channel FROM contact WHERE caller = '5552' AND state = 'waiting'")
        return bool(rows)

    await centre.until(shipped)
    [contact] = rows
    shown = await centre.node.cli("core show channels concise")
    name = next(each.partition("!")[0] for each in shown.splitlines() if each.endswith(contact["channel"]))
    await dies(centre)
    await centre.node.cli(f"channel redirect {name} ccplane-fallback,4001,1")
    await enters_the_queue(centre, "5552")
    busy.hang_up()
    ring.hang_up()  # nobody is there who would do it for them
    await busy.over()
    ring = await phone.next_ring(within=10)
    assert ring.caller == "5552"
    ring.answer()
    await asyncio.sleep(1.1)
    await centre.start()
    async with shipping(centre, progress):
        ring.hang_up()
        await call.over()

        async def told_of() -> bool:
            return bool(await centre.rows("SELECT FROM fact WHERE kind = 'FallbackServed'"))

        await centre.until(told_of, 20, lambda: "the guard to tell of it")
    [found] = await imported(centre, 1)
    assert found["id"] == contact["id"]
    told = await centre.get(f"/api/v1/contacts/{contact['id']}")
    assert [(each["kind"], each["queue"], each["outcome"]) for each in told["segments"]] == [
        ("queue", "support", "lost"),
        ("queue", "support", "answered"),
        ("agent", "support", None),
    ]
    assert [fact["type"] for fact in told["facts"]].count("ContactArrived") == 1
    assert await counted(centre, "support") == (3, 2, 0)  # the busy one's, and both stays of this one


async def test_members_and_numbers_outlive_a_restart_of_asterisk_while_ccplane_is_away(centre: Centre) -> None:
    node, phone = centre.node, centre.lab.phones.phone("1001")
    await centre.sign_in("1001")
    await are_members(centre, "support", "1001")
    await dies(centre)
    await node.restart()
    await phone.register(phone.secret)

    async def asked() -> bool:
        """Before its first answer to a qualify a phone is taken for one that is not there."""
        return "(Not in use)" in await node.cli("queue show support")

    await centre.until(asked)
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4002", "5551")
    ring = await phone.next_ring(within=20)
    assert (node.log_dir / "queue_log").read_text().count("|support|NONE|ENTERQUEUE||5551|")
    ring.answer()
    await call.up()
    call.hang_up()
    await call.over()


@pytest.mark.parametrize("number", ["555|x|ABANDON|1|1|9", "1%0A2|u|support|1001|CONNECT|1|x|1", "${SHELL(id)}"])
async def test_whatever_the_caller_calls_himself_he_writes_no_line_of_the_log(
    local_node: LocalNode, number: str
) -> None:
    async with open_lab(("127.0.0.1", local_node.sip_port)) as lab:
        log = local_node.log_dir / "queue_log"
        before = len(log.read_text()) if log.exists() else 0
        digits = "".join(each for each in number if each in "0123456789+")
        call = lab.callers.dial("4003", number)
        await call.up()
        async with asyncio.timeout(20):
            while f"|CCPLANEBEGIN|4003|{digits}\n" not in log.read_text()[before:]:
                await asyncio.sleep(0.02)
        call.hang_up()
        await call.over()
        entries = [entry_of(line) for line in log.read_text()[before:].splitlines()]
        [begin] = [each for each in entries if each and each.verb == "CCPLANEBEGIN"]
        assert begin.data == ("4003", digits)
        assert all(each and len(each.data) < 4 for each in entries), "nothing in it is a caller's own words"


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()
