"""While something is wrong: who calls is told first, who waits is told once, and it is over by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ccplane.agents.facts import Intent
from ccplane.contacts.announce import Announce
from ccplane.contacts.emergency import Emergency, of_caller, of_waiting
from ccplane.contacts.facts import EmergencyHeard
from ccplane.contacts.facts.emergencies import EmergencyEnded, EmergencyOff, EmergencyPaced
from ccplane.contacts.verbs import EnterQueue, NoteEmergency, Spoken
from ccplane.core import checkpoint
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.announced import SAYING_MS
from ccplane.core.emergencies import AT_ONCE
from ccplane.core.follows import WAITERS
from ccplane.ids import QueueName
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, an_arrival, c, doing, ms, paused, ready, the

SAYS = {"en": Spoken("sound:en", "en", "No gas today."), "zh-CN": Spoken("sound:zh", "zh-CN", "今日停气。")}


def an_emergency(name="gas", **more):
    return Emergency(name=name, since=0, says=SAYS, **more)


def a_queue_of(*callers, agents=None, **rules):
    """Who waits in support, in their rooms, since 0 s."""
    floor = a_floor(agents=agents or [paused("ana", support=5, sales=5)], queues=[a_queue(), a_queue(SALES)], **rules)
    for each in callers:
        floor.waits(each, at=0)
    return floor


def switched_on(floor, at=10, **more):
    return floor.take(i.EmergencyWanted(an_emergency(**more)), at=at)


def told(decision):
    return [(each.contact, each.sounds) for each in decision.commands if isinstance(each, do.SayToWaiting)]


# ------------------------------------------------------------------------------------------------------ those who wait


def test_those_who_wait_hear_it_at_once_in_their_language_and_never_again():
    floor = a_queue_of("x", "y")
    assert sorted(told(switched_on(floor))) == [(c("x"), ("sound:zh",)), (c("y"), ("sound:zh",))]
    assert [each.waiting for each in floor.facts if isinstance(each, EmergencyHeard)] == [True, True]
    assert told(floor.tick(at=60)) == []
    assert not floor.state.unheard


@pytest.mark.parametrize(
    ("of", "hears"),
    [
        ({}, True),
        ({"queue": SUPPORT}, True),
        ({"queue": SALES}, False),
        ({"number": "4002"}, True),
        ({"number": "4009"}, False),
        ({"area": "555"}, True),
        ({"area": "021"}, False),
    ],
)
def test_only_those_for_whom_it_is_hear_it(of, hears):
    floor = a_queue_of("x")
    assert bool(told(switched_on(floor, **of))) is hears


def test_nothing_is_said_while_a_phone_rings_for_them_and_it_is_made_up_for():
    floor = a_queue_of("x", agents=[ready("ana")])
    assert told(switched_on(floor, at=5)) == []
    assert told(floor.tick(at=19)) == []
    assert told(floor.tick(at=20)) == [(c("x"), ("sound:zh",))]


def test_nor_into_what_they_are_being_told_of_their_place():
    plan = Announce(first_ms=ms(5), every_ms=ms(30), messages=({"zh-CN": "sound:news"},))
    floor = a_floor(agents=[paused("ana")], queues=[a_queue(announce=plan)])
    floor.waits("x", at=0)
    floor.tick(at=5)
    assert told(switched_on(floor, at=6)) == []
    while not told(floor.wake()):
        assert floor.now < ms(20)
    assert floor.now >= ms(5) + SAYING_MS


def test_nor_are_they_told_of_their_place_into_it():
    plan = Announce(first_ms=ms(5), every_ms=ms(30), messages=({"zh-CN": "sound:news"},))
    floor = a_floor(agents=[paused("ana")], queues=[a_queue(announce=plan)])
    floor.waits("x", at=0)
    assert told(switched_on(floor, at=4)) == [(c("x"), ("sound:zh",))]
    assert told(floor.tick(at=5)) == []
    assert told(floor.wake()) == [(c("x"), ("sound:news",))]
    assert floor.now == ms(4) + SAYING_MS


def test_an_agent_who_picks_up_meanwhile_is_not_kept_waiting():
    floor = a_queue_of("x")
    switched_on(floor)
    floor.wants("ana", Intent.READY, at=11)
    answered = floor.picks_up("x", at=12)
    assert doing(answered)[:1] == ["StopSounds"]


def test_who_enters_its_queue_later_hears_it_there():
    floor = a_queue_of()
    switched_on(floor, queue=SUPPORT)
    floor.waits("x", at=20, in_room=False)
    assert told(floor.enters("x")) == [(c("x"), ("sound:zh",))]


def test_who_heard_it_before_their_program_does_not_hear_it_again_while_they_wait():
    floor = a_queue_of()
    switched_on(floor)
    floor.arrives("x", at=20)
    assert floor.contact("x").emergency is not None
    floor.asks("x", NoteEmergency(floor.contact("x").emergency.id))
    floor.asks("x", EnterQueue(SUPPORT))
    floor.enters("x")
    assert told(floor.tick(at=21)) == []


def test_a_long_line_hears_it_a_few_at_a_time():
    names = [f"x{number}" for number in range(AT_ONCE + 5)]
    floor = a_queue_of(*names)
    assert len(told(switched_on(floor))) == AT_ONCE
    assert isinstance(floor.facts[-1], EmergencyPaced)
    assert len(told(floor.tick(at=10.1))) == 5
    assert not floor.state.unheard


def test_who_leaves_has_no_more_to_hear():
    floor = a_queue_of(*(f"x{number}" for number in range(AT_ONCE + 1)))
    switched_on(floor)
    (yet,) = floor.state.unheard
    floor.leaves(yet.removeprefix(c("")))
    assert not floor.state.unheard
    assert ("emergency", WAITERS) not in floor.state.due


# ---------------------------------------------------------------------------------------------------- on, off, over


def test_it_is_over_at_its_time_also_if_we_were_away_then():
    floor = a_queue_of()
    switched_on(floor, until=ms(100))
    floor.state = checkpoint.decode(checkpoint.encode(floor.state))
    floor.tick(at=500)
    ended = the(floor, EmergencyEnded)
    assert (ended.name, ended.reason) == ("gas", EmergencyOff.EXPIRED)
    assert not floor.state.emergencies


def test_switched_on_anew_it_is_heard_anew():
    floor = a_queue_of("x")
    switched_on(floor)
    again = switched_on(floor, at=60)
    assert the(floor, EmergencyEnded).reason is EmergencyOff.REPLACED
    assert told(again) == [(c("x"), ("sound:zh",))]


def test_switched_off_nobody_hears_it_any_more_and_twice_is_no_fault():
    floor = a_queue_of("x", agents=[ready("ana")])
    switched_on(floor, at=5)
    floor.take(i.EmergencyLifted("gas", "lea"))
    assert the(floor, EmergencyEnded).by == "lea"
    floor.take(i.EmergencyLifted("gas", "lea"))
    floor.tick(at=40)
    assert not any(isinstance(each, EmergencyHeard) for each in floor.facts)
    floor.arrives("y")
    assert floor.contact("y").emergency is None


def test_a_plane_that_comes_back_goes_on_with_those_who_have_yet_to_hear():
    names = [f"x{number}" for number in range(AT_ONCE + 5)]
    floor = a_queue_of(*names)
    switched_on(floor)
    yet_to_hear = set(floor.state.unheard)
    assert len(yet_to_hear) == 5
    assert set(floor.replayed().unheard) == yet_to_hear
    floor.state = checkpoint.decode(checkpoint.encode(floor.state))
    assert not floor.state.unheard, "nobody is there as long as the switch is not"
    assert {contact for contact, _ in told(floor.survey(after_gap=True, at=11))} == yet_to_hear


def test_calls_of_our_own_phones_are_no_callers():
    floor = a_queue_of()
    switched_on(floor)
    floor.take(replace(an_arrival("x"), device="PJSIP/ana"))
    assert floor.contact("x").emergency is None


# ------------------------------------------------------------------------------------------------- which of several


@pytest.mark.parametrize("shown", ["+862155501", "00862155501", "+86 21 55501"])
def test_an_area_of_another_country_is_known_however_the_number_is_shown(shown):
    floor = a_floor(queues=[a_queue()])
    switched_on(floor, area="+8621")
    floor.take(replace(an_arrival("x"), caller=shown))
    assert floor.contact("x").emergency == floor.state.emergencies["gas"]
    waits = a_floor(agents=[paused("ana", support=5)], queues=[a_queue()])
    waits.take(replace(an_arrival("y"), caller=shown))
    waits.asks("y", EnterQueue(SUPPORT))
    waits.enters("y")
    assert [each for each, _ in told(switched_on(waits, area="+8621"))] == [c("y")]


areas = st.sampled_from(["0", "02", "021", "0215", "139"])
one = st.one_of(
    st.just({}),
    st.builds(lambda area: {"area": area}, areas),
    st.sampled_from([{"number": "4001"}, {"number": "4002"}]),
    st.sampled_from([{"queue": SUPPORT}, {"queue": SALES}]),
)


@given(st.lists(one, max_size=6), st.sampled_from(["4001", "4002"]), st.sampled_from(["02155512", "0215", "139", ""]))
def test_the_most_exact_one_is_heard(of, dialled, caller):
    there = [Emergency(name=f"e{place}", since=place, says=SAYS, **each) for place, each in enumerate(of)]
    theirs = [each for each in there if each.is_of(dialled, caller)]
    found = of_caller(there, dialled, caller)
    assert (found is None) is (not theirs)
    if found is not None:
        assert found.queue is None
        assert not any(each.number and not found.number for each in theirs)
        assert found.number or not any(len(each.area or "") > len(found.area or "") for each in theirs)
    heard: tuple[str, ...] = ()
    while (each := of_waiting(there, dialled, caller, QueueName(SUPPORT), heard)) is not None:
        assert each.id not in heard
        heard = (*heard, each.id)
    assert len(heard) == len(theirs) + sum(each.queue == SUPPORT for each in there)


def test_whose_language_has_no_text_hears_english_and_else_the_first():
    assert an_emergency().said_in("fr").uri == "sound:en"
    only = Emergency(name="x", since=0, says={"zh-CN": SAYS["zh-CN"]})
    assert only.said_in("en").uri == "sound:zh"
