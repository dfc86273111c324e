"""One TOML file while it is judged: its text, what it says, and how a fault in it is told.

Whatever pydantic finds becomes a sentence for the person who edits the file, with the line and the key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ccplane.errors import SiteError
from ccplane.site.durations import written
from ccplane.site.faults import Findings, did_you_mean
from ccplane.site.locate import Lines, Path, key
from ccplane.site.overlays import Overlay, lay

T = TypeVar("T")

_AT_LINE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_KEY_ON_LINE: Final = re.compile(r"[ \t]*(?:\[{1,2}[ \t]*)?([A-Za-z0-9_.\"'-]+)[ \t]*[=\]]")


class Document:
    """A file that is TOML, with what is laid over it. `data` is empty and `broken` true when it is none: then its one
    fault has been told."""

    def __init__(self, path: str, text: str, findings: Findings, overlays: Iterable[Overlay] = ()) -> None:
        self.path = path
        self.text = text
        self._findings = findings
        self.broken = False
        self.data: dict[str, Any] = {}
        try:
            self.data = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            self.broken = True
            findings.faults.append(_not_toml(path, text, error))
            return
        for overlay in lay(self.data, overlays):
            sentence = "an overlay lies here, and the file has no place for it; lift it (docs/live-edits.md)"
            self.fault("overlay-nowhere", sentence, *overlay.at)

    def fault(self, code: str, sentence: str, *at: str | int) -> None:
        self._findings.faults.append(self._error(code, sentence, at))

    def warning(self, code: str, sentence: str, *at: str | int) -> None:
        self._findings.warnings.append(self._error(code, sentence, at))

    def tables(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The tables at the top; anything else there is a fault."""
        for name, value in self.data.items():
            if isinstance(value, dict):
                yield name, value
            else:
                self.fault("wrong-type", f"is a table: [{name}] on a line of its own", name)

    def validated(self, shape: TypeAdapter[T], value: object, *at: str | int) -> T | None:
        """The value in its shape; None after every fault in it was told."""
        try:
            return shape.validate_python(value)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                where = tuple(part for part in each["loc"] if part != "[key]")
                code, sentence = _told(each, shape._type)
                self.fault(code, sentence, *at, *where)
            return None

    def _error(self, code: str, sentence: str, at: Path) -> SiteError:
        return SiteError(code, sentence, path=self.path, line=self._lines.of(at), key=key(at))

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)


def _not_toml(path: str, text: str, error: Exception) -> SiteError:
    if isinstance(error, RecursionError):
        return SiteError("not-toml", "brackets within brackets, too deep to read", path=path)
    found = _AT_LINE.search(str(error))
    lines = text.split("\n")
    line = int(found[1]) if found and found[1] else len(lines)
    sentence = str(error)[: found.start()] if found else str(error)
    on_line = _KEY_ON_LINE.match(lines[line - 1])
    sentence = f"not valid TOML: {sentence[:1].lower()}{sentence[1:]}"
    return SiteError("not-toml", sentence, path=path, line=line, key=on_line[1] if on_line else "")


# ------------------------------------------------------------------------------------------------- pydantic's findings

_SENTENCES: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], tuple[str, str]]]] = {
    "missing": lambda given, ctx: ("missing", "is missing"),
    "int_type": lambda given, ctx: ("wrong-type", f"is a whole number, not {_shown(given)}"),
    "string_type": lambda given, ctx: ("wrong-type", f"is a text in quotes, not {_shown(given)}"),
    "bool_type": lambda given, ctx: ("wrong-type", f"is true or false, not {_shown(given)}"),
    "list_type": lambda given, ctx: ("wrong-type", f"is a list, [ … ], not {_shown(given)}"),
    "dict_type": lambda given, ctx: ("wrong-type", f"is a table, {{ … }}, not {_shown(given)}"),
    "model_type": lambda given, ctx: ("wrong-type", f"is a table, {{ … }}, not {_shown(given)}"),
    "too_short": lambda given, ctx: ("empty", "is empty"),
    "string_too_long": lambda given, ctx: ("too-long", f"has at most {ctx['max_length']} characters"),
    "string_too_short": lambda given, ctx: ("empty", "is empty"),
    "greater_than_equal": lambda given, ctx: ("out-of-range", f"is at least {_limit(given, ctx['ge'])}, not {given}"),
    "less_than_equal": lambda given, ctx: ("out-of-range", f"is at most {_limit(given, ctx['le'])}, not {given}"),
}


def _told(error: ErrorDetails, shape: Any) -> tuple[str, str]:
    """Code and sentence of what pydantic found."""
    if error["type"] == "extra_forbidden":
        wrong = str(error["loc"][-1])
        return "unknown-key", "unknown key" + did_you_mean(wrong, _keys_at(shape, error["loc"][:-1]))
    if sentence := _SENTENCES.get(error["type"]):
        return sentence(error["input"], error.get("ctx", {}))
    return error["type"].replace("_", "-"), error["msg"]


def _limit(given: object, limit: int) -> str:
    """A limit the way the value was written: one of a duration is a duration."""
    return written(limit) if isinstance(given, str) else str(limit)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _keys_at(shape: Any, loc: tuple[str | int, ...]) -> list[str]:
    """The keys that the table at `loc` may have, as they are written in the file."""
    for part in loc:
        model = _model_in(shape)
        if model and isinstance(part, str):
            shape = next(
                (field.annotation for name, field in model.model_fields.items() if _file_key(name, field) == part), None
            )
        else:
            shape = next(iter(get_args(_plain(shape))[-1:]), None)
    model = _model_in(shape)
    return [_file_key(name, field) for name, field in model.model_fields.items()] if model else []


def _file_key(name: str, field: Any) -> str:
    return field.alias or name


def _model_in(shape: Any) -> type[BaseModel] | None:
    shape = _plain(shape)
    return shape if isinstance(shape, type) and issubclass(shape, BaseModel) else None


def _plain(shape: Any) -> Any:
    """Without what pydantic is told beside it, and without `| None`."""
    while (origin := get_origin(shape)) in {UnionType, Union, Annotated}:
        given = get_args(shape)
        shape = given[0] if origin is Annotated else next(each for each in given if each is not type(None))
    return shape
