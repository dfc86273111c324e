"""What the guard does to whom, at an AMI that is told what to answer, on a clock that is set."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from ccplane.asterisk.outcomes import Done, Gone, Refused, Unknown
from ccplane.guard.check import check
from ccplane.guard.guard import Guard
from ccplane.guard.whom import Fate
from ccplane.testing import FakeAmi
from tests.guard.test_whom import CALLER, LEG, ROOM, a_channel

TERM = 20.0
TO = ("ccplane-guard", "4002")


class Node:
    """A switch with a heartbeat, and a guard on a clock of its own."""

    def __init__(self, *channels):
        self.ami, self.now, self.beat = FakeAmi(), 1_000.0, "3-1"
        self.ami.answers["Getvar"] = lambda action: Done({"value": self.beat})
        self.ami.lists["Status"] = list(channels)
        self.guard = Guard(self.ami, TERM, now=lambda: self.now)

    async def passes(self, seconds):
        for _ in range(int(seconds / 2)):
            await self.guard.look()
            self.now += 2

    def did(self, action):
        return [each for each in self.ami.asked if each["Action"] == action]

    def leg_ends(self, cause="16"):
        """The caller is alone from then on."""
        self.ami.lists["Status"] = [each for each in self.ami.lists["Status"] if each["uniqueid"] != LEG]
        self.ami.say({"event": "Hangup", "uniqueid": LEG, "cause": cause})

    @property
    def redirected(self):
        return [(each["Channel"], each["Context"], each["Exten"]) for each in self.did("Redirect")]


async def test_given_a_plane_that_lives_then_nobody_is_even_looked_at():
    node = Node(a_channel())
    for n in range(60):
        node.beat = f"3-{n}"
        await node.passes(2)
    assert not node.did("Status")
    assert not node.redirected


async def test_given_a_plane_that_is_away_then_after_the_term_and_not_before_its_callers_are_carried_with_the_mark():
    node = Node(a_channel(room=ROOM))
    await node.passes(TERM)
    assert not node.redirected
    await node.passes(2)
    assert node.redirected == [(CALLER, "ccplane-guard", "4002")]
    marks = [each for each in node.did("Setvar") if each.get("Channel") == CALLER]
    assert [(each["Variable"], each["Value"]) for each in marks] == [("CHANNEL(accountcode)", "ccplane-carried")]
    order = [each["Action"] for each in node.ami.asked if each.get("Channel") == CALLER]
    assert order == ["Setvar", "StopMixMonitor", "Redirect"]


async def test_given_a_plane_that_was_gone_for_less_than_the_term_then_nobody_was_carried():
    node = Node(a_channel(), a_channel(LEG, up=False, application="AppDial2", data=""))
    await node.passes(18)
    node.beat = "4-1"
    await node.passes(18)
    assert not node.redirected
    assert not node.did("Hangup")


async def test_given_a_plane_that_comes_back_while_callers_are_carried_then_the_next_one_is_left_to_it():
    node = Node(*(a_channel(f"ast1-170000000{n}.{n}") for n in range(5)))

    def carried(action):
        if action["Channel"].endswith(".1"):
            node.beat = "4-1"
        return Done({})

    node.ami.answers["Redirect"] = carried
    await node.passes(TERM + 6)
    assert [each[0] for each in node.redirected] == ["ast1-1700000000.0", "ast1-1700000001.1"]


async def test_given_callers_to_carry_then_the_heartbeat_is_read_right_before_each_ones_marks_and_redirect():
    """Reading, marks, redirect: for each caller anew, and nothing else in between."""
    node = Node(*(a_channel(f"ast1-170000000{n}.{n}") for n in range(3)))
    await node.passes(TERM + 2)
    told = [each["Action"] for each in node.ami.asked]
    last = len(told) - told[::-1].index("Status")
    assert told[last:] == ["Getvar", "Setvar", "Setvar", "StopMixMonitor", "Redirect"] * 3


async def test_given_a_slow_switch_then_a_list_as_old_as_a_look_is_read_anew_and_whoever_left_meanwhile_is_left_alone():
    node = Node(*(a_channel(f"ast1-170000000{n}.{n}") for n in range(3)))
    await node.passes(TERM)
    node.ami.asked.clear()

    def slow(action):
        node.now += 2.5
        node.ami.lists["Status"] = [a_channel("ast1-1700000000.0"), a_channel("ast1-1700000002.2")]
        return Done({})

    node.ami.answers["Redirect"] = slow
    await node.passes(2)
    assert [each[0] for each in node.redirected] == ["ast1-1700000000.0", "ast1-1700000002.2"]
    assert len(node.did("Status")) == 2


async def test_given_a_redirect_that_is_never_answered_then_the_callers_behind_that_one_are_carried_all_the_same():
    node = Node(*(a_channel(f"ast1-170000000{n}.{n}") for n in range(3)))
    await node.passes(TERM)

    def hangs(action):
        node.now += 5 if action["Channel"].endswith(".0") else 0
        return Unknown("timeout") if action["Channel"].endswith(".0") else Done({})

    node.ami.answers["Redirect"] = hangs
    await node.guard.look()
    assert [each[0][-2:] for each in node.redirected] == [".0", ".1", ".2"]


async def test_given_an_absence_that_lasts_then_who_is_left_alone_later_is_helped_then():
    """A talk that ends by the agent, and a call that entered our application just when its socket had died."""
    talk = (a_channel(room=ROOM), a_channel(LEG, data="ccplane,leg,1001", room=ROOM))
    node = Node(*talk)
    await node.passes(TERM + 4)
    assert not node.redirected
    node.leg_ends()
    node.ami.lists["Status"] += [a_channel("ast1-1700000900.9")]
    await node.passes(2)
    assert node.redirected == [("ast1-1700000900.9", *TO), (CALLER, "ccplane-guard", "served")]


async def test_given_a_talk_that_the_agent_ended_before_the_term_was_over_then_that_caller_is_carried_nowhere_either():
    talk = (a_channel(room=ROOM), a_channel(LEG, data="ccplane,leg,1001", room=ROOM))
    node = Node(*talk)
    await node.passes(8)
    node.leg_ends()
    await node.passes(TERM - 8)
    assert not node.redirected
    await node.passes(2)
    assert node.redirected == [(CALLER, "ccplane-guard", "served")]
    order = [each["Action"] for each in node.ami.asked if each.get("Channel") == CALLER]
    assert order == ["Setvar", "StopMixMonitor", "Redirect"], "what they hear now is no part of the talk's recording"


async def test_given_a_talk_of_another_absence_then_a_caller_who_waits_again_is_carried_like_any_other():
    talk = (a_channel(room=ROOM), a_channel(LEG, data="ccplane,leg,1001", room=ROOM))
    node = Node(*talk)
    await node.passes(TERM + 4)
    node.beat = "4-1"
    await node.passes(2)
    node.leg_ends()
    await node.passes(TERM)
    assert node.redirected == [(CALLER, *TO)]


@pytest.mark.parametrize("cause", ["44", "0", "38", ""], ids=["no sound came", "unknown", "network", "not said"])
async def test_given_an_agent_whose_phone_died_in_the_absence_then_their_caller_waits_again_and_hears_no_goodbye(cause):
    """A network that fails may take the plane and the agents' phones: nobody has hung up there."""
    node = Node(a_channel(room=ROOM), a_channel(LEG, data="ccplane,leg,1001", room=ROOM))
    await node.passes(TERM + 4)
    node.leg_ends(cause)
    await node.passes(2)
    assert node.redirected == [(CALLER, *TO)]


