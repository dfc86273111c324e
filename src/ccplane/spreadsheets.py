"""Cells of CSV that spreadsheets open: no text of ours is worked out as a formula, and each is read back as it was."""

from __future__ import annotations

from typing import Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet would work out; in Chinese and Japanese ones the wide signs are as good."""


def harmless(text: str) -> str:
    """With an apostrophe before it, where a spreadsheet would work it out; `plain` takes it away."""
    return f"'{text}" if _works_out(text) else text


def plain(text: str) -> str:
    """What was written with `harmless`."""
    return text.removeprefix("'") if _works_out(text) else text


def _works_out(text: str) -> bool:
    """Behind its apostrophes, if it has any: each that was there before has to be there again."""
    return text.lstrip("'").startswith(FORMULA)
