"""The facts are lost, the calls are not: what a real switch shows is enough to let two who talk talk on (law 10)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from tests.asterisk.test_recovery import a_talk
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_LEASE_S="5") as centre:
        yield centre


async def test_after_the_outbox_is_lost_in_a_talk_it_goes_on_is_ours_again_and_ends_with_the_call(
    centre: Centre, tmp_path: Path
) -> None:
    """Both hear each other all the time; when the agent hangs up, the caller's call is ended, and no apology sounds."""
    call, ring = await a_talk(centre, "1001", "501")
    await centre.kill()
    outboxes = list(tmp_path.rglob("outbox*"))
    assert outboxes
    for each in outboxes:
        each.unlink()
    await centre.start()
    await centre.agent_is("1001", "talking")
    call.audio.play(CALLER_TONE)
    ring.audio.play(AGENT_TONE)
    await ring.audio.hears(CALLER_TONE)
    await call.audio.hears(AGENT_TONE)
    ring.hang_up()
    await call.over()
    kinds = [fact["type"] for fact in (await centre.contact_of("501"))["facts"]]
    assert kinds.count("TalkStarted") == 2, "the one that was known, and the same one adopted"
    assert "ProgramFailed" not in kinds
