"""The demo site's programs on the fake switch, in virtual time; all between switch and facts is the real thing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ccplane.asterisk.operations import PlayOnChannel
from ccplane.asterisk.outcomes import Unknown
from ccplane.contacts import facts as c
from ccplane.settings import HOME
from ccplane.site import parse, read, sound_of
from ccplane.testing import Rehearsal, answers, rehearse, rejects, rings_for_ever, run

DEMO = read(HOME)
SITE = parse(DEMO)


def on(scene: Callable[[Rehearsal], Awaitable[None]], files: dict[str, str] | None = None) -> None:
    async def main() -> None:
        async with rehearse(files or DEMO) as centre:
            await scene(centre)
            assert centre.plane.faults == 0

    run(main())


def prompt(name: str) -> str:
    return SITE.sound(name, "en")


def test_key_2_leads_to_an_agent_of_support():
    async def scene(centre: Rehearsal) -> None:
        centre.sign_in("1001")
        call = centre.switch.call("4001")
        await call.up
        call.press("2")
        await centre.becomes("1001", "talking")
        assert call.talks_with == {"1001"}
        assert call.heard[0] == prompt("welcome")
        assert [fact.queue for fact in centre.said(c.ContactQueued)] == ["support"]
        call.hang_up()
        await centre.becomes("1001", "ready")

    on(scene)


def test_silence_is_asked_once_more_and_then_taken_for_key_0():
    async def scene(centre: Rehearsal) -> None:
        centre.sign_in("1001")
        call = centre.switch.call("4001")
        await centre.becomes("1001", "talking")
        assert [sound for sound in call.heard if sound.startswith("sound:")] == [prompt("welcome")] * 2
        assert [fact.queue for fact in centre.said(c.ContactQueued)] == ["anyone"]

    on(scene)


@pytest.mark.parametrize(("played", "heard"), [(True, 2), (False, 1)])
def test_a_sound_of_which_nothing_is_known_leaves_the_caller_in_no_silence(played: bool, heard: int):
    """Lost, it is taken for over at once, and not after the ten minutes that a sound may last."""

    async def scene(centre: Rehearsal) -> None:
        centre.sign_in("1001")
        centre.switch.next(PlayOnChannel, Unknown("timeout"), applied=played)
        call = centre.switch.call("4001")
        await centre.becomes("1001", "talking", within=60)
        assert [sound for sound in call.heard if sound.startswith("sound:")] == [prompt("welcome")] * heard

    on(scene)


def test_a_wrong_key_is_told_so():
    async def scene(centre: Rehearsal) -> None:
        centre.sign_in("1001")
        call = centre.switch.call("4001")
        await call.up
        call.press("6")
        await centre.becomes("1001", "talking")
        assert prompt("not-understood") in call.heard

    on(scene)


def test_with_nobody_signed_in_the_caller_is_told_and_hung_up():
    async def scene(centre: Rehearsal) -> None:
        call = centre.switch.call("4002")
        end = await call.over(within=60)
        assert end.cause == 16
        assert call.heard == [prompt("nobody-free")]

    on(scene)


def test_a_number_nobody_listed_hears_the_apology():
    async def scene(centre: Rehearsal) -> None:
        call = centre.switch.call("4711")
        await call.over(within=60)
        assert call.heard == [prompt("apology")]

    on(scene)


def test_who_waits_hears_music_and_keeps_the_place_while_phones_refuse():
    async def scene(centre: Rehearsal) -> None:
        centre.sign_in("1001")
        centre.switch.phone("1001", rejects(486))
        call = centre.switch.call("4002")
        await centre.becomes("1001", "paused")
        assert call.music == "default"
        queued = centre.said(c.ContactQueued)[0]
        centre.sign_in("1002")
        await centre.becomes("1002", "talking")
        talk = centre.said(c.TalkStarted)[0]
        assert talk.waited_ms == talk.at - queued.at
        assert call.music == ""

    on(scene)


@pytest.mark.slow
def test_two_hundred_callers_and_three_agents_are_all_served_in_the_order_they_came():
    async def scene(centre: Rehearsal) -> None:
        for agent in ("1001", "1002", "1003"):
            centre.switch.phone(agent, answers(after=1.0, hang_up_after=30.0))
            centre.sign_in(agent)
        calls = [centre.switch.call("4002", caller=str(5000 + number)) for number in range(200)]
        await asyncio.gather(*(call.over(within=36_000) for call in calls))
        offered = [fact.contact for fact in centre.said(c.OfferMade)]
        assert offered == [fact.contact for fact in centre.said(c.ContactArrived)]
        assert len(centre.said(c.TalkStarted)) == 200
        assert not centre.plane.state.contacts

    on(scene)


def test_a_dropped_socket_leaves_everybody_where_they_were():
    async def scene(centre: Rehearsal) -> None:
        centre.sign_in("1001")
        centre.switch.phone("1001", rings_for_ever())
        first, second = centre.switch.call("4002"), centre.switch.call("4002")
        ring = await centre.switch.phone("1001").next_ring()
        ring.answer()
        await centre.becomes("1001", "talking")
        centre.switch.drop()
        await asyncio.sleep(60)
        assert first.talks_with == {"1001"}
        assert second.music == "default"
        ring.hang_up()
        ring = await centre.switch.phone("1001").next_ring()
        ring.answer()
        await centre.becomes("1001", "talking")
        assert second.talks_with == {"1001"}

    on(scene)


@pytest.mark.parametrize("body", ["raise ValueError('no')", "import asyncio; await asyncio.sleep(1)"])
def test_a_program_that_fails_is_followed_by_the_sites_default(body: str):
    async def scene(centre: Rehearsal) -> None:
        call = centre.switch.call("4001")
        await call.over(within=60)
        assert call.heard == [prompt("apology")]
        assert centre.said(c.ProgramFailed)[0].program == "front_door"

    on(scene, DEMO | {"ari_apps/front_door.py": f'"""Wrong."""\n\n\nasync def main(call):\n    {body}\n'})


def test_max_wait_gives_the_caller_back_to_the_program():
    async def scene(centre: Rehearsal) -> None:
        centre.sign_in("1001")
        centre.switch.busy_elsewhere("1001")
        call = centre.switch.call("4002")
        await call.over(within=600)
        assert call.heard[-1] == prompt("nobody-free")
        assert centre.said(c.ContactUnqueued)[0].waited_ms == 180_000

    queues = DEMO["acd/queues.toml"].replace("[support]", '[support]\nmax_wait = "3m"')
    on(scene, DEMO | {"acd/queues.toml": queues})


def test_the_sound_of_a_prompt_is_derived_from_its_text():
    assert prompt("apology") == sound_of("en", DEMO["ivr/prompts.toml"].split("[apology]")[1].split('"')[1])
