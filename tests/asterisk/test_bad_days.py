"""Bad input and bad days on a real switch: each ends as defined, says what is wrong, and hurts no call that is up."""

from __future__ import annotations

import resource
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import rings_for_ever, says_nothing
from tests.centre import Centre, open_centre
from tests.ports import free_port
from tests.proxy import open_proxy
from tests.stack import MakeNode

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with open_centre(local_node, database, tmp_path, audio=True) as centre:
        yield centre


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of the demo site that a test may spoil."""
    copy = tmp_path / "site"
    for folder in ("ari_apps", "ivr", "acd"):
        shutil.copytree(HOME / folder, copy / folder)
    return copy


def spoil(site: Path, file: str, before: str, after: str) -> None:
    path = site / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


# ------------------------------------------------------------------------------------------------ at the beginning


async def test_a_wrong_ari_password_ends_the_plane_with_a_sentence_that_says_so(
    local_node: LocalNode, database: str, tmp_path: Path
) -> None:
    async with open_centre(local_node, database, tmp_path, start=False, CCPLANE_ARI_PASSWORD="wrong") as centre:
        await centre.spawn()
        assert await centre.ends() != 0
        assert "CCPLANE_ARI_PASSWORD" in centre.log()
        assert "Traceback" not in centre.log()


async def test_a_plane_waits_for_an_asterisk_that_is_not_up_yet(
    make_node: MakeNode, database: str, tmp_path: Path
) -> None:
    """/readyz says 503 and why; once Asterisk is up, calls are routed without anyone's doing."""
    node = make_node()
    await node.start()
    await node.stop()
    async with open_centre(node, database, tmp_path, start=False) as centre:
        await centre.spawn()
        await centre.until(lambda: _answers(centre, 503))
        assert not (await centre.api.get("/readyz")).json()["parts"]["ari"]["ok"]
        await node.start()
        await centre.whole()
        await centre.sign_in("1001")
    await node.stop()


async def test_a_port_that_is_taken_is_named(local_node: LocalNode, database: str, tmp_path: Path) -> None:
    with socket.socket() as other:
        port = free_port()
        other.bind(("127.0.0.1", port))
        other.listen()
        async with open_centre(local_node, database, tmp_path, start=False, CCPLANE_PORT=str(port)) as centre:
            await centre.spawn()
            assert await centre.ends() == 2
            assert str(port) in centre.log()
            assert "CCPLANE_PORT" in centre.log()


async def test_at_the_very_first_start_postgres_is_needed_and_that_is_one_clear_sentence(
    local_node: LocalNode, tmp_path: Path
) -> None:
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    async with open_centre(local_node, nowhere, tmp_path, start=False) as centre:
        await centre.spawn()
        assert await centre.ends() != 0
        assert "first start" in centre.log()
        assert "Traceback" not in centre.log()


async def test_a_typo_in_a_site_file_is_named_by_file_line_and_key(
    local_node: LocalNode, database: str, tmp_path: Path, site: Path
) -> None:
    spoil(site, "acd/queues.toml", "strategy", "stratgy")
    async with open_centre(local_node, database, tmp_path, start=False, CCPLANE_SITE=str(site)) as centre:
        await centre.spawn()
        assert await centre.ends() == 2
        assert "acd/queues.toml:4: support.stratgy" in centre.log()


# ---------------------------------------------------------------------------------------------------- in mid-call


