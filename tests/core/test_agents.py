"""Agents: what they want, what they do, what their phone can; and the one word that people see."""

from __future__ import annotations

import pytest

from ccplane.agents.agent import Agent, Shown, Work, shown
from ccplane.agents.facts import Intent, Phone
from ccplane.core import commands as do
from tests.core.floor import a_floor, a_queue, c, doing, kinds, offline, paused, ready, the


@pytest.mark.parametrize("work", [each for each in Work if each is not Work.IDLE])
@pytest.mark.parametrize("intent", Intent)
@pytest.mark.parametrize("phone", Phone)
def test_given_an_agent_at_work_then_the_work_is_what_is_shown_whatever_they_want(work, intent, phone):
    assert shown(intent, work, phone).value == work.value


@pytest.mark.parametrize(
    ("intent", "phone", "word"),
    [
        (Intent.READY, Phone.REACHABLE, Shown.READY),
        (Intent.READY, Phone.GONE, Shown.UNREACHABLE),
        (Intent.READY, Phone.IN_USE, Shown.OWN_CALL),
        (Intent.PAUSED, Phone.GONE, Shown.PAUSED),
        (Intent.OFFLINE, Phone.REACHABLE, Shown.OFFLINE),
    ],
)
def test_given_an_agent_at_rest_then_intent_and_phone_say_what_is_shown(intent, phone, word):
    assert shown(intent, Work.IDLE, phone) is word


def test_given_any_agent_then_exactly_those_shown_ready_and_not_resting_are_free():
    profile = ready("ana").profile
    for intent in Intent:
        for phone in Phone:
            for work in Work:
                agent = Agent(profile=profile, intent=intent, phone=phone, work=work)
                assert agent.free == (agent.shown is Shown.READY)


def test_given_a_signed_out_agent_when_they_are_ready_then_the_lamp_is_set_and_the_clock_of_idle_starts():
    floor = a_floor(agents=[offline("ana")])
    decision = floor.wants("ana", Intent.READY, at=30)
    assert kinds(decision) == ["IntentChanged"]
    assert the(decision, do.MirrorIntent) == do.MirrorIntent("ana", ready=True)
    assert (floor.agent("ana").idle_since, floor.agent("ana").since) == (30_000, 30_000)


def test_given_an_intent_when_the_same_is_asked_again_then_nothing_happens():
    floor = a_floor(agents=[ready("ana")])
    assert not floor.wants("ana", Intent.READY).facts
    assert doing(floor.wants("ana", Intent.READY)) == []


def test_given_a_pause_when_its_reason_changes_then_the_state_is_as_old_as_before():
    floor = a_floor(agents=[ready("ana")])
    floor.wants("ana", Intent.PAUSED, "lunch", at=10)
    assert kinds(floor.wants("ana", Intent.PAUSED, "training", at=20)) == ["IntentChanged"]
    assert (floor.agent("ana").reason, floor.agent("ana").since) == ("training", 10_000)


def in_every_kind_of_work():
    def offered(floor):
        floor.waits()

    def connecting(floor):
        floor.waits()
        floor.picks_up("x")

    def talking(floor):
        floor.talks()

    def wrapping_up(floor):
        floor.talks()
        floor.leaves("x")

    return [
        (offered, Shown.OFFERED),
        (connecting, Shown.CONNECTING),
        (talking, Shown.TALKING),
        (wrapping_up, Shown.WRAP_UP),
    ]


@pytest.mark.parametrize(("comes_to", "word"), in_every_kind_of_work())
@pytest.mark.parametrize(
    ("intent", "after"),
    [(Intent.PAUSED, Shown.PAUSED), (Intent.OFFLINE, Shown.OFFLINE), (Intent.READY, Shown.READY)],
)
def test_given_an_agent_at_work_when_they_ask_for_something_else_then_it_is_next_and_not_now(
    comes_to, word, intent, after
):
    floor = a_floor(agents=[ready("ana"), paused("ben")], queues=[a_queue(wrap_up=30)])
    comes_to(floor)
    floor.wants("ana", intent)
    agent = floor.agent("ana")
    assert (agent.shown, agent.next) == (word, after)


@pytest.mark.parametrize(("comes_to", "word"), in_every_kind_of_work())
def test_given_an_agent_who_paused_at_work_when_the_work_is_done_then_they_are_offered_nothing(comes_to, word):
    floor = a_floor(agents=[ready("ana"), paused("ben")], queues=[a_queue(wrap_up=30)])
    comes_to(floor)
    floor.wants("ana", Intent.PAUSED, "lunch")
    floor.waits("next")
    if floor.contact("x"):
        floor.leaves("x")
    while floor.state.wake_at is not None:
        floor.wake()
    assert floor.agent("ana").shown is Shown.PAUSED
    assert floor.rung("next") is None


def test_given_a_waiting_caller_when_a_phone_comes_back_then_it_rings():
    floor = a_floor(agents=[ready("ana", phone=Phone.GONE)])
    floor.waits()
    assert floor.agent("ana").shown is Shown.UNREACHABLE
    assert kinds(floor.phone("ana", Phone.REACHABLE, at=40)) == ["PhoneChanged", "OfferMade"]
    assert floor.agent("ana").idle_since == 40_000


def test_given_a_call_of_their_own_that_comes_into_a_talk_then_it_shows_once_the_talk_is_over():
    floor = a_floor(agents=[ready("ana")])
    floor.talks()
    assert kinds(floor.phone("ana", Phone.IN_USE)) == ["PhoneChanged"]
    assert (floor.agent("ana").shown, floor.agent("ana").next) == (Shown.TALKING, Shown.OWN_CALL)
    floor.leaves("x")
    assert floor.agent("ana").shown is Shown.OWN_CALL
    assert not floor.phone("ana", Phone.IN_USE).facts, "the same again is no fact"


def test_given_a_call_of_their_own_then_the_agent_is_offered_nothing_until_it_is_over():
    floor = a_floor(agents=[ready("ana")])
    floor.phone("ana", Phone.IN_USE)
    floor.waits()
    assert floor.rung("x") is None
    assert floor.agent("ana").shown is Shown.OWN_CALL
    assert kinds(floor.phone("ana", Phone.REACHABLE)) == ["PhoneChanged", "OfferMade"]


def test_given_a_talk_when_the_phone_is_said_to_be_gone_then_the_talk_goes_on():
    floor = a_floor(agents=[ready("ana")])
    floor.talks()
    assert kinds(floor.phone("ana", Phone.GONE)) == ["PhoneChanged"]
    assert floor.contact("x").talk
    assert floor.agent("ana").next is Shown.UNREACHABLE
    assert c("x") in floor.state.contacts
