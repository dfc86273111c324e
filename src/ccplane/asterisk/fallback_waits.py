"""Who waits in app_queue: of whom the core is told by queue, since those who answer there are theirs first.

| who tells | what | when |
|---|---|---|
| ARI's survey | all who wait there | at each connect, before anything is routed, and every 15 s |
| AMI's QueueCallerJoin, QueueCallerLeave | who begins and ends to wait | at once |
| AMI's AgentCalled, AgentRingNoAnswer | for whom a member's phone rings: they need nobody else meanwhile | at once |
| the dialplan's fallback, by a UserEvent | who is about to begin | 0.3 s before |

The last is why nobody's phone is rung by us and by app_queue in the same instant: what we began before it, app_queue
sees. A survey is older than what was heard after it had been asked for.
app_queue rings one phone a caller, the next one a second after it has given that up: till then the others are ours.

AMI's word is relied on while it answers at once, and channels were listed since its last login. Otherwise they are
listed every half second, and whoever is still on the way to a queue counts as if they waited for everybody: nobody
tells when they will be there, nor in which one. All this only while anybody is in the fallback: with ARI connected
nobody new gets there, but for those whom the guard carries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final, NamedTuple

from ccplane.asterisk.actions import Action, Message
from ccplane.asterisk.agreed import AFTER_QUEUE, FALLBACK, OUTBOUND, SERVED, TO_FALLBACK, TO_QUEUE
from ccplane.asterisk.ami_events import Events
from ccplane.asterisk.models import Bridge, Channel, Dialplan, Endpoint
from ccplane.asterisk.operations import ListBridges, ListChannels, ListEndpoints
from ccplane.asterisk.outcomes import Done, Outcome
from ccplane.asterisk.switch import HOUSE, Switch
from ccplane.core.inputs import FallbackWaitsSeen
from ccplane.core.members import EVERYBODY
from ccplane.ids import NodeName, QueueName

JOINS_S: Final = 2.0
"""One who was announced and has not joined by then has been turned away: nobody was there for them. If AMI is late the
word that they have is on its way: so it must have answered since."""
CONNECTED_S: Final = 10.0
"""Between leaving the queue and the bridge with its member lies no more than what that member is told first."""
COMES_S: Final = 60.0
"""No apology lasts so long: who is on the way for longer does something else there, in a dialplan of the site's own."""
LOOK_S: Final = 0.5
"""Between two looks: whether AMI answers, and what the lists show if it can't be relied on."""
PING_S: Final = 0.1
"""While somebody is on the way to a queue AMI is asked so often,"""
AT_ONCE_S: Final = 0.15
"""and must have answered by then: together less than the 0.3 s between the dialplan's word and the queue."""


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
        phones: Callable[[Iterable[Endpoint], float], None] = lambda _, __: None,
        hurry: Callable[[], None] = lambda: None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        """`phones` is told of a list of them, and when it was asked for: also which of them app_queue rings nobody else
        tells while AMI is away. `hurry`: whoever connects to AMI need not wait any longer. `may_send`: while it says no
        nothing is asked, by AMI or ARI."""
        self._may_send = may_send
        self._node, self._post, self._ask, self._phones, self._hurry = node, post, ask, phones, hurry
        self._asking: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, QueueName] = {}
        self._heard: dict[str, Word] = {}
        self._rung: set[str] = set()
        """Those for whom a phone rings."""
        self._coming: dict[str, float] = {}
        """Those in the fallback who were not in its queue yet when the list was read, and of whom AMI has said nothing
        since; and since when they are seen there."""
        self._anybody = asyncio.Event()
        """Set while anybody is in the fallback who may still be rung for."""
        self._logged_in, self._relied_on = asyncio.Event(), False
        """`_relied_on`: AMI tells of each at once, and nothing from before that is unknown."""
        self._told: tuple[QueueName, ...] | None = None
        """None before the first survey: then nobody knows who else is there."""
        events.on("QueueCallerJoin", self._joined)
        events.on("QueueCallerLeave", self._left)
        events.on("AgentCalled", self._member_called)
        events.on("AgentRingNoAnswer", self._member_left)
        events.on("UserEvent", self._announced)
        events.at_login(self._anew)

    async def watch(self, switch: Switch) -> None:
        """A chore of a connection, from its first survey on. It looks once at least: who was refused by our application
        in the moment before it was there may not have been in the fallback yet."""
        self._hurry()
        try:
            await _set_within(self._anybody, LOOK_S)
            while True:
                self._logged_in.clear()
                await self._look(switch)
                await _set_within(self._logged_in, PING_S if self._on_the_way() and self._relied_on else LOOK_S)
                await self._anybody.wait()
        finally:
            self._relied_on = False  # nobody asks it until the next connection's first survey

    def surveyed(self, channels: Iterable[Channel], bridges: Iterable[Bridge], asked_at: float) -> None:
        """What ARI's lists show that were asked for at `asked_at`. Who is in a bridge talks."""
        talking = {channel for bridge in bridges for channel in bridge.channels}
        there = {each.id: each for each in channels}
        self._waiting = {
            channel: QueueName(each.dialplan.app_data.partition(",")[0])
            for channel, each in there.items()
            if each.dialplan.app_name == "Queue" and channel not in talking
        }
        self._coming = {
            channel: self._coming.get(channel, asked_at)
            for channel, each in there.items()
            if _is_coming(each) and channel not in talking
        }
        for channel, word in list(self._heard.items()):
            if word.queue is not None and channel in self._waiting and word.at < asked_at:
                self._heard[channel] = word._replace(joined=True)  # whether AMI told of it or not
            being_connected = word.queue is None and channel in there and asked_at - word.at < CONNECTED_S
            announced = word.queue is not None and not word.joined and asked_at - word.at < COMES_S
            about_to_wait = announced and channel in self._coming  # who had joined and is not there now has left
            if word.at >= asked_at or being_connected or about_to_wait:
                self._take(channel, word.queue)
            elif channel not in there:
                del self._heard[channel]
        self._rung &= self._waiting.keys()
        self._told = self._told or ()
        self._tell(anyway=True)

    async def _look(self, switch: Switch) -> None:
        """AMI is relied on again once all that it may not have told is in lists that were asked for since."""
        if not self._may_send():
            return
        answers = await self._answers()
        if (answers and self._relied_on) or not self._may_send():
            return
        if not answers:
            self._relied_on = False
            self._tell()
        asked_at = self._loop.time()
        channels, bridges, endpoints = await asyncio.gather(
            switch.send(ListChannels(), HOUSE), switch.send(ListBridges(), HOUSE), switch.send(ListEndpoints(), HOUSE)
        )
        if isinstance(endpoints, Done):
            self._phones(endpoints.value, asked_at)  # first: who begins to talk there is not free
        if isinstance(channels, Done) and isinstance(bridges, Done) and isinstance(endpoints, Done):
            self._relied_on = answers and not self._logged_in.is_set()
            self.surveyed(channels.value, bridges.value, asked_at)
        else:
            self._tell()

    async def _answers(self) -> bool:
        """Whether AMI does, at once. What it says late it says; what it said while it was away is lost."""
        with suppress(TimeoutError):
            async with asyncio.timeout(AT_ONCE_S):
                answer = await self._ask({"Action": "Ping"})
            if not isinstance(answer, Done) and self._may_send():
                self._rung.clear()
            return isinstance(answer, Done)
        return False

    async def _anew(self) -> None:
        """What was said before this login is lost: it is looked for."""
        self._relied_on = False
        self._rung.clear()
        self._tell()
        self._logged_in.set()
        self._anybody.set()

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
        self._coming.pop(channel, None)
        if queue:
            self._waiting[channel] = queue
        else:
            self._waiting.pop(channel, None)
            self._rung.discard(channel)

    def _on_the_way(self) -> bool:
        """Whether anybody may yet come into a queue."""
        return any(self._loop.time() - since < COMES_S for since in self._coming.values())

    def _tell(self, *, anyway: bool = False) -> None:
        """`anyway`: the core may have been told otherwise by a plane before us."""
        waited_in = {queue for channel, queue in self._waiting.items() if channel not in self._rung}
        if not self._relied_on and self._on_the_way():
            waited_in.add(EVERYBODY)
        queues = tuple(sorted(waited_in))
        if self._coming or self._waiting:
            self._anybody.set()
        else:
            self._anybody.clear()
        if self._told is not None and (anyway or queues != self._told):
            self._told = queues
            self._post(FallbackWaitsSeen(self._node, queues))


def _is_coming(channel: Channel) -> bool:
    """Whether this caller is in the fallback, and its queue is still before them."""
    at = channel.dialplan
    if at.context == TO_FALLBACK:
        return at.exten not in (SERVED, OUTBOUND)
    return at.context == FALLBACK and at.exten != "h" and at.app_name != "Queue" and not _is_behind(at)


def _is_behind(at: Dialplan) -> bool:
    return at.app_name == "Record" or at.app_data in AFTER_QUEUE


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
