"""Who may be called back, when, and how often: acd/callbacks.toml. Without the file nobody is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from ccplane.routing.dialling import Dialling, Role, plain, refusal
from ccplane.routing.hours import Hours

FURTHEST_MS: Final = 7 * 24 * 3_600_000
"""A week ahead a customer may choose a time; farther if a promise lasts longer."""
ROUNDS: Final = 50
"""Openings that are looked at, of several hours in turn: a week of both has fewer."""
NOT_OFFERED: Final = "not-offered"
"""Why nobody is called back by a site that does not say who may be."""
EMERGENCY: Final = "emergency-number"
ROLE: Final = "callback"


class Callbacks(msgspec.Struct, frozen=True, kw_only=True):
    """acd/callbacks.toml. Times in ms. `hours`: when customers may be called; None: always."""

    role: Role = Role()
    """What may be dialled, by prefix: a caller's number is what they, or their network, say it is."""
    hours: Hours | None = None
    ring_ms: int = 30_000
    tries: int = 3
    retry_ms: int = 15 * 60_000
    expiry_ms: int = 24 * 3_600_000
    customer_first: bool = False
    """The customer is called as soon as an agent is free for them, who takes other calls meanwhile; else the agent."""
    greeting: dict[str, str] = {}
    """What a customer hears first who is called before an agent, by language; none: music."""

    @property
    def furthest_ms(self) -> int:
        """How far ahead a customer may choose a time."""
        return max(self.expiry_ms, FURTHEST_MS)

    @property
    def offered(self) -> bool:
        return bool(self.role.allow)


def why_not(rules: Callbacks, dialling: Dialling, number: str) -> str | None:
    """Why this number is not called back; None if it may be. The do-not-call list is Postgres's."""
    if not rules.offered:
        return NOT_OFFERED
    if plain(dialling, number) in dialling.emergency:
        return EMERGENCY
    rule = refusal(msgspec.structs.replace(dialling, roles={ROLE: rules.role}), ROLE, number)
    return None if rule is None else rule.value


def may_call_from(hours: Iterable[Hours | None], at: int) -> int | None:
    """The first moment from `at` on (ms) that lies in all of these hours; None: always. None as the answer: never."""
    known = [each for each in hours if each is not None]
    for _ in range(ROUNDS):
        closed = next((each for each in known if not each.open_at(at)), None)
        if closed is None:
            return at
        opens = closed.opens_after(at)
        if opens is None:
            return None
        at = opens
    return None


def may_call_until(hours: Iterable[Hours | None], at: int) -> int | None:
    """When the first of these hours, all open at `at`, ends (ms); None if none ever does."""
    ends = [each.closes_after(at) for each in hours if each is not None]
    return min((end for end in ends if end is not None), default=None)


def windows(
    hours: Iterable[Hours | None], at: int, until: int, midnight: int, length: int, count: int
) -> Iterator[tuple[int, int]]:
    """The first stretches from `at` to `until`, `length` long at most and half of it at least, that lie in all of these
    hours. All in ms. They begin at a multiple of `length` since `midnight`, or when it opens."""
    known = tuple(hours)
    begin = midnight - (midnight - at) // length * length
    while count and begin < until:
        opens = may_call_from(known, begin)
        if opens is None:
            return
        if opens >= begin + length:
            begin += (opens - begin) // length * length
            continue
        closes = may_call_until(known, opens)
        end = begin + length if closes is None else min(begin + length, closes)
        if end - opens >= length // 2:
            yield opens, end
            count -= 1
        begin += length
