"""A switch that restarts, stays away, or does not do what it is told: what becomes of its calls and its agents."""

from __future__ import annotations

import pytest

from ccplane.agents.agent import Shown
from ccplane.agents.facts import Phone
from ccplane.contacts.facts import ContactEnded, EndedBy, OfferWithdrawn, TalkEnded, Withdrawal
from ccplane.core import checkpoint
from ccplane.core import inputs as i
from ccplane.facts import SwitchFound
from ccplane.ids import DeviceName, NodeName
from tests.core.floor import NODE, a_floor, c, doing, kinds, ready, the


def found(floor, started_at, **how):
    return floor.survey(after_gap=True, started_at=started_at, **{"at": floor.now / 1000 + 1, **how})


def a_day(*agents):
    """Ana talks with x, ben is rung for y; the switch began at 1."""
    floor = a_floor(agents=[ready("ana"), ready("ben"), *agents])
    found(floor, 1)
    floor.talks("x")
    floor.waits("y")
    return floor


def away(floor, at=None):
    floor.drops()
    return floor.take(i.SwitchNotReached(NODE), at)


def test_given_a_switch_that_began_anew_then_its_calls_are_ended_as_facts_and_that_is_no_repair():
    floor = a_day()
    floor.drops()
    decision = found(floor, 2, gone=("x", "y", floor.offer("x").leg, floor.offer("y").leg), phones={})
    assert the(decision, SwitchFound).restarted
    assert "RepairMade" not in kinds(decision)
    assert {each.by for each in decision.facts if isinstance(each, ContactEnded | TalkEnded)} == {EndedBy.SWITCH}
    assert [each.reason for each in decision.facts if isinstance(each, OfferWithdrawn)] == [Withdrawal.SWITCH_LOST]
    assert not floor.state.contacts


@pytest.mark.parametrize("told", ["before its calls are looked at", "with them"])
def test_given_a_switch_that_began_anew_then_who_was_rung_at_a_phone_that_is_gone_with_it_missed_nothing(told):
    floor = a_day()
    floor.drops()
    offer = floor.offer("y")
    if told == "with them":
        phones = {DeviceName(offer.agent): Phone.GONE}
    else:
        phones = {}
        assert kinds(floor.phone(offer.agent, Phone.GONE)) == ["PhoneChanged"]
    decision = found(floor, 2, gone=("x", "y", floor.offer("x").leg, offer.leg), phones=phones)
    assert [each.reason for each in decision.facts if isinstance(each, OfferWithdrawn)] == [Withdrawal.SWITCH_LOST]


def test_given_a_switch_that_says_that_it_shuts_down_then_its_calls_are_ended_by_it_at_once():
    floor = a_day()
    decision = floor.take(i.CallerGone(c("x"), by_switch=True))
    assert {each.by for each in decision.facts if isinstance(each, ContactEnded | TalkEnded)} == {EndedBy.SWITCH}


def test_given_a_switch_that_is_the_same_then_what_is_missing_is_a_repair():
    floor = a_day()
    floor.drops()
    decision = found(floor, 1, gone=("x", floor.offer("x").leg))
    assert not the(decision, SwitchFound).restarted
    assert "RepairMade" in kinds(decision)


def test_given_a_switch_found_for_the_first_time_then_nothing_was_before():
    assert not the(found(a_floor(), 1), SwitchFound).restarted


def test_given_a_plane_that_restarts_with_the_switch_then_it_still_knows_when_that_began():
    floor = a_day()
    floor.state = checkpoint.decode(checkpoint.encode(floor.state))
    assert the(found(floor, 2), SwitchFound).restarted


def test_given_a_switch_that_stays_away_then_agents_are_unreachable_and_no_call_is_ended():
    floor = a_day(ready("cem", phone=Phone.GONE))
    decision = away(floor)
    assert kinds(decision) == ["SwitchAway"]
    assert decision.commands == ()
    assert {floor.agent(name).shown for name in ("ana", "ben", "cem")} == {Shown.UNREACHABLE}
    assert set(floor.state.contacts)
    assert kinds(floor.take(i.SwitchNotReached(NODE))) == []


def test_given_a_switch_that_was_away_and_is_the_same_then_who_talked_still_does():
    floor = a_day()
    away(floor)
    found(floor, 1, at=60)
    assert floor.agent("ana").shown is Shown.TALKING
    assert floor.agent("ben").shown is Shown.OFFERED


def test_given_a_switch_that_was_away_and_began_anew_then_agents_are_unreachable_until_their_phones_are_back():
    floor = a_day()
    away(floor)
    gone = ("x", "y", floor.offer("x").leg, floor.offer("y").leg)
    found(floor, 2, at=60, gone=gone, phones={"ana": Phone.GONE, "ben": Phone.GONE})
    assert floor.agent("ana").shown is Shown.UNREACHABLE
    floor.phone("ana", Phone.REACHABLE, at=61)
    assert floor.agent("ana").shown is Shown.READY
    floor.tick(at=70)
    floor.waits("z", at=71)
    assert floor.rung("z") == "ana"


def test_given_a_switch_that_comes_back_before_it_was_said_to_be_away_then_it_is_not():
    floor = a_day()
    floor.drops()
    found(floor, 1)
    assert kinds(floor.take(i.SwitchNotReached(NODE))) == []


def test_given_a_switch_that_gives_no_answer_then_it_is_said_once_and_once_that_it_does_again():
    floor = a_day()
    stuck = i.SwitchStuck(NODE, "command socket 2 of 3 does not answer")
    assert kinds(floor.take(stuck)) == ["SwitchWedged"]
    assert kinds(floor.take(stuck)) == []
    assert kinds(floor.take(i.SwitchStuck(NODE, ""))) == ["SwitchAnswers"]
    assert kinds(floor.take(i.SwitchStuck(NODE, ""))) == []


def test_given_a_restarted_switch_then_the_lamps_of_all_agents_are_set_again():
    floor = a_day()
    floor.drops()
    decision = found(floor, 2, gone=("x", "y", floor.offer("x").leg, floor.offer("y").leg), phones={})
    assert doing(decision).count("MirrorIntent") >= 2


def test_given_a_node_with_another_name_when_the_plane_starts_then_the_old_one_is_known_only_while_contacts_are_at_it():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("x")
    floor.take(i.PlaneBegan(2, "test", 0, nodes=(NodeName("other"),)))
    assert dict(floor.state.nodes) == {NODE: False}
    floor.leaves("x")
    floor.take(i.PlaneBegan(3, "test", 0, nodes=(NodeName("other"),)))
    assert not floor.state.nodes
