"""What an operation is: data that knows its method, its path, where its fields go and how its answer is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar, get_args
from urllib.parse import quote

import msgspec
from msgspec import Struct

from ccplane.asterisk.models import from_wire

T = TypeVar("T")


def fields(*same: str, **others: str) -> Mapping[str, str]:
    """Our names of fields to those at the wire: `same` as ours, `others` by their own."""
    return {name: name for name in same} | others


class Request(Struct, frozen=True):
    """An operation as it goes over the wire. `query` holds pairs; `body` is JSON, or empty."""

    method: str
    uri: str
    query: list[tuple[str, str]]
    body: bytes


class Operation(Struct, Generic[T], frozen=True):
    """One request to Asterisk that answers with a T. `route` is the documented path with our field names in braces."""

    method: ClassVar[str] = "GET"
    route: ClassVar[str] = ""
    query: ClassVar[Mapping[str, str]] = fields()
    body: ClassVar[Mapping[str, str]] = fields()

    def request(self) -> Request:
        return Request(self.method, self._uri(), self._pairs(), self._body())

    def read(self, body: bytes) -> T:
        """The answer of a success; None where there is nothing to read. msgspec.MsgspecError if it is none."""
        answer: T = _reader(type(self))(body)
        return answer

    def _uri(self) -> str:
        return self.route.format_map(_Quoted(self))

    def _pairs(self) -> list[tuple[str, str]]:
        given = ((name, getattr(self, ours)) for ours, name in self.query.items())
        return [(name, _text(value)) for name, value in given if value or value is False]

    def _body(self) -> bytes:
        given = {name: getattr(self, ours) for ours, name in self.body.items()}
        return msgspec.json.encode(given) if given else b""


class _Quoted:
    """The path's fields, quoted: a device is `PJSIP/1001`, an id may hold anything."""

    def __init__(self, operation: Operation[Any]) -> None:
        self.operation = operation

    def __getitem__(self, name: str) -> str:
        return quote(getattr(self.operation, name), safe=":@")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, tuple) else str(value)


@cache
def answer_of(operation: type[Operation[Any]]) -> Any:
    """The type an operation answers with, as its class says: `list[Channel]` of an `Operation[list[Channel]]`."""
    (answer,) = get_args(vars(operation)["__orig_bases__"][0])
    return answer


@cache
def _reader(operation: type[Operation[Any]]) -> Callable[[bytes], Any]:
    answer = answer_of(operation)
    return _nothing if answer is type(None) else msgspec.json.Decoder(answer, dec_hook=from_wire).decode


def _nothing(_: bytes) -> None:
    """There is nothing to read."""
