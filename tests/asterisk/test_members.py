"""The edge that keeps app_queue's members, over a fake AMI that has a memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from structlog.testing import capture_logs

from ccplane.agents.facts import Intent
from ccplane.asterisk.members import FAMILY, Members
from ccplane.asterisk.outcomes import Done, Refused, Unknown
from ccplane.core import inputs as i
from ccplane.core.members import numbers
from ccplane.testing import FakeAmi
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, paused, ready

DONE = Done({"response": "Success"})


class Switch:
    """What app_queue and the astdb remember."""

    def __init__(self, *queues: str) -> None:
        self.ami = FakeAmi()
        self.queues, self.numbers = {name: dict[str, str]() for name in queues}, dict[str, str]()
        self.ami.answers |= {"QueueAdd": self.add, "QueueRemove": self.remove, "DBPut": self.put, "DBDel": self.delete}
        self.away = False
        self.written = dict[str, str]()
        """Phones that queues.conf has, by queue."""

    def tell(self) -> None:
        self.ami.lists["QueueStatus"] = [
            *({"event": "QueueParams", "queue": name} for name in self.queues),
            *(
                {"event": "QueueMember", "queue": name, "location": phone, "name": who, "membership": "dynamic"}
                for name, members in self.queues.items()
                for phone, who in members.items()
            ),
            *(
                {"event": "QueueMember", "queue": name, "location": phone, "name": phone, "membership": "static"}
                for name, phone in self.written.items()
            ),
        ]
        listed = [{"key": f"/{FAMILY}/{number}", "val": queue} for number, queue in self.numbers.items()]
        self.ami.lists["DBGetTree"] = listed or Refused(400, "Database entry not found")

    def add(self, action):
        if self.away:
            return Unknown("timeout")
        members = self.queues[action["Queue"]]
        if action["Interface"] in (*members, self.written.get(action["Queue"])):
            return Refused(400, "Unable to add interface: Already there")
        members[action["Interface"]] = action["MemberName"]
        assert action["StateInterface"] == action["Interface"]
        self.tell()
        return DONE

    def remove(self, action):
        if self.queues[action["Queue"]].pop(action["Interface"], None) is None:
            return Refused(400, "Unable to remove interface: Not there")
        self.tell()
        return DONE

    def put(self, action):
        self.numbers[action["Key"]] = action["Val"]
        self.tell()
        return DONE

    def delete(self, action):
        del self.numbers[action["Key"]]
        self.tell()
        return DONE

    def who(self, queue: str) -> set[tuple[str, str]]:
        return set(self.queues[queue].items())


@asynccontextmanager
async def kept(switch: Switch, floor, anew_s: float = 60.0) -> AsyncIterator[Callable[[i.Input], None]]:
    """Members that follow this floor; yields what decides an input and tells of its facts."""
    switch.tell()
    members = Members(switch.ami, switch.ami.events, lambda: floor.state, again_s=0.01, anew_s=anew_s)

    def take(what: i.Input) -> None:
        members.follow(None, floor.take(what).facts, 0)

    running = asyncio.create_task(members.run())
    await switch.ami.login()
    try:
        yield take
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.001)


def actions(switch: Switch) -> list[str]:
    return [str(each["Action"]) for each in switch.ami.asked]


def asked(switch: Switch) -> list[str]:
    return [each for each in actions(switch) if not each.startswith(("QueueStatus", "DB"))]


async def test_at_a_login_what_is_not_as_it_should_be_is_put_right_and_nothing_else_is_touched():
    switch = Switch(SUPPORT, "ccplane", "somebody-elses")
    switch.queues[SUPPORT] = {"PJSIP/ana": "ana", "PJSIP/old": "old"}
    switch.queues["somebody-elses"] = {"PJSIP/77": "77"}
    floor = a_floor(agents=[ready("ana"), paused("ben")])
    async with kept(switch, floor):
        await until(lambda: switch.who("ccplane") == {("PJSIP/ana", "ana")})
        assert switch.who(SUPPORT) == {("PJSIP/ana", "ana")}
        assert switch.who("somebody-elses") == {("PJSIP/77", "77")}
        assert asked(switch) == ["QueueRemove", "QueueAdd"]


async def test_a_pause_is_one_removal_a_queue_and_what_is_no_ones_intent_asks_nothing():
    switch, floor = Switch(SUPPORT, "ccplane"), a_floor(agents=[ready("ana"), ready("ben")])
    async with kept(switch, floor) as take:
        await until(lambda: len(switch.who("ccplane")) == 2)
        await until(lambda: "DBGetTree" in actions(switch) and switch.numbers == numbers(floor.state.rules))
        switch.ami.asked.clear()
        take(i.PhoneSeen("ana", "gone"))
        take(i.IntentAsked(agent="ana", intent=Intent.PAUSED, by="api"))
        await until(lambda: not switch.who(SUPPORT) & {("PJSIP/ana", "ana")})
        await until(lambda: len(switch.who("ccplane")) == 1)
        assert actions(switch) == ["QueueRemove", "QueueRemove"]


async def test_a_queue_that_the_switch_does_not_have_yet_is_no_trouble():
    switch = Switch("ccplane")
    floor = a_floor(agents=[ready("ana", support=5, sales=5)], queues=[a_queue(), a_queue(SALES)])
    async with kept(switch, floor):
        await until(lambda: switch.who("ccplane") == {("PJSIP/ana", "ana")})
        assert asked(switch) == ["QueueAdd"]


async def test_what_could_not_be_told_is_told_again():
    switch, floor = Switch(SUPPORT, "ccplane"), a_floor(agents=[ready("ana")])
    switch.away = True
    async with kept(switch, floor):
        await until(lambda: "QueueAdd" in asked(switch))
        switch.away = False
        await until(lambda: switch.who("ccplane") == switch.who(SUPPORT) == {("PJSIP/ana", "ana")})


async def test_a_member_whom_somebody_removed_by_hand_is_one_again_after_the_next_login():
    switch, floor = Switch("ccplane"), a_floor(agents=[ready("ana")])
    async with kept(switch, floor):
        await until(lambda: len(switch.who("ccplane")) == 1)
        switch.queues["ccplane"].clear()
        switch.tell()
        await switch.ami.login()
        await until(lambda: len(switch.who("ccplane")) == 1)


async def test_a_member_who_was_static_and_is_no_more_is_one_of_ours_within_minutes_without_a_login():
    """Somebody takes them out of queues.conf and reloads it; nobody tells, and states change all the while."""
    switch, floor = Switch("ccplane"), a_floor(agents=[ready("ana"), ready("ben")])
    switch.written["ccplane"] = "PJSIP/ana"
    async with kept(switch, floor, anew_s=0.05) as take:
        await until(lambda: switch.who("ccplane") == {("PJSIP/ben", "ben")})
        switch.written.clear()
        switch.tell()
        async with asyncio.timeout(20):
            while ("PJSIP/ana", "ana") not in switch.who("ccplane"):
                for intent, there in ((Intent.PAUSED, False), (Intent.READY, True)):
                    take(i.IntentAsked(agent="ben", intent=intent, by="api"))
                    await until(lambda there=there: (("PJSIP/ben", "ben") in switch.who("ccplane")) is there)


async def test_the_astdb_has_the_queue_of_each_number_and_of_no_other():
    switch, floor = Switch("ccplane"), a_floor()
    switch.numbers = {"4002": "old", "4999": "gone"}
    async with kept(switch, floor) as take:
        await until(lambda: switch.numbers == {"4002": "ccplane"})
        switch.numbers.clear()
        switch.tell()
        take(i.SiteRead("site-2", floor.state.rules, {"n": "2"}))
        await until(lambda: switch.numbers == {"4002": "ccplane"})


async def test_a_member_whom_somebody_wrote_into_queues_conf_is_there_and_that_is_said_once():
    switch, floor = Switch(SUPPORT, "ccplane"), a_floor(agents=[ready("ana"), ready("ben")])
    switch.written[SUPPORT] = "PJSIP/ana"
    with capture_logs() as said:
        async with kept(switch, floor) as take:
            await until(lambda: len(switch.who("ccplane")) == 2)
            await until(lambda: switch.who(SUPPORT) == {("PJSIP/ben", "ben")})
            listed = [each["Action"] for each in switch.ami.asked].count("QueueStatus")
            await switch.ami.login()
            take(i.IntentAsked(agent="ben", intent=Intent.PAUSED, by="api"))
            await until(lambda: switch.who(SUPPORT) == set())
            take(i.IntentAsked(agent="ben", intent=Intent.READY, by="api"))
            await until(lambda: switch.who(SUPPORT) == {("PJSIP/ben", "ben")})
    assert [each["Action"] for each in switch.ami.asked].count("QueueStatus") == listed + 1, "it is not tried again"
    assert asked(switch).count("QueueAdd") == 5
    assert [(each["queue"], each["phone"]) for each in said] == [(SUPPORT, "PJSIP/ana")]
