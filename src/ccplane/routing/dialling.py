"""Which outside numbers may be dialled, by agents and for callers. What no list allows is refused: no toll fraud."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from ccplane.ids import ProgramName

AGENT: Final = "agent"
"""The role of those for whom no other is given."""
LONGEST: Final = 20


class Rule(StrEnum):
    """Why a number may not be dialled."""

    NO_NUMBER = "no-number"
    """Not digits, perhaps after a +, or too many."""
    NOBODY = "nobody-signed-in"
    """The phone is a shared seat's, and nobody sits there."""
    NO_ROLE = "no-such-role"
    DENIED = "denied-prefix"
    NOT_ALLOWED = "not-allowed-prefix"
    NO_TRUNK = "no-trunk"


class Role(msgspec.Struct, frozen=True):
    """What agents of a role may dial, by prefix. What is denied stays denied, however it is allowed."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class Dialling(msgspec.Struct, frozen=True, kw_only=True):
    """acd/dialling.toml. `trunk`: the endpoint through which outside numbers are called; empty: none are."""

    trunk: str = ""
    caller_id: str = ""
    """What those who are called outside see: a number of ours."""
    program: ProgramName = ProgramName("")
    """Takes calls that a phone of ours makes to numbers that are not in ivr/numbers.toml; empty: the site's default."""
    ring_ms: int = 45_000
    international: str = "00"
    """What stands for + when dialled."""
    emergency: tuple[str, ...] = ()
    """Numbers that every phone may dial, whoever sits there."""
    roles: dict[str, Role] = {}
    transfers: Role = Role()
    """Where programs may put callers through; nowhere unless it is said."""


def bare(number: str) -> str:
    """The number as it is dialled: without what people write between its digits."""
    return "".join(each for each in number if each not in " -./()")


def plain(rules: Dialling, number: str) -> str:
    """The number as prefixes are compared with it: no separators, + for the international prefix."""
    number = bare(number)
    if rules.international and number.startswith(rules.international):
        return "+" + number.removeprefix(rules.international)
    return number


def refusal(rules: Dialling, role: str | None, number: str) -> Rule | None:
    """Why somebody of this role may not dial this outside number; None if they may. `role` None: nobody is there."""
    wanted = plain(rules, number)
    if (wrong := _undiallable(rules, wanted)) is not None:
        return wrong
    if wanted in rules.emergency:
        return None
    if role is None:
        return Rule.NOBODY
    known = rules.roles.get(role)
    return Rule.NO_ROLE if known is None else _by_prefix(rules, known, wanted)


def transfer_refusal(rules: Dialling, number: str) -> Rule | None:
    """Why no caller may be put through to this outside number; None if they may. No emergency number by itself: whoever
    calls us needs no help from there."""
    wanted = plain(rules, number)
    return _undiallable(rules, wanted) or _by_prefix(rules, rules.transfers, wanted)


def _undiallable(rules: Dialling, wanted: str) -> Rule | None:
    digits = wanted.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= LONGEST):
        return Rule.NO_NUMBER
    return None if rules.trunk else Rule.NO_TRUNK


def _by_prefix(rules: Dialling, known: Role, wanted: str) -> Rule | None:
    if any(wanted.startswith(plain(rules, prefix)) for prefix in known.deny):
        return Rule.DENIED
    if any(wanted.startswith(plain(rules, prefix)) for prefix in known.allow):
        return None
    return Rule.NOT_ALLOWED
