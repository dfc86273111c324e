"""ivr/voices.toml and ivr/sounds/: who speaks a prompt, and which are recorded instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from pydantic import TypeAdapter

from ccplane.errors import SiteError
from ccplane.site.document import Document
from ccplane.site.faults import Findings, did_you_mean
from ccplane.site.recordings import FOLDER
from ccplane.site.shapes import Language, VoiceTable
from ccplane.site.site import LANGUAGES, Prompt, Voice
from ccplane.site.words import texts_by_word

LANGUAGE: Final = TypeAdapter(Language)
VOICE: Final = TypeAdapter(VoiceTable)


@dataclass(frozen=True)
class Studio:
    """Where sounds come from: a voice for each language, and the recordings by (language, prompt)."""

    voices: Mapping[str, Voice] = field(default_factory=dict)
    recorded: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def prompt(self, name: str, texts: Mapping[str, str]) -> Prompt:
        """The prompt of this name, spoken and recorded as it is here."""
        recorded = {language: self.recorded[language, name] for language in texts if (language, name) in self.recorded}
        return Prompt(name, texts, recorded, {each: self.voices[each] for each in texts if each in self.voices})

    def words(self) -> dict[str, Prompt]:
        """The words of values, by themselves; as prompts they are called `word.…`."""
        return {word: self.prompt(f"word.{word}", texts) for word, texts in texts_by_word().items()}


def voices_in(document: Document) -> dict[str, Voice]:
    """The voices that differ from the default."""
    found = {}
    for language, raw in document.tables():
        document.validated(LANGUAGE, language, language)
        if table := document.validated(VOICE, raw, language):
            _judge(document, language, table)
            found[language] = Voice(table.engine, table.voice or "", table.speed, tuple(table.command or ()))
    return found


def _judge(document: Document, language: str, table: VoiceTable) -> None:
    if table.engine == "piper" and not table.voice:
        document.fault("no-voice", 'piper needs the file of a voice: voice = "/…/name.onnx"', language)
    if (table.engine == "command") != bool(table.command):
        document.fault("no-command", 'engine = "command" goes with command = ["program", "argument", …]', language)
    if table.command and (table.voice or table.speed != 1.0):
        document.fault("two-ways", "a command says itself which voice it has and how fast", language)


def recordings_in(files: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """What the site holds of each recording, by language and prompt."""
    paths = {path: PurePosixPath(path) for path in files if path.startswith(f"{FOLDER}/")}
    return {(path.parent.name, path.stem): files[name] for name, path in paths.items()}


def judge_recordings(
    recorded: Mapping[tuple[str, str], str], prompts: Mapping[str, Prompt], findings: Findings
) -> None:
    """Each recording is of a prompt that there is: its text is what an agent reads, and what is said without it."""
    for language, name in recorded:
        path = f"{FOLDER}/{language}/{name}.wav"
        if language not in LANGUAGES:
            sentence = f"unknown language `{language}`{did_you_mean(language, LANGUAGES)}"
            findings.faults.append(SiteError("no-such-language", sentence, path=path))
        elif name not in prompts:
            sentence = f"there is no prompt `{name}`{did_you_mean(name, prompts)}"
            findings.faults.append(SiteError("no-such-prompt", sentence, path=path))
        elif language not in prompts[name].texts:
            sentence = f"`{name}` has no text in {language}; write down what is said in this file"
            findings.faults.append(SiteError("text-missing", sentence, path=path))
