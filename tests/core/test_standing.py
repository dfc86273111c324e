"""Open lines: rung once for the shift, joined with call after call, and what comes of it when they end."""

from __future__ import annotations

import pytest

from ccplane.agents.agent import LineState, Shown, Work
from ccplane.agents.facts import Intent, LegDropped, LineEnd, Phone, Seat, StandingEnded
from ccplane.contacts.verbs import Connect, EnterQueue
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core import journal
from ccplane.core.talks import CLEAR_MS, LATE_MS
from ccplane.ids import AgentId, ChannelId, SeatId, half_of
from tests.core.floor import NODE, SUPPORT, a_floor, a_queue, c, doing, kinds, offline, ready, the

SEAT = Seat(id=SeatId("ana"), always_on=True)
LINE = ChannelId("s-ana-1-1")


def a_house(*others, **rules):
    """Ana's own seat is always-on, and she is offline."""
    agents = (offline("ana"), *others)
    floor = a_floor(agents=agents, **rules)
    floor.take(i.PeopleRead(tuple(each.profile for each in agents), (SEAT,)))
    return floor


def with_a_line(*others, **rules):
    """She is ready, and has picked up."""
    floor = a_house(*others, **rules)
    floor.wants("ana", Intent.READY)
    floor.take(i.LineUp(LINE))
    return floor


def ends(floor, line=LINE, **how):
    return floor.take(i.LineEnded(line, **how))


def joined(floor, name):
    """What the switch says of the leg to her line, up to the talk."""
    leg = floor.offer(name).leg
    assert doing(floor.take(i.HalfUp(half_of(leg), AgentId("ana")))) == ["JoinLine"]
    assert doing(floor.take(i.HalfJoined(half_of(leg)))) == ["AnswerHalf"]
    floor.picks_up(name)
    return floor.joins(name)


def test_given_an_always_on_seat_when_its_agent_signs_in_then_it_rings_once_and_nothing_is_offered_before_it_is_up():
    floor = a_house()
    decision = floor.wants("ana", Intent.PAUSED)
    assert kinds(decision) == ["IntentChanged", "StandingRung"]
    assert the(decision, do.RingLine) == do.RingLine(LINE, AgentId("ana"), "PJSIP/ana", 32_000)
    assert not kinds(floor.phone("ana", Phone.REACHABLE))
    assert kinds(floor.wants("ana", Intent.READY)) == ["IntentChanged"]
    floor.waits("x")
    assert floor.rung("x") is None
    assert floor.agent("ana").shown is Shown.UNREACHABLE
    up = floor.take(i.LineUp(LINE))
    assert kinds(up) == ["StandingUp", "OfferMade"]
    assert doing(up) == ["OpenLine", "RingAgent"]


def test_given_an_open_line_when_a_caller_is_offered_then_it_goes_through_the_line_and_the_next_one_too():
    floor = with_a_line()
    for name in ("x", "y"):
        floor.waits(name)
        ring = next(each for each in reversed(floor.commands) if isinstance(each, do.RingAgent))
        assert (ring.endpoint, ring.auto_answer) == ("Local/ana@ccplane-lines/n", False)
        assert kinds(joined(floor, name))[0] == "TalkStarted"
        leg = floor.contact(name).talk.leg
        floor.leaves(name)
        assert not floor.agent("ana").free
        floor.let_go()
        assert floor.agent("ana").free
        assert leg != LINE
    assert not [each for each in floor.commands if isinstance(each, do.HangUpLine)]


def test_given_an_idle_open_line_when_its_agent_hangs_up_then_they_are_paused_until_ready_which_rings_anew():
    floor = with_a_line()
    assert kinds(ends(floor, by_phone=True)) == ["StandingEnded", "IntentChanged"]
    assert (floor.agent("ana").intent, floor.agent("ana").reason) == (Intent.PAUSED, "open line hung up")
    assert not kinds(floor.phone("ana", Phone.REACHABLE))
    assert kinds(floor.wants("ana", Intent.READY)) == ["IntentChanged", "StandingRung"]
    assert floor.agent("ana").line.leg == "s-ana-1-2"


