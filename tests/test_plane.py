"""The loop itself: order, acknowledgement, and that no fault of ours reaches another call."""

from __future__ import annotations

import asyncio
import re

import pytest

from ccplane.agents.facts import Intent
from ccplane.contacts.facts import OfferMissed
from ccplane.core.inputs import IntentAsked, StoodStill
from ccplane.errors import CcplaneError, StoreError
from ccplane.facts import SwitchReadUp
from ccplane.ids import NodeName
from ccplane.plane import URGENT
from ccplane.settings import HOME
from ccplane.site import read
from ccplane.testing import Rehearsal, rehearse, rings_for_ever, run

DEMO = read(HOME)


def ready(agent: str) -> IntentAsked:
    return IntentAsked(agent=agent, intent=Intent.READY, by="test")


def on(scene) -> None:
    async def main() -> None:
        async with rehearse(DEMO) as centre:
            await scene(centre)

    run(main())


def test_what_is_asked_is_acknowledged_once_it_is_on_disk():
    async def scene(centre: Rehearsal) -> None:
        on_disk = asyncio.get_running_loop().create_future()
        centre.plane._log.committed = lambda seq: on_disk
        asking = asyncio.create_task(centre.plane.ask(ready("1001")))
        await asyncio.sleep(1)
        assert not asking.done()
        on_disk.set_result(None)
        snapshot = await asking
        assert snapshot.state.agents["1001"].intent is Intent.READY

    on(scene)


def test_what_the_disk_does_not_take_in_time_is_said_so():
    async def scene(centre: Rehearsal) -> None:
        centre.plane._log.committed = lambda seq: asyncio.get_running_loop().create_future()
        with pytest.raises(StoreError) as refused:
            await centre.plane.ask(ready("1001"))
        assert refused.value.code == "outbox-not-written"

    on(scene)


def test_an_input_whose_facts_cannot_be_kept_changes_nothing_and_harms_nobody():
    async def scene(centre: Rehearsal) -> None:
        append = centre.plane._log.append

        def full(facts):
            raise StoreError("outbox-overflow", "full")

        centre.plane._log.append = full
        before = centre.plane.snapshot
        centre.plane.post(ready("1001"))
        assert centre.plane.snapshot is before
        assert centre.plane.faults == 1
        with pytest.raises(CcplaneError) as refused:
            await centre.plane.ask(ready("1001"))
        assert refused.value.code == "not-decided"
        centre.plane._log.append = append
        await centre.plane.ask(ready("1001"))
        assert centre.plane.state.agents["1001"].intent is Intent.READY

    on(scene)


def test_a_fault_at_a_deadline_is_tried_again_a_second_later_not_at_once():
    async def scene(centre: Rehearsal) -> None:
        centre.switch.phone("1001", rings_for_ever())
        centre.sign_in("1001")
        centre.switch.call("4002")
        await centre.becomes("1001", "offered")
        append = centre.plane._log.append

        def full(facts):
            raise StoreError("outbox-overflow", "full")

        centre.plane._log.append = full
        await asyncio.sleep(25)  # the ring's 20 s, and 5 more
        assert 1 <= centre.plane.faults <= 20
        centre.plane._log.append = append
        await asyncio.sleep(2)
        assert centre.said(OfferMissed)

    on(scene)


def test_a_fault_after_a_pause_is_tried_again_and_then_callers_are_offered():
    async def scene(centre: Rehearsal) -> None:
        append, faults = centre.plane._log.append, 0

        def full_once(facts):
            nonlocal faults
            if any(isinstance(fact, SwitchReadUp) for fact in facts) and not faults:
                faults += 1
                raise StoreError("outbox-overflow", "full")
            return append(facts)

        centre.sign_in("1001")
        centre.plane._log.append = full_once
        centre.plane.post(StoodStill(NodeName("ast1"), 5_000))
        assert centre.plane.state.behind
        await asyncio.sleep(3)
        assert (faults, centre.plane.state.behind) == (1, False)

    on(scene)


