"""Waiting for a person, now or later: the chapter of `Call` that leads to agents."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ccplane.callflow.caller import Caller
from ccplane.callflow.step import Step
from ccplane.contacts.announce import Announce, way_of
from ccplane.contacts.verbs import (
    KEYS,
    AskCallback,
    CallbackResult,
    Connect,
    ConnectResult,
    EnterQueue,
    Failed,
    Gather,
    NotAllowed,
    NotPromised,
    NotReached,
    Play,
    Pressed,
    Promised,
    QueueResult,
    Served,
    Talked,
)
from ccplane.errors import ProgramError
from ccplane.ids import QueueName

REFUSE_WITHIN_MS: Final = 1_500
"""How long a caller may still refuse to be recorded once the words are over: everybody waits for so long."""

DAY_S: Final = 86_400
HOUR_S: Final = 3_600
EVERY_LEAST_S: Final = 10


class WhileWaiting:
    """`async with call.while_waiting(…):`; after the block it is as it was before."""

    def __init__(self, call: Waiting, plan: Announce) -> None:
        self._call, self._plan = call, plan

    async def __aenter__(self) -> None:
        self._before, self._call._announcing = self._call._announcing, self._plan

    async def __aexit__(self, *_: object) -> None:
        self._call._announcing = self._before


class Waiting(Caller):
    """The verbs that bring a caller to somebody."""

    async def queue(
        self, name: str | None, *, credit_s: int = 0, callback_key: str = "", callback_number: str | None = None
    ) -> QueueResult:
        """Wait for an agent and talk. Returns when the talk is over or the waiting is; see QueueResult.

        `credit_s`: the caller's priority, counted as so many seconds waited already; ProgramError beyond a day.
        `callback_key`: who presses it while they wait is called back, at `callback_number` or else theirs, when their
        turn comes: Promised, once Postgres has it. Where that can't be they wait on. What they hear meanwhile, and
        which other keys lead out of it, the queue's file says, or `while_waiting`.
        """
        if callback_key and callback_key not in tuple(KEYS):
            raise ProgramError("bad-key", f"{callback_key!r} is no key: one of {KEYS}")
        if name not in self.site.rules.queues:
            known = ", ".join(self.site.rules.queues)
            raise ProgramError("no-such-queue", f"there is no queue {name!r}; acd/queues.toml has {known}")
        if not -DAY_S <= credit_s <= DAY_S:
            raise ProgramError("bad-credit", f"credit_s is {credit_s!r}; at most a day, in seconds: {DAY_S}")
        await self._announce(QueueName(name))
        number = (self.caller if callback_number is None else callback_number) if callback_key else ""
        entering = EnterQueue(
            QueueName(name),
            self._consent,
            credit_s,
            callback_key=callback_key,
            callback_number=number,
            announce=self._announcing,
        )
        result = await Step(entering)
        if not isinstance(result, QueueResult):
            raise ProgramError("queue-failed", f"the queue gave {result!r}")
        if isinstance(result, Served):
            await self._after_talk(QueueName(name))
        return result

    async def _after_talk(self, queue: QueueName) -> None:
        """What the queue asks of its callers once they have talked."""

    def while_waiting(
        self,
        *messages: str,
        first_s: float = 15.0,
        every_s: float = 45.0,
        position: bool = False,
        estimate: bool = False,
        keys: Mapping[str, str] = MappingProxyType({}),
    ) -> WhileWaiting:
        """What callers hear, and what their keys do, while a queue within this block keeps them waiting, in place of
        what the queue's file says.

        `messages`: prompts, one each time, in turn; `position`, `estimate`: their place in the line, and how long it
        will take. First after `first_s`, then every `every_s` (10 s to an hour). `keys`: "callback", "queue:NAME" (with
        the clock that they have), or a name that comes back as LeftByKey. An agent who picks up is never kept waiting
        for the end of it. ProgramError `bad-announcement` if any of it is not so.

            async with call.while_waiting("all-busy", estimate=True, keys={"1": "callback", "2": "voicemail"}):
                match await call.queue("support"):
                    case LeftByKey(name="voicemail"):
                        await call.voicemail()
        """
        wrong = [key for key in keys if key not in tuple(KEYS)]
        if wrong or not 0 <= first_s <= HOUR_S or not EVERY_LEAST_S <= every_s <= HOUR_S:
            sentence = (
                f"keys are of {KEYS}, first_s is 0 to {HOUR_S}, every_s {EVERY_LEAST_S} to {HOUR_S}; "
                f"given: {', '.join(wrong)!r}, {first_s}, {every_s}"
            )
            raise ProgramError("bad-announcement", sentence)
        ways = {key: way_of(said) for key, said in keys.items()}
        if nowhere := [way.queue for way in ways.values() if way.queue and way.queue not in self.site.rules.queues]:
            known = ", ".join(self.site.rules.queues)
            raise ProgramError("no-such-queue", f"there is no queue {nowhere[0]!r}; acd/queues.toml has {known}")
        sounds = tuple({self.language: self.site.sound(each, self.language)} for each in messages)
        first, every = round(first_s * 1000), round(every_s * 1000)
        plan = Announce(
            first_ms=first, every_ms=every, position=position, estimate=estimate, messages=sounds, keys=ways
        )
        return WhileWaiting(self, plan)

    async def _announce(self, queue: QueueName | None, number: str = "") -> None:
        """Say that talks are recorded, once a contact, where the policy wants it; a key may refuse.

        Any other key cuts the words off: then they are said again, in full, and may be refused again. Whoever could
        not hear them was not told, and is not recorded. `number`: that of the talk, where it is not the one dialled.
        """
        rule = self.site.rules.recording.rule(self._direction, queue, number or self.number.number)
        if self._consent is not None or not rule.record or not rule.consent:
            return
        words = (self.site.sound(rule.consent, self.language),)
        if not rule.refuse:
            said = await Step(Play(words))
        else:
            said = await Step(Gather(words, REFUSE_WITHIN_MS))
            if isinstance(said, Pressed) and said.keys != rule.refuse:
                said = await Step(Gather(words, REFUSE_WITHIN_MS, barge_in=False, fresh=True))
        if not isinstance(said, Failed):
            self._consent = not (isinstance(said, Pressed) and said.keys == rule.refuse)

    async def callback(self, queue: str | None, number: str | None = None) -> CallbackResult:
        """Promise the caller to be called back, at `number` or else theirs, when their turn comes in the queue, with
        the clock of their last stay in one. Promised() only once Postgres has it; NotPromised(why) within seconds
        otherwise: `database-away`, `do-not-call`, `already-promised`, `not-offered` (no acd/callbacks.toml),
        `not-allowed-prefix` …

            match await call.callback("support"):
                case Promised():
                    await call.play("we-call-you-back")
        """
        if queue not in self.site.rules.queues:
            known = ", ".join(self.site.rules.queues)
            raise ProgramError("no-such-queue", f"there is no queue {queue!r}; acd/queues.toml has {known}")
        result = await Step(AskCallback(QueueName(queue), self.caller if number is None else number))
        if not isinstance(result, Promised | NotPromised):
            raise ProgramError("callback-failed", f"the callback gave {result!r}")
        return result

    async def connect(self, number: str | None = None) -> ConnectResult:
        """Of an agent's own call: call somebody and let them talk. `number`: the one that was dialled, unless given.

        ProgramError "not-our-phone" where the call did not come from a phone of ours.
        """
        if self.device is None:
            raise ProgramError("not-our-phone", "only a call from a phone of ours can be connected to somebody")
        result = await Step(Connect(self.number.number if number is None else number))
        if not isinstance(result, Talked | NotReached | NotAllowed):
            raise ProgramError("connect-failed", f"the call gave {result!r}")
        return result
