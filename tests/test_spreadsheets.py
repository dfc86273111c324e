"""No text of ours is worked out by a spreadsheet, and each is read back as it was."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ccplane.spreadsheets import FORMULA, harmless, plain


@pytest.mark.parametrize("text", ["=a", "+4930", "-1", "@x", "\tx", "＝a", "＋1"])
def test_a_cell_that_a_spreadsheet_would_calculate_is_made_a_text(text):
    assert harmless(text) == f"'{text}"
    assert harmless("a=b") == "a=b"


@given(st.text())
@example("'=1")
@example("''+1")
@example("'")
def test_what_was_made_harmless_is_what_it_was_and_no_formula(text):
    assert plain(harmless(text)) == text
    assert not harmless(text).startswith(FORMULA)
