"""The AMI client: it serves what ARI can't, beside the calls and never in their way (law 10).

    ami = Ami("127.0.0.1", 5038, "ccplane", secret)
    ami.events.on("ContactStatus", tell)         # what AMI says by itself
    ami.events.at_login(ask_for_all)             # at each fresh login: what was missed is asked anew
    asyncio.create_task(ami.run())               # until cancelled; it never raises, it tries again
    outcome = await ami.ask({"Action": "MixMonitor", "Channel": …})

An action is sent once or never. One whose answer is lost with the connection is Unknown: a recording would be begun
twice, a call made twice. Life is proven by Ping, and a connection on which nothing is heard is dropped.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from ccplane.asterisk.actions import Action, Message
from ccplane.asterisk.ami_events import Events
from ccplane.asterisk.ami_session import Limits, Session
from ccplane.asterisk.outcomes import Done, Outcome, Refused, Unknown
from ccplane.asterisk.stats import AmiStats
from ccplane.errors import SwitchError

log = structlog.get_logger(__name__)

__all__ = ["Ami", "AmiStats", "Events", "Limits"]


class Ami:
    """A client of one node; see `actions.Actions`. `may_send` is asked before each action, pings and logins aside."""

    def __init__(
        self,
        host: str,
        port: int,
        username: str,
        password: str,
        *,
        may_send: Callable[[], bool] = lambda: True,
        limits: Limits | None = None,
        stats: AmiStats | None = None,
    ) -> None:
        self.host, self.port, self.username = host, port, username
        self._password = password
        self._may_send = may_send
        self.limits = limits or Limits()
        self.stats = stats or AmiStats()
        self.events = Events(self.stats)
        self._session: Session | None = None
        self._booted = asyncio.Event()
        self._wait = 0.0
        self._at_once = asyncio.Event()
        self._complaint = ""
        self._answered = True
        """The last ping was; heard is more than that: events, or a list that holds the answer up."""
        self.events.on("FullyBooted", lambda _: self._booted.set())

    async def ask(self, action: Action) -> Outcome[Message]:
        outcome: Outcome[Message] = await self._send(action)
        return outcome

    async def collect(self, action: Action, until: str) -> Outcome[list[Message]]:
        outcome: Outcome[list[Message]] = await self._send(action, until)
        return outcome

    async def run(self) -> None:
        """Connected, again and again, until cancelled."""
        if not self.username:
            self._down("there is no AMI account: set CCPLANE_AMI_USERNAME and CCPLANE_AMI_PASSWORD")
            await asyncio.get_running_loop().create_future()
        while True:
            try:
                session = await self._login()
                if session is not None:
                    await self._serve(session)
            except Exception as fault:  # calls go on without AMI, whatever is wrong with it (law 10)
                log.exception("a fault of ours at the AMI connection; trying on", exc_info=fault)
                self.stats.faults += 1
                self._down(f"a fault of ours: {fault}")
            await self._pause()

    def hurry(self) -> None:
        """Asterisk is there, somebody saw: the next try is made now, but for the one after a wrong password."""
        self._wait = 0.0
        self._at_once.set()

    # within

    def _send(self, action: Action, until: str = "") -> asyncio.Future[Outcome[Any]]:
        reason = "closed" if self._session is None else "" if self._may_send() else "fenced"
        if self._session is not None and not reason:
            return self._session.ask(action, until=until)
        future: asyncio.Future[Outcome[Any]] = asyncio.get_running_loop().create_future()
        future.set_result(Refused(0, reason))
        self.stats.outcomes["Fenced" if reason == "fenced" else "Refused"] += 1
        return future

    async def _login(self) -> Session | None:
        """A session that may be used; None after a failure, which is told."""
        self._booted.clear()
        try:
            session = await self._open()
        except SwitchError as fault:
            self._refused(fault)
            return None
        self._complaint = ""
        self.stats.connects += 1
        self.stats.connected, self.stats.since, self.stats.last_error = True, time.monotonic(), ""
        return session

    async def _open(self) -> Session:
        session = Session(self.limits, self.stats, self.events.heard)
        try:
            async with asyncio.timeout(self.limits.opening):
                await asyncio.get_running_loop().create_connection(lambda: session, self.host, self.port)
                login = {"Action": "Login", "Username": self.username, "Secret": self._password, "Events": "on"}
                said = await session.ask(login, within=self.limits.opening)  # a wrong one is answered after a second
        except OSError as fault:  # TimeoutError is one
            session.end("not opened")
            raise self._unreachable(str(fault) or type(fault).__name__) from fault
        except BaseException:
            session.end("not opened")
            raise
        if not isinstance(said, Done):
            session.end("not opened")
            raise self._not_in(said)
        return session

    async def _serve(self, session: Session) -> None:
        began = time.monotonic()
        self._session = session
        chores = [asyncio.create_task(self._beat(session)), asyncio.create_task(self._tell_of_logins())]
        reason = "closed"
        try:
            reason = await session.finished()
        finally:
            self._session = None
            session.end("closed")
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            self.stats.ends[reason.partition(":")[0]] += 1
            self._down(f"the connection ended: {reason}")
        log.warning("the AMI connection ended", host=self.host, port=self.port, reason=reason)
        if time.monotonic() - began >= self.limits.settled:
            self._wait = 0.0

    async def _tell_of_logins(self) -> None:
        """While Asterisk starts its lists are not whole: once it says that it has, all is asked (again)."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.limits.booting):
                await self._booted.wait()
        while True:
            self._booted.clear()
            await self.events.logged_in()
            await self._booted.wait()

    async def _beat(self, session: Session) -> None:
        owed = 0
        while session.ended is None:
            if not await self._alive(session):
                session.end("silence")
            owed = 0 if self._answered else owed + 1
            if owed >= self.limits.pings:
                session.end("it tells of events, but answers nothing")
            await asyncio.sleep(self.limits.probe_every)

    async def _alive(self, session: Session) -> bool:
        """Whether anything at all is heard after a ping. When we were late ourselves, silence proves nothing."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            answer = await session.ask({"Action": "Ping"}, within=self.limits.probe_echo)
            self._answered = isinstance(answer, Done)
            if self._answered or session.heard_at > began:
                return True
            if loop.time() - began < self.limits.probe_echo + self.limits.grace:
                return False

    def _refused(self, fault: SwitchError) -> None:
        """Say it once for each kind of failure in a row."""
        if fault.code != self._complaint:
            self._complaint = fault.code
            log.warning("AMI can't be reached, trying on", reason=str(fault), code=fault.code)
        self.stats.refusals[fault.code] += 1
        self._down(str(fault))

    def _down(self, why: str) -> None:
        if self.stats.connected or self.stats.since is None:
            self.stats.since = time.monotonic()
        self.stats.connected, self.stats.last_error = False, why

    async def _pause(self) -> None:
        """Longer each time and never the same for two planes, so that a restarted Asterisk isn't stormed."""
        self._wait = min(max(self._wait * 2, self.limits.first_wait), self.limits.longest_wait)
        refused = self._complaint == "ami-wrong-password"
        wait = self.limits.refused_wait if refused else self._wait
        self._at_once.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait * random.uniform(0.5, 1.0)):
                await (asyncio.Event() if refused else self._at_once).wait()

    def _unreachable(self, why: str) -> SwitchError:
        return SwitchError(
            "ami-unreachable", f"AMI at {self.host}:{self.port} does not answer ({why}). Is Asterisk running there?"
        )

    def _not_in(self, said: Outcome[Message]) -> SwitchError:
        """Only an answer says that the password is wrong."""
        if isinstance(said, Unknown):
            return self._unreachable(said.reason)
        if isinstance(said, Refused) and not said.status:
            return self._unreachable(said.message)
        return SwitchError(
            "ami-wrong-password",
            f"Asterisk at {self.host}:{self.port} refused the AMI user {self.username!r} ({said}): check that its "
            "manager.conf has a section of this name with the password in CCPLANE_AMI_PASSWORD, and permits us.",
        )