async def test_given_an_account_that_hears_of_no_hang_up_then_whose_agent_is_gone_waits_again():
    node = Node(a_channel(room=ROOM), a_channel(LEG, data="ccplane,leg,1001", room=ROOM))
    await node.passes(TERM + 4)
    node.ami.lists["Status"] = [a_channel(room=ROOM)]
    await node.passes(4)
    assert node.redirected == [(CALLER, *TO)]


async def test_given_a_list_that_comes_before_the_word_of_why_the_agent_is_gone_then_that_is_waited_for():
    node = Node(a_channel(room=ROOM), a_channel(LEG, data="ccplane,leg,1001", room=ROOM))
    await node.passes(TERM + 4)
    node.ami.lists["Status"] = [a_channel(room=ROOM)]
    await node.passes(2)
    assert not node.redirected
    node.leg_ends()
    await node.passes(2)
    assert node.redirected == [(CALLER, "ccplane-guard", "served")]


async def test_given_a_talk_with_two_agents_then_only_if_both_have_hung_up_it_was_over():
    second = LEG.replace("-1-1-7", "-1-2-8")
    legs = [a_channel(each, data="ccplane,leg,1001", room=ROOM) for each in (LEG, second)]
    node = Node(a_channel(room=ROOM), *legs)
    await node.passes(TERM + 4)
    node.leg_ends()
    await node.passes(2)
    assert not node.redirected
    node.ami.lists["Status"] = [a_channel(room=ROOM)]
    node.ami.say({"event": "Hangup", "uniqueid": second, "cause": "44"})
    await node.passes(2)
    assert node.redirected == [(CALLER, *TO)]


