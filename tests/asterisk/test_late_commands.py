"""A switch that is seconds away: what was sent on a connection that is no more is carried out all the same."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from ccplane.asterisk.node import LocalNode
from ccplane.testing.siplab import rings_for_ever
from ccplane.testing.siplab.phones import Phone
from ccplane.testing.siplab.ring import Ring
from tests.asterisk.listener import Listener
from tests.asterisk.sounds import write_tone
from tests.centre import open_centre
from tests.proxy import open_proxy

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

LATE_S = 3.0
INSTANT_S = 5.0
"""For which a phone may ring that is called late; a survey comes within fifteen seconds."""


def noting(phone: Phone, rings: list[Ring], doubles: list[str]) -> None:
    """A phone that says when it is rung beside another call."""
    rang = phone.rang

    def noted(ring: Ring) -> None:
        rings.append(ring)
        if phone.calls:
            doubles.append(f"{phone.user}: {len(phone.calls)} call(s) there already")
        rang(ring)

    phone.rang = noted  # type: ignore[method-assign]


async def test_given_a_call_that_is_carried_out_after_its_connection_was_lost_then_its_phone_is_not_rung_beside_it(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    """The survey of the new connection does not show it, and to hang it up answers 404: both prove nothing."""
    rings: list[Ring] = []
    doubles: list[str] = []
    async with (
        open_proxy(local_node.http_port) as proxy,
        open_centre(local_node, database, tmp_path, CCPLANE_ARI_URL=f"http://127.0.0.1:{proxy.port}/ari") as centre,
    ):
        await centre.sign_in("1001")
        await centre.set_state("1001", "paused", "a moment")
        phone = centre.lab.phones.phone("1001")
        phone.behaviour = rings_for_ever()
        noting(phone, rings, doubles)
        listener = Listener(proxy)

        async def call_sent() -> bool:
            return any("POST channels" in each or "POST /channels" in each for each in listener.commands)

        centre.lab.callers.dial("4002", "81")
        await centre.waiting("support", 1)
        proxy.delay = LATE_S
        await centre.set_state("1001", "ready")
        await centre.until(call_sent)  # the proxy has it, and lets it go in its own time
        proxy.delay = 0.0
        proxy.hang_up()

        async def rung_anew() -> bool:
            return len(rings) > 1

        await centre.until(rung_anew, within=30)
        assert doubles == []
        late = rings[0]
        assert late.ended.done()
        assert (await late.ended).at - late.at < INSTANT_S, "it was told that it rings, and hung up at once"
        rings[-1].answer()
        await centre.agent_is("1001", "talking")


async def test_given_a_prompt_of_an_earlier_try_that_plays_late_then_nobody_waits_for_its_end(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    """It stands behind the menu's own prompt, and the caller's way into the room behind it: for a minute, were it not
    stopped."""
    write_tone(local_node.sounds_dir / "late.wav", hz=700, seconds=60)
    async with open_centre(local_node, database, tmp_path) as centre:
        await centre.sign_in("1001")
        phone = centre.lab.phones.phone("1001")
        phone.behaviour = rings_for_ever()
        call = centre.lab.callers.dial("4001", "82")
        await call.up()
        login = (local_node.ari_username, local_node.ari_password)
        async with httpx.AsyncClient(base_url=local_node.ari_url, auth=login, trust_env=False, timeout=30) as ari:
            channels = (await ari.get("/channels")).raise_for_status().json()
            [channel] = [each["id"] for each in channels if each["caller"]["number"] == "82"]
            late = f"p-c-{channel}-1-9"
            played = await ari.post(f"/channels/{channel}/play/{late}", params={"media": "sound:ccplane/late"})
            assert played.is_success, played.text
            call.press("1")
            ring = await phone.next_ring(within=20)
            ring.answer()
            await centre.agent_is("1001", "talking")
            assert (await ari.get(f"/playbacks/{late}")).status_code == 404
        call.hang_up()
