"""Callbacks, customer first, on a real Asterisk: called while an agent is free, told who calls, and joined."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.siplab import rings_for_ever
from tests.asterisk.sounds import write_tone
from tests.asterisk.test_callbacks import CUSTOMER, a_callback, each_rang_once, hear_each_other, promised
from tests.asterisk.test_own_calls import outside
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

GREETING: Final = 2_600
"""Hz: nothing else here sounds like it."""


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """The demo's site, whose customers are called first, and greeted by a tone of ten seconds."""
    site = tmp_path / "site"
    for folder in ("dialplan", "ari_apps", "ivr", "acd", "recordings"):
        shutil.copytree(HOME / folder, site / folder)
    with (site / "acd" / "callbacks.toml").open("a") as callbacks:
        callbacks.write('first = "customer"\ngreeting = "hello"\n')
    with (site / "ivr" / "prompts.toml").open("a") as prompts:
        prompts.write('\n[hello]\nen = "hello"\nzh-CN = "你好"\n')
    for language in ("en", "zh-CN"):
        write_tone(site / "ivr" / "sounds" / language / "hello.wav", hz=GREETING, seconds=10)
    async with open_centre(
        local_node, database, tmp_path, audio=True, CCPLANE_LEASE_S="5", CCPLANE_SITE=str(site)
    ) as centre:
        yield centre


async def an_agent_is_ready(centre: Centre) -> None:
    centre.lab.phones.phone("1001").behaviour = rings_for_ever()
    await centre.register("1001")
    await centre.set_state("1001", "ready")


async def test_the_customer_is_called_greeted_and_joined_with_the_agent_whose_phone_rings_then(centre: Centre) -> None:
    before = await promised(centre)
    async with outside(centre, CUSTOMER) as world:
        await an_agent_is_ready(centre)
        customer = await world.phone(CUSTOMER).next_ring()
        await centre.agent_is("1001", "ready")
        customer.answer()
        ring = await centre.lab.phones.phone("1001").next_ring()
        await customer.audio.hears(GREETING)
        ring.answer()
        await hear_each_other(ring, customer)
        done = await a_callback(centre, state="done")
        assert (done["id"], done["tries"], done["agent"]) == (before["id"], 1, "1001")
        customer.hang_up()
        await ring.over()
        assert each_rang_once(centre)


async def test_a_customer_who_does_not_answer_costs_no_agent_anything_and_is_tried_again_later(centre: Centre) -> None:
    await promised(centre)
    async with outside(centre, CUSTOMER) as world:
        await an_agent_is_ready(centre)
        customer = await world.phone(CUSTOMER).next_ring()
        customer.reject(486)
        later = await a_callback(centre, state="pending")
        assert (later["tries"], later["why"]) == (1, "busy")
        assert later["next_at"] > later["asked_at"]
    await centre.agent_is("1001", "ready")
    assert centre.lab.record.rings == 1


async def test_a_plane_that_is_killed_while_the_customers_phone_rings_calls_them_once_and_joins_them(
    centre: Centre,
) -> None:
    before = await promised(centre)
    async with outside(centre, CUSTOMER) as world:
        await an_agent_is_ready(centre)
        customer = await world.phone(CUSTOMER).next_ring()
        await centre.kill()
        await centre.start()
        customer.answer()
        ring = await centre.lab.phones.phone("1001").next_ring()
        ring.answer()
        await hear_each_other(ring, customer)
        done = await a_callback(centre, state="done")
        assert (done["id"], done["tries"]) == (before["id"], 1)
        customer.hang_up()
        await ring.over()
        assert each_rang_once(centre), "one INVITE to the customer, one to the agent"


async def test_a_plane_that_is_killed_while_the_customer_hears_music_finds_them_and_serves_them(centre: Centre) -> None:
    await promised(centre)
    async with outside(centre, CUSTOMER) as world:
        await an_agent_is_ready(centre)
        customer = await world.phone(CUSTOMER).next_ring()
        customer.answer()
        phone = centre.lab.phones.phone("1001")
        first = await phone.next_ring()
        await customer.audio.hears(GREETING)
        await centre.kill()
        await centre.start()
        ring = first if not first.ended.done() else await phone.next_ring()
        ring.answer()
        await hear_each_other(ring, customer)
        done = await a_callback(centre, state="done")
        assert done["tries"] == 1
        customer.hang_up()
        await ring.over()
