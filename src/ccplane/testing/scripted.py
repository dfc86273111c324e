"""Scripted callers: an operator's test of a program in ten lines, without a PBX and without waiting.

    from ccplane.testing import a_site, in_virtual_time

    @in_virtual_time
    async def test_key_2_leads_to_support():
        async with a_site(".") as site:
            caller = await site.call("4001", from_="13800138000")
            await caller.hears("welcome")
            caller.presses("2")
            await caller.is_in("support")

What a caller is awaited to hear or to be comes within `within` seconds of the rehearsal's own time, which take no time;
if it does not, an AssertionError says what they heard instead, and at which verb the program stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from difflib import get_close_matches
from functools import partial, wraps
from pathlib import Path
from typing import Any, Final

from ccplane.callflow.arranging import WORDS
from ccplane.callflow.saying import Text, Value, words
from ccplane.callflow.told import said_by, verb_told
from ccplane.contacts import facts as c
from ccplane.days import zone
from ccplane.ids import ContactId
from ccplane.laws import Fact
from ccplane.plane import Snapshot
from ccplane.site import Site, parse, read
from ccplane.site.site import sound_of_said
from ccplane.testing.clock import run
from ccplane.testing.fake_faxes import Sheets
from ccplane.testing.fake_people import Behaviour, End, answers
from ccplane.testing.look_ups import Answers
from ccplane.testing.rehearsal import Rehearsal, rehearse

__tracebackhide__ = True
"""Where a test fails pytest shows the test's own line."""
WITHIN_S: Final = 120.0
"""What is awaited comes so soon, or not at all."""
MOMENT_S: Final = 0.5
"""What belongs to the end of a call comes with it, or this much later."""
THEIR_MESSAGE: Final = "their-message"
BESIDES: Final = ("beep", "fallback", THEIR_MESSAGE)
"""What is heard that is neither a prompt of the site nor a sound of Asterisk's."""


