"""Meeting others: the chapter of `Call` that brings callers together in a conference."""

from __future__ import annotations

from functools import partial
from typing import Final

from ccplane.callflow.step import Step
from ccplane.callflow.transferring import Transferring
from ccplane.contacts.conference import Confer, Met, NotMet
from ccplane.contacts.verbs import KEYS, ConferenceResult, Pressed
from ccplane.errors import ProgramError

NAME_LONGEST: Final = 40
MOST: Final = 100
LONGEST_S: Final = 86_400
PIN_S: Final = 8.0


class Conferring(Transferring):
    """The verb that lets callers meet."""

    async def conference(
        self,
        name: str,
        *,
        pin: str = "",
        ask: str = "",
        tries: int = 3,
        most: int = 10,
        leads: bool = False,
        ends_with: str = "",
        music: str = "default",
        longest_s: float = 4 * 3600,
    ) -> ConferenceResult:
        """Bring the caller into the conference of this name, with all who are in it at their node. Who is alone hears
        `music`; who is there hears a tone when somebody comes.

        `pin`: asked for first, with the prompt `ask`, up to `tries` times. `most`: so many may be in it. `leads`: when
        the last who leads it has left, it is over for all. `ends_with`: keys that lead out of it. Met(ms, why) when
        they have left by a key, by `longest_s`, or since the leader has: key, time, leader. NotMet(why): full,
        wrong-pin, not-joined. ProgramError where an argument is none.

            match await call.conference("board", pin="4711", ask="your-code", ends_with="#"):
                case NotMet("full"):
                    await call.play("try-again-later")
        """
        if not 0 < len(name) <= NAME_LONGEST:
            raise ProgramError(
                "bad-conference", f"a conference's name has 1 to {NAME_LONGEST} characters, not {name!r}"
            )
        if not 2 <= most <= MOST or not 1 <= longest_s <= LONGEST_S or set(ends_with) - set(KEYS):
            sentence = (
                f"most is 2 to {MOST}, longest_s 1 to {LONGEST_S}, ends_with of {KEYS}; "
                f"given: {most!r}, {longest_s!r}, {ends_with!r}"
            )
            raise ProgramError("bad-conference", sentence)
        if bool(pin) is not bool(ask) or set(pin) - set("0123456789") or tries < 1:
            raise ProgramError("bad-conference", "a `pin`, of digits, is asked for by a prompt, `ask`, once at least")
        if pin and not await self._knows(pin, ask, tries):
            return NotMet("wrong-pin")
        await self._announce(None)
        result = await Step(Confer(name, most, round(longest_s * 1000), music, ends_with, leads, self._consent))
        if not isinstance(result, Met | NotMet):
            raise ProgramError("conference-failed", f"the conference gave {result!r}")
        return result

    async def _knows(self, pin: str, ask: str, tries: int) -> bool:
        """What they key is not left at the switch."""
        question = partial(self._said(ask).gather, round(PIN_S * 1000), len(pin), "#", secret=True)
        for attempt in range(tries):
            keyed = await Step(question(fresh=attempt > 0))
            if keyed == Pressed(pin):
                return True
        return False
