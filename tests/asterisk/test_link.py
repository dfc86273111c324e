"""The life of a connection: accounts are pushed until all are in place, and no agent is blamed for a fence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from ccplane.asterisk.events import Channel, ChannelDtmfReceived, StasisEnd
from ccplane.asterisk.execute import Executor
from ccplane.asterisk.heartbeat import Heartbeat
from ccplane.asterisk.link import BETWEEN_S, LISTEN_S, Link
from ccplane.asterisk.models import Millis
from ccplane.asterisk.operations import ForgetGlobalVariable, ListChannels, PutConfig, SetGlobalVariable
from ccplane.asterisk.outcomes import Refused, Unknown
from ccplane.asterisk.phones import PhoneWatch
from ccplane.asterisk.provision import Provisioned, provision
from ccplane.asterisk.switch import Switch
from ccplane.contacts import facts as c
from ccplane.core.inputs import CallerGone, Input, KeyPressed, Late, StoodStill, SwitchSurveyed
from ccplane.errors import SwitchError
from ccplane.ids import ChannelId, NodeName
from ccplane.settings import HOME
from ccplane.site import read
from ccplane.testing import rehearse, rings_for_ever, run
from ccplane.testing.fake_asterisk import FakeAsterisk

Provision = Callable[[Switch], Awaitable[Provisioned | None]]
FAILED = Provisioned(failed={"1002": "Refused(403)", "1001": "Unknown(timeout)"})


class Tries:
    """Provisions as it is told, and remembers when it was asked."""

    def __init__(self, *outcomes: Provisioned | Exception | None) -> None:
        self.at: list[float] = []
        self._outcomes: Iterator[Provisioned | Exception | None] = iter(outcomes)

    async def __call__(self, _: Switch) -> Provisioned | None:
        self.at.append(asyncio.get_running_loop().time())
        said = next(self._outcomes)
        if isinstance(said, Exception):
            raise said
        return said


def linked(
    provision: Provision,
    scene: Callable[[Link, FakeAsterisk], Awaitable[None]],
    *,
    taken: str = "",
    post: Callable[[Input], None] = lambda _: None,
    now: Callable[[], int] = lambda: 1,
    believed: tuple[ChannelId, ...] = (),
) -> None:
    """Plays the scene beside a link to the fake switch, in virtual time."""

    async def main() -> None:
        fake = FakeAsterisk()
        link = Link(
            node=NodeName("ast1"),
            switches=fake,
            executor=Executor(),
            post=post,
            now=now,
            provision=provision,
            phones=PhoneWatch(fake.ami, fake.ami.events, lambda _: None),
            sign=Heartbeat(lambda: 7, lambda: True).sign,
            taken=taken,
            believed=lambda: believed,
        )
        running = asyncio.create_task(link.run())
        await asyncio.sleep(1)
        try:
            await scene(link, fake)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    run(main())


@pytest.mark.parametrize("outcome", [None, Provisioned(unchanged=7)])
def test_given_accounts_that_are_all_in_place_then_it_is_said_and_they_are_not_pushed_again(outcome):
    tries = Tries(outcome)

    async def scene(link: Link, _: FakeAsterisk) -> None:
        await asyncio.sleep(100)
        assert (link.provisioned_at, link.provisioning_trouble) == (1, "")
        assert len(tries.at) == 1

    linked(tries, scene)


@pytest.mark.parametrize(
    ("outcome", "trouble"),
    [
        (FAILED, "2 of the phones' accounts are not as they should be; 1001: Unknown(timeout)"),
        (RuntimeError("the disk is full"), "the disk is full"),
    ],
)
def test_given_accounts_that_failed_then_they_are_not_in_place_and_it_says_how_many_and_why(outcome, trouble):
    async def scene(link: Link, _: FakeAsterisk) -> None:
        assert (link.provisioned_at, link.provisioning_trouble) == (None, trouble)

    linked(Tries(outcome), scene)


def test_given_accounts_that_failed_then_they_are_tried_soon_and_then_with_each_survey_until_none_did():
    tries = Tries(FAILED, FAILED, RuntimeError("not now"), FAILED, Provisioned(created=["1001", "1002"]))

    async def scene(link: Link, _: FakeAsterisk) -> None:
        await asyncio.sleep(45)
        assert link.provisioned_at is None
        await asyncio.sleep(100)
        assert [round(at - tries.at[0]) for at in tries.at] == [0, 5, 20, 35, 50]
        assert (link.provisioned_at, link.provisioning_trouble) == (1, "")

    linked(tries, scene)


def test_given_a_phone_that_the_switch_refused_once_then_the_next_try_puts_it_in_place():
    async def scene(link: Link, fake: FakeAsterisk) -> None:
        fake.next(PutConfig, Refused(500, "astdb is away"))
        fake.drop()
        await asyncio.sleep(1)
        assert link.provisioned_at is None
        assert "astdb is away" in link.provisioning_trouble
        await asyncio.sleep(10)
        assert link.provisioned_at is not None

    linked(pushing({"1001": "s"}), scene)


def pushing(secrets: dict[str, str]) -> Provision:
    """Nothing at the first connection, then these."""
    pushed = iter([{}])

    async def push(switch: Switch) -> Provisioned:
        return await provision(switch, next(pushed, secrets))

    return push


def said_to_guard(fake: FakeAsterisk) -> list[str]:
    """What of the plane's the guard and the survey see, in order."""
    told = {SetGlobalVariable: "sign", ListChannels: "survey"}
    return [told[type(each)] for _, each in fake.sent if type(each) in told]


