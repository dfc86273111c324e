"""Messages that are owed an answer: promised by their box, taken by one agent, answered once, overdue once."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ccplane.contacts import facts as f
from ccplane.contacts.facts import MessageMark
from ccplane.contacts.owed import OWED, Owed, OwedState
from ccplane.contacts.verbs import Done, LookAtBox, NoMessage, TakeMessage
from ccplane.core import checkpoint
from ccplane.core import inputs as i
from ccplane.core.evolve import evolve
from ccplane.errors import IllegalMove
from ccplane.ids import AgentId, message_id
from ccplane.routing.boxes import Box, promised
from ccplane.routing.hours import Hours, Span
from tests.core.floor import SUPPORT, a_floor, c, doing, kinds, ready, the

HOUR = 3_600_000
DAY = 24 * HOUR
ANA, BEN = AgentId("ana"), AgentId("ben")
BOXES = {"general": Box(queue=SUPPORT, most=2, answer_within_ms=60_000), "quiet": Box()}
OFFICE = Hours("office", tuple(Span(day * 1_440 + 9 * 60, day * 1_440 + 17 * 60) for day in range(5)))
"""Monday to Friday, 9 to 17 h; 1970-01-01 was a Thursday."""


def a_centre(**rules):
    return a_floor([ready("ana"), ready("ben")], boxes=BOXES, **rules)


def leaves_one(floor, caller="x", box="general", at=None):
    """This caller leaves a message in the box, and it is in safety."""
    floor.arrives(caller, answered=True)
    floor.asks(caller, TakeMessage(box, longest_ms=60_000, silence_ms=5_000))
    message = message_id(c(caller), 1, 1)
    floor.take(i.RecordingBegan(message))
    floor.take(i.RecordingEnded(message, 4_000), at=at)
    return message, floor.take(i.MessageKept(message, "f.wav", 4_000, 64_044))


def takes(message, agent=ANA, held_by=""):
    return i.MessageTakeAsked(message=message, agent=agent, held_by=AgentId(held_by), by=agent)


def test_a_message_in_a_box_is_promised_an_answer_from_when_it_was_left():
    floor = a_centre()
    message, stored = leaves_one(floor, at=5)
    fact = the(stored, f.MessageStored)
    assert (fact.owed, fact.queue, fact.agent, fact.answer_until) == (True, SUPPORT, "", 65_000)
    owed = floor.state.owed[message]
    assert (owed.state, owed.owner, owed.answer_until, owed.overdue) == (OwedState.NEW, "", 65_000, False)


def test_a_message_in_no_box_of_the_site_is_owed_to_nobody():
    floor = a_centre()
    _, stored = leaves_one(floor, box="elsewhere")
    assert not the(stored, f.MessageStored).owed
    assert not floor.state.owed


def test_an_agents_own_box_is_by_their_id_and_theirs():
    floor = a_centre(agents_box=Box(answer_within_ms=9_000))
    message, stored = leaves_one(floor, box="ana", at=1)
    assert (the(stored, f.MessageStored).agent, floor.state.owed[message].answer_until) == (ANA, 10_000)
    _, stored = leaves_one(floor, caller="y", box="nobody")
    assert not the(stored, f.MessageStored).owed


def test_of_two_who_take_the_same_message_one_has_it():
    floor = a_centre()
    message, _ = leaves_one(floor)
    assert kinds(floor.take(takes(message))) == ["MessageTakenOn"]
    assert not floor.take(takes(message, BEN)).facts, "ben thought that nobody had it"
    assert not floor.take(takes(message, ANA, held_by=ANA)).facts, "she has it"
    assert floor.state.owed[message].owner == ANA
    assert kinds(floor.take(takes(message, BEN, held_by=ANA))) == ["MessageTakenOn"], "a team leader gives it to ben"
    assert floor.state.owed[message].owner == BEN


def test_what_is_given_back_is_anybodys_and_what_is_answered_is_over():
    floor = a_centre()
    message, _ = leaves_one(floor)
    back = i.MessageReturnAsked(message=message, held_by=ANA, by="ana")
    assert not floor.take(back).facts
    floor.take(takes(message))
    assert kinds(floor.take(back)) == ["MessageGivenBack"]
    assert (floor.state.owed[message].owner, floor.state.owed[message].taken_at) == ("", None)
    said = i.MessageAnswerSaid(message=message, by="ana")
    assert kinds(floor.take(said)) == ["MessageAnswered"]
    assert not floor.state.owed
    for again in (said, back, takes(message)):
        assert not floor.take(again).facts


def test_a_message_whose_time_is_over_is_overdue_once_and_may_still_be_answered():
    floor = a_centre()
    message, _ = leaves_one(floor, at=5)
    floor.take(takes(message))
    assert not floor.take(i.Tick(), at=64).facts
    assert kinds(floor.take(i.Tick(), at=65)) == ["MessageOverdue"]
    assert floor.state.owed[message].overdue
    assert ("message", message) not in floor.state.due
    assert kinds(floor.take(i.MessageAnswerSaid(message=message, by="ana"), at=70)) == ["MessageAnswered"]


def test_a_box_without_a_promise_has_nothing_overdue():
    floor = a_centre()
    message, _ = leaves_one(floor, box="quiet")
    assert floor.state.owed[message].deadline is None


def test_a_full_box_takes_no_more_until_one_is_answered():
    floor = a_centre()
    first, _ = leaves_one(floor, "x")
    leaves_one(floor, "y")
    floor.arrives("z", answered=True)
    assert the(floor.asks("z", LookAtBox("general")), f.StepEnded).result == NoMessage("box-full")
    refused = floor.asks("z", TakeMessage("general", 60_000, 5_000))
    assert the(refused, f.StepEnded).result == NoMessage("box-full")
    assert "RecordMessage" not in doing(refused)
    assert the(floor.asks("z", LookAtBox("quiet")), f.StepEnded).result == Done()
    floor.take(i.MessageAnswerSaid(message=first, by="ana"))
    assert the(floor.asks("z", LookAtBox("general")), f.StepEnded).result == Done()


def test_what_is_deleted_is_owed_no_answer_and_what_is_heard_still_is():
    floor = a_centre()
    message, _ = leaves_one(floor)
    marked = i.MessageMarkAsked(message=message, contact=c("x"), state=MessageMark.HEARD, by="ana")
    floor.take(marked)
    assert message in floor.state.owed
    floor.take(replace(marked, state=MessageMark.DELETED))
    assert not floor.state.owed


def test_what_an_agent_had_who_is_no_more_is_anybodys():
    floor = a_centre()
    message, _ = leaves_one(floor)
    floor.take(takes(message))
    decision = floor.people([ready("ben")])
    assert floor.state.owed[message].owner == ""
    assert the(decision, f.MessageGivenBack).by == "agent-removed"


def test_a_plane_with_another_memory_has_them_from_postgres_and_what_it_knows_better_stays():
    floor = a_centre()
    message, _ = leaves_one(floor)
    other = a_centre()
    row = replace(floor.state.owed[message], owner=ANA, state=OwedState.TAKEN, overdue=True)
    assert kinds(other.take(i.OwedFound(message=row))) == ["MessageFound"]
    assert other.state.owed[message].owner == ANA
    assert other.state.owed[message].deadline is None, "it was overdue before"
    assert not other.take(i.OwedFound(message=row)).facts
    floor.take(i.MessageAnswerSaid(message=message, by="ana"))
    assert not floor.take(i.OwedFound(message=row)).facts, "Postgres does not know of the answer yet"


def test_of_another_memory_what_was_taken_by_somebody_who_is_no_more_is_anybodys():
    floor = a_centre()
    message, _ = leaves_one(floor)
    row = replace(floor.state.owed[message], owner=AgentId("eve"), state=OwedState.TAKEN)
    other = a_centre()
    assert kinds(other.take(i.OwedFound(message=row))) == ["MessageFound", "MessageGivenBack"]


def test_a_checkpoint_keeps_them_with_their_times():
    floor = a_centre()
    message, _ = leaves_one(floor, at=5)
    floor.take(takes(message))
    second, _ = leaves_one(floor, "y")
    floor.take(i.MessageAnswerSaid(message=second, by="ana"))
    after = checkpoint.decode(checkpoint.encode(floor.state))
    assert after.owed == floor.state.owed
    assert after.answered == (second,)
    assert after.due["message", message] == 65_000


FACTS = {
    f.MessageTakenOn: {"owner": ANA, "by": "ana"},
    f.MessageGivenBack: {"by": "ana"},
    f.MessageOverdue: {"box": "general"},
    f.MessageAnswered: {"by": "ana"},
    f.MessageMarked: {"state": MessageMark.DELETED, "by": "ana"},
}


@pytest.mark.parametrize(("state", "kind"), list(product([OwedState.NEW, OwedState.TAKEN], FACTS)))
def test_the_table_is_what_happens(state, kind):
    floor = a_centre()
    message, _ = leaves_one(floor)
    if state is OwedState.TAKEN:
        floor.take(takes(message))
    fact = kind(at=floor.now, message=message, contact=c("x"), **FACTS[kind])
    if kind not in OWED[state]:
        with pytest.raises(IllegalMove):
            evolve(floor.state, fact)
        return
    after = evolve(floor.state, fact).owed.get(message)
    assert (after.state if after else OwedState.OVER) is OWED[state][kind]


# --- what is promised


def test_without_hours_a_promise_is_so_much_later():
    assert promised(Box(answer_within_ms=5), None, 100) == 105
    assert promised(Box(), None, 100) is None


@pytest.mark.parametrize(
    ("left_at", "within", "answer_until"),
    [
        (10 * HOUR, 2 * HOUR, 12 * HOUR),  # Thursday morning
        (16 * HOUR, 2 * HOUR, DAY + 10 * HOUR),  # an hour before they close
        (3 * HOUR, HOUR, 10 * HOUR),  # in the night
        (DAY + 16 * HOUR, 4 * HOUR, 4 * DAY + 12 * HOUR),  # over the weekend
        (15 * HOUR, 2 * HOUR, 17 * HOUR),  # to the minute
    ],
)
def test_with_hours_only_open_time_counts(left_at, within, answer_until):
    assert promised(Box(answer_within_ms=within, hours="office"), OFFICE, left_at) == answer_until


def test_hours_that_never_open_promise_nothing():
    assert promised(Box(answer_within_ms=5), Hours("never", ()), 0) is None


@given(left_at=st.integers(0, 14 * DAY), within=st.integers(60_000, 5 * DAY))
def test_so_much_open_time_lies_between_a_message_and_its_promise(left_at, within):
    answer_until = promised(Box(answer_within_ms=within, hours="office"), OFFICE, left_at)
    assert answer_until is not None
    assert open_ms(left_at, answer_until) == within


def open_ms(since, until):
    """By counting days, one after the other."""
    found = 0
    for day in range(-1, 70):
        if (day + 3) % 7 < 5:  # Thursday is 0
            opens, closes = day * DAY + 9 * HOUR, day * DAY + 17 * HOUR
            found += max(0, min(closes, until) - max(opens, since))
    return found


def test_owed_has_a_deadline_only_until_it_is_overdue():
    message = Owed(id=message_id(c("x")), contact=c("x"), box="b", caller="", left_at=0, ms=1, answer_until=5)
    assert message.deadline == 5
    assert replace(message, overdue=True).deadline is None


@pytest.mark.parametrize(("box", "told"), [
    (Box(emails=("a@x.example", "b@x.example", "a@x.example"), webhook="crm"),
     [("email", "a@x.example"), ("email", "b@x.example"), ("webhook", "crm")]),
    (Box(agent=ANA, emails=("{agent}@x.example",)), [("email", "ana@x.example")]),
    (Box(queue=SUPPORT), []),
])  # fmt: skip
def test_who_is_told_of_a_message_stands_in_its_fact_each_once(box, told):
    floor = a_floor([ready("ana"), ready("ben")], boxes={"general": box})
    _, stored = leaves_one(floor)
    assert [(each.kind, each.target) for each in the(stored, f.MessageStored).tell] == told


def test_of_a_message_in_no_box_of_the_site_nobody_is_told():
    floor = a_centre()
    _, stored = leaves_one(floor, box="elsewhere")
    assert the(stored, f.MessageStored).tell == ()


def test_in_an_agents_own_box_the_address_is_theirs():
    floor = a_floor([ready("ana"), ready("ben")], agents_box=Box(emails=("{agent}@x.example",)))
    _, stored = leaves_one(floor, box="ana")
    assert [each.target for each in the(stored, f.MessageStored).tell] == ["ana@x.example"]
