"""Who waits in app_queue, put together from surveys and from what AMI says."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager

import pytest

from ccplane.agents.facts import Phone
from ccplane.asterisk import fallback_waits
from ccplane.asterisk.actions import Action, Message
from ccplane.asterisk.agreed import AFTER_QUEUE
from ccplane.asterisk.ami_events import Events
from ccplane.asterisk.fallback_waits import FallbackWaits
from ccplane.asterisk.models import Bridge, Channel, Dialplan, Endpoint, Info
from ccplane.asterisk.node import HOME
from ccplane.asterisk.operations import GetInfo, ListBridges, ListChannels, ListEndpoints
from ccplane.asterisk.outcomes import Done, Outcome, Refused, Unknown
from ccplane.asterisk.phones import PhoneWatch
from ccplane.asterisk.reconcile import survey
from ccplane.core.inputs import FallbackWaitsSeen
from ccplane.ids import NodeName
from ccplane.testing import FakeAmi, run

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


# --- while AMI may not tell of it ---------------------------------------------------------------------------------

APOLOGY = Dialplan("ccplane-fallback", "4002", 6, "Playback", "ccplane/apology")
ABOUT_TO = Dialplan("ccplane-fallback", "4002", 12, "Wait", "0.3")
QUEUE = Dialplan("ccplane-fallback", "4002", 13, "Queue", "support,,,,180")
OUR_FAULT = Dialplan("ccplane-guard", "4002", 2, "Playback", "ccplane/our-fault")
PHONE = Endpoint("PJSIP", "1001", "online", ["7.7"])
EVERYBODY, SUPPORT = ("ccplane",), ("support",)
IN_SUPPORT = {"queue": "support"}


class Centre:
    """A switch whose channels are where they are, and whose AMI answers after `ami_s`; None: it is not connected."""

    def __init__(self) -> None:
        self.at: dict[str, Dialplan] = {}
        self.ami_s: float | None = 0.001
        self.pings, self.lists, self.hurried, self.posted = 0, 0, 0, []
        self.events = Events()
        self.may_send = True
        self.waits = FallbackWaits(
            self.events, NODE, self.posted.append, self.ask, self.phones, self.hurry, lambda: self.may_send
        )

    def phones(self, phones: list[Endpoint], _: float) -> None:
        self.posted += phones

    def hurry(self) -> None:
        self.hurried += 1

    async def ask(self, action: Action) -> Outcome[Message]:
        assert action == {"Action": "Ping"}
        self.pings += 1
        if self.ami_s is None:
            return Refused(0, "closed")
        await asyncio.sleep(self.ami_s)
        return Done({})

    def send(self, operation: object, _: str) -> asyncio.Future[Outcome[object]]:
        future: asyncio.Future[Outcome[object]] = asyncio.get_running_loop().create_future()
        self.lists += isinstance(operation, ListChannels)
        found = {
            ListChannels: [Channel(each, "Up", dialplan=at) for each, at in self.at.items()],
            ListBridges: [],
            ListEndpoints: [PHONE],
            GetInfo: Info(),
        }
        future.set_result(Done(found[type(operation)]))
        return future

    def survey(self) -> None:
        self.waits.surveyed([Channel(each, "Up", dialplan=at) for each, at in self.at.items()], [], now())

    @property
    def told(self) -> tuple[str, ...]:
        return self.posted[-1].queues

    @asynccontextmanager
    async def connected(self):
        self.survey()
        chore = asyncio.create_task(self.waits.watch(self))
        yield
        chore.cancel()
        await asyncio.gather(chore, return_exceptions=True)


def test_while_ami_is_away_whoever_is_on_the_way_to_a_queue_counts_as_waiting_for_everybody_until_they_are_there():
    async def scene():
        centre = Centre()
        centre.ami_s, centre.at = None, {"1": APOLOGY}
        async with centre.connected():
            assert centre.told == EVERYBODY, "nobody tells when they will be in which queue"
            await asyncio.sleep(2)
            assert centre.told == EVERYBODY
            centre.at = {"1": QUEUE}
            await asyncio.sleep(0.6)
            assert centre.told == SUPPORT
            centre.at = {}
            await asyncio.sleep(0.6)
            assert centre.told == ()
            assert centre.posted[-2] is PHONE, "first of all what the phones do: one may be rung by app_queue"
            lists = centre.lists
            await asyncio.sleep(60)
            assert centre.lists == lists, "nobody is in the fallback, and nobody gets there"

    run(scene())


def test_while_ami_answers_at_once_it_will_tell_and_nobody_is_held_back_for_who_hears_the_apology():
    async def scene():
        centre = Centre()
        centre.at = {"1": APOLOGY, "2": OUR_FAULT}
        async with centre.connected():
            await asyncio.sleep(0.1)
            assert centre.told == ()
            await asyncio.sleep(10)
            assert centre.lists == 1, "the one since when AMI tells all"

    run(scene())


@pytest.mark.parametrize("ami_s", [None, 1.0])
def test_when_ami_is_lost_or_late_that_is_known_before_whoever_it_tells_of_no_more_is_in_the_queue(ami_s):
    async def scene():
        centre = Centre()
        centre.at = {"1": APOLOGY}
        async with centre.connected():
            await asyncio.sleep(5.03)
            assert centre.told == ()
            centre.ami_s = ami_s
            await asyncio.sleep(0.29)  # the dialplan waits 0.3 s after its word
            assert centre.told == EVERYBODY
            centre.ami_s = 0.001
            await asyncio.sleep(1)
            assert centre.told == ()

    run(scene())


def test_a_fresh_login_of_ami_is_followed_by_a_look_for_all_that_it_did_not_tell():
    async def scene():
        centre = Centre()
        async with centre.connected():
            await asyncio.sleep(5)
            centre.at = {"1": QUEUE}  # carried there by the guard
            assert centre.told == ()
            await centre.events.logged_in()
            await asyncio.sleep(0.01)
            assert centre.told == SUPPORT
            centre.at = {"1": QUEUE, "2": APOLOGY}
            await centre.events.logged_in()
            await asyncio.sleep(0.01)
            assert centre.told == SUPPORT, "of the other AMI will tell"
            assert centre.hurried == 1, "at the connect"

    run(scene())


def test_of_whom_a_phone_rang_when_ami_was_lost_nobody_knows_that_it_rings_still():
    async def scene():
        centre = Centre()
        centre.at = {"1": QUEUE}
        async with centre.connected():
            await asyncio.sleep(0.1)
            centre.events.heard({"event": "AgentCalled", "uniqueid": "1"})
            assert centre.told == ()
            centre.ami_s = 1.0
            await asyncio.sleep(2)
            assert centre.told == (), "late is not lost"
            centre.ami_s = None
            await asyncio.sleep(2)
            assert centre.told == SUPPORT

    run(scene())


def test_at_a_new_connection_ami_is_not_relied_on_before_it_has_answered():
    async def scene():
        centre = Centre()
        centre.at = {"1": APOLOGY}
        async with centre.connected():
            await asyncio.sleep(1)
            assert centre.told == ()
        centre.ami_s = None
        async with centre.connected():
            assert centre.told == EVERYBODY

    run(scene())


def test_a_survey_in_the_moment_between_the_word_and_the_queue_does_not_make_it_forgotten():
    async def scene():
        centre = Centre()
        centre.at = {"1": APOLOGY}
        async with centre.connected():
            await asyncio.sleep(1)
            centre.at = {"1": ABOUT_TO}
            centre.events.heard({"event": "UserEvent", "userevent": "CcplaneFallback", "uniqueid": "1", **IN_SUPPORT})
            await asyncio.sleep(0.1)
            centre.survey()
            assert centre.told == SUPPORT

    run(scene())


@pytest.mark.parametrize(
    "at",
    [
        Dialplan("ccplane-fallback", "4002", 14, "Playback", "ccplane/leave-a-message"),
        Dialplan("ccplane-fallback", "4002", 16, "Record", "/var/spool/asterisk/recording/fallback/4002-1.wav,5,180,k"),
        Dialplan("ccplane-fallback", "4002", 17, "Playback", "vm-goodbye"),
        Dialplan("ccplane-fallback", "h", 1, "QueueLog", "ccplane,1,NONE,CCPLANEEND,TIMEOUT"),
        Dialplan("ccplane-guard", "served", 3, "Playback", "vm-goodbye"),
        Dialplan("ccplane-guard", "outbound", 2, "Playback", "ccplane/our-fault-outbound"),
        Dialplan("ccplane-contact", "4002", 1, "Stasis", "ccplane,4002"),
    ],
)
def test_whoever_is_beyond_the_queue_or_never_gets_there_holds_up_nobody(at):
    async def scene():
        centre = Centre()
        centre.ami_s, centre.at = None, {"1": at}
        async with centre.connected():
            assert centre.told == ()
            await asyncio.sleep(1)
            assert centre.told == ()

    run(scene())


def test_one_who_does_something_else_in_the_fallback_holds_up_nobody_for_longer_than_an_apology_lasts():
    async def scene():
        centre = Centre()
        centre.ami_s, centre.at = None, {"1": Dialplan("ccplane-fallback", "4002", 20, "MusicOnHold", "")}
        async with centre.connected():
            await asyncio.sleep(59)
            assert centre.told == EVERYBODY
            await asyncio.sleep(2)
            assert centre.told == ()
            centre.waits.surveyed([Channel("2", "Up", dialplan=APOLOGY)], [Bridge("b", channels=["2"])], now())
            assert centre.told == (), "one who talks is not on the way"

    run(scene())


def test_what_the_dialplan_plays_behind_its_queue_is_what_is_told_apart_by():
    said = (HOME / "dialplan" / "fallback.conf").read_text().split(",Queue(")
    assert tuple(re.findall(r"n,Playback\(([^)]*)\)", said[1])) == AFTER_QUEUE
    assert not {*re.findall(r"n,Playback\(([^)]*)\)", said[0])} & {*AFTER_QUEUE}


def test_while_we_may_not_command_the_switch_nothing_is_asked():
    """What is refused by the fence ends the connection, and says nothing of AMI."""

    async def scene():
        centre = Centre()
        centre.at = {"1": APOLOGY}
        async with centre.connected():
            await asyncio.sleep(1)
            centre.may_send = False
            await asyncio.sleep(1)
            pings, lists = centre.pings, centre.lists
            await asyncio.sleep(5)
            assert (centre.pings, centre.lists, centre.told) == (pings, lists, ())
            centre.may_send = True
            await asyncio.sleep(1)
            assert centre.pings > pings

    run(scene())


def test_who_had_joined_a_queue_and_is_elsewhere_now_has_left_it_whoever_told_of_that():
    async def scene():
        centre = Centre()
        centre.at = {"1": APOLOGY}
        async with centre.connected():
            await asyncio.sleep(1)
            centre.events.heard({"event": "UserEvent", "userevent": "CcplaneFallback", "uniqueid": "1", **IN_SUPPORT})
            centre.events.heard({"event": "QueueCallerJoin", "uniqueid": "1", **IN_SUPPORT})
            assert centre.told == SUPPORT
            centre.ami_s, centre.at = None, {"1": Dialplan("ccplane-fallback", "4002", 20, "VoiceMail", "1001")}
            await asyncio.sleep(70)
            assert centre.told == ()

    run(scene())


def test_one_whom_the_lists_show_in_a_queue_has_joined_it_whether_ami_told_of_that_or_not():
    async def scene():
        centre = Centre()
        centre.at = {"1": ABOUT_TO}
        async with centre.connected():
            centre.events.heard({"event": "UserEvent", "userevent": "CcplaneFallback", "uniqueid": "1", **IN_SUPPORT})
            centre.ami_s, centre.at = None, {"1": QUEUE}
            await asyncio.sleep(0.6)
            centre.ami_s = 0.001
            await asyncio.sleep(5)
            assert centre.told == SUPPORT

    run(scene())


def test_one_who_left_a_queue_and_is_in_one_again_is_known_by_the_lists():
    async def scene():
        centre = Centre()
        centre.at = {"1": QUEUE}
        async with centre.connected():
            centre.events.heard({"event": "QueueCallerLeave", "uniqueid": "1", **IN_SUPPORT})
            assert centre.told == ()
            await asyncio.sleep(11)
            centre.survey()
            assert centre.told == SUPPORT

    run(scene())


def test_one_who_was_announced_and_never_gets_there_holds_up_nobody_for_ever():
    async def scene():
        centre = Centre()
        centre.ami_s, centre.at = None, {"1": Dialplan("ccplane-fallback", "4002", 20, "MusicOnHold", "")}
        async with centre.connected():
            centre.events.heard({"event": "UserEvent", "userevent": "CcplaneFallback", "uniqueid": "1", **IN_SUPPORT})
            await asyncio.sleep(130)
            assert centre.told == ()

    run(scene())


def test_ami_is_asked_ten_times_a_second_only_while_somebody_may_yet_come():
    async def scene():
        centre = Centre()
        centre.at = {"1": Dialplan("ccplane-fallback", "4002", 20, "MusicOnHold", "")}
        async with centre.connected():
            await asyncio.sleep(70)
            pings = centre.pings
            await asyncio.sleep(60)
            assert centre.pings - pings <= 121

    run(scene())


def test_a_survey_tells_of_phones_in_use_before_those_are_let_go_for_whom_nobody_waits_any_more():
    async def scene():
        centre = Centre()
        centre.at = {"1": QUEUE}
        centre.survey()
        centre.at = {}
        phones = PhoneWatch(FakeAmi(), centre.events, centre.posted.append)
        await survey(centre, phones, NODE, 0, 0, False, (), centre.waits)
        seen, waits = centre.posted[-2:]
        assert (seen.device, seen.phone, waits.queues) == ("1001", Phone.IN_USE, ())

    run(scene())
