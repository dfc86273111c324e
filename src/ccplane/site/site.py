"""What a site is once its files were read: frozen, whole, and free of faults.

A contact keeps to the site it arrived under, so nothing here may change after it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from typing import Final, NamedTuple

from ccplane.agents.facts import Membership, Profile
from ccplane.agents.wrap_up import WrapUp
from ccplane.errors import ProgramError
from ccplane.ids import AgentId, ProgramName, QueueName, SeatId
from ccplane.kpi.schedule import Terms
from ccplane.routing.dialling import AGENT
from ccplane.routing.hours import Hours
from ccplane.routing.rules import Number, Rules
from ccplane.site.box import AGENTS, BoxRule
from ccplane.site.faxes import FaxFile
from ccplane.site.look_up import LookUpRule
from ccplane.site.survey import AfterTalk, SurveyRule
from ccplane.site.wallboard import WallboardRule
from ccplane.site.webhook import WebhookRule
from ccplane.site.words import SAYS

LANGUAGES: Final = ("en", "zh-CN")
"""What prompts can be spoken in; asterisk/prompts.py has a voice for each."""

BACK, REPEAT, OPERATOR = ACTIONS = ("back", "repeat", "operator")
"""What a key of a menu may do beside leading somewhere."""

RENDITION: Final = 1
"""Counted up when texts are to sound different: the files then get new names and are made anew."""

APOLOGY: Final = "apology"
LEAVE_A_MESSAGE: Final = "leave-a-message"
THANK_YOU: Final = "thank-you"
HOLD: Final = "please-hold"
"""Said to a caller whose agent's phone has vanished; a site may do without."""
OUR_FAULT: Final = "our-fault"
OUR_FAULT_OUTBOUND: Final = "our-fault-outbound"
FALLBACK_PROMPTS: Final = (APOLOGY, LEAVE_A_MESSAGE, OUR_FAULT, OUR_FAULT_OUTBOUND)
"""The prompts that the dialplan's fallback plays too, when ccplane is not there."""


class Voice(NamedTuple):
    """Who speaks a language: an engine, its voice (a name, or piper's file), its speed; or a command that does it."""

    engine: str = "espeak-ng"
    voice: str = ""
    speed: float = 1.0
    command: tuple[str, ...] = ()


USUAL: Final = Voice()


class Rendering(NamedTuple):
    """One text in one language, and the media URI under which it is played."""

    uri: str
    language: str
    text: str
    voice: Voice = USUAL
    recorded: str = ""
    """The recording that is played instead, within the site's folder: ivr/sounds/en/welcome.wav."""
    content: str = ""
    """What the site holds of the recording; see recordings.py."""


def sound_of(language: str, text: str, voice: Voice = USUAL) -> str:
    """The media URI of a spoken text. It follows from text and voice alone: no table of prompts is ever needed."""
    spoken = f"{RENDITION}\0{language}\0{text}" + ("" if voice == USUAL else f"\0{voice!r}")
    return f"sound:ccplane/{language}-{sha256(spoken.encode()).hexdigest()[:16]}"


SAID: Final = "sound:ccplane/said/"
"""Where the sounds of texts lie that no file of the site has."""


def sound_of_said(language: str, text: str, voice: Voice = USUAL) -> str:
    """The media URI of a text that a program says."""
    return SAID + sound_of(language, text, voice).removeprefix("sound:ccplane/")


def sound_of_recording(language: str, content: str) -> str:
    """The media URI of a recording. It follows from its content."""
    return f"sound:ccplane/{language}-rec-{content[:16]}"


@dataclass(frozen=True)
class Prompt:
    """What a caller hears: the same said in each language. `texts` is never empty."""

    name: str
    texts: Mapping[str, str]
    recorded: Mapping[str, str] = field(default_factory=dict)
    """By language, what the site holds of the recording that is played instead of the text."""
    voices: Mapping[str, Voice] = field(default_factory=dict)

    def sound(self, language: str) -> str:
        """The media URI; in another language if this one is lacking, for silence is worse."""
        spoken = language if language in self.texts else next(iter(self.texts))
        return self.rendering(spoken).uri

    def rendering(self, language: str) -> Rendering:
        """How it sounds in one of its languages."""
        text, voice = self.texts[language], self.voices.get(language, USUAL)
        if content := self.recorded.get(language):
            path = f"ivr/sounds/{language}/{self.name}.wav"
            return Rendering(sound_of_recording(language, content), language, text, voice, path, content)
        return Rendering(sound_of(language, text, voice), language, text, voice)

    def renderings(self) -> tuple[Rendering, ...]:
        return tuple(self.rendering(language) for language in self.texts)


