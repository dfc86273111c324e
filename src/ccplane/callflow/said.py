"""What a program has a caller hear, as sounds: prompts by name, values word by word, texts that are made into sounds.

Beside each stands the same in the other language, which is heard where a sound is missing: silence would be worse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from ccplane.callflow.saying import Text, Value, words
from ccplane.contacts.verbs import Gather, Play, Spoken
from ccplane.errors import ProgramError
from ccplane.site import Prompt, Site
from ccplane.site.site import LANGUAGES, sound_of_said

TEXT_LONGEST: Final = 1_000
Sounds = tuple[str, ...]


@dataclass(frozen=True)
class Said:
    """`sounds` in the caller's language, `otherwise` in another; `texts`: what may have to be made first."""

    sounds: Sounds = ()
    otherwise: Sounds = ()
    texts: tuple[Spoken, ...] = ()

    def __add__(self, more: Said) -> Said:
        return Said(self.sounds + more.sounds, self.otherwise + more.otherwise, self.texts + more.texts)

    @property
    def spare(self) -> Sounds:
        """What is heard instead. A text is there in one language alone."""
        return () if self.texts or self.otherwise == self.sounds else self.otherwise

    def play(self) -> Play:
        return Play(self.sounds, self.spare, self.texts)

    def gather(
        self,
        timeout_ms: int,
        longest: int = 1,
        ends_with: str = "",
        between_ms: int = 3_000,
        *,
        barge_in: bool = True,
        fresh: bool = False,
        secret: bool = False,
    ) -> Gather:
        return Gather(
            self.sounds,
            timeout_ms,
            longest,
            ends_with,
            between_ms,
            barge_in,
            fresh,
            secret,
            otherwise=self.spare,
            texts=self.texts,
        )


NOTHING: Final = Said()


def said(site: Site, language: str, *parts: str | Value | Text) -> Said:
    """ProgramError for a prompt that there is none of, or what cannot be said."""
    whole = NOTHING
    for each in parts:
        if isinstance(each, str):
            whole += _in_both(language, partial(_prompt, site, each))
        elif isinstance(each, Text):
            whole += _text(site, each.language or language, each.text)
        else:
            whole += _in_both(language, partial(_value, site, each))
    return whole


def prompted(language: str, *prompts: Prompt | None) -> Said:
    """Those prompts that there are."""
    there = [each for each in prompts if each is not None]
    return _in_both(language, lambda to: tuple(each.sound(to) for each in there))


def _prompt(site: Site, name: str, language: str) -> Sounds:
    return (site.sound(name, language),)


def _value(site: Site, value: Value, language: str) -> Sounds:
    return tuple(site.word(word, language) for word in words(value, language))


def _in_both(language: str, sounds: Callable[[str], Sounds]) -> Said:
    return Said(sounds(language), sounds(next(each for each in LANGUAGES if each != language)))


def _text(site: Site, language: str, text: str) -> Said:
    if language not in LANGUAGES:
        raise ProgramError("no-such-language", f"there is no language {language!r}: {', '.join(LANGUAGES)}")
    clean = " ".join(str(text).split())
    if not clean or len(clean) > TEXT_LONGEST:
        raise ProgramError("cannot-be-said", f"a text has 1 to {TEXT_LONGEST} characters, this one {len(clean)}")
    uri = sound_of_said(language, clean, site.voice(language))
    return Said((uri,), (uri,), (Spoken(uri, language, clean),))
