"""What callers do: arrive, press keys, leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import ConnectFailure, EndedBy, QueueOutcome, Withdrawal
from ccplane.contacts.verbs import Answer, Done, Gather, HangUp, Pressed
from ccplane.core import inputs as i
from ccplane.core.commands import CloseRoom, OpenRoom, StopSounds
from ccplane.core.offers import fail_connect, withdraw
from ccplane.core.rejoin import drop_legs
from ccplane.core.steps import end_step, leave_queue
from ccplane.core.talks import talk_over
from ccplane.core.turn import Turn
from ccplane.ids import ContactId, contact_id, playback_id
from ccplane.routing.rules import Number

FEATURE: Final = "*"
"""How a feature code begins: what phones of ours dial to be served, `*45`."""


def arrive(turn: Turn, what: i.CallerArrived) -> None:
    """A caller came: a contact begins, its room is opened, its number's program starts."""
    contact = contact_id(what.node, what.channel)
    if contact in turn.state.contacts or contact in turn.state.ended:
        return
    number = opened(turn, what)
    turn.do(OpenRoom(contact))
    turn.happened(c.ProgramStarted(at=turn.now, contact=contact, program=number.program))


def opened(turn: Turn, what: i.CallerArrived) -> Number:
    """The contact begins, by the rules of the number dialled."""
    contact, rules = contact_id(what.node, what.channel), turn.state.rules
    number = rules.numbers.get(what.number_dialled) or Number(
        number=what.number_dialled, program=rules.default_program, language=rules.language
    )
    turn.happened(
        c.ContactArrived(
            at=turn.now,
            contact=contact,
            node=what.node,
            channel=what.channel,
            number_dialled=what.number_dialled,
            caller=what.caller,
            caller_name=what.caller_name,
            language=number.language,
            attribution=number.attribution,
            switch_at=what.switch_at,
            site=turn.state.site,
            device=what.device,
            direction=_direction(what),
        )
    )
    if what.answered:
        turn.happened(c.CallerAnswered(at=turn.now, contact=contact))
    return number


def _direction(what: i.CallerArrived) -> c.Direction:
    """A phone of ours that dials a feature code calls nobody but us; any other number may have callers from outside."""
    service = what.device is not None and what.number_dialled.startswith(FEATURE)
    return c.Direction.INTERNAL if service else c.Direction.INBOUND


def up(turn: Turn, what: i.CallerUp) -> None:
    """The call is answered; a program that waits for that goes on."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None or contact.answered:
        return
    turn.happened(c.CallerAnswered(at=turn.now, contact=contact.id))
    if isinstance(contact.verb, Answer):
        end_step(turn, contact.id, Done())


def key_pressed(turn: Turn, what: i.KeyPressed) -> None:
    """A key while a verb gathers ends it and stops its sounds; any other key is nobody's."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None or not isinstance(contact.verb, Gather):
        return
    turn.do(StopSounds(contact.id, playback_id(contact.id, contact.step, contact.attempt)))
    end_step(turn, contact.id, Pressed(what.key))


def gone(turn: Turn, what: i.CallerGone) -> None:
    """The caller left: everything open is closed, each by its own fact, and the agent is free for the next."""
    contact = turn.state.contacts.get(what.contact)
    if contact is not None:
        if isinstance(contact.verb, HangUp):
            end_contact(turn, contact.id, EndedBy.PROGRAM, contact.verb.cause)
        else:
            end_contact(turn, contact.id, EndedBy.CALLER, what.cause)


def end_contact(turn: Turn, contact_id: ContactId, by: EndedBy, cause: int) -> None:
    """Close a contact in whatever phase it is."""
    contact = turn.state.contacts[contact_id]
    lost = by is EndedBy.SWITCH
    match contact.phase:
        case Phase.TALKING:
            assert contact.talk
            drop_legs(turn, contact, contact.talk)
            talk_over(turn, contact, by)
        case Phase.CONNECTING | Phase.WAITING:
            _stop_offering(turn, contact, lost)
            leave_queue(turn, contact_id, QueueOutcome.LOST if lost else QueueOutcome.ABANDONED)
    turn.happened(c.ContactEnded(at=turn.now, contact=contact_id, by=by, cause=cause))
    turn.do(CloseRoom(contact_id))


def _stop_offering(turn: Turn, contact: Contact, lost: bool) -> None:
    if contact.phase is Phase.CONNECTING:
        fail_connect(turn, contact, ConnectFailure.CALLER_GONE)
    elif contact.offer:
        withdraw(turn, contact, Withdrawal.SWITCH_LOST if lost else Withdrawal.CALLER_GONE)


CALLER_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.CallerArrived: arrive,
    i.CallerUp: up,
    i.CallerGone: gone,
    i.KeyPressed: key_pressed,
}
