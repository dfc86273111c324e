"""What a program awaits. Each verb is one step in the contact's journal, and nothing else may be awaited.

A program is driven by hand, without an event loop: a verb suspends it, the verb's result resumes it. So it has no
clock, no chance and no network but by verbs, and running it again over its journal leads to the same place (DESIGN §4).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final, Literal, Never

from ccplane.contacts.contact import Contact
from ccplane.contacts.verbs import (
    Answer,
    AskPin,
    Connect,
    ConnectResult,
    Done,
    EnterQueue,
    Gather,
    HangUp,
    Here,
    LookHere,
    NoAgents,
    NoInput,
    NotAllowed,
    NotReached,
    Play,
    Pressed,
    Proven,
    QueueResult,
    Refused,
    Result,
    Served,
    SetIntent,
    Talked,
    TimedOut,
    Verb,
)
from ccplane.errors import ProgramError
from ccplane.ids import AgentId, ContactId, QueueName
from ccplane.routing.rules import Number
from ccplane.site import MenuEntry, Site


class CallerGone(BaseException):
    """The caller hung up. Raised at the awaited verb and absorbed by the runner; `finally` blocks run, verbs do not."""


class Step:
    """One verb on its way to the runner."""

    def __init__(self, verb: Verb) -> None:
        self._verb = verb

    def __await__(self) -> Generator[Verb, Result, Result]:
        return (yield self._verb)


ID_LONGEST: Final = 10


def _settled(result: Result) -> Done | Refused:
    return result if isinstance(result, Done | Refused) else Refused("not-done")


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

    async def here(self) -> Here | None:
        """The seat of ours that the call comes from, whose it is and who sits there now; None for any other caller."""
        found = await Step(LookHere())
        return found if isinstance(found, Here) else None

    async def ask_agent(self, *prompts: str, timeout_s: float = 8.0) -> AgentId | None:
        """Ask for an agent's id, ended with `#`; None if nothing comes for so long, or `*`. It may be nobody's."""
        sounds = tuple(self.site.sound(prompt, self.language) for prompt in prompts)
        keys = ""
        while len(keys) < ID_LONGEST:
            match await Step(Gather(sounds, round(timeout_s * 1000))):
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

    async def queue(self, name: str | None) -> QueueResult:
        """Wait for an agent and talk. Returns when the talk is over or the waiting is; see QueueResult."""
        if name not in self.site.rules.queues:
            known = ", ".join(self.site.rules.queues)
            raise ProgramError("no-such-queue", f"there is no queue {name!r}; acd/queues.toml has {known}")
        result = await Step(EnterQueue(QueueName(name)))
        if not isinstance(result, Served | NoAgents | TimedOut):
            raise ProgramError("queue-failed", f"the queue gave {result!r}")
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

    async def hang_up(self, cause: int = 16) -> Never:
        """End the call. `cause`: Q.850. Never returns: the program ends here."""
        await Step(HangUp(cause))
        raise CallerGone
