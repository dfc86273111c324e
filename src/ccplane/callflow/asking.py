"""A question that is answered by keys, and asked again where it is not: each time is a step of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ccplane.callflow.said import NOTHING, Said
from ccplane.callflow.step import Step
from ccplane.contacts.verbs import KEYS, Gather, NoInput, Pressed
from ccplane.errors import ProgramError

KEYS_LONGEST: Final = 64
KEYS_SHORTEST_S: Final = 0.2
"""A hand needs longer than this from key to key."""
TRIES_MOST: Final = 20


@dataclass(frozen=True)
class Invalid:
    """The caller pressed these keys at last, and they are no answer: too few, or not of the pattern."""

    keys: str


@dataclass(frozen=True)
class Yes:
    """The caller confirmed it."""


@dataclass(frozen=True)
class No:
    """The caller did not want it so."""

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True)
class Unanswered:
    """The caller pressed nothing, or something else too often. As good as No where nobody asks which."""

    def __bool__(self) -> bool:
        return False


GatherResult = Pressed | NoInput | Invalid
Confirmation = Yes | No | Unanswered


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is an answer, how long it is waited for, and how often it is asked."""

    longest: int = 1
    shortest: int = 0
    ends_with: str = ""
    pattern: str = ""
    timeout_s: float = 5.0
    between_s: float = 3.0
    barge_in: bool = True
    fresh: bool = False
    secret: bool = False
    tries: int = 1
    wrong_tries: int = 1

    def __post_init__(self) -> None:
        """ProgramError "bad-gather" if nobody could answer it."""
        fits = 1 <= self.longest <= KEYS_LONGEST and 0 <= self.shortest <= self.longest
        if not fits or not set(self.ends_with) <= set(KEYS) or self.between_s < KEYS_SHORTEST_S:
            sentence = (
                f"longest is 1 to {KEYS_LONGEST}, shortest 0 to longest, ends_with is of {KEYS}, between_s at least "
                f"{KEYS_SHORTEST_S}; given: {self.longest}, {self.shortest}, {self.ends_with!r}, {self.between_s}"
            )
            raise ProgramError("bad-gather", sentence)
        if not (1 <= self.tries <= TRIES_MOST and 1 <= self.wrong_tries <= TRIES_MOST) or self.timeout_s < 0:
            sentence = f"tries and wrong_tries are 1 to {TRIES_MOST}, timeout_s is not below 0"
            raise ProgramError("bad-gather", f"{sentence}; given: {self.tries}, {self.wrong_tries}, {self.timeout_s}")
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ProgramError("bad-gather", f"pattern {self.pattern!r} is no regular expression: {error}") from None

    def is_answered(self, keys: str) -> bool:
        if len(keys) < self.shortest:
            return False
        return not self.pattern or re.fullmatch(self.pattern, keys, re.ASCII) is not None

    async def ask(self, words: Said, silence: Said = NOTHING, invalid: Said = NOTHING) -> GatherResult:
        """Ask until it is answered or given up. `silence`, `invalid`: said before asking again. After a wrong answer
        what was pressed ahead is forgotten: the caller was mistaken about what is asked."""
        silences = wrongs = 0
        before = NOTHING
        fresh = self.fresh
        while True:
            match await Step(self._gather(before + words, fresh)):
                case Pressed(keys) if self.is_answered(keys):
                    return Pressed(keys)
                case Pressed(keys):
                    wrongs, before, fresh = wrongs + 1, invalid, True
                    if wrongs >= self.wrong_tries:
                        return Invalid(keys)
                case _:
                    silences, before, fresh = silences + 1, silence, False
                    if silences >= self.tries:
                        return NoInput()

    def _gather(self, words: Said, fresh: bool) -> Gather:
        within, between = round(self.timeout_s * 1000), round(self.between_s * 1000)
        return words.gather(
            within,
            self.longest,
            self.ends_with,
            between,
            barge_in=self.barge_in,
            fresh=fresh,
            secret=self.secret,
        )
