"""The judge finds each way in which a run may go wrong, and nothing in a run in which all is well."""

from __future__ import annotations

import pytest

from chaos.checker import check
from chaos.logs import Away, Caller, Contact, Ended
from tests.chaos.history import Story


def a_good_day() -> Story:
    """Two callers, two agents, everybody served; a third who gives up; a fault long after."""
    story = Story()
    story.arrives("1", 10)
    story.talks("1", "1001", 11, 15)
    story.arrives("2", 10.5)
    story.talks("2", "1002", 11.5, 16)
    story.arrives("3", 12)
    story.rings("3", "1001", 15.1, 16.5)
    story.gives_up("3", 16.5)
    story.fault(100, 103)
    return story


def broken(story: Story) -> set[str]:
    return {finding.rule for finding in check(story.run).findings}


def test_given_a_good_day_then_nothing_is_found_and_everything_was_looked_at():
    verdict = check(a_good_day().run)
    assert verdict.findings == []
    assert verdict.looked_at["talks compared"] == 2
    assert verdict.looked_at["clocks"] == 3


# ── talks ──


def test_when_a_talk_ends_though_neither_hung_up_then_it_was_ended_by_somebody_else():
    story = a_good_day()
    story.caller("1").how = Ended.PEER
    assert "talks-ended" in broken(story)


def test_when_asterisk_was_killed_its_talks_are_told_apart():
    story = a_good_day()
    story.caller("1").how = story.run.rings[0].how = Ended.SWITCH
    verdict = check(story.run)
    assert verdict.count("talks-ended") == 0
    assert verdict.looked_at["talks ended with Asterisk"] == 1


def test_when_the_caller_of_a_vanished_phone_is_hung_up_on_then_their_talk_was_ended():
    story = a_good_day()
    story.run.rings[0].how = Ended.GONE
    story.caller("1").how = Ended.PEER
    assert "talks-ended" in broken(story)


@pytest.mark.parametrize(("back_after_s", "found"), [(5, set()), (25, {"unequal"})])
def test_a_dead_call_may_last_as_long_as_its_caller_if_its_phone_was_back_before_qualify_saw_it(back_after_s, found):
    story = a_good_day()
    story.arrives("4", 200)
    ring = story.talks("4", "1001", 201, 240)
    ring.how, ring.ended_at = Ended.GONE, 210_000
    story.run.aways.append(Away(agent="1001", at=210_000, until=210_000 + back_after_s * 1000))
    assert broken(story) == found


def test_a_dead_call_whose_caller_hangs_up_in_a_gap_may_be_told_late():
    story = a_good_day()
    story.arrives("4", 200)
    ring = story.talks("4", "1001", 201, 240)
    ring.how, ring.ended_at = Ended.GONE, 210_000
    story.run.aways.append(Away(agent="1001", at=210_000, until=215_000))
    caller = next(each for each in story.run.callers if each.number == "4")
    caller.ended_at = 236_000
    assert broken(story) & {"unequal"} == {"unequal"}
    story.fault(235, 239)
    assert broken(story) & {"unequal"} == set()


def test_when_an_agent_answers_and_is_cut_off_while_the_caller_waits_on_then_they_were_not_joined():
    story = a_good_day()
    story.arrives("4", 20)
    ring = story.rings("4", "1001", 20, 20.6, Ended.PEER)
    ring.up_at = 20_590
    story.talks("4", "1002", 24, 30)
    assert broken(story) == {"not-joined"}


def test_when_the_other_side_hears_of_the_end_three_seconds_later_then_it_was_left_alone():
    story = a_good_day()
    story.run.rings[0].ended_at = 18_000
    assert "left-alone" in broken(story)


# ── waiting ──


def test_when_a_waiting_caller_is_hung_up_on_then_they_were_lost():
    story = a_good_day()
    story.caller("3").how = Ended.PEER
    assert "waiting-lost" in broken(story)


