"""The wish to be called back: what is refused at once, and what Postgres is asked to keep."""

from __future__ import annotations

from typing import Final

from ccplane.contacts.callback import CallbackState
from ccplane.contacts.contact import Contact
from ccplane.contacts.facts import callbacks as f
from ccplane.contacts.verbs import AskCallback, NotPromised, Promised, Result
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.ids import CallbackId, QueueName, callback_id
from ccplane.routing.callbacks import why_not
from ccplane.routing.dialling import plain

ANSWER_MS: Final = 4_000
"""So long Postgres has to keep it; then the caller is told that it is not promised."""
AWAY: Final = "database-away"
NO_QUEUE: Final = "no-such-queue"
TWICE: Final = "already-promised"


def why_not_promised(state: State, number: str, queue: QueueName) -> str | None:
    """Why this cannot be promised, before Postgres is asked: by the site's rules alone."""
    if queue not in state.rules.queues:
        return NO_QUEUE
    return why_not(state.rules.callbacks, state.rules.dialling, number)


def ask(turn: Turn, contact: Contact, verb: AskCallback) -> Result | None:
    """What comes of the wish of a contact's program at once; None where Postgres is asked. Asked again, as after a
    crash, it is the same wish."""
    callback = callback_id(contact.id, contact.step)
    known = turn.state.callbacks.get(callback)
    if known is not None:
        return None if known.state is CallbackState.ASKED else Promised(callback)
    if callback in turn.state.callbacks_ended:
        return NotPromised(AWAY)
    why = why_not_promised(turn.state, verb.number, verb.queue)
    if why is not None:
        return NotPromised(why)
    asked = verb.since if verb.since is not None else contact.waited_since
    window = (verb.not_before, verb.until)
    wish(turn, contact, callback, verb.number, verb.queue, turn.now if asked is None else asked, window=window)
    return None


def wish_waiting(turn: Turn, contact: Contact, number: str) -> None:
    """Who waits would rather be called back: they wait on until that is promised, and where it can't be."""
    waiting, callback = contact.waiting, callback_id(contact.id, contact.step)
    known = callback in turn.state.callbacks or callback in turn.state.callbacks_ended
    if waiting is None or known or why_not_promised(turn.state, number, waiting.queue) is not None:
        return
    wish(turn, contact, callback, number, waiting.queue, waiting.queued_at)


def wish(
    turn: Turn,
    contact: Contact | None,
    callback: CallbackId,
    number: str,
    queue: QueueName,
    since: int,
    caller_name: str = "",
    by: str = "",
    window: tuple[int | None, int | None] = (None, None),
) -> None:
    """Ask Postgres to keep it: whoever follows the facts does that, and says what came of it. However the number was
    written, it is one: the do-not-call list has it as `plain` does. `window`: not before, and not after, in ms."""
    rules = turn.state.rules
    turn.happened(
        f.CallbackAsked(
            at=turn.now,
            callback=callback,
            number=plain(rules.dialling, number),
            queue=queue,
            since=since,
            expires_at=turn.now + rules.callbacks.expiry_ms if window[1] is None else window[1],
            not_before=window[0],
            answer_by=turn.now + ANSWER_MS,
            contact=contact.id if contact else None,
            caller_name=contact.caller_name if contact else caller_name,
            number_dialled=contact.number_dialled if contact else "",
            language=contact.language if contact else rules.language,
            site=turn.state.site,
            by=by,
        )
    )
