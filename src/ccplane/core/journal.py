"""What lies in a contact's room at the switch for a plane that knows nothing of it. It rides in every event: small."""

from __future__ import annotations

import msgspec

from ccplane.contacts.verbs import EnterQueue, Verb
from ccplane.ids import QueueName


class Journal(msgspec.Struct, frozen=True, omit_defaults=True):
    """The open verb: its step, its name, since when, and for a queue which."""

    step: int
    verb: str
    at: int
    queue: QueueName | None = None

    @property
    def queueing(self) -> QueueName | None:
        """The queue in which the contact waits, or through which it talks."""
        return self.queue if self.verb == EnterQueue.__name__ else None


def write(step: int, verb: Verb, now: int) -> str:
    """The journal as text."""
    queue = verb.queue if isinstance(verb, EnterQueue) else None
    return msgspec.json.encode(Journal(step, type(verb).__name__, now, queue)).decode()


def read(text: str) -> Journal | None:
    """The journal again; None if this is none of ours."""
    try:
        return msgspec.json.decode(text, type=Journal)
    except msgspec.DecodeError:
        return None
