"""A live plane beside a real Asterisk is edited by its API: whoever waits is served at once, and a restart keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.siplab import answers
from ccplane.testing.siplab.call import Call
from tests.asterisk.test_reload import a_site
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

SKILLS = "acd/queues.toml: support.skills"


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    site = a_site(tmp_path)
    async with open_centre(local_node, database, tmp_path, CCPLANE_SITE=str(site)) as centre:
        yield centre


async def edited(centre: Centre, **body: object) -> None:
    answer = await centre.api.put("/api/v1/overlays", json=body, timeout=30)
    assert answer.status_code == 200, answer.text


async def a_caller_waits(centre: Centre, caller: str = "601") -> Call:
    """For somebody better than the agent who is ready: 1002, who is paused, could serve them."""
    answer = await centre.api.patch("/api/v1/agents/1002", json={"skills": {"support": 9}})
    assert answer.status_code == 200, answer.text
    await edited(centre, edits=[{"path": SKILLS, "value": {"support": 9}}], by="Lea")
    await centre.set_state("1002", "paused", "lunch")
    await centre.sign_in("1001")
    centre.lab.phones.behave(answers(0.02), ["1001"])
    call = centre.lab.callers.dial("4002", caller)
    await call.up()
    await centre.waiting("support", 1)
    return call


async def served_by(centre: Centre, caller: str, agent: str) -> list[str]:
    """The kinds of the contact's facts, once it has ended."""
    contact = await centre.contact_of(caller)
    assert [each["agent"] for each in contact["offers"] if each["answered_at"]] == [agent]
    return [fact["type"] for fact in contact["facts"]]


async def live(centre: Centre, caller: str) -> str:
    """The contact of this caller, who has not hung up, once Postgres has it."""
    found: list[str] = []

    async def is_there() -> bool:
        found[:] = [row["id"] for row in await centre.rows("SELECT id FROM contact WHERE caller = $1", caller)]
        return bool(found)

    await centre.until(is_there, 20, lambda: f"the contact of {caller} in Postgres")
    return found[0]


async def test_a_caller_who_waits_is_served_at_once_when_the_queue_asks_for_less(centre: Centre) -> None:
    call = await a_caller_waits(centre)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await edited(centre, edits=[{"path": SKILLS, "value": {"support": 1}}], by="Lea")
    await centre.agent_is("1001", "talking", within=10)
    took = loop.time() - began
    call.hang_up()
    facts = await served_by(centre, "601", "1001")
    assert (facts.count("ContactQueued"), facts.count("OfferMade")) == (1, 1)
    [told] = await centre.rows("SELECT body FROM fact WHERE kind = 'SiteEdited' ORDER BY epoch DESC, seq DESC LIMIT 1")
    assert '"by":"Lea"' in told["body"].replace(" ", "")
    assert took < 5.0


async def test_a_caller_who_waits_is_served_at_once_when_an_agent_can_do_more(centre: Centre) -> None:
    call = await a_caller_waits(centre)
    answer = await centre.api.patch("/api/v1/agents/1001", json={"skills": {"support": 10}, "by": "Lea"})
    assert answer.status_code == 200, answer.text
    await centre.agent_is("1001", "talking", within=10)
    call.hang_up()
    await served_by(centre, "601", "1001")


async def test_a_caller_who_waits_is_served_at_once_in_another_queue(centre: Centre) -> None:
    call = await a_caller_waits(centre)
    contact_id = await live(centre, "601")
    answer = await centre.api.patch(f"/api/v1/contacts/{contact_id}", json={"queue": "anyone", "by": "Lea"})
    assert answer.status_code == 200, answer.text
    await centre.agent_is("1001", "talking", within=10)
    call.hang_up()
    facts = await served_by(centre, "601", "1001")
    assert (facts.count("ContactRedirected"), facts.count("ContactQueued")) == (1, 2)


async def test_a_crash_costs_no_edit_and_who_waits_goes_on_waiting_under_it_until_it_is_lifted(centre: Centre) -> None:
    call = await a_caller_waits(centre)
    before = (await centre.get("/api/v1/overlays"))["overlays"]
    await centre.kill()
    await centre.start()
    assert (await centre.get("/api/v1/overlays"))["overlays"] == before
    await centre.waiting("support", 1)
    await centre.agent_is("1001", "ready")
    status, said = await centre.command("diff")
    assert (status, SKILLS in said, "by Lea since" in said) == (0, True, True), said
    lifted = await centre.api.delete("/api/v1/overlays", params={"path": SKILLS, "by": "Lea"})
    assert lifted.status_code == 200, lifted.text
    await centre.agent_is("1001", "talking", within=10)
    call.hang_up()
    assert (await served_by(centre, "601", "1001")).count("ContactQueued") == 1


async def test_a_hand_over_keeps_every_edit_also_one_of_a_moment_ago(centre: Centre) -> None:
    call = await a_caller_waits(centre)
    await edited(centre, edits=[{"path": "acd/queues.toml: support.weight", "value": "7s"}], by="Lea")
    before = (await centre.get("/api/v1/overlays"))["overlays"]
    await centre.hand_over()
    await centre.whole()
    assert (await centre.get("/api/v1/overlays"))["overlays"] == before
    await centre.waiting("support", 1)
    assert (await centre.get("/readyz"))["parts"]["site"]["ok"]
    await edited(centre, edits=[{"path": SKILLS, "value": {"support": 1}}], by="Lea")
    await centre.agent_is("1001", "talking", within=10)
    call.hang_up()
    assert (await served_by(centre, "601", "1001")).count("ContactQueued") == 1


async def test_an_edit_that_the_folder_has_no_place_for_any_more_stops_a_reload_and_no_restart(
    centre: Centre, tmp_path: Path
) -> None:
    call = await a_caller_waits(centre)
    queues = tmp_path / "site" / "acd" / "queues.toml"
    text = queues.read_text()
    queues.write_text(text.replace("[support]", "[helpdesk]"))
    refused = await centre.api.post("/api/v1/site/reload", timeout=30)
    assert (refused.status_code, refused.json()["code"]) == (422, "site-faults")
    await centre.kill()
    await centre.start()
    await centre.waiting("support", 1)
    assert not (await centre.get("/readyz"))["parts"]["site"]["ok"]
    queues.write_text(text)
    told = await centre.api.post("/api/v1/site/reload", timeout=30)
    assert told.status_code == 200, told.text
    assert (await centre.get("/readyz"))["parts"]["site"]["ok"]
    await edited(centre, edits=[{"path": SKILLS, "value": {"support": 1}}], by="Lea")
    await centre.agent_is("1001", "talking", within=10)
    call.hang_up()
    await served_by(centre, "601", "1001")
