"""What a program awaits. Each verb is one step in the contact's journal, and nothing else may be awaited.

A program is driven by hand, without an event loop: a verb suspends it, the verb's result resumes it. So it has no
clock, no chance and no network but by verbs, and running it again over its journal leads to the same place (DESIGN §4).
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Final, Never

from ccplane.contacts.contact import Contact
from ccplane.contacts.verbs import (
    Answer,
    Connect,
    ConnectResult,
    EnterQueue,
    Gather,
    HangUp,
    MessageResult,
    MessageTaken,
    NoAgents,
    NoMessage,
    NotAllowed,
    NotReached,
    Play,
    Pressed,
    QueueResult,
    Result,
    Served,
    TakeMessage,
    Talked,
    TimedOut,
    Verb,
)
from ccplane.errors import ProgramError
from ccplane.ids import ContactId, QueueName
from ccplane.routing.rules import Number
from ccplane.site import MenuEntry, Site

REFUSE_WITHIN_MS: Final = 1_500
"""How long a caller may still refuse to be recorded once the words are over: everybody waits for so long."""
LONGEST_S: Final = 180
SILENCE_S: Final = 5
BOX: Final = re.compile(r"\w[\w-]{0,39}")


class CallerGone(BaseException):
    """The caller hung up. Raised at the awaited verb and absorbed by the runner; `finally` blocks run, verbs do not."""


class Step:
    """One verb on its way to the runner."""

    def __init__(self, verb: Verb) -> None:
        self._verb = verb

    def __await__(self) -> Generator[Verb, Result, Result]:
        return (yield self._verb)


class Call:
    """One contact, as its program sees it."""

    def __init__(self, contact: Contact, site: Site) -> None:
        self.id: ContactId = contact.id
        self.caller = contact.caller
        self.caller_name = contact.caller_name
        self.language = contact.language
        self.arrived_at = contact.arrived_at
        """ms since 1970, UTC."""
        self.number: Number = site.number(contact.number_dialled)
        self.site = site
        self._consent, self._direction = contact.consent_before, contact.direction
        self.device = contact.device
        """The phone of ours that this call came from; None for a caller from outside."""

    async def answer(self) -> None:
        """Take the call. `play`, `menu` and `queue` do it by themselves where it is not done yet."""
        await Step(Answer())

    async def play(self, *prompts: str) -> None:
        """Play prompts, by their name in ivr/prompts.toml, or `sound:…` as it stands, one after the other."""
        await Step(Play(tuple(self.site.sound(prompt, self.language) for prompt in prompts)))

    async def menu(self, name: str) -> MenuEntry:
        """Ask what the caller wants, as ivr/NAME.toml says: so many tries, then the entry for no answer."""
        menu = self.site.menu(name)
        sounds: tuple[str, ...] = (menu.prompt.sound(self.language),)
        for _ in range(menu.tries):
            match await Step(Gather(sounds, menu.timeout_ms)):
                case Pressed(key) if key in menu.keys:
                    return menu.keys[key]
                case Pressed() if menu.invalid:
                    sounds = (menu.invalid.sound(self.language), menu.prompt.sound(self.language))
                case _:
                    sounds = (menu.prompt.sound(self.language),)
        return menu.fallback

    async def queue(self, name: str | None) -> QueueResult:
        """Wait for an agent and talk. Returns when the talk is over or the waiting is; see QueueResult."""
        if name not in self.site.rules.queues:
            known = ", ".join(self.site.rules.queues)
            raise ProgramError("no-such-queue", f"there is no queue {name!r}; acd/queues.toml has {known}")
        await self._announce(QueueName(name))
        result = await Step(EnterQueue(QueueName(name), self._consent))
        if not isinstance(result, Served | NoAgents | TimedOut):
            raise ProgramError("queue-failed", f"the queue gave {result!r}")
        return result

    async def _announce(self, queue: QueueName) -> None:
        """Say that talks are recorded, once a contact, where the policy wants it; a key may refuse.

        Any other key cuts the words off: then they are said again, in full.
        """
        rule = self.site.rules.recording.rule(self._direction, queue, self.number.number)
        if self._consent is not None or not rule.record or not rule.consent:
            return
        words = (self.site.sound(rule.consent, self.language),)
        if not rule.refuse:
            await Step(Play(words))
        else:
            pressed = await Step(Gather(words, REFUSE_WITHIN_MS))
            if pressed == Pressed(rule.refuse):
                self._consent = False
                return
            if isinstance(pressed, Pressed):
                await Step(Play(words))
        self._consent = True

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
        if not BOX.fullmatch(box):
            raise ProgramError("bad-box", f"{box!r} is no name of a box: letters, digits, - and _, at most 40")
        await self.play("leave-a-message")
        result = await Step(TakeMessage(box, longest_s * 1000, silence_s * 1000))
        if not isinstance(result, MessageTaken | NoMessage):
            raise ProgramError("message-failed", f"the recording gave {result!r}")
        if isinstance(result, MessageTaken):
            await self.play("thank-you")
        return result

    async def hang_up(self, cause: int = 16) -> Never:
        """End the call. `cause`: Q.850. Never returns: the program ends here."""
        await Step(HangUp(cause))
        raise CallerGone
