"""What a definition of a number says."""

from __future__ import annotations

from typing import NamedTuple


class Definition(NamedTuple):
    """One number. `source`: the facts it is folded from, or the imported figures. `version` rises when the same facts
    would give another one, or others are counted; `tests/kpi/` holds both."""

    key: str
    en: str
    zh: str
    unit: str
    formula: str
    source: str
    version: int = 1

    @property
    def meaning(self) -> str:
        """In a sentence, for people: the help of a metric."""
        return f"{self.en} ({self.zh}): {self.formula}"