@dataclass(frozen=True)
class MenuEntry:
    """What a key stands for: a queue, a program, a mailbox, another menu, or whatever the program makes of the key.

    `menu`, `back`, `repeat` and a language alone stay within the menus; a program gets the others.
    """

    key: str
    queue: QueueName | None = None
    """Of the operator too."""
    program: ProgramName | None = None
    menu: str | None = None
    action: str = ""
    """One of ACTIONS, or nothing."""
    language: str | None = None
    """The caller is spoken to in this language from here on, wherever the key leads."""
    voicemail: str | None = None
    """The mailbox in which a message is left."""
    name: str = ""
    """What the agent reads about the caller's way; no two of a menu are the same."""

    @property
    def leaves(self) -> bool:
        """Whether it leads out of the menus, to the program that asked."""
        if self.queue or self.program or self.voicemail:
            return True
        return not (self.menu or self.action or self.language)


@dataclass(frozen=True)
class Menu:
    """A file in ivr/: what a caller hears and may press."""

    name: str
    prompt: Prompt
    keys: Mapping[str, MenuEntry]
    no_input: str
    """The key that is taken when nothing was pressed too often; always one of `keys`."""
    invalid: Prompt | None = None
    """Said after a key that is not on the menu."""
    timeout_ms: int = 5_000
    """How long to wait for a key once the prompt is over."""
    tries: int = 2
    """How often the caller is asked in all while nothing is pressed."""
    silence: Prompt | None = None
    """Said before asking again, when nothing was pressed."""
    wrong_tries: int = 2
    """How many wrong keys are too many."""
    give_up: str = ""
    """The key that is taken then; that for no input, if none is given."""
    barge_in: bool = True
    """False: a key does not stop the prompt."""

    def entry(self, key: str) -> MenuEntry | None:
        return self.keys.get(key)

    @property
    def fallback(self) -> MenuEntry:
        """The entry that is taken when nothing was pressed too often."""
        return self.keys[self.no_input]

    @property
    def resignation(self) -> MenuEntry:
        """The entry that is taken after too many wrong keys."""
        return self.keys[self.give_up or self.no_input]

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        return tuple(each for each in (self.prompt, self.invalid, self.silence) if each)


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
    languages: tuple[str, ...] = ()
    queues: Mapping[QueueName, Membership] = field(default_factory=dict)
    capacity: Mapping[str, int] = field(default_factory=lambda: {"voice": 1})
    wrap_up: WrapUp | None = None
    team: str = ""

    def profile(self, endpoint: str) -> Profile:
        """What the core knows of them. `endpoint`: what rings, `PJSIP/1001`."""
        return Profile(
            id=self.id,
            name=self.name,
            skills=dict(self.skills),
            endpoint=endpoint,
            role=self.role,
            languages=self.languages,
            queues=dict(self.queues),
            capacity=dict(self.capacity),
            wrap_up=self.wrap_up,
            team=self.team,
        )


