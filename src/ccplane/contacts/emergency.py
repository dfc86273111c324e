"""Emergencies: what callers are told at once, before anything else, while something is wrong.

Of a number dialled, of an area that calls (the beginning of their numbers), of those who wait in a queue; or of all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from ccplane.contacts.verbs import Spoken
from ccplane.ids import QueueName

Then = Literal["go-on", "hang-up", "voicemail"]
OTHERS: Final = "en"
"""What those hear whose own language has no text; and if that has none, the first."""


class Emergency(msgspec.Struct, frozen=True, kw_only=True):
    """What is told, to whom, and what becomes of them then. All callers where neither `number`, `area` nor `queue` is
    said. Times: ms UTC."""

    name: str
    since: int
    says: dict[str, Spoken]
    """By language; a prompt of the site is one without a text, which has not to be made."""
    number: str | None = None
    area: str | None = None
    queue: QueueName | None = None
    then: Then = "go-on"
    to: str = ""
    """Of "voicemail" the box."""
    key: str = ""
    """Who presses it goes on to what they called for."""
    until: int | None = None
    by: str = ""
    texts: dict[str, str] = {}
    """What a prompt of the site says, by language, for people to read."""

    @property
    def words(self) -> dict[str, str]:
        """What is said, by language, to be read."""
        return {language: each.text or self.texts.get(language, each.uri) for language, each in self.says.items()}

    @property
    def id(self) -> str:
        """Switched on anew, it is another one."""
        return f"{self.name}@{self.since}"

    def said_in(self, language: str) -> Spoken:
        """What somebody of this language hears."""
        return self.says.get(language) or self.says.get(OTHERS) or next(iter(self.says.values()))

    def is_of(self, number_dialled: str, caller: str) -> bool:
        """Whether it is for this caller; of a queue's that depends on whether they wait there."""
        if self.queue is not None:
            return False
        if self.number is not None:
            return self.number == number_dialled
        return self.area is None or caller.startswith(self.area)


def of_caller(emergencies: Iterable[Emergency], number_dialled: str, caller: str) -> Emergency | None:
    """What they hear before their program: the number's own goes before the area's, the longer area before the shorter,
    and both before that of all; of two alike the later."""
    found = [each for each in emergencies if each.is_of(number_dialled, caller)]
    return max(found, key=_exactness, default=None)


def of_waiting(
    emergencies: Iterable[Emergency], number_dialled: str, caller: str, queue: QueueName, heard: tuple[str, ...]
) -> Emergency | None:
    """What somebody who waits there has yet to hear: of their queue first."""
    theirs = (each for each in emergencies if each.queue == queue or each.is_of(number_dialled, caller))
    return max((each for each in theirs if each.id not in heard), key=_exactness, default=None)


def _exactness(of: Emergency) -> tuple[bool, bool, int, int]:
    return of.queue is not None, of.number is not None, len(of.area or ""), of.since