def test_when_callers_are_carried_after_the_guards_term_then_they_were_not_lost():
    story = a_good_day()
    story.arrives("4", 100.5)
    caller = story.caller("4")
    caller.ended_at, caller.how = 130_000, Ended.PEER
    story.fact("ContactUnqueued", 140, "c4", queue="support", outcome="lost", waited_ms=39_500)
    story.fact("ContactEnded", 140, "c4", by="fallback")
    story.run.faults[0].whole_at = 145_000
    assert broken(story) == set()


def test_when_callers_are_carried_before_the_guards_term_then_they_were_lost():
    story = a_good_day()
    story.arrives("4", 100.5)
    caller = story.caller("4")
    caller.ended_at, caller.how = 110_000, Ended.PEER
    story.fact("ContactEnded", 140, "c4", by="fallback")
    story.run.faults[0].whole_at = 145_000
    assert broken(story) == {"waiting-lost"}


def test_when_a_later_caller_is_called_first_then_the_earlier_one_lost_their_place():
    story = Story(agents=1)
    story.arrives("1", 10)
    story.arrives("2", 12)
    story.talks("2", "1001", 14, 15)
    story.talks("1", "1001", 15.3, 18)
    assert "place-lost" in broken(story)


def test_when_an_offer_is_missed_the_caller_goes_back_to_their_place():
    story = Story(agents=2)
    story.arrives("1", 10)
    story.rings("1", "1001", 10, 10.5, Ended.SELF)
    story.arrives("2", 10.6)
    story.talks("1", "1002", 11.0, 18, rang_at=10.5)
    story.talks("2", "1001", 15.8, 18, rang_at=15.5)
    assert broken(story) == set()


def overtaken(kind: str, began: float, over: float, missed: float, rang: float) -> Story:
    """The first caller's phone stops ringing at `missed`; the second one's, who came later, rings at `rang`."""
    story = Story(agents=2)
    story.fault(began, over + 6, kind, over)
    story.arrives("1", 10)
    story.rings("1", "1001", 10.2, missed, Ended.SELF)
    story.arrives("2", 12)
    story.talks("2", "1002", rang + 0.2, rang + 3, rang_at=rang)
    story.talks("1", "1001", rang + 4, rang + 5)
    return story


@pytest.mark.parametrize(
    ("missed", "rang", "found"),
    [
        (16.0, 19.0, set()),  # heard of at 18; the other had been called at 17
        (16.0, 20.9, set()),  # called at 18.9
        (16.0, 21.1, {"place-lost"}),  # called at 19.1: it had been known for more than a second
        (13.0, 17.1, {"place-lost"}),  # before the delay it was heard of at once; called at 15.1
        (21.9, 23.9, set()),  # heard of at 23.9; called at 21.9
        (21.9, 25.1, {"place-lost"}),  # all that was late had come by 24
        (25.0, 26.1, {"place-lost"}),  # the delay is over for good
    ],
)
def test_given_a_delay_then_one_is_overtaken_only_by_a_call_that_was_sent_after_the_news_had_come(missed, rang, found):
    assert broken(overtaken("delay", 14, 24, missed, rang)) == found


@pytest.mark.parametrize(
    ("kind", "first_rang", "found"),
    [
        ("delay", 18.9, set()),  # two seconds on its way, and a second as of any two calls
        ("delay", 19.2, {"place-lost"}),
        ("cut-ari", 17.3, {"place-lost"}),  # nothing is on its way
    ],
)
def test_of_two_calls_sent_at_once_one_may_be_held_back_by_a_delay(kind, first_rang, found):
    story = Story(agents=2)
    story.fault(14, 28, kind, 24)
    story.arrives("1", 10)
    story.arrives("2", 12)
    story.talks("2", "1002", 16.2, 20, rang_at=16.0)
    story.talks("1", "1001", first_rang + 0.2, 25, rang_at=first_rang)
    assert broken(story) & {"place-lost"} == found


@pytest.mark.parametrize(
    ("missed", "rang", "found"),
    [
        (16.0, 19.2, set()),  # both came to be known at 19, and the call may have been sent at 14
        (12.5, 19.2, {"place-lost"}),  # known before the stall
        (16.0, 20.5, {"place-lost"}),
    ],
)
def test_given_a_stall_then_so_it_is_with_what_it_held_back(missed, rang, found):
    assert broken(overtaken("stall", 14, 19, missed, rang)) == found