def test_given_a_talk_when_the_agent_hangs_up_the_open_line_then_it_ends_as_always_and_they_are_paused():
    floor = with_a_line()
    floor.waits("x")
    joined(floor, "x")
    decision = ends(floor, by_phone=True)
    assert kinds(decision) == ["LegDropped", "TalkEnded", "WrapUpDone", "StepEnded", "StandingEnded", "IntentChanged"]
    assert "HangUpLeg" in doing(decision)
    assert floor.contact("x") is not None, "the caller's program goes on"
    assert floor.agent("ana").shown is Shown.PAUSED


@pytest.mark.parametrize("answered", [False, True])
def test_given_an_offer_under_way_when_the_line_is_lost_then_the_caller_keeps_place_and_clock(answered):
    floor = with_a_line()
    floor.waits("x")
    queued_at = floor.contact("x").waiting.queued_at
    if answered:
        floor.picks_up("x")
    assert ("ConnectFailed" if answered else "OfferMissed") in kinds(ends(floor))
    assert floor.contact("x").waiting.queued_at == queued_at
    assert floor.agent("ana").line.state is LineState.NONE


def test_given_a_line_that_was_lost_then_it_is_rung_again_after_the_rest():
    floor = with_a_line()
    decision = ends(floor, gone=False)
    assert kinds(decision) == ["LegDropped", "StandingEnded"]
    assert the(decision, StandingEnded).why is LineEnd.LOST
    ends(floor)
    assert floor.agent("ana").intent is Intent.READY
    assert kinds(floor.wake()) == ["AgentRested", "StandingRung"]


def test_given_a_phone_that_does_not_pick_up_then_it_is_rung_again_after_a_rest_and_paused_after_some():
    floor = a_house(misses_until_pause=2)
    floor.wants("ana", Intent.READY)
    missed = floor.wake()
    assert kinds(missed) == ["LegDropped", "StandingEnded"]
    assert doing(missed) == ["HangUpLine"]
    ends(floor)
    assert kinds(floor.wake()) == ["AgentRested", "StandingRung"]
    last = ends(floor, ChannelId("s-ana-1-2"))
    assert kinds(last) == ["StandingEnded", "IntentChanged"]
    assert floor.agent("ana").reason == "did not pick up the open line"
    assert floor.state.wake_at is None


def test_given_an_open_line_when_its_agent_signs_out_then_it_is_hung_up_but_not_before_the_end_of_a_talk():
    floor = with_a_line()
    floor.waits("x")
    joined(floor, "x")
    assert "HangUpLine" not in doing(floor.wants("ana", Intent.OFFLINE))
    over = floor.leaves("x")
    assert "HangUpLine" in doing(over)
    assert the(over, StandingEnded).why is LineEnd.NOT_WANTED


def test_given_a_line_that_the_switch_never_lets_go_of_then_a_survey_says_that_it_is_gone():
    floor = with_a_line()
    floor.wants("ana", Intent.OFFLINE)
    assert floor.agent("ana").clearing == (LINE,)
    assert kinds(floor.tick(floor.now / 1000 + CLEAR_MS / 1000)) == ["LegsSought"]
    assert kinds(floor.survey()) == ["LegCleared"]
    assert doing(floor.take(i.LineUp(LINE))) == ["HangUpLine"], "too late"


def test_given_a_line_that_may_be_yet_to_come_when_nobody_wants_it_any_more_then_its_phone_is_free_only_long_after():
    floor = a_house()
    floor.wants("ana", Intent.READY, at=1)
    floor.wants("ana", Intent.OFFLINE, at=2)
    assert ends(floor, gone=False).facts == (), "the switch does not have it, and had not said what came of our wish"
    assert floor.agent("ana").clearing == (LINE,)
    assert (kinds(floor.wake()), floor.now) == (["LegsSought"], 2_000 + LATE_MS)
    assert kinds(floor.survey()) == ["LegCleared"]


def test_given_a_line_that_a_survey_does_not_show_while_it_rings_then_it_may_be_yet_to_come():
    floor = a_house()
    floor.wants("ana", Intent.READY, at=1)
    decision = floor.survey(at=9)
    assert kinds(decision) == ["RepairMade", "LegDropped", "StandingEnded"]
    assert the(decision, LegDropped).unseen
    assert "HangUpLine" in doing(floor.take(i.LineUp(LINE), at=12)), "it has come, and is not wanted any more"
    assert kinds(ends(floor)) == ["LegCleared"]


