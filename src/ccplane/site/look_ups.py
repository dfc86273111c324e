"""ivr/lookups.toml: the services that programs ask. What a look-up is stands in look_up.py."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, TypeAdapter
from pydantic_core import PydanticCustomError

from ccplane.ids import ProgramName
from ccplane.site.document import Document
from ccplane.site.faults import Findings, did_you_mean, listed
from ccplane.site.ivr import blame
from ccplane.site.look_up import BLANK, SAFE, LookUpRule, texts_of
from ccplane.site.names import Reference
from ccplane.site.programs import computes, fault_at
from ccplane.site.shapes import SECOND, Duration, Name, Table
from ccplane.site.site import Program

VALUE_LONGEST: Final = 200
KB: Final = 1_024
LARGEST: Final = 256 * KB
METHODS: Final = ("GET", "POST", "PUT")
LOCAL: Final = re.compile(r"http://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(?=[:/?]|$)")
ADDRESS: Final = re.compile(r"(https?://|(?=\$\{))(\$\{\w+\}|[^/?#{}\s])+(?=[/?#]|$)")
"""Up to where the path begins: no value of a caller's may say which machine is asked."""
HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,60}")
OURS: Final = frozenset({"content-length", "transfer-encoding", "connection", "idempotency-key"})
"""Headers that follow from what is asked, and how."""


