"""The advertisement that brought a call, as its program sees it."""

from __future__ import annotations

from ccplane.core import inputs as i
from tests.callflow.line import FILES, Line
from tests.core.floor import an_arrival

NUMBERS = FILES["ivr/numbers.toml"] + '["40*"]\nprogram = "main"\nattribution = "radio"\n'


def test_a_program_sees_what_the_number_dialled_stands_for(monkeypatch):
    monkeypatch.setitem(FILES, "ivr/numbers.toml", NUMBERS)
    line = Line('await call.set_data("heard of us by", call.attribution)\nawait call.answer()')
    line.take(an_arrival("x", "4077"))
    assert line.contact("x").data == {"heard of us by": "radio"}
    assert not [each for each in line.inputs if isinstance(each, i.ProgramRaised)]
