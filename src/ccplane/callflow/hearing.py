"""What a caller hears: the chapter of `Call` that plays, speaks and rings."""

from __future__ import annotations

from typing import Final

from ccplane.callflow.caller import Caller
from ccplane.callflow.saying import Text, Value
from ccplane.callflow.step import Step
from ccplane.contacts.verbs import KEYS, Answer, Done, Hold, Pressed, Ring, SetLanguage
from ccplane.errors import ProgramError
from ccplane.site.site import LANGUAGES

RING_LONGEST_S: Final = 60
HOLD_LONGEST_S: Final = 3_600


def _ms(verb: str, seconds: float, longest: int) -> int:
    if not 0 < seconds <= longest:
        raise ProgramError("bad-time", f"{verb} lasts more than 0 and at most {longest} seconds; given: {seconds!r}")
    return round(seconds * 1000)


class Hearing(Caller):
    """The verbs that let a caller hear something."""

    async def answer(self) -> None:
        """Take the call. `play`, `menu` and `queue` do it by themselves where it is not done yet."""
        await Step(Answer())

    async def ring_back(self, seconds: float = 4.0) -> None:
        """Let it ring for so long (60 s at most) before the call is taken, as callers expect it; a call that is taken
        already hears the tone all the same.

            await call.ring_back(3)
        """
        await Step(Ring(_ms("ring_back", seconds, RING_LONGEST_S)))

    async def hold(self, seconds: float, *, music: str = "default", ends_with: str = "") -> Pressed | Done:
        """Music for so long, an hour at most. `music`: a class of Asterisk's musiconhold.conf. Pressed(key) if one of
        `ends_with` ended it, else Done().

            if await call.hold(30, ends_with="#") == Pressed("#"):
        """
        if not set(ends_with) <= set(KEYS):
            raise ProgramError("bad-key", f"ends_with is of {KEYS}; given: {ends_with!r}")
        result = await Step(Hold(_ms("hold", seconds, HOLD_LONGEST_S), music, ends_with))
        return result if isinstance(result, Pressed) else Done()

    async def play(self, *prompts: str | Value | Text) -> None:
        """Play one after the other: prompts, by their name in ivr/prompts.toml, `sound:…` as it stands, and values,
        which are said in the caller's language: Number, Money, Date, Time, Digits.

            await call.play("your-balance", Money("12.50", "CNY"), "on", Date(call.arrived))
        """
        await Step(self._said(*prompts).play())

    async def say(self, text: str, language: str = "") -> None:
        """Say a text that no file of the site has, in the caller's language if none is given. It is made into a sound
        by the voice of the language, once: at most 1,000 characters. `play` takes Text(…) among other things.

            await call.say(f"Your flight leaves from gate {gate}.")
        """
        await self.play(Text(text, language))

    async def set_language(self, language: str) -> None:
        """Speak to the caller in this language from here on: prompts, menus, and Asterisk's own sounds."""
        if language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            raise ProgramError("no-such-language", f"there is no language {language!r}; prompts are spoken in {known}")
        await Step(SetLanguage(language))
        self.language = language
