"""What callers do: arrive and leave. (The keys they press: keys.py.)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact, Phase
from ccplane.contacts.facts import ConferenceEnd, ConnectFailure, EndedBy, QueueOutcome, Withdrawal
from ccplane.contacts.verbs import Answer, Done, HangUp
from ccplane.core import callbacks, conferences, faxes, own_calls, parties
from ccplane.core import inputs as i
from ccplane.core.commands import CloseRoom, GiveBack, HangUpCaller, OpenRoom
from ccplane.core.emergencies import at_arrival
from ccplane.core.messages import leave
from ccplane.core.offers import fail_connect, withdraw
from ccplane.core.rejoin import drop_legs
from ccplane.core.state import State
from ccplane.core.stays import leave_queue
from ccplane.core.steps import end_step
from ccplane.core.talks import talk_over
from ccplane.core.turn import Turn
from ccplane.ids import ContactId, DeviceName, contact_id, is_called_back, is_dialled
from ccplane.routing.rules import Number

NORMAL: Final = 16
NO_ANSWER: Final = 19
"""Q.850."""
CONFERENCE_END: Final = {EndedBy.SWITCH: ConferenceEnd.SWITCH, EndedBy.FALLBACK: ConferenceEnd.SWITCH}
"""Of who has not hung up."""


def arrive(turn: Turn, what: i.CallerArrived, arrived_at: int | None = None) -> None:
    """A caller came: a contact begins, its room is opened, its number's program starts."""
    contact = contact_id(what.node, what.channel)
    if is_called_back(what.channel):
        known = turn.state.contacts.get(contact)
        return callbacks.reached(turn, known) if known else turn.do(HangUpCaller(contact, what.channel, NORMAL))
    if contact in turn.state.contacts and what.answered:
        return up(turn, i.CallerUp(contact))  # an agent's own phone, which we called for them
    if contact in turn.state.ended and is_dialled(what.channel):
        return turn.do(HangUpCaller(contact, what.channel, NORMAL))  # given up before they took it
    if contact in turn.state.contacts or contact in turn.state.ended:
        return None
    if turn.state.draining:
        return turn.do(GiveBack(contact, what.channel, what.number_dialled, ours=what.device is not None))
    number = opened(turn, what, arrived_at)
    blocked = turn.state.rules.blocked_program
    program = blocked if blocked and what.customer and what.customer.blocked else number.program
    own_calls.take(turn, contact)
    turn.do(OpenRoom(contact))
    return turn.happened(c.ProgramStarted(at=turn.now, contact=contact, program=program))


def opened(turn: Turn, what: i.CallerArrived, arrived_at: int | None = None, served_until: int | None = None) -> Number:
    """The contact begins, by the rules of the number dialled; at `arrived_at` if it began before we knew of it, and
    then its program may have run, until `served_until`."""
    contact = contact_id(what.node, what.channel)
    if arrived_at is None and turn.when < turn.now:
        arrived_at = turn.when
    number = program_of(
        turn.state, what.number_dialled, what.device, turn.now if arrived_at is None else arrived_at, what.caller
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
            language=(what.customer and what.customer.language) or number.language,
            attribution=number.attribution,
            switch_at=what.switch_at,
            site=turn.state.site,
            device=what.device,
            direction=own_calls.direction_of(turn.state, what.device, what.number_dialled),
            agent=own_calls.owner_of(turn.state, what.device),
            arrived_at=arrived_at,
            served_until=served_until,
            customer=what.customer,
            emergency=None if served_until is not None else at_arrival(turn.state, what),
        )
    )
    if what.answered:
        turn.happened(c.CallerAnswered(at=turn.now, contact=contact))
    return number


def program_of(state: State, number: str, device: DeviceName | None, at: int, caller: str) -> Number:
    """What takes this caller's call to this number that came at `at` (ms); from a phone of ours to one that is not the
    site's, the own calls' program."""
    rules = state.rules
    known = rules.number_at(number, at, caller)
    if known is not None:
        return known
    program = rules.dialling.program if device is not None and rules.dialling.program else rules.default_program
    return Number(number=number, program=program, language=rules.language)


def not_picked_up(turn: Turn, contact: Contact) -> None:
    """The agent who asked for this call did not take it."""
    turn.do(HangUpCaller(contact.id, contact.channel, NO_ANSWER))
    end_contact(turn, contact.id, EndedBy.CALLER, NO_ANSWER)