async def test_given_a_dialplan_of_before_without_the_goodbye_then_whose_agent_hung_up_is_carried_and_it_says_so_once():
    """Into an extension that is not there Asterisk redirects too, and hangs up."""
    node = Node(a_channel(room=ROOM), a_channel(LEG, data="ccplane,leg,1001", room=ROOM))
    collect = node.ami.collect

    async def dialplan(action, until):
        if action["Action"] == "ShowDialPlan" and action.get("Extension") == "served":
            return Refused(400, "Did not find extension served@ccplane-guard")
        return await collect(action, until)

    node.ami.collect = dialplan
    with capture_logs() as said:
        await node.passes(TERM + 4)
        node.leg_ends()
        await node.passes(4)
    assert set(node.redirected) == {(CALLER, *TO)}
    assert [each["missing"] for each in said if "dialplan lacks" in each["event"]] == [["ccplane-guard,served"]]


# ------------------------------------------------------------------------------------------------ the talk's recording


async def test_given_a_talk_that_ended_before_anybody_looked_then_what_comes_with_the_fallback_is_not_recorded():
    """It was ended in the first seconds: who talks was not noted yet."""
    node = Node(a_channel(room=ROOM))
    await node.passes(TERM + 2)
    order = [each["Action"] for each in node.ami.asked if each.get("Channel") == CALLER]
    assert order == ["Setvar", "StopMixMonitor", "Redirect"]


@pytest.mark.parametrize(
    ("outcome", "is_said"),
    [
        (Refused(400, "Could not stop monitoring channel"), False),
        (Gone("No such channel"), False),
        (Refused(403, "Permission denied"), True),
        (Unknown("timeout"), True),
    ],
)
async def test_given_a_recording_that_may_run_on_then_it_is_said_and_where_there_was_none_it_is_not(outcome, is_said):
    node = Node(a_channel())
    node.ami.answers["StopMixMonitor"] = outcome
    with capture_logs() as said:
        await node.passes(TERM + 2)
    assert node.redirected == [(CALLER, *TO)]
    assert any("recording" in each["event"] for each in said) is is_said


async def test_given_a_guard_that_begins_before_ami_is_there_then_nothing_is_said_of_that():
    node = Node()
    node.ami.connected = False
    with capture_logs() as said:
        await node.passes(2)
        node.ami.connected = True
        await node.passes(2)
    assert not said


async def test_given_legs_without_anybody_then_they_are_hung_up_and_the_called_are_told():
    ringing = a_channel(LEG, up=False, application="AppDial2", data="")
    outside = a_channel("l-c-x-1-1-1", data="ccplane,leg")
    node = Node(ringing, outside)
    await node.passes(TERM + 2)
    assert node.redirected == [("l-c-x-1-1-1", "ccplane-guard", "outbound")]
    assert [each["Channel"] for each in node.did("Hangup")] == [LEG]
    assert node.guard.counts.done == {Fate.CARRIED: 0, Fate.TOLD: 1, Fate.THANKED: 0, Fate.HUNG_UP: 1}


async def test_given_a_heartbeat_that_was_never_set_then_only_who_has_waited_for_the_whole_term_is_carried():
    node = Node(a_channel(seconds="19"), a_channel("ast1-1700000900.9", seconds="21"))
    node.beat = ""
    await node.passes(TERM + 2)
    assert [each[0] for each in node.redirected] == ["ast1-1700000900.9"]


