"""Agents' screens on a real centre: the pop, the buttons, and a plane that dies under an open screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.postgres.embedded import EmbeddedPostgres
from ccplane.testing.rtp import CALLER_TONE
from ccplane.testing.screen import Screen, open_screen
from ccplane.testing.siplab import How, rings_for_ever
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


async def session(centre: Centre, agent: str, **place: Any) -> str:
    """The token of a new session of this agent."""
    answer = await centre.api.post(f"/api/v1/agents/{agent}/session", json=place)
    answer.raise_for_status()
    token: str = answer.json()["token"]
    return token


def phone(centre: Centre, agent: str):
    found = centre.lab.phones.phone(agent)
    found.behaviour = rings_for_ever()
    return found


async def shown(screen: Screen, state: str) -> dict[str, Any]:
    """Read on until the screen shows the agent so; the message that says it."""
    while screen.view.get("agent", {}).get("state") != state:
        await screen.next()
    return screen.view


async def test_a_call_pops_is_rejected_taken_and_hung_up_by_screen(centre: Centre) -> None:
    """The phones do as the screens say: one falls silent, the other rings; the caller goes on after the talk."""
    await centre.sign_in("1001")
    one, other = phone(centre, "1001"), phone(centre, "1002")
    async with (
        open_screen(centre.url, await session(centre, "1001")) as first,
        open_screen(centre.url, await session(centre, "1002")) as second,
    ):
        call = centre.lab.callers.dial("4002", "13800138000")
        popped = (await first.next("offered"))["call"]
        assert (popped["caller"], popped["number_dialled"], popped["queue"]) == ("13800138000", "4002", "support")
        ring = await one.next_ring()
        await centre.sign_in("1002")
        assert (await first.ask("reject", offer=popped["offer"]))["ok"]
        assert (await ring.over()).how is How.CANCELLED
        assert (await first.next("missed"))["why"] == "rejected"
        offered = (await second.next("offered"))["call"]
        ring = await other.next_ring()
        ring.answer()
        talk = (await second.next("connected"))["call"]
        assert talk["contact"] == offered["contact"]
        call.audio.play(CALLER_TONE)
        await ring.audio.hears(CALLER_TONE)
        assert (await second.ask("hang-up", contact=talk["contact"]))["ok"]
        assert (await ring.over()).how is How.PEER_HUNG_UP
        assert (await second.next("talk-ended"))["by"] == "agent"
        await call.over()
        await shown(second, "ready")
    contact = await centre.contact_of("13800138000")
    assert [(each["agent"], each["cause"]) for each in contact["offers"]] == [("1001", "rejected"), ("1002", None)]


async def test_a_desk_phone_picks_up_at_a_click(centre: Centre) -> None:
    await centre.sign_in("1001")
    desk = phone(centre, "1001")
    async with open_screen(centre.url, await session(centre, "1001")) as screen:
        call = centre.lab.callers.dial("4002", "12")
        offer = (await screen.next("offered"))["call"]["offer"]
        ring = await desk.next_ring()
        await centre.until(lambda: ami_is_up(centre))
        assert await screen.ask("answer", offer=offer, id="one") == {"re": "one", "ok": True}
        await ring.up()
        await screen.next("connected")
        call.hang_up()
        await shown(screen, "ready")


async def test_the_way_through_the_menu_is_on_the_screen(centre: Centre) -> None:
    await centre.sign_in("1001")
    async with open_screen(centre.url, await session(centre, "1001")) as screen:
        call = centre.lab.callers.dial("4001", "88")
        await call.up()
        await call.audio.hears_sound()
        await call.audio.press("2")
        popped = (await screen.next("offered"))["call"]
    assert (popped["number_dialled"], popped["queue"]) == ("4001", "support")
    assert [(each["menu"], each["key"]) for each in popped["menu_path"]] == [("main", "2")]


async def ami_is_up(centre: Centre) -> bool:
    return bool((await centre.get("/readyz"))["parts"]["ami"]["ok"])


async def test_who_called_before_is_told_beside_the_call(centre: Centre) -> None:
    await centre.sign_in("1001")
    desk = phone(centre, "1001")
    async with open_screen(centre.url, await session(centre, "1001")) as screen:
        call = centre.lab.callers.dial("4002", "4711")
        assert (await screen.next("history"))["earlier"] == []
        (await desk.next_ring()).answer()
        await screen.next("connected")
        call.hang_up()
        before = await centre.contact_of("4711")
        centre.lab.callers.dial("4002", "4711")
        (earlier,) = (await screen.next("history"))["earlier"]
    assert earlier["contact"] == before["id"]
    assert (earlier["queue"], earlier["agent"], earlier["outcome"]) == ("support", "1001", "answered")
    assert earlier["arrived_at"] == before["arrived_at"]


async def test_after_kill_9_a_screen_comes_back_with_its_old_token_and_shows_the_talk(centre: Centre) -> None:
    """Nobody signs in again, and the buttons work as before."""
    await centre.sign_in("1001")
    desk, token = phone(centre, "1001"), await session(centre, "1001")
    async with open_screen(centre.url, token) as screen:
        call = centre.lab.callers.dial("4002", "99")
        ring = await desk.next_ring()
        ring.answer()
        connected = await screen.next("connected")
        assert (await screen.ask("ready"))["ok"], "answered, so all before it is on disk"
        place = screen.place
        await centre.kill()
        await screen.closed()
    await centre.start()
    await centre.agent_is("1001", "talking")
    async with open_screen(centre.url, token, place) as screen:
        welcome = await screen.next()
        assert (welcome["type"], welcome["resumed"]) == ("welcome", False)
        assert welcome["epoch"] > place["epoch"]
        assert welcome["call"] == connected["call"]
        call.audio.play(CALLER_TONE)
        await ring.audio.hears(CALLER_TONE)
        assert (await screen.ask("hang-up", contact=welcome["call"]["contact"]))["ok"]
        await ring.over()
        await shown(screen, "ready")


async def test_a_second_sign_in_during_a_talk_moves_the_screen_and_leaves_the_talk(centre: Centre) -> None:
    await centre.sign_in("1001")
    desk = phone(centre, "1001")
    async with open_screen(centre.url, await session(centre, "1001")) as first:
        centre.lab.callers.dial("4002", "55")
        ring = await desk.next_ring()
        ring.answer()
        await first.next("connected")
        async with open_screen(centre.url, await session(centre, "1001")) as second:
            await first.next("signed-in-elsewhere")
            assert (await first.closed())[0] == 4001
            assert (await second.next("welcome"))["agent"]["state"] == "talking"
            ring.hang_up()
            await second.next("talk-ended")


async def test_with_postgres_away_screens_pop_and_survive_a_restart(
    local_node: LocalNode, own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """Law 10: only what there was before with the caller is missing, and that is said."""
    async with open_centre(local_node, own_postgres.url(), tmp_path, audio=True) as centre:
        await centre.sign_in("1001")
        desk, token = phone(centre, "1001"), await session(centre, "1001")
        async with open_screen(centre.url, token) as screen:
            assert (await screen.ask("ready"))["ok"]
            own_postgres.kill()
            await centre.kill()
        await centre.start()
        await centre.agent_is("1001", "ready")
        async with open_screen(centre.url, token) as screen:
            centre.lab.callers.dial("4002", "77")
            assert (await screen.next("offered"))["call"]["caller"] == "77"
            told = await screen.next("history")
            assert told["earlier"] is None
            assert "Postgres" in told["why"]
            (await desk.next_ring()).answer()
            talk = (await screen.next("connected"))["call"]
            assert (await screen.ask("hang-up", contact=talk["contact"]))["ok"]
            await shown(screen, "ready")
        assert await session(centre, "1001"), "an administrator can open sessions, too"
