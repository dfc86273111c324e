"""What services outside answer in a test: by the name of the look-up, a JSON value, a result, or what makes one.

    site.look_ups["orders"] = {"state": "sent"}
    site.look_ups["orders"] = NotFound()
    site.look_ups["orders"] = lambda order: {"state": "sent"} if order == "4711" else NotFound()

What was given no answer is out of reach: `LookUpFailed("unreachable")`. Each answer takes `after` seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from ccplane.contacts import facts as c
from ccplane.contacts.look_ups import Found, LookUp, LookUpFailed, LookUpResult, NotFound
from ccplane.core.inputs import LookUpAnswered
from ccplane.laws import Fact
from ccplane.plane import Plane, Snapshot


def result_of(answer: Any) -> LookUpResult:
    """A result as it is; anything else is what was found."""
    return answer if isinstance(answer, Found | NotFound | LookUpFailed) else Found(answer)


class Answers(dict[str, Any]):
    """Stands in for all services. `asked`: each look-up so far, by name, and what it was given."""

    def __init__(self, plane: Plane) -> None:
        super().__init__()
        self.after = 0.2
        self.silent = False
        """Somebody else answers."""
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._plane = plane
        plane.follow(self.follow)

    def follow(self, _: Snapshot, facts: Sequence[Fact], __: int) -> None:
        for fact in facts:
            match fact:
                case c.StepStarted(verb=LookUp() as verb) if not self.silent:
                    said = LookUpAnswered(fact.contact, fact.step, fact.attempt, self._answer(verb))
                    asyncio.get_running_loop().call_later(self.after, self._plane.post, said)

    def _answer(self, verb: LookUp) -> LookUpResult:
        given = dict(verb.given)
        self.asked.append((verb.name, given))
        answer = self.get(verb.name, LookUpFailed("unreachable"))
        return result_of(answer(**given) if callable(answer) else answer)