@dataclass(frozen=True)
class SeatEntry:
    """A seat that is shared, or not as an agent's own is by default; as the files have it, imported once."""

    id: SeatId
    shared: bool = False
    auto_answer: bool = False
    always_on: bool = False


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
    whispers: Mapping[str, Prompt] = field(default_factory=dict)
    """By queue: what its agents hear before they are joined."""
    said: Mapping[str, Prompt] = field(default_factory=dict)
    """By name: how places in the line and waits are said."""
    words: Mapping[str, Prompt] = field(default_factory=dict)
    """Those from which values are put together, in each language that has them."""
    voices: Mapping[str, Voice] = field(default_factory=dict)
    """Those that differ from the usual one."""
    look_ups: Mapping[str, LookUpRule] = field(default_factory=dict)
    """The services that programs ask, by name."""
    surveys: Mapping[str, SurveyRule] = field(default_factory=dict)
    after_talks: Mapping[QueueName, AfterTalk] = field(default_factory=dict)
    """Of which survey callers of a queue are asked after their talk."""
    boxes: Mapping[str, BoxRule] = field(default_factory=dict)
    """Where messages are left, by name; `agents`: of each agent."""
    faxes: Mapping[str, FaxFile] = field(default_factory=dict)
    """What may be faxed to callers, by name."""
    webhooks: Mapping[str, WebhookRule] = field(default_factory=dict)
    """Services that are told of them."""
    wallboards: Mapping[str, WallboardRule] = field(default_factory=dict)
    """What screens show, by name."""
    terms: Terms = field(default_factory=Terms)
    """By what agents' time and first contacts are counted."""

    def number(self, dialled: str) -> Number:
        """The number as listed; the default program's in the site's language if it is not."""
        unlisted = Number(number=dialled, program=self.rules.default_program, language=self.language)
        return self.rules.number(dialled) or unlisted

    def hours(self, name: str) -> Hours:
        """ProgramError if a program asks for hours that ivr/hours.toml has not."""
        if name not in self.rules.hours:
            raise ProgramError("no-such-hours", f"There are no hours {name!r} in ivr/hours.toml.", hours=name)
        return self.rules.hours[name]

    def look_up(self, name: str) -> LookUpRule:
        """ProgramError if a program asks for what ivr/lookups.toml has not."""
        if name not in self.look_ups:
            raise ProgramError("no-such-look-up", f"There is no look-up {name!r} in ivr/lookups.toml.", look_up=name)
        return self.look_ups[name]

    def survey(self, name: str) -> SurveyRule:
        """ProgramError if a program asks for a survey that ivr/surveys.toml has not."""
        if name not in self.surveys:
            raise ProgramError("no-such-survey", f"There is no survey {name!r} in ivr/surveys.toml.", survey=name)
        return self.surveys[name]

    def box(self, name: str) -> BoxRule:
        """What callers hear there. One that acd/voicemail.toml has not is as boxes are by default; so is an agent's."""
        usual = BoxRule(LEAVE_A_MESSAGE, THANK_YOU)
        return self.boxes.get(name) or (self.boxes.get(AGENTS, usual) if name.isdigit() else usual)

    def fax(self, name: str) -> FaxFile:
        """ProgramError if a program sends what ivr/faxes/ has not."""
        if name not in self.faxes:
            raise ProgramError("no-such-fax-file", f"There is no {name}.pdf, .tif or .png in ivr/faxes/.", fax=name)
        return self.faxes[name]

    def menu(self, name: str) -> Menu:
        """ProgramError if a program asks for a menu that there is none of."""
        if name not in self.menus:
            raise ProgramError("no-such-menu", f"There is no menu {name!r} in ivr/.", menu=name)
        return self.menus[name]

    def speaks(self, language: str) -> bool:
        """Whether any of its prompts has a text in it; a site without prompts says values alone, in each language."""
        menus = (prompt for menu in self.menus.values() for prompt in menu.prompts)
        prompts = chain(self.prompts.values(), menus)
        first = next(prompts, None)
        return first is None or language in first.texts or any(language in each.texts for each in prompts)

    def sound(self, name: str, language: str) -> str:
        """The media URI of a prompt by name; `sound:…` as it is. ProgramError if there is no such prompt."""
        if name.startswith("sound:"):
            return name
        if name not in self.prompts:
            raise ProgramError("no-such-prompt", f"There is no prompt {name!r} in ivr/prompts.toml.", prompt=name)
        return self.prompts[name].sound(language)

    def voice(self, language: str) -> Voice:
        """Who speaks it."""
        return self.voices.get(language, USUAL)

    def word(self, word: str, language: str) -> str:
        """The media URI of a word of a value."""
        return self.words[word].sound(language)

    @property
    def says_values(self) -> bool:
        """Whether a program says numbers, money, dates, times or digits: only then their words are made."""
        return any(SAYS.search(program.source) for program in self.programs.values())

    @property
    def apology(self) -> Rendering | None:
        """What the dialplan says when ccplane is not there, if the site has a text for it."""
        return self.fallback_prompt(APOLOGY)

    def fallback_prompt(self, name: str) -> Rendering | None:
        """One that the dialplan plays, in the site's own language: it knows no other."""
        prompt = self.prompts.get(name)
        if prompt is None:
            return None
        return next((each for each in prompt.renderings() if each.language == self.language), prompt.renderings()[0])

    def all_prompts(self) -> tuple[Rendering, ...]:
        """Every text that may be played, each once."""
        return tuple(dict.fromkeys(each for prompt in self.spoken.values() for each in prompt.renderings()))

    @property
    def spoken(self) -> dict[str, Prompt]:
        """Every prompt by name; those with texts in a menu's own file are `menu.prompt` and so on."""
        menus = (prompt for menu in self.menus.values() for prompt in menu.prompts)
        words = self.words.values() if self.says_values else ()
        said = (*self.prompts.values(), *menus, *self.whispers.values(), *self.said.values(), *words)
        return {prompt.name: prompt for prompt in said}
