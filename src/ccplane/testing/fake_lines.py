"""What is at the fake switch: lines (channels), rooms (bridges), prompts. State only; who moves it is in the others."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from ccplane.asterisk.models import Bridge, CallerId, Channel, Dialplan, LiveRecording, Millis, Playback

CAUSES = {
    "normal": 16, "busy": 17, "no_answer": 19, "rejected": 21, "answered_elsewhere": 26, "unallocated": 1,
    "congestion": 34, "timeout": 102, "failure": 38,
}  # fmt: skip
TEXTS = {1: "Unallocated (unassigned) number", 16: "Normal Clearing", 17: "User busy", 18: "No user responding",
         19: "User alerting, no answer", 21: "Call Rejected", 26: "Answered elsewhere",
         34: "Circuit/channel congestion", 38: "Network out of order"}  # fmt: skip
REFUSALS = {486: (17, "BUSY"), 603: (21, "NOANSWER"), 480: (19, "NOANSWER"), 404: (1, "NOANSWER"),
            503: (34, "CONGESTION"), 500: (38, "NOANSWER"), 408: (18, "NOANSWER")}  # fmt: skip
"""What a phone's SIP code becomes at Asterisk: cause and dialstatus."""


class Party(Protocol):
    """The person at the end of a line: a caller, or somebody at a ringing phone."""

    def answered(self) -> None:
        """The line is up."""

    def over_now(self, cause: int, sip: int) -> None:
        """The line is gone; `sip` is the code that refused it, 0 if it was up."""

    def hears(self, sound: str) -> None:
        """A prompt begins, or music (`music:default`)."""


@dataclass(eq=False)
class Prompt:
    """A playback: it plays its sounds one after the other."""

    id: str
    target: str
    sounds: tuple[str, ...]
    state: str = "queued"
    stopped: bool = False
    timer: asyncio.TimerHandle | None = None

    def model(self, sound: str | None = None) -> Playback:
        return Playback(self.id, self.state, sound or self.sounds[-1], self.target)


@dataclass(eq=False)
class Tape:
    """A recording: it waits behind the prompts of its line, then records until something ends it."""

    name: str
    target: str
    longest: int
    silence: int
    terminate_on: str
    state: str = "queued"
    began: float = 0.0
    timers: list[asyncio.TimerHandle] = field(default_factory=list)

    def model(self, duration: int | None = None, cause: str | None = None) -> LiveRecording:
        return LiveRecording(self.name, self.state, "wav", self.target, duration, cause)


@dataclass(eq=False)
class Line:
    """A channel."""

    id: str
    name: str
    endpoint: str
    """The phone account it belongs to: `1001`, or `trunk`."""
    party: Party
    created: Millis
    state: str = "Down"
    caller: CallerId = field(default_factory=CallerId)
    connected: CallerId = field(default_factory=CallerId)
    dialplan: Dialplan = field(default_factory=Dialplan)
    app: str = ""
    args: tuple[str, ...] = ()
    originated: bool = False
    to_door: bool = False
    """Comes by the dialplan when it is answered, not straight into an application."""
    in_stasis: bool = False
    room: Room | None = None
    music: str = ""
    prompts: deque[Prompt] = field(default_factory=deque)
    tape: Tape | None = None
    speaks: bool = True
    joined: Callable[[], None] = lambda: None
    """Told when it has come into a room."""
    variables: dict[str, str] = field(default_factory=dict)
    timeout: asyncio.TimerHandle | None = None

    @property
    def heard_by_app(self) -> bool:
        """Whether the application is told about it."""
        return self.originated or self.in_stasis

    def model(self) -> Channel:
        return Channel(
            self.id,
            self.state,
            self.name,
            f"sip-{self.id}",
            self.caller,
            self.connected,
            self.dialplan,
            self.created,
            "en",
        )


@dataclass(eq=False)
class Room:
    """A bridge."""

    id: str
    name: str
    kind: str
    created: Millis
    lines: list[Line] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    """Variables set with report_events: only these come back as bridgevars."""
    prompts: deque[Prompt] = field(default_factory=deque)

    def model(self) -> Bridge:
        shown = {name: value for name, value in self.variables.items() if name in self.shown}
        ids = [line.id for line in self.lines]
        return Bridge(self.id, self.name, self.kind, "stasis", "simple_bridge", "Stasis", ids, self.created, shown)


@dataclass
class Node:
    """Everything of one fake switch that a restart may lose, and what it keeps (`states`, `config`)."""

    lines: dict[str, Line] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    config: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    recordings: dict[str, int] = field(default_factory=dict)
    """Files in the spool, and their seconds."""

    def of_endpoint(self, endpoint: str) -> list[Line]:
        return [line for line in self.lines.values() if line.endpoint == endpoint]

    def holders(self) -> Iterator[Line | Room]:
        """What can play a prompt."""
        yield from self.lines.values()
        yield from self.rooms.values()

    def lose(self) -> None:
        """What a restart of Asterisk loses."""
        self.lines.clear()
        self.rooms.clear()
        self.variables.clear()
