"""Who waits in app_queue: of whom the core is told by queue, since those who answer there are theirs first.

| who tells | what | when |
|---|---|---|
| ARI's survey | all who wait there | at each connect, before anything is routed, and every 15 s |
| AMI's QueueCallerJoin, QueueCallerLeave | who begins and ends to wait | at once |
| AMI's AgentCalled, AgentRingNoAnswer | for whom a member's phone rings: they need nobody else meanwhile | at once |
| the dialplan's fallback, by a UserEvent | who is about to begin | 0.3 s before |

The last is why nobody's phone is rung by us and by app_queue in the same instant: what we began before it, app_queue
sees. A survey is older than what was heard after it had been asked for. Without AMI it is known by the survey alone.
app_queue rings one phone a caller, the next one a second after it has given that up: till then the others are ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, NamedTuple

from ccplane.asterisk.actions import Action, Message
from ccplane.asterisk.agreed import TO_QUEUE
from ccplane.asterisk.ami_events import Events
from ccplane.asterisk.models import Bridge, Channel
from ccplane.asterisk.outcomes import Done, Outcome
from ccplane.core.inputs import FallbackWaitsSeen
from ccplane.ids import NodeName, QueueName

JOINS_S: Final = 2.0
"""One who was announced and has not joined by then has been turned away: nobody was there for them. If AMI is late the
word that they have is on its way: so it must have answered since."""


class Word(NamedTuple):
    """What AMI last said of a caller. `at`: the loop's time; `queue`: None if they wait no more."""

    at: float
    queue: QueueName | None
    joined: bool = False


class FallbackWaits:
    """Hears who waits in a node's app_queue, and posts the queues where they have changed. `ask`: AMI."""

    def __init__(
        self,
        events: Events,
        node: NodeName,
        post: Callable[[FallbackWaitsSeen], object],
        ask: Callable[[Action], Awaitable[Outcome[Message]]],
    ) -> None:
        self._node, self._post, self._ask = node, post, ask
        self._asking: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, QueueName] = {}
        self._heard: dict[str, Word] = {}
        self._rung: set[str] = set()
        """Those for whom a phone rings."""
        self._told: tuple[QueueName, ...] | None = None
        """None before the first survey: then nobody knows who else is there."""
        events.on("QueueCallerJoin", self._joined)
        events.on("QueueCallerLeave", self._left)
        events.on("AgentCalled", self._member_called)
        events.on("AgentRingNoAnswer", self._member_left)
        events.on("UserEvent", self._announced)

    def surveyed(self, channels: Iterable[Channel], bridges: Iterable[Bridge], asked_at: float) -> None:
        """What ARI's lists show that were asked for at `asked_at`. Who is in a bridge talks."""
        talking = {channel for bridge in bridges for channel in bridge.channels}
        there = {each.id: each for each in channels}
        self._waiting = {
            channel: QueueName(each.dialplan.app_data.partition(",")[0])
            for channel, each in there.items()
            if each.dialplan.app_name == "Queue" and channel not in talking
        }
        for channel, word in list(self._heard.items()):
            if word.at >= asked_at or (word.queue is None and channel in there):  # they are only being connected
                self._take(channel, word.queue)
            elif channel not in there:
                del self._heard[channel]
        self._rung &= self._waiting.keys()
        self._told = self._told or ()
        self._tell(anyway=True)

    def _joined(self, event: Message) -> None:
        self._hear(event, QueueName(event.get("queue", "")), joined=True)

    def _left(self, event: Message) -> None:
        self._hear(event, None)

    def _member_called(self, event: Message) -> None:
        self._rung.add(event.get("uniqueid", ""))
        self._tell()

    def _member_left(self, event: Message) -> None:
        self._rung.discard(event.get("uniqueid", ""))
        self._tell()

    def _announced(self, event: Message) -> None:
        if event.get("userevent") == TO_QUEUE:
            self._hear(event, QueueName(event.get("queue", "")))
            self._loop.call_later(JOINS_S, self._look_whether, event)

    def _look_whether(self, event: Message) -> None:
        if self._only_announced(event):
            self._asking.add(looking := self._loop.create_task(self._not_joined(event)))
            looking.add_done_callback(self._asking.discard)

    async def _not_joined(self, event: Message) -> None:
        """Without an answer the next survey tells."""
        answer = await self._ask({"Action": "Ping"})
        if isinstance(answer, Done) and self._only_announced(event):
            self._left(event)

    def _only_announced(self, event: Message) -> bool:
        word = self._heard.get(event.get("uniqueid", ""))
        return word is not None and word.queue is not None and not word.joined

    def _hear(self, event: Message, queue: QueueName | None, *, joined: bool = False) -> None:
        if channel := event.get("uniqueid", ""):
            self._heard[channel] = Word(self._loop.time(), queue, joined)
            self._take(channel, queue)
            self._tell()

    def _take(self, channel: str, queue: QueueName | None) -> None:
        if queue:
            self._waiting[channel] = queue
        else:
            self._waiting.pop(channel, None)
            self._rung.discard(channel)

    def _tell(self, *, anyway: bool = False) -> None:
        """`anyway`: the core may have been told otherwise by a plane before us."""
        queues = tuple(sorted({queue for channel, queue in self._waiting.items() if channel not in self._rung}))
        if self._told is not None and (anyway or queues != self._told):
            self._told = queues
            self._post(FallbackWaitsSeen(self._node, queues))