@pytest.mark.parametrize("kind", ["kill-plane", "cut-ari", "stop-10", "kill-postgres", "disk-full"])
def test_given_any_other_fault_then_nothing_is_on_its_way(kind):
    assert broken(overtaken(kind, 14, 22, 16.0, 17.1)) == {"place-lost"}


def test_when_a_wait_is_told_shorter_than_it_was_then_the_clock_was_lost():
    story = a_good_day()
    story.said("TalkStarted", "1").body["waited_ms"] = 0
    story.caller("1").up_at = 9_500
    assert broken(story) == {"clock-lost"}


def test_when_the_caller_came_just_before_a_gap_their_clock_begins_there_all_the_same():
    story = Story()
    story.fault(10.2, 13)
    story.arrives("1", 10)
    story.talks("1", "1001", 15, 18)
    story.said("TalkStarted", "1").body["waited_ms"] = 2_000
    assert broken(story) == {"clock-lost"}


# ── agents ──


def test_when_a_phone_is_called_that_has_a_call_then_the_agent_is_double_booked():
    story = a_good_day()
    story.run.rings[1].busy = 1
    assert broken(story) == {"double-booked"}


@pytest.mark.parametrize(
    ("at", "first_until", "second_until", "found"),
    [
        (101, 110, 102.9, set()),  # in a gap, taken back at once
        (101, 102.9, 110, set()),  # the first one is
        (101, 110, 103.2, {"double-booked"}),  # both for more than two seconds
        (50, 60, 50.1, {"double-booked"}),  # no fault is near
    ],
)
def test_in_a_gap_a_phone_may_be_called_for_an_instant_beside_a_call(at, first_until, second_until, found):
    story = a_good_day()
    story.arrives("4", at - 3)
    story.arrives("5", at - 2)
    story.rings("4", "1002", at - 1, first_until)
    story.rings("5", "1002", at, second_until).busy = 1
    assert broken(story) & {"double-booked"} == found


@pytest.mark.parametrize(("answered", "found"), [(100.2, set()), (98.5, {"unequal"})])
def test_who_answers_just_before_a_fault_and_hangs_up_in_its_gap_need_not_have_talked(answered, found):
    story = a_good_day()
    story.fault(101, 109)
    story.arrives("4", 95)
    ring = story.rings("4", "1001", 96, 104, Ended.SELF)
    ring.up_at = round(answered * 1000)
    story.talks("4", "1002", 110, 120)
    story.run.faults.pop(0)
    assert broken(story) & {"unequal"} == found


def test_who_answers_in_vain_in_a_gap_and_is_called_again_has_talked_once():
    story = a_good_day()
    story.fault(101, 109)
    story.arrives("4", 95)
    story.rings("4", "1001", 102, 104, Ended.SELF).up_at = 103_000
    story.talks("4", "1001", 110, 120)
    assert broken(story) & {"unequal", "not-joined"} == set()


def test_who_answers_a_call_that_came_late_of_a_caller_who_has_another_by_then_is_not_missing_anybody():
    story = a_good_day()
    story.arrives("4", 20)
    late = story.rings("4", "1001", 22, 22.6, Ended.PEER)
    late.up_at = 22_590
    story.talks("4", "1002", 22.4, 30)
    assert "not-joined" not in broken(story)


def test_when_an_agent_is_shown_talking_without_a_call_then_they_are_stuck():
    story = a_good_day()
    story.shows("1001", "talking", 30, 32, 34, 36)
    assert broken(story) == {"stuck"}


def test_when_an_agent_is_shown_so_in_a_gap_then_that_is_not_yet_stuck():
    story = a_good_day()
    story.shows("1001", "talking", 100, 101, 102, 103, 104)
    assert broken(story) == set()


