"""Customers whom the centre knows by their number: their language, their priority, and calls that are not taken."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ccplane.contacts.customer import Customer
from ccplane.contacts.facts import ContactArrived, ContactEnded
from ccplane.contacts.facts.customers import CallMarked, CustomerChanged
from ccplane.contacts.verbs import EnterQueue, HangUp
from ccplane.core import inputs as i
from ccplane.ids import ContactId, ProgramName
from ccplane.kpi.board import Board
from ccplane.kpi.board import evolve as folded
from ccplane.site import parse
from tests.callflow.line import FILES, Line
from tests.core.floor import SUPPORT, a_floor, an_arrival, c, paused, ready, the

LI = Customer(number="5551234", name="Ms Li", language="en", credit_s=120, note="two shops")


def comes(floor, customer=LI, name="x"):
    return floor.take(replace(an_arrival(name), customer=customer))


def test_they_are_spoken_to_in_their_language_from_the_start():
    floor = a_floor()
    assert the(comes(floor), ContactArrived).language == "en"
    assert the(comes(floor, replace(LI, language=None), "y"), ContactArrived).language == "zh-CN"


def test_their_priority_counts_in_every_queue_beside_what_the_program_gives():
    floor = a_floor(agents=[paused("ana")])
    comes(floor)
    floor.asks("x", EnterQueue(SUPPORT, credit_s=30))
    assert floor.contact("x").waiting.credit_s == 150


def test_one_with_priority_is_served_before_one_who_came_a_minute_earlier():
    floor = a_floor(agents=[ready("ana")])
    floor.waits("busy", at=0)
    floor.waits("y", at=1)
    floor.now = 60_000
    comes(floor)
    floor.asks("x", EnterQueue(SUPPORT))
    floor.enters("x")
    floor.leaves("busy")
    floor.let_go()
    assert (floor.rung("x"), floor.rung("y")) == ("ana", None)


def test_a_program_sees_who_calls_and_sees_the_same_after_a_crash():
    line = Line("await call.set_data('who', call.customer.name)\nawait call.play('welcome')")
    line.take(replace(an_arrival("x"), customer=LI))
    line.take(i.CallerUp(c("x")))
    assert line.contact("x").data == {"who": "Ms Li"}
    line.dies_and_comes_back()
    assert line.raised == []


def test_one_who_is_not_known_is_nobody():
    line = Line("await call.set_data('who', str(call.customer))").call_and_answer()
    assert line.contact("x") is None or line.contact("x").data["who"] == "None"


BLOCKED = replace(LI, blocked="threats")


def test_one_who_is_blocked_is_refused_before_anybody_takes_the_call():
    line = Line("await call.play('welcome')")
    line.take(replace(an_arrival("x"), customer=BLOCKED))
    assert line.contact("x").verb == HangUp(21)
    assert line.played() == []
    line.leaves("x")
    ended = the(line, ContactEnded)
    assert (ended.by, ended.cause) == ("program", 21)


def test_or_is_taken_by_the_program_that_the_site_has_for_them(monkeypatch):
    top = 'default = "sorry"\nblocked = "away"\n'
    monkeypatch.setitem(FILES, "ivr/numbers.toml", FILES["ivr/numbers.toml"].replace('default = "sorry"\n', top))
    monkeypatch.setitem(FILES, "ari_apps/away.py", "async def main(call):\n    await call.play('apology')\n")
    line = Line("await call.play('welcome')")
    line.take(replace(an_arrival("x"), customer=BLOCKED))
    assert line.contact("x").program == ProgramName("away")
    assert line.played() == [] or (line.site.sound("apology", "en"),) in line.played()


def test_they_are_counted_and_never_offered():
    line = Line("await call.queue('support')")
    line.take(replace(an_arrival("x"), customer=BLOCKED))
    line.leaves("x")
    board = Board.begun()
    for fact in line.facts:
        board = folded(board, fact)
    assert (board.totals.blocked, board.today.queues.get(SUPPORT)) == (1, None)


@pytest.mark.parametrize(
    "fact",
    [
        CustomerChanged(at=0, number="138", what=("name",), by="Lea"),
        CallMarked(at=0, contact=ContactId("c-gone"), number="138", marks=1, by="Lea"),
    ],
)
def test_what_is_changed_of_them_is_noted_with_its_time(fact):
    floor = a_floor()
    floor.now = 5_000
    assert the(floor.take(i.CustomersEdited(fact)), type(fact)) == replace(fact, at=5_000)


def test_a_language_that_the_site_has_no_prompt_in_is_not_half_spoken():
    line = Line("await call.set_data('spoken', call.language)\nawait call.play('welcome')")
    line.take(replace(an_arrival("x"), customer=replace(LI, language="zh-CN")))
    line.take(i.CallerUp(c("x")))
    assert line.contact("x").data == {"spoken": "en"}
    assert line.contact("x").language == "zh-CN", "who serves them is still chosen by what they speak"
    chinese = FILES["ivr/prompts.toml"] + 'zh-CN = "什么？"\n'  # of the last prompt
    assert parse(FILES | {"ivr/prompts.toml": chinese}).speaks("zh-CN")