async def test_a_socket_dropped_in_mid_call_hurts_nobody(local_node: LocalNode, database: str, tmp_path: Path) -> None:
    """Talks go on; who hung up meanwhile is ended, who waits waits on; then calls are routed again."""
    async with (
        open_proxy(local_node.http_port) as proxy,
        open_centre(
            local_node, database, tmp_path, audio=True, CCPLANE_ARI_URL=f"http://127.0.0.1:{proxy.port}/ari"
        ) as centre,
    ):
        await centre.sign_in("1001")
        phone = centre.lab.phones.phone("1001")
        phone.behaviour = rings_for_ever()
        call = centre.lab.callers.dial("4002", "11")
        ring = await phone.next_ring()
        ring.answer()
        await centre.agent_is("1001", "talking")
        waiting = centre.lab.callers.dial("4002", "12")
        leaver = centre.lab.callers.dial("4002", "13")
        await centre.waiting("support", 2)
        proxy.cut()
        await centre.until(lambda: _answers(centre, 503))
        call.audio.play(CALLER_TONE)
        await ring.audio.hears(CALLER_TONE)
        leaver.hang_up()
        await leaver.over()
        proxy.mend()
        await centre.until(centre.routes)
        await centre.waiting("support", 1)
        await centre.agent_is("1001", "talking")
        ring.hang_up()
        ring = await phone.next_ring()
        assert ring.caller == "12"
        ring.answer()
        ring.audio.play(AGENT_TONE)
        await waiting.audio.hears(AGENT_TONE)
        left = await centre.contact_of("13")
        assert left["ended_by"] == "caller", "nobody else can have: this Asterisk did not restart"
        assert [each["outcome"] for each in left["segments"]] == ["abandoned"]


async def test_asterisk_restarted_under_us_ends_its_calls_as_facts_and_is_taken_up_again(
    make_node: MakeNode, database: str, tmp_path: Path
) -> None:
    node = make_node()
    await node.start()
    async with open_centre(node, database, tmp_path) as centre:
        await centre.sign_in("1001")
        centre.lab.callers.dial("4002", "21")
        await centre.agent_is("1001", "talking")
        node.kill()
        await node.wait()
        await node.start()
        contact = await centre.contact_of("21", within=30)
        assert contact["ended_by"] == "switch"
        await centre.whole()
        await centre.register("1001")
        await centre.agent_is("1001", "ready")
        centre.lab.callers.dial("4002", "22")
        await centre.agent_is("1001", "talking")
    await node.stop()