def up(turn: Turn, what: i.CallerUp) -> None:
    """The call is answered; a program that waits for that goes on."""
    contact = turn.state.contacts.get(what.contact)
    if contact is None or contact.answered or contact.callback:
        return  # who is called back is up for us once they are in our application: then they arrive
    asked_for = contact.pick_up_by is not None
    turn.happened(c.CallerAnswered(at=turn.now, contact=contact.id))
    if asked_for:
        program = program_of(
            turn.state, contact.number_dialled, contact.device, contact.arrived_at, contact.caller
        ).program
        turn.happened(c.ProgramStarted(at=turn.now, contact=contact.id, program=program))
    if isinstance(contact.verb, Answer):
        end_step(turn, contact.id, Done())


def gone(turn: Turn, what: i.CallerGone) -> None:
    """The caller left: everything open is closed, each by its own fact, and the agent is free for the next."""
    contact = turn.state.contacts.get(what.contact)
    if contact is not None and contact.absent:
        callbacks.gone(turn, contact, what.cause)
    elif contact is not None:
        if isinstance(contact.verb, HangUp):
            end_contact(turn, contact.id, EndedBy.PROGRAM, contact.verb.cause)
        else:
            end_contact(turn, contact.id, _by(what), what.cause)


def _by(what: i.CallerGone) -> EndedBy:
    if what.by_switch:
        return EndedBy.SWITCH
    return EndedBy.NO_MEDIA if what.no_media else EndedBy.CALLER


def carried(turn: Turn, what: i.CallerCarried) -> None:
    """The guard took the caller to the fallback while we were silent: what was open with us is closed, and the agent is
    free."""
    if what.contact in turn.state.contacts:
        end_contact(turn, what.contact, EndedBy.FALLBACK, 0, unseen=True)


def end_contact(
    turn: Turn,
    contact_id: ContactId,
    by: EndedBy,
    cause: int,
    *,
    talk_by: EndedBy | None = None,
    unseen: bool = False,
) -> None:
    """Close a contact in whatever phase it is. `talk_by`: who ended its talk, if that is not who ended the contact.
    `unseen`: it has ended, nobody knows when."""
    contact = turn.state.contacts[contact_id]
    lost = by in (EndedBy.SWITCH, EndedBy.FALLBACK)
    leave(turn, contact)
    faxes.leave(turn, contact, faxes.HUNG_UP)
    match contact.phase:
        case Phase.TALKING:
            assert contact.talk
            drop_legs(turn, contact, contact.talk)
            talk_over(turn, contact, talk_by or by, unseen=unseen)
        case Phase.CALLING | Phase.IN_CALL:
            assert contact.call
            who = EndedBy.SWITCH if (talk_by or by) is EndedBy.SWITCH else EndedBy.CALLER
            parties.caller_gone(turn, contact, contact.call, who, unseen=unseen)
        case Phase.CONFERRING:
            ended_by = talk_by or by
            conferences.leave(turn, contact, CONFERENCE_END.get(ended_by, ConferenceEnd.HUNG_UP), unseen=unseen)
        case Phase.CONNECTING | Phase.WAITING:
            _stop_offering(turn, contact, lost)
            leave_queue(turn, contact_id, QueueOutcome.LOST if lost else QueueOutcome.ABANDONED)
    own_calls.release_all(turn, contact)
    _, ended_at = turn.over(contact.arrived_at)
    by_themselves = contact.self_served and not contact.segments
    turn.happened(
        c.ContactEnded(
            at=turn.now, contact=contact_id, by=by, cause=cause, ended_at=ended_at, self_served=by_themselves
        )
    )
    turn.do(CloseRoom(contact_id))


def _stop_offering(turn: Turn, contact: Contact, lost: bool) -> None:
    if contact.phase is Phase.CONNECTING:
        fail_connect(turn, contact, ConnectFailure.CALLER_GONE)
    elif contact.offers:
        withdraw(turn, contact, Withdrawal.SWITCH_LOST if lost else Withdrawal.CALLER_GONE)


CALLER_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.CallerArrived: arrive,
    i.CallerUp: up,
    i.CallerGone: gone,
    i.CallerCarried: carried,
}