def test_who_subscribes_sees_what_was_published_while_it_was_busy():
    async def scene(centre: Rehearsal) -> None:
        seen = []
        async for snapshot in centre.plane.subscribe():
            seen.append(snapshot.state.agents["1001"].intent)
            if snapshot.state.agents["1002"].intent is Intent.READY:
                break
            centre.plane.post(ready("1001"))
            centre.plane.post(ready("1002"))
        assert seen == [Intent.OFFLINE, Intent.READY]

    on(scene)


def test_who_follows_is_told_every_fact_once_and_in_order():
    async def scene(centre: Rehearsal) -> None:
        told, from_here = [], len(centre.facts)

        def follower(snapshot, facts, first):
            assert snapshot is centre.plane.snapshot
            assert snapshot.seq == first + len(facts) - 1
            told.extend(zip(range(first, snapshot.seq + 1), facts, strict=True))

        centre.plane.follow(follower)
        centre.sign_in("1001")
        centre.switch.call("4002")
        await centre.becomes("1001", "talking")
        assert told == list(enumerate(centre.facts, 1))[from_here:]

    on(scene)


def test_a_follower_that_raises_harms_nobody_and_is_counted():
    async def scene(centre: Rehearsal) -> None:
        told = []

        def broken(snapshot, facts, first):
            raise RuntimeError("a fault of ours")

        centre.plane.follow(broken)
        centre.plane.follow(lambda snapshot, facts, first: told.extend(facts))
        centre.sign_in("1001")
        call = centre.switch.call("4002")
        await centre.becomes("1001", "talking")
        assert call.talks_with == {"1001"}
        assert centre.plane.faults
        assert told

    on(scene)


def test_a_program_that_breaks_the_runner_leaves_the_others_running():
    async def scene(centre: Rehearsal) -> None:
        follow = centre.plane._runner.follow

        def broken(state, facts):
            raise RuntimeError("a fault of ours")

        centre.plane._runner.follow = broken
        centre.switch.call("4002")
        await asyncio.sleep(1)
        assert centre.plane.faults
        centre.plane._runner.follow = follow
        centre.sign_in("1001")
        call = centre.switch.call("4002")
        await centre.becomes("1001", "talking")
        assert call.talks_with == {"1001"}

    on(scene)


class Recorded:
    """The plane's hands and meter, which remember: u an urgent command, o another, f a flush, a point ends the step."""

    def __init__(self, hands, *, stuck: bool = False) -> None:
        self._hands, self._stuck, self.did = hands, stuck, ""

    def execute(self, command) -> None:
        self.did += "u" if isinstance(command, URGENT) else "o"
        self._hands.execute(command)

    def flush(self) -> None:
        self.did += "f"
        if self._stuck:
            raise RuntimeError("a fault of ours")
        self._hands.flush()

    def observe_step(self, seconds: float) -> None:
        self.did += "."


def test_what_rings_or_frees_a_phone_leaves_before_all_else_that_was_decided_with_it():
    async def scene(centre: Rehearsal) -> None:
        centre.sign_in("1001")
        centre.plane._hands = centre.plane._meter = recorded = Recorded(centre.plane._hands)
        call = centre.switch.call("4002")
        await centre.becomes("1001", "talking")
        call.hang_up()
        await centre.becomes("1001", "ready")
        assert re.fullmatch(r"((u+f)?(o+f)?\.)*", recorded.did)
        assert re.search(r"u+fo+f\.", recorded.did)

    on(scene)


def test_a_flush_that_fails_harms_nobody():
    async def scene(centre: Rehearsal) -> None:
        centre.sign_in("1001")
        centre.plane._hands = centre.plane._meter = recorded = Recorded(centre.plane._hands, stuck=True)
        call = centre.switch.call("4002")
        await centre.becomes("1001", "talking")
        assert call.talks_with == {"1001"}
        assert centre.plane.faults == recorded.did.count("f") > 1

    on(scene)
