"""Who waits in app_queue, put together from surveys and from what AMI says."""

from __future__ import annotations

import asyncio

import pytest

from ccplane.asterisk import fallback_waits
from ccplane.asterisk.actions import Action, Message
from ccplane.asterisk.ami_events import Events
from ccplane.asterisk.fallback_waits import FallbackWaits
from ccplane.asterisk.models import Bridge, Channel, Dialplan
from ccplane.asterisk.outcomes import Done, Outcome, Unknown
from ccplane.core.inputs import FallbackWaitsSeen
from ccplane.ids import NodeName

NODE = NodeName("ast1")


class Switch:
    def __init__(self) -> None:
        self.events, self.posted = Events(), []
        self.answers: asyncio.Queue[Outcome[Message]] = asyncio.Queue()
        self.waits = FallbackWaits(self.events, NODE, self.posted.append, self.answer)

    async def answer(self, action: Action) -> Outcome[Message]:
        assert action == {"Action": "Ping"}
        return await self.answers.get()

    def says(self, event: str, channel: str, queue: str = "support", **more: str) -> None:
        self.events.heard({"event": event, "uniqueid": channel, "queue": queue, **more})

    def announces(self, channel: str, queue: str = "support", name: str = "CcplaneFallback") -> None:
        self.says("UserEvent", channel, queue, userevent=name)

    def survey(self, *callers: str, talking: tuple[str, ...] = (), asked_at: float | None = None) -> None:
        """`callers`: `channel queue`, or `channel` for one who is elsewhere in the fallback."""
        channels = [a_channel(*each.split()) for each in callers]
        bridges = [Bridge("b", channels=[*talking, "somebody"])] if talking else []
        self.waits.surveyed(channels, bridges, now() if asked_at is None else asked_at)

    @property
    def told(self) -> list[tuple[str, ...]]:
        assert all(isinstance(each, FallbackWaitsSeen) and each.node == NODE for each in self.posted)
        return [each.queues for each in self.posted]


def a_channel(channel: str, queue: str = "") -> Channel:
    place = Dialplan(app_name="Queue", app_data=f"{queue},,,,180") if queue else Dialplan(app_name="Playback")
    return Channel(channel, "Up", dialplan=place)


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_survey_tells_in_which_queues_somebody_waits_and_whoever_talks_does_not():
    switch = Switch()
    switch.survey("1 support", "2 sales", "3 support", "4", talking=("2",))
    assert switch.told == [("support",)]
    switch.survey()
    assert switch.told == [("support",), ()]


async def test_who_joins_and_leaves_is_told_at_once_and_only_where_the_queues_change():
    switch = Switch()
    switch.survey()
    switch.says("QueueCallerJoin", "1")
    switch.says("QueueCallerJoin", "2")
    switch.says("QueueCallerJoin", "3", "sales")
    switch.says("QueueCallerLeave", "1")
    switch.says("QueueCallerLeave", "2")
    assert switch.told == [(), ("support",), ("sales", "support"), ("sales",)]


async def test_before_the_first_survey_nothing_is_told_and_then_all_is():
    switch = Switch()
    asked_at = now()
    switch.says("QueueCallerJoin", "1")
    switch.says("QueueCallerLeave", "2", "sales")
    assert switch.told == []
    switch.survey("2 sales", "3 anyone", asked_at=asked_at)
    assert switch.told == [("anyone", "support")]


async def test_what_was_heard_after_a_survey_was_asked_for_outweighs_it():
    switch = Switch()
    switch.survey("1 support")
    asked_at = now()
    switch.says("QueueCallerLeave", "1")
    switch.says("QueueCallerJoin", "2", "sales")
    switch.survey("1 support", asked_at=asked_at)
    assert switch.told[-1] == ("sales",)


async def test_who_left_the_queue_and_is_not_in_a_bridge_yet_does_not_wait_again():
    switch = Switch()
    switch.survey("1 support")
    switch.says("QueueCallerLeave", "1")
    await asyncio.sleep(0)
    switch.survey("1 support")
    assert switch.told[-1] == ()


async def test_one_for_whom_a_phone_rings_needs_nobody_else_until_it_was_not_answered():
    switch = Switch()
    switch.survey()
    switch.says("QueueCallerJoin", "1")
    switch.says("AgentCalled", "1")
    switch.survey("1 support")
    switch.says("QueueCallerJoin", "2", "sales")
    switch.says("AgentRingNoAnswer", "1")
    switch.says("AgentCalled", "1")
    switch.says("QueueCallerLeave", "1")
    assert switch.told == [(), ("support",), (), (), ("sales",), ("sales", "support"), ("sales",)]


async def test_an_end_that_was_never_told_is_found_by_the_next_survey():
    switch = Switch()
    switch.survey()
    switch.says("QueueCallerJoin", "1")
    await asyncio.sleep(0)
    switch.survey()
    assert switch.told == [(), ("support",), ()]


async def test_who_is_about_to_wait_counts_and_is_forgotten_if_the_queue_turned_them_away(monkeypatch):
    monkeypatch.setattr(fallback_waits, "JOINS_S", 0.01)
    switch = Switch()
    switch.survey()
    switch.announces("1")
    switch.announces("2", "sales")
    switch.announces("3", "anyone", name="SomebodyElses")
    switch.says("QueueCallerJoin", "2", "sales")
    assert switch.told[-1] == ("sales", "support")
    switch.answers.put_nowait(Done({}))
    async with asyncio.timeout(20):
        while switch.told[-1] != ("sales",):
            await asyncio.sleep(0.001)


async def test_while_ami_is_late_who_was_announced_counts_on(monkeypatch):
    monkeypatch.setattr(fallback_waits, "JOINS_S", 0.0)
    switch = Switch()
    switch.survey()
    switch.announces("1")
    switch.answers.put_nowait(Unknown("timeout"))
    async with asyncio.timeout(20):
        while not switch.answers.empty():
            await asyncio.sleep(0)
    switch.announces("2", "sales")
    await asyncio.sleep(0.01)
    assert switch.told[-1] == ("sales", "support"), "of neither is it known that they were turned away"
    switch.says("QueueCallerJoin", "2", "sales")
    switch.answers.put_nowait(Done({}))
    await asyncio.sleep(0.01)
    assert switch.told[-1] == ("sales", "support"), "the word that had been on its way came before the answer"
    switch.survey("2 sales")
    assert switch.told[-1] == ("sales",)


@pytest.mark.parametrize("event", [{}, {"uniqueid": "1"}, {"queue": "support"}])
async def test_an_event_that_lacks_something_makes_nobody_wait(event):
    switch = Switch()
    switch.survey()
    switch.events.heard({"event": "QueueCallerJoin", **event})
    assert switch.told == [()]