def test_given_an_agent_who_sits_at_the_browser_of_such_a_seat_then_it_rings_as_any_other():
    floor = a_house()
    floor.phone("ana-web", Phone.REACHABLE)
    ask = i.IntentAsked(agent=AgentId("ana"), intent=Intent.READY, by="ana", seat=SeatId("ana"), web=True)
    assert "StandingRung" not in kinds(floor.take(ask))
    floor.waits("x")
    assert floor.rung("x") == "ana"


def test_given_an_open_line_when_the_agent_moves_to_another_phone_then_the_line_is_hung_up_before_anything_rings():
    floor = with_a_line()
    floor.phone("ana-web", Phone.REACHABLE)
    ask = i.IntentAsked(agent=AgentId("ana"), intent=Intent.READY, by="ana", seat=SeatId("ana"), web=True)
    assert kinds(floor.take(ask)) == ["SeatTaken", "LegDropped", "StandingEnded"]
    assert not floor.agent("ana").free
    ends(floor)
    assert floor.agent("ana").free


def test_given_a_leg_whose_line_went_meanwhile_then_it_is_given_up_at_once():
    floor = with_a_line()
    floor.waits("x")
    leg = floor.offer("x").leg
    ends(floor)
    assert floor.take(i.HalfUp(half_of(leg), AgentId("ana"))).commands == (do.HangUpLeg(c("x"), leg, "normal"),)


def test_given_the_switch_that_refuses_to_join_the_line_then_the_leg_is_hung_up_and_its_end_is_a_miss():
    floor = with_a_line()
    floor.waits("x")
    leg = floor.offer("x").leg
    refused = do.JoinLine(LINE, half_of(leg))
    assert doing(floor.take(i.CommandFailed(refused, gone=True, message="Channel not found"))) == ["HangUpLeg"]
    assert kinds(floor.refuses("x"))[0] == "OfferMissed"


# ------------------------------------------------------------------------------------------------------- own calls


def test_given_an_open_line_when_a_colleague_calls_then_it_is_called_through_the_line():
    floor = with_a_line(ready("ben"))
    floor.take(i.CallAsked(agent=AgentId("ben"), number="ana", claim="1"))
    contact = floor.state.contacts[floor.agent("ben").contact]
    floor.take(i.CallerUp(contact.id))
    called = floor.take(i.VerbAsked(contact.id, 1, Connect("ana")))
    assert the(called, do.CallParty).endpoint == "Local/ana@ccplane-lines/n"
    over = ends(floor, by_phone=True)
    assert "CallMissed" in kinds(over)
    assert "HangUpLeg" in doing(over)


def test_given_an_open_line_when_its_agent_asks_for_a_call_then_it_begins_on_the_line_and_ends_with_it():
    floor = with_a_line(ready("ben"))
    asked = floor.take(i.CallAsked(agent=AgentId("ana"), number="ben", claim="1"))
    owner = the(asked, do.CallOwner)
    assert (owner.endpoint, owner.auto_answer) == ("Local/ana@ccplane-lines/n", False)
    assert floor.take(i.HalfUp(half_of(owner.channel), AgentId("ana"))).commands == (
        do.JoinLine(LINE, half_of(owner.channel), quiet=True),
    )
    assert "HangUpCaller" in doing(ends(floor, by_phone=True))


# -------------------------------------------------------------------------------------------------------- surveys


def seen(line=LINE, up=True):
    return i.ChannelSeen(line, up, agent=AgentId("ana") if up else None)


def surveyed(floor, *channels, lines=None, after_gap=True, began=None):
    """What is at the switch: what we believe, and these."""
    legs = {}
    for contact in floor.state.contacts.values():
        for each in (*contact.offers, contact.talk):
            if each:
                legs[each.leg] = i.ChannelSeen(each.leg, True, agent=each.agent)
        legs[contact.channel] = i.ChannelSeen(contact.channel, True)
    rooms = {
        contact.id: (contact.channel, *([contact.talk.leg] if contact.talk else ()))
        for contact in floor.state.contacts.values()
    }
    return floor.take(
        i.SwitchSurveyed(
            node=NODE,
            version="22",
            began_at=floor.now if began is None else began,
            gap_ms=0,
            after_gap=after_gap,
            channels=legs | {each.id: each for each in channels},
            rooms=rooms,
            phones={},
            lines=lines or {},
        )
    )


