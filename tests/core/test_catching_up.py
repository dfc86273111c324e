"""Facts were lost, and the journal in the room goes further: what it tells is told again, and counts as what it was."""

from __future__ import annotations

import msgspec
import pytest

from ccplane.agents.agent import Work
from ccplane.contacts import facts as f
from ccplane.contacts.contact import Past, Phase
from ccplane.contacts.verbs import EnterQueue, Gather, NoAgents, Play, Pressed, Served, TimedOut
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.journal import Journal
from ccplane.ids import AgentId, ChannelId
from tests.core.floor import SUPPORT, a_floor, a_queue, an_arrival, c, doing, kinds, paused, ready, the


def further(floor, result, at, seen=60):
    """The plane is back at `seen` s, and x's room says that the queue gave `result`, and that since `at` s a prompt
    plays."""
    contact = floor.contact("x")
    past = () if result is None else (Past(1, result),)
    note = Journal(2, "Play", at * 1000, program=contact.program, past=past)
    floor.drops()
    floor.take(i.PlaneBegan(2, "test", 0), at=seen)
    return floor.survey(
        after_gap=True, at=seen, gone=[contact.offer.leg] if contact.offer else [],
        journals={c("x"): msgspec.json.encode(note).decode()},
    )  # fmt: skip


@pytest.mark.parametrize("picked_up", [False, True])
def test_given_a_talk_of_which_all_facts_were_lost_then_its_stay_counts_as_answered_and_its_agent_wraps_up(picked_up):
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)])
    floor.waits(at=10)
    if picked_up:
        floor.picks_up("x")
    decision = further(floor, Served(AgentId("ana")), at=25)
    told = the(decision, f.TalkStarted)
    assert (told.agent, told.waited_ms) == ("ana", 15_000), "until the program went on at the latest"
    assert not {"ContactUnqueued", "OfferWithdrawn", "ConnectFailed"} & set(kinds(decision))
    assert floor.agent("ana").work is Work.WRAP_UP
    assert floor.agent("ana").misses == 0
    contact = floor.contact("x")
    assert (contact.phase, contact.step, contact.results) == (Phase.IN_PROGRAM, 1, (Served("ana"),))


def test_given_a_talk_of_which_not_even_the_offer_is_known_then_its_stay_counts_as_answered():
    floor = a_floor(agents=[paused("ana")])
    floor.waits(at=10)
    decision = further(floor, Served(AgentId("ana")), at=25)
    told = the(decision, f.ContactUnqueued)
    assert (told.outcome, told.waited_ms) == (f.QueueOutcome.ANSWERED, 15_000)


def test_given_a_talk_with_another_than_the_one_offered_then_that_offer_is_taken_back():
    floor = a_floor(agents=[ready("ana"), paused("ben")])
    floor.waits(at=10)
    decision = further(floor, Served(AgentId("ben")), at=25)
    assert the(decision, f.OfferWithdrawn).agent == "ana"
    assert the(decision, f.ContactUnqueued).outcome is f.QueueOutcome.ANSWERED


@pytest.mark.parametrize(
    ("result", "outcome"), [(TimedOut(), f.QueueOutcome.TIMED_OUT), (NoAgents(), f.QueueOutcome.NO_AGENTS)]
)
def test_given_a_stay_that_ended_without_a_talk_then_it_counts_as_its_program_had_it(result, outcome):
    floor = a_floor(agents=[paused("ana")])
    floor.waits(at=10)
    assert the(further(floor, result, at=25), f.ContactUnqueued).outcome is outcome


def test_given_a_wrap_up_of_which_the_end_was_lost_when_its_agent_is_seen_to_talk_with_the_next_then_that_is_theirs():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(wrap_up=30)])
    floor.talks("x", at=1)
    floor.agent_hangs_up("x", at=20)
    floor.waits("y", at=21)
    leg = ChannelId(f"l-{c('y')}-1-1-1")
    floor.drops(at=22)
    decision = floor.survey(
        after_gap=True,
        at=40,
        extra=[i.ChannelSeen(leg, True, agent=AgentId("ana")), i.ChannelSeen(ChannelId("y"), True, an_arrival("y"))],
        rooms={c("y"): (ChannelId("y"), leg)},
    )
    assert "TalkStarted" in kinds(decision)
    assert floor.agent("ana").work is Work.TALKING


def keys_in(floor, secret):
    """The caller has keyed 4711, and what the room says of the next verb."""
    floor.arrives()
    floor.asks("x", Gather(("sound:card",), 5_000, longest=4, secret=secret))
    before = floor.state
    for key in "4711":
        floor.take(i.KeyPressed(c("x"), key))
    assert floor.contact("x").results == (Pressed("4711"),)
    return before


@pytest.mark.parametrize("verb", [Play(("sound:a",)), EnterQueue(SUPPORT)])
def test_given_keys_that_are_secret_then_they_do_not_lie_at_the_switch_and_are_asked_for_again_after_a_crash(verb):
    floor = a_floor(agents=[paused("ana")])
    before = keys_in(floor, secret=True)
    text = the(floor.asks("x", verb), do.WriteJournal).text
    assert "4711" not in text
    back = a_floor(agents=[paused("ana")])
    back.state = before
    back.watch = floor.watch
    back.watch.told, back.watch.music = {}, {}
    back.drops(at=1)
    decision = back.survey(after_gap=True, at=2, journals={c("x"): text})
    assert "RepairMade" not in kinds(decision)
    assert "PlaySounds" in doing(decision), "the question, anew"
    assert ("StopMusic" if isinstance(verb, EnterQueue) else "StopSounds") in doing(decision)
    assert back.contact("x").verb == Gather(("sound:card",), 5_000, longest=4, secret=True)


def test_given_keys_that_are_not_secret_then_the_room_has_them_and_nobody_is_asked_again():
    floor = a_floor()
    keys_in(floor, secret=False)
    assert "4711" in the(floor.asks("x", Play(("sound:a",))), do.WriteJournal).text
