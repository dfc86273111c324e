"""The demo's menus as a caller hears them, by a real Asterisk: two levels, two languages, and where they lead."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.siplab import rings_for_ever
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


def told(contact: dict[str, Any], kind: str, *keys: str) -> list[tuple[Any, ...]]:
    """What the facts of one kind say, in order."""
    return [tuple(fact[key] for key in keys) for fact in contact["facts"] if fact["type"] == kind]


async def talked(centre: Centre, number: str, *presses: str) -> dict[str, Any]:
    """A call to this number in which these keys are pressed, each once something is heard; the agent takes it."""
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial(number, "501")
    await call.up()
    for keys in presses:
        await call.audio.hears_sound()
        await call.audio.press(keys)
    ring = await phone.next_ring()
    ring.answer()
    await centre.agent_is("1001", "talking")
    call.hang_up()
    return await centre.contact_of("501")


async def test_4001_in_chinese_over_the_second_level(centre: Centre):
    contact = await talked(centre, "4001", "8", "3", "2")
    assert told(contact, "LanguageSet", "language") == [("zh-CN",)]
    assert told(contact, "MenuChosen", "menu", "name") == [("main", "中文"), ("main", "more"), ("more", "repairs")]
    assert told(contact, "ContactQueued", "queue") == [("support",)]


async def test_4001_by_someone_who_knows_the_way(centre: Centre):
    """All keys at once: only the first menu is heard at all."""
    contact = await talked(centre, "4001", "31")
    assert told(contact, "MenuChosen", "menu", "name") == [("main", "more"), ("more", "invoices")]
    assert told(contact, "ContactQueued", "queue") == [("sales",)]


async def test_4004_with_an_orders_number(centre: Centre):
    contact = await talked(centre, "4004", "1", "4711#")
    assert told(contact, "DataSet", "name", "value") == [("order", "4711")]
    assert told(contact, "ContactQueued", "queue") == [("support",)]
