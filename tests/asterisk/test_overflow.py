"""Callers whom a queue keeps no longer, at a real switch: another takes them over with their clock, or the program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.log.clock import ANCHOR, Anchor, boot_id, boottime
from ccplane.log.outbox import Outbox
from ccplane.testing.siplab import Call, answers
from tests.asterisk.test_reload import a_site, spoil
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return a_site(tmp_path)


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path, site: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True, start=False, CCPLANE_SITE=str(site)) as centre:
        yield centre


async def somebody_waits(centre: Centre, caller: str) -> Call:
    """In the queue `support`; its agents are there, and none is free."""
    await centre.start()
    await centre.set_state("1001", "paused", "lunch")
    call = centre.lab.callers.dial("4002", caller)
    await call.up()
    return call


def ms(written: str) -> int:
    return round(datetime.fromisoformat(written).timestamp() * 1000)


@pytest.mark.parametrize("killed", [False, True], ids=["whole", "killed in the second queue"])
async def test_who_waits_too_long_is_answered_in_another_queue_by_the_same_clock(
    centre: Centre, site: Path, killed: bool
) -> None:
    spoil(site, "acd/queues.toml", "[support]", '[support]\nlongest_wait = "2s"\noverflow = "sales"')
    call = await somebody_waits(centre, "651")
    await centre.waiting("sales", 1)
    if killed:
        await centre.kill()
        await centre.start()
        await centre.waiting("sales", 1)
    centre.lab.phones.phone("1001").behaviour = answers(hang_up_after=0.3)
    await centre.sign_in("1001")
    await call.over()
    contact = await centre.contact_of("651")
    first, second, _ = contact["segments"]
    assert [(each["queue"], each["outcome"]) for each in (first, second)] == [
        ("support", "overflowed"),
        ("sales", "answered"),
    ]
    assert 2_000 <= first["waited_ms"] == first["contact_waited_ms"] < 4_000, "by its deadline"
    assert ms(second["started_at"]) == ms(first["ended_at"]), "nobody is between two queues"
    assert second["contact_waited_ms"] == first["waited_ms"] + second["waited_ms"], "the clock went on"
    facts = [fact["type"] for fact in contact["facts"]]
    assert (facts.count("ContactQueued"), facts.count("ProgramFailed")) == (2, 0)


async def test_a_further_group_rings_at_once_for_who_waits_when_it_opens(centre: Centre, site: Path) -> None:
    text = (site / "acd/queues.toml").read_text().replace("skills   = { support = 1 }", "skills   = { support = 6 }")
    (site / "acd/queues.toml").write_text(
        f"{text}\n"
        '[[support.groups]]\nname = "anybody"\nskills = { support = 1 }\n'
        'open = { longest_wait = "2s" }\nclose = { longest_wait = "1s", after = "1s" }\n'
    )
    (site / "acd/agents.toml").write_text(
        (site / "acd/agents.toml").read_text() + "\n[1090]\nskills = { support = 9 }\n"
    )
    await centre.start()
    await centre.set_state("1090", "paused", "lunch")
    centre.lab.phones.phone("1001").behaviour = answers(hang_up_after=0.3)
    await centre.sign_in("1001")
    call = centre.lab.callers.dial("4002", "653")
    await call.over(within=30)
    contact = await centre.contact_of("653")
    (offer,) = contact["offers"]
    waited = ms(offer["made_at"]) - ms(contact["segments"][0]["started_at"])
    assert (offer["agent"], offer["state"]) == ("1001", "connected")
    assert 2_000 <= waited < 2_500, "at once"
    turned = await centre.rows("SELECT kind FROM fact WHERE kind IN ('GroupOpened', 'GroupClosed') ORDER BY epoch, seq")
    assert turned[0]["kind"] == "GroupOpened"

    async def is_closed() -> bool:
        return not (await centre.queue("support"))["groups"][0]["open"]

    await centre.until(is_closed)


async def test_at_closing_time_who_waits_is_told_also_when_the_plane_was_killed_before(
    centre: Centre, site: Path, tmp_path: Path
) -> None:
    """Closing time is hours away; then the plane's clock says that it is in seconds."""
    closing = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=3)
    opening = closing + timedelta(hours=1)
    (site / "ivr/hours.toml").write_text(f'[day]\nmon-sun = "{opening:%H:%M}-{closing:%H:%M}"\n')
    spoil(site, "acd/queues.toml", "[support]", '[support]\nhours = "day"\nat_closing = "program"')
    call = await somebody_waits(centre, "652")
    await centre.waiting("support", 1)
    await centre.kill()
    await set_clock(tmp_path, closing - timedelta(seconds=12))
    await centre.start()
    await call.over(within=60)
    contact = await centre.contact_of("652")
    (stay,) = contact["segments"]
    assert stay["outcome"] == "closed"
    late = ms(stay["ended_at"]) - round(closing.timestamp() * 1000)
    assert 0 <= late < 500, "by a deadline"
    results = [fact["result"]["type"] for fact in contact["facts"] if fact["type"] == "StepEnded"]
    assert "Closed" in results


async def set_clock(runtime: Path, to: datetime) -> None:
    """What the clock of a plane over this outbox will say it is now."""
    outbox = Outbox(runtime / "outbox.sqlite")
    outbox.open()
    anchor = Anchor(boot_id(), round(to.timestamp() * 1000), boottime())
    outbox.put_note(ANCHOR, msgspec.json.encode(anchor))
    await outbox.close()
