"""The plane is killed in every phase of a call and started again: nobody is dropped, and all goes on where it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ccplane.asterisk.node import HOME, LocalNode
from ccplane.testing.rtp import AGENT_TONE, CALLER_TONE
from ccplane.testing.siplab import Call, Ring, rings_for_ever
from tests.centre import Centre, open_centre

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres, pytest.mark.slow]

HEARD_WITHIN_S = 10.0
"""On a machine that has other work too; how soon is measured by the benchmarks."""


@pytest.fixture
async def centre(local_node: LocalNode, database: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """The demo site, with a wrap-up of six seconds in support, eight at the most."""
    site = tmp_path / "site"
    for folder in ("ari_apps", "ivr", "acd", "recordings"):
        shutil.copytree(HOME / folder, site / folder)
    queues = site / "acd" / "queues.toml"
    queues.write_text(
        queues.read_text().replace(
            "[support]\n", '[support]\nwrap_up = { time = "6s", extend = "3s", most = "8s" }\n', 1
        )
    )
    async with open_centre(
        local_node, database, tmp_path, audio=True, CCPLANE_LEASE_S="5", CCPLANE_SITE=str(site)
    ) as centre:
        yield centre


# ---------------------------------------------------------------------------------------------------- what is looked at


async def live(centre: Centre) -> dict[str, Any]:
    """The one contact that is live."""
    found: list[dict[str, Any]] = []

    async def one() -> bool:
        found[:] = [each for each in (await centre.get("/api/v1/contacts"))["contacts"] if each["ended_at"] is None]
        return len(found) == 1

    await centre.until(one, 10, lambda: "one live contact")
    return await centre.get(f"/api/v1/contacts/{found[0]['id']}")


async def fact(centre: Centre, kind: str, count: int = 1, **where: str) -> dict[str, Any]:
    """The last of so many facts of this kind, once Postgres has them."""
    found: list[dict[str, Any]] = []

    async def is_there() -> bool:
        rows = await centre.rows("SELECT body::text FROM fact WHERE kind = $1 ORDER BY epoch, seq", kind)
        bodies = [json.loads(row["body"]) for row in rows]
        found[:] = [each for each in bodies if all(each[name] == text for name, text in where.items())]
        return len(found) >= count

    await centre.until(is_there, 20, lambda: f"{count} {kind}")
    return found[-1]


async def killed_and_back(centre: Centre) -> None:
    await centre.kill()
    await centre.start()


async def told_once(centre: Centre, caller: str, **counts: int) -> dict[str, Any]:
    """The contact, ended, and every fact of its life there as often as it happened."""
    contact = await centre.contact_of(caller)
    kinds = [each["type"] for each in contact["facts"]]
    expected = {"ContactArrived": 1, "ContactEnded": 1, **counts}
    assert {kind: kinds.count(kind) for kind in expected} == expected, kinds
    assert "ProgramFailed" not in kinds
    return contact


async def hear_each_other(call: Any, ring: Any) -> None:
    call.audio.play(CALLER_TONE)
    ring.audio.play(AGENT_TONE)
    await ring.audio.hears(CALLER_TONE, within=HEARD_WITHIN_S)
    await call.audio.hears(AGENT_TONE, within=HEARD_WITHIN_S)


async def an_offer(centre: Centre, caller: str, number: str = "4002") -> tuple[Call, Ring]:
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    call = centre.lab.callers.dial(number, caller)
    return call, await phone.next_ring()


async def a_talk(centre: Centre, caller: str) -> tuple[Call, Ring]:
    call, ring = await an_offer(centre, caller)
    ring.answer()
    await centre.agent_is("1001", "talking")
    await hear_each_other(call, ring)
    return call, ring


# ------------------------------------------------------------------------------------------------------- every phase


async def test_in_a_menu_the_prompt_is_put_again_and_the_key_leads_on(centre: Centre) -> None:
    await centre.sign_in("1001")
    centre.lab.phones.phone("1001").behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4001", "511")
    await call.up()
    await call.audio.hears_sound()
    await killed_and_back(centre)
    await call.audio.hears_sound()
    await call.audio.press("2")
    ring = await centre.lab.phones.phone("1001").next_ring()
    ring.answer()
    await hear_each_other(call, ring)
    call.hang_up()
    await told_once(centre, "511", ContactQueued=1, TalkStarted=1, TalkEnded=1, MenuChosen=1)


async def test_what_was_keyed_before_counts_with_what_is_keyed_after(centre: Centre) -> None:
    await centre.sign_in("1001")
    centre.lab.phones.phone("1001").behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4004", "512")
    await call.up()
    await call.audio.press("1")
    await fact(centre, "MenuChosen")
    await call.audio.press("47")
    await fact(centre, "KeyTaken", 3)
    await killed_and_back(centre)
    await call.audio.press("11#")
    ring = await centre.lab.phones.phone("1001").next_ring()
    assert (await fact(centre, "DataSet"))["value"] == "4711"
    ring.answer()
    await hear_each_other(call, ring)
    call.hang_up()
    await told_once(centre, "512", MenuChosen=1, DataSet=1, TalkStarted=1)


async def test_who_waits_keeps_arrival_place_and_clock(centre: Centre) -> None:
    await centre.set_state("1002", "paused", "lunch")
    call = centre.lab.callers.dial("4002", "513")
    await centre.waiting("support", 1)
    queued = await fact(centre, "ContactQueued")
    before = await live(centre)
    await killed_and_back(centre)
    await centre.waiting("support", 1)
    assert (await live(centre))["arrived_at"] == before["arrived_at"]
    await centre.register("1001")
    await centre.set_state("1001", "ready")
    await centre.lab.phones.phone("1001").next_ring()
    await centre.agent_is("1001", "talking")
    talk = await fact(centre, "TalkStarted")
    assert talk["waited_ms"] == talk["at"] - queued["at"]
    assert (await centre.agent("1002"))["state"] == "paused"
    call.hang_up()
    await told_once(centre, "513", ContactQueued=1, TalkStarted=1, TalkEnded=1)


async def test_a_phone_that_rings_goes_on_ringing_and_is_joined(centre: Centre) -> None:
    call, ring = await an_offer(centre, "514")
    await centre.agent_is("1001", "offered")
    await killed_and_back(centre)
    await centre.agent_is("1001", "offered")
    ring.answer()
    await hear_each_other(call, ring)
    call.hang_up()
    await told_once(centre, "514", OfferMade=1, OfferAnswered=1, TalkStarted=1, OfferWithdrawn=0, RepairMade=0)


async def test_a_phone_that_was_answered_and_not_joined_yet_is_joined(centre: Centre) -> None:
    """The plane stands still when the phone is picked up, and is killed before it can say anything to that."""
    call, ring = await an_offer(centre, "515")
    await centre.agent_is("1001", "offered")
    await centre.pause()
    ring.answer()
    await ring.up()
    await killed_and_back(centre)
    await centre.agent_is("1001", "talking")
    await hear_each_other(call, ring)
    call.hang_up()
    await told_once(centre, "515", ContactQueued=1, TalkStarted=1)


async def test_a_talk_goes_on_and_so_does_its_recording(centre: Centre) -> None:
    call, ring = await a_talk(centre, "516")
    began = await fact(centre, "RecordingStarted")
    await killed_and_back(centre)
    await centre.agent_is("1001", "talking")
    await hear_each_other(call, ring)
    call.hang_up()
    await told_once(centre, "516", TalkStarted=1, TalkEnded=1, RecordingAsked=1, RecordingFailed=0)
    kept = await fact(centre, "RecordingStored")
    ended = await fact(centre, "RecordingEnded")
    assert kept["recording"] == began["recording"]
    assert kept["ms"] > ended["at"] - began["at"] - 2_500, "all of it, the gap included"
    listed = (await centre.get(f"/api/v1/contacts/{kept['contact']}"))["recordings"]
    assert [each["id"] for each in listed] == [kept["recording"]]


async def test_a_wrap_up_that_was_extended_ends_when_it_would_have(centre: Centre) -> None:
    call, ring = await a_talk(centre, "517")
    ring.hang_up()
    await call.over()
    ended = await fact(centre, "TalkEnded")
    asked = await centre.api.post("/api/v1/agents/1001/wrap-up/extend")
    asked.raise_for_status()
    await killed_and_back(centre)
    await centre.agent_is("1001", "wrap-up")
    await centre.agent_is("1001", "ready", within=15)
    done, extended = await fact(centre, "WrapUpDone"), await fact(centre, "WrapUpExtended")
    assert extended["until"] == ended["at"] + 8_000
    assert 0 <= done["at"] - extended["until"] < 500
    assert done["wrap_up_ms"] == 8_000
    await told_once(centre, "517", TalkEnded=1)


@pytest.mark.parametrize("talking", [False, True], ids=["ringing", "talking"])
async def test_an_own_call_goes_on(centre: Centre, talking: bool) -> None:
    await centre.sign_in("1001", "1002")
    other = centre.lab.phones.phone("1002")
    other.behaviour = rings_for_ever()
    call = centre.lab.phones.phone("1001").dial("1002")
    ring = await other.next_ring()
    if talking:
        ring.answer()
        await hear_each_other(call, ring)
    await centre.agent_is("1002", "own-call")
    await killed_and_back(centre)
    await centre.agent_is("1001", "own-call")
    if not talking:
        ring.answer()
    await hear_each_other(call, ring)
    ring.hang_up()
    await call.over()
    await centre.agent_is("1001", "ready")
    await centre.agent_is("1002", "ready")
    await told_once(centre, "1001", PartyCalled=1, CallConnected=1, CallEnded=1)


@pytest.mark.usefixtures("brief")
async def test_a_message_is_recorded_on_and_kept_once(centre: Centre) -> None:
    call = centre.lab.callers.dial("4001", "519")
    await call.up()
    await call.audio.press("9")
    await fact(centre, "MessageStarted")
    call.audio.play(CALLER_TONE)
    await centre.until(_sent(call, 100), 30, lambda: "two seconds of speech")
    await killed_and_back(centre)
    await centre.until(_sent(call, 200), 30, lambda: "two more")
    await call.audio.press("#")
    await call.over(within=20)
    contact = await told_once(centre, "519", MessageLeft=1, MessageStored=1)
    assert contact["messages"][0]["ms"] > 3_000


def _sent(call: Call, packets: int) -> Any:
    async def is_so() -> bool:
        return bool(call.audio.sent > packets)

    return is_so


async def test_who_was_being_hung_up_is(centre: Centre) -> None:
    """The agent hangs up while the plane stands still: what it had not heard of is done after its death."""
    call, ring = await a_talk(centre, "520")
    await centre.pause()
    ring.hang_up()
    await killed_and_back(centre)
    await call.over()
    await told_once(centre, "520", TalkEnded=1, TalkStarted=1)


# ------------------------------------------------------------------------------------------ what was not on disk yet


async def test_who_came_while_nobody_watched_keeps_their_clock(centre: Centre) -> None:
    """Their call is in our application and no fact is written: the plane stands still, and is killed."""
    await centre.set_state("1002", "paused", "lunch")
    await centre.until(centre.routes)
    await centre.pause()
    call = centre.lab.callers.dial("4002", "521")
    await centre.until(_at_the_switch(centre, 1), 10, lambda: "the call at the switch")
    came = (await channels(centre))[0]["creationtime"]
    await centre.kill()
    await centre.start()
    contact = await live(centre)
    assert abs(_ms(contact["arrived_at"]) - _ms(came)) <= 1
    queued = await fact(centre, "ContactQueued")
    assert queued["since"] < queued["at"], "what they waited while nobody watched counts"
    call.hang_up()
    await told_once(centre, "521")


async def test_after_the_outbox_is_lost_the_program_of_a_talk_goes_on_and_knows_what_was_chosen(
    centre: Centre, tmp_path: Path
) -> None:
    """The room of the two tells how far the program had come."""
    await centre.sign_in("1001")
    centre.lab.phones.phone("1001").behaviour = rings_for_ever()
    call = centre.lab.callers.dial("4001", "522")
    await call.up()
    await call.audio.press("2")
    ring = await centre.lab.phones.phone("1001").next_ring()
    ring.answer()
    await hear_each_other(call, ring)
    await fact(centre, "TalkStarted")
    await centre.kill()
    for each in tmp_path.rglob("outbox*"):
        each.unlink()
    await centre.start()
    await centre.agent_is("1001", "talking")
    await fact(centre, "MenuChosen", 2)
    await hear_each_other(call, ring)
    ring.hang_up()
    await call.over()
    kinds = [each["type"] for each in (await centre.contact_of("522"))["facts"]]
    assert "ProgramFailed" not in kinds
    assert kinds.count("ProgramEnded") == 1, "it came to its end, as any other"


# ---------------------------------------------------------------------------------------------- behind the plane's back


async def channels(centre: Centre) -> list[dict[str, Any]]:
    answer = await asterisk(centre, "GET", "channels")
    return [each for each in answer.json() if each["dialplan"]["app_name"] == "Stasis"]


def _at_the_switch(centre: Centre, count: int) -> Any:
    async def is_so() -> bool:
        return len(await channels(centre)) >= count

    return is_so


async def asterisk(centre: Centre, method: str, path: str, **params: str) -> Any:
    """Ask Asterisk itself, as somebody with the password might."""
    import httpx

    node = centre.node
    async with httpx.AsyncClient(auth=(node.ari_username, node.ari_password), timeout=30) as client:
        answer = await client.request(method, f"{node.ari_url}/{path}", params=params)
        answer.raise_for_status()
        return answer


def _ms(stamp: str) -> int:
    from datetime import datetime

    return round(datetime.fromisoformat(stamp).timestamp() * 1000)


async def reconciled(centre: Centre) -> list[tuple[str, str]]:
    answer = await centre.api.post("/api/v1/reconcile")
    answer.raise_for_status()
    return [(each["what"], each["why"]) for each in answer.json()["repaired"]]


async def settled(centre: Centre, kind: str) -> None:
    """What began this moment may be under way: it is looked at once it is three seconds old."""
    at = (await fact(centre, kind))["at"]

    async def is_old() -> bool:
        return _ms((await centre.get("/api/v1/wallboard"))["at"]) > at + 3_600

    await centre.until(is_old)


async def test_two_who_were_parted_behind_our_back_are_brought_together_at_once_when_asked(centre: Centre) -> None:
    call, ring = await a_talk(centre, "531")
    assert await reconciled(centre) == []
    await settled(centre, "TalkStarted")
    leg = next(each["id"] for each in await channels(centre) if each["id"].startswith("l-c-"))
    contact = await live(centre)
    await asterisk(centre, "POST", f"bridges/b-{contact['id']}/removeChannel", channel=leg)
    assert [what for what, _ in await reconciled(centre)] == ["talk apart"]
    await hear_each_other(call, ring)
    assert await reconciled(centre) == []
    metrics = (await centre.api.get("/metrics")).text
    assert 'ccplane_repairs_total{what="talk apart"} 1.0' in metrics
    call.hang_up()
    await told_once(centre, "531", TalkStarted=1, TalkEnded=1)


async def test_a_waiting_caller_who_was_put_out_of_the_room_is_put_back(centre: Centre) -> None:
    await centre.set_state("1002", "paused", "lunch")
    call = centre.lab.callers.dial("4002", "532")
    await centre.waiting("support", 1)
    await settled(centre, "CallerEnteredRoom")
    contact = await live(centre)
    await asterisk(
        centre, "POST", f"bridges/b-{contact['id']}/removeChannel", channel=(await channels(centre))[0]["id"]
    )
    assert [what for what, _ in await reconciled(centre)] == ["waiting caller outside the room"]
    assert await reconciled(centre) == []
    call.hang_up()
    await told_once(centre, "532", ContactQueued=1)


async def test_a_leg_and_a_room_of_nobody_are_taken_away(centre: Centre) -> None:
    await centre.sign_in("1001")
    phone = centre.lab.phones.phone("1001")
    phone.behaviour = rings_for_ever()
    stray = "l-c-ast1-1-1-1-1"
    await asterisk(
        centre, "POST", f"channels/{stray}", endpoint="PJSIP/1001", app="ccplane", appArgs="leg,1001", timeout="30"
    )
    ring = await phone.next_ring()
    await asterisk(centre, "POST", "bridges/b-c-ast1-1", type="mixing")
    assert [what for what, _ in await reconciled(centre)] == ["room without a contact"]
    await ring.over()  # as soon as it rang: its name says whose it would be, and they are called by nobody
    await centre.agent_is("1001", "ready")
    assert await reconciled(centre) == []
