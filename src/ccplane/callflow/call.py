"""What a program awaits. Each verb is one step in the contact's journal, and nothing else may be awaited.

A program is driven by hand, without an event loop: a verb suspends it, the verb's result resumes it. So it has no
clock, no chance and no network but by verbs, and running it again over its journal leads to the same place (DESIGN §4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Literal, Never
from zoneinfo import ZoneInfo

from ccplane.callflow.asking import Confirmation, GatherResult, No, Question, Unanswered, Yes
from ccplane.callflow.loader import load
from ccplane.callflow.said import NOTHING, Said, prompted, said
from ccplane.callflow.saying import Text, Value
from ccplane.callflow.step import Step
from ccplane.contacts.announce import Announce, way_of
from ccplane.contacts.contact import Contact
from ccplane.contacts.verbs import (
    KEYS,
    Answer,
    AskCallback,
    AskPin,
    CallbackResult,
    Choose,
    Closed,
    Connect,
    ConnectResult,
    Done,
    DropMessage,
    EnterQueue,
    Failed,
    Gather,
    HangUp,
    Here,
    Hold,
    HoursResult,
    LookHere,
    LookHours,
    MarkServed,
    MessageResult,
    MessageTaken,
    NoInput,
    NoMessage,
    NotAllowed,
    NotPromised,
    NotReached,
    Open,
    Play,
    Pressed,
    Promised,
    Proven,
    QueueResult,
    Refused,
    Result,
    Ring,
    SetData,
    SetIntent,
    SetLanguage,
    TakeMessage,
    Talked,
)
from ccplane.errors import ProgramError
from ccplane.ids import AgentId, ContactId, ProgramName, QueueName
from ccplane.routing.rules import Number
from ccplane.site import Menu, MenuEntry, Prompt, Site
from ccplane.site.site import BACK, LANGUAGES, REPEAT

ROUNDS: Final = 25
"""Menus that are heard at most, one after the other: then whoever goes round and round is sent on."""

DEEPEST: Final = 8
"""Programs that may run one within the other."""

REFUSE_WITHIN_MS: Final = 1_500
"""How long a caller may still refuse to be recorded once the words are over: everybody waits for so long."""
LONGEST_S: Final = 180
SILENCE_S: Final = 5
BOX: Final = re.compile(r"\w[\w-]{0,39}")


class CallerGone(BaseException):
    """The caller hung up. Raised at the awaited verb and absorbed by the runner; `finally` blocks run, verbs do not."""


RING_LONGEST_S: Final = 60
HOLD_LONGEST_S: Final = 3_600
END_KEYS: Final = ("#", "*", "any", "")
DISCARDED: Final = "discarded"
"""Why there is no message that the caller did not want to leave."""


def _ms(verb: str, seconds: float, longest: int) -> int:
    if not 0 < seconds <= longest:
        raise ProgramError("bad-time", f"{verb} lasts more than 0 and at most {longest} seconds; given: {seconds!r}")
    return round(seconds * 1000)


DAY_S: Final = 86_400
HOUR_S: Final = 3_600
EVERY_LEAST_S: Final = 10
ID_LONGEST: Final = 10


def _settled(result: Result) -> Done | Refused:
    return result if isinstance(result, Done | Refused) else Refused("not-done")


class WhileWaiting:
    """`async with call.while_waiting(…):`; after the block it is as it was before."""

    def __init__(self, call: Call, plan: Announce) -> None:
        self._call, self._plan = call, plan

    async def __aenter__(self) -> None:
        self._before, self._call._announcing = self._call._announcing, self._plan

    async def __aexit__(self, *_: object) -> None:
        self._call._announcing = self._before


class Call:
    """One contact, as its program sees it."""

    def __init__(self, contact: Contact, site: Site) -> None:
        self.id: ContactId = contact.id
        self.caller = contact.caller
        self.caller_name = contact.caller_name
        self.language = contact.began_in or contact.language
        """What the caller is spoken to in; `set_language` changes it."""
        self.arrived_at = contact.arrived_at
        """ms since 1970, UTC."""
        self.number: Number = site.number(contact.number_dialled)
        self.attribution = contact.attribution
        """The advertisement that the number dialled stands for, or ""."""
        self.site = site
        self._consent, self._direction = contact.consent_before, contact.direction
        self._announcing: Announce | None = None
        self.device = contact.device
        """The phone of ours that this call came from; None for a caller from outside."""
        self._depth = 0

    @property
    def arrived(self) -> datetime:
        """When they called, by the site's time zone: what `Date` and `Time` say."""
        return datetime.fromtimestamp(self.arrived_at / 1000, UTC).astimezone(ZoneInfo(self.site.rules.timezone))

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

    async def served(self) -> None:
        """Say that the caller has what they wanted: who then never enters a queue has served themselves, and is counted
        so.

            await call.served()
        """
        await Step(MarkServed())

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

    def _said(self, *parts: str | Value | Text) -> Said:
        return said(self.site, self.language, *parts)

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

    async def run(self, program: str, **given: Any) -> Any:
        """Run another program of ari_apps/ in this call, and give what it returns. `given`: what its `main` takes
        beside the call, each with a default there. Eight programs deep at most: ProgramError "too-deep".

            await call.run("voicemail")
        """
        if self._depth >= DEEPEST:
            raise ProgramError("too-deep", f"{program!r} would be the {DEEPEST + 1}th program within another")
        main = load(self.site, ProgramName(program))
        self._depth += 1
        try:
            return await main(self, **given)
        finally:
            self._depth -= 1

    async def set_language(self, language: str) -> None:
        """Speak to the caller in this language from here on: prompts, menus, and Asterisk's own sounds."""
        if language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            raise ProgramError("no-such-language", f"there is no language {language!r}; prompts are spoken in {known}")
        await Step(SetLanguage(language))
        self.language = language

    async def set_data(self, name: str, value: str) -> None:
        """Note something for the agent who takes the call, and for the record: at most 20 names of 40 characters,
        with values of 200. What is longer is cut off; too many names are a ProgramError.

            await call.set_data("order", order)
        """
        result = await Step(SetData(name, value))
        if isinstance(result, Failed):
            raise ProgramError("too-much-data", f"{name!r} cannot be noted: {result.reason}")

    async def hours(self, name: str) -> HoursResult:
        """Whether hours of ivr/hours.toml are open now, and why: Open(closes_at, reason), or Closed(reason, opens_at),
        in ms since 1970 UTC; `opens_at` None: never. ProgramError if there are none of that name.

            match await call.hours("main"):
                case Closed(reason):
                    await call.set_data("closed", reason)
        """
        self.site.hours(name)
        result = await Step(LookHours(name))
        return result if isinstance(result, Open | Closed) else Closed()

    async def here(self) -> Here | None:
        """The seat of ours that the call comes from, whose it is and who sits there now; None for any other caller."""
        found = await Step(LookHere())
        return found if isinstance(found, Here) else None

    async def ask_agent(self, *prompts: str, timeout_s: float = 8.0, fresh: bool = False) -> AgentId | None:
        """Ask for an agent's id, ended with `#`; None if nothing comes for so long, or `*`. It may be nobody's.

        `fresh`: what was pressed before is forgotten, as after a PIN that was not one.
        """
        sounds = tuple(self.site.sound(prompt, self.language) for prompt in prompts)
        keys = ""
        while len(keys) < ID_LONGEST:
            match await Step(Gather(sounds, round(timeout_s * 1000), fresh=fresh and not keys)):
                case Pressed("#"):
                    break
                case Pressed(key) if key.isdigit():
                    keys, sounds = keys + key, ()
                case _:
                    return None
        return AgentId(keys) if keys else None

    async def ask_pin(self, prompt: str, agent: AgentId, timeout_s: float = 30.0) -> Proven | Refused | NoInput:
        """Ask for the agent's PIN, and whether it is theirs: `Refused.why` is `wrong-pin` or `pin-locked`, as for an id
        that is nobody's. The digits themselves are not to be had."""
        result = await Step(AskPin(agent, (self.site.sound(prompt, self.language),), round(timeout_s * 1000)))
        return result if isinstance(result, Proven | Refused) else NoInput()

    async def sign_in(self, agent: AgentId) -> Done | Refused:
        """Let the agent sit where the call comes from, ready. `Refused.why`: no-such-seat, seat-not-yours, seat-taken,
        agent-busy (with a call, elsewhere)."""
        return _settled(await Step(SetIntent(agent, "ready", sit=True)))

    async def set_state(
        self, agent: AgentId, state: Literal["ready", "paused", "offline"], reason: str = ""
    ) -> Done | Refused:
        """Set what an agent wants, wherever they sit. It shows once their present work allows."""
        return _settled(await Step(SetIntent(agent, state, reason)))

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
        return result

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

    async def _announce(self, queue: QueueName) -> None:
        """Say that talks are recorded, once a contact, where the policy wants it; a key may refuse.

        Any other key cuts the words off: then they are said again, in full, and may be refused again. Whoever could
        not hear them was not told, and is not recorded.
        """
        rule = self.site.rules.recording.rule(self._direction, queue, self.number.number)
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
        if ends_with not in END_KEYS or not 1 <= longest_s <= HOLD_LONGEST_S or silence_s < 0 or takes < 1:
            sentence = f"ends_with is one of {END_KEYS}, longest_s 1 to {HOLD_LONGEST_S}, silence_s not below 0"
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

    async def hang_up(self, cause: int = 16) -> Never:
        """End the call. `cause`: Q.850. Never returns: the program ends here."""
        await Step(HangUp(cause))
        raise CallerGone