def test_when_a_phone_vanished_while_it_rang_then_its_agent_is_stuck_only_once_asterisk_has_said_so():
    story = a_good_day()
    story.arrives("4", 28)
    story.rings("4", "1001", 29, 30, Ended.GONE)
    story.shows("1001", "offered", 32, 33, 34, 35)
    story.talks("4", "1002", 31.5, 40)
    assert "stuck" not in broken(story)
    story.fact("PhoneChanged", 31, None, agent="1001", phone="gone")
    assert "stuck" in broken(story)


def test_when_a_phone_vanished_in_a_talk_and_was_soon_back_then_its_agent_is_stuck_only_once_the_caller_has_gone():
    story = a_good_day()
    story.arrives("4", 28)
    ring = story.talks("4", "1001", 29, 40)
    ring.ended_at, ring.how = 30_000, Ended.GONE
    story.run.aways.append(Away(agent="1001", at=30_000, until=34_000))
    story.shows("1001", "talking", 33, 34, 35, 36, 38, 40, 41)
    assert "stuck" not in broken(story)
    story.shows("1001", "talking", 43, 44, 45)
    assert "stuck" in broken(story)


def test_when_callers_wait_while_an_agent_is_free_then_the_agent_is_stuck():
    story = a_good_day()
    story.arrives("4", 30)
    story.talks("4", "1001", 34, 36)
    assert broken(story) == {"stuck"}


def test_when_agents_are_paused_nobody_is_stuck():
    story = a_good_day()
    for agent in story.run.agents:
        story.asks(agent, "paused", 25)
        story.asks(agent, "ready", 33.7)
    story.arrives("4", 30)
    story.talks("4", "1001", 34, 36)
    assert broken(story) == set()


# ── facts ──


def test_when_a_fact_is_missing_in_the_log_then_it_is_lost():
    story = a_good_day()
    del story.run.facts[3]
    assert "facts-lost" in broken(story)


def test_when_a_fact_is_there_twice_then_it_is_doubled():
    story = a_good_day()
    story.run.facts.append(story.run.facts[2])
    assert "facts-doubled" in broken(story)


def test_when_an_acknowledged_state_is_not_in_the_log_then_it_is_lost():
    story = a_good_day()
    asked = story.asks("1001", "paused", 50)
    story.run.facts[-1].body["reason"] = "another"
    assert asked.reason != "another"
    assert broken(story) == {"facts-lost"}


def test_when_an_acknowledged_state_is_in_the_log_twice_then_it_is_doubled():
    story = a_good_day()
    asked = story.asks("1001", "paused", 50)
    story.fact("IntentChanged", 50, None, agent="1001", intent="paused", reason=asked.reason)
    assert broken(story) == {"facts-doubled"}


def test_when_one_caller_is_two_contacts_then_they_are_counted_twice():
    story = a_good_day()
    story.run.contacts.append(Contact(id="again", caller="1", ended_by="caller"))
    assert broken(story) == {"facts-doubled"}


# ── call by call ──


def test_when_a_talk_is_told_with_another_agent_then_they_differ():
    story = a_good_day()
    story.said("TalkStarted", "1").body["agent"] = story.said("TalkEnded", "1").body["agent"] = "1002"
    assert "unequal" in broken(story)


def test_when_a_talk_is_told_two_seconds_longer_then_they_differ():
    story = a_good_day()
    story.said("TalkEnded", "1").at += 2_000
    assert broken(story) == {"unequal"}


def test_when_a_talk_ended_in_a_gap_its_end_may_be_told_late_but_not_for_ever():
    story = a_good_day()
    story.arrives("4", 98)
    story.talks("4", "1001", 99, 101)
    story.said("TalkEnded", "4").at = 103_000
    assert broken(story) == set()
    story.said("TalkEnded", "4").at = 108_000
    assert broken(story) == {"unequal"}


def test_when_a_talk_is_told_as_ended_by_the_other_then_they_differ():
    story = a_good_day()
    story.run.rings[0].how, story.run.rings[0].ended_at = Ended.SELF, 14_500
    story.caller("1").how = Ended.PEER
    assert broken(story) == {"unequal"}


def test_when_a_call_is_no_contact_then_they_differ():
    story = a_good_day()
    story.run.callers.append(
        Caller(number="9", dialled="4002", at=50_000, up_at=50_010, ended_at=51_000, how=Ended.SELF)
    )
    assert broken(story) == {"unequal"}


