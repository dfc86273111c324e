"""What lies in a contact's room at the switch for a plane that knows less of it: nothing, or not the last moments.

It rides in every event of the room: small. So of the steps that are over it has the last ones alone. Whoever may read
the switch can read it: so what a step gave that is secret is not in it, and nothing from before that is told again.
"""

from __future__ import annotations

import msgspec

from ccplane.contacts.contact import Contact, Past
from ccplane.contacts.direct import Direct
from ccplane.contacts.fax import FaxVerb
from ccplane.contacts.verbs import EnterQueue, TakeMessage, Verb
from ccplane.ids import ContactId, ProgramName, QueueName

PAST_LONGEST = 500
"""In characters."""


class Journal(msgspec.Struct, frozen=True, omit_defaults=True):
    """The open verb: its step, its name, since when, and for a queue which. Then what led to it."""

    step: int
    verb: str
    at: int
    queue: QueueName | None = None
    attempt: int = 1
    consent: bool | None = None
    """To being recorded, as the program had it when it queued the caller."""
    message: TakeMessage | FaxVerb | None = None
    """What is being recorded, or faxed."""
    program: ProgramName = ProgramName("")
    first: int = 1
    """The step at which that program began."""
    past: tuple[Past, ...] = ()
    credit_s: int = 0
    """The priority with which they wait."""
    entered_at: int | None = None
    """When they entered that queue, where they came from another; then `at` is their clock."""
    passed: tuple[QueueName, ...] = ()
    """Queues out of which overflows have taken them."""
    direct: Direct | None = None
    """The one agent whom they wait for."""

    @property
    def queueing(self) -> QueueName | None:
        """The queue in which the contact waits, or through which it talks."""
        return self.queue if self.verb == EnterQueue.__name__ else None

    @property
    def open(self) -> EnterQueue | TakeMessage | FaxVerb | None:
        """The open verb itself, if it is one that goes on at the switch while no plane lives."""
        if not self.queueing:
            return self.message
        return EnterQueue(self.queueing, self.consent, self.credit_s, direct=self.direct)


def write(
    step: int,
    verb: Verb,
    now: int,
    contact: Contact | None = None,
    attempt: int = 1,
    *,
    entered_at: int | None = None,
    passed: tuple[QueueName, ...] = (),
) -> str:
    """The journal as text; `contact` as it was before this step. `now`: since when the verb is open."""
    queueing = verb if isinstance(verb, EnterQueue) else None
    told = Journal(
        step,
        type(verb).__name__,
        now,
        queue=queueing.queue if queueing else None,
        attempt=attempt,
        consent=queueing.consent if queueing else None,
        message=verb if isinstance(verb, TakeMessage | FaxVerb) else None,
        program=contact.program if contact else ProgramName(""),
        first=contact.first_step if contact else 1,
        past=_fitting(contact) if contact else (),
        credit_s=queueing.credit_s if queueing else 0,
        entered_at=entered_at,
        passed=passed,
        direct=queueing.direct if queueing else None,
    )
    return msgspec.json.encode(told).decode()


def _fitting(contact: Contact) -> tuple[Past, ...]:
    """The last steps of the running program that there is room for."""
    past, room = contact.past, PAST_LONGEST
    kept: list[Past] = []
    for each in reversed(past):
        room -= len(msgspec.json.encode(each))
        if room < 0 or each.step < contact.first_step:
            break
        kept.append(each)
    return tuple(reversed(kept))


def read(text: str) -> Journal | None:
    """The journal again; None if this is none of ours."""
    try:
        return msgspec.json.decode(text, type=Journal)
    except msgspec.DecodeError:
        return None


def of(journals: dict[ContactId, str], contact: ContactId) -> Journal | None:
    """What the room of this contact says."""
    text = journals.get(contact)
    return read(text) if text else None
