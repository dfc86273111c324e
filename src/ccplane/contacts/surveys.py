"""Surveys: what a caller is asked about the talk that they had, and what came of it."""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256

import msgspec

from ccplane.ids import AgentId, ContactId, QueueName


class Kind(StrEnum):
    """What is asked, and so which values there are."""

    SATISFACTION = "satisfaction"
    """1 to 5, the more the better."""
    NPS = "nps"
    """0 to 10: how likely they are to recommend us."""
    YES_NO = "yes-no"
    """1 is yes, 0 no."""


class LastTalk(msgspec.Struct, frozen=True):
    """The talk with an agent that was over last."""

    agent: AgentId
    queue: QueueName
    talk_ms: int


class Surveyed(msgspec.Struct, frozen=True):
    """A survey that was begun. `answered`: the questions that were, each once."""

    survey: str
    questions: int
    asked_at: int
    queue: QueueName | None = None
    agent: AgentId | None = None
    answered: tuple[str, ...] = ()


class AskSurvey(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Begin a survey of so many questions, with this share of the contacts, whose talk was at least so long, as far as
    that is known.

    `quiet_ms`: who was asked no longer ago than this, by their number, is not asked again.
    """

    survey: str
    questions: int
    share: float = 1.0
    least_talk_ms: int = 0
    quiet_ms: int = 0


class NoteAnswer(msgspec.Struct, frozen=True, tag=True):
    """The caller's answer to one question of the survey."""

    question: str
    kind: Kind
    value: int


class NotAsked(msgspec.Struct, frozen=True, tag=True):
    """They are not asked. `why`: `not-in-sample`, `short-talk`, `asked-lately`, `asked-already`."""

    why: str


def in_sample(contact: ContactId, survey: str, share: float) -> bool:
    """Whether a contact is of the share that is asked: by its id, so that it is the same whenever it is decided."""
    drawn = int.from_bytes(sha256(f"{survey}\0{contact}".encode()).digest()[:8])
    return drawn < share * 2**64