async def test_with_the_disk_full_calls_are_routed_and_facts_are_kept_until_there_is_room(centre: Centre) -> None:
    """A file may not grow: /readyz says what is wrong with the outbox; afterwards Postgres has it all."""
    await centre.sign_in("1001")
    limit = (centre.runtime / "outbox.sqlite-wal").stat().st_size
    before = resource.prlimit(centre.pid, resource.RLIMIT_FSIZE, (limit // 2, resource.RLIM_INFINITY))
    call = centre.lab.callers.dial("4002", "31")
    await centre.agent_is("1001", "talking")
    await centre.until(lambda: _outbox_is(centre, ok=False))
    call.hang_up()
    await centre.agent_is("1001", "ready")
    resource.prlimit(centre.pid, resource.RLIMIT_FSIZE, before)
    await centre.until(lambda: _outbox_is(centre, ok=True), within=30)
    contact = await centre.contact_of("31", within=30)
    assert [fact["type"] for fact in contact["facts"]][-1] == "ContactEnded"


# ------------------------------------------------------------------------------------------- programs and callers

WRONG = {
    "raises": "raise ValueError('no')",
    "awaits what is no verb": "import asyncio; await asyncio.sleep(3600)",
    "never gives way": "\n    while True: pass",
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_program_that_fails_hands_its_caller_to_the_sites_default(
    local_node: LocalNode, database: str, tmp_path: Path, site: Path, what: str
) -> None:
    """The caller hears the apology and is hung up; the fact names the program, and where; other calls go on."""
    program = site / "ari_apps" / "front_door.py"
    program.write_text(f'"""Wrong."""\n\n\nasync def main(call):\n    {WRONG[what]}\n')
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(site)) as centre:
        await centre.sign_in("1001")
        call = centre.lab.callers.dial("4001", "41")
        await call.up()
        await call.audio.hears_sound()
        other = centre.lab.callers.dial("4002", "42")
        await centre.agent_is("1001", "talking")
        other.hang_up()
        await call.over(within=30)
        facts = (await centre.contact_of("41"))["facts"]
        failed = next(fact for fact in facts if fact["type"] == "ProgramFailed")
        assert failed["program"] == "front_door"
        assert [fact["program"] for fact in facts if fact["type"] == "ProgramStarted"] == ["front_door", "sorry"]


async def test_a_phone_that_says_nothing_at_all_is_given_up_and_the_next_one_rung(
    local_node: LocalNode, database: str, tmp_path: Path, site: Path
) -> None:
    spoil(site, "acd/queues.toml", "[support]", '[support]\nring = "1s"')
    async with open_centre(local_node, database, tmp_path, CCPLANE_SITE=str(site)) as centre:
        await centre.sign_in("1001", "1002")
        centre.lab.phones.phone("1001").behaviour = says_nothing()
        call = centre.lab.callers.dial("4002", "51")
        await centre.agent_is("1002", "talking")
        call.hang_up()
        contact = await centre.contact_of("51")
        assert [(offer["agent"], offer["cause"]) for offer in contact["offers"]] == [
            ("1001", "no-answer"),
            ("1002", None),
        ]
        assert contact["offers"][0]["rang"] is False


async def test_who_misses_three_offers_in_a_row_is_paused_and_sees_why(
    local_node: LocalNode, database: str, tmp_path: Path, site: Path
) -> None:
    """The caller waits on, with the music, at the same place."""
    spoil(site, "acd/queues.toml", "[support]", '[support]\nring = "1s"')
    async with open_centre(local_node, database, tmp_path, audio=True, CCPLANE_SITE=str(site)) as centre:
        await centre.sign_in("1001")
        centre.lab.phones.phone("1001").behaviour = rings_for_ever()
        call = centre.lab.callers.dial("4002", "61")
        await centre.agent_is("1001", "paused", within=20)
        agent = await centre.get("/api/v1/agents/1001")
        assert agent["reason"] == "missed 3 offers in a row, the last: no-answer"
        await centre.waiting("support", 1)
        await call.audio.hears_sound()


HOSTILE = {
    "control characters": "1\x07\x1b[31m\t2",
    "SQL": "'; DROP TABLE contact; --",
    "500 characters": "9" * 500,
    "quotes and brackets": '"x" <sip:1001@evil>;tag=1',
    "dialplan": "${SHELL(id)}",
}


async def test_a_hostile_caller_id_is_a_caller_like_any_other(centre: Centre) -> None:
    """They are answered, one after the other; what is stored is printable and short; nothing of it is obeyed."""
    await centre.sign_in("1001")
    known: set[str] = set()
    for what, hostile in HOSTILE.items():
        call = centre.lab.callers.dial("4002", hostile, display=hostile)
        await centre.agent_is("1001", "talking")
        call.hang_up()
        await centre.agent_is("1001", "ready")
        row = await _the_next_that_ended(centre, known)
        known.add(row["id"])
        assert row["caller"].isprintable(), what
        assert row["caller_name"].isprintable(), what
        assert len(row["caller"]) <= 80, what
        page = await centre.get("/api/v1/contacts")
        assert page["contacts"][0]["caller"] == row["caller"], what


async def _the_next_that_ended(centre: Centre, known: set[str]) -> dict[str, Any]:
    """The one contact that has ended in Postgres beside those known."""
    found: list[dict[str, Any]] = []

    async def ended() -> bool:
        rows = await centre.rows("SELECT id, caller, caller_name FROM contact WHERE ended_at IS NOT NULL")
        found[:] = [row for row in rows if row["id"] not in known]
        return bool(found)

    await centre.until(ended)
    [row] = found
    return row


# ----------------------------------------------------------------------------------------------- what /readyz says


async def _answers(centre: Centre, status: int) -> bool:
    try:
        return (await centre.api.get("/readyz")).status_code == status
    except httpx.TransportError:
        return False


async def _outbox_is(centre: Centre, ok: bool) -> bool:
    return (await centre.get("/readyz"))["parts"]["outbox"]["ok"] is ok
