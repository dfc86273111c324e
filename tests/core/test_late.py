"""What happened while this process stood still is decided when it goes on, and measured by when it happened."""

from __future__ import annotations

from msgspec.structs import replace

from ccplane.contacts import facts as c
from ccplane.core import inputs as i
from ccplane.facts import SwitchUnwatched
from ccplane.ids import AgentId, ChannelId
from tests.core.floor import NODE, a_floor, a_queue, an_arrival, doing, kinds, ms, paused, ready, the
from tests.core.floor import c as contact


def late(floor, what, happened, at=None):
    return floor.take(i.Late(what, ms(happened)), at)


def test_given_a_pause_that_the_connection_survived_then_it_is_a_fact_and_nothing_else():
    floor = a_floor(agents=[ready("ana")])
    before = floor.state
    decision = floor.take(i.StoodStill(NODE, 10_000), at=20)
    assert the(decision, SwitchUnwatched).gap_ms == 10_000
    assert (kinds(decision), doing(decision)) == (["SwitchUnwatched"], [])
    assert floor.state == replace(before, behind=True)
    assert kinds(floor.tick()) == ["SwitchReadUp"]
    assert floor.state == before


def test_given_a_pause_then_nobody_is_offered_before_all_is_read_and_then_whoever_came_first():
    """Ben is free by what is read first; that x waits again is read last, and x came before y."""
    floor = a_floor(agents=[ready("ana"), ready("ben")])
    floor.waits("x", at=10)
    floor.waits("z", at=10.5)
    floor.waits("y", at=11)
    rings_ana, rings_ben = floor.contact("x").offer, floor.contact("z").offer
    floor.take(i.StoodStill(NODE, 50_000), at=70)
    late(floor, i.CallerGone(contact("z"), 16), happened=30)
    freed = late(floor, i.LegEnded(rings_ben.id, rings_ben.leg, 16, 0, gone=True), happened=31)
    assert AgentId("ben") in floor.state.free
    late(floor, i.LegEnded(rings_ana.id, rings_ana.leg, 19, 480, gone=True), happened=40)
    assert not freed.commands
    assert [floor.contact(name).offer for name in "xy"] == [None, None]
    read_up = floor.tick()
    assert [fact.contact for fact in read_up.facts if isinstance(fact, c.OfferMade)] == [contact("x"), contact("y")]


def test_given_a_connection_that_was_lost_after_a_pause_then_it_is_still_read_first():
    """Also if it is another node that is found: it was the plane that stood still."""
    floor = a_floor(agents=[ready("ana")])
    floor.take(i.StoodStill(NODE, 0), at=70)
    floor.drops()
    floor.survey(after_gap=True, at=71)
    floor.waits("x", at=71)
    assert floor.contact("x").offer is None
    assert "OfferMade" in kinds(floor.tick())


def test_given_a_pause_before_a_plane_began_anew_then_it_has_nothing_of_it_to_read():
    floor = a_floor(agents=[ready("ana")])
    floor.take(i.StoodStill(NODE, 0), at=70)
    floor.take(i.PlaneBegan(2, "test", 0), at=71)
    assert not floor.state.behind
    floor.survey(after_gap=True, at=72)
    floor.waits("x", at=73)
    assert floor.contact("x").offer.agent == "ana"


def test_given_a_pause_then_what_is_due_keeps_its_time():
    floor = a_floor(agents=[paused("ana")], queues=[a_queue(max_wait=30)])
    floor.waits("x", at=60)
    due = floor.state.wake_at
    floor.take(i.StoodStill(NODE, 0), at=70)
    assert floor.state.wake_at == due


def test_given_a_pause_that_is_decided_late_then_its_gap_still_began_with_it():
    floor = a_floor(agents=[ready("ana")])
    told = the(floor.take(i.StoodStill(NODE, 10_000, until=20_000), at=23), SwitchUnwatched)
    assert (told.at, told.at - told.gap_ms) == (23_000, 10_000)


