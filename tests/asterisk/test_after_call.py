"""Surveys on a real Asterisk: asked when the agent hangs up first, by their phone; and gone on with after a crash."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.siplab import Call
from tests.asterisk.test_programs import steps
from tests.asterisk.test_voicemail import fact
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


async def asked(centre: Centre, number: str) -> Call:
    """Somebody has talked with 1001, who has hung up, and hears the first question."""
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    call = centre.lab.callers.dial("4013", number)
    ring = await phone.next_ring()
    ring.answer()
    await call.up()
    await fact(centre, "TalkStarted")
    ring.hang_up()
    await steps(centre, number, "Gather")
    return call


def answers(contact: dict[str, Any]) -> list[tuple[str, int]]:
    return [(each["question"], each["value"]) for each in contact["facts"] if each["type"] == "SurveyAnswered"]


async def test_when_the_agent_hangs_up_the_caller_is_asked_and_the_agent_has_work_no_longer(centre: Centre) -> None:
    call = await asked(centre, "901")
    await call.audio.hears_sound()
    await centre.agent_is("1001", "ready")
    await call.audio.press("5")
    await steps(centre, "901", "Gather", 2)
    await call.audio.hears_sound()
    await call.audio.press("10")
    await steps(centre, "901", "Play")
    await call.over(within=60)
    contact = await centre.contact_of("901")
    assert answers(contact) == [("satisfied", 5), ("recommends", 10)]
    assert contact["ended_by"] == "program"
    queue = await centre.queue("support")
    assert (queue["surveys_asked"], queue["surveys_rated"]) == (1, 1)
    assert (queue["satisfaction"], queue["nps"], queue["response_rate"]) == (1.0, 100.0, 1.0)
    assert await centre.repairs() == []


async def test_a_plane_killed_between_two_questions_keeps_the_answer_and_puts_the_open_question(centre: Centre) -> None:
    call = await asked(centre, "902")
    await call.audio.press("4")
    await steps(centre, "902", "Gather", 2)
    await centre.kill()
    await centre.start()
    await centre.whole()
    await call.audio.hears_sound()
    await call.audio.press("0#")
    await steps(centre, "902", "Play")
    await call.over(within=60)
    contact = await centre.contact_of("902")
    assert answers(contact) == [("satisfied", 4), ("recommends", 0)]
    assert [each["type"] for each in contact["facts"]].count("SurveyAsked") == 1
    queue = await centre.queue("support")
    assert (queue["surveys_asked"], queue["surveys_rated"], queue["nps"]) == (1, 1, -100.0)


async def test_who_hangs_up_first_is_not_asked(centre: Centre) -> None:
    await centre.sign_in("1001")
    call = centre.lab.callers.dial("4013", "903")
    ring = await centre.lab.phones.phone("1001").next_ring()
    ring.answer()
    await call.up()
    await fact(centre, "TalkStarted")
    call.hang_up()
    contact = await centre.contact_of("903")
    assert "SurveyAsked" not in [each["type"] for each in contact["facts"]]
