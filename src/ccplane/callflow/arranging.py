"""Arranging a callback: the chapter of `Call` that asks a caller where and when they are to be called back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from ccplane.callflow.pressing import Pressing
from ccplane.callflow.saying import Date, Digits, Text, Time, Value
from ccplane.callflow.step import Step
from ccplane.callflow.waiting import Waiting
from ccplane.contacts.arranging import Awaited, DropCallback, FindCallback, FindWindows, JudgeNumber, Windows
from ccplane.contacts.verbs import AskCallback, NotPromised, Pressed, Promised, Refused
from ccplane.errors import ProgramError
from ccplane.ids import CallbackId, QueueName
from ccplane.routing.patterns import is_withheld

WINDOWS_MOST: Final = 5
WINDOW_LEAST_S, WINDOW_MOST_S = 1_800, 43_200
NUMBER_LONGEST: Final = 20
NO_NUMBER: Final = "no-number"
Part = str | Value | Text

WORDS: Final = {
    "callback-there": {
        "en": "We have promised to call you back. To leave it so, press 1; to change it, 2; to cancel it, 3.",
        "zh-CN": "我们已承诺给您回电。保留请按1，更改请按2，取消请按3。",
    },
    "callback-number": {"en": "We call you back at", "zh-CN": "我们将拨打"},
    "callback-right": {
        "en": "If that is right, press 1. For another number, press 2.",
        "zh-CN": "正确请按1，更换号码请按2。",
    },
    "callback-key-number": {
        "en": "Please enter the number at which we can reach you, and then the hash key.",
        "zh-CN": "请输入您的回电号码，按井号键结束。",
    },
    "callback-not-this-number": {"en": "We can't call that number.", "zh-CN": "无法给此号码回电。"},
    "callback-soon": {"en": "As soon as it is your turn: press 1.", "zh-CN": "轮到您时立即回电，请按1。"},
    "callback-between": {"en": "Between", "zh-CN": "回电时间为"},
    "callback-and": {"en": "and", "zh-CN": "至"},
    "callback-press": {"en": "press", "zh-CN": "请按"},
    "callback-promised": {"en": "Thank you. We call you back.", "zh-CN": "谢谢，我们会给您回电。"},
    "callback-cancelled": {"en": "It is cancelled.", "zh-CN": "已取消。"},
    "callback-not-promised": {"en": "Sorry, we can't promise that just now.", "zh-CN": "对不起，目前无法承诺回电。"},
}
"""What is said where ivr/prompts.toml has no prompt of that name."""


class Kept(msgspec.Struct, frozen=True):
    """They were promised a callback before, and leave it as it is."""

    callback: CallbackId


class Cancelled(msgspec.Struct, frozen=True):
    """They were promised a callback before, and need none any more."""

    callback: CallbackId


Arranged = Promised | NotPromised | Kept | Cancelled


class Arranging(Pressing, Waiting):
    """The verb that arranges a callback."""

    async def arrange_callback(
        self, queue: str | None, *, windows: int = 3, window_s: int = 7_200, tries: int = 3
    ) -> Arranged:
        """Agree with the caller to call them back: at which number, and when.

        The number that they show is said, and they may key another; what the site may not call is refused at once. They
        may be called as soon as it is their turn, with the clock of their last wait, or in one of the next `windows` (0
        to 5) stretches of `window_s` seconds within the queue's hours. Who was promised a callback already, and calls
        again, may leave, change or cancel it: it stands until another is asked for.

        Promised() once Postgres has it, and that was said; NotPromised(why) as `callback`, or `no-number` where none
        was keyed in `tries`; Kept() or Cancelled() of one promised before. The words are ours, in English and Chinese,
        where ivr/prompts.toml has none of the same names (`callback-…`).

            match await call.arrange_callback("support"):
                case NotPromised():
                    await call.queue("support")
        """
        if queue not in self.site.rules.queues:
            known = ", ".join(self.site.rules.queues)
            raise ProgramError("no-such-queue", f"there is no queue {queue!r}; acd/queues.toml has {known}")
        if not 0 <= windows <= WINDOWS_MOST or not WINDOW_LEAST_S <= window_s <= WINDOW_MOST_S or tries < 1:
            sentence = f"windows is 0 to {WINDOWS_MOST}, window_s {WINDOW_LEAST_S} to {WINDOW_MOST_S}, tries at least 1"
            raise ProgramError("bad-callback", f"{sentence}; given: {windows}, {window_s}, {tries}")
        before = await self._promised_before()
        if before is not None:
            match await self._leave_change_or_cancel():
                case "leave":
                    return Kept(before.callback)
                case "cancel" if await self._dropped(before):
                    await self.play(self._words("callback-cancelled"))
                    return Cancelled(before.callback)
                case "cancel":
                    return Kept(before.callback)
                case "change":
                    pass
        number = await self._agreed_number(QueueName(queue), tries)
        if number is None:
            return NotPromised(NO_NUMBER) if before is None else Kept(before.callback)
        window = await self._agreed_time(QueueName(queue), windows, window_s) if windows else None
        if before is not None and not await self._dropped(before):
            return Kept(before.callback)
        not_before, until = window or (None, None)
        since = None if before is None else before.since
        result = await Step(AskCallback(QueueName(queue), number, since, not_before, until))
        if isinstance(result, Promised):
            await self.play(self._words("callback-promised"), *(self._between(*window) if window else ()))
            return result
        await self.play(self._words("callback-not-promised"))
        return result if isinstance(result, NotPromised) else NotPromised("database-away")

    # --- what was promised before -------------------------------------------------------------------------------

    async def _promised_before(self) -> Awaited | None:
        if is_withheld(self.caller):
            return None
        found = await Step(FindCallback(self.caller))
        return found if isinstance(found, Awaited) else None

    async def _leave_change_or_cancel(self) -> Literal["leave", "change", "cancel"]:
        """Who presses nothing leaves it."""
        match await self.gather(self._words("callback-there"), pattern="[123]", tries=2, wrong_tries=3):
            case Pressed("2"):
                return "change"
            case Pressed("3"):
                return "cancel"
            case _:
                return "leave"

    async def _dropped(self, before: Awaited) -> bool:
        """Not one who is being called this very moment."""
        return not isinstance(await Step(DropCallback(before.callback)), Refused)

    # --- where -----------------------------------------------------------------------------------------------------

    async def _agreed_number(self, queue: QueueName, tries: int) -> str | None:
        shown = "" if is_withheld(self.caller) else self.caller
        if shown and await self._may_be_called(shown, queue) and await self._is_right(shown):
            return shown
        for _ in range(tries):
            asked = self._words("callback-key-number")
            keyed = await self.gather(
                asked, shortest=3, longest=NUMBER_LONGEST, ends_with="#", pattern="[0-9]+", tries=2
            )
            if not isinstance(keyed, Pressed):
                return None
            if not await self._may_be_called(keyed.keys, queue):
                await self.play(self._words("callback-not-this-number"))
            elif await self._is_right(keyed.keys):
                return keyed.keys
        return None

    async def _may_be_called(self, number: str, queue: QueueName) -> bool:
        return not isinstance(await Step(JudgeNumber(number, queue)), Refused)

    async def _is_right(self, number: str) -> bool:
        """Who presses nothing agrees: the number was said."""
        digits = Digits(number.removeprefix("+"))
        words = (self._words("callback-number"), digits, self._words("callback-right"))
        answer = await self.gather(*words, pattern="[12]", tries=2, wrong_tries=3)
        return answer != Pressed("2")

    # --- when ------------------------------------------------------------------------------------------------------

    async def _agreed_time(self, queue: QueueName, count: int, length_s: int) -> tuple[int, int] | None:
        """None: as soon as it is their turn; so is it for who presses nothing."""
        found = await Step(FindWindows(queue, length_s * 1000, count))
        times = found.times if isinstance(found, Windows) else ()
        if not times:
            return None
        words: list[Part] = [self._words("callback-soon")]
        for place, window in enumerate(times, 2):
            words += [*self._between(*window), self._words("callback-press"), Digits(str(place))]
        keys = "".join(str(key) for key in range(1, len(times) + 2))
        match await self.gather(*words, pattern=f"[{keys}]", tries=2, wrong_tries=3):
            case Pressed(key) if key != "1":
                return times[int(key) - 2]
            case _:
                return None

    def _between(self, begins: int, ends: int) -> tuple[Part, ...]:
        """In words, with the day if it is another than today."""
        first, last = self._clock(begins), self._clock(ends)
        day = () if first.date() == self.arrived.date() else (Date(first.date()),)
        return (self._words("callback-between"), *day, Time(first), self._words("callback-and"), Time(last))

    def _clock(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(self.site.rules.timezone))

    def _words(self, name: str) -> str | Text:
        """The site's own prompt of this name, else our words."""
        return name if name in self.site.prompts else Text(WORDS[name].get(self.language, WORDS[name]["en"]))
