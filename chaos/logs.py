"""What a run leaves behind: what the phones saw, what was done to the stack, and what ccplane says happened.

All times are milliseconds UTC; one machine, so they compare. The checker reads nothing else, and may read it again.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec


class Ended(StrEnum):
    """How a phone saw a call end."""

    SELF = "self"
    """This phone hung up, refused or gave up."""
    PEER = "peer"
    """The other side did: BYE."""
    CANCELLED = "cancelled"
    """It stopped ringing."""
    REFUSED = "refused"
    """The switch said no to our call."""
    LOST = "lost"
    """The other side did not answer any more."""
    GONE = "gone"
    """This phone lost its power: part of the plan."""
    SWITCH = "switch"
    """Asterisk was killed: part of the plan."""


class Caller(msgspec.Struct, kw_only=True):
    """One call as the caller's phone saw it. `number` is unique in a run."""

    number: str
    dialled: str
    at: int
    up_at: int | None = None
    ended_at: int | None = None
    how: Ended | None = None
    code: int = 0


class Ring(msgspec.Struct, kw_only=True):
    """One call that reached an agent's phone. `busy`: so many calls were at that phone already."""

    agent: str
    caller: str
    at: int
    up_at: int | None = None
    ended_at: int | None = None
    how: Ended | None = None
    busy: int = 0


class Fault(msgspec.Struct, kw_only=True):
    """Something that was done. `over_at`: undone, restarted, mended; `whole_at`: all worked again, seen by facts."""

    number: int
    kind: str
    at: int
    over_at: int = 0
    whole_at: int = 0
    said: str = ""


class Away(msgspec.Struct, kw_only=True):
    """An agent's phone had lost its power: it saw nothing of what was sent to it."""

    agent: str
    at: int
    until: int


class Asked(msgspec.Struct, kw_only=True):
    """A state that an agent asked for, and that was acknowledged. `reason` is unique in a run."""

    agent: str
    state: str
    reason: str
    at: int
    answered_at: int


class Board(msgspec.Struct, kw_only=True):
    """What the wallboard showed of the agents."""

    at: int
    agents: dict[str, str]


class Fact(msgspec.Struct, kw_only=True):
    """One row of the log in Postgres."""

    epoch: int
    seq: int
    at: int
    kind: str
    contact: str | None
    agent: str | None
    body: dict[str, Any]


class Contact(msgspec.Struct, kw_only=True):
    """One row of the contacts in Postgres."""

    id: str
    caller: str | None
    ended_by: str | None
    direction: str = "inbound"


class Counters(msgspec.Struct, kw_only=True):
    """A queue's counters of the day, as the wallboard shows them at the end, when nobody waits."""

    offered: int
    answered: int
    abandoned: int
    waiting: int


class Run(msgspec.Struct, kw_only=True):
    """All that is known of one run. `guard_s`: when a guard may carry callers; None: there was none."""

    seed: int
    began_at: int
    ended_at: int
    agents: list[str]
    guard_s: float | None = None
    rest_ms: int = 5_000
    callers: list[Caller] = []
    rings: list[Ring] = []
    faults: list[Fault] = []
    aways: list[Away] = []
    asked: list[Asked] = []
    boards: list[Board] = []
    facts: list[Fact] = []
    contacts: list[Contact] = []
    queues: dict[str, Counters] = {}
    stuck_channels: int = 0
    notes: list[str] = []


NAME: Final = "run.json"


def save(run: Run, folder: Path) -> Path:
    """One file that holds the whole run."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.write_bytes(msgspec.json.encode(run))
    return path


def load(path: Path) -> Run:
    """The run that was saved here; msgspec.ValidationError if this is none."""
    return msgspec.json.decode(path.read_bytes(), type=Run)
