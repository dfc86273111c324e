"""ivr/: what the caller hears. Numbers dialled, menus and prompts, as their files say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from pydantic import TypeAdapter

from ccplane.ids import ProgramName, QueueName
from ccplane.routing.rules import Number
from ccplane.site.document import Document
from ccplane.site.faults import listed
from ccplane.site.names import Reference
from ccplane.site.shapes import Dialled, MenuTable, Name, NumbersTable, NumberTable, Texts
from ccplane.site.site import Menu, MenuEntry, Prompt

NAME: Final = TypeAdapter(Name)
DIALLED: Final = TypeAdapter(Dialled)
NUMBERS: Final = TypeAdapter(NumbersTable)
NUMBER: Final = TypeAdapter(NumberTable)
MENU: Final = TypeAdapter(MenuTable)
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
    found = Numbers(ProgramName(top.default), top.language) if top else Numbers()
    if top:
        references.append(Reference("program", top.default, _blame(document, "default")))
    for dialled, raw in tables.items():
        document.validated(DIALLED, dialled, dialled)
        if table := document.validated(NUMBER, raw, dialled):
            found.listed[dialled] = Number(
                number=dialled,
                program=ProgramName(table.program),
                language=table.language or found.language,
                queue=QueueName(table.queue) if table.queue else None,
                attribution=table.attribution,
            )
            references.extend(_named(document, table.queue, table.program, dialled))
    return found


def prompts_in(document: Document) -> dict[str, Spoken]:
    """The prompts of ivr/prompts.toml that are without fault."""
    found = {}
    for name, raw in document.tables():
        document.validated(NAME, name, name)
        if texts := document.validated(TEXTS, raw, name):
            found[name] = Spoken(Prompt(name, texts), document, (name,))
    return found


def menu_in(
    document: Document, name: str, prompts: Mapping[str, Spoken], references: list[Reference], own: list[Spoken]
) -> Menu | None:
    """A menu from its file; None if it has a fault. Texts of its own are added to `own`."""
    document.validated(NAME, name)
    table = document.validated(MENU, document.data)
    if table is None:
        return None
    if table.no_input not in table.keys:
        document.fault(
            "no-such-key", f"key {table.no_input} is not on this menu; it has {listed([*table.keys])}", "no_input"
        )
    for key, entry in table.keys.items():
        if entry.queue and entry.program:
            document.fault("two-ways", "leads to a queue or to a program, not both", "keys", key)
        references.extend(_named(document, entry.queue, entry.program, "keys", key))
    heard = [_prompt(document, name, which, table, prompts, references, own) for which in ("prompt", "invalid")]
    if heard[0] is None:
        return None
    keys = {key: MenuEntry(key, _queue(entry.queue), _program(entry.program)) for key, entry in table.keys.items()}
    return Menu(name, heard[0], keys, table.no_input, heard[1], table.timeout, table.tries)


def _prompt(
    document: Document,
    menu: str,
    which: str,
    table: MenuTable,
    prompts: Mapping[str, Spoken],
    references: list[Reference],
    own: list[Spoken],
) -> Prompt | None:
    """The prompt that a menu names, or whose texts it has."""
    given: object = getattr(table, which)
    if isinstance(given, str):
        references.append(Reference("prompt", given, _blame(document, which)))
        return prompts[given].prompt if given in prompts else None
    texts = document.validated(TEXTS, given, which) if given is not None else None
    if texts is None:
        return None
    own.append(Spoken(Prompt(f"{menu}.{which}", texts), document, (which,)))
    return own[-1].prompt


def judge_languages(spoken: Iterable[Spoken], languages: Mapping[str, str]) -> None:
    """Every prompt has a text in every language that callers are spoken to in: nobody is left in silence."""
    for each in spoken:
        for language, why in languages.items():
            if language not in each.prompt.texts:
                each.document.fault("text-missing", f"has no text in {language}, {why}", *each.at)


def _named(document: Document, queue: str | None, program: str | None, *at: str) -> Iterable[Reference]:
    if queue:
        yield Reference("queue", queue, _blame(document, *at, "queue"))
    if program:
        yield Reference("program", program, _blame(document, *at, "program"))


def _blame(document: Document, *at: str) -> partial[None]:
    return partial(_fault, document, at)


def _fault(document: Document, at: tuple[str, ...], code: str, sentence: str) -> None:
    document.fault(code, sentence, *at)


def _queue(name: str | None) -> QueueName | None:
    return QueueName(name) if name else None


def _program(name: str | None) -> ProgramName | None:
    return ProgramName(name) if name else None