def _size(value: object) -> int:
    found = re.fullmatch(r"(\d{1,6}) ?kB", value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("no-size", 'is a size with its unit, in quotes: "64 kB"')
    return int(found[1]) * KB


def _method(value: object) -> object:
    if value not in METHODS:
        raise PydanticCustomError("no-such-method", "{sentence}", {"sentence": f"is one of {listed(METHODS)}"})
    return value


class CircuitTable(Table):
    """`circuit = { failures = 5, rest = "30s" }`."""

    failures: Annotated[int, Field(ge=1, le=100)] = 5
    rest: Annotated[Duration, Field(ge=SECOND, le=3_600 * SECOND)] = 30 * SECOND


class LookUpTable(Table):
    """`[orders]` in ivr/lookups.toml."""

    url: Annotated[str, Field(max_length=1_000)]
    method: Annotated[str, BeforeValidator(_method)] = "GET"
    headers: Annotated[dict[str, Annotated[str, Field(max_length=1_000)]], Field(default={}, max_length=20)]
    body: Any = None
    timeout: Annotated[Duration, Field(ge=100, le=20 * SECOND)] = 3 * SECOND
    retries: Annotated[int, Field(ge=0, le=5)] | None = None
    idempotent: bool = False
    largest: Annotated[int, BeforeValidator(_size), Field(ge=KB, le=LARGEST)] = 64 * KB
    meanwhile: Name | None = None
    music: Name | None = None
    after: Annotated[Duration, Field(ge=0, le=20 * SECOND)] = SECOND
    circuit: CircuitTable = CircuitTable()


NAME: Final = TypeAdapter(Name)
TABLE: Final = TypeAdapter(LookUpTable)


def look_ups_in(document: Document, references: list[Reference]) -> dict[str, LookUpRule]:
    """The look-ups of ivr/lookups.toml that are without fault."""
    found = {}
    for name, raw in document.tables():
        document.validated(NAME, name, name)
        table = document.validated(TABLE, raw, name)
        if table is not None and _judge(document, name, table):
            found[name] = _rule(name, table)
            if table.meanwhile:
                references.append(Reference("prompt", table.meanwhile, blame(document, name, "meanwhile")))
    return found


def _rule(name: str, table: LookUpTable) -> LookUpRule:
    return LookUpRule(
        name=name,
        url=table.url,
        method=table.method,
        headers=table.headers,
        body=table.body,
        timeout_ms=table.timeout,
        retries=1 if table.retries is None else table.retries,
        repeatable=table.idempotent or table.method in SAFE,
        largest=table.largest,
        meanwhile=table.meanwhile or "",
        music=table.music or "",
        after_ms=table.after,
        failures=table.circuit.failures,
        rest_ms=table.circuit.rest,
    )


def _judge(document: Document, name: str, table: LookUpTable) -> bool:
    """Faults that one look-up has in itself; what is legal and hardly meant is a warning."""
    faults = list(_faults(table))
    for key, code, sentence in faults:
        document.fault(code, sentence, name, key)
    if table.retries and table.method not in SAFE and not table.idempotent:
        sentence = "it is never asked again: that could do it twice. If the service knows a request again by its "
        document.warning("never-retried", f"{sentence}Idempotency-Key, say `idempotent = true`", name, "retries")
    if table.url.startswith("http://") and not LOCAL.match(table.url):
        document.warning("not-encrypted", "anybody on the way can read what is asked and answered", name, "url")
    if (table.meanwhile or table.music) and table.after >= table.timeout and not table.retries:
        document.warning("never-heard", "the look-up is over before anything is heard", name, "after")
    return not faults


def _faults(table: LookUpTable) -> Iterator[tuple[str, str, str]]:
    if not ADDRESS.match(table.url):
        yield "url", "bad-url", "begins with https:// and a host, or with a variable ${NAME}; values come after it"
    if any(each.isspace() or not each.isprintable() for each in table.url):
        yield "url", "bad-url", "has no blanks: values are escaped by themselves"
    if _braces_left(table.url):
        yield "url", "bad-blank", "{name} is a value, of a-z, 0-9 and _; ${NAME} a variable; there are no other braces"
    if table.body is not None and table.method == "GET":
        yield "body", "body-of-get", 'a GET has no body: put values into the url, or say method = "POST"'
    if any(_braces_left(text) for text in texts_of(table.body)):
        yield "body", "bad-blank", "{name} is a value, of a-z, 0-9 and _; ${NAME} a variable; there are no other braces"
    for header, text in table.headers.items():
        if not HEADER.fullmatch(header) or not text.isprintable() or not text.isascii():
            yield "headers", "bad-header", f"{header!r} is no header: letters, digits and -, and a line of ASCII"
        elif header.lower() in OURS:
            yield "headers", "bad-header", f"{header} is ours to say: it follows from what is asked"
        elif any(value for _, value in BLANK.findall(text)) or _braces_left(text):
            yield "headers", "bad-blank", f"{header} takes variables ${{NAME}} alone, no values of a program"


def _braces_left(text: str) -> bool:
    return bool(set("{}") & set(BLANK.sub("", text)))


def judge_asked(
    document: Document, rules: Mapping[str, LookUpRule], programs: Mapping[ProgramName, Program], findings: Findings
) -> None:
    """Whether programs give each look-up the values it takes, and whether each is asked at all."""
    asked = set()
    for program in programs.values():
        for line, name, given in _asked(program.source):
            asked.add(name)
            rule = rules.get(name)
            if rule is None or given is None or given == rule.values:
                continue
            wrong = sorted(given - rule.values)
            lacking = f"lacks {listed(sorted(rule.values - given))}" if rule.values - given else ""
            unknown = f"has no use for {listed(wrong)}{did_you_mean(wrong[0], rule.values)}" if wrong else ""
            sentence = f"look-up `{name}` {' and '.join(filter(None, (lacking, unknown)))} (ivr/lookups.toml)"
            findings.faults.append(fault_at(program.path, "bad-values", sentence, line, "call.look_up"))
    if not any(computes(program.source, "look_up") for program in programs.values()):
        for name in rules:
            if name not in asked:
                document.warning("not-asked", "no program asks it", name)


def _asked(source: str) -> Iterator[tuple[int, str, set[str] | None]]:
    """Each look-up by a literal name: its line, the name, what it is given; None where `**` hides that."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="look_up"), args=[ast.Constant(value=str(name))], keywords=given):
                names = [each.arg for each in given]
                yield node.lineno, name, None if None in names else {each for each in names if each}
