"""What a program does with a contact, verb by verb, and what the caller says to it by keys."""

from __future__ import annotations

from ccplane.contacts.facts.life import ContactFact
from ccplane.contacts.verbs import Result, Verb
from ccplane.ids import ProgramName


class ProgramStarted(ContactFact, frozen=True, kw_only=True):
    """A program took the call: the number's own, or the site's default after a failure."""

    program: ProgramName


class ProgramFailed(ContactFact, frozen=True, kw_only=True):
    """A program raised, or did what programs must not. `where` is file:line."""

    program: ProgramName
    error: str
    where: str
    forgotten: bool = False
    """Nobody knows any more what had led it where it is. Not its fault: the contact goes on without a program."""


class ProgramEnded(ContactFact, frozen=True, kw_only=True):
    """A program returned; the caller is hung up with cause 16."""

    program: ProgramName


class StepStarted(ContactFact, frozen=True, kw_only=True):
    """A program's verb began. `attempt` rises when a plane that came back begins it again."""

    step: int
    attempt: int
    verb: Verb
    deadline: int | None
    """When the verb is given up if nothing proves its end; None where the queue's own clocks rule."""
    where: str = ""
    """The line of the program that awaits it: file:line. "" if that is not known, as in a plane that came back."""


class StepEnded(ContactFact, frozen=True, kw_only=True):
    """A program's verb ended with this result."""

    step: int
    result: Result


class SoundsEnded(ContactFact, frozen=True, kw_only=True):
    """What a gathering verb plays has ended, or a key stopped it: now its time-out runs. `ok`: it could be played."""

    step: int
    ok: bool = True


class SoundsFailed(ContactFact, frozen=True, kw_only=True):
    """Sounds could not be played or made: somebody has to look at it. `sounds`: what was to be heard, or of texts those
    that were not made. The caller hears it in another language, where it is there, else a short silence."""

    step: int
    sounds: tuple[str, ...]
    until: int | None = None
    """How long the silence lasts; None: they hear something else, or are waited for."""


class LookUpDelayed(ContactFact, frozen=True, kw_only=True):
    """The answer to a look-up takes its time, so the caller hears something. `until`: when it is given up."""

    step: int
    until: int


class KeyTaken(ContactFact, frozen=True, kw_only=True):
    """The verb that gathers took a key. `kept`: one that had been pressed ahead, and waited for it."""

    step: int
    key: str
    kept: bool = False


class KeyKept(ContactFact, frozen=True, kw_only=True):
    """A key was pressed ahead: no verb gathers, or its sounds are to be heard first. The next that gathers takes it."""

    key: str


class KeysDropped(ContactFact, frozen=True, kw_only=True):
    """So many keys wait to be taken that no more are kept. Said once, until there is room again."""

    kept: int


class LanguageSet(ContactFact, frozen=True, kw_only=True):
    """The caller is spoken to in this language from here on."""

    language: str


class MenuChosen(ContactFact, frozen=True, kw_only=True):
    """The caller chose from a menu, or silence did. `name`: what the entry is called, perhaps nothing."""

    menu: str
    key: str
    name: str


class ServedByProgram(ContactFact, frozen=True, kw_only=True):
    """A program has done what the caller wanted. They have served themselves, unless they come to wait for a person."""

    program: ProgramName


class DataSet(ContactFact, frozen=True, kw_only=True):
    """The program noted something about the contact."""

    name: str
    value: str
