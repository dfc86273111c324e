"""Callbacks: who wants one, and what Postgres says of promises and of claims."""

from __future__ import annotations

from ccplane.core.inputs.input import Input
from ccplane.ids import CallbackId, QueueName


class CallbackWanted(Input, frozen=True, kw_only=True):
    """Somebody is to be called back. `callback`: chosen by who asks, once. `by`: who."""

    callback: CallbackId
    number: str
    queue: QueueName
    caller_name: str = ""
    by: str
    window: tuple[int | None, int | None] = (None, None)
    """Not before, and not after, in ms."""


class CallbackCancelWanted(Input, frozen=True, kw_only=True):
    """They are not to be called back any more; nothing is done about one that is being called. `by`: who says so."""

    callback: CallbackId
    by: str


class CallbackKept(Input, frozen=True):
    """Postgres has it for good; or not, and `why`."""

    callback: CallbackId
    why: str = ""


class CallbackClaimed(Input, frozen=True, kw_only=True):
    """The claim of this turn is committed, as the `tries`-th try of all; or it was not made, and `why`."""

    callback: CallbackId
    turn: int
    tries: int = 0
    why: str = ""


class LedgerSeen(Input, frozen=True):
    """Whether Postgres can be asked for promises and claims, or is `away`."""

    away: bool


class PromiseFound(Input, frozen=True, kw_only=True):
    """A promise that stands in Postgres, of which this plane may know nothing: its outbox is another."""

    callback: CallbackId
    number: str
    queue: QueueName
    since: int
    expires_at: int
    caller_name: str
    number_dialled: str
    language: str
    turn: int
    tries: int
    not_before: int | None = None
