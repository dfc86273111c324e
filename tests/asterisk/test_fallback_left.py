"""ccplane is back while callers are left in app_queue: nobody's phone is rung by both, and who came first is first."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.siplab import rings_for_ever
from tests.asterisk.queue_members import forget_members
from tests.asterisk.sounds import write_tone
from tests.asterisk.test_fallback_agents import are_members, brief_prompts, dies, enters_the_queue
from tests.centre import Centre, open_centre
from tests.proxy import open_proxy

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

AGENTS = """
[1001]
name = "Ana"
skills = { support = 5 }

[1002]
name = "Ben"
skills = { sales = 5 }

[1003]
name = "Cem"
skills = { support = 5 }
"""


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with of_three(local_node, database, tmp_path) as centre:
        yield centre


@asynccontextmanager
async def of_three(local_node: LocalNode, database: str, tmp_path: Path, **settings: str) -> AsyncIterator[Centre]:
    """Ana and Cem serve support alone, Ben sales."""
    await forget_members(local_node)
    site = tmp_path / "site"
    for folder in ("acd", "ivr", "ari_apps", "recordings"):
        shutil.copytree(HOME / folder, site / folder)
    (site / "acd" / "agents.toml").write_text(AGENTS)
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    async with open_centre(local_node, database, runtime, start=False, CCPLANE_SITE=str(site), **settings) as centre:
        await centre.start()
        brief_prompts(centre)
        yield centre


async def test_whoever_is_left_is_served_before_a_newcomer_and_no_phone_rings_twice(centre: Centre) -> None:
    await centre.sign_in("1001", "1002")
    await are_members(centre, "support", "1001")
    await are_members(centre, "sales", "1002")
    ana, ben = centre.lab.phones.phone("1001"), centre.lab.phones.phone("1002")
    ana.behaviour = ben.behaviour = rings_for_ever()
    await dies(centre)
    first = centre.lab.callers.dial("4002", "5571")
    ring = await ana.next_ring(within=20)
    ring.answer()
    await first.up()
    left = centre.lab.callers.dial("4002", "5572")
    await enters_the_queue(centre, "5572")

    await centre.start()
    await centre.agent_is("1001", "own-call")
    newcomer = centre.lab.callers.dial("4002", "5573")
    await centre.waiting("support", 1)
    assert (await centre.get("/api/v1/agents/1001"))["fallback_first"]
    other = centre.lab.callers.dial("4003", "5574")
    rings_ben = await ben.next_ring(within=5)  # no member of that queue: at once
    assert rings_ben.caller == "5574"
    rings_ben.answer()
    ring.hang_up()
    await first.over()
    ring = await ana.next_ring(within=10)
    assert [each.caller for each in ana.calls] == ["5572"]
    ring.answer()
    await left.up()
    await centre.agent_is("1001", "own-call")
    left.hang_up()
    await left.over()
    ring = await ana.next_ring(within=5)  # by an event, not by the next survey
    assert ring.caller == "5573"
    assert not (await centre.get("/api/v1/agents/1001"))["fallback_first"]
    ring.answer()
    await centre.agent_is("1001", "talking")
    for call in (newcomer, other):
        call.hang_up()
        await call.over()
    assert centre.lab.record.double_booked == 0


async def test_whoever_hears_the_apology_when_ccplane_is_back_comes_first_too(centre: Centre) -> None:
    """They begin to wait while we route: app_queue and we would ring the same phone."""
    await centre.sign_in("1001")
    await are_members(centre, "support", "1001")
    ana = centre.lab.phones.phone("1001")
    ana.behaviour = rings_for_ever()
    await dies(centre)
    first = centre.lab.callers.dial("4002", "5571")
    ring = await ana.next_ring(within=20)
    await centre.start()
    callers = []
    for number in ("5572", "5573", "5574"):  # straight to the apology, as if ccplane were still away
        callers.append(centre.lab.callers.dial("4002", number))
        await centre.waiting("support", len(callers))
    shown = await centre.node.cli("core show channels concise")
    last = next(each.partition("!")[0] for each in shown.splitlines() if "!5574!" in each)
    await centre.node.cli(f"channel redirect {last} ccplane-fallback,4002,1")
    await enters_the_queue(centre, "5574")
    metrics = (await centre.api.get("/metrics")).text
    for event in ("UserEvent", "QueueCallerJoin"):  # what the AMI account's filters must let through
        assert f'ccplane_ami_events_total{{name="{event}"}}' in metrics, event
    first.hang_up()
    await first.over()
    ring = await ana.next_ring(within=10)
    assert ring.caller == "5574"
    callers[2].hang_up()
    await callers[2].over()
    for number, call in zip(("5572", "5573"), callers[:2], strict=True):
        ring = await ana.next_ring(within=5)
        assert ring.caller == number
        ring.answer()
        await centre.agent_is("1001", "talking")
        call.hang_up()
        await call.over()
    assert centre.lab.record.double_booked == 0


async def test_whoever_talks_in_the_fallback_holds_up_nobody(centre: Centre) -> None:
    """A survey tells who waits in app_queue from who talks there."""
    await centre.sign_in("1001")
    await are_members(centre, "support", "1001")
    ana, cem = centre.lab.phones.phone("1001"), centre.lab.phones.phone("1003")
    ana.behaviour = cem.behaviour = rings_for_ever()
    await dies(centre)
    first = centre.lab.callers.dial("4002", "5571")
    ring = await ana.next_ring(within=20)
    ring.answer()
    await first.up()
    await centre.start()
    await centre.sign_in("1003")
    assert not (await centre.get("/api/v1/agents/1003"))["fallback_first"]
    call = centre.lab.callers.dial("4002", "5572")
    assert (await cem.next_ring(within=5)).caller == "5572"
    for each in (first, call):
        each.hang_up()
        await each.over()


async def test_without_ami_whoever_hears_the_apology_comes_first_all_the_same(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    """Nobody tells that they are about to wait, nor that a phone is rung for them: the lists show it."""
    async with (
        open_proxy(local_node.ami_port) as ami,
        of_three(local_node, database, tmp_path, CCPLANE_AMI_PORT=str(ami.port)) as centre,
    ):
        await centre.sign_in("1001")
        await are_members(centre, "support", "1001")
        ana = centre.lab.phones.phone("1001")
        ana.behaviour = rings_for_ever()
        await dies(centre)
        write_tone(centre.node.sounds_dir / "apology.wav", hz=700, seconds=90)
        left = centre.lab.callers.dial("4002", "5571")
        await left.up()
        ami.cut()
        await centre.start()
        newcomer = centre.lab.callers.dial("4002", "5572")
        await centre.waiting("support", 1)
        assert (await centre.get("/api/v1/agents/1001"))["fallback_first"]
        assert ana.calls == []
        shown = await centre.node.cli("core show channels concise")
        channel = next(each.partition("!")[0] for each in shown.splitlines() if "!5571!" in each)
        await centre.node.cli(f"channel redirect {channel} ccplane-fallback,4002,agents")  # the apology's end
        ring = await ana.next_ring(within=10)
        assert ring.caller == "5571"
        ring.answer()
        await centre.agent_is("1001", "own-call")
        assert not (await centre.get("/api/v1/agents/1001"))["fallback_first"], "nobody waits there any more"
        left.hang_up()
        await left.over()
        ami.mend()
        ring = await ana.next_ring(within=20)
        assert ring.caller == "5572"
        ring.answer()
        await centre.agent_is("1001", "talking")
        newcomer.hang_up()
        await newcomer.over()
        assert centre.lab.record.double_booked == 0
