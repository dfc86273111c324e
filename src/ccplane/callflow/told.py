"""Verbs and their results in words: for whoever tries a program, or watches a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from ccplane.contacts.verbs import Result, Verb
from ccplane.site import Site

UNSAID: Final = ("otherwise", "texts")
"""What is there for other days, and what is told with the sounds."""
LONGEST: Final = 300
"""Characters of a text in words: a result may be long."""
WORDS: Final = {
    "Answer": "takes the call",
    "Play": "plays",
    "Gather": "asks",
    "Ring": "lets it ring",
    "Hold": "plays music",
    "EnterQueue": "waits in",
    "AskCallback": "promises to call back, in",
    "FindCallback": "looks whether a callback is promised to",
    "JudgeNumber": "looks whether this may be called back:",
    "FindWindows": "looks when customers may be called, in",
    "DropCallback": "takes back",
    "LookAtBox": "looks whether it is full:",
    "TakeMessage": "records a message, in",
    "ReceiveFax": "receives a fax, in",
    "SendFax": "sends the fax",
    "Connect": "calls",
    "LookUp": "looks up",
    "Confer": "is in conference",
    "SetLanguage": "changes to",
    "SetData": "notes",
    "Choose": "notes a choice of",
    "LookHere": "looks at which phone of ours this is",
    "LookHours": "looks whether these hours are open:",
    "AskPin": "asks for the PIN of",
    "SetIntent": "sets what they want, of",
    "DropMessage": "deletes",
    "NoteEmergency": "notes that they heard of",
    "MarkServed": "notes that they are served",
    "AskSurvey": "begins",
    "NoteAnswer": "notes the answer to",
    "HangUp": "hangs up",
}
"""Any other verb is told by its name."""


def named(kind: type) -> str:
    """`timed-out` for TimedOut."""
    return "".join(f"-{each.lower()}" if each.isupper() else each for each in kind.__name__).removeprefix("-")


def verb_told(verb: Verb, said: Callable[[str], str]) -> str:
    """A verb in words: what it does, and what it was given but for what it is anyway. `said`: what a sound says."""
    name, parts = type(verb).__name__, []
    spoken = {each.uri: f"«{each.text}»" for each in getattr(verb, "texts", ())}
    for field in msgspec.structs.fields(verb):
        value = getattr(verb, field.name)
        if field.name == "sounds":
            parts += [spoken.get(sound) or said(sound) for sound in value]
        elif field.name == "given":
            parts += [f"{each} {text}" for each, text in value]
        elif isinstance(value, msgspec.Struct):
            parts += [f"{each} {its}" for each, its in _given(value)]
        elif value != field.default and value is not None and field.name not in UNSAID:
            parts.append(f"{field.name} {value}")
    return _short(f"{WORDS.get(name, name)} {', '.join(parts)}".rstrip())


def _given(part: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """What a part of a verb was given, but for what it is anyway."""
    for field in msgspec.structs.fields(part):
        value, usual = getattr(part, field.name), field.default
        if value != usual and value is not None and value not in ((), {}):
            yield field.name, value


def result_told(result: Result) -> str:
    """A result in words: `pressed 47`, `timed-out`, `closed reason holiday`."""
    given: list[Any] = []
    fields = msgspec.structs.fields(result)
    for field in fields:
        value = getattr(result, field.name)
        if value not in (field.default, None, ""):
            given.append(value if len(fields) == 1 else f"{field.name} {value}")
    return _short(f"{named(type(result))} {', '.join(map(str, given))}".rstrip())


def said_by(site: Site) -> Callable[[str], str]:
    """What a sound of the site says: its prompt and text."""
    prompts = {**site.spoken, **site.words}
    texts = {each.uri: (name, each.text) for name, prompt in prompts.items() for each in prompt.renderings()}

    def said(sound: str) -> str:
        if sound.startswith("recording:"):
            return "what they said"
        name, text = texts.get(sound, (sound, ""))
        return f"«{name}» {text!r}" if text not in ("", name) and not name.startswith("word.") else f"«{text or name}»"

    return said


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
