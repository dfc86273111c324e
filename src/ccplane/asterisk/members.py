"""The fallback's members at the switch: app_queue is told of those whom the state names, all the time we are there.

At each login, and every few minutes, it is asked who is a member (Asterisk keeps them over its own restart, and over
our absence), and what is not so is put right; then each change follows. What rings nobody's phone waits: nothing here
is on the way of a call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Final, TypeVar

import structlog

from ccplane.agents import facts as a
from ccplane.asterisk.actions import Action, Actions, Message
from ccplane.asterisk.ami_events import Events
from ccplane.asterisk.outcomes import Done, Outcome, Refused
from ccplane.core.members import EVERYBODY, Member, members_of, numbers
from ccplane.core.state import State
from ccplane.ids import AgentId, QueueName
from ccplane.laws import Fact
from ccplane.routing.rules import RulesLoaded

log = structlog.get_logger()
T = TypeVar("T")
Present = dict[AgentId, set[Member]]
"""Each agent's memberships."""

MOVES_ONE: Final = (a.IntentChanged, a.SeatTaken, a.SeatLeft, a.AgentEdited)
MOVES_ALL: Final = (a.PeopleLoaded, RulesLoaded)
LOOKED_AT: Final = 10
"""Agents in one piece: of 20 queues each that takes a millisecond (law 13)."""
AT_ONCE: Final = 50
"""Actions under way, and answers read, in one piece."""
AGAIN_S: Final = 15.0
ANEW_S: Final = 300.0
"""After so long it is asked anew who is a member: nobody tells of one who was taken out of queues.conf."""
NONE: Final = frozenset[Member]()
FAMILY: Final = "ccplane-queue"
"""In the astdb: the queue of each number dialled."""


