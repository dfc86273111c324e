"""Keys on a real Asterisk: by RFC 4733 and by SIP INFO, held long, told twice, and far too many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.contacts.verbs import KEYS
from tests.centre import Centre, open_centre
from tests.strangers import keys_by_info, sipp

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

ASKS = """from ccplane import Call, Pressed

async def main(call: Call) -> None:
    await call.answer()
    keys = await call.gather("which", longest=3 if call.number.attribution else 16, timeout_s=20, between_s=10)
    await call.set_data("keys", keys.keys if isinstance(keys, Pressed) else "")
    await call.hang_up()
"""
FILES = {
    "acd/queues.toml": "[support]\nskills = { support = 1 }\n",
    "acd/agents.toml": "[demo]\nfrom = 1001\ncount = 2\nskills = { support = 5 }\n",
    "acd/site.toml": "",
    "ivr/numbers.toml": 'default = "asks"\n[4001]\nprogram = "menu"\n[4002]\nprogram = "asks"\n'
    '[4003]\nprogram = "asks"\nattribution = "three keys"\n',
    "ivr/prompts.toml": '[which]\nen = "Which number do you want to tell us?"\n[not-there]\nen = "Not there."\n',
    "ivr/main.toml": 'prompt = "which"\ninvalid = "not-there"\nno_input = "1"\n[keys]\n1 = { queue = "support" }\n',
    "ari_apps/asks.py": ASKS,
    "ari_apps/menu.py": "from ccplane import Call\n\nasync def main(call: Call) -> None:\n"
    '    await call.menu("main")\n    await call.play("which", "which", "which")\n    await call.hang_up()\n',
}


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    site = tmp_path / "site"
    for path, text in FILES.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(site)) as centre:
        yield centre


async def entered(centre: Centre, caller: str) -> str:
    """What the program was given; the contact has ended."""
    contact = await centre.contact_of(caller, within=30)
    (told,) = [fact["value"] for fact in contact["facts"] if fact["type"] == "DataSet"]
    return told


async def test_each_key_of_a_dialler_that_presses_ten_a_second_counts_once(centre: Centre):
    """Asterisk tells of most of them twice."""
    call = centre.lab.callers.dial("4002", "404")
    await call.up()
    await call.audio.press(KEYS, held=2, gap=1)
    await call.over()
    assert await entered(centre, "404") == KEYS


async def test_every_key_there_is_arrives_by_rfc_4733(centre: Centre):
    call = centre.lab.callers.dial("4002", "401")
    await call.up()
    await call.audio.press(KEYS)
    await call.over()
    assert await entered(centre, "401") == KEYS


@pytest.mark.parametrize("plain", [False, True], ids=["dtmf-relay", "dtmf"])
async def test_every_key_there_is_arrives_by_info(centre: Centre, tmp_path: Path, plain: bool):
    (tmp_path / "stranger").mkdir()
    caller = await sipp(tmp_path / "stranger", centre.node.sip_port, "4002", "402", keys_by_info(KEYS, plain))
    try:
        _, errors = await asyncio.wait_for(caller.communicate(), 40)
    finally:
        if caller.returncode is None:
            caller.kill()
    assert await entered(centre, "402") == KEYS
    assert caller.returncode == 0, errors


async def test_the_keys_of_an_agents_phone_arrive_too(centre: Centre):
    """Its account is pushed by us: telephone-events are offered by it as by the trunk."""
    await centre.register("1001")
    call = centre.lab.phones.phone("1001").dial("4003")
    await call.up()
    await call.audio.press("4#2")
    await call.over()
    assert await entered(centre, "1001") == "4#2"


async def test_a_key_that_is_held_for_long_is_one_key(centre: Centre):
    call = centre.lab.callers.dial("4003", "403")
    await call.up()
    await call.audio.press("1")
    await call.audio.press("2", held=150)
    await call.audio.press("3")
    await call.over()
    assert await entered(centre, "403") == "123"


async def test_a_key_whose_end_is_told_many_times_is_one_key(centre: Centre):
    call = centre.lab.callers.dial("4003", "404")
    await call.up()
    await call.audio.press("55", ends=25)
    await call.audio.press("7")
    await call.over()
    assert await entered(centre, "404") == "557"


async def test_two_hundred_keys_in_a_row_harm_nobody(centre: Centre):
    """The menu takes what it can, twenty are kept, the rest are dropped, said once; the plane routes on."""
    call = centre.lab.callers.dial("4001", "405")
    await call.up()
    await call.audio.press("1" + "#*ABCD0289" * 20, held=2, gap=2)
    call.hang_up()
    contact = await centre.contact_of("405", within=30)
    kinds = [fact["type"] for fact in contact["facts"]]
    assert kinds.count("KeyTaken") == 1
    assert kinds.count("KeyKept") == 20
    assert kinds.count("KeysDropped") == 1
    assert "ProgramFailed" not in kinds
    assert await centre.routes()
    assert "could not be decided" not in centre.log()
