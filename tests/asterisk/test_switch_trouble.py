"""An Asterisk that dies, restarts, stands still or does not obey: what is said of it, and what becomes of calls."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import wave
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from ccplane.asterisk.ari import Limits
from ccplane.asterisk.node import LocalNode
from ccplane.asterisk.operations import AddChannel, Answer, CreateBridge, GetChannelVariable, PlayOnChannel
from ccplane.asterisk.outcomes import Done, Unknown
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import open_lab, rings_for_ever
from tests.asterisk.rest_server import until
from tests.asterisk.stand_in import application
from tests.asterisk.test_ari import an_ari, connected
from tests.centre import Centre, open_centre
from tests.proxy import open_proxy
from tests.stack import MakeNode

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


async def ari_part(centre: Centre) -> dict[str, Any]:
    try:
        return (await centre.api.get("/readyz")).json()["parts"]["ari"]
    except httpx.TransportError:
        return {"ok": None, "detail": ""}


async def facts(centre: Centre, kind: str) -> list[dict[str, Any]]:
    rows = await centre.rows("SELECT body FROM fact WHERE body->>'type' = $1 ORDER BY epoch, seq", kind)
    return [json.loads(row["body"]) for row in rows]


async def a_busy_moment(centre: Centre) -> None:
    """21 talks with 1001, 1002 is rung for 22, 23 waits, and 1003 calls 1004."""
    await centre.register("1003", "1004")
    await centre.sign_in("1001", "1002")
    for agent in ("1001", "1002", "1004"):
        centre.lab.phones.phone(agent).behaviour = rings_for_ever()
    centre.lab.callers.dial("4002", "21")
    (await centre.lab.phones.phone("1001").next_ring()).answer()
    await centre.agent_is("1001", "talking")
    centre.lab.callers.dial("4002", "22")
    await centre.lab.phones.phone("1002").next_ring()
    centre.lab.callers.dial("4002", "23")
    await centre.waiting("support", 2)
    centre.lab.phones.phone("1003").dial("1004")
    (await centre.lab.phones.phone("1004").next_ring()).answer()
    await centre.agent_is("1003", "own-call")


async def found_anew(centre: Centre) -> bool:
    return any(fact["restarted"] for fact in await facts(centre, "SwitchFound"))


async def mirrored(node: LocalNode) -> dict[str, str]:
    """What lamps and the fallback's queues see of agents."""
    async with httpx.AsyncClient(auth=(node.ari_username, node.ari_password), timeout=30) as ari:
        states = (await ari.get(f"{node.ari_url}/deviceStates")).json()
    return {state["name"]: state["state"] for state in states}


async def on_disk(node: LocalNode, *phones: str) -> bool:
    """Whether what these phones registered would survive kill -9: the astdb is committed once a second."""
    with closing(sqlite3.connect(f"file:{node.directory}/lib/astdb.sqlite3?mode=ro", uri=True)) as astdb:
        keys = [key for (key,) in astdb.execute("SELECT key FROM astdb WHERE key LIKE '/registrar/contact/%'")]
    return all(any(f"/{phone};" in key for key in keys) for phone in phones)


@pytest.mark.parametrize("graceful", [False, True], ids=["killed", "restarted by its console"])
async def test_asterisk_restarts_then_all_its_calls_are_over_as_facts_and_everything_is_pushed_again(
    make_node: MakeNode, database: str, tmp_path: Path, graceful: bool
) -> None:
    """The phones say nothing: they come back by what the switch had kept of their registrations."""
    node = make_node()
    await node.start()
    async with open_centre(node, database, tmp_path, CCPLANE_QUALIFY_S="2") as centre:
        await a_busy_moment(centre)
        await centre.until(lambda: on_disk(node, "1001", "1002"))
        if graceful:
            await node.cli("core restart now")
        else:
            node.kill()
            await node.wait()
            await node.start()
        for caller in ("21", "22", "23"):
            contact = await centre.contact_of(caller, within=40)
            assert contact["ended_by"] == "switch"
        own = await centre.contact_of("1003", within=20)
        assert own["ended_by"] == "switch"
        by_type = {fact["type"]: fact for fact in (await centre.contact_of("21"))["facts"]}
        assert by_type["TalkEnded"]["by"] == "switch"
        by_type = {fact["type"]: fact for fact in (await centre.contact_of("22"))["facts"]}
        assert by_type["OfferWithdrawn"]["reason"] == "switch-lost"
        await centre.until(lambda: found_anew(centre), 30, lambda: "Asterisk to be found begun anew")
        assert await facts(centre, "RepairMade") == []
        await centre.whole()
        await centre.agent_is("1001", "ready", within=30)
        await centre.agent_is("1002", "ready", within=30)
        assert (await mirrored(node))["Stasis:agent-1001"] == "NOT_INUSE"
        centre.lab.phones.phone("1001").forget_rings()
        centre.lab.phones.phone("1002").forget_rings()
        again = centre.lab.callers.dial("4002", "24")

        async def rung() -> bool:
            return any(not centre.lab.phones.phone(agent).idle for agent in ("1001", "1002"))

        await centre.until(rung, within=20)
        again.hang_up()
    await node.stop()


