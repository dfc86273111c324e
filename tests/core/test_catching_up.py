"""Facts were lost, and the journal in the room goes further: what it tells is told again, and counts as what it was."""

from __future__ import annotations

import msgspec
import pytest

from ccplane.agents.agent import Work
from ccplane.contacts import facts as f
from ccplane.contacts.contact import Past, Phase
from ccplane.contacts.verbs import EnterQueue, Gather, NoAgents, Play, Pressed, Served, TakeMessage, TimedOut
from ccplane.core import commands as do
from ccplane.core import inputs as i
from ccplane.core.journal import Journal
from ccplane.ids import AgentId, ChannelId, message_id
from tests.core.floor import SUPPORT, Floor, a_floor, a_queue, an_arrival, c, doing, kinds, paused, ready, the

X = ChannelId("x")


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
    told, over = the(decision, f.TalkStarted), the(decision, f.TalkEnded)
    assert told.agent == "ana"
    assert (over.ended_at, over.by) == (25_000, f.EndedBy.AGENT), "when the program went on, at the latest"
    if picked_up:
        assert (told.started_at, told.waited_ms, over.talk_ms) == (10_000, 0, 15_000), "it was known to be answered"
    else:
        assert (told.started_at, told.waited_ms, over.talk_ms) == (25_000, 15_000, 0), "whenever that was"
        assert the(decision, f.OfferAnswered).ring_ms == 15_000, "not in three rings, as far as we know"
    assert not {"ContactUnqueued", "OfferWithdrawn", "ConnectFailed"} & set(kinds(decision))
    assert floor.agent("ana").work is Work.WRAP_UP
    assert floor.agent("ana").misses == 0
    contact = floor.contact("x")
    assert (contact.phase, contact.step, contact.results) == (Phase.IN_PROGRAM, 1, (Served("ana"),))


def test_given_a_talk_of_which_all_facts_were_lost_then_its_wait_was_no_longer_than_the_phone_may_ring():
    floor = a_floor(agents=[ready("ana")], queues=[a_queue(ring=20)])
    floor.waits(at=10)
    decision = further(floor, Served(AgentId("ana")), at=300, seen=360)
    assert the(decision, f.OfferAnswered).ring_ms == 20_000
    told, over = the(decision, f.TalkStarted), the(decision, f.TalkEnded)
    assert (told.started_at, told.waited_ms) == (30_000, 20_000)
    assert (over.ended_at, over.talk_ms) == (300_000, 270_000)


def test_given_a_talk_of_which_not_even_the_offer_is_known_then_its_stay_counts_as_answered():
    floor = a_floor(agents=[paused("ana")])
    floor.waits(at=10)
    decision = further(floor, Served(AgentId("ana")), at=25)
    told = the(decision, f.ContactUnqueued)
    assert (told.outcome, told.waited_ms, told.ended_at) == (f.QueueOutcome.ANSWERED, 15_000, 25_000)


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
    before = floor.state, list(floor.watch.facts)
    for key in "4711":
        floor.take(i.KeyPressed(c("x"), key))
    assert floor.contact("x").results == (Pressed("4711"),)
    return before


def secret_lost(verb, *, legs=()):
    """The plane is back with nothing known after the question that asks for a secret, and the room says `verb`."""
    floor = a_floor(agents=[ready("ana"), ready("ben", since=1)] if legs else [paused("ana")])
    state, known = keys_in(floor, secret=True)
    text = the(floor.asks("x", verb, at=9), do.WriteJournal).text
    assert "4711" not in text
    back = Floor()
    back.state = state
    for fact in known:
        back.watch.note(fact)
        back.watch.facts.append(fact)
    back.drops(at=30)
    note = {c("x"): text}
    rooms = {c("x"): (X, *(each.id for each in legs))} if not isinstance(verb, TakeMessage) else {c("x"): ()}
    return back, back.survey(after_gap=True, at=60, journals=note, extra=legs, rooms=rooms, gap=30)


def test_given_keys_that_are_secret_then_they_do_not_lie_at_the_switch_and_are_asked_for_again_after_a_crash():
    back, decision = secret_lost(Play(("sound:a",)))
    assert "RepairMade" not in kinds(decision)
    assert "PlaySounds" in doing(decision), "the question, anew"
    assert "StopSounds" in doing(decision)
    assert back.contact("x").verb == Gather(("sound:card",), 5_000, longest=4, secret=True)


def test_given_a_wait_behind_a_secret_then_it_goes_on_with_place_and_clock_and_nothing_is_asked_again():
    back, decision = secret_lost(EnterQueue(SUPPORT))
    assert "PlaySounds" not in doing(decision)
    assert the(decision, f.ContactQueued).since == 9_000
    contact = back.contact("x")
    assert (contact.phase, contact.waiting.queued_at) == (Phase.WAITING, 9_000)
    assert (contact.program, contact.failures) == ("", 0), "what it had gathered nobody knows: it is over"


def test_given_a_talk_behind_a_secret_then_they_talk_on_and_the_agent_is_offered_nobody_else():
    leg = i.ChannelSeen(ChannelId(f"l-{c('x')}-2-1-1"), True, agent=AgentId("ana"))
    back, decision = secret_lost(EnterQueue(SUPPORT), legs=[leg])
    assert "PlaySounds" not in doing(decision)
    contact = back.contact("x")
    assert (contact.phase, contact.talk.agent, contact.talk.leg) == (Phase.TALKING, "ana", leg.id)
    assert back.agent("ana").work is Work.TALKING
    back.waits("y", at=61)
    assert back.rung("y") == "ben"


def test_given_a_message_behind_a_secret_then_it_is_recorded_on_and_nothing_is_said_behind_which_it_would_wait():
    verb = TakeMessage("general", longest_ms=60_000, silence_ms=5_000)
    back, decision = secret_lost(verb)
    asked = [each for each in doing(decision) if each != "MirrorIntent"]
    assert asked == ["LookForRecording"]
    assert the(decision, do.LookForRecording).message == message_id(c("x"), 2, 1)
    assert back.contact("x").verb == verb
    back.take(i.RecordingEnded(message_id(c("x"), 2, 1), 3_000))
    assert [each.message for each in back.facts if isinstance(each, f.MessageLeft)] == [message_id(c("x"), 2, 1)]


def test_given_a_message_of_a_caller_known_to_wait_then_nothing_is_said_behind_which_it_would_wait():
    floor = a_floor(agents=[paused("ana")])
    floor.waits("x", at=10)
    floor.is_up("x")
    verb = TakeMessage("general", longest_ms=60_000, silence_ms=5_000)
    note = Journal(
        2, "TakeMessage", 40_000, message=verb, program=floor.contact("x").program, past=(Past(1, TimedOut()),)
    )
    floor.drops()
    floor.watch.told = {}
    decision = floor.survey(
        after_gap=True, at=50, journals={c("x"): msgspec.json.encode(note).decode()}, rooms={c("x"): ()}
    )
    assert "LookForRecording" in doing(decision)
    assert not {"TellQueue", "AddCaller", "StartMusic", "PlaySounds"} & set(doing(decision))


def test_given_keys_that_are_not_secret_then_the_room_has_them_and_nobody_is_asked_again():
    floor = a_floor()
    keys_in(floor, secret=False)
    assert "4711" in the(floor.asks("x", Play(("sound:a",))), do.WriteJournal).text