def in_virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a plain test of an async one, on a loop where hours pass in milliseconds."""

    @wraps(test)
    def plain(*given: Any, **named: Any) -> None:
        run(test(*given, **named))

    return plain


class Caller:
    """Somebody who called a number of the site. What they do is plain, what they wait for is awaited."""

    def __init__(self, site: ScriptedSite, number: str, from_: str) -> None:
        self._site, self._number = site, number
        self._news = asyncio.Event()
        self._past = 0
        self._call = site.centre.switch.call(number, caller=from_)
        self._call.news = self._news.set

    # ── what they do ──

    def presses(self, keys: str) -> None:
        """Keys, as fast as a finger does; AssertionError once the call is over."""
        if self._call.state == "ended":
            raise AssertionError(self._told(f"could not press {keys!r}: the call is over"))
        self._call.types(keys)

    def hangs_up(self) -> None:
        self._call.hang_up()

    def faxes(self, pages: int = 1, *, station: str = "", fails_after: int | None = None) -> None:
        """They are a fax machine, which sends so many pages as soon as it hears another; `fails_after`: of which so
        many come through."""
        self._call.sends = Sheets(pages, station, fails_after)

    def takes_faxes(self, pages: int = 1, *, station: str = "", fails_after: int | None = None) -> None:
        """They are a fax machine that is sent so many pages; `fails_after`: of which so many come through."""
        self._call.takes = Sheets(pages, station, fails_after)

    def falls_silent(self) -> None:
        """They say nothing more, which ends a message."""
        self._call.falls_silent()

    # ── what they wait for ──

    async def arrives(self, within: float = WITHIN_S) -> None:
        """Its program runs."""
        await self._until(lambda: bool(self.facts(c.ProgramStarted)), "did not arrive", within)

    async def is_up(self, within: float = WITHIN_S) -> None:
        """The call is taken."""
        await self._until(lambda: self._call.state == "up", "was not answered", within)

    async def hears(self, *prompts: str | Value | Text, within: float = WITHIN_S) -> None:
        """These begin, in this order, after what was awaited before; others may be heard between them. A prompt by its
        name, in whichever language; a value; a Text; `sound:…`, `beep`, `music:default`, `their-message`: what they
        said themselves."""
        for prompt in prompts:
            for name, sounds in self._site.sounds(prompt, self.language):
                await self._until(partial(self._next, sounds), f"did not hear «{name}»", within)
                self._past = self._next(sounds) or 0

    async def is_in(self, queue: str, within: float = WITHIN_S) -> None:
        """They wait in that queue, or were served from it and are with an agent."""
        await self._until(lambda: self.queue == queue, f"is not in queue {queue!r}", within)

    async def talks_with(self, agent: str, within: float = WITHIN_S) -> None:
        await self._until(lambda: self._call.talks_with == {agent}, f"does not talk with agent {agent}", within)

    async def meets(self, *numbers: str, within: float = WITHIN_S) -> None:
        """They are in a room with these, by their numbers, and nobody else: a conference, or with somebody outside."""
        await self._until(lambda: self._call.talks_with == set(numbers), f"does not meet {', '.join(numbers)}", within)

    async def noted(self, name: str, value: str, within: float = WITHIN_S) -> None:
        """The program has set this with `set_data`."""
        await self._until(lambda: self.data.get(name) == value, f"has no {name!r} = {value!r} noted", within)

    async def is_gone(self, within: float = WITHIN_S) -> End:
        """The call is over, and its record is complete; how it ended."""
        await self._until(lambda: bool(self.facts(c.ContactEnded)), "is still there", within)
        async with asyncio.timeout(MOMENT_S):
            return await asyncio.shield(self._call.ended)

    # ── what is known of them ──

    @property
    def contact(self) -> ContactId | None:
        """None until it has arrived."""
        for fact in self._site.centre.facts:
            if isinstance(fact, c.ContactArrived) and self._call.line and fact.channel == self._call.line.id:
                return fact.contact
        return None

    @property
    def heard(self) -> list[str]:
        """All they heard: names of prompts, texts as they were spoken; as Asterisk has it what is neither."""
        texts = {each.uri: each.text for step in self.facts(c.StepStarted) for each in getattr(step.verb, "texts", ())}
        return [self._site.names.get(sound) or texts.get(sound, _known(sound)) for sound in self._call.heard]

    @property
    def data(self) -> dict[str, str]:
        """What was noted with `set_data`."""
        return {each.name: each.value for each in self.facts(c.DataSet)}

    @property
    def language(self) -> str:
        spoken = self.facts(c.LanguageSet)
        return str(spoken[-1].language) if spoken else str(self.facts(c.ContactArrived)[0].language)

    @property
    def queue(self) -> str | None:
        """The queue in which they are, or from which they were served."""
        stays = [each for each in self._all() if isinstance(each, c.ContactQueued | c.ContactUnqueued | c.TalkEnded)]
        return str(stays[-1].queue) if stays and isinstance(stays[-1], c.ContactQueued) else None

    def facts(self, kind: type[Fact]) -> list[Any]:
        """The facts of one kind about this call."""
        return [fact for fact in self._all() if isinstance(fact, kind)]

    # ── within ──

    def _all(self) -> Iterator[Fact]:
        contact = self.contact
        return (each for each in self._site.centre.facts if contact and getattr(each, "contact", None) == contact)

    def _next(self, sounds: frozenset[str]) -> int | None:
        """Where what is heard next of these ends."""
        heard = self._call.heard
        return next((at + 1 for at in range(self._past, len(heard)) if _known(heard[at]) in sounds), None)

    def follow(self, snapshot: Snapshot, facts: Sequence[Fact], seq: int) -> None:
        """Told of what was decided."""
        self._news.set()

    async def _until(self, is_so: Callable[[], object], what: str, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                while not is_so():
                    self._news.clear()
                    if self._call.state != "ended":
                        await self._news.wait()
                        continue
                    await asyncio.sleep(MOMENT_S)
                    if not is_so():
                        raise AssertionError(self._told(f"{what}, and the call is over"))
        except TimeoutError:
            raise AssertionError(self._told(f"{what} within {within:g} s")) from None

    def _told(self, what: str) -> str:
        """A failed wish, and all that helps to see why."""
        heard = ", ".join(f"«{each}»" for each in self.heard) or "nothing"
        lines = [f"the caller of {self._number} {what}.", f"  They heard: {heard}.", f"  {self._stands()}"]
        return "\n".join(lines + [f"  {_failed(each)}" for each in self.facts(c.ProgramFailed)])

    def _stands(self) -> str:
        contact = self._site.centre.plane.state.contacts.get(self.contact) if self.contact else None
        for ended in self.facts(c.ContactEnded):
            return f"The call was ended by the {ended.by}, with cause {ended.cause}."
        if contact is None:
            return "No program has taken the call."
        verb = verb_told(contact.verb, self._site.said) if contact.verb is not None else "nothing"
        where = f"in queue {self.queue!r}" if self.queue else f"at step {contact.step}: it {verb}"
        return f"Program {contact.program!r} stands {where}."


class ScriptedSite:
    """A site that is rehearsed. `centre`: all of it, for what has no word here."""

    def __init__(self, centre: Rehearsal, site: Site) -> None:
        self.centre, self._site = centre, site
        said = {**site.spoken, **site.words}
        ours = {name: frozenset(self._spoken(*each) for each in texts.items()) for name, texts in WORDS.items()}
        theirs = {name: frozenset(each.uri for each in prompt.renderings()) for name, prompt in said.items()}
        self._sounds = ours | theirs
        self.names: dict[str, str] = {uri: name for name, uris in self._sounds.items() for uri in uris}
        self.said = said_by(site)
        """What a sound says."""
        self.callers: list[Caller] = []

    @property
    def look_ups(self) -> Answers:
        """What services outside answer, by the look-up's name: `site.look_ups["orders"] = {"state": "sent"}`."""
        return self.centre.look_ups

    async def call(self, number: str, from_: str = "13800138000") -> Caller:
        """Somebody calls that number; returns once its program runs."""
        caller = Caller(self, number, from_)
        self.centre.plane.follow(caller.follow)
        self.callers.append(caller)
        await caller.arrives()
        return caller

    async def signs_in(self, agent: str, phone: Behaviour | None = None) -> None:
        """An agent of the site is ready, at a phone that answers at once unless told otherwise (`answers`, `rejects`,
        `rings_for_ever`, `says_nothing`)."""
        if agent not in self.centre.plane.state.agents:
            raise AssertionError(f"the site has no agent {agent!r} in acd/agents.toml")
        self.centre.switch.phone(agent, phone or answers())
        self.centre.sign_in(agent)
        await self.centre.becomes(agent, "ready")

    def answers_outside(self, number: str, phone: Behaviour | None = None) -> None:
        """There is somebody at that number outside, who answers at once unless told otherwise."""
        self.centre.switch.outside(number, phone or answers())

    async def passes(self, seconds: float) -> None:
        """So much time, at once."""
        await asyncio.sleep(seconds)

    def reloads(self, files: Mapping[str, str] | Path | str) -> None:
        """As `ccplane reload`: calls that have begun keep their own programs. SiteFaults if it has any."""
        files = files_of(files)
        self._site = parse(files)
        self.centre.reads(self._site, files)

    def _spoken(self, language: str, text: str) -> str:
        """The sound of a text that no file has."""
        return sound_of_said(language, " ".join(text.split()), self._site.voice(language))

    def sounds(self, prompt: str | Value | Text, language: str) -> Iterator[tuple[str, frozenset[str]]]:
        """What a prompt, a value or a text is made of: a name, and the sounds of which one is heard."""
        if isinstance(prompt, Text):
            yield prompt.text, frozenset({self._spoken(prompt.language or language, prompt.text)})
        elif not isinstance(prompt, str):
            for word in words(prompt, language):
                yield word, frozenset({self._site.word(word, language)})
        elif prompt in self._sounds:
            yield prompt, self._sounds[prompt]
        elif prompt.startswith(("sound:", "music:")) or prompt in BESIDES:
            yield prompt, frozenset({prompt})
        else:
            near = get_close_matches(prompt, self._sounds, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise AssertionError(f"the site has no prompt {prompt!r} in ivr/prompts.toml{hint}")


@asynccontextmanager
async def a_site(
    site: Mapping[str, str] | Path | str = ".", *, at: str = "2026-01-01T00:00Z", may_fail: bool = False
) -> AsyncIterator[ScriptedSite]:
    """The site of a folder, or of files by their path, with all its programs. SiteFaults if it has any fault.

    `at`: what time it is when it begins, on the site's clock unless it says which: `2026-10-01T10:00`; ValueError if it
    is no moment. On leaving every caller hangs up. AssertionError if a program failed, unless it `may_fail`.
    """
    files = files_of(site)
    parsed = parse(files)
    moment = datetime.fromisoformat(at)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone(parsed.rules.timezone))
    async with rehearse(files, begins=round(moment.timestamp() * 1000)) as centre:
        scripted = ScriptedSite(centre, parsed)
        yield scripted
        for caller in scripted.callers:
            caller.hangs_up()
            await caller.is_gone()
        failed = [] if may_fail else centre.said(c.ProgramFailed)
        assert not failed, "a program failed:\n  " + "\n  ".join(_failed(each) for each in failed)
        assert centre.plane.faults == 0, "ccplane could not decide what happened: a fault of its own"


def files_of(site: Mapping[str, str] | Path | str) -> dict[str, str]:
    """Of a folder, or as given."""
    return read(Path(site)) if isinstance(site, Path | str) else dict(site)


def _known(sound: str) -> str:
    """Whatever they said themselves has one name."""
    return THEIR_MESSAGE if sound.startswith("recording:") else sound


def _failed(fact: Any) -> str:
    return f"Program {fact.program!r} failed at {fact.where or 'its beginning'}: {fact.error}"