def test_given_a_connection_then_the_guard_is_told_before_anybody_is_looked_for():
    async def scene(_: Link, fake: FakeAsterisk) -> None:
        assert said_to_guard(fake) == ["sign", "survey"]
        fake.drop()
        await asyncio.sleep(1)
        assert said_to_guard(fake) == ["sign", "survey"] * 2

    linked(Tries(None, None), scene)


def test_given_a_switch_that_does_not_tell_who_is_there_then_the_guard_is_told_once_and_not_at_each_connection():
    """It would be kept from callers whom nobody serves."""

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        fake.sent.clear()
        for _ in range(3):
            fake.next(ListChannels, Unknown("timeout"))
        fake.drop()
        await asyncio.sleep(5)
        assert said_to_guard(fake)[:5] == ["sign", "survey", "survey", "survey", "survey"]
        fake.sent.clear()
        fake.drop()
        await asyncio.sleep(0.5)
        assert said_to_guard(fake)[:2] == ["sign", "survey"], "it has told who is there since"

    linked(Tries(*[None] * 9), scene)


def test_given_an_application_taken_from_a_predecessor_then_routing_goes_on_without_waiting_for_a_sign():
    async def scene(_: Link, fake: FakeAsterisk) -> None:
        assert said_to_guard(fake) == [], "its predecessor beat until a moment ago, its own beats follow"

    linked(Tries(None), scene, taken="22.10.1")


def test_given_the_guards_word_of_a_caller_then_it_is_removed_once_it_was_read_and_told_a_survey_ago():
    """The switch has it in one list with the heartbeat, and would keep it for ever."""

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        fake.board.node.variables["CCPLANE_CARRIED_1.1"] = "1"
        fake.drop()
        await asyncio.sleep(1)
        assert "CCPLANE_CARRIED_1.1" in fake.board.node.variables, "should we die now, it is needed again"
        await asyncio.sleep(40)
        assert "CCPLANE_CARRIED_1.1" not in fake.board.node.variables
        assert [type(each) for _, each in fake.sent].count(ForgetGlobalVariable) == 1

    linked(Tries(*[None] * 9), scene, believed=(ChannelId("1.1"),))


