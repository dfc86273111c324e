"""What a program can ask for (verbs) and what can come of it (results). Both are plain data: they are journalled."""

from __future__ import annotations

from typing import Literal

import msgspec

from ccplane.ids import AgentId, QueueName, SeatId


class Answer(msgspec.Struct, frozen=True, tag=True):
    """Take the call, so that the caller hears us. Nothing happens if it was answered before."""


class Play(msgspec.Struct, frozen=True, tag=True):
    """Play sounds one after the other on the caller's channel. `sounds`: Asterisk media URIs (`sound:…`)."""

    sounds: tuple[str, ...]


class Gather(msgspec.Struct, frozen=True, tag=True):
    """Play sounds and wait for one key; a key stops the sounds. The time-out runs from the end of the sounds."""

    sounds: tuple[str, ...]
    timeout_ms: int


class AskPin(msgspec.Struct, frozen=True, tag=True):
    """Play sounds and take an agent's PIN by keys, which neither the program nor any fact ever sees.

    `timeout_ms` runs from the beginning.
    """

    agent: AgentId
    sounds: tuple[str, ...]
    timeout_ms: int


class LookHere(msgspec.Struct, frozen=True, tag=True):
    """Look where the call comes from: which seat of ours, whose it is and who sits there."""


class SetIntent(msgspec.Struct, frozen=True, tag=True):
    """Set what an agent wants. `sit`: they sit down where the call comes from."""

    agent: AgentId
    state: Literal["ready", "paused", "offline"]
    reason: str = ""
    sit: bool = False


class EnterQueue(msgspec.Struct, frozen=True, tag=True):
    """Wait in a queue for an agent, and talk to them. Ends when the talk is over or the waiting is."""

    queue: QueueName


class Connect(msgspec.Struct, frozen=True, tag=True):
    """Call somebody for the agent whose own call this is, and let them talk: another agent, or a number outside."""

    number: str


class HangUp(msgspec.Struct, frozen=True, tag=True):
    """End the call. `cause`: Q.850, 16 is a normal end."""

    cause: int = 16


Verb = Answer | Play | Gather | AskPin | LookHere | SetIntent | EnterQueue | Connect | HangUp


class Done(msgspec.Struct, frozen=True, tag=True):
    """The verb did what it says."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The switch could not do it (a sound is missing, a channel refused). The program goes on."""

    reason: str


class Pressed(msgspec.Struct, frozen=True, tag=True):
    """The caller pressed this key: 0-9, *, # or A-D."""

    key: str


class NoInput(msgspec.Struct, frozen=True, tag=True):
    """The caller pressed nothing in time."""


class Here(msgspec.Struct, frozen=True, tag=True):
    """Where the call comes from. `owner`: whose own seat it is; `agent`: who sits there, signed in or not, and what
    they want to be (`state`)."""

    seat: SeatId
    shared: bool
    owner: AgentId | None
    agent: AgentId | None
    state: str


class Proven(msgspec.Struct, frozen=True, tag=True):
    """The PIN is theirs."""

    agent: AgentId


class Refused(msgspec.Struct, frozen=True, tag=True):
    """It may not be. `why`: the code of an error, as the API has it: wrong-pin, pin-locked, seat-taken, …"""

    why: str


class Served(msgspec.Struct, frozen=True, tag=True):
    """The caller has talked with this agent, the talk is over, and the caller is still on the line."""

    agent: AgentId


class NoAgents(msgspec.Struct, frozen=True, tag=True):
    """Nobody who could serve this queue is signed in."""


class TimedOut(msgspec.Struct, frozen=True, tag=True):
    """The queue's `max_wait` is over."""


class Talked(msgspec.Struct, frozen=True, tag=True):
    """They have talked, and the other has hung up."""

    talk_ms: int


class NotReached(msgspec.Struct, frozen=True, tag=True):
    """They were not reached. `why`: busy, no-answer, rejected or unreachable."""

    why: str


class NotAllowed(msgspec.Struct, frozen=True, tag=True):
    """The agent may not dial that number. `rule`: why, as the fact says."""

    rule: str


ConnectResult = Talked | NotReached | NotAllowed
QueueResult = Served | NoAgents | TimedOut
OwnResult = Here | Proven | Refused
Result = Done | Failed | Pressed | NoInput | OwnResult | QueueResult | ConnectResult
