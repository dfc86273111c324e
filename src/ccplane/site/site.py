"""What a site is once its files were read: frozen, whole, and free of faults.

A contact keeps to the site it arrived under, so nothing here may change after it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from ccplane.errors import ProgramError
from ccplane.ids import AgentId, ProgramName, QueueName, SeatId
from ccplane.routing.dialling import AGENT
from ccplane.routing.rules import Number, Rules

LANGUAGES: Final = ("en", "zh-CN")
"""What prompts can be spoken in; asterisk/prompts.py has a voice for each."""

RENDITION: Final = 1
"""Counted up when texts are to sound different: the files then get new names and are made anew."""

APOLOGY: Final = "apology"
"""The prompt that the dialplan's fallback plays too, when ccplane is not there."""


class Rendering(NamedTuple):
    """One text in one language, and the media URI under which it is played."""

    uri: str
    language: str
    text: str


def sound_of(language: str, text: str) -> str:
    """The media URI of a spoken text. It follows from the text alone, so no table of prompts is ever needed."""
    name = sha256(f"{RENDITION}\0{language}\0{text}".encode()).hexdigest()[:16]
    return f"sound:ccplane/{language}-{name}"


@dataclass(frozen=True)
class Prompt:
    """What a caller hears: the same said in each language. `texts` is never empty."""

    name: str
    texts: Mapping[str, str]

    def sound(self, language: str) -> str:
        """The media URI; in another language if this one is lacking, for silence is worse."""
        spoken = language if language in self.texts else next(iter(self.texts))
        return sound_of(spoken, self.texts[spoken])

    def renderings(self) -> tuple[Rendering, ...]:
        return tuple(Rendering(sound_of(language, text), language, text) for language, text in self.texts.items())


@dataclass(frozen=True)
class MenuEntry:
    """What a key stands for: a queue, a program, or (neither) whatever the program makes of the key."""

    key: str
    queue: QueueName | None = None
    program: ProgramName | None = None


@dataclass(frozen=True)
class Menu:
    """A file in ivr/: what a caller hears and may press."""

    name: str
    prompt: Prompt
    keys: Mapping[str, MenuEntry]
    no_input: str
    """The key that is taken when the tries are over; always one of `keys`."""
    invalid: Prompt | None = None
    """Said after a key that is not on the menu."""
    timeout_ms: int = 5_000
    """How long to wait for a key once the prompt is over."""
    tries: int = 2
    """How often the caller is asked in all; silence and a wrong key each use one up."""

    def entry(self, key: str) -> MenuEntry | None:
        return self.keys.get(key)

    @property
    def fallback(self) -> MenuEntry:
        """The entry that is taken when the tries are over."""
        return self.keys[self.no_input]

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        return (self.prompt, self.invalid) if self.invalid else (self.prompt,)


@dataclass(frozen=True)
class Program:
    """A file in ari_apps/, as text: run from here and never from disk, so that a call keeps what it began with."""

    path: str
    source: str


@dataclass(frozen=True)
class AgentEntry:
    """An agent as the files have them: imported once, then Postgres has the say (law 11). Skills: levels 1 to 10."""

    id: AgentId
    name: str
    skills: Mapping[str, int]
    role: str = AGENT


@dataclass(frozen=True)
class SeatEntry:
    """A seat that is shared, or not as an agent's own is by default; as the files have it, imported once."""

    id: SeatId
    shared: bool = False
    auto_answer: bool = False


@dataclass(frozen=True)
class Site:
    """The operator's folders together. `language`: of numbers that name none, and of unknown numbers."""

    hash: str
    rules: Rules
    menus: Mapping[str, Menu]
    programs: Mapping[ProgramName, Program]
    agents: tuple[AgentEntry, ...]
    prompts: Mapping[str, Prompt]
    language: str = "en"
    seats: tuple[SeatEntry, ...] = ()

    def number(self, dialled: str) -> Number:
        """The number as listed; the default program's in the site's language if it is not."""
        unlisted = Number(number=dialled, program=self.rules.default_program, language=self.language)
        return self.rules.numbers.get(dialled, unlisted)

    def menu(self, name: str) -> Menu:
        """ProgramError if a program asks for a menu that there is none of."""
        if name not in self.menus:
            raise ProgramError("no-such-menu", f"There is no menu {name!r} in ivr/.", menu=name)
        return self.menus[name]

    def sound(self, name: str, language: str) -> str:
        """The media URI of a prompt by name; `sound:…` as it is. ProgramError if there is no such prompt."""
        if name.startswith("sound:"):
            return name
        if name not in self.prompts:
            raise ProgramError("no-such-prompt", f"There is no prompt {name!r} in ivr/prompts.toml.", prompt=name)
        return self.prompts[name].sound(language)

    @property
    def apology(self) -> Rendering | None:
        """What the dialplan says when ccplane is not there, if the site has a text for it."""
        prompt = self.prompts.get(APOLOGY)
        if prompt is None:
            return None
        return next((each for each in prompt.renderings() if each.language == self.language), prompt.renderings()[0])

    def all_prompts(self) -> tuple[Rendering, ...]:
        """Every text that may be played, each once."""
        menus = (prompt for menu in self.menus.values() for prompt in menu.prompts)
        prompts = (*self.prompts.values(), *menus)
        return tuple(dict.fromkeys(each for prompt in prompts for each in prompt.renderings()))
