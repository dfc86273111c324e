"""One stage for two switches: the same scenes are played on the fake one and on a real Asterisk with SIP phones."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

from ccplane.agents.facts import Phone
from ccplane.asterisk import events as e
from ccplane.asterisk.ami import Ami
from ccplane.asterisk.operations import Operation, StopPlayback
from ccplane.asterisk.outcomes import Done, Gone, Outcome, Refused
from ccplane.asterisk.phones import PhoneWatch
from ccplane.asterisk.switch import Switch
from ccplane.core.inputs import PhoneSeen
from ccplane.testing import fake_people, siplab
from ccplane.testing.fake_asterisk import FakeAsterisk
from ccplane.testing.rtp import CALLER_TONE

T = TypeVar("T")
APP = "ccplane"
LANE = "c-1"


class World(ABC):
    """A switch with two phones, 8001 and 8002, and our application connected to it."""

    def __init__(self) -> None:
        self.told: list[e.Event] = []
        self.phones_told: list[PhoneSeen] = []
        self.switch: Switch
        self._connections: AsyncGenerator[Switch, None]
        self._names: dict[str, str] = {}
        self._news = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    # ── what the people do ──

    @abstractmethod
    async def dial(self, exten: str = "4002", number: str = "5551") -> Person:
        """Somebody calls; returns when the application was told, or, with nobody listening, at once."""

    @abstractmethod
    def behave(self, user: str, behaviour: str, value: float = 0) -> None: ...

    @abstractmethod
    async def ring(self, user: str) -> Person:
        """The next call that rings at that phone."""

    @abstractmethod
    async def unregister(self, user: str) -> None: ...

    @abstractmethod
    async def register(self, user: str) -> None: ...

    @abstractmethod
    def lose_connection(self) -> None: ...

    # ── what we do ──

    async def do(self, operation: Operation[T], lane: str = LANE) -> Outcome[T]:
        async with asyncio.timeout(20):
            return await self.switch.send(operation, lane)

    async def done(self, operation: Operation[T], lane: str = LANE) -> T:
        outcome = await self.do(operation, lane)
        assert isinstance(outcome, Done), f"{operation}: {outcome}"
        return outcome.value

    async def gone(self, operation: Operation[T], within: float = 20) -> None:
        """It is gone, now or in a moment: Asterisk forgets a thing a little after it tells of its end."""
        async with asyncio.timeout(within):
            while not isinstance(await self.do(operation), Gone):
                await asyncio.sleep(0.001)

    async def stop(self, playback: str, lane: str = LANE) -> None:
        """Stop a prompt. At its very start Asterisk may refuse with 500; asked again it does."""
        async with asyncio.timeout(20):
            while (outcome := await self.do(StopPlayback(playback), lane)) != Done(None):
                assert outcome == Refused(500, "Could not stop playback"), outcome
                await asyncio.sleep(0.001)

    async def connect(self) -> None:
        """The next connection."""
        async with asyncio.timeout(20):
            self.switch = await anext(self._connections)
        self._pump = asyncio.create_task(self._read(self.switch))

    async def leave(self) -> None:
        await self._connections.aclose()
        if self._pump is not None:
            async with asyncio.timeout(20):  # the connection's last event
                await self._pump

    async def _read(self, switch: Switch) -> None:
        async for event, _ in switch.events:
            self.told.append(event)
            self._news.set()

    # ── what we are told ──

    async def event(self, kind: type[T], where: Callable[[T], bool] = lambda _: True, within: float = 20) -> T:
        """The first such event since the last `story`, now or soon."""
        async with asyncio.timeout(within):
            while True:
                for event in self.told:
                    if isinstance(event, kind) and where(event):
                        return event
                self._news.clear()
                await self._news.wait()

    async def story(self, last: str, within: float = 20) -> list[str]:
        """What we were told of calls since the last story, in short, up to `last`."""
        told: list[str] = []
        async with asyncio.timeout(within):
            while last not in told:
                while self.told and last not in told:
                    told.append(self._short(self.told.pop(0)))
                if last not in told:
                    self._news.clear()
                    await self._news.wait()
        return told

    async def story_of_phone(self, user: str, last: Phone, within: float = 20) -> list[Phone]:
        """What AMI told of a phone since the last such story, up to `last`. Not ordered against the calls' events."""
        told: list[Phone] = []
        async with asyncio.timeout(within):
            while last not in told:
                for seen in list(self.phones_told):
                    if seen.device == user and last not in told:
                        told.append(seen.phone)
                        self.phones_told.remove(seen)
                if last not in told:
                    self._news.clear()
                    await self._news.wait()
        return told

    def _phone_seen(self, seen: PhoneSeen) -> None:
        self.phones_told.append(seen)
        self._news.set()

    async def quiet(self, seconds: float = 0.1) -> list[str]:
        """What comes of calls within a while in which nothing should."""
        await asyncio.sleep(seconds)
        told, self.told = self.told, []
        return [self._short(event) for event in told]

    def name(self, channel: str) -> str:
        """Callers are `caller`; our legs go by the ids we chose."""
        return self._names.get(channel, channel)

    def _short(self, event: e.Event) -> str:
        match event:
            case e.Dial():
                return f"{self.name(event.peer.id)} Dial {event.dialstatus}".rstrip()
            case e.ChannelDestroyed():
                return f"{self.name(event.channel.id)} Destroyed {event.cause}/{event.tech_cause or 0}"
            case e.ChannelHangupRequest():
                return f"{self.name(event.channel.id)} HangupRequest"
            case e.ChannelStateChange():
                return f"{self.name(event.channel.id)} {event.channel.state}"
            case e.ChannelDtmfReceived():
                return f"{self.name(event.channel.id)} key {event.digit}"
            case e.ChannelEnteredBridge(channel=channel):
                return f"{self.name(channel.id if channel else '')} entered {event.bridge.id}"
            case e.ChannelLeftBridge():
                return f"{self.name(event.channel.id)} left {event.bridge.id}"
            case e.BridgeDestroyed():
                return f"{event.bridge.id} destroyed"
            case e.PlaybackStarted() | e.PlaybackFinished():
                return f"{event.playback.id} {event.playback.state}"
            case e.RecordingStarted() | e.RecordingFinished() | e.RecordingFailed():
                return f"{event.recording.name} {event.recording.state}"
            case e.StasisStart() | e.StasisEnd():
                return f"{self.name(event.channel.id)} {type(event).__name__}"
            case _:
                return type(event).__name__

    async def _arrived(self, number: str) -> str:
        start = await self.event(e.StasisStart, lambda start: start.channel.caller.number == number)
        self._names[start.channel.id] = "caller"
        return start.channel.id


