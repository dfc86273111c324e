"""Who is left alone, where they go, and who is never touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplane.guard.whom import Fate, left_alone, with_agents

CALLER = "ast1-1700000000.12"
LEG = f"l-c-{CALLER}-1-1-7"
ROOM = f"b-c-{CALLER}"


def a_channel(own=CALLER, *, data="ccplane,4002", up=True, room="", application="Stasis", since="(null)", **more):
    """A channel in AMI's Status, as Asterisk 22.10.1 writes it."""
    return {
        "event": "Status",
        "channel": f"PJSIP/trunk-{own[-4:]}",
        "uniqueid": own,
        "channelstatedesc": "Up" if up else "Ringing",
        "bridgeid": room,
        "application": application,
        "data": data,
        "seconds": "7",
        "variable": f"CCPLANE_SINCE={since}\nCCPLANE_QUEUE=(null)",
    } | more


def fates(*channels):
    return {each.channel: each.fate for each in left_alone(channels)}


@pytest.mark.parametrize(
    "caller",
    [
        a_channel(room=ROOM),
        a_channel(),
        a_channel(up=False, channelstatedesc="Ring"),
    ],
    ids=["who waits", "in a menu", "not even answered"],
)
def test_given_a_caller_who_is_alone_then_they_are_carried_by_the_number_they_dialled(caller):
    (left,) = left_alone([caller])
    assert (left.fate, left.context, left.exten, left.channel) == (Fate.CARRIED, "ccplane-guard", "4002", CALLER)


def test_given_two_who_talk_then_neither_is_touched():
    leg = a_channel(LEG, data="ccplane,leg,1001", room=ROOM)
    assert fates(a_channel(room=ROOM), leg) == {}


def test_given_a_caller_whose_agent_has_hung_up_then_a_goodbye_and_a_phone_of_ours_is_hung_up():
    leg, phone = a_channel(LEG, data="ccplane,leg,1001", room=ROOM), a_channel(data="ccplane,4002,phone", room=ROOM)
    assert with_agents([a_channel(room=ROOM), leg]) == with_agents([phone, leg]) == {CALLER: {LEG}}
    (left,) = left_alone([a_channel(room=ROOM)], {CALLER})
    assert (left.fate, left.context, left.exten) == (Fate.THANKED, "ccplane-guard", "served")
    assert [each.fate for each in left_alone([phone], {CALLER})] == [Fate.HUNG_UP]


def test_given_a_dialplan_that_has_no_goodbye_then_a_caller_from_outside_is_carried_and_a_phone_of_ours_hung_up():
    (left,) = left_alone([a_channel(room=ROOM)], {CALLER}, goodbye=False)
    assert (left.fate, left.context, left.exten) == (Fate.CARRIED, "ccplane-guard", "4002")
    phone = a_channel(data="ccplane,4002,phone", room=ROOM)
    assert [each.fate for each in left_alone([phone], {CALLER}, goodbye=False)] == [Fate.HUNG_UP]


def test_given_two_in_a_room_of_whom_none_is_an_agent_or_one_who_is_alone_then_nobody_was_served():
    assert with_agents([a_channel(room=ROOM), a_channel("ast1-1700000001.1", room=ROOM)]) == {}
    assert with_agents([a_channel(room=ROOM), a_channel(LEG, data="ccplane,leg,1001", up=False, room=ROOM)]) == {}


def test_given_an_announcement_in_the_room_then_the_caller_is_alone_all_the_same():
    announcer = a_channel("ast1-1700000001.1", channel="Announcer/ARI-0000001;2", application="", data="", room=ROOM)
    assert fates(a_channel(room=ROOM), announcer) == {CALLER: Fate.CARRIED}


def test_given_a_leg_that_only_rings_then_it_is_hung_up_and_the_caller_carried_first():
    ringing = a_channel(LEG, application="AppDial2", data="(Outgoing Line)", up=False)
    assert list(fates(ringing, a_channel(room=ROOM)).items()) == [(CALLER, Fate.CARRIED), (LEG, Fate.HUNG_UP)]


def test_given_an_agents_leg_that_is_up_alone_then_it_is_hung_up():
    assert fates(a_channel(LEG, data="ccplane,leg,1001", room=ROOM)) == {LEG: Fate.HUNG_UP}


