"""What is known elsewhere: the chapter of `Call` that asks services outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, overload

from ccplane.callflow.caller import Caller
from ccplane.callflow.said import NOTHING
from ccplane.callflow.step import Step
from ccplane.contacts.look_ups import Found, LookUp, LookUpFailed, LookUpResult, NotFound
from ccplane.errors import ProgramError
from ccplane.site.faults import listed
from ccplane.site.look_ups import VALUE_LONGEST


class Looking(Caller):
    """The verb that asks a service outside."""

    async def look_up(self, name: str, /, **given: str | int) -> LookUpResult:
        """Ask what ivr/lookups.toml has under this name, by HTTP: Found(data), NotFound(), or LookUpFailed(why).

        `given`: the values that stand in braces there, each of at most 200 characters. `data` is a JSON value that
        nobody can change; numbers with a fraction are Decimal. It is asked once: a program that runs again after a
        crash gets the same answer. ProgramError for a name that there is none of, and for other values than it has.

            match await call.look_up("orders", order="4711"):
                case Found(order):
                    await call.set_data("state", order["state"])
        """
        rule = self.site.look_up(name)
        if set(given) != rule.values:
            sentence = f"look-up {name!r} takes {listed(sorted(rule.values)) or 'no values'}"
            raise ProgramError("bad-values", f"{sentence}; given: {listed(sorted(given)) or 'none'}", name=name)
        values = tuple((key, str(given[key])) for key in sorted(given))
        for key, value in values:
            if len(value) > VALUE_LONGEST:
                raise ProgramError("bad-values", f"{key} of look-up {name!r} is longer than {VALUE_LONGEST} characters")
        word = self._said(rule.meanwhile) if rule.meanwhile else NOTHING
        result = await Step(LookUp(name, values, rule.longest_ms, rule.after_ms, word.sounds, rule.music))
        match result:
            case Found(data):
                return Found(frozen(data))
            case NotFound() | LookUpFailed():
                return result
            case _:
                raise ProgramError("look-up-failed", f"look-up {name!r} gave {result!r}")


def frozen(value: Any) -> Any:
    """A JSON value that cannot be changed: what a program does to it must not reach its journal. Nothing is copied:
    what is within is frozen when it is looked at."""
    match value:
        case dict():
            return Fields(value)
        case list():
            return Items(value)
        case float():
            return Decimal(repr(value))
        case _:
            return value


class Fields(Mapping[str, Any]):
    """An object of a JSON value."""

    __slots__ = ("_of",)

    def __init__(self, of: Mapping[str, Any]) -> None:
        self._of = of

    def __getitem__(self, name: str) -> Any:
        return frozen(self._of[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)

    def __repr__(self) -> str:
        return repr(self._of)


class Items(Sequence[Any]):
    """A list of a JSON value."""

    __slots__ = ("_of",)

    def __init__(self, of: Sequence[Any]) -> None:
        self._of = of

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> Items: ...
    def __getitem__(self, at: int | slice) -> Any:
        return frozen(self._of[at])

    def __len__(self) -> int:
        return len(self._of)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(self._of)