class Surveys:
    """When those began that were posted, in seconds."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def __call__(self, what: Input) -> None:
        if isinstance(what, SwitchSurveyed):
            self.at.append(round(asyncio.get_running_loop().time(), 3))


def test_given_a_survey_a_moment_ago_when_one_looks_now_then_none_is_held_against_one_so_young():
    """A hang-up that was on its way at the first of two surveys must have come by the second."""
    surveys = Surveys()

    async def scene(link: Link, _: FakeAsterisk) -> None:
        await asyncio.sleep(14.1)
        assert surveys.at == [0, 15], "the last 0.1 s ago"
        await link.look_now()
        assert surveys.at == [0, 15, 15 + BETWEEN_S, 15 + 2 * BETWEEN_S]

    linked(Tries(None), scene, post=surveys)


def test_given_a_caller_whom_the_guard_carried_away_then_it_is_looked_who_waits_in_the_fallback_now():
    surveys = Surveys()

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        await asyncio.sleep(1)
        carried = Channel("1.1", "Up", accountcode="ccplane-carried")
        fake.board.tell(StasisEnd(at_switch=Millis(1), channel=carried))
        await asyncio.sleep(1)
        assert surveys.at == [0, 2]

    linked(Tries(None), scene, post=surveys)


def test_given_two_who_look_at_once_then_they_share_one_look():
    surveys = Surveys()

    async def scene(link: Link, _: FakeAsterisk) -> None:
        await asyncio.gather(link.look_now(), link.look_now(), link.look_now())
        assert surveys.at == [0, 1, 1 + BETWEEN_S]

    linked(Tries(None), scene, post=surveys)


def test_given_a_look_under_way_when_another_asks_then_both_of_their_surveys_begin_after_that():
    """What they have just changed at the switch must be in both."""
    surveys = Surveys()

    async def scene(link: Link, _: FakeAsterisk) -> None:
        first = asyncio.create_task(link.look_now())
        await asyncio.sleep(0.1)
        assert surveys.at == [0, 1]
        await link.look_now()
        assert first.done()
        assert surveys.at == [0, 1, 1 + BETWEEN_S, 1 + 2 * BETWEEN_S]

    linked(Tries(None), scene, post=surveys)


def test_given_one_who_stops_waiting_for_a_look_then_the_other_still_gets_it():
    surveys = Surveys()

    async def scene(link: Link, _: FakeAsterisk) -> None:
        impatient, patient = asyncio.create_task(link.look_now()), asyncio.create_task(link.look_now())
        await asyncio.sleep(0.1)
        impatient.cancel()
        await patient
        assert surveys.at == [0, 1, 1 + BETWEEN_S]

    linked(Tries(None), scene, post=surveys)


def test_given_a_look_when_the_connection_is_lost_then_it_fails_and_the_next_one_goes_well():
    surveys = Surveys()

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        look = asyncio.create_task(link.look_now())
        await asyncio.sleep(0.1)
        fake.drop()
        await asyncio.sleep(0.1)
        await link.look_now()
        with pytest.raises(SwitchError, match="ListChannels"):
            await look
        assert len(surveys.at) == 1 + 1 + 1 + 2, (
            "the first connection's, the lost look's, the second one's, and the look"
        )
        assert surveys.at[-2] >= surveys.at[-3] + BETWEEN_S

    linked(Tries(None, None), scene, post=surveys)


def test_given_an_offer_held_back_by_a_fence_when_we_are_connected_again_then_no_agent_missed_it_and_it_is_made_again():
    async def main() -> None:
        async with rehearse(read(HOME)) as centre:
            centre.switch.phone("1001", rings_for_ever())
            call = centre.switch.call("4002")
            centre.sign_in("1001")
            centre.switch.may_send = lambda: False
            async with asyncio.timeout(20):
                while not centre.said(c.OfferMade):
                    await asyncio.sleep(0)
            await asyncio.sleep(1)
            centre.switch.drop()  # as `Connection` does
            await asyncio.sleep(60)
            centre.switch.may_send = lambda: True
            ring = await centre.switch.phone("1001").next_ring()
            (withdrawn,) = centre.said(c.OfferWithdrawn)
            assert withdrawn.reason is c.Withdrawal.SWITCH_LOST
            assert centre.said(c.OfferMissed) == []
            assert len(centre.said(c.OfferMade)) == 2
            ring.answer()
            await centre.becomes("1001", "talking")
            assert call.talks_with == {"1001"}
            assert centre.plane.faults == 0

    run(main())


@pytest.mark.parametrize(("paused_ms", "gap_ms"), [(60_000, 60_000), (1_000, 0)])
def test_given_a_pause_of_ours_when_the_connection_was_lost_in_it_then_the_gap_began_with_the_pause(paused_ms, gap_ms):
    found: list[SwitchSurveyed] = []
    ahead = [0]

    def now() -> int:
        return 1_000_000 + ahead[0] + round(asyncio.get_running_loop().time() * 1000)

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        ahead[0] += paused_ms  # nothing of ours ran meanwhile
        fake.drop()
        await asyncio.sleep(5)
        (again,) = [each for each in found[1:] if each.after_gap]
        assert gap_ms <= again.gap_ms < gap_ms + 2_000

    linked(
        Tries(*[None] * 9),
        scene,
        post=lambda what: found.append(what) if isinstance(what, SwitchSurveyed) else None,
        now=now,
    )


class Ahead:
    """Our clock; `pause` lets it go on while nothing of ours runs."""

    def __init__(self) -> None:
        self._ms = 1_000_000

    def __call__(self) -> int:
        return self._ms + round(asyncio.get_running_loop().time() * 1000)

    def pause(self, ms: int) -> None:
        self._ms += ms


def test_given_a_pause_that_the_connection_survives_then_it_is_told_before_what_happened_in_it():
    """And that happened when the switch says, not when we went on."""
    told: list[Input] = []
    now = Ahead()

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        call = fake.dial("501", "4002")
        await asyncio.sleep(0.05)
        assert not any(isinstance(each, Late | StoodStill) for each in told), "nothing was late"
        told.clear()
        stopped_at = now()
        call.hang_up()
        now.pause(60_000)
        await asyncio.sleep(1)
        seen, stood, gone, *_ = (each for each in told if isinstance(each, Late | StoodStill))
        assert seen == StoodStill(NodeName("ast1"), 0)
        assert isinstance(stood, StoodStill)
        assert 60_000 <= stood.gap_ms < 60_000 + 1_000 * LISTEN_S
        assert stood.until is not None
        assert stopped_at + 60_000 <= stood.until <= stopped_at + 60_000 + 1_000 * LISTEN_S
        assert isinstance(gone, Late)
        assert isinstance(gone.what, CallerGone)
        assert abs(gone.at - stopped_at) <= 1

    linked(Tries(*[None] * 9), scene, post=told.append, now=now)


def test_given_an_event_that_seems_older_than_the_pause_then_it_happened_within_it():
    """Two clocks are never quite the same; and a pause's own first moment was still watched."""
    told: list[Input] = []
    now = Ahead()

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        call = fake.dial("501", "4002")
        await asyncio.sleep(0.05)
        now.pause(500)  # by so much the switch's clock seems to be behind from here on
        await asyncio.sleep(1)
        call.hang_up()
        now.pause(60_000)
        await asyncio.sleep(1)
        seen, stood, gone, *_ = (each for each in told if isinstance(each, Late | StoodStill))
        assert seen == StoodStill(NodeName("ast1"), 0)
        assert isinstance(stood, StoodStill)
        assert isinstance(gone, Late)
        assert stood.until is not None
        assert gone.at == stood.until - stood.gap_ms + 1

    linked(Tries(*[None] * 9), scene, post=told.append, now=now)


