"""Menus, as their files say it, and whether a caller can get lost in them.

Whoever presses nothing must arrive somewhere: what silence or too many wrong keys lead to is followed through all
sub-menus and has to end at a queue, a program, a mailbox or the program that asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from ccplane.ids import ProgramName, QueueName
from ccplane.site.document import Document
from ccplane.site.faults import listed
from ccplane.site.ivr import NAME, TEXTS, Spoken, blame
from ccplane.site.names import Reference
from ccplane.site.shapes import EntryTable, MenuTable
from ccplane.site.site import BACK, OPERATOR, Menu, MenuEntry, Prompt
from ccplane.site.voicemail import warn
from ccplane.site.voices import Studio

MENU: Final = TypeAdapter(MenuTable)


@dataclass
class MenuReading:
    """What menus may name, and what they were found to name. `own`: prompts whose texts stand in the menu itself."""

    prompts: Mapping[str, Spoken]
    studio: Studio
    operator: QueueName | None
    references: list[Reference]
    own: list[Spoken]


def menu_in(document: Document, name: str, reading: MenuReading) -> Menu | None:
    """A menu from its file; None if it has a fault. Texts of its own are added to `reading.own`."""
    document.validated(NAME, name)
    table = document.validated(MENU, document.data)
    if table is None:
        return None
    for which in ("no_input", "give_up"):
        if (key := getattr(table, which)) is not None and key not in table.keys:
            document.fault("no-such-key", f"key {key} is not on this menu; it has {listed([*table.keys])}", which)
    if table.operator:
        reading.references.append(Reference("queue", table.operator, blame(document, "operator")))
    operator = QueueName(table.operator) if table.operator else reading.operator
    keys = {key: _entry(document, key, entry, operator, reading) for key, entry in table.keys.items()}
    _judge_names(document, keys)
    heard = {which: _prompt(document, name, which, table, reading) for which in ("prompt", "invalid", "silence")}
    if heard["prompt"] is None:
        return None
    return Menu(
        name=name,
        prompt=heard["prompt"],
        keys=keys,
        no_input=table.no_input,
        invalid=heard["invalid"],
        timeout_ms=table.timeout,
        tries=table.tries,
        silence=heard["silence"],
        wrong_tries=table.wrong_tries or table.tries,
        give_up=table.give_up or table.no_input,
        barge_in=table.barge_in,
    )


def _entry(
    document: Document, key: str, table: EntryTable, operator: QueueName | None, reading: MenuReading
) -> MenuEntry:
    ways = {kind: getattr(table, kind) for kind in ("queue", "program", "menu", "voicemail", "action")}
    given = [kind for kind, where in ways.items() if where]
    if len(given) > 1:
        document.fault("two-ways", f"leads to one place, not to {listed(given)}", "keys", key)
    for kind in ("queue", "program", "menu"):
        if ways[kind]:
            reading.references.append(Reference(kind, ways[kind], blame(document, "keys", key, kind)))
    if table.voicemail:
        reading.references.append(Reference("box", table.voicemail, warn(document, "keys", key, "voicemail")))
    queue = QueueName(table.queue) if table.queue else None
    if table.action == OPERATOR:
        queue = operator
        if operator is None:
            sentence = "nobody says who that is: give `operator`, a queue, in this file or in numbers.toml"
            document.fault("no-operator", sentence, "keys", key, "action")
    return MenuEntry(
        key=key,
        queue=queue,
        program=ProgramName(table.program) if table.program else None,
        menu=table.menu,
        action=table.action or "",
        language=table.language,
        voicemail=table.voicemail,
        name=table.name or (OPERATOR if table.action == OPERATOR else ""),
    )


def _judge_names(document: Document, keys: Mapping[str, MenuEntry]) -> None:
    seen: dict[str, str] = {}
    for key, entry in keys.items():
        if entry.name and entry.name in seen:
            sentence = f"key {seen[entry.name]} is called so too; a screen could not tell them apart"
            document.fault("name-twice", sentence, "keys", key, "name")
        seen.setdefault(entry.name, key)


def _prompt(document: Document, menu: str, which: str, table: MenuTable, reading: MenuReading) -> Prompt | None:
    """The prompt that a menu names, or whose texts it has."""
    given: object = getattr(table, which)
    if isinstance(given, str):
        reading.references.append(Reference("prompt", given, blame(document, which)))
        return reading.prompts[given].prompt if given in reading.prompts else None
    texts = document.validated(TEXTS, given, which) if given is not None else None
    if texts is None:
        return None
    reading.own.append(Spoken(reading.studio.prompt(f"{menu}.{which}", texts), document, (which,)))
    return reading.own[-1].prompt


# ----------------------------------------------------------------------------------------------- menus among themselves


def judge_ways(menus: Mapping[str, Menu], documents: Mapping[str, Document]) -> None:
    """Silence and too many wrong keys end somewhere, from every menu."""
    for name, menu in menus.items():
        for which in ("no_input", "give_up") if menu.give_up != menu.no_input else ("no_input",):
            way = list(_silent_way(menus, menu, which))
            if way[-1]:
                sentence = f"a caller who does nothing would go round for ever: {' → '.join([name, *way])}"
                documents[name].fault("endless", sentence, which)


def _silent_way(menus: Mapping[str, Menu], menu: Menu, which: str) -> Iterator[str]:
    """The menus that doing nothing leads to; the last is "" if it leads out, else one that was heard before."""
    seen = {menu.name}
    while True:
        entry = menu.keys.get(getattr(menu, which))
        if entry is None or entry.leaves:
            yield ""
            return
        following = entry.menu or menu.name
        if following not in menus:  # a fault that has been told
            yield ""
            return
        yield following
        if following in seen or entry.action == BACK:
            return
        seen.add(following)
        menu, which = menus[following], "no_input"


def judge_reached(menus: Mapping[str, Menu], documents: Mapping[str, Document], asked_for: Collection[str]) -> None:
    """A menu that no program asks for, and no menu that one asks for leads to, is perhaps a name that was mistyped."""
    reached, found = set[str](), [name for name in asked_for if name in menus]
    while found:
        name = found.pop()
        if name not in reached:
            reached.add(name)
            found += [entry.menu for entry in menus[name].keys.values() if entry.menu and entry.menu in menus]
    for name in menus:
        if name not in reached:
            documents[name].warning("not-reached", "no program asks for this menu, and no key of another leads to it")


def judge_back(menus: Mapping[str, Menu], documents: Mapping[str, Document]) -> None:
    """A key that leads back to the menu before, in one that none leads to, is one that does nothing."""
    led_to = {entry.menu for menu in menus.values() for entry in menu.keys.values() if entry.menu}
    for name, menu in menus.items():
        for key, entry in menu.keys.items():
            if entry.action == BACK and name not in led_to:
                sentence = (
                    "no menu leads to this one, so that this key only says it again; write `repeat`, or take it out"
                )
                documents[name].warning("back-nowhere", sentence, "keys", key, "action")