def at_the_door(own=LEG, says="leg,1001"):
    """A phone that was answered while nobody of us was there."""
    return a_channel(own, application="Wait", data="0.2", context="ccplane-door") | {
        "variable": f"CCPLANE_SINCE=(null)\nCCPLANE_ARGS={says}"
    }


def test_given_an_agents_leg_at_our_door_then_it_is_hung_up_so_that_the_fallback_may_ring_that_phone():
    assert fates(at_the_door()) == {LEG: Fate.HUNG_UP}
    assert fates(at_the_door("s-1001-7-1", "line,1001")) == {"s-1001-7-1": Fate.HUNG_UP}


def test_given_somebody_outside_at_our_door_then_they_are_told():
    (left,) = left_alone([at_the_door(says="leg")])
    assert (left.fate, left.context, left.exten) == (Fate.TOLD, "ccplane-guard", "outbound")


def test_given_a_stranger_in_a_context_of_that_name_then_they_are_left_alone():
    assert fates(at_the_door("ast1-1700000001.1")) == {}


def test_given_somebody_whom_we_called_outside_and_who_is_alone_then_they_are_told():
    (left,) = left_alone([a_channel(LEG, data="ccplane,leg")])
    assert (left.fate, left.context, left.exten) == (Fate.TOLD, "ccplane-guard", "outbound")


def test_given_a_talk_through_an_open_line_then_its_four_channels_are_left_alone():
    half, line, line_room = f"h-{LEG}", "s-1001-7-1", "b-s-1001-7-1"
    talk = (
        a_channel(room=ROOM),
        a_channel(LEG, data="ccplane,leg,1001", room=ROOM, channel="Local/1001@ccplane-lines-1;1"),
        a_channel(half, data="ccplane,line,1001", room=line_room, channel="Local/1001@ccplane-lines-1;2"),
        a_channel(line, data="ccplane,line,1001", room=line_room),
    )
    assert fates(*talk) == {}
    assert fates(*talk[1:]) == {LEG: Fate.HUNG_UP}, "its caller is gone: the leg goes, and its far half with it"
    assert fates(talk[3]) == {line: Fate.HUNG_UP}


def test_given_a_caller_from_a_phone_of_ours_then_their_own_fallback_has_them():
    """Emergency calls go out there."""
    (left,) = left_alone([a_channel(data="ccplane,112,phone")])
    assert (left.context, left.exten) == ("ccplane-phone-fallback", "112")
    (left,) = left_alone([a_channel("d-1001-5f3a", data="ccplane,*45,phone")])
    assert (left.context, left.exten) == ("ccplane-phone-fallback", "*45")


@pytest.mark.parametrize(
    "stranger",
    [
        a_channel(application="Queue", data="ccplane,4002"),
        a_channel(application="Playback", data="ccplane/apology", context="ccplane-fallback"),
        a_channel(data="another,4002"),
        a_channel(data="ccplane2,4002"),
        a_channel(LEG, application="Playback", data="ccplane/our-fault-outbound"),
        {},
    ],
)
def test_given_a_channel_that_is_not_in_our_hands_then_it_is_not_touched(stranger):
    assert left_alone([stranger]) == []


def test_given_several_then_who_waits_longest_goes_first_and_a_menu_counts_from_its_beginning():
    waiting = a_channel("ast1-1700000300.3", since="1700000050")
    menu = a_channel("ast1-1700000100.4")
    later = a_channel("ast1-1700000010.5", since="1700000200")
    assert [each.channel for each in left_alone([later, menu, waiting])] == [
        "ast1-1700000300.3", "ast1-1700000100.4", "ast1-1700000010.5",
    ]  # fmt: skip


@given(st.text(max_size=60), st.text(max_size=20))
def test_whatever_stands_where_the_number_should_be_only_digits_go_to_the_dialplan(number, more):
    for left in left_alone(
        [a_channel(data=f"ccplane,{number},{more}"), a_channel("d-1-2", data=f"ccplane,{number},phone")]
    ):
        assert left.exten in ("s", "outbound") or set(left.exten) <= set("0123456789+*")
        assert left.context.startswith("ccplane-")
