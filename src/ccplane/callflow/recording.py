"""What a caller says: the chapter of `Call` that records messages."""

from __future__ import annotations

import re
from typing import Final

from ccplane.callflow.asking import GatherResult, Question
from ccplane.callflow.pressing import Pressing
from ccplane.callflow.said import Said
from ccplane.callflow.saying import Text, Value
from ccplane.callflow.step import Step
from ccplane.contacts.owed import BOX_FULL
from ccplane.contacts.verbs import (
    KEYS,
    DropMessage,
    LookAtBox,
    MessageResult,
    MessageTaken,
    NoMessage,
    Pressed,
    TakeMessage,
)
from ccplane.errors import ProgramError
from ccplane.ids import MessageId, review_of
from ccplane.site.box import BoxRule

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
        self, box: str = "general", *, longest_s: int | None = None, silence_s: int | None = None
    ) -> MessageResult:
        """Let the caller leave a message: a greeting, a tone, the recording, thanks. MessageTaken(message, ms), or
        NoMessage(reason).

        `box`: one of acd/voicemail.toml, which says what is heard there, how long a message may be, who answers it and
        until when; the id of an agent is their own. In one that does not stand there messages are just kept: letters,
        digits, - and _. A box with too many unanswered messages takes no more: its prompt `full`, and
        NoMessage("box-full").

        It ends with `#`, after `silence_s` of silence or `longest_s`, or when the caller hangs up, as most do: then
        the message is kept all the same.
        """
        rule = self.site.box(box)
        if box in self.site.boxes or box.isdigit():
            full = await Step(LookAtBox(box))
            if isinstance(full, NoMessage):
                return await self._full(rule, full)
        result = await self.record_message(
            *filter(None, (rule.greeting,)),
            box=box,
            longest_s=rule.longest_s if longest_s is None else longest_s,
            silence_s=rule.silence_s if silence_s is None else silence_s,
            review=rule.review,
        )
        match result:
            case MessageTaken() if rule.thanks:
                await self.play(rule.thanks)
            case NoMessage(reason) if reason == BOX_FULL:
                return await self._full(rule, result)
        return result

    async def _full(self, rule: BoxRule, result: NoMessage) -> MessageResult:
        if rule.full:
            await self.play(rule.full)
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
        listen: str = "4",
        takes: int = 3,
    ) -> MessageResult:
        """Record what the caller says after the prompts and a tone: MessageTaken(message, ms), or NoMessage(reason).

        It ends with the key `ends_with` (`#`, `*`, "any", or "" for none), after `silence_s` of silence (0: none ends
        it) or `longest_s`, an hour at most; or when the caller hangs up: then it is kept all the same.

        `review`: a prompt that asks what shall become of it, by the keys `keep`, `again` (it is recorded anew, `takes`
        times in all), `discard` (NoMessage("discarded")) and `listen` (they hear it, and are asked again). Who presses
        nothing, or hangs up, has it kept.

            await call.record_message("say-your-name", box="sales", longest_s=20, review="keep-1-again-2-discard-3")
        """
        if not BOX.fullmatch(box):
            raise ProgramError("bad-box", f"{box!r} is no name of a box: letters, digits, - and _, at most 40")
        if ends_with not in END_KEYS or not 1 <= longest_s <= MESSAGE_LONGEST_S or silence_s < 0 or takes < 1:
            sentence = f"ends_with is one of {END_KEYS}, longest_s 1 to {MESSAGE_LONGEST_S}, silence_s not below 0"
            raise ProgramError("bad-recording", f"{sentence}; given: {ends_with!r}, {longest_s}, {silence_s}")
        ways = keep + again + discard + listen
        if review and (not keep or not set(ways) <= set(KEYS) or len(set(ways)) < len(ways)):
            sentence = f"keep, again, discard and listen are different keys of {KEYS}, and keep is not empty"
            raise ProgramError("bad-review", f"{sentence}; given: {keep!r}, {again!r}, {discard!r}, {listen!r}")
        for take in range(takes):
            await self.play(*prompts)
            heard = bool(review and listen)
            result = await Step(TakeMessage(box, longest_s * 1000, silence_s * 1000, ends_with, heard))
            if not isinstance(result, MessageTaken | NoMessage):
                raise ProgramError("message-failed", f"the recording gave {result!r}")
            if not review or isinstance(result, NoMessage):
                return result
            keys = keep + discard + (again if take + 1 < takes else "")
            match await self._reviewed(result.message, review, keys, listen):
                case Pressed(key) if key in again:
                    await Step(DropMessage(result.message))
                case Pressed(key) if key in discard:
                    await Step(DropMessage(result.message))
                    return NoMessage(DISCARDED)
                case _:
                    return result
        raise AssertionError("the last take is kept or discarded")

    async def _reviewed(self, message: MessageId, review: str, keys: str, listen: str) -> GatherResult:
        """What they want done with it, having heard it as often as they like."""
        question = Question(pattern=f"[{re.escape(keys + listen)}]", tries=2, wrong_tries=2, fresh=True)
        asked = self._said(review)
        played = Said((f"recording:{review_of(message)}", *asked.sounds), asked.sounds, asked.texts)
        answer = await question.ask(asked)
        while isinstance(answer, Pressed) and answer.keys in listen:
            answer = await question.ask(played)
        return answer