class Person(ABC):
    """A caller, or whoever picks up a phone that rings."""

    channel = ""

    @abstractmethod
    def hang_up(self) -> None: ...

    @abstractmethod
    async def press(self, keys: str) -> None: ...

    @abstractmethod
    def speak(self) -> None:
        """Be heard from now on."""

    @abstractmethod
    def fall_silent(self) -> None: ...

    @abstractmethod
    async def up(self) -> None:
        """Wait until the call is answered."""

    @abstractmethod
    async def code(self) -> int:
        """Wait for the end; the SIP code that refused the call, 0 if none did."""

    @abstractmethod
    def rings(self) -> None:
        """The phone says that it rings, one that says nothing by itself."""

    @abstractmethod
    def refuse(self, code: int) -> None: ...

    @abstractmethod
    def answer(self) -> None: ...


class FakePerson(Person):
    def __init__(self, talker: fake_people.Talker, channel: str) -> None:
        self._talker, self.channel = talker, channel

    def hang_up(self) -> None:
        self._talker.hang_up()

    def rings(self) -> None:
        assert isinstance(self._talker, fake_people.Ring)
        self._talker.ring()

    def refuse(self, code: int) -> None:
        assert isinstance(self._talker, fake_people.Ring)
        self._talker.reject(code)

    def answer(self) -> None:
        assert isinstance(self._talker, fake_people.Ring)
        self._talker.answer()

    async def press(self, keys: str) -> None:
        self._talker.press(keys)

    def speak(self) -> None:
        assert self._talker.line
        self._talker.line.speaks = True

    def fall_silent(self) -> None:
        self._talker.falls_silent()

    async def up(self) -> None:
        await asyncio.wait_for(asyncio.shield(self._talker.up), 20)

    async def code(self) -> int:
        return (await self._talker.over()).sip


