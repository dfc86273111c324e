"""What a program awaits. Each verb is one step in the contact's journal, and nothing else may be awaited.

A program is driven by hand, without an event loop: a verb suspends it, the verb's result resumes it. So it has no
clock, no chance and no network but by verbs, and running it again over its journal leads to the same place (DESIGN §4).
"""

from __future__ import annotations

from typing import Any, Final, Never

from ccplane.callflow.arranging import Arranging
from ccplane.callflow.conferring import Conferring
from ccplane.callflow.faxing import Faxing
from ccplane.callflow.loader import load
from ccplane.callflow.looking import Looking
from ccplane.callflow.staff import Staff
from ccplane.callflow.step import Step
from ccplane.callflow.surveying import Surveying
from ccplane.contacts.verbs import (
    Closed,
    Failed,
    HangUp,
    HoursResult,
    LookHours,
    MarkServed,
    Open,
    SetData,
)
from ccplane.errors import ProgramError
from ccplane.ids import ProgramName

DEEPEST: Final = 8
"""Programs that may run one within the other."""


class CallerGone(BaseException):
    """The caller hung up. Raised at the awaited verb and absorbed by the runner; `finally` blocks run, verbs do not."""


class Call(Surveying, Faxing, Looking, Arranging, Conferring, Staff):
    """One contact, as its program sees it."""

    async def served(self) -> None:
        """Say that the caller has what they wanted: who then never enters a queue has served themselves, and is counted
        so.

            await call.served()
        """
        await Step(MarkServed())

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

    async def hang_up(self, cause: int = 16) -> Never:
        """End the call. `cause`: Q.850. Never returns: the program ends here."""
        await Step(HangUp(cause))
        raise CallerGone
