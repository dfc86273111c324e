"""What people change of one contact that waits: its priority, and the queue it waits in. Its clock nobody changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Phase
from ccplane.contacts.facts import QueueOutcome
from ccplane.contacts.verbs import EnterQueue
from ccplane.core import inputs as i
from ccplane.core import journal
from ccplane.core.commands import WriteJournal
from ccplane.core.route import anyone_signed_in
from ccplane.core.state import State
from ccplane.core.turn import Turn
from ccplane.core.waits import move
from ccplane.ids import ContactId, QueueName


def why_not(state: State, contact_id: ContactId, queue: QueueName | None) -> str | None:
    """Why this contact cannot be changed so, as a code; None if it can. `queue`: where it is to wait, if elsewhere."""
    contact = state.contacts.get(contact_id)
    if contact is None:
        return "no-such-contact"
    if contact.phase is not Phase.WAITING or contact.waiting is None:
        return "contact-not-waiting"
    if queue is None or queue == contact.waiting.queue:
        return None
    if queue not in state.rules.queues:
        return "no-such-queue"
    if contact.offers:
        return "contact-offered"
    return None if anyone_signed_in(state, queue) else "nobody-signed-in"


def contact_edit_asked(turn: Turn, what: i.ContactEditAsked) -> None:
    """Both or nothing; the same again is no fact. Who may serve it now is asked at once."""
    if why_not(turn.state, what.contact, what.queue):
        return
    contact = turn.state.contacts[what.contact]
    waiting = contact.waiting
    assert waiting is not None
    if what.credit_s is not None and what.credit_s != waiting.credit_s:
        turn.happened(
            c.ContactReprioritised(
                at=turn.now, contact=contact.id, credit_s=what.credit_s, before_s=waiting.credit_s, by=what.by
            )
        )
        if isinstance(contact.verb, EnterQueue):  # for a plane that knows less
            verb = replace(contact.verb, queue=waiting.queue, credit_s=what.credit_s, direct=waiting.direct)
            told = journal.write(
                contact.step,
                verb,
                waiting.queued_at,
                contact,
                contact.attempt,
                entered_at=waiting.entered_at,
                passed=waiting.passed,
            )
            turn.do(WriteJournal(contact.id, told))
    if what.queue is not None and what.queue != waiting.queue:
        turn.happened(
            c.ContactRedirected(at=turn.now, contact=contact.id, queue=what.queue, before=waiting.queue, by=what.by)
        )
        move(turn, turn.state.contacts[contact.id], what.queue, QueueOutcome.MOVED)


EDIT_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {i.ContactEditAsked: contact_edit_asked}