class FakeWorld(World):
    def __init__(self) -> None:
        super().__init__()
        self.fake = FakeAsterisk(app=APP)
        self.fake.board.durations = {"sound:beep": 0.05}
        self.fake.board.missing = {"sound:nonesuch"}
        self._connections = self.fake.connections()
        PhoneWatch(self.fake.ami, self.fake.ami.events, self._phone_seen)
        for user in ("8001", "8002"):
            self.fake.phone(user)

    async def dial(self, exten: str = "4002", number: str = "5551") -> Person:
        call = self.fake.call(exten, caller=number)
        return FakePerson(call, await self._arrived(number) if self.switch.ended is None else "")

    def behave(self, user: str, behaviour: str, value: float = 0) -> None:
        make = getattr(fake_people, behaviour)
        self.fake.phone(user).behaviour = make(value) if behaviour in ("answers", "rejects") else make()

    async def ring(self, user: str) -> Person:
        ring = await self.fake.phone(user).next_ring()
        return FakePerson(ring, ring.line.id if ring.line else "")

    async def unregister(self, user: str) -> None:
        self.fake.phone(user).unregister()

    async def register(self, user: str) -> None:
        self.fake.phone(user).register()

    def lose_connection(self) -> None:
        self.fake.drop()


class RealPerson(Person):
    def __init__(self, leg: siplab.Leg, channel: str) -> None:
        self._leg, self.channel = leg, channel

    def hang_up(self) -> None:
        self._leg.hang_up()

    def rings(self) -> None:
        assert isinstance(self._leg, siplab.Ring)
        self._leg.ring()

    def refuse(self, code: int) -> None:
        assert isinstance(self._leg, siplab.Ring)
        self._leg.reject(code)

    def answer(self) -> None:
        assert isinstance(self._leg, siplab.Ring)
        self._leg.answer()

    async def press(self, keys: str) -> None:
        assert self._leg.audio is not None
        await self._leg.audio.press(keys)

    def speak(self) -> None:
        assert self._leg.audio is not None
        self._leg.audio.play(CALLER_TONE)

    def fall_silent(self) -> None:
        assert self._leg.audio is not None
        self._leg.audio.play(None)

    async def up(self) -> None:
        await self._leg.up()

    async def code(self) -> int:
        return (await self._leg.over()).code


class RealWorld(World):
    def __init__(self, connections: AsyncGenerator[Any, None], ami: Ami, lab: siplab.Lab) -> None:
        super().__init__()
        PhoneWatch(ami, ami.events, self._phone_seen)
        self._connections = connections
        self._lab = lab

    async def dial(self, exten: str = "4002", number: str = "5551") -> Person:
        call = self._lab.callers.dial(exten, number)
        return RealPerson(call, await self._arrived(number) if self.switch.ended is None else "")

    def behave(self, user: str, behaviour: str, value: float = 0) -> None:
        make = getattr(siplab, behaviour)
        made = make(value) if behaviour in ("answers", "rejects") else make()
        self._lab.phones.phone(user).behaviour = made

    async def ring(self, user: str) -> Person:
        return RealPerson(await self._lab.phones.phone(user).next_ring(), "")

    async def unregister(self, user: str) -> None:
        await self._lab.phones.phone(user).unregister()

    async def register(self, user: str) -> None:
        await self._lab.phones.phone(user).register("secret")

    def lose_connection(self) -> None:
        self.switch._main.abort()  # type: ignore[attr-defined]