def test_given_a_gap_in_which_the_line_was_picked_up_then_it_is_up():
    floor = a_house()
    floor.wants("ana", Intent.READY)
    floor.drops(at=1)
    assert "StandingUp" in kinds(surveyed(floor, seen()))


def test_given_a_talk_on_a_line_when_the_plane_restarts_then_both_are_as_they_were():
    floor = with_a_line()
    floor.waits("x")
    joined(floor, "x")
    leg = floor.contact("x").talk.leg
    floor.drops(at=1)
    floor.take(i.PlaneBegan(2, "test", 0))
    decision = surveyed(floor, seen(), lines={LINE: (LINE, half_of(leg))})
    assert not {"HangUpLeg", "HangUpLine"} & set(doing(decision))
    assert floor.agent("ana").work is Work.TALKING
    assert floor.agent("ana").open_line == LINE


def test_given_a_line_that_went_in_the_gap_then_its_talk_is_over_and_it_is_rung_again_after_the_rest():
    floor = with_a_line()
    floor.waits("x")
    joined(floor, "x")
    floor.drops(at=1)
    floor.now += 1_000
    decision = surveyed(floor)
    assert {"StandingEnded", "TalkEnded"} <= set(kinds(decision))
    assert "HangUpLeg" in doing(decision)


def test_given_lost_memory_when_somebody_talks_on_a_line_then_it_is_theirs_again_and_hung_up_when_they_are_done():
    floor = a_house()
    arrival = i.CallerArrived(
        node=NODE, channel=ChannelId("x"), number_dialled="4002", caller="1", caller_name="", switch_at=0, answered=True
    )
    leg = ChannelId("l-c-ast1-x-1-1-0")
    line = ChannelId("s-ana-0-1")
    decision = floor.take(
        i.SwitchSurveyed(
            node=NODE,
            version="22",
            began_at=floor.now,
            gap_ms=0,
            after_gap=True,
            channels={
                ChannelId("x"): i.ChannelSeen(ChannelId("x"), True, arrival),
                leg: i.ChannelSeen(leg, True, agent=AgentId("ana")),
                line: i.ChannelSeen(line, True, agent=AgentId("ana")),
            },
            rooms={c("x"): (ChannelId("x"), leg)},
            phones={},
            lines={line: (line, half_of(leg))},
            journals={c("x"): journal.write(1, EnterQueue(SUPPORT), 0)},
        )
    )
    assert not {"HangUpLeg", "HangUpLine"} & set(doing(decision))
    assert (floor.agent("ana").work, floor.agent("ana").open_line) == (Work.TALKING, line)
    assert "HangUpLine" in doing(floor.leaves("x")), "whether they were signed in nobody knows"


def test_given_a_line_of_nobodys_then_it_is_hung_up_unless_somebody_is_on_it():
    floor = a_house()
    stray = ChannelId("s-ana-0-7")
    alone = surveyed(floor, seen(stray), lines={stray: (stray,)})
    assert "HangUpLine" in doing(alone)
    stranger = ChannelId("s-nobody-0-7")
    talking = surveyed(floor, seen(stranger), lines={stranger: (stranger, ChannelId("h-l-c-ast1-z-1-1-0"))})
    assert "HangUpLine" not in doing(talking)


def test_given_an_open_line_and_a_queue_that_whispers_then_a_beep_comes_first_and_it_is_said_in_the_line():
    floor = with_a_line(queues=[a_queue(whisper={"en": "sound:support"})])
    floor.waits("x")
    leg = floor.offer("x").leg
    floor.take(i.HalfUp(half_of(leg), AgentId("ana")))
    floor.take(i.HalfJoined(half_of(leg)))
    told = the(floor.picks_up("x"), do.Whisper)
    assert (told.leg, told.sound, told.beep) == (LINE, "sound:support", True)