async def test_an_asterisk_that_stays_away_leaves_nobody_shown_as_talking_and_ends_no_call_before_it_is_proven(
    make_node: MakeNode, database: str, tmp_path: Path
) -> None:
    node = make_node()
    await node.start()
    async with open_centre(node, database, tmp_path) as centre:
        await centre.sign_in("1001", "1002")
        centre.lab.callers.dial("4002", "31")

        async def talking() -> bool:
            return "talking" in {(await centre.agent(agent))["state"] for agent in ("1001", "1002")}

        await centre.until(talking)
        node.kill()
        await node.wait()
        await centre.agent_is("1001", "unreachable", within=25)
        await centre.agent_is("1002", "unreachable", within=5)
        said = await ari_part(centre)
        assert not said["ok"]
        assert "does not answer" in said["detail"]
        assert await centre.rows("SELECT 1 FROM contact WHERE caller = '31' AND ended_at IS NOT NULL") == []
        await node.start()
        assert (await centre.contact_of("31", within=40))["ended_by"] == "switch"
    await node.stop()


async def test_an_asterisk_that_stands_still_is_said_and_its_talk_goes_on_when_it_moves_again(
    make_node: MakeNode, database: str, tmp_path: Path
) -> None:
    node = make_node()
    await node.start()
    async with open_centre(node, database, tmp_path, audio=True) as centre:
        await centre.sign_in("1001")
        phone = centre.lab.phones.phone("1001")
        phone.behaviour = rings_for_ever()
        call = centre.lab.callers.dial("4002", "41")
        ring = await phone.next_ring()
        ring.answer()
        await centre.agent_is("1001", "talking")
        pid = asterisk_of(node)
        os.kill(pid, signal.SIGSTOP)
        try:
            await centre.until(lambda: is_ok(centre, False), within=20)
        finally:
            os.kill(pid, signal.SIGCONT)
        await centre.until(centre.routes, within=30)
        await centre.agent_is("1001", "talking")
        call.audio.play(CALLER_TONE)
        ring.audio.play(AGENT_TONE)
        await ring.audio.hears(CALLER_TONE)
        await call.audio.hears(AGENT_TONE)
        call.hang_up()
        assert (await centre.contact_of("41"))["ended_by"] == "caller"
    await node.stop()


def asterisk_of(node: LocalNode) -> int:
    """The process itself, which may be a child of the one that was started."""
    assert node.pid is not None
    children = Path(f"/proc/{node.pid}/task/{node.pid}/children").read_text().split()
    return int(children[0]) if children else node.pid


async def is_ok(centre: Centre, ok: bool) -> bool:
    return (await ari_part(centre))["ok"] is ok


async def test_command_sockets_that_are_held_up_are_named_made_anew_and_calls_go_on(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    """It answers the ping all the while, and two of the three other sockets."""
    async with (
        open_proxy(local_node.http_port) as proxy,
        open_centre(local_node, database, tmp_path, CCPLANE_ARI_URL=f"http://127.0.0.1:{proxy.port}/ari") as centre,
    ):
        await centre.sign_in("1001")
        proxy.swallow_those(b"app=ccplane-cmd-2 ")

        async def named() -> bool:
            return (await ari_part(centre))["detail"] == "command socket 2 of 3 does not answer"

        async def renewed() -> bool:
            return "ccplane_ari_sockets_renewed_total 1.0" in (await centre.api.get("/metrics")).text

        await centre.until(named, within=20)
        await centre.until(renewed, within=20)
        await centre.until(lambda: facts(centre, "SwitchAnswers"), within=20)
        assert [fact["what"] for fact in await facts(centre, "SwitchWedged")] == [
            "command socket 2 of 3 does not answer"
        ]
        assert await facts(centre, "SwitchLost") == []
        for number in range(6):
            call = centre.lab.callers.dial("4002", f"5{number}")
            await centre.agent_is("1001", "talking")
            call.hang_up()
            await centre.agent_is("1001", "ready")


async def test_a_switch_none_of_whose_command_sockets_answers_takes_no_new_calls_until_it_does(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    async with (
        open_proxy(local_node.http_port) as proxy,
        open_centre(local_node, database, tmp_path, CCPLANE_ARI_URL=f"http://127.0.0.1:{proxy.port}/ari") as centre,
    ):
        await centre.sign_in("1001")
        proxy.swallow_those(b"app=ccplane-cmd")
        await centre.until(lambda: facts(centre, "SwitchLost"), within=30)
        assert [fact["reason"] for fact in await facts(centre, "SwitchLost")] == ["wedged"]
        await centre.until(centre.routes, within=30)
        centre.lab.callers.dial("4002", "61")
        await centre.agent_is("1001", "talking")


async def test_a_command_held_up_by_a_prompt_holds_up_its_socket_only_until_that_is_made_anew(
    local_node: LocalNode,
) -> None:
    """A true wedge: addChannel waits behind twenty seconds of sound, and everything behind it on that socket."""
    with wave.open(str(local_node.sounds_dir / "long.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\0\0" * 8000 * 20)
    limits = Limits(stuck=2.0)
    async with (
        open_lab(("127.0.0.1", local_node.sip_port)) as lab,
        application(local_node) as (_, arrives),
        connected(an_ari(local_node, limits=limits)) as connection,
    ):
        call = lab.callers.dial("4002", "71")
        channel = await arrives()
        assert await connection.send(Answer(channel), "c-1") == Done(None)
        await connection.send(CreateBridge("b-held"), "c-1")
        connection.send(PlayOnChannel(channel, "p-long", ("sound:ccplane/long",)), "c-1")
        held = connection.send(AddChannel("b-held", (channel,)), "c-1")
        behind = connection.send(GetChannelVariable(channel, "CHANNEL(state)"), "c-1")
        await until(lambda: connection.stuck, within=10)
        await until(lambda: connection._stats.renewed == 1, within=10)
        assert isinstance(await held, Unknown)
        assert isinstance(await behind, Unknown)
        said = await connection.send(GetChannelVariable(channel, "CHANNEL(state)"), "c-1")
        assert isinstance(said, Done)
        assert connection.ended is None
        call.hang_up()
