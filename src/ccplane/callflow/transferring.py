"""Putting callers through: the chapter of `Call` that brings them to one agent, or to somebody outside."""

from __future__ import annotations

from typing import Final, overload

from ccplane.callflow.step import Step
from ccplane.callflow.waiting import HOUR_S, Waiting
from ccplane.contacts.announce import Announce
from ccplane.contacts.direct import Direct
from ccplane.contacts.verbs import (
    Connect,
    ConnectResult,
    DirectResult,
    EnterQueue,
    NotAllowed,
    NotReached,
    Served,
    Talked,
)
from ccplane.errors import ProgramError
from ccplane.ids import AgentId, QueueName
from ccplane.routing.dialling import plain

LEAST_RING_S: Final = 5
MOST_RING_S: Final = 300


class Transferring(Waiting):
    """The verbs that put a caller through to whom the program names."""

    @overload
    async def transfer(
        self, *, agent: str, queue: str | None = None, timeout_s: float | None = None, wait_s: float = 0.0
    ) -> DirectResult: ...

    @overload
    async def transfer(self, *, number: str, timeout_s: float | None = None, music: str = "") -> ConnectResult: ...

    async def transfer(
        self,
        *,
        agent: str = "",
        number: str = "",
        queue: str | None = None,
        timeout_s: float | None = None,
        wait_s: float = 0.0,
        music: str = "",
    ) -> DirectResult | ConnectResult:
        """Put the caller through to one agent, or to a number outside. (A queue is `queue`.)

        `agent`: their id. Their phone alone rings; the talk is one of `queue`, or else of the number's queue: by its
        ring time, wrap-up and recording, and in its figures. `wait_s`: how long the caller waits, with music, if the
        agent is busy, paused or unreachable; an hour at most. Served(agent) after the talk; NotReached(why): busy,
        paused, offline, unreachable, no-answer, rejected, no-such-agent.

        `number`: by the trunk and as the caller id of acd/dialling.toml. `allow` of its `[transfers]` has to name it,
        else nothing is dialled: NotAllowed(rule). `music`: a class of music that the caller hears meanwhile, in place
        of ringing. Talked(talk_ms) once the other has hung up, NotReached(why): busy, no-answer, rejected, unreachable.

        `timeout_s`: how long it rings, 5 to 300 s; else as the queue, or acd/dialling.toml, says.

            match await call.transfer(agent="1001", wait_s=30):
                case Served():
                    await call.play("goodbye")
                case NotReached(why):
                    await call.voicemail()
        """
        if bool(agent) is bool(number):
            raise ProgramError("bad-transfer", "a caller is put through to one: `agent`, or `number`")
        if timeout_s is not None and not LEAST_RING_S <= timeout_s <= MOST_RING_S:
            sentence = f"timeout_s is {timeout_s!r}; {LEAST_RING_S} to {MOST_RING_S}, in seconds"
            raise ProgramError("bad-timeout", sentence)
        ring_ms = None if timeout_s is None else round(timeout_s * 1000)
        if number:
            return await self._outside(number, ring_ms, music)
        if not 0 <= wait_s <= HOUR_S:
            raise ProgramError("bad-wait", f"wait_s is {wait_s!r}; 0 to {HOUR_S}, in seconds")
        return await self._to_agent(Direct(AgentId(agent), ring_ms, round(wait_s * 1000)), queue)

    async def _outside(self, number: str, ring_ms: int | None, music: str) -> ConnectResult:
        await self._announce(None, plain(self.site.rules.dialling, number))
        result = await Step(Connect(number, outside=True, ring_ms=ring_ms, music=music, consent=self._consent))
        if not isinstance(result, Talked | NotReached | NotAllowed):
            raise ProgramError("transfer-failed", f"the transfer gave {result!r}")
        return result

    async def _to_agent(self, direct: Direct, queue: str | None) -> DirectResult:
        """Whom somebody has moved to another queue meanwhile, and that did not serve, has not reached the agent."""
        name = queue or self.number.queue or self.site.rules.default_queue
        if name not in self.site.rules.queues:
            known = ", ".join(self.site.rules.queues)
            sentence = (
                f"an agent takes calls as those of a queue, one of {known}; it is {name!r}. "
                "Give `queue` here, or the number one in ivr/numbers.toml, or `default_queue` in acd/site.toml"
            )
            raise ProgramError("no-such-queue", sentence)
        await self._announce(QueueName(name))
        result = await Step(EnterQueue(QueueName(name), self._consent, announce=Announce(), direct=direct))
        return result if isinstance(result, Served | NotReached) else NotReached("no-answer")