class Members:
    """Keeps app_queue's members, and the queues of numbers, as the state has them."""

    def __init__(
        self,
        actions: Actions,
        events: Events,
        state: Callable[[], State],
        again_s: float = AGAIN_S,
        anew_s: float = ANEW_S,
    ) -> None:
        self._actions, self._state, self._again_s, self._anew_s = actions, state, again_s, anew_s
        self._news = asyncio.Event()
        self._touched: set[AgentId] = set()
        self._all = False
        self._queues: frozenset[QueueName] = frozenset()
        """The queues that the switch has."""
        self._present: Present | None = None
        """Who is a member; None while that is not known."""
        self._written: frozenset[tuple[QueueName, str]] = frozenset()
        """Members whom somebody wrote into queues.conf, by queue and phone: they are there whatever we do."""
        self._said: frozenset[tuple[QueueName, str]] = frozenset()
        events.at_login(self._logged_in)

    def follow(self, _: Any, facts: Sequence[Fact], __: int) -> None:
        """For `Plane.follow`."""
        for fact in facts:
            if isinstance(fact, MOVES_ONE):
                self._touched.add(fact.agent)
                self._news.set()
            elif isinstance(fact, MOVES_ALL):
                self._all = True
                self._news.set()

    async def run(self) -> None:
        """Until cancelled. What could not be done is tried again: the fallback may be needed any time."""
        whole, loop = True, asyncio.get_running_loop()
        anew = loop.time() + self._anew_s
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(anew if whole else loop.time() + self._again_s):
                    await self._news.wait()
            self._news.clear()
            if loop.time() >= anew:
                self._present = None
            if self._present is None:
                anew = loop.time() + self._anew_s
            try:
                whole = await self._put_right()
            except Exception as fault:  # calls go on (law 10)
                log.exception("a fault of ours at the fallback's members; trying again", exc_info=fault)
                whole = False
            if not whole:
                self._present = None

    async def _logged_in(self) -> None:
        self._present = None
        self._news.set()

    async def _put_right(self) -> bool:
        if self._present is None:
            self._all = True
            self._present = await self._listed()
        if self._present is None:
            return False
        present, everyone, touched = self._present, self._all, self._touched
        self._all, self._touched = False, set()
        state = self._state()
        gone, new = await self._differences(state, present, {*state.agents, *present} if everyone else touched)
        whole = await self._send(_removal, gone, lambda each: present[each.agent].discard(each))
        # only then: their phone may have been another's
        whole = await self._send(_addition, new, lambda each: present.setdefault(each.agent, set()).add(each)) and whole
        return (await self._numbers(state) if everyone else True) and whole

    async def _differences(
        self, state: State, present: Present, agents: Iterable[AgentId]
    ) -> tuple[list[Member], list[Member]]:
        """Who is a member and should not be, and the other way round."""
        gone: list[Member] = []
        new: list[Member] = []
        for piece in _pieces(agents, LOOKED_AT):
            for agent in piece:
                wanted, has = self._wanted(state, agent), present.get(agent, NONE)
                gone += has - wanted
                new += wanted - has
            await asyncio.sleep(0)
        return gone, new

    def _wanted(self, state: State, agent: AgentId) -> frozenset[Member]:
        known = state.agents.get(agent)
        return (
            frozenset(
                each
                for each in members_of(known, state.rules)
                if each.queue in self._queues and (each.queue, each.interface) not in self._written
            )
            if known
            else NONE
        )

    async def _listed(self) -> Present | None:
        """Who is a member of the queues that are ours; those whom somebody wrote into queues.conf stay."""
        said = await self._actions.collect({"Action": "QueueStatus"}, "QueueStatusComplete")
        if not isinstance(said, Done):
            return None
        ours = {*self._state().rules.queues, EVERYBODY}
        queues: set[QueueName] = set()
        written: set[tuple[QueueName, str]] = set()
        found: Present = {}
        for piece in _pieces(said.value, AT_ONCE):
            for each in piece:
                queue, event = QueueName(each.get("queue", "")), each.get("event")
                if queue in ours and event == "QueueParams":
                    queues.add(queue)
                elif queue in ours and event == "QueueMember":
                    phone, agent = each.get("location", ""), AgentId(each.get("name", ""))
                    if each.get("membership") == "dynamic":
                        found.setdefault(agent, set()).add(Member(queue, phone, agent))
                    else:
                        written.add((queue, phone))
            await asyncio.sleep(0)
        self._queues, self._written = frozenset(queues), frozenset(written)
        self._tell_written()
        return found

    def _tell_written(self) -> None:
        """Once for each: the fallback rings them also while they are paused or away."""
        for queue, phone in sorted(self._written - self._said):
            log.warning(
                "queues.conf has a member of its own; the fallback rings it whatever its agent's state is",
                queue=queue,
                phone=phone,
            )
        self._said |= self._written

    async def _send(
        self, action: Callable[[Member], Action], which: Iterable[Member], done: Callable[[Member], None]
    ) -> bool:
        whole = True
        for piece in _pieces(which, AT_ONCE):
            for each, said in zip(piece, await self._ask(map(action, piece)), strict=True):
                if isinstance(said, Done):
                    done(each)
                else:
                    whole = False
                    _complain(said, queue=each.queue)
        return whole

    async def _numbers(self, state: State) -> bool:
        """The astdb's family is ours alone; it is read first, since most logins change nothing."""
        said = await self._actions.collect({"Action": "DBGetTree", "Family": FAMILY}, "DBGetTreeComplete")
        if not isinstance(said, Done | Refused):
            return False
        listed = said.value if isinstance(said, Done) else ()  # an empty one is refused
        present = {each.get("key", "").rpartition("/")[2]: each.get("val", "") for each in listed}
        wanted = numbers(state.rules)
        gone = ({"Action": "DBDel", "Family": FAMILY, "Key": key} for key in present.keys() - wanted.keys())
        new = (
            {"Action": "DBPut", "Family": FAMILY, "Key": key, "Val": queue}
            for key, queue in wanted.items()
            if present.get(key) != queue
        )
        whole = True
        for piece in _pieces((*gone, *new), AT_ONCE):
            for outcome in await self._ask(piece):
                if not isinstance(outcome, Done):
                    whole = False
                    _complain(outcome)
        return whole

    async def _ask(self, actions: Iterable[Action]) -> Sequence[Outcome[Message]]:
        return await asyncio.gather(*map(self._actions.ask, actions))


def _pieces(many: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    rest = iter(many)
    while piece := tuple(islice(rest, size)):
        yield piece


def _addition(member: Member) -> Action:
    return {
        "Action": "QueueAdd",
        "Queue": member.queue,
        "Interface": member.interface,
        "StateInterface": member.interface,
        "MemberName": member.agent,
    }


def _removal(member: Member) -> Action:
    return {"Action": "QueueRemove", "Queue": member.queue, "Interface": member.interface}


def _complain(said: Outcome[Message], **about: str) -> None:
    """Not while AMI is away, which is said elsewhere."""
    if not (isinstance(said, Refused) and not said.status):
        log.warning("the fallback could not be told who answers; trying again", outcome=str(said), **about)