def test_given_a_pause_at_a_quiet_time_then_it_is_told():
    told: list[Input] = []
    now = Ahead()

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        now.pause(5_000)
        await asyncio.sleep(1)
        seen, stood = (each for each in told if isinstance(each, StoodStill))
        assert seen == StoodStill(NodeName("ast1"), 0)
        assert 5_000 <= stood.gap_ms < 5_000 + 1_000 * LISTEN_S + 1

    linked(Tries(*[None] * 9), scene, post=told.append, now=now)


def test_given_a_moment_of_no_account_then_it_is_no_pause():
    told: list[Input] = []
    now = Ahead()

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        now.pause(800)
        await asyncio.sleep(1)
        assert not any(isinstance(each, StoodStill) for each in told)

    linked(Tries(*[None] * 9), scene, post=told.append, now=now)


@pytest.mark.parametrize("set_back_ms", [30_000, 3_600_000])
def test_given_a_pause_long_ago_when_the_switchs_clock_is_set_back_then_what_happens_is_not_dated_into_it(set_back_ms):
    """Events come in order: after one that was not late none is."""
    told: list[Input] = []
    now = Ahead()

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        at_switch, set_to = fake.board.now, [0]
        fake.board.now = lambda: at_switch() + set_to[0]
        fake.dial("500", "4002")
        await asyncio.sleep(1)
        now.pause(60_000)
        set_to[0] = 60_000
        await asyncio.sleep(1)
        call = fake.dial("501", "4002")
        await asyncio.sleep(1)
        set_to[0] -= set_back_ms
        call.hang_up()
        await asyncio.sleep(1)
        assert any(isinstance(each, CallerGone) for each in told)
        assert not any(isinstance(each, Late) for each in told)

    linked(Tries(*[None] * 9), scene, post=told.append, now=now)


