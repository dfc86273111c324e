"""Why a contact waits, and when it could be served, is worked out whenever somebody asks."""

from __future__ import annotations

from ccplane.agents.facts import Intent, Phone
from ccplane.core.why import agents_told, why
from ccplane.routing.rules import Step
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, c, offline, paused, ready

RELAXING = a_queue(steps=(Step({SUPPORT: 7}, 20_000), Step({SUPPORT: 3}, 30_000), Step({SUPPORT: 1})))


def told(floor, name):
    return why(floor.state, floor.contact(name), floor.now)


def agents(floor, name):
    everyone = floor.state.agents.values()
    return {each.id: each for each in agents_told(floor.state, floor.contact(name), everyone, floor.now)}


def test_every_agent_is_told_with_all_that_keeps_them_and_when_they_could():
    floor = a_floor(
        [
            ready("ana", **{SUPPORT: 3}),
            paused("pro", **{SUPPORT: 9}),
            offline("off"),
            ready("far", phone=Phone.GONE, **{SALES: 5}),
        ],
        [RELAXING, a_queue(SALES)],
    )
    floor.waits("x", at=100)
    found = agents(floor, "x")
    assert (found["ana"].reasons, found["ana"].step, found["ana"].could_at) == (("skill",), 2, 120_000)
    assert (found["pro"].reasons, found["pro"].step, found["pro"].could_at) == (("paused",), 1, None)
    assert found["off"].reasons == ("skill", "offline")
    assert (found["far"].reasons, found["far"].step) == (("skill", "unreachable"), None)


def test_the_steps_are_told_with_when_they_begin_and_who_meets_them():
    floor = a_floor([ready("ana", **{SUPPORT: 3}), paused("pro", **{SUPPORT: 9})], [RELAXING])
    floor.waits("x", at=100)
    steps = told(floor, "x").steps
    assert [(each.number, each.holds, each.from_at) for each in steps] == [
        (1, True, None),
        (2, False, 120_000),
        (3, False, 150_000),
    ]
    assert [(each.signed_in, each.free) for each in steps] == [(1, 0), (2, 1), (2, 1)]
    assert floor.wake().facts
    assert floor.now == 120_000, "as it was told"
    assert floor.rung("x") == "ana"


def test_the_main_reason_is_one_word():
    floor = a_floor(
        [ready("ana"), offline("pro", **{SUPPORT: 9}), paused("sue", **{SALES: 1})], [a_queue(), a_queue(SALES)]
    )
    floor.waits("x", at=1)
    assert told(floor, "x").because == "ringing"
    assert told(floor, "x").ringing == ("ana",)
    floor.waits("y", at=2)
    assert told(floor, "y").because == "all-busy"
    floor.waits("z", at=3)
    assert (told(floor, "z").because, told(floor, "z").ahead, told(floor, "z").first) == ("others-first", 1, c("y"))
    floor.drops()
    assert told(floor, "y").because == "no-switch"


def test_nobody_yet_where_nobody_who_is_signed_in_meets_the_step():
    floor = a_floor([ready("ana", **{SUPPORT: 3}), offline("pro", **{SUPPORT: 9})], [RELAXING])
    floor.waits("x", at=1)
    assert told(floor, "x").because == "nobody-yet"


def test_who_wraps_up_could_serve_when_that_is_over():
    floor = a_floor([ready("ana")], [a_queue(wrap_up=30)])
    floor.talks("x", at=10)
    floor.waits("y", at=11)
    assert agents(floor, "y")["ana"].could_at is None, "nobody knows how long they talk"
    floor.agent_hangs_up("x", at=20)
    assert agents(floor, "y")["ana"].could_at == 50_000
    floor.wants("ana", Intent.PAUSED, at=21)
    assert agents(floor, "y")["ana"].could_at is None, "they will be paused then"


def test_a_contact_that_waits_for_nobody_is_told_as_that():
    floor = a_floor([ready("ana")])
    floor.talks("x", at=1)
    assert (told(floor, "x").because, told(floor, "x").queue) == ("talking", None)
