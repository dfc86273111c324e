"""Agents who call from a phone of ours: the chapter of `Call` that signs them in and sets their state."""

from __future__ import annotations

from typing import Final, Literal

from ccplane.callflow.caller import Caller
from ccplane.callflow.step import Step
from ccplane.contacts.verbs import (
    AskPin,
    Done,
    Gather,
    Here,
    LookHere,
    NoInput,
    Pressed,
    Proven,
    Refused,
    Result,
    SetIntent,
)
from ccplane.ids import AgentId

ID_LONGEST: Final = 10


def _settled(result: Result) -> Done | Refused:
    return result if isinstance(result, Done | Refused) else Refused("not-done")


class Staff(Caller):
    """The verbs of who works here."""

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
