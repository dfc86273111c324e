"""What a caller presses: the chapter of `Call` that asks, by menus and by questions."""

from __future__ import annotations

import re
from typing import Final

from ccplane.callflow.asking import Confirmation, GatherResult, No, Question, Unanswered, Yes
from ccplane.callflow.hearing import Hearing
from ccplane.callflow.said import NOTHING, prompted
from ccplane.callflow.saying import Text, Value
from ccplane.callflow.step import Step
from ccplane.contacts.verbs import KEYS, Choose, Pressed
from ccplane.errors import ProgramError
from ccplane.site import Menu, MenuEntry, Prompt
from ccplane.site.site import BACK, REPEAT

ROUNDS: Final = 25
"""Menus that are heard at most, one after the other: then whoever goes round and round is sent on."""


class Pressing(Hearing):
    """The verbs that ask a caller for keys."""

    async def menu(self, name: str) -> MenuEntry:
        """Ask what the caller wants, as ivr/NAME.toml says, through all sub-menus; the entry that leads out of them.

        `queue`, `program`, `voicemail` or nothing but `key` and `name` stand in it; the program decides what becomes
        of each. What was chosen on the way is noted for whoever takes the call. Always returns: silence and wrong keys
        have an entry of their own, and so has who goes round and round.
        """
        way = [self.site.menu(name)]
        for _ in range(ROUNDS):
            entry = await self._choice(way[-1])
            if entry.action != REPEAT:
                await Step(Choose(way[-1].name, entry.key, entry.name))
            if entry.language:
                await self.set_language(entry.language)
            if entry.leaves:
                return entry
            if entry.menu:
                way.append(self.site.menu(entry.menu))
            elif entry.action == BACK:
                way = way[:-1] or way
        entry = way[-1].resignation
        while entry.menu:
            entry = self.site.menu(entry.menu).fallback
        return entry

    async def _choice(self, menu: Menu) -> MenuEntry:
        """One menu, asked until a key of it is pressed, or it is given up."""
        silences = wrongs = 0
        before: Prompt | None = None
        fresh = False
        while True:
            words = prompted(self.language, before, menu.prompt)
            asked = words.gather(menu.timeout_ms, barge_in=menu.barge_in, fresh=fresh)
            match await Step(asked):
                case Pressed(key) if key in menu.keys:
                    return menu.keys[key]
                case Pressed():
                    wrongs, before, fresh = wrongs + 1, menu.invalid, True
                    if wrongs >= menu.wrong_tries:
                        return menu.resignation
                case _:
                    silences, before, fresh = silences + 1, menu.silence, False
                    if silences >= menu.tries:
                        return menu.fallback

    async def gather(
        self,
        *prompts: str | Value | Text,
        longest: int = 1,
        shortest: int = 0,
        length: int | None = None,
        ends_with: str = "",
        pattern: str = "",
        timeout_s: float = 5.0,
        between_s: float = 3.0,
        tries: int = 1,
        wrong_tries: int | None = None,
        silence: str = "",
        invalid: str = "",
        barge_in: bool = True,
        fresh: bool = False,
        secret: bool = False,
    ) -> GatherResult:
        """Ask for keys: Pressed(keys), NoInput(), or Invalid(keys) if they are no answer.

        An answer has `shortest` to `longest` keys (64 at most), or exactly `length`; it ends with its last possible
        key, with one of `ends_with`, which is no part of it, or when no other follows for `between_s`. `pattern`: a
        regular expression that it has to match as a whole. NoInput if nothing is pressed for `timeout_s` after the
        prompts.

        It is asked `tries` times in all while nothing is pressed, and `wrong_tries` times (as many, if not given) while
        it is no answer; `silence` and `invalid` are prompts that are said before asking again.

        The first key stops the prompts (unless `barge_in` is False: then they are heard out, and what is pressed
        meanwhile counts). Keys pressed ahead are taken at once, and the prompts are not heard, unless `fresh`: then
        they are forgotten. Pressed("") if only a key of `ends_with` was pressed, and `shortest` is 0.

        What callers key lies at Asterisk while they are in the call, so that nobody is asked twice after a crash.
        `secret`: it does not, and they may be. It is a fact all the same.

            match await call.gather("order-number", length=8, pattern="4.*", tries=3, invalid="no-such-order"):
                case Pressed(order):
                    await call.set_data("order", order)
        """
        question = Question(
            longest=longest if length is None else length,
            shortest=shortest if length is None else length,
            ends_with=ends_with,
            pattern=pattern,
            timeout_s=timeout_s,
            between_s=between_s,
            barge_in=barge_in,
            fresh=fresh,
            secret=secret,
            tries=tries,
            wrong_tries=tries if wrong_tries is None else wrong_tries,
        )
        before = (self._said(each) if each else NOTHING for each in (silence, invalid))
        return await question.ask(self._said(*prompts), *before)

    async def confirm(
        self, *prompts: str | Value | Text, yes: str = "1", no: str = "2", tries: int = 2, timeout_s: float = 5.0
    ) -> Confirmation:
        """Ask whether something is right: Yes(), No(), or Unanswered() after `tries` without either key. No and
        Unanswered are false, so that `if await call.confirm(…)` reads as it should. The prompts say which keys.

            if await call.confirm("you-entered", Digits(order), "right-1-wrong-2"):
        """
        if not yes or not no or not set(yes + no) <= set(KEYS) or set(yes) & set(no):
            raise ProgramError("bad-confirm", f"yes and no are different keys of {KEYS}; given: {yes!r}, {no!r}")
        question = Question(pattern=f"[{re.escape(yes + no)}]", timeout_s=timeout_s, tries=tries, wrong_tries=tries)
        match await question.ask(self._said(*prompts)):
            case Pressed(key):
                return Yes() if key in yes else No()
            case _:
                return Unanswered()
