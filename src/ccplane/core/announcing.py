"""Those who wait are told how they stand, and their keys lead out of the queue.

None of it delays an offer: what is being said stops in the breath in which an agent who picked up is brought to them.
"""

from __future__ import annotations

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import QueueOutcome, Withdrawal
from ccplane.contacts.verbs import LeftByKey
from ccplane.core.announced import plan_of, say_at
from ccplane.core.commands import SayToWaiting
from ccplane.core.estimates import expected
from ccplane.core.follows import as_candidate
from ccplane.core.limits import refused
from ccplane.core.offers import withdraw
from ccplane.core.promises import wish_waiting
from ccplane.core.steps import give_back
from ccplane.core.turn import Turn
from ccplane.core.waits import move
from ccplane.ids import QueueName
from ccplane.routing.announce import announcement


def announce(turn: Turn) -> None:
    """Whoever should have been told while a phone rang for them, and still waits."""
    for contact_id in list(turn.unserved):
        if contact := turn.state.contacts.get(contact_id):
            turn.attempt(contact_id, announce_due, turn, contact)


def announce_due(turn: Turn, contact: Contact) -> None:
    """Say it if it is time to."""
    at, plan, waiting = say_at(turn.state.rules, contact), plan_of(turn.state.rules, contact), contact.waiting
    if at is None or at > turn.now or plan is None or waiting is None:
        return
    stands = expected(turn.state, contact) if plan.position or plan.estimate else None
    said = announcement(
        plan,
        turn.state.rules.sayings,
        contact.language,
        contact.told,
        stands.position if stands else None,
        stands.wait_ms if stands else None,
    )
    turn.happened(
        c.WaitAnnounced(
            at=turn.now,
            contact=contact.id,
            queue=waiting.queue,
            segment=waiting.segment,
            position=said.position,
            minutes=said.minutes,
            longer=said.longer,
            sounds=said.sounds,
            next_at=turn.now + plan.every_ms,
        )
    )
    if said.sounds:
        turn.do(SayToWaiting(contact.id, said.sounds, contact.language))


def key_while_waiting(turn: Turn, contact: Contact, key: str) -> None:
    """Where it leads nowhere, or the queue that it leads into takes nobody now, they wait on; and where it leads to a
    program of which who is called back has none."""
    plan = plan_of(turn.state.rules, contact)
    way = plan.keys.get(key) if plan else None
    if way is None or contact.phase is not Phase.WAITING or contact.absent or (way.name and contact.callback):
        return
    if way.callback:
        wish_waiting(turn, contact, contact.caller)
    elif way.queue is not None:
        _into(turn, contact, way.queue)
    else:
        withdraw(turn, contact, Withdrawal.LEFT_QUEUE)
        give_back(turn, turn.state.contacts[contact.id], QueueOutcome.LEFT_BY_KEY, LeftByKey(key, way.name))


def _into(turn: Turn, contact: Contact, wanted: QueueName) -> None:
    rules, waiting = turn.state.rules, contact.waiting
    to = rules.queue_for(wanted)
    if waiting is None or to is None or to == waiting.queue:
        return
    if refused(turn.state, rules.queues[to], turn.now, as_candidate(contact)) is None:
        withdraw(turn, contact, Withdrawal.LEFT_QUEUE)
        move(turn, turn.state.contacts[contact.id], to, QueueOutcome.LEFT_BY_KEY)
