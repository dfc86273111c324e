"""Texts that a program says are made into sounds while the call goes on: once each, kept by what they say.

The voices are processes of their own (`prompts.py`), two at a time at the most, and nobody waits longer than WITHIN_S
for one: what is not made by then is told as missing, and the call goes on without it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from ccplane.asterisk.prompts import file_of, render_all
from ccplane.contacts.verbs import Spoken
from ccplane.core.commands import MakeSounds
from ccplane.core.inputs import Input, SoundsMade
from ccplane.errors import CcplaneError
from ccplane.site import Rendering, Site
from ccplane.site.site import SAID

AT_ONCE: Final = 2
WITHIN_S: Final = 8.0
KEPT_MOST: Final = 2_000
"""Sounds of said texts that are kept, the last used ones: some 100 MB."""
SWEEP_EVERY: Final = 100

log = structlog.get_logger()


class Speaker:
    """Makes what is said at this node. `site_of`: the site that a hash stands for, with its voices."""

    def __init__(self, sounds_dir: Path, site_of: Callable[[str], Site], post: Callable[[Input], None]) -> None:
        self._sounds_dir, self._site_of, self._post = sounds_dir, site_of, post
        self._voices = asyncio.Semaphore(AT_ONCE)
        self._making: dict[str, asyncio.Task[bool]] = {}
        """By the sound: several calls may say the same at the same moment."""
        self._asked: set[asyncio.Task[None]] = set()
        self._made = 0

    def make(self, command: MakeSounds) -> None:
        """Make what is not there yet; SoundsMade is posted in any case."""
        if all(self._is_there(each) for each in command.texts):
            self._post(SoundsMade(command.contact, command.step, command.attempt))
            return
        task = asyncio.create_task(self._make(command), name="speaking")
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    async def made(self, site: str, texts: tuple[Spoken, ...]) -> tuple[str, ...]:
        """Make what is not there yet; the sounds that could not be made."""
        there = await asyncio.gather(*(self._once(site, each) for each in texts))
        return tuple(text.uri for text, is_there in zip(texts, there, strict=True) if not is_there)

    def close(self) -> None:
        """What is being made is left."""
        for task in (*self._asked, *self._making.values()):
            task.cancel()

    def _is_there(self, text: Spoken) -> bool:
        """And is used once more, so it is kept."""
        try:
            os.utime(file_of(text.uri, self._sounds_dir))
        except OSError:
            return False
        return True

    async def _make(self, command: MakeSounds) -> None:
        """Whatever goes wrong with one, the call goes on."""
        asked = (self._once(command.site, each) for each in command.texts)
        made = await asyncio.gather(*asked, return_exceptions=True)
        for failed in (each for each in made if isinstance(each, Exception)):
            log.error("a text could not be made into a sound", contact=command.contact, exc_info=failed)
        missing = tuple(text.uri for text, there in zip(command.texts, made, strict=True) if there is not True)
        self._post(SoundsMade(command.contact, command.step, command.attempt, missing))

    async def _once(self, site: str, text: Spoken) -> bool:
        task = self._making.get(text.uri)
        if task is None:
            task = self._making[text.uri] = asyncio.create_task(self._speak(site, text), name="speaking")
            task.add_done_callback(lambda _: self._making.pop(text.uri, None))
        return await asyncio.shield(task)

    async def _speak(self, site: str, text: Spoken) -> bool:
        if self._is_there(text):
            return True
        try:
            async with asyncio.timeout(WITHIN_S), self._voices:
                voice = self._site_of(site).voice(text.language)
                await render_all([Rendering(text.uri, text.language, text.text, voice)], self._sounds_dir)
        except (CcplaneError, TimeoutError, OSError) as error:
            log.error("a text could not be made into a sound", sound=text.uri, error=str(error) or "it took too long")
            return False
        self._made += 1
        if self._made % SWEEP_EVERY == 1:
            await asyncio.to_thread(sweep, file_of(SAID, self._sounds_dir).parent, KEPT_MOST)
        return True


def sweep(folder: Path, most: int) -> int:
    """Remove the sounds that were not used for longest, beyond `most`, and say how many. Blocking."""
    used = sorted(((each.stat().st_mtime, each) for each in folder.glob("*.wav")), reverse=True)
    for _, path in used[most:]:
        path.unlink(missing_ok=True)
    return len(used[most:])
