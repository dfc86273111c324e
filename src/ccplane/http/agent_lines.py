"""Who listens: the live sockets of agents, and for each agent the last messages, for a screen that was cut off.

The plane tells us each decision as it is published; here it is turned into messages and laid before each socket's
writer, in memory. Nothing here waits for a reader: one that is too slow is let go, and resumes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ccplane.agents.facts import PeopleLoaded
from ccplane.http.agent_feed import CallNow, Now, messages, now_of, welcome
from ccplane.http.agent_messages import AFTER_S, NONE, about_messages, counted, encoded, messages_of
from ccplane.http.ports import Plane, Snapshot
from ccplane.http.sessions import Session, Sessions
from ccplane.ids import AgentId, ContactId
from ccplane.laws import Fact

KEPT: Final = 64
"""Messages that are kept for each agent: some ten calls."""
MOST_UNREAD: Final = 256

BAD_HELLO: Final = 4000
SIGNED_IN_ELSEWHERE: Final = 4001
SIGNED_OUT: Final = 4002
OPENED_AGAIN: Final = 4003
UNAUTHORISED: Final = 4004
TOO_SLOW: Final = 4005
TOO_MUCH: Final = 4006
NO_SUCH_AGENT: Final = 4007
CODES: Final = {
    "signed-in-elsewhere": SIGNED_IN_ELSEWHERE,
    "signed-out": SIGNED_OUT,
    "signed-out-by-administrator": SIGNED_OUT,
    "pin-changed": SIGNED_OUT,
    "expired": UNAUTHORISED,
    "no-such-agent": NO_SUCH_AGENT,
}


class Line:
    """One socket's outgoing side: messages in order, and at last why it is to be closed."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.closing: tuple[int, str] | None = None
        """The close code and its reason, once all before it is sent."""
        self.contact: ContactId | None = None
        """Whose call it has shown last."""
        self.messages = NONE
        """What it was told last of messages that wait."""
        self._unread: deque[bytes] = deque()
        self._news = asyncio.Event()

    def tell(self, message: bytes) -> None:
        """To be sent; a reader that leaves too much unread is let go."""
        if self.closing is not None:
            return
        if len(self._unread) >= MOST_UNREAD:
            self._unread.clear()
            self.close(TOO_SLOW, "too-slow")
            return
        self._unread.append(message)
        self._news.set()

    def close(self, code: int, reason: str) -> None:
        if self.closing is None:
            self.closing = code, reason
            self._news.set()

    async def next(self) -> bytes | None:
        """The next message; None when it is to be closed."""
        while not self._unread:
            if self.closing is not None:
                return None
            self._news.clear()
            await self._news.wait()
        return self._unread.popleft()


class Ring:
    """The last messages of one agent. All after fact `since` are here."""

    def __init__(self, since: int) -> None:
        self.since = since
        self._kept: deque[tuple[int, bytes]] = deque()

    def keep(self, seq: int, message: bytes) -> None:
        if len(self._kept) == KEPT:
            self.since = self._kept.popleft()[0]
        self._kept.append((seq, message))

    def after(self, seq: int) -> list[bytes] | None:
        """Those of later facts; None if not all of them are here."""
        return [message for each, message in self._kept if each > seq] if seq >= self.since else None


class Lines:
    """All sockets of agents. Agents who have a session are followed, whether a socket is open or not."""

    def __init__(
        self,
        plane: Plane,
        sessions: Sessions,
        on_call: Callable[[Line, CallNow], None],
        later: Callable[[Callable[[], None]], object] = lambda do: asyncio.get_running_loop().call_later(AFTER_S, do),
    ) -> None:
        """`on_call`: told when another call comes before a socket's eyes. `later`: does this in a moment."""
        self._plane, self._on_call = plane, on_call
        self._told: dict[AgentId, Now] = {}
        self._rings: dict[AgentId, Ring] = {}
        self._open: dict[AgentId, Line] = {}
        """The last socket of each session that is live."""
        self._later, self._counting = later, False
        plane.follow(self._happened)
        sessions.on_end(self._ended)

    def __len__(self) -> int:
        return len(self._open)

    def open(self, session: Session, epoch: int = 0, seq: int = 0) -> Line:
        """A socket for this session: it goes on after fact `seq`, else begins with how all stands. The session's
        socket before it, if there is one, is closed."""
        if (before := self._open.pop(session.agent, None)) is not None:
            before.close(OPENED_AGAIN, "opened-again")
        line = Line(session)
        snapshot = self._plane.snapshot
        agent, now = snapshot.state.agents.get(session.agent), now_of(snapshot.state, session.agent)
        if agent is None or now is None:
            line.close(NO_SUCH_AGENT, "no-such-agent")
            return line
        self._open[session.agent] = line
        self._follow(session.agent, now, snapshot.seq)
        here = epoch == snapshot.state.epoch and seq <= snapshot.seq
        missed = self._rings[session.agent].after(seq) if here else None
        if missed is None:
            missed = [welcome(agent, now, epoch=snapshot.state.epoch, seq=snapshot.seq, at=snapshot.at)]
        else:
            line.tell(b'{"type":"resumed","epoch":%d,"seq":%d}' % (epoch, seq))
        for message in missed:
            line.tell(message)
        self._shown(line, now)
        self._count([line])
        return line

    def left(self, line: Line) -> None:
        """Its socket is gone."""
        if self._open.get(line.session.agent) is line:
            del self._open[line.session.agent]

    def _follow(self, agent: AgentId, now: Now, seq: int) -> None:
        if agent not in self._rings:
            self._rings[agent] = Ring(seq)
            self._told[agent] = now

    def _happened(self, snapshot: Snapshot, facts: Sequence[Fact], first: int) -> None:
        for whose, seq, message in messages(snapshot.state, facts, first, self._told):
            self._rings[whose].keep(seq, message)
            if (line := self._open.get(whose)) is not None:
                line.tell(message)
                self._shown(line, self._told[whose])
        if self._open and not self._counting and about_messages(facts):
            self._counting = True
            self._later(self._count_all)
        if any(isinstance(fact, PeopleLoaded) for fact in facts):
            for whose in [each for each in self._told if each not in snapshot.state.agents]:
                self._forget(whose, "no-such-agent")

    def _count_all(self) -> None:
        self._counting = False
        self._count(self._open.values())

    def _count(self, lines: Iterable[Line]) -> None:
        """Tell them how many messages wait, where that is another number than they were told."""
        state = self._plane.snapshot.state
        sorts = counted(state.owed.values())
        for line in lines:
            agent = state.agents.get(line.session.agent)
            now = NONE if agent is None else messages_of(state, sorts, agent)
            if now != line.messages:
                line.messages = now
                line.tell(encoded(now))

    def _shown(self, line: Line, now: Now) -> None:
        if now.call is not None and now.call.contact != line.contact:
            line.contact = now.call.contact
            self._on_call(line, now.call)

    def _ended(self, session: Session, why: str) -> None:
        self._forget(session.agent, why)

    def _forget(self, agent: AgentId, why: str) -> None:
        """The screen is told and leaves; what was kept for it is for nobody else."""
        self._rings.pop(agent, None)
        self._told.pop(agent, None)
        if (line := self._open.pop(agent, None)) is not None:
            line.tell(b'{"type":"%s"}' % why.encode())
            line.close(CODES[why], why)
