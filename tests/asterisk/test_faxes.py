"""Faxes over a real Asterisk: two fax machines speak T.30 over SIP and RTP, and what is sent arrives as a PDF."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from tests.asterisk.fax_machine import RECEIVES, STATION, FaxMachine, dialplan, write_pages
from tests.centre import Centre, open_centre
from tests.ports import node_ports
from tests.stack import MakeNode

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

TAKES = """from ccplane import Call, FaxTaken, NoFax

async def main(call: Call) -> None:
    match await call.receive_fax("orders", longest_s=LONGEST):
        case FaxTaken(_, pages, station):
            await call.set_data("fax", f"{pages} from {station}")
        case NoFax(reason, pages):
            await call.set_data("no fax", f"{reason}, {pages}")
    await call.hold(2)
"""
SENDS = """from ccplane import Call, FaxSent, NoFax

async def main(call: Call) -> None:
    match await call.send_fax("prices"):
        case FaxSent(_, pages, station):
            await call.set_data("sent", f"{pages} to {station}")
        case NoFax(reason, pages):
            await call.set_data("not sent", f"{reason}, {pages}")
    await call.hold(2)
"""
FILES = {
    "acd/queues.toml": "[support]\nskills = { support = 1 }\n",
    "acd/agents.toml": "[demo]\nfrom = 1001\ncount = 2\nskills = { support = 5 }\n",
    "acd/site.toml": "",
    "ivr/numbers.toml": 'default = "takes"\n[4901]\nprogram = "takes"\n[4902]\nprogram = "takes_briefly"\n'
    '[4903]\nprogram = "sends"\n',
    "ivr/prompts.toml": '[which]\nen = "Which number?"\nzh-CN = "哪个号码？"\n',
    "ari_apps/sends.py": SENDS,
    "ari_apps/takes.py": TAKES.replace("LONGEST", "600"),
    "ari_apps/takes_briefly.py": TAKES.replace("LONGEST", "15"),
}


@pytest.fixture(scope="module")
def fax_node(make_node: MakeNode, tmp_path_factory: pytest.TempPathFactory) -> LocalNode:
    """A node that calls itself by its trunk."""
    ports = node_ports()
    plan = dialplan(tmp_path_factory.mktemp("plan") / "dialplan")
    return make_node(ports=ports, trunk=f"127.0.0.1:{ports.sip}", dialplan=plan)


@pytest.fixture
async def centre(fax_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    if not fax_node.running:
        await fax_node.start()
    site = tmp_path / "site"
    for name, text in FILES.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    (site / "ivr/faxes").mkdir()
    write_pages(site / "ivr/faxes/prices.tif", 2)
    async with open_centre(fax_node, database, tmp_path, CCPLANE_SITE=str(site), CCPLANE_LEASE_S="5") as centre:
        yield centre


@pytest.fixture
async def machine(centre: Centre) -> AsyncIterator[FaxMachine]:
    machine = FaxMachine(centre.node)
    yield machine
    await machine.close()


async def fact(centre: Centre, kind: str, within: float = 90) -> dict[str, Any]:
    """The first fact of this kind, once it is stored."""
    found: list[dict[str, Any]] = []

    async def is_there() -> bool:
        rows = await centre.rows("SELECT body::text FROM fact WHERE kind = $1 ORDER BY epoch, seq", kind)
        found[:] = [json.loads(row["body"]) for row in rows]
        return bool(found)

    await centre.until(is_there, within, lambda: f"{kind}; the plane says:\n{centre.log()[-2000:]}")
    return found[0]


async def said(centre: Centre, name: str, within: float = 90) -> str:
    """What the program has noted."""
    noted = await fact(centre, "DataSet", within)
    assert noted["name"] == name, noted
    return str(noted["value"])


async def nothing_left(centre: Centre, machine: FaxMachine) -> None:
    """No channel of ours, no file at the switch, and no word there."""

    async def is_empty() -> bool:
        return not await machine.channels()

    await centre.until(is_empty, 20, lambda: "no channel to be left")
    assert not list((centre.node.spool_dir / "recording" / "faxes").iterdir())
    assert "CCPLANE_FAX_" not in await centre.node.cli("dialplan show globals")


def pages_of(pdf: bytes) -> int:
    assert pdf.startswith(b"%PDF-")
    return len(re.findall(rb"/Type /Page\b", pdf))


async def test_a_fax_is_received_and_kept_as_a_pdf(centre: Centre, machine: FaxMachine) -> None:
    """Two pages; the program hears of them while the caller is still on the line, and the API gives them out."""
    await machine.calls("4901", "5550199", 2, stays=5)
    assert await said(centre, "fax") == f"2 from {STATION}"
    [fax] = (await centre.get("/api/v1/faxes"))["faxes"]
    assert (fax["caller"], fax["number_dialled"], fax["box"]) == ("5550199", "4901", "orders")
    assert (fax["pages"], fax["complete"], fax["station"], fax["read_at"]) == (2, True, STATION, None)
    pdf = await centre.api.get(f"/api/v1/faxes/{fax['id']}/pdf")
    assert (pdf.status_code, pdf.headers["content-type"], pages_of(pdf.content)) == (200, "application/pdf", 2)
    await fact(centre, "ContactEnded")
    await nothing_left(centre, machine)
    assert not await centre.repairs()
    assert (await centre.api.delete(f"/api/v1/faxes/{fax['id']}")).status_code == 204
    gone = await centre.api.get(f"/api/v1/faxes/{fax['id']}/pdf")
    assert (gone.status_code, gone.json()["code"]) == (404, "no-pages")


async def test_a_hang_up_in_the_middle_keeps_the_pages_that_have_come(centre: Centre, machine: FaxMachine) -> None:
    channel = await machine.calls("4901", "5550198", 3)
    await fact(centre, "FaxStarted")
    raw = centre.node.spool_dir / "recording" / "faxes"

    async def a_page_has_come() -> bool:
        return any(each.stat().st_size > 1_000 for each in raw.iterdir())

    await centre.until(a_page_has_come, 60, lambda: "a page")
    await machine.hangs_up(channel)
    stored = await fact(centre, "FaxStored", 20)
    assert (stored["complete"], stored["reason"], stored["caller"]) == (False, "hung-up", "5550198")
    assert 1 <= stored["pages"] < 3
    [fax] = (await centre.get("/api/v1/faxes"))["faxes"]
    assert fax["pages"] == stored["pages"]
    await nothing_left(centre, machine)


async def test_a_plane_that_is_killed_in_the_middle_finds_the_fax_whole(centre: Centre, machine: FaxMachine) -> None:
    """The machines speak on without it; the program goes on with what came of it."""
    await machine.calls("4901", "5550197", 2, stays=20)
    await fact(centre, "FaxStarted")
    await centre.kill()
    await centre.start()
    assert await said(centre, "fax") == f"2 from {STATION}"
    kinds = [row["kind"] for row in await centre.rows("SELECT kind FROM fact")]
    assert [kinds.count(each) for each in ("FaxStarted", "FaxOver", "FaxStored")] == [1, 1, 1]
    await fact(centre, "ContactEnded")
    await nothing_left(centre, machine)


async def test_a_plane_that_comes_back_when_all_is_over_has_the_fax_all_the_same(
    centre: Centre, machine: FaxMachine
) -> None:
    channel = await machine.calls("4901", "5550196", 1, stays=0)
    await fact(centre, "FaxStarted")
    await centre.kill()

    async def is_over() -> bool:
        return channel not in await machine.channels()

    await centre.until(is_over, 90, lambda: "the machine to be done")
    await centre.start()
    stored = await fact(centre, "FaxStored")
    assert (stored["pages"], stored["complete"], stored["station"]) == (1, True, STATION)
    await nothing_left(centre, machine)


async def test_whoever_is_no_fax_machine_is_told_so_to_the_program(centre: Centre, machine: FaxMachine) -> None:
    """Somebody who says nothing, and whose time is up after 15 s."""
    channel = await machine.calls("4902", "5550195", 0, says="voice")
    assert await said(centre, "no fax") == "too-long, 0"
    await fact(centre, "FaxFailed")
    await fact(centre, "ContactEnded")
    assert channel
    await nothing_left(centre, machine)


async def test_a_machine_that_hears_no_other_gives_up_by_itself(centre: Centre, machine: FaxMachine) -> None:
    """Somebody with a voice dialled the number, and stays: a minute is enough."""
    await machine.calls("4901", "5550194", 0, says="voice")
    assert await said(centre, "no fax", 140) == "no-fax-machine, 0"
    await fact(centre, "ContactEnded")
    await nothing_left(centre, machine)


async def test_a_fax_on_demand_is_sent_whole(centre: Centre, machine: FaxMachine) -> None:
    """Somebody calls from their machine, and starts it to receive."""
    await machine.calls("4903", "5550190", 2, says=RECEIVES, stays=10)
    assert await said(centre, "sent") == f"2 to {STATION}"
    assert machine.has(2) == 2
    await fact(centre, "ContactEnded")
    await nothing_left(centre, machine)
    assert (await centre.get("/api/v1/faxes"))["faxes"] == []
    assert not await centre.repairs()


async def test_a_fax_that_is_being_sent_goes_on_over_a_kill(centre: Centre, machine: FaxMachine) -> None:
    await machine.calls("4903", "5550189", 3, says=RECEIVES, stays=20)
    await fact(centre, "FaxStarted")
    await centre.kill()
    await centre.start()
    assert await said(centre, "sent") == f"2 to {STATION}"
    kinds = [row["kind"] for row in await centre.rows("SELECT kind FROM fact")]
    assert [kinds.count(each) for each in ("FaxStarted", "FaxOver", "FaxDelivered")] == [1, 1, 1]
    await fact(centre, "ContactEnded")
    await nothing_left(centre, machine)


async def test_who_is_sent_a_fax_and_hangs_up_has_not_got_it(centre: Centre, machine: FaxMachine) -> None:
    channel = await machine.calls("4903", "5550188", 4, says=RECEIVES)
    await fact(centre, "FaxStarted")
    await machine.hangs_up(channel)
    assert (await fact(centre, "FaxFailed", 20))["reason"] == "hung-up"
    await nothing_left(centre, machine)


@pytest.mark.skipif("CCPLANE_LONG_TESTS" not in os.environ, reason="two minutes long: CCPLANE_LONG_TESTS=1 runs it")
async def test_a_long_fax_is_not_taken_for_none(centre: Centre, machine: FaxMachine) -> None:
    """After a minute it is asked whether a page is coming, and one is."""
    await machine.calls("4901", "5550193", 30)
    await fact(centre, "FaxDoubted", 100)
    assert await said(centre, "fax", 300) == f"30 from {STATION}"
    await fact(centre, "ContactEnded")
    await nothing_left(centre, machine)
