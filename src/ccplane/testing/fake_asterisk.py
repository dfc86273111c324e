"""A switch in this process, for tests of programs, of the plane and of what operators write.

    fake = FakeAsterisk()                       # on the running loop, best a VirtualTimeLoop
    fake.phone("1001").behaviour = answers(after=2)
    ...run what uses `fake.connections()`...
    call = fake.call("4002", caller="13800138000")
    await call.up
    call.press("1")
    assert call.heard == ["sound:welcome"]
    call.hang_up()

It keeps Asterisk's traps: outcomes in its words, events in its order, a prompt on a channel holds up addChannel and all
behind it on that socket, calls and rooms outlive our connection, bridgevars come back only if they were to be shown.
The contract suite (tests/asterisk/contract) runs the same scenes here and on the real one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar
from zlib import crc32

from ccplane.asterisk.agreed import FAX_SENDER
from ccplane.asterisk.events import Event
from ccplane.asterisk.inbox import Inbox
from ccplane.asterisk.operations import Operation, Originate
from ccplane.asterisk.outcomes import Outcome, Refused, Unknown
from ccplane.asterisk.stats import AriStats
from ccplane.asterisk.switch import HOUSE, Replaced
from ccplane.ids import fax_of_channel
from ccplane.testing.clock import START
from ccplane.testing.fake_ami import FakeAmi
from ccplane.testing.fake_faxes import FakeMachine
from ccplane.testing.fake_lines import Line
from ccplane.testing.fake_operations import Operator
from ccplane.testing.fake_people import Behaviour, FakeCall, FakePhone, Ring, answers
from ccplane.testing.fake_switchboard import TRUNK, Switchboard

T = TypeVar("T")


class FakeConnection:
    """A `Switch`: see there."""

    def __init__(self, fake: FakeAsterisk, sockets: int = 3) -> None:
        self._fake = fake
        self._loop = asyncio.get_running_loop()
        self.events = Inbox(50_000, AriStats(), self._loop.time)
        self.ended: str | None = None
        self._queues: list[deque[tuple[Operation[Any], asyncio.Future[Any]]]] = [deque() for _ in range(sockets + 1)]
        self._pumping = False

    @property
    def stuck(self) -> str:
        return self._fake.stuck

    def send(self, operation: Operation[T], lane: str) -> asyncio.Future[Outcome[T]]:
        future: asyncio.Future[Outcome[T]] = self._loop.create_future()
        if not self._fake.may_send():
            future.set_result(Refused(0, "fenced"))
        elif self.ended is not None:
            future.set_result(Refused(0, "closed"))
        else:
            self._fake.sent.append((lane, operation))
            number = 0 if lane == HOUSE else 1 + crc32(lane.encode()) % (len(self._queues) - 1)
            self._queues[number].append((operation, future))
            self.pump_soon()
        return future

    def flush(self) -> None:
        """Nothing is held back here."""

    async def close(self) -> None:
        self.end("closed")

    def end(self, reason: str, fault: Exception | None = None) -> None:
        if self.ended is not None:
            return
        self.ended = reason
        self.events.close(fault)
        for queue in self._queues:
            while queue:
                _settle(queue.popleft()[1], Unknown("disconnected"))
        self._fake.connection_ended(self)

    def pump_soon(self) -> None:
        """Take up what waits, in a moment: a command is never carried out within the call that sends it."""
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        for queue in self._queues:
            while queue and self.ended is None and not self._fake.operator.must_wait(queue[0][0]):
                operation, future = queue.popleft()
                _settle(future, self._fake.obey(operation))


class FakeAsterisk:
    """One node. Times, sounds and phones can be set at any moment."""

    def __init__(self, node: str = "ast1", *, app: str = "ccplane", start: int = START) -> None:
        self.app = app
        self.may_send: Callable[[], bool] = lambda: True
        self.sent: list[tuple[str, Operation[Any]]] = []
        """Every command that reached the switch, with its lane."""
        self.phones: dict[str, FakePhone] = {}
        self.behaviour: Behaviour = answers()
        """Of phones that are asked for the first time."""
        self.ami = FakeAmi()
        """What it says of phones, beside the calls."""
        self.board = Switchboard(node, app, self._tell, self.ami.say, start)
        self.board.registered = lambda user: user in self.phones and self.phones[user].registered
        self.board.listening = lambda: self._connection is not None
        self.board.prompt_ended = self._pump
        self.operator = Operator(self.board, self._ring)
        self._connection: FakeConnection | None = None
        self._faults: dict[type, deque[tuple[Outcome[Any], bool]]] = {}
        self.stuck = ""
        """What of it gives no answer, as a connection would say."""
        self._is_up = asyncio.Event()
        self._is_up.set()

    # ── what the plane uses ──

    async def connections(self) -> AsyncGenerator[FakeConnection, None]:
        """As `Ari.connections`. Who asks a second time replaces the first."""
        while True:
            await self._is_up.wait()
            if self._connection is not None:
                self._connection.end("replaced", Replaced(self.app))
            connection = self._connection = FakeConnection(self)
            try:
                yield connection
            finally:
                connection.end("closed")
            if connection.ended == "replaced":
                raise Replaced(self.app)
            await asyncio.sleep(0.01)

    # ── what a test does ──

    def call(self, exten: str, caller: str = "13800138000", name: str = "") -> FakeCall:
        """Somebody dials one of our numbers."""
        call = FakeCall(self.board)
        call.line = self.board.incoming(exten, caller, name, TRUNK, call)
        return call

    def phone(self, user: str, behaviour: Behaviour | None = None) -> FakePhone:
        """The phone of this account, registered; made when first asked for."""
        if user not in self.phones:
            self.phones[user] = FakePhone(self.board, user, behaviour or self.behaviour)
            self.board.node.config.setdefault(("endpoint", user), {})
            self.board.endpoint_changed(user)
        if behaviour is not None:
            self.phones[user].behaviour = behaviour
        return self.phones[user]

    def outside(self, number: str, behaviour: Behaviour | None = None) -> FakePhone:
        """Somebody behind the trunk."""
        return self.phone(f"{number}@{TRUNK}", behaviour)

    def dial(self, user: str, exten: str) -> FakeCall:
        """A phone makes a call of its own."""
        call = FakeCall(self.board)
        call.line = self.board.incoming(exten, user, "", user, call)
        return call

    def busy_elsewhere(self, user: str) -> FakeCall:
        """A call at that phone which isn't ours; `hang_up` ends it."""
        call = FakeCall(self.board)
        line = Line(self.board.unique_id(), f"PJSIP/{user}", user, call, self.board.now(), "Up")
        call.line, call.state = line, "up"
        self.board.node.lines[line.id] = line
        self.board.endpoint_changed(user)
        return call

    def next(self, operation: type[Operation[T]], outcome: Outcome[T], *, applied: bool = False) -> None:
        """The next such command gets this outcome; `applied`: it takes effect all the same (an answer that was lost,
        a 204 that did nothing)."""
        self._faults.setdefault(operation, deque()).append((outcome, applied))

    def drop(self) -> None:
        """The connection is lost; calls, rooms and the application stay."""
        if self._connection is not None:
            self._connection.end("disconnected")

    def stop(self) -> None:
        """Asterisk dies: every call ends; device states and accounts are kept, phones stay registered."""
        self._is_up.clear()
        self.drop()
        lines = list(self.board.node.lines.values())
        self.board.node.lose()
        for line in lines:
            line.party.over_now(0, 0)

    def start(self) -> None:
        self.operator.started_at = self.board.now()
        self._is_up.set()

    def restart(self) -> None:
        self.stop()
        self.start()

    # ── within ──

    def obey(self, operation: Operation[Any]) -> Outcome[Any]:
        faults = self._faults.get(type(operation))
        if not faults:
            return self.operator.obey(operation)
        outcome, applied = faults.popleft()
        if applied:
            self.operator.obey(operation)
        return outcome

    def connection_ended(self, connection: FakeConnection) -> None:
        if self._connection is connection:
            self._connection = None

    def _tell(self, event: Event) -> None:
        if self._connection is not None:
            self._connection.events.put(event)

    def _pump(self) -> None:
        if self._connection is not None:
            self._connection.pump_soon()

    def _ring(self, operation: Originate) -> Line | None:
        """Let the phone ring, in a moment; None where there is none registered."""
        if (fax := fax_of_channel(operation.channel)) is not None:
            machine = FakeMachine(self.board, fax, sends=operation.endpoint.endswith(FAX_SENDER))
            asyncio.get_running_loop().call_soon(machine.comes_up)
            return machine.line
        user = operation.endpoint.removeprefix("PJSIP/")
        phone = self.phones.get(user)
        if phone is None or not phone.registered:
            return None
        ring = Ring(self.board, phone)
        ring.line = Line(operation.channel, f"PJSIP/{user}-leg", user, ring, self.board.now())
        asyncio.get_running_loop().call_soon(phone.invited, ring)
        return ring.line


def _settle(future: asyncio.Future[Any], outcome: Outcome[Any]) -> None:
    if not future.done():
        future.set_result(outcome)