def test_when_a_contact_is_nobodys_call_then_they_differ():
    story = a_good_day()
    story.run.contacts.append(Contact(id="x", caller="77", ended_by="caller"))
    assert broken(story) == {"unequal"}


def test_when_a_contact_never_ends_then_they_differ():
    story = a_good_day()
    story.run.contacts[0].ended_by = None
    assert broken(story) == {"unequal"}


def test_when_a_counter_is_not_the_sum_of_its_calls_then_that_is_found():
    story = a_good_day()
    story.run.queues["support"].answered += 1
    assert broken(story) == {"counters"}


def test_when_channels_are_left_or_something_is_not_whole_then_that_is_found():
    story = a_good_day()
    story.run.stuck_channels = 2
    story.run.notes.append("fault 1: not ready")
    assert broken(story) == {"left-alone", "not-whole"}


def test_a_finding_names_the_fault_in_whose_gap_it_lies():
    story = a_good_day()
    story.arrives("4", 99)
    story.talks("4", "1001", 99.5, 101)
    story.caller("4").how = Ended.PEER
    found = [each for each in check(story.run).findings if each.rule == "talks-ended"]
    assert [each.fault for each in found] == [1]


def test_when_a_phone_comes_back_an_old_invite_may_reach_it_for_a_moment():
    story = a_good_day()
    story.rings("3", "1002", 12.1, 13, Ended.GONE)
    late = story.rings("3", "1002", 40, 40.001, Ended.CANCELLED)
    late.busy = 1
    verdict = check(story.run)
    assert verdict.count("double-booked") == 0
    late.ended_at = 45_000
    assert check(story.run).count("double-booked") == 1


def test_when_gaps_overlap_the_longer_one_counts():
    story = a_good_day()
    story.fault(102, 106)
    story.arrives("4", 98)
    story.talks("4", "1001", 99, 102.5)
    story.said("TalkEnded", "4").at = 107_500
    assert broken(story) == set()


# ── the fallback ──


def served_by_the_fallback(story: Story) -> Caller:
    """Came while the plane was away; an agent who was ready answered; told afterwards, in whole seconds."""
    caller = Caller(number="8", dialled="4002", at=101_000, up_at=101_010, ended_at=106_000, how=Ended.SELF)
    story.run.callers.append(caller)
    story.rings("8", "1001", 101.5, 106, Ended.PEER).up_at = 102_500
    story.run.contacts.append(Contact(id="c8", caller="8", ended_by="fallback"))
    story.fact("FallbackServed", 107, "c8", agent="1001", queue="support", outcome="answered", queued_at=101_000,
               waited_ms=1_000, talk_ms=4_000, by="caller")  # fmt: skip
    story.run.queues["support"].offered += 1
    story.run.queues["support"].answered += 1
    return caller


def test_when_the_fallback_served_a_caller_it_is_one_contact_with_that_talk():
    story = a_good_day()
    served_by_the_fallback(story)
    assert broken(story) == set()
    assert check(story.run).looked_at["talks compared"] == 3


def test_when_a_talk_in_the_fallback_is_ended_by_neither_then_it_was_ended_by_somebody_else():
    story = a_good_day()
    served_by_the_fallback(story).how = Ended.PEER
    assert "talks-ended" in broken(story)


@pytest.mark.parametrize(("talk_ms", "found"), [(1_000, set()), (-6_000, {"unequal"})])
def test_a_talk_in_the_fallback_on_an_asterisk_that_died_lasted_until_its_log_was_last_written(talk_ms, found):
    story = a_good_day()
    served_by_the_fallback(story).how = story.run.rings[-1].how = Ended.SWITCH
    story.run.facts[-1].body |= {"talk_ms": talk_ms, "by": "switch"}
    assert broken(story) == found


def test_when_a_talk_in_the_fallback_is_no_contact_afterwards_then_they_differ():
    story = a_good_day()
    served_by_the_fallback(story)
    story.run.contacts.pop()
    story.run.facts[-1].kind = "Another"
    assert "unequal" in broken(story)
