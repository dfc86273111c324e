"""A contact that waits may be given another priority or another queue; nothing else about it changes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.agents.facts import AgentEdited, Intent, Phone
from ccplane.contacts import facts as f
from ccplane.contacts.verbs import NoAgents
from ccplane.core import checkpoint, journal
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.edits import why_not
from ccplane.ids import QueueName
from ccplane.routing.rules import QueuesUnserved, RulesLoaded, SiteChange, SiteEdited
from tests.core.floor import SALES, SUPPORT, a_floor, a_queue, c, kinds, offline, paused, ready, the, the_rules, unknown

QUEUES = [a_queue(SUPPORT), a_queue(SALES)]
BOTH = {SUPPORT: 5, SALES: 5}


def a_waiting_floor(*agents):
    floor = a_floor(agents=agents or [paused("ana", **BOTH)], queues=QUEUES)
    floor.waits("x", at=10)
    floor.waits("y", at=20)
    return floor


def edited(floor, name, *, at=None, credit_s=None, queue=None):
    return floor.take(i.ContactEditAsked(contact=c(name), by="lead", credit_s=credit_s, queue=queue), at)


def test_a_priority_is_told_with_who_gave_it_and_what_it_was_and_kept_at_the_switch():
    floor = a_waiting_floor()
    decision = edited(floor, "y", credit_s=60, at=30)
    told = the(decision, f.ContactReprioritised)
    assert (told.credit_s, told.before_s, told.by) == (60, 0, "lead")
    assert floor.contact("y").waiting.credit_s == 60
    kept = journal.read(the(decision, do.WriteJournal).text)
    assert (kept.queue, kept.credit_s, kept.at) == (SUPPORT, 60, 20_000)
    assert floor.replayed() == floor.state


def test_the_same_again_is_no_fact():
    floor = a_waiting_floor()
    edited(floor, "y", credit_s=60)
    assert kinds(edited(floor, "y", credit_s=60)) == []
    assert kinds(edited(floor, "y", queue=SUPPORT)) == []


def test_who_is_put_into_another_queue_waits_on_with_clock_and_priority():
    floor = a_waiting_floor()
    edited(floor, "x", credit_s=5)
    decision = edited(floor, "x", queue=SALES, at=40)
    assert kinds(decision)[:3] == ["ContactRedirected", "ContactUnqueued", "ContactQueued"]
    assert the(decision, f.ContactUnqueued).outcome == "moved"
    waiting = floor.contact("x").waiting
    assert (waiting.queue, waiting.queued_at, waiting.credit_s) == (SALES, 10_000, 5)
    assert floor.replayed() == floor.state


def test_a_free_agent_who_may_serve_it_where_it_waits_now_is_rung_at_once():
    floor = a_floor(agents=[paused("ana"), ready("ben", **{SALES: 5})], queues=QUEUES)
    floor.waits("x", at=10)
    assert floor.rung("x") is None
    edited(floor, "x", queue=SALES, at=15)
    assert floor.rung("x") == "ben"


@pytest.mark.parametrize(
    ("name", "queue", "why"),
    [
        ("nobody", None, "no-such-contact"),
        ("talking", None, "contact-not-waiting"),
        ("rung", SALES, "contact-offered"),
        ("x", QueueName("gone"), "no-such-queue"),
        ("x", QueueName("night"), "nobody-signed-in"),
    ],
)
def test_what_cannot_be_done_now_is_not_done(name, queue, why):
    night = a_queue("night")
    agents = [ready("ana", since=1), ready("ben", since=2), paused("cem", **BOTH), offline("dan", night=5)]
    floor = a_floor(agents=agents, queues=[*QUEUES, night])
    floor.talks("talking")
    floor.waits("rung")
    floor.waits("x")
    wanted = unknown() if name == "nobody" else c(name)
    before = floor.state
    assert why_not(floor.state, wanted, queue) == why
    floor.take(i.ContactEditAsked(contact=wanted, by="lead", credit_s=9, queue=queue))
    assert floor.state == before


def test_whose_phone_rings_may_be_given_another_priority_meanwhile():
    floor = a_floor(agents=[ready("ana")], queues=QUEUES)
    floor.waits("x", at=10)
    edited(floor, "x", credit_s=30)
    assert floor.rung("x") == "ana"
    floor.refuses("x", sip=486)
    assert floor.contact("x").waiting.credit_s == 30


def test_who_waits_again_as_their_agents_phone_has_vanished_has_the_priority_they_were_given():
    floor = a_floor(agents=[paused("ana")], queues=QUEUES)
    floor.phone("ana-web", Phone.REACHABLE)
    floor.waits("x", at=10)
    edited(floor, "x", credit_s=30)
    floor.take(i.IntentAsked(agent="ana", intent=Intent.READY, by="ana", seat="ana", web=True))
    floor.picks_up("x", at=12)
    floor.joins("x")
    floor.phone("ana-web", Phone.GONE, at=20)
    while floor.contact("x").talk is not None:
        floor.wake()
    assert floor.contact("x").waiting.credit_s == 30


def test_a_queue_whose_agents_leave_after_a_move_gives_the_caller_back():
    floor = a_floor(agents=[paused("ana", **BOTH)], queues=QUEUES)
    floor.waits("x")
    edited(floor, "x", queue=SALES)
    floor.wants("ana", Intent.OFFLINE)
    assert floor.contact("x").past[-1].result == NoAgents()


# ------------------------------------------------------------------------------------------------------- of agents


def profile(floor, name, **changed):
    return replace(floor.agent(name).profile, **changed)


def test_who_waits_is_offered_at_once_to_an_agent_who_has_the_skill_now():
    floor = a_floor(agents=[paused("ana"), ready("ben", **{SALES: 5})], queues=QUEUES)
    floor.waits("x", at=10)
    decision = floor.take(i.AgentEditAsked(profile=profile(floor, "ben", skills={SUPPORT: 1}), by="lead"), 20)
    told = the(decision, AgentEdited)
    assert (told.agent, told.before.skills, told.profile.skills, told.by) == ("ben", {SALES: 5}, {SUPPORT: 1}, "lead")
    assert floor.rung("x") == "ben"
    assert floor.replayed() == floor.state


def test_an_agent_who_has_lost_the_skill_finishes_the_call_they_have_and_gets_no_other():
    floor = a_floor(agents=[ready("ana"), paused("ben")], queues=QUEUES)
    floor.talks("x", at=10)
    floor.waits("y", at=20)
    floor.take(i.AgentEditAsked(profile=profile(floor, "ana", skills={}), by="lead"))
    assert floor.contact("x").talk.agent == "ana"
    floor.agent_hangs_up("x", at=30)
    assert floor.rung("y") is None


def test_who_waits_for_the_last_agent_that_could_serve_them_is_given_back_when_that_one_cannot_any_more():
    floor = a_floor(agents=[paused("ana")], queues=QUEUES)
    floor.waits("x", at=10)
    floor.take(i.AgentEditAsked(profile=profile(floor, "ana", skills={}), by="lead"))
    assert floor.contact("x").past[-1].result == NoAgents()


def test_an_edit_that_changes_nothing_or_of_nobody_is_no_fact():
    floor = a_floor(agents=[paused("ana")], queues=QUEUES)
    same = profile(floor, "ana")
    assert kinds(floor.take(i.AgentEditAsked(profile=same, by="lead"))) == []
    assert kinds(floor.take(i.AgentEditAsked(profile=replace(same, id="nobody"), by="lead"))) == []


# ------------------------------------------------------------------------------------------- queues that nobody serves


def test_a_queue_that_nobody_could_ever_serve_is_told_of_once_and_again_when_somebody_can():
    floor = a_floor(agents=[offline("ana")], queues=[a_queue(SUPPORT)])
    decision = floor.reads("site-2", a_queue(SUPPORT), a_queue(SALES))
    assert the(decision, QueuesUnserved).queues == (SALES,)
    assert "QueuesUnserved" not in kinds(floor.reads("site-3", a_queue(SUPPORT, ring=9), a_queue(SALES)))
    decision = floor.take(i.AgentEditAsked(profile=profile(floor, "ana", skills=BOTH), by="lead"))
    assert the(decision, QueuesUnserved).queues == ()
    assert floor.replayed() == floor.state


def test_it_is_known_again_after_a_crash():
    floor = a_floor(agents=[offline("ana")], queues=QUEUES)
    assert floor.state.unserved == (SALES,)
    assert checkpoint.decode(checkpoint.encode(floor.state)).unserved == (SALES,)


def test_an_edit_of_the_site_is_told_with_who_made_it_in_the_decision_that_puts_it_in_force():
    floor = a_waiting_floor()
    change = SiteChange("acd/queues.toml: support.weight", None, "60")
    rules = the_rules(a_queue(SUPPORT, weight=60), a_queue(SALES))
    decision = floor.take(i.SiteRead("site-2", rules, {"acd/queues.toml": "2"}, "lead", (change,)), at=30)
    assert kinds(decision)[:2] == ["SiteEdited", "RulesLoaded"]
    assert (the(decision, SiteEdited).by, the(decision, SiteEdited).changes) == ("lead", (change,))
    assert the(decision, RulesLoaded).rules.queues[SUPPORT].weight_s == 60
    back = floor.take(i.SiteRead("site-2", rules, {"acd/queues.toml": "2"}, "lead", (change,)), at=31)
    assert kinds(back) == ["SiteEdited"], "what somebody did is told also where it came to the same"
