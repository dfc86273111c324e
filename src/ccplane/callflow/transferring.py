"""Putting callers through: the chapter of `Call` that brings them to one agent, to a queue, or to somebody outside."""

from __future__ import annotations

from typing import Final

from ccplane.callflow.step import Step
from ccplane.callflow.waiting import Waiting
from ccplane.contacts.verbs import Connect, ConnectResult, NotAllowed, NotReached, Talked
from ccplane.errors import ProgramError
from ccplane.routing.dialling import plain

LEAST_RING_S: Final = 5
MOST_RING_S: Final = 300


class Transferring(Waiting):
    """The verbs that put a caller through to whom the program names."""

    async def transfer(self, *, number: str, timeout_s: float | None = None, music: str = "") -> ConnectResult:
        """Put the caller through to a number outside, by the trunk and as the caller id of acd/dialling.toml. `allow`
        of its `[transfers]` has to name it, else nothing is dialled: NotAllowed(rule).

        `timeout_s`: how long it rings there, 5 to 300 s; else as that file says. `music`: a class of music that the
        caller hears meanwhile, in place of ringing. Talked(talk_ms) once the other has hung up, NotReached(why): busy,
        no-answer, rejected or unreachable. The caller is still on the line then.

            match await call.transfer(number="+862112345678"):
                case Talked():
                    await call.play("goodbye")
                case NotReached() | NotAllowed():
                    await call.voicemail()
        """
        if timeout_s is not None and not LEAST_RING_S <= timeout_s <= MOST_RING_S:
            sentence = f"timeout_s is {timeout_s!r}; {LEAST_RING_S} to {MOST_RING_S}, in seconds"
            raise ProgramError("bad-timeout", sentence)
        await self._announce(None, plain(self.site.rules.dialling, number))
        ring_ms = None if timeout_s is None else round(timeout_s * 1000)
        result = await Step(Connect(number, outside=True, ring_ms=ring_ms, music=music, consent=self._consent))
        if not isinstance(result, Talked | NotReached | NotAllowed):
            raise ProgramError("transfer-failed", f"the transfer gave {result!r}")
        return result
