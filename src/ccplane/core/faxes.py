"""Faxes: how one begins, ends and is settled. Whatever ends it, what has come until then is kept.

Our fax machine is a channel of two halves, under ids that follow from contact, step and try: one stands in the caller's
room, the other runs the switch's fax application in the dialplan. The caller never leaves the room, so no fault of ours
ends their call; and a transmission goes on, and leaves word of how it ended, while no plane lives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ccplane.contacts import facts as c
from ccplane.contacts.contact import Contact
from ccplane.contacts.fax import FaxSent, FaxTaken, FaxVerb, NoFax, ReceiveFax, SendFax
from ccplane.contacts.faxing import Fax
from ccplane.contacts.verbs import Result
from ccplane.core import inputs as i
from ccplane.core.commands import AddCaller, AnswerCaller, BeginFax, EndFax, JoinFax, LookAtFax, LookForFax
from ccplane.core.turn import Turn
from ccplane.ids import ChannelId, ContactId, FaxId, place_of_fax

GREETING_MS: Final = 60_000
"""How long two machines may take until the first page is coming. T.30 has its own limit for that, 35 s, but Asterisk's
machine goes on to greet whoever says something else."""
JOIN_MS: Final = 10_000
"""How long our machine may take to come into the room."""
SETTLE_MS: Final = 20_000
"""How long a program waits to hear what came of it, once its transmission is over."""
NO_MACHINE: Final = "no-fax-machine"
NOT_JOINED: Final = "not-joined"
TOO_LONG: Final = "too-long"
HUNG_UP: Final = "hung-up"
STOPPED: Final = "stopped"
UNCONFIRMED: Final = "not-confirmed"


def begin(turn: Turn, contact: Contact) -> None:
    """`contact` as it is in this step."""
    fax = contact.fax
    assert fax is not None
    if not contact.answered:
        turn.do(AnswerCaller(contact.id, contact.channel))
    if not contact.in_room or contact.leaving_room:
        turn.do(AddCaller(contact.id, contact.channel))
    pages = contact.verb.pages if isinstance(contact.verb, SendFax) else ""
    turn.do(BeginFax(contact.id, fax, pages))


def up(turn: Turn, what: i.FaxUp) -> None:
    contact = _open(turn, what.fax)
    if contact is None:
        _stray(turn, what.fax)
    elif not contact.fax_started:
        turn.do(JoinFax(contact.id, what.fax))


def joined(turn: Turn, what: i.FaxJoined) -> None:
    """From here on they hear each other."""
    contact = _open(turn, what.fax)
    if contact is None:
        return _stray(turn, what.fax)
    verb = contact.verb
    if not contact.fax_started and isinstance(verb, FaxVerb):
        receives = isinstance(verb, ReceiveFax)
        until = turn.now + (min(verb.longest_ms, GREETING_MS) if receives else verb.longest_ms)
        box = verb.box if isinstance(verb, ReceiveFax) else ""
        turn.happened(c.FaxStarted(at=turn.now, contact=contact.id, fax=what.fax, box=box, deadline=until))
    return None


def _stray(turn: Turn, fax: FaxId) -> None:
    place = place_of_fax(fax)
    if place is not None:
        turn.do(EndFax(place[0], fax))


def ended(turn: Turn, what: i.FaxEnded) -> None:
    """The program goes on once it is known what came of it."""
    contact = _open(turn, what.fax)
    if contact is not None:
        leave(turn, contact)


def leave(turn: Turn, contact: Contact, reason: str = "") -> None:
    """The transmission that is open, if one is, is over; `reason`: why we end it. Told again, nothing happens."""
    verb, fax = contact.verb, contact.fax
    if fax is None or not isinstance(verb, FaxVerb) or fax in turn.state.faxes:
        return
    if reason:
        turn.do(EndFax(contact.id, fax))
    turn.happened(
        c.FaxOver(
            at=turn.now,
            contact=contact.id,
            fax=fax,
            box=verb.box if isinstance(verb, ReceiveFax) else "",
            node=contact.node,
            caller=contact.caller,
            number_dialled=contact.number_dialled,
            reason=reason,
            settle_by=turn.now + SETTLE_MS,
            sent=verb.name if isinstance(verb, SendFax) else "",
        )
    )


def refused(turn: Turn, what: i.FaxRefused) -> None:
    contact = _open(turn, what.fax)
    if contact is not None:
        _end_step(turn, contact.id, NoFax(what.reason))


def kept(turn: Turn, what: i.FaxKept) -> None:
    """What came of it, however late. What we ended, we know best why."""
    fax = turn.state.faxes.get(what.fax)
    if fax is None:
        return
    reason = "" if what.complete else fax.reason or what.reason
    if fax.sent and what.complete:
        turn.happened(
            c.FaxDelivered(
                at=turn.now, fax=fax.id, contact=fax.contact, name=fax.sent, pages=what.pages, station=what.station
            )
        )
    elif what.pages and not fax.sent:
        turn.happened(_stored(turn, fax, what, reason))
    else:
        turn.happened(
            c.FaxFailed(at=turn.now, fax=fax.id, contact=fax.contact, box=fax.box, reason=reason, station=what.station)
        )
    contact = turn.state.contacts.get(fax.contact)
    if contact is not None and contact.fax == fax.id:
        done = FaxSent if fax.sent else FaxTaken
        whole = what.complete and (what.pages or fax.sent)  # the other machine has confirmed it; perhaps nobody counted
        result: Result = done(fax.id, what.pages, what.station) if whole else NoFax(reason, what.pages)
        _end_step(turn, contact.id, result)


def _stored(turn: Turn, fax: Fax, what: i.FaxKept, reason: str) -> c.FaxStored:
    return c.FaxStored(
        at=turn.now,
        fax=fax.id,
        contact=fax.contact,
        box=fax.box,
        caller=fax.caller,
        number_dialled=fax.number_dialled,
        over_at=fax.over_at,
        pages=what.pages,
        complete=what.complete,
        reason=reason,
        station=what.station,
        bytes=what.bytes,
        file=what.file,
    )


def overdue(turn: Turn, contact: Contact) -> None:
    """First it does not begin, is doubted, or does not end: it is ended. Then nobody told what became of it."""
    assert contact.fax is not None
    verb = contact.verb
    if contact.fax in turn.state.faxes:
        _end_step(turn, contact.id, NoFax(UNCONFIRMED))
    elif (
        isinstance(verb, ReceiveFax)
        and contact.fax_started
        and not contact.fax_doubted
        and verb.longest_ms > GREETING_MS
    ):
        until = turn.now + verb.longest_ms - GREETING_MS
        turn.happened(c.FaxDoubted(at=turn.now, contact=contact.id, fax=contact.fax, deadline=until))
        turn.do(LookAtFax(contact.id, contact.fax))
    else:
        leave(turn, contact, TOO_LONG if contact.fax_started else NOT_JOINED)


def silent(turn: Turn, what: i.FaxSilent) -> None:
    contact = _open(turn, what.fax)
    if contact is not None and contact.fax_doubted:
        leave(turn, contact, NO_MACHINE)


def compare(turn: Turn, survey: i.SwitchSurveyed, contact: Contact) -> None:
    """After a gap: it goes on, or it is over, or it was lost with the connection before it began."""
    fax = contact.fax
    if fax is None or fax in turn.state.faxes:
        return
    if fax not in survey.faxes:
        turn.do(LookForFax(contact.id, fax))
    elif ChannelId(fax) in survey.rooms.get(contact.id, ()):
        joined(turn, i.FaxJoined(fax))
    else:
        up(turn, i.FaxUp(fax))


def left_over(turn: Turn, survey: i.SwitchSurveyed) -> None:
    """Machines that nobody is to hear any more: hung up."""
    for fax in survey.faxes if survey.after_gap else ():
        if _open(turn, fax) is None:
            turn.repaired("fax machine without a caller", fax, "no step that is open has it")
            _stray(turn, fax)


def fetched(turn: Turn, what: i.FaxFetched) -> None:
    """Which faxes there are, Postgres knows: whoever asks has looked there."""
    turn.happened(c.FaxRead(at=turn.now, fax=what.fax, contact=what.contact, by=what.by))


def deleted(turn: Turn, what: i.FaxDeletionAsked) -> None:
    turn.happened(c.FaxDeleted(at=turn.now, fax=what.fax, contact=what.contact, by=what.by))


def _open(turn: Turn, fax: FaxId) -> Contact | None:
    """The contact whose open verb this fax is, and whose end has not been told."""
    place = place_of_fax(fax)
    contact = turn.state.contacts.get(place[0]) if place else None
    return contact if contact is not None and contact.fax == fax and fax not in turn.state.faxes else None


def _end_step(turn: Turn, of: ContactId, result: Result) -> None:
    step = turn.state.contacts[of].step
    turn.happened(c.StepEnded(at=turn.now, contact=of, step=step, result=result))


FAX_RULES: Final[dict[type[i.Input], Callable[[Turn, Any], None]]] = {
    i.FaxUp: up,
    i.FaxJoined: joined,
    i.FaxSilent: silent,
    i.FaxEnded: ended,
    i.FaxRefused: refused,
    i.FaxKept: kept,
    i.FaxFetched: fetched,
    i.FaxDeletionAsked: deleted,
}