async def test_given_an_ami_that_was_lost_then_the_count_begins_afresh_and_it_says_so_once():
    node = Node(a_channel())
    with capture_logs() as said:
        await node.passes(16)
        node.ami.drop()
        await node.passes(6)
        node.ami.connected = True
        await node.passes(TERM)
        assert not node.redirected
        await node.passes(2)
    assert node.redirected
    assert [each["event"] for each in said if "read" in each["event"]] == [
        "the heartbeat cannot be read, so nobody is carried",
        "the heartbeat can be read again; the count begins afresh",
    ]


async def test_given_a_dialplan_without_a_context_then_callers_go_to_the_next_best_and_nobody_into_nothing():
    """Asterisk says yes to a redirect into a context that there is none of, and hangs the caller up."""
    node = Node(a_channel(), a_channel("ast1-1.1", data="ccplane,*45,phone"))
    there = {"ccplane-guard", "ccplane-fallback"}
    collect = node.ami.collect

    async def dialplan(action, until):
        if action["Action"] == "ShowDialPlan" and action["Context"] not in there:
            return Refused(400, f"Did not find context {action['Context']}")
        return await collect(action, until)

    node.ami.collect = dialplan
    await node.passes(TERM + 2)
    assert node.redirected == [("ast1-1.1", "ccplane-guard", "45"), (CALLER, "ccplane-guard", "4002")]
    node.ami.asked.clear()
    there.discard("ccplane-guard")
    await node.passes(2)
    assert node.redirected == [("ast1-1.1", "ccplane-fallback", "45"), (CALLER, "ccplane-fallback", "4002")]
    node.ami.asked.clear()
    there.clear()
    with capture_logs() as said:
        await node.passes(4)
    assert not node.redirected
    assert len([each for each in said if "dialplan lacks" in each["event"]]) == 1


@pytest.mark.parametrize("said", [Unknown("timeout"), Refused(400, "Redirect failed")])
async def test_given_a_redirect_that_did_not_work_then_it_is_said_and_tried_again(said):
    node = Node(a_channel())
    node.ami.answers["Redirect"] = said
    with capture_logs() as lines:
        await node.passes(TERM + 4)
    assert len(node.redirected) == 2
    assert any("trying again" in each["event"] for each in lines)


async def test_given_a_caller_who_hung_up_meanwhile_then_nothing_is_said_of_them():
    node = Node(a_channel())
    node.ami.answers["Redirect"] = Gone("Channel does not exist")
    with capture_logs() as lines:
        await node.passes(TERM + 2)
    assert not [each for each in lines if each.get("channel")]


async def test_whatever_it_does_its_log_names_channels_and_no_numbers():
    node = Node(a_channel(calleridnum="13800138000"), a_channel("l-c-x-1-1-1", data="ccplane,leg"))
    with capture_logs() as lines:
        await node.passes(TERM + 2)
    assert [each["channel"] for each in lines if "channel" in each] == [CALLER, "l-c-x-1-1-1"]
    assert "4002" not in str(lines)
    assert "13800138000" not in str(lines)


async def test_its_own_sign_of_life_moves_with_each_look():
    node = Node()
    await node.passes(6)
    assert [each["Value"] for each in node.did("Setvar") if each["Variable"] == "CCPLANE_GUARD"] == ["1", "2", "3"]


# ------------------------------------------------------------------------------------------------------------ --check


async def test_given_a_plane_and_a_guard_that_live_then_the_check_says_so():
    ami, values = FakeAmi(), iter(range(100))
    ami.answers["Getvar"] = lambda action: Done({"value": f"1-{next(values)}"})
    assert [each.ok for each in await check(ami, look_s=0)] == [True, True, True]


async def test_given_what_stands_still_or_is_missing_then_the_check_names_it():
    ami = FakeAmi()
    ami.answers["Getvar"] = lambda action: Done({"value": "3-9"} if action["Variable"] == "CCPLANE_HEARTBEAT" else {})
    ami.lists["ShowDialPlan"] = Refused(400, "Did not find context")
    findings = await check(ami, look_s=0)
    assert [each.ok for each in findings] == [False, False, False]
    text = "\n".join(each.line for each in findings)
    assert "stands still at 3-9" in text
    assert "was never set" in text
    assert "ccplane-guard,served" in text


async def test_given_an_account_without_rights_then_the_check_says_where_to_look():
    ami = FakeAmi()
    ami.answers["Getvar"] = Refused(403, "Permission denied")
    (finding,) = await check(ami, look_s=0)
    assert not finding.ok
    assert "manager.conf" in finding.line