def test_given_a_clock_that_was_set_back_in_a_pause_then_what_is_older_than_the_pause_is_no_part_of_it():
    told: list[Input] = []
    now = Ahead()

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        at_switch, set_to = fake.board.now, [0]
        fake.board.now = lambda: at_switch() + set_to[0]
        call = fake.dial("500", "4002")
        await asyncio.sleep(1)
        now.pause(60_000)
        set_to[0] = -3_600_000
        call.hang_up()
        await asyncio.sleep(1)
        assert any(isinstance(each, CallerGone) for each in told)

    linked(Tries(*[None] * 9), scene, post=told.append, now=now)


@pytest.mark.parametrize("lost_s", [0.0, LISTEN_S * 1.5])
@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("looked", [False, True])
def test_given_a_connection_that_was_lost_in_a_pause_then_there_is_one_gap_and_not_two_with_the_same_beginning(
    lost_s, heard, looked
):
    """Whether it is seen first that it is lost, or that time has passed, here or by whoever had something to decide;
    and though something was heard before."""
    told: list[Input] = []
    now = Ahead()

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        call = fake.dial("500", "4002")
        await asyncio.sleep(0)
        told.clear()
        now.pause(60_000)
        if looked:
            link.look()
        await asyncio.sleep(lost_s)
        if heard:
            call.hang_up()
        fake.drop()
        await asyncio.sleep(1)
        assert told[0] == StoodStill(NodeName("ast1"), 0), "at once, for something heard in it may wait"
        assert not any(isinstance(each, StoodStill) for each in told[1:])
        (found,) = (each for each in told if isinstance(each, SwitchSurveyed) and each.after_gap)
        assert 60_000 <= found.gap_ms < 61_000

    linked(Tries(*[None] * 9), scene, post=told.append, now=now)


def test_given_a_pause_while_there_is_no_connection_then_the_survey_tells_all_of_it():
    told: list[Input] = []
    now = Ahead()

    async def scene(link: Link, fake: FakeAsterisk) -> None:
        fake.stop()
        await asyncio.sleep(1)
        now.pause(5_000)
        link.look()
        fake.start()
        await asyncio.sleep(1)
        assert not any(isinstance(each, StoodStill) for each in told)
        surveys = [each for each in told if isinstance(each, SwitchSurveyed) and each.after_gap]
        assert surveys[-1].gap_ms >= 6_000

    linked(Tries(*[None] * 9), scene, post=told.append, now=now)


def test_given_keys_of_which_the_switch_tells_twice_then_each_is_posted_once():
    posted: list[Input] = []

    async def scene(_: Link, fake: FakeAsterisk) -> None:
        for key, at in (("1", 0), ("2", 100), ("3", 200), ("3", 225)):
            channel = Channel("ast1-1.1", "Up")
            fake.board.tell(ChannelDtmfReceived(at_switch=at, channel=channel, digit=key, duration_ms=40))
        await asyncio.sleep(0.1)

    linked(Tries(None), scene, post=posted.append)
    assert [what.key for what in posted if isinstance(what, KeyPressed)] == ["1", "2", "3"]


def test_given_a_key_told_of_twice_when_the_connection_is_lost_in_between_then_it_is_posted_once():
    posted: list[Input] = []

    async def scene(_: Link, fake: FakeAsterisk) -> None:
        call = fake.call("4001")
        await asyncio.sleep(0.1)
        assert call.line is not None

        def press(key: str, at: int) -> None:
            channel = Channel(call.line.id, "Up")
            fake.board.tell(ChannelDtmfReceived(at_switch=at, channel=channel, digit=key, duration_ms=40))

        for key, at in (("1", 0), ("2", 100), ("3", 200)):
            press(key, at)
        await asyncio.sleep(0.01)
        fake.drop()
        await asyncio.sleep(0.1)
        press("3", 225)
        press("4", 400)
        await asyncio.sleep(0.1)
        call.hang_up()
        await asyncio.sleep(0.1)

    linked(Tries(None, None), scene, post=posted.append)
    assert [what.key for what in posted if isinstance(what, KeyPressed)] == ["1", "2", "3", "4"]
