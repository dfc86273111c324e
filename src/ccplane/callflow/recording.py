"""What a caller says: the chapter of `Call` that records messages."""

from __future__ import annotations

import re
from typing import Final

from ccplane.callflow.pressing import Pressing
from ccplane.callflow.saying import Text, Value
from ccplane.callflow.step import Step
from ccplane.contacts.verbs import (
    KEYS,
    DropMessage,
    MessageResult,
    MessageTaken,
    NoMessage,
    Pressed,
    TakeMessage,
)
from ccplane.errors import ProgramError

LONGEST_S: Final = 180
SILENCE_S: Final = 5
BOX: Final = re.compile(r"\w[\w-]{0,39}")
MESSAGE_LONGEST_S: Final = 3_600
END_KEYS: Final = ("#", "*", "any", "")
DISCARDED: Final = "discarded"
"""Why there is no message that the caller did not want to leave."""


class Recording(Pressing):
    """The verbs that take a message."""

    async def voicemail(
        self, box: str = "general", *, longest_s: int = LONGEST_S, silence_s: int = SILENCE_S
    ) -> MessageResult:
        """Let the caller leave a message: the prompt `leave-a-message`, a tone, the recording, the prompt `thank-you`.

        It ends with `#`, after `silence_s` of silence or `longest_s`, or when the caller hangs up, as most do: then
        the message is kept all the same. `box`: by what messages are sorted; letters, digits, - and _.
        """
        result = await self.record_message("leave-a-message", box=box, longest_s=longest_s, silence_s=silence_s)
        if isinstance(result, MessageTaken):
            await self.play("thank-you")
        return result

    async def record_message(
        self,
        *prompts: str | Value | Text,
        box: str = "general",
        longest_s: int = LONGEST_S,
        silence_s: int = SILENCE_S,
        ends_with: str = "#",
        review: str = "",
        keep: str = "1",
        again: str = "2",
        discard: str = "3",
        takes: int = 3,
    ) -> MessageResult:
        """Record what the caller says after the prompts and a tone: MessageTaken(message, ms), or NoMessage(reason).

        It ends with the key `ends_with` (`#`, `*`, "any", or "" for none), after `silence_s` of silence (0: none ends
        it) or `longest_s`, an hour at most; or when the caller hangs up: then it is kept all the same.

        `review`: a prompt that asks what shall become of it, by the keys `keep`, `again` (it is recorded anew, `takes`
        times in all) and `discard` (NoMessage("discarded")). Who presses nothing, or hangs up, has it kept.

            await call.record_message("say-your-name", box="sales", longest_s=20, review="keep-1-again-2-discard-3")
        """
        if not BOX.fullmatch(box):
            raise ProgramError("bad-box", f"{box!r} is no name of a box: letters, digits, - and _, at most 40")
        if ends_with not in END_KEYS or not 1 <= longest_s <= MESSAGE_LONGEST_S or silence_s < 0 or takes < 1:
            sentence = f"ends_with is one of {END_KEYS}, longest_s 1 to {MESSAGE_LONGEST_S}, silence_s not below 0"
            raise ProgramError("bad-recording", f"{sentence}; given: {ends_with!r}, {longest_s}, {silence_s}")
        ways = keep + again + discard
        if review and (not keep or not set(ways) <= set(KEYS) or len(set(ways)) < len(ways)):
            sentence = f"keep, again and discard are different keys of {KEYS}, and keep is not empty"
            raise ProgramError("bad-review", f"{sentence}; given: {keep!r}, {again!r}, {discard!r}")
        for take in range(takes):
            await self.play(*prompts)
            result = await Step(TakeMessage(box, longest_s * 1000, silence_s * 1000, ends_with))
            if not isinstance(result, MessageTaken | NoMessage):
                raise ProgramError("message-failed", f"the recording gave {result!r}")
            if not review or isinstance(result, NoMessage):
                return result
            keys = keep + discard + (again if take + 1 < takes else "")
            match await self.gather(review, pattern=f"[{re.escape(keys)}]", tries=2, fresh=True):
                case Pressed(key) if key in again:
                    await Step(DropMessage(result.message))
                case Pressed(key) if key in discard:
                    await Step(DropMessage(result.message))
                    return NoMessage(DISCARDED)
                case _:
                    return result
        raise AssertionError("the last take is kept or discarded")
