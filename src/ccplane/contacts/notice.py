"""A notice tells somebody of a message that was left: an address by e-mail, or a service by HTTP.

One is made with the message's row, and is due until it was sent, was refused for good, or is given up. When it is tried
again stands here, and nowhere else. Pure.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from ccplane.ids import AgentId, ContactId, MessageId, NoticeId, QueueName

FIRST_PAUSE_MS: Final = 60_000
LONGEST_PAUSE_MS: Final = 3_600_000
GIVEN_UP_MS: Final = 3 * 86_400_000
"""So long after it became due nobody waits for it any more."""
JITTER: Final = 0.2
"""Of a pause: many that failed together are not tried together."""
AGENT: Final = "{agent}"
"""In an address: whose box it is."""


class NoticeKind(StrEnum):
    """By which way somebody is told."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class NoticeState(StrEnum):
    """How far a notice is."""

    DUE = "due"
    SENT = "sent"
    FAILED = "failed"
    """Who was to get it refused it for good."""
    GIVEN_UP = "given-up"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One that is to be sent now, and what it tells of. Times in ms UTC, `ms` the message's length, `bytes` its WAV's.

    `target`: an address, or a webhook of acd/voicemail.toml. `since`: when it became due; `tries`: this one included.
    """

    id: NoticeId
    kind: NoticeKind
    target: str
    since: int
    tries: int
    message: MessageId
    contact: ContactId
    box: str
    caller: str
    number_dialled: str
    left_at: int
    ms: int
    bytes: int
    file: str
    queue: QueueName = QueueName("")
    agent: AgentId = AgentId("")
    answer_until: int | None = None


def next_try(tries: int, since: int, now: int, chance: float) -> int | None:
    """When it is tried again, ms, after the `tries`-th try failed; None if it is given up. `chance`: 0 to 1."""
    pause = min(FIRST_PAUSE_MS * 2 ** min(max(tries - 1, 0), 30), LONGEST_PAUSE_MS)
    at = now + int(pause * (1 + JITTER * (2 * chance - 1)))
    return at if at < since + GIVEN_UP_MS else None