def test_given_a_caller_who_left_in_a_pause_then_they_waited_until_they_left():
    floor = a_floor(agents=[paused("ana")])
    floor.waits(at=10)
    gone = late(floor, i.CallerGone(contact("x"), 16), happened=12, at=70)
    unqueued, ended = the(gone, c.ContactUnqueued), the(gone, c.ContactEnded)
    assert (unqueued.at, unqueued.waited_ms, unqueued.ended_at) == (70_000, 2_000, 12_000)
    assert (ended.at, ended.ended_at) == (70_000, 12_000)


def test_given_a_talk_that_began_and_ended_in_a_pause_then_both_are_as_long_as_they_were():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)])
    floor.waits(at=10)
    floor.picks_up("x", at=11)
    offer = floor.offer("x")
    started = the(late(floor, i.EnteredRoom(contact("x"), offer.leg), happened=12, at=70), c.TalkStarted)
    assert (started.waited_ms, started.started_at) == (2_000, 12_000)
    ended = the(late(floor, i.LegEnded(offer.id, offer.leg, 16), happened=42), c.TalkEnded)
    assert (ended.talk_ms, ended.ended_at) == (30_000, 42_000)
    assert ended.wrap_up_until == 100_000, "they are told now"


def test_given_a_phone_that_was_picked_up_in_a_pause_then_it_rang_until_then():
    floor = a_floor(agents=[ready("ana")])
    floor.waits(at=10)
    floor.alerts("x", at=11)
    offer = floor.offer("x")
    answered = late(floor, i.LegUp(offer.id, offer.leg), happened=14, at=70)
    assert the(answered, c.OfferAnswered).ring_ms == 3_000
    assert the(answered, c.OfferAnswered).deadline > 70_000, "they are joined only now"


def test_given_a_caller_who_came_in_a_pause_then_they_wait_since_then():
    floor = a_floor()
    late(floor, an_arrival("x"), happened=12, at=70)
    assert floor.contact("x").arrived_at == 12_000
    assert floor.contact("x").late_ms == 58_000


def test_given_a_time_before_what_it_ends_then_that_took_no_time():
    """Two clocks are never quite the same."""
    floor = a_floor(agents=[paused("ana")])
    floor.waits(at=10)
    gone = late(floor, i.CallerGone(contact("x"), 16), happened=9, at=10.5)
    assert the(gone, c.ContactUnqueued).waited_ms == 0
    assert the(gone, c.ContactUnqueued).ended_at == 10_000


def test_given_a_time_that_is_yet_to_come_then_it_is_now():
    floor = a_floor(agents=[paused("ana")])
    floor.waits(at=10)
    gone = late(floor, i.CallerGone(contact("x"), 16), happened=99, at=11)
    assert the(gone, c.ContactUnqueued).waited_ms == 1_000
    assert the(gone, c.ContactUnqueued).ended_at is None


def test_given_who_is_offered_next_then_that_happens_now():
    """Only what happened in the pause is measured by it; what follows is done when it is over."""
    floor = a_floor(agents=[ready("ana")])
    floor.talks("x", at=10)
    floor.waits("next", at=11)
    talk = floor.offer("x")
    offered = the(late(floor, i.LegEnded(talk.offer, ChannelId(talk.leg), 16), happened=20, at=70), c.OfferMade)
    assert offered.at == 70_000


def test_given_a_phone_that_rang_and_was_picked_up_in_a_pause_then_it_rang_from_then_until_then():
    floor = a_floor(agents=[ready("ana")])
    floor.waits(at=10)
    offer = floor.offer("x")
    rang = the(late(floor, i.LegRinging(offer.id), happened=12, at=70), c.OfferRinging)
    assert (rang.at, rang.rang_at) == (70_000, 12_000)
    answered = late(floor, i.LegUp(offer.id, offer.leg), happened=30)
    assert the(answered, c.OfferAnswered).ring_ms == 18_000


def test_given_a_phone_that_rings_while_we_watch_then_it_rings_since_that_is_told():
    floor = a_floor(agents=[ready("ana")])
    floor.waits(at=10)
    assert the(floor.alerts("x", at=11), c.OfferRinging).rang_at is None
