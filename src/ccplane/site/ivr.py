"""ivr/: what the caller hears. Numbers dialled and prompts, as their files say it. (Menus: menus.py.)"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from pydantic import TypeAdapter

from ccplane.ids import ProgramName, QueueName
from ccplane.routing.rules import Number
from ccplane.site.document import Document
from ccplane.site.names import Reference
from ccplane.site.shapes import Dialled, Name, NumbersTable, NumberTable, Texts
from ccplane.site.site import Prompt
from ccplane.site.voices import Studio

NAME: Final = TypeAdapter(Name)
DIALLED: Final = TypeAdapter(Dialled)
NUMBERS: Final = TypeAdapter(NumbersTable)
NUMBER: Final = TypeAdapter(NumberTable)
TEXTS: Final = TypeAdapter(Texts)


@dataclass(frozen=True)
class Spoken:
    """A prompt's texts, and where they stand."""

    prompt: Prompt
    document: Document
    at: tuple[str, ...]


@dataclass
class Numbers:
    """ivr/numbers.toml: each number, and what holds for all others."""

    default: ProgramName | None = None
    language: str = "en"
    operator: QueueName | None = None
    blocked: ProgramName | None = None
    listed: dict[str, Number] = field(default_factory=dict)

    @property
    def languages(self) -> dict[str, str]:
        """Every language that callers are spoken to in, and who says so."""
        spoken = {self.language: "the language of all numbers that name none"}
        return spoken | {each.language: f"the language of {each.number}" for each in self.listed.values()}


def numbers_in(document: Document, references: list[Reference]) -> Numbers:
    """All numbers that are without fault. Tables are numbers, everything else holds for the whole file."""
    tables = {name: value for name, value in document.data.items() if isinstance(value, dict)}
    top = document.validated(NUMBERS, {name: value for name, value in document.data.items() if name not in tables})
    found = Numbers(ProgramName(top.default), top.language, _queue(top.operator)) if top else Numbers()
    if top and top.blocked:
        found.blocked = ProgramName(top.blocked)
        references.append(Reference("program", top.blocked, blame(document, "blocked")))
    if top:
        references.append(Reference("program", top.default, blame(document, "default")))
        if top.operator:
            references.append(Reference("queue", top.operator, blame(document, "operator")))
    for dialled, raw in tables.items():
        document.validated(DIALLED, dialled, dialled)
        if table := document.validated(NUMBER, raw, dialled):
            found.listed[dialled] = Number(
                number=dialled,
                program=ProgramName(table.program),
                language=table.language or found.language,
                queue=QueueName(table.queue) if table.queue else None,
                attribution=table.attribution,
                fallback=_queue(table.fallback),
                hours=table.hours,
                closed=ProgramName(table.closed) if table.closed else None,
                withheld=ProgramName(table.withheld) if table.withheld else None,
            )
            _judge_hours(document, dialled, table, references)
            references.append(Reference("program", table.program, blame(document, dialled, "program")))
            if table.queue:
                references.append(Reference("queue", table.queue, blame(document, dialled, "queue")))
            if table.fallback:
                references.append(Reference("queue", table.fallback, blame(document, dialled, "fallback")))
    return found


def _judge_hours(document: Document, dialled: str, table: NumberTable, references: list[Reference]) -> None:
    """`hours` and `closed` are said together."""
    if table.hours and not table.closed:
        sentence = "and what outside of them? Give `closed`, the program that takes the calls then"
        document.fault("closed-missing", sentence, dialled, "hours")
    if table.closed and not table.hours:
        document.fault("hours-missing", "it never closes: say when, with `hours`", dialled, "closed")
    if table.hours:
        references.append(Reference("hours", table.hours, blame(document, dialled, "hours")))
    if table.withheld:
        references.append(Reference("program", table.withheld, blame(document, dialled, "withheld")))
    if table.closed:
        references.append(Reference("program", table.closed, blame(document, dialled, "closed")))


def prompts_in(document: Document, studio: Studio) -> dict[str, Spoken]:
    """The prompts of ivr/prompts.toml that are without fault."""
    found = {}
    for name, raw in document.tables():
        document.validated(NAME, name, name)
        if texts := document.validated(TEXTS, raw, name):
            found[name] = Spoken(studio.prompt(name, texts), document, (name,))
    return found


def judge_languages(spoken: Iterable[Spoken], languages: Mapping[str, str]) -> None:
    """Every prompt has a text in every language that callers are spoken to in: nobody is left in silence."""
    for each in spoken:
        for language, why in languages.items():
            if language not in each.prompt.texts:
                each.document.fault("text-missing", f"has no text in {language}, {why}", *each.at)


def blame(document: Document, *at: str | int) -> partial[None]:
    """Tells a fault at this place of a file."""
    return partial(_fault, document, at)


def _fault(document: Document, at: tuple[str | int, ...], code: str, sentence: str) -> None:
    document.fault(code, sentence, *at)


def _queue(name: str | None) -> QueueName | None:
    return QueueName(name) if name else None
