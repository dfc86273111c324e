"""From the text of all files to a site, or to everything that is wrong with them. Pure: no disk, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from ccplane.errors import SiteError
from ccplane.ids import ProgramName, QueueName
from ccplane.routing.patterns import exactness, is_pattern, matches
from ccplane.routing.rules import Queue, Rules
from ccplane.site.acd import agents_in, judge_at_once, judge_removed, judge_strict, queues_in, rules_in, seats_in
from ccplane.site.announcements import messages_in, said_to_the_waiting, sayings_of, stands_are_said
from ccplane.site.callbacks import callbacks_in, greeted
from ccplane.site.callers import harassment_in, shifts_in, surge_in, terms_in
from ccplane.site.dialling import dialling_in, judge_outside
from ccplane.site.document import Document
from ccplane.site.faults import Findings, SiteFaults, did_you_mean
from ccplane.site.faxes import faxes_in
from ccplane.site.files import digest
from ccplane.site.hours import hours_in
from ccplane.site.ivr import Numbers, Spoken, judge_languages, numbers_in, prompts_in
from ccplane.site.limits import judge_cycles, references_of
from ccplane.site.look_ups import judge_asked, look_ups_in
from ccplane.site.menus import MenuReading, judge_back, judge_reached, judge_ways, menu_in
from ccplane.site.missed import judge_missed, missed_in
from ccplane.site.names import Reference, judge_references
from ccplane.site.overlays import among, without
from ccplane.site.policy import policy_in
from ccplane.site.programs import computes, judge_program
from ccplane.site.reached import judge_programs, judge_transfers
from ccplane.site.shapes import RulesTable
from ccplane.site.site import HOLD, LANGUAGES, AgentEntry, Menu, Program, Site
from ccplane.site.steps import judge_whether_met
from ccplane.site.surveys import after_talks_in, judge_surveys, surveys_in
from ccplane.site.voicemail import boxes_in, judge_boxes
from ccplane.site.voices import Studio, judge_recordings, recordings_in, voices_in
from ccplane.site.wallboards import wallboards_in
from ccplane.site.webhooks import webhook_names, webhooks_in
from ccplane.site.whispers import whispers_in, with_whispers

QUEUES: Final = "acd/queues.toml"
AGENTS: Final = "acd/agents.toml"
SEATS: Final = "acd/seats.toml"
RULES: Final = "acd/site.toml"
DIALLING: Final = "acd/dialling.toml"
CALLBACKS: Final = "acd/callbacks.toml"
VOICEMAIL: Final = "acd/voicemail.toml"
WALLBOARDS: Final = "acd/wallboards.toml"
ACD: Final = (QUEUES, AGENTS, SEATS, RULES, DIALLING, CALLBACKS, VOICEMAIL, WALLBOARDS)
NUMBERS: Final = "ivr/numbers.toml"
PROMPTS: Final = "ivr/prompts.toml"
POLICY: Final = "recordings/policy.toml"
READ_IN: Final = {"acd": ACD, "recordings": (POLICY,)}
"""Folders in which every file has its name."""
VOICES: Final = "ivr/voices.toml"
HOURS: Final = "ivr/hours.toml"
LOOK_UPS: Final = "ivr/lookups.toml"
SURVEYS: Final = "ivr/surveys.toml"


def parse(files: Mapping[str, str], demo_agents: int | None = None) -> Site:
    """The site these files describe; SiteFaults with every fault if there is one.

    `demo_agents`: how many agents the range `[demo]` of acd/agents.toml has, whatever the file says.
    """
    site, findings = examine(files, demo_agents)
    if site is None:
        raise SiteFaults(findings.faults)
    return site


def examine(files: Mapping[str, str], demo_agents: int | None = None) -> tuple[Site | None, Findings]:
    """As `parse`, but faults and warnings are given back; there is no site if there is a fault."""
    reading = _Reading(files, demo_agents)
    return (None if reading.findings.faults else reading.site()), reading.findings


class _Reading:
    """One pass over all files. What is found broken is left out, so that the rest can still be judged."""

    def __init__(self, files: Mapping[str, str], demo_agents: int | None) -> None:
        self.findings = Findings()
        self._files = files
        self._references: list[Reference] = []
        self._own_texts: list[Spoken] = []
        self._within: dict[ProgramName, list[Reference]] = {}
        self._overlays = among(files)
        paths = {path for path in files if path.endswith(".toml")} | {each.file for each in self._overlays}
        self._documents = {path: self._with_overlays(path) for path in sorted(paths)}
        self._judge_paths()
        self._queues: dict[QueueName, Queue] = queues_in(self._document(QUEUES))
        self._agents: tuple[AgentEntry, ...] = agents_in(self._document(AGENTS), demo_agents, self._references)
        self._seats = seats_in(self._document(SEATS), self._agents)
        self._rules: RulesTable = rules_in(self._document(RULES), self._references)
        references_of(self._document(QUEUES), self._queues, self._references)
        self._hours = hours_in(self._document(HOURS), self._rules.timezone)
        self._dialling = dialling_in(self._document(DIALLING), self._references)
        self._callbacks = callbacks_in(self._document(CALLBACKS), self._hours, self._rules.timezone, self._dialling)
        self._studio = Studio(voices_in(self._document(VOICES)), recordings_in(files))
        self._words = self._studio.words()
        self._prompts = prompts_in(self._document(PROMPTS), self._studio)
        self._callbacks = greeted(self._callbacks, self._document(CALLBACKS), self._prompts, self._references)
        self._whispers = whispers_in(self._document(QUEUES), self._prompts, self._studio, self._references)
        self._queues = messages_in(self._document(QUEUES), self._queues, self._prompts, self._references)
        self._look_ups = look_ups_in(self._document(LOOK_UPS), self._references)
        self._surveys = surveys_in(self._document(SURVEYS), self._references)
        self._after_talks = after_talks_in(self._document(QUEUES), self._references)
        self._faxes = faxes_in(files, self.findings)
        self._boxes = boxes_in(self._document(VOICEMAIL), self._references)
        self._webhooks = webhooks_in(self._document(VOICEMAIL))
        self._wallboards = wallboards_in(self._document(WALLBOARDS), self._references)
        self._numbers: Numbers = self._read_numbers()
        self._programs = self._read_programs()
        self._menus = self._read_menus()
        stands = stands_are_said(self._queues, self._programs)
        self._said = said_to_the_waiting(self._prompts, self._studio) if stands else {}
        self._policy = policy_in(self._document(POLICY), self._references)
        self._judge_all()

    def site(self) -> Site:
        return Site(
            hash=digest(self._files),
            rules=Rules(
                queues=with_whispers(self._queues, self._whispers),
                numbers=self._numbers.listed,
                language=self._numbers.language,
                default_program=self._numbers.default or ProgramName(""),
                misses_until_pause=self._rules.misses_until_pause,
                rest_ms=self._rules.rest,
                missed=missed_in(self._rules),
                auto_answer_ms=self._rules.missed.auto_answer_failed.after,
                ring_cycle_ms=self._rules.ring_cycle,
                timezone=self._rules.timezone,
                recording=self._policy,
                dialling=self._dialling,
                callbacks=self._callbacks,
                hold=self._hold(),
                sayings=sayings_of(self._said) if self._said else {},
                default_queue=QueueName(self._rules.default_queue) if self._rules.default_queue else None,
                removed_queues={QueueName(old): QueueName(new) for old, new in self._rules.removed_queues.items()},
                harassment=harassment_in(self._rules),
                surge=surge_in(self._rules),
                shifts=shifts_in(self._rules),
                blocked_program=self._numbers.blocked,
                hours=self._hours,
                boxes=dict(self._boxes.owed),
                agents_box=self._boxes.agents,
                patterns=tuple(sorted(filter(is_pattern, self._numbers.listed), key=exactness)),
            ),
            menus=self._menus,
            programs=self._programs,
            agents=self._agents,
            prompts={name: spoken.prompt for name, spoken in self._prompts.items()},
            whispers={str(name): prompt for name, prompt in self._whispers.items()},
            said=self._said,
            language=self._numbers.language,
            seats=self._seats,
            words=self._words,
            voices=self._studio.voices,
            look_ups=self._look_ups,
            surveys=self._surveys,
            after_talks=self._after_talks,
            boxes=self._boxes.rules,
            faxes=self._faxes,
            webhooks=self._webhooks,
            wallboards=self._wallboards,
            terms=terms_in(self._rules),
        )

    def _hold(self) -> dict[str, str]:
        spoken = self._prompts.get(HOLD)
        return {language: spoken.prompt.sound(language) for language in LANGUAGES} if spoken else {}

    # --- reading ------------------------------------------------------------------------------------------------

    def _with_overlays(self, path: str) -> Document:
        overlays = [each for each in self._overlays if each.file == path]
        return Document(path, self._files.get(path, ""), self.findings, overlays)

    def _document(self, path: str) -> Document:
        """A file, or an empty one in its place."""
        return self._documents.get(path) or Document(path, "", self.findings)

    def _read_numbers(self) -> Numbers:
        if NUMBERS not in self._files:
            sentence = "is missing: it says which program takes which number, and which one all others (`default`)"
            self.findings.faults.append(SiteError("no-numbers", sentence, path=NUMBERS))
            return Numbers()
        document = self._documents[NUMBERS]
        return Numbers() if document.broken else numbers_in(document, self._references)

    def _read_programs(self) -> dict[ProgramName, Program]:
        programs = {}
        for path in sorted(path for path in self._files if path.endswith(".py")):
            named = judge_program(path, self._files[path], self.findings)
            self._references += named
            self._within[ProgramName(_stem(path))] = named
            programs[ProgramName(_stem(path))] = Program(path, self._files[path])
        return programs

    def _read_menus(self) -> dict[str, Menu]:
        menus = {}
        reading = MenuReading(self._prompts, self._studio, self._numbers.operator, self._references, self._own_texts)
        for path in self._menu_paths():
            document = self._documents[path]
            if document.broken:
                continue
            menu = menu_in(document, _stem(path), reading)
            if menu is not None:
                menus[menu.name] = menu
        return menus

    def _menu_paths(self) -> list[str]:
        others = {NUMBERS, PROMPTS, VOICES, HOURS, LOOK_UPS, SURVEYS}
        return sorted(path for path in self._documents if path.startswith("ivr/") and path not in others)

    # --- what no file can judge alone ---------------------------------------------------------------------------

    def _judge_paths(self) -> None:
        """A file that nothing reads is a file with a wrong name."""
        for path in (*without(self._files), *(self._documents.keys() - self._files.keys())):
            name = PurePosixPath(path)
            read = READ_IN.get(name.parent.name)
            if read is not None and path not in read:
                known = [PurePosixPath(each).name for each in read]
                sentence = "nothing reads a file of this name" + did_you_mean(name.name, known)
                self.findings.faults.append(SiteError("unknown-file", sentence, path=path))
            if name.suffix == ".py" and not name.stem.isidentifier():
                sentence = "a program's name is letters, digits and _; numbers and menus call it by that name"
                self.findings.faults.append(SiteError("bad-name", sentence, path=path))

    def _judge_all(self) -> None:
        menus = {_stem(path) for path in self._menu_paths()}
        known = {
            "queue": self._names_in(QUEUES),
            "prompt": self._names_in(PROMPTS),
            "program": {str(name) for name in self._programs},
            "menu": menus,
            "hours": self._names_in(HOURS),
            "look-up": self._names_in(LOOK_UPS),
            "survey": self._names_in(SURVEYS),
            "fax": set(self._faxes),
            "language": LANGUAGES,
            "webhook": webhook_names(self._document(VOICEMAIL)),
            "agent": None if self._document(AGENTS).broken else {str(agent.id) for agent in self._agents},
        }
        judge_references([each for each in self._references if each.kind in known], known)
        if not self._document(DIALLING).broken:
            judge_outside(self._references, self._dialling)
        judge_strict(self._document(QUEUES), self._queues)
        judge_removed(self._document(RULES), self._rules, self._queues)
        judge_missed(self._document(RULES), self._rules)
        judge_cycles(self._document(QUEUES), self._queues)
        if not self._document(AGENTS).broken:
            judge_whether_met(self._document(QUEUES), self._queues, self._agents, self._languages())
            judge_at_once(self._document(QUEUES), self._queues, self._agents)
        if not self._document(NUMBERS).broken:
            judge_languages([*self._prompts.values(), *self._own_texts], self._languages())
            spoken = {each.prompt.name: each.prompt for each in (*self._prompts.values(), *self._own_texts)}
            if not self._document(PROMPTS).broken:
                own = (*self._whispers.values(), *self._said.values(), *self._words.values())
                spoken |= {each.name: each for each in own}
                judge_recordings(self._studio.recorded, spoken, self.findings)
        self._judge_menus()
        if not self._document(NUMBERS).broken and not self._document(DIALLING).broken:
            judge_programs(self._programs, self._references, self._within, self.findings)
            judge_transfers(self._numbers.listed.values(), self._within, self._rules.default_queue)
        judge_asked(self._document(LOOK_UPS), self._look_ups, self._programs, self.findings)
        judge_surveys(self._document(SURVEYS), self._surveys, self._references, self._programs)
        ids = {str(agent.id) for agent in self._agents}
        judge_boxes(self._document(VOICEMAIL), self._boxes, self._references, self._programs, ids)
        self._judge_same_numbers()
        self._judge_roles()
        self._judge_emergencies()

    def _languages(self) -> dict[str, str]:
        """Every language that callers are spoken to in, and who says so."""
        keys = ((menu, entry) for menu in self._menus.values() for entry in menu.keys.values())
        by_key = {entry.language: f"the language of key {entry.key} of {menu.name}" for menu, entry in keys}
        chosen = {language: why for language, why in by_key.items() if language}
        asked_for = {each.name for each in self._references if each.kind == "language"}
        in_programs = dict.fromkeys(asked_for & set(LANGUAGES), "the language of a program")
        return chosen | in_programs | self._numbers.languages

    def _judge_menus(self) -> None:
        documents = {_stem(path): self._documents[path] for path in self._menu_paths()}
        judge_ways(self._menus, documents)
        judge_back(self._menus, documents)
        sources = [each.source for each in self._programs.values()]
        if not any(computes(source, "menu") for source in sources):
            literal = {each.name for each in self._references if each.kind == "menu" and each.by_program}
            judge_reached(self._menus, documents, literal)

    def _names_in(self, path: str) -> set[str] | None:
        """The names a file gives, also to what is faulty in itself; None if it cannot be read at all."""
        document = self._document(path)
        return None if document.broken else set(document.data)

    def _judge_emergencies(self) -> None:
        """An emergency number is nothing else: neither an agent or seat, nor a number with a program."""
        ours = {str(agent.id) for agent in self._agents} | {str(seat.id) for seat in self._seats}
        for number in self._dialling.emergency:
            if number in ours or self._taken(number):
                sentence = f"{number} is also an agent, a seat or a number of ours; give that one another"
                self._document(DIALLING).fault("emergency-taken", sentence, "emergency")

    def _judge_same_numbers(self) -> None:
        for agent in self._agents:
            if taken := self._taken(agent.id):
                sentence = f"is also the id of an agent ({AGENTS}); who dials it reaches the program"
                if taken != agent.id:
                    sentence = f"is also {agent.id}, the id of an agent ({AGENTS}); who dials it reaches the program"
                self._document(NUMBERS).warning("number-of-agent", sentence, taken)

    def _taken(self, number: str) -> str | None:
        """The number, or the pattern of numbers, that takes calls to this one."""
        listed = self._numbers.listed
        patterns = sorted((each for each in listed if is_pattern(each) and matches(each, number)), key=exactness)
        return number if number in listed else next(iter(patterns), None)

    def _judge_roles(self) -> None:
        """An agent of a role that is not there could not call anybody outside, and would wonder why."""
        document = self._document(DIALLING)
        if not document.data or document.broken:
            return
        for role in sorted({agent.role for agent in self._agents} - self._dialling.roles.keys()):
            document.warning("role-without-rules", f"says nothing of the role `{role}`, which agents have", "roles")


def _stem(path: str) -> str:
    return PurePosixPath(path).stem
